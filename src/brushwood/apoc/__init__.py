"""APOC's classifiers in APOC's terms, and its ``.cl`` files, run by Brushwood.

Names, arguments and results are those of apoc 0.12, with these differences: no file is read,
written or erased unless it is named; class ids stay as they were annotated; ties, thresholds and
votes are those of the file. See docs/apoc.md.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from brushwood.apoc.convert import export_cl, import_cl
    from brushwood.apoc.files import load
    from brushwood.apoc.merger import ObjectMerger
    from brushwood.apoc.objects import ObjectClassifier, ObjectSelector
    from brushwood.apoc.pixels import ObjectSegmenter, PixelClassifier, ProbabilityMapper
    from brushwood.apoc.rows import TableRowClassifier
    from brushwood.apoc.scripts import (
        PredefinedFeatureSet,
        erase_classifier,
        generate_feature_stack,
        list_available_object_classification_features,
        train_classifier_from_image_folders,
    )

__all__ = [
    "ObjectClassifier",
    "ObjectMerger",
    "ObjectSegmenter",
    "ObjectSelector",
    "PixelClassifier",
    "PredefinedFeatureSet",
    "ProbabilityMapper",
    "TableRowClassifier",
    "erase_classifier",
    "export_cl",
    "generate_feature_stack",
    "import_cl",
    "list_available_object_classification_features",
    "load",
    "train_classifier_from_image_folders",
]

_HOMES = {
    "ObjectClassifier": "objects",
    "ObjectMerger": "merger",
    "ObjectSegmenter": "pixels",
    "ObjectSelector": "objects",
    "PixelClassifier": "pixels",
    "PredefinedFeatureSet": "scripts",
    "ProbabilityMapper": "pixels",
    "TableRowClassifier": "rows",
    "erase_classifier": "scripts",
    "export_cl": "convert",
    "generate_feature_stack": "scripts",
    "import_cl": "convert",
    "list_available_object_classification_features": "scripts",
    "load": "files",
    "train_classifier_from_image_folders": "scripts",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"brushwood.apoc.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'brushwood.apoc' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
