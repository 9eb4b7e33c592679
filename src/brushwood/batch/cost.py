"""What an image will cost: seconds from its pixels, features and trees, and whether to cut it."""

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from brushwood.batch.workers_local import processors

if TYPE_CHECKING:
    from brushwood.batch.recipe import Recipe
    from brushwood.pixels.classifier import PixelClassifier

#: Images below this many pixels are never cut: starting the parts would cost more than they save.
_WORTH_CUTTING = 1 << 22
#: Images above it are cut wherever there are several workers: none should hold all of it.
_HUGE = 1 << 28
_MEGA = 1e6


@dataclass(frozen=True, slots=True)
class Rates:
    """Seconds of one machine for images of one number of dimensions, and bytes moved.

    Attributes
    ----------
    image : float
        Seconds an image, whatever its size.
    pixel, plane, level : float
        Seconds a million pixels: in any case, for each feature plane, for each level of each tree.
    objects, measure : float
        Seconds a million pixels for making objects, and for measuring them.
    read, written : float
        Bytes a pixel that the whole chain reads from and writes to storage, intermediates included,
        as stored.
    """

    image: float
    pixel: float
    plane: float
    level: float
    objects: float
    measure: float
    read: float
    written: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What ``benchmarks/bench_scale.py`` measured, from ``rates.json``.

    Attributes
    ----------
    machine : str
    cores : int
        Of the machine, all of which one worker uses.
    start : float
        Seconds until a new worker process has its first image under way.
    pair : float
        Images a second of two processes that share these cores, over those of one.
    flat, deep : Rates
        For planes, and for stacks.
    """

    machine: str
    cores: int
    start: float
    pair: float
    flat: Rates
    deep: Rates

    def rates(self, ndim: int) -> Rates:
        """Return the rates for a number of dimensions."""
        return self.deep if ndim == 3 else self.flat

    @classmethod
    def of(cls, values: dict[str, Any]) -> "Measured":
        """Return it from the values of the file."""
        plain = {f.name: values[f.name] for f in fields(cls) if f.name not in ("flat", "deep")}
        return cls(**plain, flat=Rates(**values["flat"]), deep=Rates(**values["deep"]))


@functools.cache
def measured() -> Measured:
    """Return what was measured."""
    text = (files("brushwood.batch") / "rates.json").read_text("utf-8")
    return Measured.of(json.loads(text))


@dataclass(frozen=True, slots=True)
class Work:
    """What is done with each pixel.

    Attributes
    ----------
    ndim : {2, 3}
    planes : int
        Features.
    levels : int
        Questions a pixel is asked at most: levels of all trees together.
    objects, measure : bool
        Whether objects are made, and measured.
    """

    ndim: int
    planes: int
    levels: int
    objects: bool = False
    measure: bool = False

    @classmethod
    def of(cls, classifier: "PixelClassifier", recipe: "Recipe | None" = None) -> "Work":
        """Return the work of a fitted classifier, and of the steps that follow in a recipe."""
        forest = classifier.fitted_forest()
        return cls(
            classifier.ndim_,
            len(classifier.feature_names_),
            forest.n_trees * max(1, len(forest.levels) - 1),
            recipe is not None and recipe.objects is not None,
            recipe is not None and (recipe.measure is not None or recipe.classify is not None),
        )

    def per_million(self, rates: Rates) -> float:
        """Return the seconds of a million pixels on the machine that was measured."""
        return (
            rates.pixel
            + rates.plane * self.planes
            + rates.level * self.levels
            + rates.objects * self.objects
            + rates.measure * self.measure
        )


def seconds_for(n_pixels: int, work: Work, cores: int | None = None) -> float:
    """Return how long one image takes a worker that has a machine to itself, on its processors.

    A GPU takes less: by how much, only a run can tell.

    Parameters
    ----------
    n_pixels : int
        Pixels of a map: of all frames, channels counted once.
    work : Work
    cores : int, optional
        Default: the processors of this machine.
    """
    known = measured()
    rates = known.rates(work.ndim)
    speed = (cores or processors()) / known.cores
    return rates.image + n_pixels / _MEGA * work.per_million(rates) / speed


def run_seconds(seconds: Sequence[float], workers: int, *, is_remote: bool = False) -> float:
    """Return how long a run takes whose images take `seconds` each.

    Parameters
    ----------
    seconds : sequence of float
        From `seconds_for`.
    workers : int
    is_remote : bool
        Whether each worker has processors of its own, as on a cluster; those of one machine share.
    """
    total = sum(seconds)
    if is_remote:
        return total / workers
    return total / (measured().pair if workers > 1 else 1.0)


def is_large(n_pixels: int, seconds: float, all_seconds: float, workers: int) -> bool:
    """Say whether an image is done in parts, by all workers, rather than as one piece by one.

    Parameters
    ----------
    n_pixels : int
    seconds, all_seconds : float
        What the image takes, and all images of the run together, by one worker.
    workers : int

    Returns
    -------
    bool
        True if it would keep one worker busy when the others have nothing left to do, or is too
        large for one; results are the same either way.
    """
    if workers < 2 or n_pixels < _WORTH_CUTTING:
        return False
    return n_pixels >= _HUGE or seconds * workers > all_seconds
