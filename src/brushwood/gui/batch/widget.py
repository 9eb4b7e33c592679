"""The dock widget that napari opens to apply a recipe to folders of images."""

from typing import Any

from qtpy.QtWidgets import QWidget

from brushwood.gui._dock_widget import DockWidget
from brushwood.gui.batch.controller import BatchController
from brushwood.gui.batch.view import BatchView


class BatchWidget(DockWidget):
    """Apply a recipe to files and folders, in a process of its own.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        napari passes it by this name.
    """

    controller: BatchController

    def __init__(self, napari_viewer: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = BatchView()
        controller = BatchController(napari_viewer, self.view)
        self.set_up("Batch", self.view, controller, self.view.actions)
