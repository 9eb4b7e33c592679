"""Where blocks meet: their outermost planes, and which names on both sides mean one area."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.arrays import Triple
from brushwood.blocks import Block
from brushwood.objects.areas import Ints, cell_of
from brushwood.objects.split_store import Shelf, Table

_NAMES = np.dtype(np.int32)


@dataclass(frozen=True, eq=False, slots=True)
class Seams:
    """The outermost planes of all blocks of a frame. They travel to workers.

    Attributes
    ----------
    shape, size : three int
        Shape of the frame, and of a block.
    corners : bool
        Whether pixels that share an edge or a corner only are connected.
    shelf : Shelf
    name : str
        Under which planes are kept there.
    """

    shape: Triple
    size: Triple
    corners: bool
    shelf: Shelf
    name: str

    def keep(self, block: Block, names: npt.NDArray[Any]) -> None:
        """Keep the outermost planes of a block, (Z, Y, X)."""
        planes = [
            names.take(side, axis).ravel() for axis, side in self._sides
        ]  # those at the frame's border too, so that each block has as many
        if planes:
            self.shelf.put(self._key(block.start), np.concatenate(planes).astype(_NAMES))

    def crossed(self, block: Block, names: npt.NDArray[Any], n: int) -> npt.NDArray[np.bool_]:
        """Return which of the areas 1 … n of a block may go on in another, a value each."""
        found = np.zeros(n + 1, bool)
        for axis in range(3):
            if block.start[axis] > 0:
                found[names.take(0, axis)] = True
            if block.stop[axis] < self.shape[axis]:
                found[names.take(-1, axis)] = True
        return found[1:]

    def pairs(self, block: Block, starts: Table) -> Ints:
        """Return which names of a block and of its neighbours mean one area.

        Parameters
        ----------
        starts : Table of int64
            How many names there were before each block of the grid.

        Returns
        -------
        ndarray of int64, shape (n, 2)
            Names counted from 0 over all blocks.
        """
        found = [np.zeros(0, np.int64)]
        total = int(starts[-1]) + 1
        axes = [axis for axis in range(3) if block.start[axis] > 0]
        own = self._planes(block.start) if axes else {}
        here = int(starts[cell_of(block.start, self.size, self.shape)])
        for axis in axes:
            mine = own[axis, 0].astype(np.int64)
            theirs = self._before(block, axis, starts)
            for a, b in product((0, 1, 2), repeat=2):
                if not self.corners and (a, b) != (1, 1):
                    continue
                there = theirs[a : a + mine.shape[0], b : b + mine.shape[1]]
                both = (mine > 0) & (there > 0)
                if both.any():
                    # One number a pair: a block has few names, so that it does not overflow.
                    found.append(np.unique(mine[both] * total + there[both]))
        own_name, name = np.divmod(np.unique(np.concatenate(found)), total)
        return np.stack([own_name + (here - 1), name - 1], axis=1)

    def _before(self, block: Block, axis: int, starts: Table) -> Ints:
        """Return the names in the plane before a block, one pixel wider all around.

        They are counted from 1 over all blocks.
        """
        across = [a for a in range(3) if a != axis]
        out = np.zeros([block.shape[a] + 2 for a in across], np.int64)
        # Blocks apart along an axis before this one too are compared there.
        steps = [(-1, 0, 1) if a > axis and self.corners else (0,) for a in across]
        for shift in product(*steps):
            start = list(block.start)
            start[axis] -= self.size[axis]
            for a, s in zip(across, shift, strict=True):
                start[a] += s * self.size[a]
            if any(not 0 <= p < n for p, n in zip(start, self.shape, strict=True)):
                continue
            z, y, x = start
            plane = self._planes((z, y, x))[axis, -1].astype(np.int64)
            plane[plane > 0] += int(starts[cell_of((z, y, x), self.size, self.shape)])
            out[tuple(map(_TARGET.__getitem__, shift))] = plane[
                tuple(map(_SOURCE.__getitem__, shift))
            ]
        return out

    def _planes(self, start: Triple) -> dict[tuple[int, int], npt.NDArray[Any]]:
        """Return what was kept of a block."""
        extent = [min(s, n - a) for a, s, n in zip(start, self.size, self.shape, strict=True)]
        shapes = [_without(extent, axis) for axis, _ in self._sides]
        counts = [a * b for a, b in shapes]
        values = self.shelf.get(self._key(start), (sum(counts),), _NAMES)
        assert values is not None, "planes are kept before they are asked for"
        parts = np.split(values, np.cumsum(counts)[:-1])
        return {
            side: part.reshape(shape)
            for side, part, shape in zip(self._sides, parts, shapes, strict=True)
        }

    @property
    def _sides(self) -> list[tuple[int, int]]:
        """Axis and position of the planes that are kept: along axes with several blocks."""
        axes = [axis for axis in range(3) if self.size[axis] < self.shape[axis]]
        return [(axis, side) for axis in axes for side in (0, -1)]

    def _key(self, start: Triple) -> str:
        return f"{self.name}/{cell_of(start, self.size, self.shape)}"


#: By how many blocks one is apart: which pixels of its plane are seen, and where they come to lie.
_SOURCE = {-1: slice(-1, None), 0: slice(None), 1: slice(0, 1)}
_TARGET = {-1: slice(0, 1), 0: slice(1, -1), 1: slice(-1, None)}


def _without(extent: Sequence[int], axis: int) -> tuple[int, int]:
    a, b = (n for i, n in enumerate(extent) if i != axis)
    return a, b
