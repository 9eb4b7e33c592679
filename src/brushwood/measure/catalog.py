"""What can be measured: the catalogue of measurements, and the calculations that compute them.

How to add measurements
-----------------------
Write a module with a function and a calculation, and enter the module in `_HOMES` below:

>>> def compute(objects: LabelIndex, call: Call) -> dict[str, FloatArray]:
...     found = {}
...     if "roundness" in call.wanted:
...         found["roundness"] = ...  # one number an object, in the order of objects.labels
...     return found
>>> CALCULATIONS = (
...     Calculation(compute, (Measurement("roundness", "shape", "…", dimension="none"),)),
... )

`compute` is called with all objects of a frame, or with some of them if its
`Calculation.scope` is "object", and returns what `call.wanted` names, as float
or integer arrays of shape ``(objects, …)``. What follows the objects is said by
`Measurement.along`, from which the columns' names are made: ``("space",)`` gives ``centroid-0``,
``centroid-1``; ``("channel",)`` gives one column a channel of `call.image`; ``("class",)`` one a
class of `call.probabilities`. A measurement with `Measurement.numbers` (percentiles, radii) gets
the chosen ones in `call.numbers`, and its arrays have them as axis 1. Lengths are in units already:
multiply by ``objects.spacing``. NaN stands only where a measure is undefined;
`Measurement.undefined` says where that is. A calculation is called with no objects, too, and then
returns empty arrays of the right shape.
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy.typing as npt

from brushwood.arrays import ImageSource
from brushwood.jobs import IDLE, Job

if TYPE_CHECKING:
    from brushwood.measure.index import LabelIndex

#: How a number changes with the size of a pixel: "size" is an area in 2-D and a volume in 3-D,
#: "surface" an area in both; "pixels" counts pixels, whatever their size.
Dimension: TypeAlias = Literal[
    "size", "length", "surface", "angle", "intensity", "pixels", "none", "squared length"
]
#: What the numbers of one object belong to, when there are several.
Along: TypeAlias = Literal["space", "box", "channel", "class"]
Cost: TypeAlias = Literal["low", "medium", "high"]
#: What numbers of an object depend on; see `Calculation`.
Scope: TypeAlias = Literal["object", "frame"]

#: Modules with a tuple `CALCULATIONS`, in the order of the catalogue.
_HOMES: tuple[str, ...] = (
    "brushwood.measure.size",
    "brushwood.measure.shape",
    "brushwood.measure.outline",
    "brushwood.measure.convex",
    "brushwood.measure.surface",
    "brushwood.measure.position",
    "brushwood.measure.intensity",
    "brushwood.measure.surroundings",
    "brushwood.measure.texture",
    "brushwood.measure.probability",
    "brushwood.measure.neighbours",
)

SKIMAGE = "scikit-image, regionprops"


@dataclass(frozen=True, slots=True)
class Measurement:
    """One entry of the catalogue.

    Attributes
    ----------
    name : str
        The column's name, or what its columns' names begin with; scikit-image's where it has one.
    group : str
        "size", "shape", "position", "intensity", "texture", "probability" or "neighbours".
    title : str
        What it is, for a table of measurements and a tooltip.
    dimension : str
        How it changes with the size of a pixel; see `Dimension`.
    source : str
        Where the definition is from.
    cost : {"low", "medium", "high"}
        Low: seen only for very many objects. High: dominates the time of a table.
    along : tuple of str
        "space": one column an axis. "box": starts and stops along the axes. "channel", "class": one
        a channel of the image or a class of the probabilities. Empty: one column.
    ndim : tuple of int
        Spatial dimensions in which it exists.
    needs_image, needs_probabilities : bool
    integer : bool
        Whether the column holds integers.
    default : bool
        Whether it is measured when nothing is chosen.
    numbers : tuple of float
        For a measurement with a number in its name, those that are measured when its name alone is
        asked for: (5, 95) makes ``intensity_percentile_5`` and ``intensity_percentile_95``.
    number_range : two float
        Smallest and largest number that may be asked for.
    whole_numbers : bool
        Whether fractions are refused.
    undefined : str
        For which objects the value is NaN; "" for none.
    """

    name: str
    group: str
    title: str
    _: KW_ONLY
    dimension: Dimension
    source: str = SKIMAGE
    cost: Cost = "low"
    along: tuple[Along, ...] = ()
    ndim: tuple[int, ...] = (2, 3)
    needs_image: bool = False
    needs_probabilities: bool = False
    integer: bool = False
    default: bool = False
    numbers: tuple[float, ...] = ()
    number_range: tuple[float, float] = (0, 1_000_000)
    whole_numbers: bool = False
    undefined: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """What a calculation is asked for, besides the objects.

    Attributes
    ----------
    wanted : frozenset of str
        Names of its measurements that are to be computed; others may be left out.
    image, probabilities : ImageSource, optional
        Never None where a wanted measurement needs them; one channel or class a column of theirs.
        Read them with `LabelIndex.pixels`, or with ``image.read(objects.frame, …)``.
    numbers : mapping of str to tuple of float
        For each wanted measurement with `Measurement.numbers`: which ones, in this order.
    job : Job
        Call ``job.checkpoint(fraction, message)`` at least every 100 ms.
    """

    wanted: frozenset[str]
    image: ImageSource | None = None
    probabilities: ImageSource | None = None
    numbers: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    job: Job = field(default_factory=lambda: IDLE)


Columns: TypeAlias = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Calculation:
    """A function and the measurements it computes together.

    Attributes
    ----------
    compute : callable (LabelIndex, Call) -> mapping of name to array
        See the module's description.
    measurements : tuple of Measurement
    seconds_per_object, seconds_per_pixel : float
        Roughly, on one core, a channel or class: for the estimate before the work. Pixels are
        those of the objects.
    scope : {"object", "frame"}
        "object": each object's numbers depend on its own pixels alone, to the last bit, whichever
        other objects it is measured with; then some objects at a time may be given. "frame": they
        depend on other objects or on the background, or are summed over the whole frame in its
        order; then all objects of a frame are given, of which runs may be unknown (see
        `brushwood.measure.parts_frame`).
    """

    compute: Callable[["LabelIndex", Call], Columns]
    measurements: tuple[Measurement, ...]
    seconds_per_object: float = 3e-7
    seconds_per_pixel: float = 3e-9
    scope: Scope = "object"


@cache
def calculations() -> tuple[Calculation, ...]:
    """Return every calculation, in the order of the catalogue."""
    found: list[Calculation] = []
    for home in _HOMES:
        found.extend(importlib.import_module(home).CALCULATIONS)
    names = [m.name for c in found for m in c.measurements]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"Measurements are registered twice: {', '.join(sorted(twice))}.")
    return tuple(found)


@cache
def catalog() -> tuple[Measurement, ...]:
    """Return everything that can be measured, group by group.

    Each entry tells its name, group, dimension, cost, source and more, see `Measurement`.
    """
    every = [m for calculation in calculations() for m in calculation.measurements]
    by_group: dict[str, list[Measurement]] = {}
    for measurement in every:
        by_group.setdefault(measurement.group, []).append(measurement)
    return tuple(m for members in by_group.values() for m in members)


def groups() -> tuple[str, ...]:
    """Return the names of the groups, in the order of the catalogue."""
    return tuple(dict.fromkeys(m.group for m in catalog()))
