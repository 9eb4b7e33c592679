"""Brushwood: paint a few strokes, grow a forest. Interactive image segmentation for napari.

Public names are imported on first use, so that ``import brushwood`` loads neither napari nor Qt nor
pyclesperanto.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from brushwood import batch
    from brushwood.batch.recipe import Recipe
    from brushwood.evaluate.match import match_objects
    from brushwood.evaluate.pixels import compare_pixels
    from brushwood.explore.cluster import cluster
    from brushwood.explore.correlate import correlate
    from brushwood.explore.embed import embed
    from brushwood.explore.explain import explain
    from brushwood.explore.ranking import rank_columns
    from brushwood.explore.stability import stability
    from brushwood.explore.suggest import suggest_clusters
    from brushwood.explore.surrogate import train_surrogate
    from brushwood.features.spec import FeatureSet
    from brushwood.forest.params import ForestParams
    from brushwood.measure.table import measure
    from brushwood.models import load
    from brushwood.objects.classifier import ObjectClassifier
    from brushwood.objects.marks import Marks
    from brushwood.objects.split import split_objects
    from brushwood.objects.split_params import SplitParams
    from brushwood.opencl.device import Device, devices
    from brushwood.pixels.classifier import PixelClassifier
    from brushwood.validation import validate_classifier

__version__ = "0.1.0"

__all__ = [
    "Device",
    "FeatureSet",
    "ForestParams",
    "Marks",
    "ObjectClassifier",
    "PixelClassifier",
    "Recipe",
    "SplitParams",
    "__version__",
    "batch",
    "cluster",
    "compare_pixels",
    "correlate",
    "devices",
    "embed",
    "explain",
    "load",
    "match_objects",
    "measure",
    "rank_columns",
    "split_objects",
    "stability",
    "suggest_clusters",
    "train_surrogate",
    "validate_classifier",
]

_HOMES = {
    "Device": "brushwood.opencl.device",
    "FeatureSet": "brushwood.features.spec",
    "ForestParams": "brushwood.forest.params",
    "Marks": "brushwood.objects.marks",
    "ObjectClassifier": "brushwood.objects.classifier",
    "PixelClassifier": "brushwood.pixels.classifier",
    "Recipe": "brushwood.batch.recipe",
    "SplitParams": "brushwood.objects.split_params",
    "batch": "brushwood",
    "cluster": "brushwood.explore.cluster",
    "compare_pixels": "brushwood.evaluate.pixels",
    "correlate": "brushwood.explore.correlate",
    "devices": "brushwood.opencl.device",
    "embed": "brushwood.explore.embed",
    "explain": "brushwood.explore.explain",
    "load": "brushwood.models",
    "match_objects": "brushwood.evaluate.match",
    "measure": "brushwood.measure.table",
    "rank_columns": "brushwood.explore.ranking",
    "split_objects": "brushwood.objects.split",
    "stability": "brushwood.explore.stability",
    "suggest_clusters": "brushwood.explore.suggest",
    "train_surrogate": "brushwood.explore.surrogate",
    "validate_classifier": "brushwood.validation",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        if _HOMES[name] == __name__:  # a package, which is its own home
            return importlib.import_module(f"{__name__}.{name}")
        home = importlib.import_module(_HOMES[name])
        # A package with its function's name takes the name when it is imported; it can be called.
        return globals().get(name) or getattr(home, name)
    raise AttributeError(f"module 'brushwood' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
