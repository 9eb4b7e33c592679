"""What a recipe makes of one image, in memory."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from brushwood.batch.chain import run_chain, spec_of
from brushwood.batch.chain_fit import Fit
from brushwood.batch.models import Models
from brushwood.batch.recipe import Recipe
from brushwood.io.images import ImageFile, read_image
from brushwood.jobs import Job
from brushwood.workers import Workers

if TYPE_CHECKING:
    from pandas import DataFrame

    from brushwood.evaluate.dataset import ImageScores
    from brushwood.opencl import Device


@dataclass(frozen=True, eq=False, slots=True)
class Result:
    """What a recipe made of one image; None where no step makes or needs it.

    Attributes
    ----------
    classes : ndarray of uint8 or uint16, shape (…frames, space)
    probabilities : ndarray of float32, shape (class, …frames, space)
    uncertainty : ndarray of float32
        Only if the recipe saves it.
    objects : ndarray of int32
        0 is background.
    object_classes : ndarray of uint8 or uint16
        The class of each object, painted over its pixels.
    table : DataFrame
        One row an object.
    counts : dict
        See `brushwood.batch.chain.ChainResult`.
    notes : tuple of str
        What the user should know.
    axes : str
        A letter an axis of a map.
    scores : ImageScores
        Against the truth, if the recipe evaluates.
    """

    classes: npt.NDArray[Any] | None
    probabilities: npt.NDArray[np.float32] | None
    uncertainty: npt.NDArray[np.float32] | None
    objects: npt.NDArray[np.int32] | None
    object_classes: npt.NDArray[Any] | None
    table: "DataFrame | None"
    counts: dict[str, Any]
    notes: tuple[str, ...]
    axes: str
    scores: "ImageScores | None" = None


def run_in_memory(
    recipe: Recipe, image: Any, device: "Device | str | None", workers: Workers, job: Job
) -> Result:
    """Do all steps with one image; see `Recipe.run`."""
    models = Models(recipe, device)
    if isinstance(image, str | os.PathLike):
        with read_image(image) as opened:
            return _run(recipe, opened, models, workers, job)
    if not isinstance(image, ImageFile):
        image = image_of_array(image, recipe, models)
    return _run(recipe, image, models, workers, job)


def _run(recipe: Recipe, image: ImageFile, models: Models, workers: Workers, job: Job) -> Result:
    fit = Fit.of(recipe, image, models)
    names = [*fit.needed]
    names += ["objects"] if recipe.objects is not None else []
    names += ["object_classes"] if recipe.classify is not None else []
    specs = {name: spec_of(name, fit) for name in names}
    out = {name: np.zeros(spec.shape, spec.dtype) for name, spec in specs.items()}
    found = run_chain(recipe, image, models, out, workers=workers, job=job)
    return Result(
        out.get("classes"),
        out.get("probabilities"),
        out.get("uncertainty"),
        out.get("objects"),
        out.get("object_classes"),
        found.table,
        dict(found.counts),
        found.notes,
        fit.axes,
        found.scores,
    )


def image_of_array(array: Any, recipe: Recipe, models: Models) -> ImageFile:
    """Return an array as an image, with the axes that the pixel classifier learned from.

    Parameters
    ----------
    array : array-like, or list of array-like
        A list is a pyramid, of which the finest level is used.
    """
    if isinstance(array, list | tuple) and array and hasattr(array[0], "shape"):
        array = array[0]
    if not all(hasattr(array, name) for name in ("shape", "dtype", "ndim")):
        array = np.asarray(array)
    model = models.pixels
    axis = recipe.pixels.channel_axis
    axis = model.channel_axis if axis is None else axis
    n = array.ndim
    has_channels = axis is not None and n > model.ndim_ and -n <= axis < n
    rest = n - has_channels
    axes = ("q" * max(0, rest - model.ndim_) + "zyx"[-model.ndim_ :])[-rest:]
    if has_channels and axis is not None:
        axes = axes[: axis % n] + "c" + axes[axis % n :]
    return ImageFile(array, axes, "image")
