"""The dock that compares layers with ground truth."""

from brushwood.gui.compare.widget import CompareWidget

__all__ = ["CompareWidget"]
