"""Images as the engine sees them: frames, channels and space, read region by region."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from brushwood.errors import InputError

#: Three numbers of an axis each, always (z, y, x); z is 0 or 1 for a plane.
Triple: TypeAlias = tuple[int, int, int]
Border: TypeAlias = Literal["reflect", "nearest"]
AnyArray: TypeAlias = npt.NDArray[Any]


class ChannelStack:
    """Several arrays of one shape that are read as the channels of one image, axis 0.

    Parameters
    ----------
    arrays : sequence of array-like, each (...)
        NumPy, dask, zarr or HDF5 arrays, one a channel. Nothing is copied or read.
    """

    def __init__(self, arrays: Sequence[Any]) -> None:
        self.arrays = tuple(_finest(array, 0) for array in arrays)
        shapes = {tuple(array.shape) for array in self.arrays}
        if len(shapes) != 1:
            raise InputError(
                "The channels of an image must have one shape, but these have "
                f"{', '.join(map(str, sorted(shapes))) or 'none'}. Choose layers of equal shape."
            )
        self.shape = (len(self.arrays), *shapes.pop())
        self.ndim = len(self.shape)
        self.dtype = np.result_type(*(array.dtype for array in self.arrays))

    def __getitem__(self, index: tuple[slice, ...]) -> AnyArray:
        chosen = self.arrays[index[0]]
        return np.stack([np.asarray(array[index[1:]]) for array in chosen]).astype(
            self.dtype, copy=False
        )


@dataclass(frozen=True, eq=False, slots=True)
class ImageSource:
    """A view of an image array as frames × channels × space that reads only what is asked for.

    Make one with `of`.

    Attributes
    ----------
    data : array-like
        NumPy, dask, zarr, HDF5 or anything with ``shape``, ``dtype`` and basic slicing.
    ndim : {2, 3}
        Spatial dimensions.
    channel_axis : int or None
        Axis of `data` that holds channels, not negative.
    channels : tuple of int
        Channels that are used, in this order; ``(0,)`` without a channel axis.
    """

    data: Any
    ndim: int
    channel_axis: int | None
    channels: tuple[int, ...]

    @classmethod
    def of(
        cls,
        image: Any,
        *,
        channel_axis: int | None = None,
        ndim: int | None = None,
        channels: Sequence[int] | None = None,
        rgb: bool = False,
        level: int = 0,
    ) -> "ImageSource":
        """Wrap an image without reading it.

        Parameters
        ----------
        image : array-like, ImageSource, or sequence of array-like
            A sequence is a multiscale pyramid, of which `level` is used (0 is the finest).
        channel_axis : int, optional
            Axis that holds channels. Default: one channel.
        ndim : {2, 3}, optional
            Spatial dimensions; the axes before them are frames. Default: at most 3 of the axes.
        channels : sequence of int, optional
            Use these channels only, in this order. Default: all.
        rgb : bool
            The last axis holds red, green, blue; a fourth value, alpha, is ignored. (With
            ``channel_axis=-1`` alone all four would be features.)
        level : int
            Pyramid level.

        Raises
        ------
        InputError
            If the type, the number of dimensions or the size cannot be worked with.
        """
        if isinstance(image, ImageSource):
            return image
        data = _finest(image, level)
        if rgb:
            channel_axis = -1
        axis = _checked_axis(data, channel_axis)
        space = data.ndim - (axis is not None)
        ndim = min(3, space) if ndim is None else ndim
        _check_dimensions(data, space, ndim, axis)
        count = 1 if axis is None else data.shape[axis]
        if channels is None:
            channels = range(min(count, 3) if rgb else count)
        if not channels or any(not 0 <= c < count for c in channels):
            raise InputError(
                f"Channels {list(channels)} were asked for, but the image has {count}, counted "
                "from 0. Choose existing channels."
            )
        return cls(data, ndim, axis, tuple(channels))

    @property
    def _order(self) -> tuple[int, ...]:
        """Axes of `data` without the channel axis."""
        return tuple(a for a in range(self.data.ndim) if a != self.channel_axis)

    @property
    def shape(self) -> tuple[int, ...]:
        """Spatial shape, (Y, X) or (Z, Y, X)."""
        return tuple(int(self.data.shape[a]) for a in self._order[-self.ndim :])

    @property
    def shape3(self) -> Triple:
        """Spatial shape as (Z, Y, X), with Z = 1 in 2-D."""
        z, y, x = (1,) * (3 - self.ndim) + self.shape
        return z, y, x

    @property
    def frames(self) -> tuple[int, ...]:
        """Shape of the axes before space, for example (T,). Empty for a single image."""
        return tuple(int(self.data.shape[a]) for a in self._order[: -self.ndim])

    @property
    def n_channels(self) -> int:
        """Number of channels used."""
        return len(self.channels)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the stored pixels."""
        dtype: np.dtype[Any] = np.dtype(self.data.dtype)
        return dtype

    @property
    def token(self) -> tuple[Any, ...]:
        """Identity for caches. Pixels changed in place keep it: clear caches after that."""
        return (id(self.data), self.ndim, self.channel_axis, self.channels)

    @property
    def chunks3(self) -> Triple | None:
        """Size of the stored chunks along (z, y, x), or None when the data has none."""
        chunks = getattr(self.data, "chunksize", None) or getattr(self.data, "chunks", None)
        if not chunks or len(chunks) != self.data.ndim:
            return None
        space = [int(chunks[a]) for a in self._order[-self.ndim :]]
        z, y, x = [1] * (3 - self.ndim) + space
        return z, y, x

    def iter_frames(self) -> Iterator[tuple[int, ...]]:
        """Yield every frame index, ``()`` once for a single image."""
        return product(*(range(n) for n in self.frames))

    def read(
        self,
        frame: tuple[int, ...],
        start: Sequence[int],
        stop: Sequence[int],
        channels: Sequence[int] | None = None,
    ) -> AnyArray:
        """Read one region of one frame.

        Parameters
        ----------
        frame : tuple of int
            Index into the axes before space; as many numbers as `frames` has.
        start, stop : three int
            Region (z, y, x) inside the image; z is 0 to 1 in 2-D.
        channels : sequence of int, optional
            Positions in `channels`. Default: all that this source uses.

        Returns
        -------
        ndarray of the stored type, shape (C, Z, Y, X)
            May share memory with the image: do not write to it.
        """
        chosen = self.channels if channels is None else [self.channels[c] for c in channels]
        index: list[slice] = [slice(0)] * self.data.ndim
        order = self._order
        for axis, i in zip(order[: -self.ndim], frame, strict=True):
            index[axis] = slice(i, i + 1)
        for axis, a, b in zip(
            order[-self.ndim :], start[-self.ndim :], stop[-self.ndim :], strict=True
        ):
            index[axis] = slice(a, b)
        shape = tuple(b - a for a, b in zip(start, stop, strict=True))
        parts = []
        for run in _runs(chosen):
            if self.channel_axis is not None:
                index[self.channel_axis] = run
            part = np.asarray(self.data[tuple(index)])
            if self.channel_axis is not None:
                part = np.moveaxis(part, self.channel_axis, 0)
            parts.append(part.reshape(-1, *shape))
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def read_padded(
        self,
        frame: tuple[int, ...],
        start: Sequence[int],
        stop: Sequence[int],
        halo: Sequence[int],
        border: Border = "reflect",
    ) -> npt.NDArray[np.float32]:
        """Read a region with a frame of `halo` pixels a side, continued beyond the image.

        Returns
        -------
        ndarray of float32, shape (C, Z + 2 hz, Y + 2 hy, X + 2 hx)
            ``"reflect"`` mirrors about the edge of the last pixel (d c b a | a b c d),
            ``"nearest"`` repeats it. Any halo is possible, larger than the image too.
        """
        low, high = clipped(start, stop, halo, self.shape3)
        core = self.read(frame, low, high)
        return pad_region(core, low, start, stop, halo, self.shape3, border)


def clipped(
    start: Sequence[int], stop: Sequence[int], halo: Sequence[int], shape: Triple
) -> tuple[Triple, Triple]:
    """Return the part of a region and its halo that lies inside an image of `shape`."""
    low = [max(0, a - h) for a, h in zip(start, halo, strict=True)]
    high = [min(n, b + h) for b, h, n in zip(stop, halo, shape, strict=True)]
    return (low[0], low[1], low[2]), (high[0], high[1], high[2])


def pad_region(
    core: AnyArray,
    low: Sequence[int],
    start: Sequence[int],
    stop: Sequence[int],
    halo: Sequence[int],
    shape: Triple,
    border: Border = "reflect",
) -> npt.NDArray[np.float32]:
    """Continue pixels that were read with `clipped` beyond the image, as float32.

    Parameters
    ----------
    core : ndarray, shape (C, Z, Y, X)
        Pixels of the region returned by `clipped`, whose first pixel is `low`.
    """
    size = [b - a + 2 * h for a, b, h in zip(start, stop, halo, strict=True)]
    out = np.empty((core.shape[0], *size), np.float32)
    inside = [low[i] - (start[i] - halo[i]) for i in range(3)]
    window = tuple(slice(inside[i], inside[i] + core.shape[i + 1]) for i in range(3))
    out[(slice(None), *window)] = core
    for axis in range(3):
        first, last = window[axis].start, window[axis].stop
        for beyond in (range(first), range(last, size[axis])):
            if not beyond:
                continue
            position = np.arange(beyond.start, beyond.stop) + start[axis] - halo[axis]
            source = mirrored(position, shape[axis], border) - start[axis] + halo[axis]
            at = (slice(None),) * (axis + 1)
            out[(*at, slice(beyond.start, beyond.stop))] = np.take(out, source, axis=axis + 1)
    return out


def mirrored(position: AnyArray, size: int, border: Border) -> AnyArray:
    """Map positions beyond an axis of `size` pixels to those whose values continue it."""
    if border == "nearest":
        clamped: AnyArray = np.clip(position, 0, size - 1)
        return clamped
    folded: AnyArray = np.mod(position, 2 * size)
    mirror: AnyArray = np.minimum(folded, 2 * size - 1 - folded)
    return mirror


def _runs(channels: Sequence[int]) -> Iterator[slice]:
    """Split a choice of channels into runs that one slice reads."""
    first = 0
    for i in range(1, len(channels) + 1):
        if i == len(channels) or channels[i] != channels[i - 1] + 1:
            yield slice(channels[first], channels[i - 1] + 1)
            first = i


def _finest(image: Any, level: int) -> Any:
    """Return the array itself, or one level of a pyramid."""
    if isinstance(image, Sequence) and not isinstance(image, str | bytes):
        if len(image) == 0 or not hasattr(image[0], "shape"):
            return np.asarray(image)
        if not -len(image) <= level < len(image):
            raise InputError(
                f"Pyramid level {level} was asked for, but the image has {len(image)} levels. "
                "Choose an existing level."
            )
        image = image[level]
    if not all(hasattr(image, name) for name in ("shape", "dtype", "ndim", "__getitem__")):
        return np.asarray(image)
    return image


def _checked_axis(data: Any, channel_axis: int | None) -> int | None:
    if channel_axis is None:
        return None
    if not -data.ndim <= channel_axis < data.ndim:
        raise InputError(
            f"channel_axis={channel_axis} does not exist in an image of shape {tuple(data.shape)}. "
            "Give an axis between 0 and its last, or None for one channel."
        )
    return channel_axis % int(data.ndim)


def _check_dimensions(data: Any, space: int, ndim: int, axis: int | None) -> None:
    dtype = np.dtype(data.dtype)
    if dtype.kind not in "buif" or dtype.itemsize > 8:
        raise InputError(
            f"An image must hold booleans, integers or floats up to 64 bits, but this one holds "
            f"{dtype}. Convert it first, for example to float32."
        )
    if ndim not in (2, 3) or space < ndim:
        channel = "" if axis is None else f" with channels along axis {axis}"
        raise InputError(
            f"Brushwood works in 2 or 3 spatial dimensions, but an image of shape "
            f"{tuple(data.shape)}{channel} was given for ndim={ndim}. "
            "Check channel_axis and ndim."
        )
    if 0 in data.shape:
        raise InputError(
            f"The image is empty: its shape is {tuple(data.shape)}. Give at least one pixel."
        )
