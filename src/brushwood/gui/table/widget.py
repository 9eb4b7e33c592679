"""The dock widget of the object table: face and controller, started and stopped with its dock."""

from typing import Any

from qtpy.QtCore import QEvent, QSize
from qtpy.QtGui import QHideEvent, QShowEvent
from qtpy.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from brushwood.gui.table.controller import TableController
from brushwood.gui.table.face import TableFace


class ObjectTableWidget(QWidget):
    """Sort, filter and export what was measured; table and image select as one.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        napari passes it by this name.
    """

    def __init__(self, napari_viewer: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Object table")
        # napari puts a stretch under widgets that do not claim the height.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.face = TableFace()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.face)
        self.controller = TableController(napari_viewer, self.face)
        self.controller.start()

    def sizeHint(self) -> QSize:
        """Ask for room for some columns and rows."""
        return self.face.sizeHint()

    def minimumSizeHint(self) -> QSize:
        """Let the user make the dock narrow."""
        font = self.fontMetrics()
        return QSize(36 * font.averageCharWidth(), self.face.minimumSizeHint().height())

    def event(self, event: QEvent) -> bool:
        """Stop when napari takes the widget out of its dock: `closeEvent` never comes then."""
        if event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self.controller.stop()
        return super().event(event)

    def showEvent(self, event: QShowEvent) -> None:
        """Go on after the widget was taken out and put back."""
        super().showEvent(event)
        self.controller.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop when the whole window closes; a dock that is only hidden goes on."""
        super().hideEvent(event)
        window = self.window()
        if window is not self and not window.isVisible() and not window.isMinimized():
            self.controller.stop()
