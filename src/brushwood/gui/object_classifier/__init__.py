"""The object-classifier widget: mark a few objects, and see all others classified."""

from brushwood.gui.object_classifier.widget import ObjectClassifierWidget

__all__ = ["ObjectClassifierWidget"]
