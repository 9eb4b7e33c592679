"""All levels of a result, written together: what is drawn is never behind what was computed."""

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.jobs import IDLE, Job

#: Rows of the coarser levels are renewed in boxes of at most so many pixels.
_BOX = 1 << 22


class Pyramid:
    """Arrays of one result, finest first, that are written to like the finest alone.

    Parameters
    ----------
    levels : sequence of array
        A coarse pixel shows the fine one in its middle.
    before : callable, optional
        Called with the number of bytes before each write; may raise to prevent it.
    """

    def __init__(
        self,
        levels: Sequence[npt.NDArray[Any]],
        before: Callable[[int], None] | None = None,
    ) -> None:
        self.levels = list(levels)
        self._before = before
        self.shape: tuple[int, ...] = tuple(self.levels[0].shape)
        self.dtype = self.levels[0].dtype
        self.ndim = len(self.shape)

    def __setitem__(self, index: tuple[int | slice, ...], values: npt.NDArray[Any]) -> None:
        """Write a box: a number or a slice with both ends an axis."""
        if self._before is not None:
            self._before(values.nbytes)
        start = [part if isinstance(part, int) else part.start for part in index]
        stop = [part + 1 if isinstance(part, int) else part.stop for part in index]
        shape = [b - a for a, b in zip(start, stop, strict=True)]
        write_box(self.levels, start, stop, values.reshape(shape))


class Planes:
    """Separate arrays, one a class, written to like one array (class, …)."""

    def __init__(self, planes: list[Any]) -> None:
        self._planes = planes
        first = next(plane for plane in planes if plane is not None)
        self.shape = (len(planes), *first.shape)
        self.dtype = np.dtype(first.dtype)
        self.ndim = len(self.shape)

    def __setitem__(self, index: tuple[Any, ...], values: Any) -> None:
        for plane, part in zip(self._planes[index[0]], values, strict=True):
            if plane is not None:  # its layer was deleted
                plane[index[1:]] = part


def picks(fine: int, coarse: int) -> npt.NDArray[np.intp]:
    """Return the fine pixel that each coarse pixel shows: the one in its middle."""
    middle = ((np.arange(coarse) + 0.5) * fine / coarse).astype(np.intp)
    return np.minimum(middle, fine - 1)


def write_box(
    levels: Sequence[npt.NDArray[Any]],
    start: Sequence[int],
    stop: Sequence[int],
    values: npt.NDArray[Any],
) -> None:
    """Write a box of the finest level to all levels.

    Parameters
    ----------
    start, stop : sequence of int
        The box, a number an axis.
    values : ndarray, shape of the box
    """
    box = tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
    levels[0][box] = values
    for level in levels[1:]:
        target, source = _coarse(levels[0].shape, level.shape, start, stop)
        if all(len(chosen) for chosen in source):
            level[target] = values[np.ix_(*source)]


def renew(levels: Sequence[npt.NDArray[Any]], job: Job = IDLE) -> None:
    """Fill the coarser levels from the finest, box by box."""
    for level in levels[1:]:
        step = list(level.shape)
        while int(np.prod(step)) > _BOX:
            longest = step.index(max(step))
            step[longest] = -(-step[longest] // 2)
        axes = [range(0, n, s) for n, s in zip(level.shape, step, strict=True)]
        chosen = [picks(n, m) for n, m in zip(levels[0].shape, level.shape, strict=True)]
        for corner in product(*axes):
            job.checkpoint(0.0, "Renewing the coarser levels")
            box = tuple(slice(a, a + s) for a, s in zip(corner, step, strict=True))
            level[box] = levels[0][np.ix_(*(c[b] for c, b in zip(chosen, box, strict=True)))]


def _coarse(
    fine: Sequence[int], coarse: Sequence[int], start: Sequence[int], stop: Sequence[int]
) -> tuple[tuple[slice, ...], list[npt.NDArray[np.intp]]]:
    """Return which coarse pixels show a box, and which pixels of the box those are."""
    target, source = [], []
    for n, m, a, b in zip(fine, coarse, start, stop, strict=True):
        chosen = picks(n, m)
        first, last = np.searchsorted(chosen, [a, b])
        target.append(slice(int(first), int(last)))
        source.append(chosen[first:last] - a)
    return tuple(target), source
