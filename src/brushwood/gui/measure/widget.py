"""The dock widget that napari opens to measure objects."""

from typing import Any

from qtpy.QtWidgets import QWidget

from brushwood.gui._dock_widget import DockWidget
from brushwood.gui.measure.controller import MeasureController
from brushwood.gui.measure.view import MeasureView


class MeasureObjectsWidget(DockWidget):
    """Measure the objects of a labels layer, in its units.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        napari passes it by this name.
    """

    controller: MeasureController

    def __init__(self, napari_viewer: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = MeasureView()
        controller = MeasureController(napari_viewer, self.view)
        self.set_up("Measure objects", self.view, controller, self.view.actions)
