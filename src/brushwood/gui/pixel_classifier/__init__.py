"""The pixel-classifier widget: paint, train, see the segmentation at once."""

from brushwood.gui.pixel_classifier.widget import PixelClassifierWidget

__all__ = ["PixelClassifierWidget"]
