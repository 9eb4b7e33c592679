"""The widget that measures objects: what, on which image, in which units."""

from brushwood.gui.measure.widget import MeasureObjectsWidget

__all__ = ["MeasureObjectsWidget"]
