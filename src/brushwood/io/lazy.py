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

#: What decoders raise on damaged data; errors of compression derive from RuntimeError.
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
        box, flipped, lost = _basic(index, self.shape)
        try:
            if all(part.step == 1 for part in box):
                chunks = self.array.chunks
                values = self._cache.read(box, self.shape, chunks, self.dtype, self._decoded)
            else:
                values = self._decoded(box)
        except _ERRORS as error:
            raise ImageFileError(
                f"Cannot read {str(self.path)!r}: a part of it is damaged "
                f"({type(error).__name__}: {str(error)[:200]}). Get a fresh copy."
            ) from error
        values = np.flip(values, flipped) if flipped else values
        return np.squeeze(values, axis=lost) if lost else values

    def _decoded(self, box: tuple[slice, ...]) -> npt.NDArray[Any]:
        return np.asarray(self.array[box])

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        return np.asarray(self[...], dtype=dtype)


def _basic(
    index: Any, shape: tuple[int, ...]
) -> tuple[tuple[slice, ...], tuple[int, ...], tuple[int, ...]]:
    """Return a slice an axis, the axes to turn round, and those given as numbers."""
    given = list(index) if isinstance(index, tuple) else [index]
    dots = [i for i, part in enumerate(given) if part is Ellipsis]
    if len(dots) == 1:
        missing = len(shape) - len(given) + 1
        given[dots[0] : dots[0] + 1] = [slice(None)] * missing
    given += [slice(None)] * (len(shape) - len(given))
    if len(given) != len(shape):
        raise IndexError(f"{len(given)} indices were given for {len(shape)} axes")
    box, flipped, lost = [], [], []
    for axis, (part, n) in enumerate(zip(given, shape, strict=True)):
        if isinstance(part, slice):
            taken = range(*part.indices(n))
            if taken.step < 0:
                flipped.append(axis)
                taken = taken[::-1]
            box.append(slice(taken.start, max(taken.start, taken.stop), taken.step))
        elif isinstance(part, int | np.integer) and not isinstance(part, bool):
            if not -n <= part < n:
                raise IndexError(f"{part} is no position on an axis of {n}")
            box.append(slice(int(part) % n, int(part) % n + 1, 1))
            lost.append(axis)
        else:
            raise IndexError(f"{part!r} is neither a number nor a slice")
    return tuple(box), tuple(flipped), tuple(lost)
