"""Measuring objects: size, shape, position, intensity, texture, probabilities and neighbours.

The package can be called: ``brushwood.measure(labels)`` is ``brushwood.measure.measure(labels)``.
"""

import sys
import types
from typing import Any

from brushwood.measure.catalog import Measurement, catalog, groups
from brushwood.measure.effort import Estimate, ManyObjectsWarning
from brushwood.measure.names import default_names
from brushwood.measure.pairs import touching_pairs
from brushwood.measure.parts import measure_in_parts
from brushwood.measure.relations import Relations, relate
from brushwood.measure.table import estimate, measure

__all__ = [
    "Estimate",
    "ManyObjectsWarning",
    "Measurement",
    "Relations",
    "catalog",
    "default_names",
    "estimate",
    "groups",
    "measure",
    "measure_in_parts",
    "relate",
    "touching_pairs",
]


class _Callable(types.ModuleType):
    """A module that measures when it is called: package and function share a name."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return measure(*args, **kwargs)


sys.modules[__name__].__class__ = _Callable
