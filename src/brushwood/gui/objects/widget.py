"""The dock widget that napari opens to make objects."""

from typing import Any

from qtpy.QtWidgets import QWidget

from brushwood.gui._dock_widget import DockWidget
from brushwood.gui.objects.controller import Controller
from brushwood.gui.objects.view import MakeObjectsView


class MakeObjectsWidget(DockWidget):
    """Turn classes or probabilities into objects, and see them while choosing how.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        napari passes it by this name.
    """

    controller: Controller
    narrowest = 46

    def __init__(self, napari_viewer: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = MakeObjectsView()
        controller = Controller(napari_viewer, self.view)
        self.set_up("Make objects", self.view, controller, self.view.actions)
