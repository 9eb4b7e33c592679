"""Forests: how they are grown, kept as flat arrays, and evaluated on a device."""

from brushwood.forest.evaluate import ForestEvaluator
from brushwood.forest.forest import Forest
from brushwood.forest.grow import grow
from brushwood.forest.params import ForestParams

__all__ = ["Forest", "ForestEvaluator", "ForestParams", "grow"]
