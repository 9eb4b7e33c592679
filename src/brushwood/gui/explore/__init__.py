"""The dock that explores measurements of objects."""

from brushwood.gui.explore.widget import ExploreWidget

__all__ = ["ExploreWidget"]
