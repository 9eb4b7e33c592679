"""Look at each input before the start: does the recipe fit it, how large and long will it be."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from brushwood.batch.chain import planned_outputs, scratch_bytes
from brushwood.batch.chain_fit import Fit
from brushwood.batch.chain_scores import truth_of
from brushwood.batch.cost import Work, is_large, run_seconds, seconds_for
from brushwood.batch.models import Models
from brushwood.batch.planned import PlannedFile, Problem
from brushwood.batch.recipe import Recipe
from brushwood.batch.task import FILE_ERRORS, opened
from brushwood.errors import BrushwoodError
from brushwood.io.images import ImageFile

if TYPE_CHECKING:
    from brushwood.batch.planning import Order

_SHOWN = 5


class Surveyor:
    """Looks at inputs.

    Parameters
    ----------
    recipe : Recipe
    models : Models or None
        None if the images cannot be checked here.
    """

    def __init__(self, recipe: Recipe, models: Models | None) -> None:
        self._recipe, self._models = recipe, models
        self._without_truth: list[str] = []
        self._n_pixels: dict[str, int] = {}
        self._scratch: dict[str, int] = {}

    def look(self, file: PlannedFile) -> PlannedFile:
        """Return a file with its shape, what it needs, and what is wrong with it."""
        self._look_for_truth(file)
        try:
            with opened(file) as image:
                shape = tuple(int(n) for n in image.data.shape)
                file = replace(file, shape=shape, axes=image.axes)
                return self._fitted(file, image)
        except FILE_ERRORS as error:
            why = str(error) if isinstance(error, BrushwoodError) else _foreign(error)
            return replace(file, problem=why)

    def problems(self, files: Sequence[PlannedFile]) -> list[Problem]:
        """Return what concerns several inputs."""
        found = []
        if self._without_truth and self._recipe.evaluate is not None:
            n, shown = len(self._without_truth), ", ".join(self._without_truth[:_SHOWN])
            found.append(
                Problem(
                    f"{n} of {len(files)} image{'s' * (len(files) != 1)} have no truth in "
                    f"{self._recipe.evaluate.truth!r} and are not scored: {shown}"
                    f"{' …' * (n > _SHOWN)}"
                )
            )
        if self._models is None:
            found.append(
                Problem(
                    "This machine has no OpenCL device, so that images were not checked: the "
                    "cluster's workers will say what does not fit."
                )
            )
        return found

    def sized(self, files: Sequence[PlannedFile], order: "Order") -> list[PlannedFile]:
        """Return the files with which of them are done in parts, by all workers."""
        total = sum(file.seconds for file in files if file.is_open)
        return [
            replace(file, is_large=is_large(n, file.seconds, total, order.n))
            if file.is_open and (n := self._n_pixels.get(file.name, 0))
            else file
            for file in files
        ]

    def seconds(self, files: Sequence[PlannedFile], order: "Order") -> float:
        """Return the expected time of the whole run."""
        each = [file.seconds for file in files if file.is_open]
        return run_seconds(each, order.n, is_remote=order.client is not None)

    def on_the_way(self, files: Sequence[PlannedFile], order: "Order") -> int:
        """Return the space that files take while they are worked on, beside their results."""
        sizes = [self._scratch.get(file.name, 0) for file in files if file.is_open]
        return sum(sorted(sizes)[-order.n :])

    def _fitted(self, file: PlannedFile, image: ImageFile) -> PlannedFile:
        if self._models is None:
            return file
        specs = planned_outputs(self._recipe, image, self._models)
        fit = Fit.of(self._recipe, image, self._models)
        self._n_pixels[file.name] = fit.n_pixels
        self._scratch[file.name] = scratch_bytes(self._recipe, image, self._models)
        return replace(
            file,
            bytes=sum(spec.n_bytes for spec in specs.values()),
            seconds=seconds_for(fit.n_pixels, Work.of(fit.classifier, self._recipe)),
        )

    def _look_for_truth(self, file: PlannedFile) -> None:
        if self._recipe.evaluate is None:
            return
        if truth_of(file.name, self._recipe) is None:
            self._without_truth.append(file.name)


def _foreign(error: BaseException) -> str:
    return f"It cannot be read ({type(error).__name__}: {str(error)[:300]})."
