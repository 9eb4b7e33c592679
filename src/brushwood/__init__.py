"""Brushwood: paint a few strokes, grow a forest. Interactive image segmentation for napari.

Public names are imported on first use, so that ``import brushwood`` loads neither napari nor Qt nor
pyclesperanto.
"""

import importlib
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "devices": "brushwood.opencl.device",
    "Device": "brushwood.opencl.device",
    "FeatureSet": "brushwood.features.spec",
    "ForestParams": "brushwood.forest.params",
    "PixelClassifier": "brushwood.pixels.classifier",
    "load": "brushwood.io.model",
}

__all__ = [*_HOMES, "__version__"]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'brushwood' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
