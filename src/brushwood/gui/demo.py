"""Open napari with a sample, its strokes and the widget ready to paint."""

from typing import Any

from brushwood.gui import _docks

#: The sample of the demo: it shows the whole idea in one glance.
DEMO_SAMPLE = "nuclei_2d"


def open_demo(sample: str = DEMO_SAMPLE, *, block: bool = True) -> Any:
    """Open a window with a sample and the pixel classifier.

    Parameters
    ----------
    sample : str
        Key of a sample.
    block : bool
        Run until the window is closed.

    Returns
    -------
    napari.Viewer
    """
    import napari

    from brushwood.gui.pixel_classifier import PixelClassifierWidget

    viewer = napari.Viewer(title="Brushwood")
    viewer.open_sample(_docks.PLUGIN, sample)
    widget = _docks.open_widget(viewer, PixelClassifierWidget, "Pixel classifier")
    state = widget.controller.state
    widget.controller.annotating.activate(state.current_class)
    if block:
        napari.run()
    return viewer
