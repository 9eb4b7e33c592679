"""The models of a recipe, loaded once and shared by threads."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

from brushwood.batch.recipe import Recipe
from brushwood.io.images import ImageFile
from brushwood.objects.classifier import ObjectClassifier
from brushwood.opencl import Device, choose_device
from brushwood.pixels.classifier import PixelClassifier

#: Pixel sizes for which a model stays ready.
_KEPT = 4


class Models:
    """The models that a recipe names, ready for images of any pixel size.

    Parameters
    ----------
    recipe : Recipe
    device : Device or str, optional
        See `brushwood.opencl.choose_device`.

    Attributes
    ----------
    device : Device
    pixels : PixelClassifier
        As loaded; `for_image` gives the one for an image.
    objects : ObjectClassifier or None
    options : dict
        What `brushwood.batch.chain_measure` found out about images of a kind.

    Raises
    ------
    RecipeError
        If a model is missing, was changed, or is of another kind.
    NoDeviceError
        If there is no such device.
    """

    def __init__(self, recipe: Recipe, device: Device | str | None = None) -> None:
        self._recipe = recipe
        self._lock = threading.Lock()
        self.options: dict[Hashable, dict[str, Any]] = {}
        self._by_spacing: OrderedDict[tuple[float, ...], PixelClassifier] = OrderedDict()
        step = recipe.classify
        self.objects = None if step is None else step.model.load(ObjectClassifier)
        pixels = recipe.pixels.model.load(PixelClassifier)
        self.device = device if isinstance(device, Device) else choose_device(device)
        self.pixels = pixels.set_params(device=self.device)

    def for_image(self, image: ImageFile) -> PixelClassifier:
        """Return the pixel classifier for an image; filters in physical units follow its pixels."""
        spacing = self.spacing_for(image)
        with self._lock:
            if spacing is None:
                self.pixels.predictor()  # made once, whoever comes first
                return self.pixels
            found = self._by_spacing.pop(spacing, None)
            if found is None:
                found = self._recipe.pixels.model.load(PixelClassifier)
                found.set_params(device=self.device, spacing=spacing).predictor()
            self._by_spacing[spacing] = found
            while len(self._by_spacing) > _KEPT:
                self._by_spacing.popitem(last=False)
            return found

    def spacing_for(self, image: ImageFile) -> tuple[float, ...] | None:
        """Return the pixel size that the filters follow, None for that of the training."""
        if self.pixels.features_.units == "px":
            return None
        return image.spacing_of(self.pixels.ndim_)


def check_kinds(recipe: Recipe) -> None:
    """Look whether the models of a recipe are what its steps need; no device is needed.

    Raises
    ------
    RecipeError
        If one is missing, was changed, or is of another kind.
    """
    recipe.pixels.model.load(PixelClassifier)
    if recipe.classify is not None:
        recipe.classify.model.load(ObjectClassifier)
