"""An array inside a file, written piece by piece without keeping the file open."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class MappedArray:
    """Takes and gives basic slices, as zarr arrays do.

    The file is mapped for each access only: Windows renames no file that is mapped, and pages that
    were written do not count as this program's memory.

    Attributes
    ----------
    path : Path
    offset : int
        First byte of the array.
    dtype : dtype
    stored_shape : tuple of int
        Shape in the file, C order.
    order : tuple of int
        Axis of the file for each axis of this array.
    """

    path: Path
    offset: int
    dtype: np.dtype[Any]
    stored_shape: tuple[int, ...]
    order: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Size of each axis."""
        return tuple(self.stored_shape[axis] for axis in self.order)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.order)

    def __setitem__(self, index: Any, values: npt.ArrayLike) -> None:
        self._map("r+")[index] = values

    def __getitem__(self, index: Any) -> npt.NDArray[Any]:
        return np.array(self._map("r")[index])

    def _map(self, mode: Any) -> npt.NDArray[Any]:
        stored = np.memmap(self.path, self.dtype, mode, self.offset, self.stored_shape)
        return stored.transpose(self.order)
