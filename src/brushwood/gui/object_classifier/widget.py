"""The dock widget that napari opens to classify objects."""

from typing import Any

from qtpy.QtWidgets import QWidget

from brushwood.gui._dock_widget import DockWidget
from brushwood.gui.object_classifier.controller import Controller
from brushwood.gui.object_classifier.view import ObjectClassifierView


class ObjectClassifierWidget(DockWidget):
    """Mark a few objects, and see all others classified.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        napari passes it by this name.
    """

    controller: Controller

    def __init__(self, napari_viewer: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = ObjectClassifierView()
        controller = Controller(napari_viewer, self.view)
        self.set_up("Object classifier", self.view, controller, self.view.actions)
