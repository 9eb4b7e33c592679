"""Paint a value on every pixel of each object, through a table of values by label."""

from itertools import product
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.jobs import Job

#: Pixels that are painted together, so that progress and cancel come often enough.
_BLOCK = 1 << 22
#: Labels up to this are looked up directly; sparser ones are searched.
_DIRECT = 1 << 24


class Palette:
    """The value of each label, 0 for labels without.

    Parameters
    ----------
    labels : ndarray of int64
    values : ndarray
        One a label; if a label comes twice, the last counts.
    dtype : dtype
        Of what is painted.
    """

    def __init__(
        self, labels: npt.NDArray[np.int64], values: npt.NDArray[Any], dtype: npt.DTypeLike
    ) -> None:
        good = labels > 0
        labels, values = labels[good], values[good]
        self._direct = not labels.size or int(labels.max()) < max(_DIRECT, 4 * labels.size)
        if self._direct:
            top = int(labels.max()) + 2 if labels.size else 1
            self._values = np.zeros(top, dtype)
            self._values[labels] = values
            return
        order = np.argsort(labels, kind="stable")
        self._labels = labels[order]
        self._values = np.asarray(values, dtype)[order]

    def paint(self, labels: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the value of every pixel."""
        if self._direct:
            top = len(self._values)
            if labels.size and (int(labels.max()) >= top or int(labels.min()) < 0):
                labels = np.where((labels >= 0) & (labels < top), labels, 0)
            return np.asarray(self._values[labels])
        at = np.searchsorted(self._labels, labels, side="right") - 1
        found = (at >= 0) & (self._labels[at] == labels)
        return np.where(found, self._values[at], self._values.dtype.type(0))


def paint(
    labels: Any,
    out: npt.NDArray[Any],
    ids: npt.NDArray[np.int64],
    frames: npt.NDArray[np.int64] | None,
    values: npt.NDArray[Any],
    ndim: int,
    job: Job,
    first: tuple[int, ...] = (),
) -> None:
    """Write the value of each object on its pixels, block by block; 0 elsewhere.

    Parameters
    ----------
    labels : array-like of int, shape (…frames, space)
        NumPy, dask or zarr.
    out : ndarray of the same shape
    ids, values : ndarray, one an object
    frames : ndarray or None
        Frame of each object, in C order over the frame axes; None if ids are unique over frames.
    ndim : int
        Number of spatial axes.
    job : Job
    first : tuple of int
        The frame to begin with, one index a frame axis.
    """
    lead = tuple(int(n) for n in labels.shape[: len(labels.shape) - ndim])
    space = tuple(int(n) for n in labels.shape[len(labels.shape) - ndim :])
    whole = Palette(ids, values, out.dtype) if frames is None else None
    order = _order(lead, first)
    rows = max(1, _BLOCK // max(1, prod(space[1:])))
    starts = range(0, space[0], rows)
    for done, frame in enumerate(order):
        palette = whole
        if palette is None:
            assert frames is not None
            here = frames == (np.ravel_multi_index(frame, lead) if lead else 0)
            palette = Palette(ids[here], values[here], out.dtype)
        for k, start in enumerate(starts):
            job.checkpoint((done + k / len(starts)) / len(order), "Colouring objects")
            at: tuple[int | slice, ...] = (*frame, slice(start, start + rows))
            out[at] = palette.paint(np.asarray(labels[at]))


def _order(lead: tuple[int, ...], first: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Return all frames, the one in view first."""
    frames = list(product(*(range(n) for n in lead)))
    wanted = tuple(first[: len(lead)])
    return sorted(frames, key=lambda frame: frame != wanted)
