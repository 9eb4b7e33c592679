"""From class maps to objects: splitting, and classifying what was measured."""

from brushwood.objects.merge import keep_objects, merge_labels, pair_classes

__all__ = ["keep_objects", "merge_labels", "pair_classes"]
