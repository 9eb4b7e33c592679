"""The dock that applies a recipe to folders of images."""

from brushwood.gui.batch.widget import BatchWidget

__all__ = ["BatchWidget"]
