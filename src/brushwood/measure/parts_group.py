"""Which objects are measured together: those near each other, as many as memory allows."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from brushwood.measure.index import IntArray
from brushwood.measure.parts_scan import Found
from brushwood.measure.region import Region

#: Bytes a run takes while objects are measured.
_RUN_BYTES = 160
#: An object whose box takes more than this part of the budget is not read as a whole.
_GIANT = 8


@dataclass(frozen=True, eq=False, slots=True)
class Group:
    """Objects that are measured together.

    Attributes
    ----------
    numbers : ndarray of int64, shape (n,)
        Which of the frame's objects, ascending.
    box : Region
        Around all of them.
    is_held : bool
        Whether the box is read into memory as a whole. Objects as large as the image are read bit
        by bit instead.
    """

    numbers: IntArray
    box: Region
    is_held: bool


def grouped(found: Found, pixel_bytes: int, budget_bytes: int) -> Iterator[Group]:
    """Yield groups that together are all objects of a frame.

    Parameters
    ----------
    found : Found
    pixel_bytes : int
        Memory a pixel of a box takes.
    budget_bytes : int
        Memory of a group; an object that needs more than that is alone.
    """
    size = (found.high - found.low).prod(axis=1) * pixel_bytes
    is_giant = size > budget_bytes // _GIANT
    waiting = [np.flatnonzero(~is_giant)]
    while waiting:
        numbers = waiting.pop()
        if not numbers.size:
            continue
        box = _around(found, numbers)
        cost = np.prod(box.shape) * pixel_bytes + found.n_runs[numbers].sum() * _RUN_BYTES
        if numbers.size == 1 or cost <= budget_bytes:
            yield Group(numbers, box, True)
        else:
            waiting.extend(_halves(found, numbers))
    giants = np.flatnonzero(is_giant)
    end = np.cumsum(found.n_runs[giants] * _RUN_BYTES)
    first = 0
    while first < giants.size:
        before = end[first - 1] if first else 0
        stop = max(first + 1, int(np.searchsorted(end, before + budget_bytes, side="right")))
        numbers = giants[first:stop]
        yield Group(numbers, _around(found, numbers), False)
        first = stop


def _around(found: Found, numbers: IntArray) -> Region:
    low, high = found.low[numbers].min(axis=0), found.high[numbers].max(axis=0)
    return Region(tuple(low.tolist()), tuple(high.tolist()))


def _halves(found: Found, numbers: IntArray) -> tuple[IntArray, IntArray]:
    """Divide objects by place, across the axis along which they reach farthest."""
    middle = found.low[numbers] + found.high[numbers]
    axis = int(np.argmax(np.ptp(middle, axis=0)))
    order = np.argsort(middle[:, axis], kind="stable")
    half = numbers.size // 2
    return np.sort(numbers[order[:half]]), np.sort(numbers[order[half:]])
