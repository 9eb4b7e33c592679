"""The outlines of selected objects, as an array that is computed where it is looked at."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

#: Up to this label a lookup table is used, which needs one byte a label.
_LARGEST_LUT = 1 << 26
#: Value of the object that was touched last; other objects have 1 to 254.
CURRENT = 255

Codes = npt.NDArray[np.uint8]


class SelectionCodes:
    """Maps labels to a code: 0 not selected, `CURRENT`, or one of 1 to 254 by turns.

    Objects that touch have different codes (unless their labels are 254 apart), so that each keeps
    its own outline.
    """

    def __init__(self, labels: Iterable[int] = (), current: int = 0) -> None:
        self._labels = np.sort(np.fromiter(labels, np.int64))
        self._current = current
        codes = (self._labels % 254 + 1).astype(np.uint8)
        codes[self._labels == current] = CURRENT
        self._codes = codes
        self._lut: Codes | None = None
        if self._labels.size and self._labels[0] >= 0 and self._labels[-1] <= _LARGEST_LUT:
            self._lut = np.zeros(int(self._labels[-1]) + 2, np.uint8)
            self._lut[self._labels] = codes

    def of(self, labels: npt.NDArray[Any]) -> Codes:
        """Return the code of every pixel."""
        if not self._labels.size:
            return np.zeros(labels.shape, np.uint8)
        if self._lut is not None:
            return np.take(self._lut, labels, mode="clip")
        at = np.searchsorted(self._labels, labels).clip(max=len(self._labels) - 1)
        found: Codes = np.where(self._labels[at] == labels, self._codes[at], np.uint8(0))
        return found


class OutlineArray:
    """An array like a labels layer's that holds the outlines of some of its objects.

    Slices with two axes hold outlines; slices with three hold whole objects, for a view in 3-D.

    Parameters
    ----------
    source : callable () -> array or None
        Returns the labels; None once they are gone.
    shape : tuple of int
        Theirs.
    """

    dtype = np.dtype(np.uint8)

    def __init__(self, source: Callable[[], Any], shape: tuple[int, ...]) -> None:
        self._source = source
        self.shape = shape
        self.codes = SelectionCodes()
        self.thickness = 2

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of pixels."""
        return int(np.prod(self.shape))

    @property
    def nbytes(self) -> int:
        """Bytes if it were in memory."""
        return self.size

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> Codes:
        source = self._source()
        if source is None or tuple(source.shape) != self.shape:
            empty: Codes = np.zeros(self.shape, np.uint8)[key]
            return empty
        codes = self.codes.of(np.asarray(source[key]))
        return outlined(codes, self.thickness) if codes.ndim == 2 else codes

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.asarray(self[...], dtype)


def outlined(codes: Codes, thickness: int) -> Codes:
    """Keep of each object of a plane only the pixels within `thickness` of its edge.

    The edge of the plane is no edge of an object.
    """
    rows = np.flatnonzero(codes.any(axis=1))
    if not rows.size:
        return codes
    columns = np.flatnonzero(codes[rows[0] : rows[-1] + 1].any(axis=0))
    box = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    inner = _inner(codes, box)
    for _ in range(thickness - 1):
        inner = _eroded(inner)
    result = np.zeros_like(codes)
    result[box] = np.where(inner, np.uint8(0), codes[box])
    return result


def _inner(codes: Codes, box: tuple[slice, slice]) -> npt.NDArray[np.bool_]:
    """Return where all four neighbours belong to the same object."""
    part = np.pad(codes[box], 1, mode="edge")
    # Outside the box nothing is selected, where there is an outside.
    for axis, here in enumerate(box):
        for end, inside in ((0, here.start > 0), (-1, here.stop < codes.shape[axis])):
            if inside:
                part[(end, slice(None)) if axis == 0 else (slice(None), end)] = 0
    middle = part[1:-1, 1:-1]
    same: npt.NDArray[np.bool_] = (middle == part[:-2, 1:-1]) & (middle == part[2:, 1:-1])
    same &= (middle == part[1:-1, :-2]) & (middle == part[1:-1, 2:])
    return same


def _eroded(inner: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    part = np.pad(inner, 1, mode="edge")
    kept: npt.NDArray[np.bool_] = inner & part[:-2, 1:-1] & part[2:, 1:-1]
    kept &= part[1:-1, :-2]
    kept &= part[1:-1, 2:]
    return kept
