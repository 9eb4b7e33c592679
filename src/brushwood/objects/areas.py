"""Tables of connected areas: what is known about each, gathered region by region."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.arrays import Triple
from brushwood.blocks import Block

Ints = npt.NDArray[np.int64]
Boxes = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]
Faces = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False, slots=True)
class Described:
    """What is known about the areas of one region, each array with a row an area.

    Attributes
    ----------
    size : ndarray of int
        Pixels.
    first : ndarray of int64
        Position of the first pixel in the frame, row by row.
    faces : ndarray of uint8
        Which faces of the frame it touches: bit 2a the first, 2a + 1 the last slice of axis a.
    low, high : ndarray of int32, shape (n, 3), or None
        Bounding box, `high` exclusive, if asked for.
    core : ndarray of bool, or None
        Whether it holds a pixel of a core.
    highest : float
        Highest probability seen; NaN for none.
    n_dropped, n_dropped_pixels : int
        Areas that are known to become no object and have no row, and their pixels.
    """

    size: npt.NDArray[np.integer]
    first: Ints
    faces: Faces
    low: Boxes | None = None
    high: Boxes | None = None
    core: Bools | None = None
    highest: float = float("nan")
    n_dropped: int = 0
    n_dropped_pixels: int = 0

    def __len__(self) -> int:
        return len(self.size)

    def only(self, rows: Bools) -> "Described":
        """Return some rows, and count the others as dropped."""
        chosen: dict[str, Any] = {
            name: None if (column := getattr(self, name)) is None else column[rows]
            for name in ("size", "first", "faces", "low", "high", "core")
        }
        pixels = int(self.size[~rows].sum())
        return replace(self, **chosen, n_dropped=int((~rows).sum()), n_dropped_pixels=pixels)


def cell_of(start: Triple, size: Triple, shape: Triple) -> int:
    """Return the position, in the order of the grid, of the block that holds a pixel."""
    counts = [-(-n // s) for n, s in zip(shape, size, strict=True)]
    z, y, x = (a // s for a, s in zip(start, size, strict=True))
    return (z * counts[1] + y) * counts[2] + x


def describe(
    labels: npt.NDArray[np.integer],
    block: Block,
    n: int,
    shape: Triple,
    cores: Bools | None = None,
    *,
    boxes: bool = False,
) -> Described:
    """Describe the areas 1 … n of a region of a frame, of which each has a pixel there.

    Parameters
    ----------
    labels : ndarray of int, shape (Z, Y, X)
    block : Block
        Where they lie in a frame of `shape`.
    cores : ndarray of bool, same shape, optional
    boxes : bool
        Whether boxes are wanted.
    """
    begins, owners, lengths = _runs(labels)
    size = np.zeros(n + 1, np.int64)
    np.add.at(size, owners, lengths)
    first = np.zeros(n + 1, np.int64)
    # Of values assigned to one place the last remains: the first pixel in scan order.
    first[owners[::-1]] = begins[::-1]
    place = np.unravel_index(first[1:], labels.shape)
    moved = tuple(p + a for p, a in zip(place, block.start, strict=True))
    core = None
    if cores is not None:
        core = np.zeros(n + 1, bool)
        core[labels[cores]] = True
        core = core[1:]
    low, high = _boxes(begins, owners, lengths, n, block) if boxes else (None, None)
    return Described(
        size=size[1:].astype(np.min_scalar_type(labels.size)),
        first=np.ravel_multi_index(moved, shape).astype(np.int64),
        faces=_touched(labels, block, n, shape),
        low=low,
        high=high,
        core=core,
    )


def _runs(labels: npt.NDArray[np.integer]) -> tuple[Ints, npt.NDArray[Any], Ints]:
    """Return where runs of equal labels above 0 begin, each within a row; labels; lengths."""
    rows = labels.reshape(-1, labels.shape[-1])
    change = np.ones(rows.shape, bool)
    np.not_equal(rows[:, 1:], rows[:, :-1], out=change[:, 1:])
    begins = np.flatnonzero(change)
    owners = rows.ravel()[begins]
    lengths = np.diff(begins, append=rows.size)
    inside = owners > 0
    return begins[inside], owners[inside], lengths[inside]


def _boxes(
    begins: Ints, owners: npt.NDArray[Any], lengths: Ints, n: int, block: Block
) -> tuple[Boxes, Boxes]:
    (z0, y0, x0), (_, height, width) = block.start, block.shape
    row, x = np.divmod(begins, width)
    z, y = np.divmod(row, height)
    low = np.full((n + 1, 3), np.iinfo(np.int32).max, np.int32)
    high = np.zeros((n + 1, 3), np.int32)
    # Runs come plane by plane.
    low[owners[::-1], 0] = z[::-1] + z0
    high[owners, 0] = z + (z0 + 1)
    for axis, begin, end in ((1, y + y0, y + (y0 + 1)), (2, x + x0, x + lengths + x0)):
        np.minimum.at(low[:, axis], owners, begin.astype(np.int32))
        np.maximum.at(high[:, axis], owners, end.astype(np.int32))
    return low[1:], high[1:]


def _touched(labels: npt.NDArray[np.integer], block: Block, n: int, shape: Triple) -> Faces:
    """Return the faces of the frame that areas touch, as bits."""
    flags = np.zeros(n + 1, np.uint8)
    for axis in range(3):
        if shape[axis] == 1:
            flags |= np.uint8(3 << (2 * axis))
            continue
        if block.start[axis] == 0:
            flags[labels.take(0, axis)] |= np.uint8(1 << (2 * axis))
        if block.stop[axis] == shape[axis]:
            flags[labels.take(-1, axis)] |= np.uint8(2 << (2 * axis))
    return flags[1:]


def stacked(parts: list[Described], name: str, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Return a column of all parts, one after the other."""
    columns = [column for part in parts if (column := getattr(part, name)) is not None]
    tail = columns[0].shape[1:] if columns else ()
    out = np.empty((sum(map(len, columns)), *tail), dtype)
    begin = 0
    for column in columns:
        out[begin : begin + len(column)] = column
        begin += len(column)
    return out
