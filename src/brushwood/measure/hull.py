"""Convex hulls of many planar objects at once, from the first and last pixel of each line.

The convex image of an object is scikit-image's: every pixel is replaced by the four middles of its
edges, and the pixels whose centres lie in the hull of these points, its border included, belong to
the convex image. The hull of the middles is that of the centres, widened by a diamond. Hence the
first pixel of a line is the smallest of the hull's border half a line above, half a line below, and
at the line less half a pixel. All numbers are integers, so that nothing is lost to rounding.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class Lines:
    """First and last pixel of each line of each planar object.

    Attributes
    ----------
    item : ndarray of int64, shape (L,)
        Which object, ascending.
    y : ndarray of int64, shape (L,)
        Ascending within an object; lines may be missing.
    left, right : ndarray of int64, shape (L,)
        Both belong to the object.
    """

    item: IntArray
    y: IntArray
    left: IntArray
    right: IntArray

    @classmethod
    def of_runs(cls, item: IntArray, y: IntArray, x: IntArray, length: IntArray) -> "Lines":
        """Join the runs of each line; they are sorted by item, y and x."""
        is_first = np.ones(item.size, bool)
        is_first[1:] = (item[1:] != item[:-1]) | (y[1:] != y[:-1])
        first = np.flatnonzero(is_first)
        last = np.append(first[1:], item.size)[: first.size] - 1
        return cls(item[first], y[first], x[first], x[last] + length[last] - 1)

    def at(self, chosen: npt.NDArray[np.bool_]) -> "Lines":
        """Return some of the lines."""
        return Lines(self.item[chosen], self.y[chosen], self.left[chosen], self.right[chosen])


def convex_lines(lines: Lines) -> Lines:
    """Return the lines of the convex images; those without a pixel are left out."""
    item, y, left = _border(lines.item, lines.y, lines.left)
    right = -_border(lines.item, lines.y, -lines.right)[2]
    filled = Lines(item, y, left, right)
    return filled.at(right >= left)


def corners(lines: Lines) -> tuple[IntArray, IntArray, IntArray]:
    """Return item, y and x of the pixels whose centres are corners of the convex hulls.

    Pixels may be listed twice.
    """
    left = _envelope(lines.item, lines.y, lines.left)
    right = _envelope(lines.item, lines.y, -lines.right)
    item = np.concatenate([lines.item[left], lines.item[right]])
    y = np.concatenate([lines.y[left], lines.y[right]])
    x = np.concatenate([lines.left[left], lines.right[right]])
    order = np.argsort(item, kind="stable")
    return item[order], y[order], x[order]


def _envelope(item: IntArray, y: IntArray, x: IntArray) -> npt.NDArray[np.intp]:
    """Return which points are corners of the hull on the side of small x.

    All points on or right of the chord between their neighbours are dropped, in all objects at
    once, until none is left in an object. Each point dropped lies within the hull of those that
    stay, so the order does not matter.
    """
    alive = np.arange(item.size)
    done = []
    while alive.size:
        of, down, across = item[alive], y[alive], x[alive]
        inner = of[2:] == of[:-2]
        chord = (down[1:-1] - down[:-2]) * (across[2:] - across[:-2])
        point = (across[1:-1] - across[:-2]) * (down[2:] - down[:-2])
        drop = np.zeros(alive.size, bool)
        drop[1:-1] = inner & (point >= chord)
        is_open = _any_of_item(of, drop)
        done.append(alive[~is_open])
        alive = alive[is_open & ~drop]
    return np.sort(np.concatenate(done)) if done else alive


def _any_of_item(item: IntArray, flag: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return for each point whether any point of its item is flagged."""
    first = np.flatnonzero(np.append(True, item[1:] != item[:-1]))
    found: npt.NDArray[np.bool_] = np.repeat(
        np.logical_or.reduceat(flag, first), np.diff(first, append=item.size)
    )
    return found


def _border(item: IntArray, y: IntArray, x: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Return item, y and first pixel of every line of the convex images."""
    corner = _envelope(item, y, x)
    item, y, x = item[corner], y[corner], x[corner]
    has_next = np.append(item[1:] == item[:-1], np.zeros(min(1, item.size), bool))
    gap = np.where(has_next, np.diff(y, append=0), 0)
    slope = np.where(has_next, np.diff(x, append=0), 0)
    count = np.maximum(gap, 1)
    edge = np.repeat(np.arange(item.size), count)
    step = np.arange(edge.size) - np.repeat(np.cumsum(count) - count, count)
    gap, slope, x = gap[edge], slope[edge], x[edge]
    span = 2 * np.maximum(gap, 1)
    first = x + _ceil_divide(2 * step * slope - span // 2, span)
    below = np.where(gap > 0, x + _ceil_divide((2 * step + 1) * slope, span), first)
    np.minimum(first, below, out=first)
    item = item[edge]
    np.minimum(first[1:], below[:-1], out=first[1:], where=item[1:] == item[:-1])
    return item, y[edge] + step, first


def _ceil_divide(a: IntArray, b: IntArray) -> IntArray:
    return -(-a // b)
