"""The dock widget of the object table: face and controller, started and stopped with its dock."""

from typing import Any

from qtpy.QtCore import QSize
from qtpy.QtWidgets import QWidget

from brushwood.gui._dock_widget import DockWidget
from brushwood.gui.table.controller import TableController
from brushwood.gui.table.face import TableFace


class ObjectTableWidget(DockWidget):
    """Sort, filter and export what was measured; table and image select as one.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        napari passes it by this name.
    """

    controller: TableController

    def __init__(self, napari_viewer: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.face = TableFace()
        controller = TableController(napari_viewer, self.face)
        self.set_up("Object table", self.face, controller, self.face)

    def sizeHint(self) -> QSize:
        """Ask for room for some columns and rows."""
        return self.face.sizeHint()

    def minimumSizeHint(self) -> QSize:
        """Let the user make the dock narrow."""
        width = self.narrowest * self.fontMetrics().averageCharWidth()
        return QSize(width, self.face.minimumSizeHint().height())
