"""Features: filters of an image at several scales, computed on an OpenCL device."""

import brushwood.features.builtin  # noqa: F401 - registers the filters
from brushwood.features.filters import ArrayFilter, filter_names, get_filter, register_filter
from brushwood.features.spec import Feature, FeatureSet

__all__ = [
    "ArrayFilter",
    "Feature",
    "FeatureSet",
    "filter_names",
    "get_filter",
    "register_filter",
]
