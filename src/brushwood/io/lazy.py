"""An array on disk that is decoded when it is asked for, and says which file is damaged."""

import struct
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.errors import ImageFileError
from brushwood.io.chunks import ChunkCache

#: What decoders raise on damaged data.
_ERRORS = (
    ValueError,
    RuntimeError,
    KeyError,
    IndexError,
    TypeError,
    EOFError,
    OSError,
    struct.error,
    zlib.error,
)


@dataclass(frozen=True, eq=False)
class LazyArray:
    """A zarr array of a file, for reading.

    Attributes
    ----------
    array : zarr array
    path : Path
        Named in errors.
    """

    array: Any
    path: Path
    _cache: ChunkCache = field(default_factory=ChunkCache, repr=False)

    @property
    def shape(self) -> tuple[int, ...]:
        """Size of each axis."""
        return tuple(int(n) for n in self.array.shape)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.array.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the numbers."""
        dtype: np.dtype[Any] = np.dtype(self.array.dtype)
        return dtype

    @property
    def chunks(self) -> tuple[int, ...]:
        """Size of what is decoded at once."""
        return tuple(int(n) for n in (getattr(self.array, "shards", None) or self.array.chunks))

    def __getitem__(self, index: Any) -> npt.NDArray[Any]:
        try:
            box = _basic(index, self.shape)
            if box is None:
                return np.asarray(self.array[index])
            boxes, lost = box
            values = self._cache.read(
                boxes, self.shape, self.array.chunks, self.dtype, self._decoded
            )
            return np.squeeze(values, axis=lost) if lost else values
        except _ERRORS as error:
            raise ImageFileError(
                f"Cannot read {str(self.path)!r}: a part of it is damaged "
                f"({type(error).__name__}: {str(error)[:200]}). Get a fresh copy."
            ) from error

    def _decoded(self, box: tuple[slice, ...]) -> npt.NDArray[Any]:
        return np.asarray(self.array[box])

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        return np.asarray(self[...], dtype=dtype)


def _basic(index: Any, shape: tuple[int, ...]) -> tuple[tuple[slice, ...], tuple[int, ...]] | None:
    """Return slices an axis and the axes given as numbers; None for any other kind of index."""
    given = list(index) if isinstance(index, tuple) else [index]
    dots = [i for i, part in enumerate(given) if part is Ellipsis]
    if len(dots) == 1:
        missing = len(shape) - len(given) + 1
        given[dots[0] : dots[0] + 1] = [slice(None)] * missing
    given += [slice(None)] * (len(shape) - len(given))
    if len(given) != len(shape):
        return None
    box, lost = [], []
    for axis, (part, n) in enumerate(zip(given, shape, strict=True)):
        if isinstance(part, slice):
            start, stop, step = part.indices(n)
            if step != 1:
                return None
            box.append(slice(start, max(start, stop)))
        elif isinstance(part, int | np.integer) and not isinstance(part, bool):
            if not -n <= part < n:
                raise IndexError(f"{part} is no position on an axis of {n}")
            box.append(slice(int(part) % n, int(part) % n + 1))
            lost.append(axis)
        else:
            return None
    return tuple(box), tuple(lost)
