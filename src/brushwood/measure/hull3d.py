"""Convex hulls of objects in stacks, one after the other, by Qhull.

The convex image is scikit-image's: the voxels whose centres lie in the hull of the middles of all
voxels' faces. Flat objects, which scikit-image leaves out, have a convex image here as well. A
line of voxels is cut by all facets at once, so that voxels need not be looked at one by one.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from brushwood.jobs import Job
from brushwood.measure.hull import IntArray, Lines, corners

FloatArray = npt.NDArray[np.float64]

#: Middles of a voxel's faces, as seen from its centre.
_MIDDLES = np.concatenate([np.eye(3), -np.eye(3)]) / 2
#: How far outside a facet a centre may lie, as in scikit-image.
_TOLERANCE = 1e-10
#: Facets with a smaller slope are parallel to x: coordinates are multiples of one half.
_PARALLEL = 1e-9
#: Facets × lines looked at at once.
_AT_ONCE = 1 << 20


def convex_lines_3d(lines: Lines, depth: int, job: Job) -> Lines:
    """Return the lines of the convex images.

    Parameters
    ----------
    lines : Lines
        Of planes: an item is ``object * depth + z``.
    depth : int
    job : Job
        Checked before each object.
    """
    parts = []
    for number, points in _objects(lines, depth, job):
        z, y, left, right = _fill(points)
        parts.append(Lines(number * depth + z, y, left, right))
    if not parts:
        return lines
    return Lines(*(np.concatenate([getattr(p, name) for p in parts]) for name in Lines.__slots__))


def corners_3d(lines: Lines, depth: int, job: Job) -> tuple[IntArray, IntArray]:
    """Return the number of the object and (z, y, x) of the corners of all hulls."""
    numbers, parts = [], []
    for number, points in _objects(lines, depth, job):
        kept = _corners_of(points)
        parts.append(kept)
        numbers.append(np.full(len(kept), number))
    if not parts:
        return np.zeros(0, np.int64), np.zeros((0, 3), np.int64)
    return np.concatenate(numbers), np.concatenate(parts)


def _objects(lines: Lines, depth: int, job: Job) -> Iterator[tuple[int, IntArray]]:
    """Yield number and corners (z, y, x) of the planes of each object."""
    item, y, x = corners(lines)
    number, z = np.divmod(item, depth)
    points = np.stack([z, y, x], axis=1)
    first = np.flatnonzero(np.append(True, number[1:] != number[:-1])[: number.size])
    stops = np.append(first[1:], number.size)
    for start, stop in zip(first.tolist(), stops.tolist(), strict=False):
        job.checkpoint(start / number.size, "convex hulls")
        yield int(number[start]), points[start:stop]


def _corners_of(points: IntArray) -> IntArray:
    """Return the corners of a hull, or all points where they lie in a plane."""
    from scipy.spatial import ConvexHull, QhullError

    if len(points) < 5:
        return points
    try:
        hull = ConvexHull(points)
    except QhullError:
        return points
    kept: IntArray = points[hull.vertices]
    return kept


def _fill(points: IntArray) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Return z, y, first and last x of all lines of the convex image of some voxels."""
    from scipy.spatial import ConvexHull

    low, high = points.min(axis=0), points.max(axis=0)
    middles = (_corners_of(points - low)[:, None] + _MIDDLES).reshape(-1, 3)
    facets = np.unique(ConvexHull(np.unique(middles, axis=0)).equations, axis=0)
    depth, height, width = high - low + 1
    z, y = (axis.reshape(-1) for axis in np.mgrid[:depth, :height])
    left, right = np.zeros(z.size, np.int64), np.full(z.size, width - 1)
    step = max(1, _AT_ONCE // len(facets))
    for start in range(0, z.size, step):
        here = slice(start, start + step)
        left[here], right[here] = _cut(facets, z[here], y[here], int(width))
    kept = right >= left
    z, y, left, right = (values[kept] for values in (z, y, left, right))
    return z + low[0], y + low[1], left + low[2], right + low[2]


def _cut(facets: FloatArray, z: IntArray, y: IntArray, width: int) -> tuple[IntArray, IntArray]:
    """Return first and last x of lines within all facets; last < first where there is none."""
    slope = facets[:, 2]
    room = _TOLERANCE - facets[:, 3:] - facets[:, :1] * z - facets[:, 1:2] * y
    to_right, to_left = slope > _PARALLEL, slope < -_PARALLEL
    right = np.floor((room[to_right] / slope[to_right, None]).min(axis=0, initial=width - 1))
    left = np.ceil((room[to_left] / slope[to_left, None]).max(axis=0, initial=0))
    outside = (room[~(to_right | to_left)] <= 0).any(axis=0)
    right[outside] = -1
    return left.astype(np.int64), right.astype(np.int64)
