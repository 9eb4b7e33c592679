"""The dock widget that napari opens to explore objects."""

from typing import Any

from qtpy.QtWidgets import QWidget

from brushwood.gui._dock_widget import DockWidget
from brushwood.gui._scene import session_for
from brushwood.gui.explore.controller import ExploreController
from brushwood.gui.explore.view import ExploreView


class ExploreWidget(DockWidget):
    """Find groups in measurements, learn whether to trust them, and make them repeatable.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        napari passes it by this name.
    """

    controller: ExploreController

    def __init__(self, napari_viewer: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = ExploreView(session_for(napari_viewer).exploring)
        controller = ExploreController(napari_viewer, self.view)
        self.set_up("Explore objects", self.view, controller, self.view.actions)
