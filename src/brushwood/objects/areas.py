"""Tables of connected areas: what is known about each, gathered region by region."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from brushwood.arrays import Triple
from brushwood.blocks import Block

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False, slots=True)
class Described:
    """What is known about the areas of one region, each array with a row an area.

    Attributes
    ----------
    size : ndarray of int64
        Pixels.
    first : ndarray of int64
        Position of the first pixel in the frame, row by row.
    faces : ndarray of uint8
        Which faces of the frame it touches: bit 2a the first, 2a + 1 the last slice of axis a.
    low, high : ndarray of int64, shape (n, 3)
        Bounding box, `high` exclusive.
    core : ndarray of bool, or None
        Whether it holds a pixel of a core.
    highest : float
        Highest probability seen; NaN for none.
    """

    size: Ints
    first: Ints
    faces: npt.NDArray[np.uint8]
    low: Ints
    high: Ints
    core: Bools | None = None
    highest: float = float("nan")

    def __len__(self) -> int:
        return len(self.size)


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
    highest: float = float("nan"),
) -> Described:
    """Describe the areas 1 … n of a region of a frame, of which each has a pixel there."""
    flat = labels.ravel()
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    begins = np.concatenate([np.zeros(1, np.int64), changes])
    owners = flat[begins]
    size = np.zeros(n + 1, np.int64)
    np.add.at(size, owners, np.diff(begins, append=len(flat)))
    first = np.zeros(n + 1, np.int64)
    # Of values assigned to one place the last remains: the first pixel in scan order.
    first[owners[::-1]] = begins[::-1]
    place = np.unravel_index(first[1:], block.shape)
    moved = tuple(p + a for p, a in zip(place, block.start, strict=True))
    boxes = np.array(
        [[(s.start, s.stop) for s in box] for box in ndimage.find_objects(labels, n)], np.int64
    ).reshape(n, 3, 2)
    low, high = (boxes[:, :, side] + np.asarray(block.start) for side in (0, 1))
    core = None
    if cores is not None:
        core = np.zeros(n + 1, bool)
        core[labels[cores]] = True
        core = core[1:]
    return Described(
        size=size[1:],
        first=np.ravel_multi_index(moved, shape).astype(np.int64),
        faces=_touched(low, high, shape),
        low=low,
        high=high,
        core=core,
        highest=highest,
    )


def joined(parts: Sequence[Described]) -> Described:
    """Return all rows one after the other, as arrays of their own."""
    none = np.zeros(0, np.int64)
    cores = [part.core for part in parts if part.core is not None]
    return Described(
        size=np.concatenate([none, *(part.size for part in parts)]),
        first=np.concatenate([none, *(part.first for part in parts)]),
        faces=np.concatenate([none.astype(np.uint8), *(part.faces for part in parts)]),
        low=np.concatenate([none.reshape(0, 3), *(part.low for part in parts)]),
        high=np.concatenate([none.reshape(0, 3), *(part.high for part in parts)]),
        core=np.concatenate(cores) if cores else None,
        highest=float(np.fmax.reduce([part.highest for part in parts], initial=np.nan)),
    )


def _touched(low: Ints, high: Ints, shape: Triple) -> npt.NDArray[np.uint8]:
    """Return the faces of the frame that boxes touch, as bits."""
    flags = np.zeros(len(low), np.uint8)
    for axis in range(3):
        flags |= (low[:, axis] == 0).astype(np.uint8) << (2 * axis)
        flags |= (high[:, axis] == shape[axis]).astype(np.uint8) << (2 * axis + 1)
    return flags
