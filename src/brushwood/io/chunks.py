"""Keeps the chunks of files that were decoded last, so that neighbours need not decode them."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import count, product
from math import prod
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Box: TypeAlias = tuple[slice, ...]
Key: TypeAlias = tuple[int, ...]
Decode: TypeAlias = Callable[[Box], npt.NDArray[Any]]

#: What is kept of all files together. A row of blocks of a 16k image with halos takes half of it.
KEPT_BYTES = 64 << 20


class _Shelf:
    """Chunks of all arrays of a process, the least recently used forgotten first."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[int, Key], npt.NDArray[Any]] = OrderedDict()
        self._bytes = 0

    def get(self, owner: int, key: Key) -> npt.NDArray[Any] | None:
        with self._lock:
            chunk = self._kept.get((owner, key))
            if chunk is not None:
                self._kept.move_to_end((owner, key))
            return chunk

    def put(self, owner: int, key: Key, chunk: npt.NDArray[Any]) -> None:
        with self._lock:
            self._kept[owner, key] = chunk
            self._bytes += chunk.nbytes
            # The last one stays, however large: it would otherwise be decoded for each box.
            while self._bytes > self.most and len(self._kept) > 1:
                self._bytes -= self._kept.popitem(last=False)[1].nbytes


_SHELF = _Shelf(KEPT_BYTES)
_OWNERS = count()


class ChunkCache:
    """Reads boxes of an array in whole chunks and keeps those read last.

    Threads may share it: one reads at a time, so that none decodes what another is decoding.
    """

    def __init__(self) -> None:
        self._owner = next(_OWNERS)
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type["ChunkCache"], tuple[()]]:
        return ChunkCache, ()

    def read(
        self,
        box: Box,
        shape: Sequence[int],
        chunks: Sequence[int],
        dtype: np.dtype[Any],
        decode: Decode,
    ) -> npt.NDArray[Any]:
        """Return a box of the array.

        Parameters
        ----------
        box : tuple of slice
            One an axis, with step 1, within `shape`.
        shape, chunks : sequence of int
            Of the array.
        dtype : dtype
        decode : callable (box) -> ndarray
            Reads whole chunks.
        """
        size = [s.stop - s.start for s in box]
        if 0 in size:
            return np.empty(size, dtype)
        grid = [range(s.start // c, -(-s.stop // c)) for s, c in zip(box, chunks, strict=True)]
        n_chunks = prod(map(len, grid))
        if n_chunks > 1 and n_chunks * prod(chunks) * dtype.itemsize > _SHELF.most:
            return decode(box)  # more than can be kept
        out = np.empty(size, dtype)
        with self._lock:
            for key, chunk in self._chunks(grid, shape, chunks, decode):
                inner, outer = [], []
                for s, k, c, n in zip(box, key, chunks, chunk.shape, strict=True):
                    low, high = max(s.start, k * c), min(s.stop, k * c + n)
                    inner.append(slice(low - k * c, high - k * c))
                    outer.append(slice(low - s.start, high - s.start))
                out[tuple(outer)] = chunk[tuple(inner)]
        return out

    def _chunks(
        self, grid: Sequence[range], shape: Sequence[int], chunks: Sequence[int], decode: Decode
    ) -> list[tuple[Key, npt.NDArray[Any]]]:
        """Return chunks by place; those that are missing are decoded, many at once if possible."""
        found = {key: _SHELF.get(self._owner, key) for key in product(*grid)}
        missing = {key for key, chunk in found.items() if chunk is None}
        while missing:
            run = _run(min(missing), missing)
            keys = list(product(*run))
            values = decode(
                tuple(
                    slice(r.start * c, min(r.stop * c, n))
                    for r, c, n in zip(run, chunks, shape, strict=True)
                )
            )
            for key in keys:
                part = tuple(
                    slice((k - r.start) * c, (k - r.start + 1) * c)
                    for k, r, c in zip(key, run, chunks, strict=True)
                )
                chunk = values if len(keys) == 1 else values[part].copy()
                _SHELF.put(self._owner, key, chunk)
                found[key] = chunk
            missing.difference_update(keys)
        return [(key, chunk) for key, chunk in found.items() if chunk is not None]


def _run(first: Key, missing: set[Key]) -> list[range]:
    """Return the largest box of missing chunks from `first` on, grown along one axis at a time."""
    run = [range(k, k + 1) for k in first]
    for axis in reversed(range(len(first))):
        while True:
            end = run[axis].stop
            face = [range(end, end + 1) if a == axis else r for a, r in enumerate(run)]
            if not all(key in missing for key in product(*face)):
                break
            run[axis] = range(run[axis].start, end + 1)
    return run
