"""The dock widget that napari opens to compare with ground truth."""

from typing import Any

from qtpy.QtWidgets import QWidget

from brushwood.gui._dock_widget import DockWidget
from brushwood.gui.compare.controller import CompareController
from brushwood.gui.compare.view import CompareView


class CompareWidget(DockWidget):
    """Compare class maps or objects with ground truth, and see where they differ.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        napari passes it by this name.
    """

    controller: CompareController

    def __init__(self, napari_viewer: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = CompareView()
        controller = CompareController(napari_viewer, self.view)
        self.set_up("Compare with ground truth", self.view, controller, self.view.actions)
