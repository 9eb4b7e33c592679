"""The dock widget that napari opens to classify pixels."""

from typing import Any

from qtpy.QtWidgets import QWidget

from brushwood.gui._dock_widget import DockWidget
from brushwood.gui.pixel_classifier.controller import Controller
from brushwood.gui.pixel_classifier.view import PixelClassifierView


class PixelClassifierWidget(DockWidget):
    """Paint a few strokes, and see the segmentation follow.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        napari passes it by this name.
    """

    controller: Controller

    def __init__(self, napari_viewer: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = PixelClassifierView()
        controller = Controller(napari_viewer, self.view)
        self.set_up("Pixel classifier", self.view, controller, self.view.actions)
