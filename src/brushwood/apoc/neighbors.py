"""Measurements of objects' neighbours as clEsperanto defines them, which APOC's tools use.

Source of every definition: pyclesperanto_prototype 0.24, ``statistics_of_labelled_neighbors``, and
APOC, ``_object_classifier.py``. Distances are between centroids, in pixels. Labels that do not
exist are left out; clEsperanto counts them in with undefined centroids, with arbitrary results.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from brushwood.apoc.statistics import Statistics, ratio
from brushwood.apoc.touching import Touches, dilated
from brushwood.arrays import AnyArray
from brushwood.errors import InputError
from brushwood.jobs import IDLE, Job

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]

_CHUNK = 4_000_000
#: Objects from which on a tree finds neighbours quicker than a table of all distances.
_MANY = 1000
#: Most neighbours that clEsperanto sorts.
_MOST_NEIGHBORS = 1000


@dataclass(eq=False)
class Neighbors:
    """Neighbours of the objects of a label image, each column computed when asked for.

    Columns have a row for every number from 0, the background, to the largest label.
    """

    labels: AnyArray
    job: Job = field(default_factory=lambda: IDLE)

    @cached_property
    def touches(self) -> Touches:
        """Pairs that touch."""
        self.job.checkpoint(0.0, "Finding neighbours")
        return Touches.of(self.labels)

    @cached_property
    def pairs(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Float64]:
        """Pairs of objects that touch, and the distance of their centroids."""
        t = self.touches
        low, high = t.low[t.between_objects], t.high[t.between_objects]
        step = (self.centroids[low] - self.centroids[high]) ** np.float32(2)
        return low, high, np.sqrt(_added(step)).astype(np.float64)

    @cached_property
    def centroids(self) -> Float32:
        """Centroids as 32-bit floats (label, axis), NaN where there is no such label."""
        s = Statistics(self.labels, job=self.job)
        axes = [np.append(np.nan, s.centre(axis, False)) for axis in range(np.ndim(self.labels))]
        return np.stack(axes, axis=1).astype(np.float32)

    @cached_property
    def existing(self) -> npt.NDArray[np.int64]:
        """Labels that exist, without the background."""
        found = np.unique(self.labels)
        return found[found > 0].astype(np.int64)

    @property
    def n_rows(self) -> int:
        """The largest label, and one for the background."""
        return self.touches.n + 1

    def by_distance(self, work: Callable[[Float32, int], Float32]) -> Float64:
        """Compute a number for each object from its distances to all objects.

        Parameters
        ----------
        work : callable (distances float32 (object, other), largest neighbour count) -> (object,)
            Distances of some objects; those to themselves are infinite.
        """
        out = np.zeros(self.n_rows)
        points = self.centroids[self.existing]
        rows = max(1, _CHUNK // max(1, len(points)))
        for first in range(0, len(points), rows):
            self.job.checkpoint(first / len(points), "Measuring distances")
            part = points[first : first + rows]
            apart = np.sqrt(_added((part[:, None] - points[None]) ** np.float32(2)))
            apart[np.arange(len(part)), np.arange(first, first + len(part))] = np.inf
            out[self.existing[first : first + rows]] = work(apart, len(points) - 1)
        return out

    def nearest(self, count: int) -> Float32:
        """Return the distances to the nearest other objects, ascending, float32 (object, count)."""
        points = self.centroids[self.existing]
        if count not in self._nearest:
            if len(points) > _MANY:
                found = self._nearest_by_tree(points, count)
            else:
                apart = self._apart(points)
                found = np.sort(np.partition(apart, count - 1, axis=1)[:, :count], axis=1)
            self._nearest[count] = found
        return self._nearest[count]

    def _nearest_by_tree(self, points: Float32, count: int) -> Float32:
        from scipy.spatial import KDTree

        tree = KDTree(points)
        out = np.empty((len(points), count), np.float32)
        for first in range(0, len(points), _CHUNK // 64):
            self.job.checkpoint(first / len(points), "Finding neighbours")
            part = slice(first, first + _CHUNK // 64)
            _, index = tree.query(points[part], k=count + 1)
            apart = np.sqrt(_added((points[part, None] - points[index]) ** np.float32(2)))
            own = np.arange(len(points))[part, None]
            # Objects may share a centroid: the object itself need not come first.
            apart[index == own] = np.inf
            out[part] = np.sort(apart, axis=1)[:, :count]
        return out

    @staticmethod
    def _apart(points: Float32) -> Float32:
        apart = np.sqrt(_added((points[:, None] - points[None]) ** np.float32(2)))
        np.fill_diagonal(apart, np.inf)
        return apart

    def spread(self, values: Float32 | np.float32) -> Float64:
        """Return a column with values in the rows of labels that exist, else 0."""
        out = np.zeros(self.n_rows)
        out[self.existing] = values
        return out

    @cached_property
    def farthest(self) -> float:
        """Largest distance between two objects."""
        if len(self.existing) < 2:
            return 0.0
        return float(self.by_distance(lambda d, n: _others(d).max(axis=1)).max())

    @cached_property
    def portions(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Float64]:
        """For each pair, both ways round: whose border, who touches it, the share of the border."""
        t = self.touches
        own = np.concatenate((t.low, t.high))
        other = np.concatenate((t.high, t.low))
        count = np.concatenate((t.count, t.count)).astype(np.float32)
        share = count / t.contacts().astype(np.float32)[own]
        return own, other, share.astype(np.float64)

    def column(self, name: str) -> Float64:
        """Return one measurement, float64 (row,).

        Raises
        ------
        InputError
            If there is none of that name.
        """
        if name not in NAMES and not _NEAREST_OF.fullmatch(name):
            raise InputError(f"{name!r} is not measured. Choose among: {', '.join(NAMES)}.")
        plain, _, radius = name.partition("_dilated_r_")
        subject = self.grown(int(radius)) if radius else self
        if plain in _PLAIN:
            return _PLAIN[plain](subject)
        for pattern, compute in _NUMBERED:
            match = pattern.fullmatch(plain)
            if match:
                return compute(subject, float(match[1]))
        raise InputError(f"{name!r} is not measured.")

    def grown(self, radius: int) -> "Neighbors":
        """Return the neighbours after dilation; kept."""
        if radius not in self._grown:
            self._grown[radius] = Neighbors(dilated(self.labels, radius), self.job)
        return self._grown[radius]

    def __post_init__(self) -> None:
        self._grown: dict[int, Neighbors] = {}
        self._nearest: dict[int, Float32] = {}


def _added(squares: Float32) -> Float32:
    """Add up squares along the last axis, x first, rounding after each as the kernel does."""
    total = squares[..., -1].copy()
    for axis in range(squares.shape[-1] - 2, -1, -1):
        total += squares[..., axis]
    return total


def _others(apart: Float32) -> Float32:
    """Return distances with those to themselves made as small as can be."""
    return np.where(np.isinf(apart), np.float32(-1), apart)


def _touching_count(x: Neighbors) -> Float64:
    low, high, _ = x.pairs
    return np.bincount(np.concatenate((low, high)), minlength=x.n_rows).astype(np.float64)


def _touching_distance(x: Neighbors, what: str) -> Float64:
    low, high, distance = x.pairs
    both, twice = np.concatenate((low, high)), np.concatenate((distance, distance))
    count = np.bincount(both, minlength=x.n_rows)
    out = np.zeros(x.n_rows)
    if what == "average":
        sums = np.bincount(both, twice, minlength=x.n_rows)
        np.divide(sums, count, out=out, where=count > 0)
        return out
    if what == "minimum":
        out[count > 0] = np.inf
        np.minimum.at(out, both, twice)
    else:
        np.maximum.at(out, both, twice)
    return out


def _distance_ratio(x: Neighbors) -> Float64:
    return ratio(_touching_distance(x, "maximum"), _touching_distance(x, "minimum"))


def _counts(x: Neighbors, what: str) -> Float64:
    t = x.touches
    between = t.between_objects
    both = np.concatenate((t.low[between], t.high[between]))
    twice = np.concatenate((t.count[between], t.count[between])).astype(np.float64)
    return _summary(x, both, twice, what)


def _shares(x: Neighbors, what: str) -> Float64:
    own, other, share = x.portions
    objects = (own > 0) & (other > 0)
    return _summary(x, own[objects], share[objects], what)


def _summary(x: Neighbors, own: npt.NDArray[np.int64], values: Float64, what: str) -> Float64:
    if what == "sum":
        return np.bincount(own, values, minlength=x.n_rows).astype(np.float64)
    # Where nothing touches, the minimum is the largest value of all.
    out = np.full(x.n_rows, values.max(initial=0.0) if what == "minimum" else 0.0)
    (np.minimum if what == "minimum" else np.maximum).at(out, own, values)
    return out


def _share_deviation(x: Neighbors) -> Float64:
    own, _, share = x.portions
    count = np.bincount(own, minlength=x.n_rows)
    mean = ratio(np.ones(x.n_rows), count.astype(np.float64))
    off = np.abs(share - mean[own]) / count[own]
    return np.bincount(own, off, minlength=x.n_rows).astype(np.float64)


def _portion_count(x: Neighbors, least: float) -> Float64:
    own, other, share = x.portions
    good = (own > 0) & (other > 0) & (share.astype(np.float32) > np.float32(least))
    return np.bincount(own[good], minlength=x.n_rows).astype(np.float64)


def _proximal(x: Neighbors, distance: float) -> Float64:
    def count(apart: Float32, n: int) -> Float32:
        near: Float32 = (apart <= np.float32(distance)).sum(axis=1).astype(np.float32)
        return near

    return x.by_distance(count)


def _nearest(x: Neighbors, n: float) -> Float64:
    """Mean distance to the n nearest others, or to all if there are fewer."""
    count = min(int(n), len(x.existing) - 1, _MOST_NEIGHBORS)
    return x.spread(_mean(x.nearest(count)) if count > 0 else np.float32(np.nan))


def _nearest_and_self(x: Neighbors, n: float) -> Float64:
    """As `_nearest`, but where there are fewer, the object itself counts as far away."""
    most = len(x.existing) - 1
    if n <= most:
        return _nearest(x, n)
    far = np.full((len(x.existing), 1), np.float32(x.farthest + 1))
    return x.spread(_mean(np.concatenate((x.nearest(most), far), axis=1)))


def _nearest_farthest(x: Neighbors, n: float) -> Float64:
    count = min(int(n), len(x.existing) - 1)
    return x.spread(x.nearest(count)[:, -1] if count > 0 else np.float32(-1))


def _most_distant(x: Neighbors) -> Float64:
    def largest(apart: Float32, most: int) -> Float32:
        found: Float32 = _others(apart).max(axis=1)
        return found if most else np.full(len(apart), np.float32(np.nan))

    return x.by_distance(largest)


def _mean(distances: Float32) -> Float32:
    """Return the mean of each row, added up from the left as the kernel does."""
    total = distances[:, 0].copy()
    for k in range(1, distances.shape[1]):
        total += distances[:, k]
    mean: Float32 = total / np.float32(distances.shape[1])
    return mean


_DISTANCES = {
    "touching_neighbor_count": _touching_count,
    "minimum_distance_of_touching_neighbors": lambda x: _touching_distance(x, "minimum"),
    "average_distance_of_touching_neighbors": lambda x: _touching_distance(x, "average"),
    "maximum_distance_of_touching_neighbors": lambda x: _touching_distance(x, "maximum"),
    "max_min_distance_ratio_of_touching_neighbors": _distance_ratio,
}
_TOUCHES = {
    "touch_count_sum": lambda x: _counts(x, "sum"),
    "minimum_touch_count": lambda x: _counts(x, "minimum"),
    "maximum_touch_count": lambda x: _counts(x, "maximum"),
    "minimum_touch_portion": lambda x: _shares(x, "minimum"),
    "maximum_touch_portion": lambda x: _shares(x, "maximum"),
}
_PLAIN: dict[str, Callable[[Neighbors], Float64]] = {
    **_DISTANCES,
    "distance_to_most_distant_other": _most_distant,
    **_TOUCHES,
    "standard_deviation_touch_portion": _share_deviation,
}
_NEAREST_OF = re.compile(r"average_distance_of_n_nearest_neighbors=(\d{1,4})")
_NUMBERED: tuple[tuple[re.Pattern[str], Callable[[Neighbors, float], Float64]], ...] = (
    (_NEAREST_OF, _nearest),
    (re.compile(r"proximal_neighbor_count_d(\d+)"), _proximal),
    (re.compile(r"maximum_distance_of_n(\d+)_nearest_neighbors"), _nearest_farthest),
    (re.compile(r"average_distance_of_n(\d+)_nearest_neighbors"), _nearest_and_self),
    (re.compile(r"touch_portion_above_([\d.]+)_neighbor_count"), _portion_count),
)
#: Names of the columns, besides ``average_distance_of_n_nearest_neighbors=`` and a number.
NAMES = (
    *_PLAIN,
    *(f"proximal_neighbor_count_d{d}" for d in (10, 20, 40, 80, 160)),
    *(
        f"{what}_distance_of_n{n}_nearest_neighbors"
        for n in (1, 2, 3, 4, 5, 6, 7, 8, 10, 20)
        for what in ("maximum", "average")
    ),
    *(f"touch_portion_above_{p}_neighbor_count" for p in (0, 0.16, 0.2, 0.33, 0.5, 0.75)),
    *(f"{name}_dilated_r_{r}" for r in (5, 10) for name in (*_DISTANCES, *_TOUCHES)),
)
