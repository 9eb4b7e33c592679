"""A box of a frame as if it were the whole frame: what parts of an image are measured in."""

from collections.abc import Sequence

import numpy as np

from brushwood.arrays import AnyArray, ImageSource
from brushwood.measure.region import IntArray, Region

#: Pixels in which foreign labels are looked for at once.
_AT_ONCE = 1 << 20


class HeldBox:
    """A box of one frame in memory, of the frame's shape and with zeros outside.

    Parameters
    ----------
    values : ndarray, shape (C, z, y, x)
        Pixels of the box.
    low : sequence of three int
        First pixel (z, y, x) of the box.
    shape : tuple of int, (Z, Y, X)
        Of the frame.
    """

    def __init__(self, values: AnyArray, low: Sequence[int], shape: Sequence[int]) -> None:
        self._values = values
        self._low = (0, *(int(a) for a in low))
        self.shape = (len(values), *shape)
        self.ndim = 4
        self.dtype = values.dtype

    def __getitem__(self, index: tuple[slice, ...]) -> AnyArray:
        """Return a box of the frame; every index is a slice with a start and a stop."""
        inside, where = [], []
        for part, first, size in zip(index, self._low, self._values.shape, strict=True):
            start, stop = max(part.start, first), min(part.stop, first + size)
            inside.append(slice(start - first, max(stop, start) - first))
            where.append(slice(start - part.start, max(stop, start) - part.start))
        if all(w == slice(0, p.stop - p.start) for w, p in zip(where, index, strict=True)):
            return self._values[tuple(inside)]
        out = np.zeros([part.stop - part.start for part in index], self.dtype)
        if all(part.stop > part.start for part in inside):
            out[tuple(where)] = self._values[tuple(inside)]
        return out


class OwnLabels:
    """Some labels of one frame, read when asked for; all others are 0.

    Parameters
    ----------
    source : ImageSource
    frame : tuple of int
    labels : ndarray of int64, ascending
        Those that are kept.
    """

    def __init__(self, source: ImageSource, frame: tuple[int, ...], labels: IntArray) -> None:
        self._source, self._frame, self._labels = source, frame, labels
        self.shape = (1, *source.shape3)
        self.ndim = 4
        self.dtype = source.dtype
        self.chunks = None if source.chunks3 is None else (1, *source.chunks3)

    def __getitem__(self, index: tuple[slice, ...]) -> AnyArray:
        """Return a box of the frame; every index is a slice with a start and a stop."""
        start = [part.start for part in index[1:]]
        stop = [part.stop for part in index[1:]]
        return masked(self._source.read(self._frame, start, stop), self._labels)


def held(
    source: ImageSource, frame: tuple[int, ...], box: Region, own: IntArray | None = None
) -> ImageSource:
    """Read a box of a frame and return it as an image of the frame's shape without frames.

    Parameters
    ----------
    source : ImageSource
    frame : tuple of int
    box : Region
    own : ndarray of int64, ascending, optional
        For labels: those that are kept.
    """
    values = source.read(frame, box.low, box.high)
    if own is not None:
        values = masked(values, own)
    return as_frame(HeldBox(values, box.low, source.shape3), source.ndim)


def as_frame(data: HeldBox | OwnLabels, ndim: int) -> ImageSource:
    """Wrap an array (C, Z, Y, X) as an image without frames."""
    flat = _Plane(data) if ndim == 2 else data
    return ImageSource.of(flat, channel_axis=0, ndim=ndim)


class _Plane:
    """An array (C, 1, Y, X) as (C, Y, X)."""

    def __init__(self, data: HeldBox | OwnLabels) -> None:
        self.data = data
        self.shape = (data.shape[0], *data.shape[2:])
        self.ndim = 3
        self.dtype = data.dtype
        chunks = getattr(data, "chunks", None)
        self.chunks = None if chunks is None else (chunks[0], *chunks[2:])

    def __getitem__(self, index: tuple[slice, ...]) -> AnyArray:
        return self.data[index[0], slice(0, 1), index[1], index[2]][:, 0]


def masked(labels: AnyArray, own: IntArray) -> AnyArray:
    """Return a copy of labels in which all but `own` are 0."""
    out = np.array(labels, order="C")
    flat = out.reshape(-1)
    kept = own.astype(out.dtype)
    for start in range(0, flat.size, _AT_ONCE):
        part = flat[start : start + _AT_ONCE]
        part[~np.isin(part, kept)] = 0
    return out
