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
    values : ndarray, shape (C, y, x) or (C, z, y, x)
        Pixels of the box.
    low : sequence of int
        First pixel of the box along the axes of space.
    shape : sequence of int
        Of the frame.
    """

    def __init__(self, values: AnyArray, low: Sequence[int], shape: Sequence[int]) -> None:
        self._values = values
        self._low = (0, *low)
        self.shape = (len(values), *shape)
        self.ndim = len(self.shape)
        self.dtype = values.dtype

    def __getitem__(self, index: tuple[slice, ...]) -> AnyArray:
        """Return a box of the frame; every index is a slice with a start and a stop."""
        inside, where = [], []
        for part, first, size in zip(index, self._low, self._values.shape, strict=True):
            start = min(max(part.start, first), first + size)
            stop = max(start, min(part.stop, first + size))
            inside.append(slice(start - first, stop - first))
            where.append(slice(start - part.start, stop - part.start))
        found: AnyArray = self._values[tuple(inside)]
        shape = tuple(part.stop - part.start for part in index)
        if found.shape == shape:
            return found
        out = np.zeros(shape, self.dtype)
        if found.size:
            out[tuple(where)] = found
        return out


class FrameView:
    """One frame of an image that is read when asked for.

    Parameters
    ----------
    source : ImageSource
    frame : tuple of int
    own : ndarray of int64, ascending, optional
        For labels: those that are kept; all others are 0.
    """

    def __init__(
        self, source: ImageSource, frame: tuple[int, ...], own: IntArray | None = None
    ) -> None:
        self._source, self._frame, self._own = source, frame, own
        self.shape = (source.n_channels, *source.shape)
        self.ndim = len(self.shape)
        self.dtype = source.dtype
        chunks = source.chunks3
        self.chunks = None if chunks is None else (1, *chunks[-source.ndim :])

    def __getitem__(self, index: tuple[slice, ...]) -> AnyArray:
        """Return a box of the frame; every index is a slice with a start and a stop."""
        space = (slice(0, 1),) * (4 - self.ndim) + index[1:]
        channels = range(index[0].start, index[0].stop)
        start, stop = [part.start for part in space], [part.stop for part in space]
        values = self._source.read(self._frame, start, stop, channels)
        values = values.reshape(len(channels), *(part.stop - part.start for part in index[1:]))
        return values if self._own is None else masked(values, self._own)


def held(
    source: ImageSource, frame: tuple[int, ...], box: Region, own: IntArray | None = None
) -> ImageSource:
    """Read a box of a frame and return it as an image of the frame's shape, without frames.

    Parameters
    ----------
    source : ImageSource
    frame : tuple of int
    box : Region
    own : ndarray of int64, ascending, optional
        For labels: those that are kept.
    """
    values = source.read(frame, box.low, box.high)
    values = values.reshape(len(values), *box.shape[-source.ndim :])
    if own is not None:
        values = masked(values, own)
    box_array = HeldBox(values, box.low[-source.ndim :], source.shape)
    return ImageSource.of(box_array, channel_axis=0, ndim=source.ndim)


def one_frame(
    source: ImageSource, frame: tuple[int, ...], own: IntArray | None = None
) -> ImageSource:
    """Return one frame of an image as an image without frames, read when asked for."""
    view = FrameView(source, frame, own)
    return ImageSource.of(view, channel_axis=0, ndim=source.ndim)


def masked(labels: AnyArray, own: IntArray) -> AnyArray:
    """Return a copy of labels in which all but `own` are 0."""
    out = np.array(labels, order="C")
    flat = out.reshape(-1)
    kept = own.astype(out.dtype)
    for start in range(0, flat.size, _AT_ONCE):
        part = flat[start : start + _AT_ONCE]
        part[~np.isin(part, kept)] = 0
    return out
