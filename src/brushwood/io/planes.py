"""Pixels of a microscope's file that a library reads plane by plane, when they are asked for."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.io.imagefile import MOST_CHUNK


@dataclass(frozen=True, eq=False)
class PlaneArray:
    """Looks like an array on disk; libraries for microscopes' files are asked by one thread a time.

    Attributes
    ----------
    shape : tuple of int
        Planes before, then y and x; colours may follow.
    dtype : dtype
    chunks : tuple of int
        What is read at once: one along the axes of planes.
    read : callable (plane, y, x) -> ndarray, shape (y, x) or (y, x, colours)
        Reads part of one plane: its index, and slices of rows and of columns.
    n_planes : int
        How many of the axes, the first ones, number planes.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    chunks: tuple[int, ...]
    read: Callable[[tuple[int, ...], slice, slice], npt.NDArray[Any]]
    n_planes: int
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        """Refuse sizes that a damaged file may claim, before memory is taken."""
        if not self.shape or min(self.shape) < 1 or min(self.chunks) < 1:
            raise ValueError(f"its shape is {self.shape}")
        if prod(self.chunks) * self.dtype.itemsize > MOST_CHUNK:
            raise ValueError(f"one of its planes takes more than {MOST_CHUNK >> 30} GiB in memory")

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def __getitem__(self, index: tuple[slice, ...]) -> npt.NDArray[Any]:
        whole = (*index, *[slice(None)] * (self.ndim - len(index)))
        steps = [range(*part.indices(n)) for part, n in zip(whole, self.shape, strict=True)]
        out = np.empty([len(r) for r in steps], self.dtype)
        if not out.size:
            return out
        rows, columns = steps[self.n_planes : self.n_planes + 2]
        y, x = _around(rows), _around(columns)
        inner = (_within(rows, y), _within(columns, x))
        colours = tuple(whole[self.n_planes + 2 :])
        for at in product(*(range(len(r)) for r in steps[: self.n_planes])):
            plane = tuple(r[i] for r, i in zip(steps, at, strict=False))
            with self._lock:
                found = self.read(plane, y, x)
            if found.shape[:2] != (y.stop - y.start, x.stop - x.start):
                raise ValueError(f"plane {plane} has the shape {found.shape}")
            out[at] = found[inner][(slice(None), slice(None), *colours)]
        return out


def _around(wanted: Sequence[int]) -> slice:
    return slice(min(wanted), max(wanted) + 1)


def _within(wanted: range, read: slice) -> slice:
    stop = wanted.stop - read.start
    return slice(wanted.start - read.start, None if stop < 0 else stop, wanted.step)
