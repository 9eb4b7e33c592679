"""Holes in objects, found from the gaps between their runs, for all objects at once."""

from itertools import product

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from brushwood.jobs import IDLE, Job
from brushwood.measure.index import IntArray, LabelIndex


def filled_pixels(objects: LabelIndex, job: Job = IDLE) -> IntArray:
    """Return each object's number of pixels with its holes.

    A hole is background that is not connected with the outside of the object's bounding box, where
    pixels that share an edge or a corner are connected (`skimage.measure.regionprops`,
    ``area_filled``). Other objects within the object count as background.

    Parameters
    ----------
    objects : LabelIndex
    job : Job
        Checked before every part.

    Returns
    -------
    ndarray of int64, shape (n,)
    """
    pixels = objects.n_pixels.copy()
    # A hole has a run of the object on its left and one on its right.
    candidates = np.flatnonzero(_has_gap(objects))
    step = 20_000
    for first in range(0, candidates.size, step):
        job.checkpoint(first / candidates.size, "filling holes")
        chosen = candidates[first : first + step]
        pixels[chosen] += _hole_pixels(objects.part(chosen))
    return pixels


def _has_gap(objects: LabelIndex) -> npt.NDArray[np.bool_]:
    """Whether a row of an object has more than one run."""
    same_row = (objects.run_start[1:, :2] == objects.run_start[:-1, :2]).all(axis=1)
    same_row &= np.diff(objects.run_object) == 0
    found = np.zeros(len(objects), bool)
    found[objects.run_object[1:][same_row]] = True
    return found


def _hole_pixels(objects: LabelIndex) -> IntArray:
    """Count the pixels of holes of each object."""
    row, start, stop, last_row = _gaps(objects)
    owner = np.searchsorted(last_row, row, side="right")
    # Gaps of width 0 keep nothing apart and connect nothing.
    low, high = objects.low[owner], objects.high[owner]
    first_row = np.concatenate([[0], last_row[:-1]])[owner]
    n_y = (high[:, 1] - low[:, 1]) if len(owner) else np.zeros(0, np.int64)
    z, y = np.divmod(row - first_row, np.maximum(n_y, 1))
    n_z = high[:, 0] - low[:, 0]
    outside = (start == low[:, 2]) | (stop == high[:, 2]) | (y == 0) | (y == n_y - 1)
    if objects.ndim == 3:
        outside |= (z == 0) | (z == n_z - 1)
    pairs = [_touching(row, start, stop, z, y, n_y, n_z, dz, dy) for dz, dy in _AHEAD[objects.ndim]]
    a, b = (np.concatenate([pair[i] for pair in pairs]) for i in (0, 1))
    size = row.size
    graph = coo_array((np.ones(a.size, bool), (a, b)), shape=(size, size))
    n_parts, part = connected_components(graph, directed=False)
    open_part = np.zeros(n_parts, bool)
    open_part[part[outside]] = True
    hole = ~open_part[part]
    found: IntArray = np.bincount(
        owner[hole], weights=(stop - start)[hole], minlength=len(objects)
    ).astype(np.int64)
    return found


#: Rows after a row (z, y) that touch it by an edge or a corner.
_AHEAD = {
    2: ((0, 1),),
    3: tuple((dz, dy) for dz, dy in product((0, 1), (-1, 0, 1)) if (dz, dy) > (0, 0)),
}


def _gaps(objects: LabelIndex) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Return the background within each row of each bounding box.

    Returns
    -------
    row : ndarray of int64, shape (G,)
        Number of the row, counted through all boxes, ascending.
    start, stop : ndarray of int64, shape (G,)
        First x, and x after the last; never empty.
    last_row : ndarray of int64, shape (n,)
        Number of the first row after each object's box.
    """
    size = objects.high - objects.low
    last_row = np.cumsum(size[:, 0] * size[:, 1])
    first_row = last_row - size[:, 0] * size[:, 1]
    at = objects.run_start - objects.low[objects.run_object]
    row = first_row[objects.run_object] + at[:, 0] * size[objects.run_object, 1] + at[:, 1]
    begin = objects.run_start[:, 2].astype(np.int64)
    end = begin + objects.run_length
    # Every row starts with a gap at the box's left side; every run is followed by one.
    n_rows = int(last_row[-1]) if len(objects) else 0
    owner = np.repeat(np.arange(len(objects)), size[:, 0] * size[:, 1])
    place = np.arange(row.size) + row + 1
    gap_row = np.empty(n_rows + row.size, np.int64)
    gap_start = np.empty_like(gap_row)
    gap_row[place], gap_start[place] = row, end
    first = np.arange(n_rows) + np.searchsorted(row, np.arange(n_rows), side="left")
    gap_row[first], gap_start[first] = np.arange(n_rows), objects.low[owner, 2]
    gap_stop = np.empty_like(gap_row)
    gap_stop[place - 1] = begin
    last = np.append(first[1:], gap_row.size) - 1
    gap_stop[last] = objects.high[owner, 2]
    some = gap_stop > gap_start
    return gap_row[some], gap_start[some], gap_stop[some], last_row


def _touching(
    row: IntArray,
    start: IntArray,
    stop: IntArray,
    z: IntArray,
    y: IntArray,
    n_y: IntArray,
    n_z: IntArray,
    dz: int,
    dy: int,
) -> tuple[IntArray, IntArray]:
    """Return pairs of gaps that touch, the second one (dz, dy) rows after the first."""
    exists = (z + dz < n_z) & (y + dy >= 0) & (y + dy < n_y)
    other = row + dz * n_y + dy
    width = int(stop.max(initial=0)) + 2
    # Sorted by row, then by x: those of the other row that end at or after this one's start, and
    # start at or before its end, share at least a corner.
    first = np.searchsorted(row * width + stop, other * width + start, side="left")
    after = np.searchsorted(row * width + start, other * width + stop, side="right")
    count = np.where(exists, np.maximum(after - first, 0), 0)
    a = np.repeat(np.arange(row.size), count)
    before = np.cumsum(count) - count
    b = np.repeat(first - before, count) + np.arange(count.sum())
    return a, b
