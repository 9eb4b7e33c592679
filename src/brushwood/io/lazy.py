"""An array on disk that is decoded when it is asked for, and says which file is damaged."""

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.errors import ImageFileError

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
            return np.asarray(self.array[index])
        except _ERRORS as error:
            raise ImageFileError(
                f"Cannot read {str(self.path)!r}: a part of it is damaged "
                f"({type(error).__name__}: {str(error)[:200]}). Get a fresh copy."
            ) from error

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        return np.asarray(self[...], dtype=dtype)
