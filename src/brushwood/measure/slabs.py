"""Arrays that are slow to read (zarr, dask, HDF5): whole slabs are read, and kept for a while."""

from collections import OrderedDict
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from brushwood.arrays import AnyArray, ChannelStack, ImageSource
from brushwood.measure.window import HeldBox

#: Memory for the slabs of one array; two slabs are kept in any case.
CACHE_BYTES = 1 << 28
#: Rows or planes that are read at once where the array has no chunks, in bytes.
_SLAB_BYTES = 1 << 24


def kept_slabs(source: ImageSource, cache_bytes: int | None = None) -> ImageSource:
    """Return the same image, read in slabs; an array in memory as it is."""
    if is_in_memory(source) or isinstance(source.data, SlabArray):
        return source
    return replace(source, data=SlabArray(source, cache_bytes or CACHE_BYTES))


def is_in_memory(source: ImageSource) -> bool:
    """Whether reading costs next to nothing: NumPy arrays, or a box of them that is held."""
    data = source.data
    arrays = data.arrays if isinstance(data, ChannelStack) else (data,)
    return all(isinstance(array, np.ndarray | HeldBox) for array in arrays)


class SlabArray:
    """An array whose slabs of whole chunks along the slowest axis of space are read once.

    Measuring asks for a few rows after the others, with their neighbours, again and again. Each
    answer would unpack the same chunks anew.

    Parameters
    ----------
    source : ImageSource
        Not in memory.
    cache_bytes : int
        Memory for the slabs; two are kept in any case.
    """

    def __init__(self, source: ImageSource, cache_bytes: int) -> None:
        self._data, self._cache_bytes = source.data, cache_bytes
        self.shape = tuple(int(n) for n in source.data.shape)
        self.ndim = len(self.shape)
        self.dtype = np.dtype(source.data.dtype)
        space = [axis for axis in range(self.ndim) if axis != source.channel_axis][-source.ndim :]
        self._axis, self._rest = space[0], space[1:]
        self._step = self._slab_size(source)
        self._kept: OrderedDict[tuple[Any, ...], AnyArray] = OrderedDict()

    def _slab_size(self, source: ImageSource) -> int:
        """Return how many rows or planes a slab has: those of a chunk, or fewer if it is large."""
        row = prod(source.shape[1:]) * self.dtype.itemsize
        chunk = source.chunks3[-source.ndim] if source.chunks3 else max(1, _SLAB_BYTES // row)
        return int(max(1, min(chunk, self.shape[self._axis], self._cache_bytes // row)))

    def __getitem__(self, index: tuple[slice, ...]) -> AnyArray:
        """Return a box of the array; every index is a slice with a start and a stop."""
        wanted = index[self._axis]
        parts = []
        for first in range(wanted.start // self._step * self._step, wanted.stop, self._step):
            inside = list(index)
            for axis in range(self.ndim):
                # A slab is cut to the frame and the channels that are asked for when it is read.
                if axis not in (self._axis, *self._rest):
                    inside[axis] = slice(None)
            inside[self._axis] = slice(
                max(wanted.start - first, 0), min(wanted.stop - first, self._step)
            )
            parts.append(self._slab(index, first)[tuple(inside)])
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=self._axis)

    def _slab(self, index: tuple[slice, ...], first: int) -> AnyArray:
        whole = list(index)
        for axis in self._rest:
            whole[axis] = slice(0, self.shape[axis])
        whole[self._axis] = slice(first, min(first + self._step, self.shape[self._axis]))
        key = tuple((part.start, part.stop) for part in whole)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        slab: AnyArray = np.asarray(self._data[tuple(whole)])
        self._kept[key] = slab
        while len(self._kept) > 2 and self._kept_bytes() > self._cache_bytes:
            self._kept.popitem(last=False)
        return slab

    def _kept_bytes(self) -> int:
        return sum(slab.nbytes for slab in self._kept.values())
