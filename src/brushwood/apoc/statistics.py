"""Measurements of labelled objects as clEsperanto defines them, which APOC's object tools use.

Source of every definition: pyclesperanto_prototype 0.24, ``statistics_of_labelled_pixels``. Lengths
are in pixels, z, y and x alike. Sums are exact here; clEsperanto adds up 32-bit floats row by row.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from brushwood.arrays import AnyArray
from brushwood.errors import InputError, ShapeMismatchError
from brushwood.jobs import IDLE, Job

Float64 = npt.NDArray[np.float64]
#: A column of measurements: a number for every label from the first on, whether it exists or not.
Column = Float64

_AXES = "xyz"
_HUGE = float(np.finfo(np.float32).max)


@dataclass(eq=False)
class Statistics:
    """Statistics of the objects of a label image, each computed when asked for.

    Parameters
    ----------
    labels : int (Z, Y, X) or (Y, X)
        Numbers from 0.
    image : array of the same shape, optional
        Intensities. Default: the labels themselves, as clEsperanto has it.
    first : {0, 1}
        0 measures the background as well, as the first row.

    Attributes
    ----------
    n : int
        Rows: all numbers from `first` to the largest label.
    """

    labels: AnyArray
    image: AnyArray | None = None
    first: int = 1
    job: Job = field(default_factory=lambda: IDLE)

    def __post_init__(self) -> None:
        self.labels = checked_labels(self.labels)
        if self.image is None:
            self.image = self.labels
        if np.shape(self.image) != self.labels.shape:
            raise ShapeMismatchError(
                f"Labels and image must have one shape, but the labels have {self.labels.shape} "
                f"and the image {np.shape(self.image)}. Choose the image that was segmented."
            )
        self._positions: dict[int, Float64] = {}
        self.n = int(self.labels.max(initial=0)) + 1 - self.first

    def column(self, name: str) -> Column:
        """Return one measurement, float64 (row,): NaN where it is not defined.

        Raises
        ------
        InputError
            If there is none of that name.
        """
        self.job.checkpoint(0.0, "Measuring objects")
        compute = _COLUMNS.get(name)
        if compute is None:
            raise InputError(f"{name!r} is not measured. Choose among: {', '.join(_COLUMNS)}.")
        return compute(self)

    @cached_property
    def at(self) -> npt.NDArray[np.intp]:
        """Row of every pixel that is measured."""
        return (self._chosen_labels - self.first).astype(np.intp)

    @cached_property
    def _chosen(self) -> npt.NDArray[np.intp] | slice:
        """Flat positions of the pixels that are measured."""
        return slice(None) if self.first == 0 else np.flatnonzero(self.labels)

    @cached_property
    def _chosen_labels(self) -> npt.NDArray[np.int64]:
        return self.labels.reshape(-1)[self._chosen].astype(np.int64)

    @cached_property
    def values(self) -> Float64:
        """Intensity of every pixel that is measured, as a 32-bit float holds it."""
        flat = np.asarray(self.image).reshape(-1)[self._chosen]
        return flat.astype(np.float32).astype(np.float64)

    def position(self, axis: int) -> Float64:
        """Return the coordinate of every pixel that is measured; axis 0 is x, 2 is z."""
        self.job.checkpoint(0.0, "Measuring objects")
        shape = self.labels.shape
        if axis >= len(shape):
            return np.zeros(len(self.at))
        if axis not in self._positions:
            along = [-1 if k == len(shape) - 1 - axis else 1 for k in range(len(shape))]
            steps = np.arange(shape[-1 - axis], dtype=np.float64).reshape(along)
            self._positions[axis] = np.broadcast_to(steps, shape).reshape(-1)[self._chosen]
        return self._positions[axis]

    def total(self, values: Float64 | None = None) -> Column:
        """Add up values, or count pixels, of each object."""
        return np.bincount(self.at, values, minlength=self.n)[: self.n].astype(np.float64)

    def lowest(self, values: Float64) -> Column:
        """Return the least value of each object, the largest float where there is none."""
        out = np.full(self.n, _HUGE)
        np.minimum.at(out, self.at, values)
        return out

    def highest(self, values: Float64, empty: float = -_HUGE) -> Column:
        """Return the greatest value of each object."""
        out = np.full(self.n, empty)
        np.maximum.at(out, self.at, values)
        return out

    @cached_property
    def area(self) -> Column:
        """Pixels of each object."""
        return self.total()

    @cached_property
    def mean(self) -> Column:
        """Mean intensity of each object, a 32-bit float."""
        return rounded(ratio(self.total(self.values), self.area))

    def centre(self, axis: int, weighted: bool) -> Column:
        """Return the centroid's or the centre of mass's coordinate, a 32-bit float."""
        where = self.position(axis)
        if weighted:
            sums, weights = self.total(where * self.values), self.total(self.values)
        else:
            sums, weights = self.total(where), self.area
        return rounded(ratio(sums, weights))

    def distances(self, weighted: bool) -> Float64:
        """Return the distance of every measured pixel to its object's centre."""
        squares = np.zeros(len(self.at))
        for axis in range(self.labels.ndim):
            squares += (self.position(axis) - self.centre(axis, weighted)[self.at]) ** 2
        found: Float64 = np.sqrt(squares)
        return found


def checked_labels(labels: AnyArray) -> AnyArray:
    """Return labels as an array of whole numbers in 2 or 3 dimensions.

    Raises
    ------
    InputError
        If they are not.
    """
    labels = np.asarray(labels)
    if labels.dtype.kind not in "bui" or labels.ndim not in (2, 3):
        raise InputError(
            "Labels must be whole numbers in 2 or 3 dimensions, but these are "
            f"{labels.dtype} of shape {labels.shape}. Pass one frame of a label image."
        )
    if labels.size and labels.min() < 0:
        raise InputError(f"Labels start at 0, but there is {labels.min()}. Replace it by 0.")
    if labels.max(initial=0) > _MOST_LABELS:
        raise InputError(
            f"The largest label is {labels.max()}; APOC's tools count from 1 to the largest label, "
            f"and more than {_MOST_LABELS:,} are refused. Renumber the labels first, for example "
            "with skimage.segmentation.relabel_sequential."
        )
    return labels


_MOST_LABELS = 10_000_000


def ratio(a: Float64, b: Float64) -> Float64:
    """Divide; 0 / 0 is NaN, as on a device."""
    with np.errstate(invalid="ignore", divide="ignore"):
        quotient: Float64 = a / b
    return quotient


def rounded(values: Float64) -> Float64:
    """Round to 32-bit floats, which is what the device keeps."""
    with np.errstate(over="ignore"):
        return values.astype(np.float32).astype(np.float64)


def _deviation(s: Statistics) -> Column:
    return np.sqrt(ratio(s.total((s.values - s.mean[s.at]) ** 2), s.area))


def _columns() -> Mapping[str, Callable[[Statistics], Column]]:
    found: dict[str, Callable[[Statistics], Column]] = {
        # APOC measures the background as label 1, so that every label moves up by one.
        "label": lambda s: np.arange(s.first + 1.0, s.n + s.first + 1),
        "original_label": lambda s: np.arange(float(s.first), s.n + s.first),
        "area": lambda s: s.area,
        "min_intensity": lambda s: s.lowest(s.values),
        "max_intensity": lambda s: s.highest(s.values),
        "sum_intensity": lambda s: s.total(s.values),
        "mean_intensity": lambda s: s.mean,
        "standard_deviation_intensity": _deviation,
    }
    for axis, name in enumerate(_AXES):
        found |= _along(axis, name)
    for weighted, name in ((False, "centroid"), (True, "mass_center")):
        found |= _spread(weighted, name)
    return found


def _along(axis: int, name: str) -> Mapping[str, Callable[[Statistics], Column]]:
    size = ("width", "height", "depth")[axis]
    return {
        f"bbox_min_{name}": lambda s: s.lowest(s.position(axis)),
        f"bbox_max_{name}": lambda s: s.highest(s.position(axis)),
        f"bbox_{size}": lambda s: s.highest(s.position(axis)) - s.lowest(s.position(axis)) + 1,
        f"sum_{name}": lambda s: s.total(s.position(axis)),
        f"centroid_{name}": lambda s: s.centre(axis, False),
        f"sum_intensity_times_{name}": lambda s: s.total(s.position(axis) * s.values),
        f"mass_center_{name}": lambda s: s.centre(axis, True),
    }


def _spread(weighted: bool, name: str) -> Mapping[str, Callable[[Statistics], Column]]:
    def total(s: Statistics) -> Column:
        return s.total(s.distances(weighted))

    def mean(s: Statistics) -> Column:
        return rounded(ratio(total(s), s.area))

    def most(s: Statistics) -> Column:
        return rounded(s.highest(s.distances(weighted), 0.0))

    return {
        f"sum_distance_to_{name}": total,
        f"mean_distance_to_{name}": mean,
        f"max_distance_to_{name}": most,
        f"mean_max_distance_to_{name}_ratio": lambda s: ratio(most(s), mean(s)),
    }


_COLUMNS = _columns()
#: Names of the columns.
NAMES = tuple(_COLUMNS)
