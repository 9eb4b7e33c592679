"""Scores of one image of a recipe's run: its truth found by name, and compared."""

from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brushwood.batch.evaluation import scores_of
from brushwood.batch.misfits import compared_of
from brushwood.batch.recipe import Recipe
from brushwood.errors import BrushwoodError, InputError
from brushwood.evaluate.dataset import ImageScores, What
from brushwood.evaluate.pairs import match_names
from brushwood.io.images import ImageFile, find_images, read_image
from brushwood.jobs import IDLE, Job

if TYPE_CHECKING:
    from brushwood.batch.chain_fit import Fit


def truth_of(name: str, recipe: Recipe) -> Path | None:
    """Return the truth of an image, None if there is none.

    Parameters
    ----------
    name : str
        The image's name without ending, after folders where inputs have some. Words such as
        ``_mask`` at the end of names do not matter.
    recipe : Recipe

    Raises
    ------
    InputError
        If the folder of truths does not exist, or several images in it could be meant.
    """
    step = recipe.evaluate
    if step is None:
        return None
    root = Path(step.truth)
    if not root.is_dir():
        raise InputError(
            f"There is no folder {step.truth!r} with what is true. Change evaluate.truth in the "
            "recipe."
        )
    folder, _, stem = name.rpartition("/")
    for place in dict.fromkeys((root / folder, root)):
        found = _partner(stem, place)
        if found is not None:
            return found
    return None


def _partner(stem: str, folder: Path) -> Path | None:
    if not folder.is_dir():
        return None
    by_name = {path.name: path for path in find_images(folder)}
    try:
        # An ending is put on, so that a dot in the name is none.
        pairs = match_names(by_name, [f"{stem}.tif"]).pairs
    except InputError as error:
        if "could all belong" in str(error):
            raise
        return None
    return by_name[pairs[0][1]]


def score(fit: "Fit", name: str, found: Mapping[str, Any], job: Job = IDLE) -> ImageScores:
    """Compare the classes or objects of an image with its truth.

    Parameters
    ----------
    fit : Fit
    name : str
    found : mapping of str to array
        With ``classes`` or ``objects``.
    job : Job

    Returns
    -------
    ImageScores
        With the problem, if they could not be compared.
    """
    what, step = compared_of(fit.recipe), fit.recipe.evaluate
    assert step is not None
    array = found["classes" if what == "pixels" else "objects"]
    mine = ImageFile(array, fit.axes, name, fit.image.scale, fit.image.unit)
    try:
        path = truth_of(name, fit.recipe)
        if path is None:
            return ImageScores(name, None, problem=f"No truth in {step.truth!r} has its name.")
        with read_image(path) as truth:
            return scores_of(
                name, truth, mine, what, min_iou=step.min_iou, ignore=step.ignore, job=job
            )
    except BrushwoodError as error:
        return ImageScores(name, None, problem=str(error))
    except (OSError, MemoryError) as error:
        return ImageScores(name, None, problem=f"The truth cannot be read: {error}")


def plain(scores: ImageScores, what: What) -> dict[str, Any]:
    """Return scores as plain JSON values: what is compared, and a row; undefined ones are None."""
    row = {
        name: None if isinstance(value, float) and not isfinite(value) else value
        for name, value in scores.row(what).items()
    }
    return {"what": what, **row}
