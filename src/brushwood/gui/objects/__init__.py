"""The dock widget *Make objects*."""

from brushwood.gui.objects.widget import MakeObjectsWidget

__all__ = ["MakeObjectsWidget"]
