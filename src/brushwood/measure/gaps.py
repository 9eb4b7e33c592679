"""Distance from each object to the nearest pixel of another one."""

from typing import TYPE_CHECKING

import numpy as np

from brushwood.jobs import Job
from brushwood.measure.index import FloatArray, IntArray, LabelIndex

if TYPE_CHECKING:
    from scipy.spatial import KDTree


#: Objects whose box is this many times larger than usual are looked at from everywhere.
_GIANT = 8


def nearest_edges(objects: LabelIndex, job: Job) -> FloatArray:
    """Return the distance to the nearest other object in units, shape (n,); NaN for one alone.

    Others are looked at in the order of the gap between bounding boxes, which the distance cannot
    be less than, until that gap is larger than the smallest distance found.
    """
    n = len(objects)
    if n < 2:
        return np.full(n, np.nan)
    borders = _Borders(objects, job.part(0, 0.2))
    boxes = _Boxes(objects)
    best = np.full(n, np.inf)
    job = job.part(0.2, 1)
    for a in range(n):
        if a % 32 == 0:
            job.checkpoint(a / n, "distances")
        if np.isinf(best[a]):
            b = boxes.nearest(a)
            best[a] = borders.distance(a, b, np.inf)
            best[b] = min(best[b], best[a])
        others, gaps = boxes.within(a, best[a])
        for b, gap in zip(others.tolist(), gaps.tolist(), strict=True):
            if gap >= best[a]:
                break
            distance = borders.distance(a, b, best[a])
            best[a] = min(best[a], distance)
            best[b] = min(best[b], distance)
    return best


class _Boxes:
    """Bounding boxes of the objects' pixel centres, in units."""

    def __init__(self, objects: LabelIndex) -> None:
        from scipy.spatial import KDTree

        self._low = (objects.low * objects.spacing3)[:, -objects.ndim :]
        self._high = ((objects.high - 1) * objects.spacing3)[:, -objects.ndim :]
        self._center = (self._low + self._high) / 2
        self._tree = KDTree(self._center)
        self._radius = np.linalg.norm(self._high - self._low, axis=1) / 2
        usual = _GIANT * np.median(self._radius) + 1e-9
        self._giants = np.flatnonzero(self._radius > usual)
        self._reach = self._radius[self._radius <= usual].max(initial=0)

    def nearest(self, a: int) -> int:
        """Return the object whose box has the nearest centre."""
        found = self._tree.query(self._center[a], 2)[1]
        return int(found[1] if found[0] == a else found[0])

    def within(self, a: int, distance: float) -> tuple[IntArray, FloatArray]:
        """Return objects whose boxes are nearer than a distance, nearest first, and their gaps."""
        reach = distance + self._radius[a] + self._reach
        near = np.array(self._tree.query_ball_point(self._center[a], reach), np.int64)
        near = np.union1d(near, self._giants)
        near = near[near != a]
        apart = np.maximum(self._low[near] - self._high[a], self._low[a] - self._high[near])
        gaps = np.linalg.norm(np.maximum(apart, 0), axis=1)
        order = np.argsort(gaps, kind="stable")
        order = order[gaps[order] < distance]
        return near[order], gaps[order]


class _Borders:
    """Border pixels of objects, in units."""

    def __init__(self, objects: LabelIndex, job: Job) -> None:
        number, where = _border_pixels(objects, job)
        order = np.argsort(number, kind="stable")
        self._points = (where[order] * objects.spacing3)[:, -objects.ndim :]
        self._first = np.searchsorted(number[order], np.arange(len(objects) + 1))
        self._trees: dict[int, KDTree] = {}

    def distance(self, a: int, b: int, bound: float) -> float:
        """Return the distance of two objects, or infinity if it is not less than the bound."""
        few, many = sorted((a, b), key=lambda i: int(self._first[i + 1] - self._first[i]))
        found: float = self._tree(many).query(self._of(few), distance_upper_bound=bound)[0].min()
        return found

    def _of(self, a: int) -> FloatArray:
        return self._points[self._first[a] : self._first[a + 1]]

    def _tree(self, a: int) -> "KDTree":
        from scipy.spatial import KDTree

        if a not in self._trees:
            self._trees[a] = KDTree(self._of(a), balanced_tree=False)
        return self._trees[a]


def _border_pixels(objects: LabelIndex, job: Job) -> tuple[IntArray, IntArray]:
    """Return number and (z, y, x) of all pixels beside a pixel of another label, or at the edge."""
    offsets = [tuple(s * (i == axis) for i in range(3)) for axis in range(3) for s in (-1, 1)]
    numbers, positions = [], []
    for band in objects.bands(halo=1, job=job):
        core = band.core
        is_border = np.zeros(core.shape, bool)
        for dz, dy, dx in offsets[2 * (3 - objects.ndim) :]:
            is_border |= band.shifted(dz, dy, dx) != core
        is_border &= core != 0
        where = np.nonzero(is_border)
        numbers.append(objects.numbers(core[where]))
        positions.append(np.stack(where, axis=1) + band.start)
    return np.concatenate(numbers), np.concatenate(positions)
