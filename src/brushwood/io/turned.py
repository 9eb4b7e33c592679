"""An array on disk with its axes in another order."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class TurnedArray:
    """Takes and gives basic slices, as the array does.

    Attributes
    ----------
    array : zarr array
    order : tuple of int
        Axis of `array` for each axis of this one.
    """

    array: Any
    order: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Size of each axis."""
        return tuple(int(self.array.shape[axis]) for axis in self.order)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.order)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the numbers."""
        dtype: np.dtype[Any] = np.dtype(self.array.dtype)
        return dtype

    @property
    def chunks(self) -> tuple[int, ...]:
        """Size of what is stored as one."""
        return tuple(int(self.array.chunks[axis]) for axis in self.order)

    def __setitem__(self, index: Any, values: npt.ArrayLike) -> None:
        turned, box, lost = self._turned(index)
        shape = [len(range(*part.indices(n))) for part, n in zip(box, self.shape, strict=True)]
        kept = tuple(n for i, n in enumerate(shape) if i not in lost)
        given = np.broadcast_to(np.asarray(values), kept).reshape(shape)
        self.array[turned] = given.transpose(np.argsort(self.order))

    def __getitem__(self, index: Any) -> npt.NDArray[Any]:
        turned, _, lost = self._turned(index)
        found = np.asarray(self.array[turned]).transpose(self.order)
        return np.squeeze(found, axis=tuple(lost)) if lost else found

    def _turned(self, index: Any) -> tuple[tuple[slice, ...], list[slice], list[int]]:
        """Return the index for the array, the one given as slices, and axes given as numbers."""
        given = list(index) if isinstance(index, tuple) else [index]
        if Ellipsis in given:
            at = given.index(Ellipsis)
            given[at : at + 1] = [slice(None)] * (self.ndim - len(given) + 1)
        given += [slice(None)] * (self.ndim - len(given))
        lost = [i for i, part in enumerate(given) if not isinstance(part, slice)]
        box = [
            part if isinstance(part, slice) else slice(int(part), int(part) + 1) for part in given
        ]
        return tuple(box[i] for i in np.argsort(self.order)), box, lost
