"""Brushwood: paint a few strokes, grow a forest. Interactive image segmentation for napari.

Public names are imported on first use, so that ``import brushwood`` loads neither napari nor Qt nor
pyclesperanto.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from brushwood.evaluate.match import match_objects
    from brushwood.evaluate.pixels import compare_pixels
    from brushwood.features.spec import FeatureSet
    from brushwood.forest.params import ForestParams
    from brushwood.io.model import load
    from brushwood.measure.table import measure
    from brushwood.objects.split import split_objects
    from brushwood.objects.split_params import SplitParams
    from brushwood.opencl.device import Device, devices
    from brushwood.pixels.classifier import PixelClassifier

__version__ = "0.1.0"

__all__ = [
    "Device",
    "FeatureSet",
    "ForestParams",
    "PixelClassifier",
    "SplitParams",
    "__version__",
    "compare_pixels",
    "devices",
    "load",
    "match_objects",
    "measure",
    "split_objects",
]

_HOMES = {
    "Device": "brushwood.opencl.device",
    "FeatureSet": "brushwood.features.spec",
    "ForestParams": "brushwood.forest.params",
    "PixelClassifier": "brushwood.pixels.classifier",
    "SplitParams": "brushwood.objects.split_params",
    "compare_pixels": "brushwood.evaluate.pixels",
    "devices": "brushwood.opencl.device",
    "load": "brushwood.io.model",
    "match_objects": "brushwood.evaluate.match",
    "measure": "brushwood.measure.table",
    "split_objects": "brushwood.objects.split",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        home = importlib.import_module(_HOMES[name])
        # A package with its function's name takes the name when it is imported; it can be called.
        return globals().get(name) or getattr(home, name)
    raise AttributeError(f"module 'brushwood' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
