"""The chain of a recipe on one image: pixels, objects, measurements, classes of objects."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from brushwood.batch import chain_stages as stages
from brushwood.batch.chain_fit import Fit
from brushwood.batch.chain_maps import count_classes
from brushwood.batch.chain_measure import measures, options_of
from brushwood.batch.chain_scores import plain, score
from brushwood.batch.misfits import compared_of, named_classes
from brushwood.batch.models import Models
from brushwood.batch.recipe import Recipe
from brushwood.batch.steps import IMAGES
from brushwood.errors import InputError
from brushwood.evaluate.dataset import ImageScores
from brushwood.io.images import ImageFile
from brushwood.jobs import IDLE, Job
from brushwood.workers import IN_TURN, Workers

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True, slots=True)
class ArraySpec:
    """An image that a recipe will write.

    Attributes
    ----------
    shape : tuple of int
    dtype : dtype
    axes : str
        A letter an axis; classes of probabilities come first, as ``c``.
    channel_names : tuple of str
        Of the classes of probabilities, if each has one.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    axes: str
    channel_names: tuple[str, ...] = ()

    @property
    def n_bytes(self) -> int:
        """Size in memory, and of an uncompressed file."""
        return int(np.prod(self.shape, dtype=object)) * self.dtype.itemsize


@dataclass(frozen=True, eq=False, slots=True)
class ChainResult:
    """What the chain found, beside the images.

    Attributes
    ----------
    table : DataFrame or None
        One row an object: ``image``, ``label``, ``index``, ``frame`` where there are frames, then
        the measurements and what classifying wrote. None without such steps.
    counts : mapping
        Plain JSON values: ``pixels`` (of a map), ``classes`` (pixels by class id), ``objects``, and
        ``object_classes`` (objects by class id), and ``scores`` (against the truth), as far as the
        recipe makes them.
    notes : tuple of str
        What the user should know, a sentence each.
    scores : ImageScores or None
        Against the truth, if the recipe evaluates. Its row is in ``counts["scores"]``.
    """

    table: "DataFrame | None" = None
    counts: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    scores: ImageScores | None = None


def planned_outputs(recipe: Recipe, image: ImageFile, models: Models) -> dict[str, ArraySpec]:
    """Return the images that a recipe saves of an image, after checking that the two fit.

    Raises
    ------
    BrushwoodError
        Saying what does not fit: channels, dimensions, pixel size, measurements.
    """
    fit = Fit.of(recipe, image, models)
    if measures(fit):
        options_of(fit)
    return {name: spec_of(name, fit) for name in IMAGES if name in recipe.outputs}


def scratch_bytes(recipe: Recipe, image: ImageFile, models: Models) -> int:
    """Return how much space an image takes on the way, beside its results; an upper bound."""
    fit = Fit.of(recipe, image, models)
    made = [*fit.needed, *(["objects"] if recipe.objects is not None else [])]
    sizes = [spec_of(name, fit).n_bytes for name in made if name not in recipe.outputs]
    masks = fit.n_pixels // 4 if recipe.objects is not None else 0
    return sum(size for size in sizes if size > stages.MEMORY_BYTES) + masks


def spec_of(name: str, fit: Fit) -> ArraySpec:
    """Return shape, type and axes of one of the images that a recipe makes."""
    shape, axes = fit.shape, fit.axes
    if name == "probabilities":
        count = len(fit.classifier.classes_)
        names = named_classes(fit.classifier) or ()
        return ArraySpec((count, *shape), np.dtype(np.float32), f"c{axes}", names)
    if name == "uncertainty":
        return ArraySpec(shape, np.dtype(np.float32), axes)
    if name == "objects":
        return ArraySpec(shape, np.dtype(np.int32), axes)
    model = fit.models.objects if name == "object_classes" else fit.classifier
    largest = 0 if model is None else int(model.classes_.max())
    return ArraySpec(shape, np.dtype(np.uint8 if largest <= 255 else np.uint16), axes)


def run_chain(
    recipe: Recipe,
    image: ImageFile,
    models: Models,
    out: Mapping[str, Any],
    *,
    name: str = "",
    scratch: Path | None = None,
    workers: Workers = IN_TURN,
    job: Job = IDLE,
) -> ChainResult:
    """Do all steps of a recipe with one image.

    Parameters
    ----------
    recipe : Recipe
    image : ImageFile
    models : Models
        Of this recipe.
    out : mapping of str to array
        What is filled, as `planned_outputs` says; NumPy, zarr or anything that takes basic slices.
        More than the recipe saves may be given.
    name : str
        What the table calls the image, and what its truth is sought by. Default: as the file.
    scratch : path, optional
        Folder for large arrays that are needed on the way, which all workers see; they are removed
        at the end. Without one they are in memory.
    workers : Workers
        Who does the parts. The result does not depend on it.
    job : Job

    Raises
    ------
    BrushwoodError
        If something does not fit, or a device failed.
    Cancelled
    """
    fit = Fit.of(recipe, image, models)
    options = options_of(fit) if measures(fit) else None
    missing = [n for n in IMAGES if n in recipe.outputs and n not in out]
    if missing:
        raise InputError(f"Arrays for {', '.join(missing)} are needed, as planned_outputs says.")
    with stages.own_folder(scratch) as folder:
        place = stages.Place(out, folder, workers)
        result = _Chain(fit, place, name or image.name, stages.shares(fit)).run(options, job)
    job.checkpoint(1.0, "")
    return result


@dataclass(frozen=True, eq=False, slots=True)
class _Chain:
    """The stages, one after the other."""

    fit: Fit
    place: stages.Place
    name: str
    shares: tuple[float, ...]

    def run(self, options: Mapping[str, Any] | None, job: Job) -> ChainResult:
        fit, place, recipe = self.fit, self.place, self.fit.recipe
        pixels = stages.classify_pixels(fit, place, self._part(job, 0))
        counts: dict[str, Any] = {"pixels": fit.n_pixels}
        if "classes" in pixels:
            counts["classes"] = count_classes(
                pixels["classes"], fit.classifier.classes_, fit.source.ndim, place.workers,
                self._part(job, 1),
            )  # fmt: skip
        found, table = dict(pixels), None
        if recipe.objects is not None:
            part = self._part(job, 2)
            found["objects"], counts["objects"] = stages.make_objects(fit, place, pixels, part)
        if options is not None:
            table = stages.measure_objects(fit, place, found, options, self._part(job, 3))
        notes = stages.notes_on(fit, table)
        if table is not None and fit.models.objects is not None:
            table, classes = stages.classify_objects(
                fit, place, found["objects"], table, self._part(job, 4)
            )
            counts["object_classes"] = classes
        scores = None
        if recipe.evaluate is not None:
            scores = score(fit, self.name, found, self._part(job, 5))
            counts["scores"] = plain(scores, compared_of(recipe))
            notes = (*notes, scores.problem or scores.note)
        if table is not None:
            table = stages.named(table, self.name)
        return ChainResult(table, counts, tuple(note for note in notes if note), scores)

    def _part(self, job: Job, stage: int) -> Job:
        ends = (0.0, *self.shares)
        return job.part(ends[stage], ends[stage + 1])
