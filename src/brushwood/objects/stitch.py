"""Connected components of an image that is seen block by block, joined where they cross blocks.

Each block is labelled together with one pixel of its lower neighbours. Two pixels that touch differ
by at most one along each axis, so every pair lies in the widened block of the pixel that takes the
larger coordinate of the two along each axis: nothing is missed, corners included. What two blocks
call one pixel is one component; the graph of these names is resolved once, at the end.
"""

from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt
from scipy import ndimage, sparse

from brushwood.arrays import Triple
from brushwood.blocks import Block, blocks_over, iter_blocks
from brushwood.jobs import Job
from brushwood.objects.split_store import BlockStore

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class Components:
    """Components, numbered from 1 in the order of their first pixels. Arrays have a row 0 unused.

    Attributes
    ----------
    size : ndarray of int64
        Pixels.
    first : ndarray of int64
        Position of the first pixel in the frame, row by row.
    faces : ndarray of uint8
        Which faces of the frame it touches: bit 2a the first, 2a + 1 the last slice of axis a.
    low, high : ndarray of int64, shape (n + 1, 3)
        Bounding box, `high` exclusive.
    """

    size: Ints
    first: Ints
    faces: npt.NDArray[np.uint8]
    low: Ints
    high: Ints
    _names: BlockStore
    _starts: dict[Triple, int]
    _numbers: Ints

    def __len__(self) -> int:
        return len(self.size) - 1

    @property
    def shape(self) -> Triple:
        """Shape of the frame."""
        return self._names.shape

    def read(self, region: Block) -> Ints:
        """Return the number of each pixel's component, 0 outside the mask."""
        return self._numbers[_names_in(self._names, self._starts, region)]

    def box(self, number: int) -> Block:
        """Return the bounding box of a component."""
        low, high = self.low[number].tolist(), self.high[number].tolist()
        return Block((low[0], low[1], low[2]), (high[0], high[1], high[2]))


def find_components(
    mask: BlockStore, structure: npt.NDArray[np.bool_], job: Job, *, inverted: bool = False
) -> Components:
    """Find the connected components of a mask, or of its background.

    Parameters
    ----------
    mask : BlockStore of bool
    structure : ndarray of bool, shape (3, 3, 3)
        Which neighbours are connected.
    """
    search = _Search(mask, structure, inverted)
    blocks = list(iter_blocks(mask.shape, mask.size))
    for n, block in enumerate(blocks):
        job.checkpoint(n / len(blocks), "Finding connected areas")
        search.add(block)
    return search.result()


class _Search:
    """Labels blocks one after the other, and notes which of their names mean the same."""

    def __init__(self, mask: BlockStore, structure: npt.NDArray[np.bool_], inverted: bool) -> None:
        self._mask, self._structure, self._inverted = mask, structure, inverted
        self._names = BlockStore(mask.shape, mask.size, np.int32)
        self._starts: dict[Triple, int] = {}
        self._total = 0
        self._pairs: list[Ints] = []
        self._size: list[Ints] = []
        self._first: list[Ints] = []
        self._faces: list[npt.NDArray[np.uint8]] = []
        self._low: list[Ints] = []
        self._high: list[Ints] = []

    def add(self, block: Block) -> None:
        """Label a block; its lower neighbours were labelled before."""
        z, y, x = (max(0, a - 1) for a in block.start)
        wide = Block((z, y, x), block.stop)
        mask = self._mask.read(wide)
        labels, n = ndimage.label(~mask if self._inverted else mask, self._structure)
        names = labels[block.within(wide)]
        for axis in range(3):
            if block.start[axis] > 0:
                self._join(labels, wide, axis)
        self._names.put(block, names)
        self._starts[block.start] = self._total
        self._describe(names, block, n)
        self._total += n

    def _join(self, labels: npt.NDArray[np.int32], wide: Block, axis: int) -> None:
        """Note what the pixels that a block shares with lower neighbours are called there."""
        stop = list(wide.stop)
        stop[axis] = wide.start[axis] + 1
        slab = Block(wide.start, (stop[0], stop[1], stop[2]))
        here = labels[slab.within(wide)].ravel().astype(np.int64)
        there = _names_in(self._names, self._starts, slab).ravel()
        both = (here > 0) & (there > 0)
        pairs = np.stack([here[both] + self._total, there[both]], axis=1)
        self._pairs.append(np.unique(pairs, axis=0))

    def _describe(self, names: npt.NDArray[np.int32], block: Block, n: int) -> None:
        flat = np.ascontiguousarray(names).ravel()
        inside = np.flatnonzero(flat)
        owners = flat[inside]
        self._size.append(np.bincount(owners, minlength=n + 1)[1:].astype(np.int64))
        first = np.full(n + 1, prod(self._mask.shape), np.int64)
        place = np.unravel_index(inside[::-1], block.shape)
        # Of values assigned to one place the last remains: the first pixel in scan order.
        first[owners[::-1]] = np.ravel_multi_index(
            tuple(p + a for p, a in zip(place, block.start, strict=True)), self._mask.shape
        )
        self._first.append(first[1:])
        low = np.full((n, 3), np.iinfo(np.int64).max)
        high = np.zeros((n, 3), np.int64)
        for i, box in enumerate(ndimage.find_objects(names, n)):
            if box is not None:
                low[i] = [s.start + a for s, a in zip(box, block.start, strict=True)]
                high[i] = [s.stop + a for s, a in zip(box, block.start, strict=True)]
        self._low.append(low)
        self._high.append(high)
        self._faces.append(_touched(low, high, self._mask.shape))

    def result(self) -> Components:
        """Resolve the names."""
        total = self._total
        pairs = np.concatenate([np.zeros((0, 2), np.int64), *self._pairs])
        graph = sparse.coo_array(
            (np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(total + 1, total + 1)
        )
        n, group = sparse.csgraph.connected_components(graph, directed=False)
        group = group[1:]
        far = prod(self._mask.shape)
        first = np.full(n, far, np.int64)
        np.minimum.at(first, group, _joined(self._first))
        order = np.argsort(first, kind="stable")
        order = order[first[order] < far]
        number = np.zeros(n, np.int64)
        number[order] = np.arange(1, len(order) + 1)
        numbers = np.concatenate([[0], number[group]])
        rows = numbers[1:]
        count = len(order) + 1
        size = np.zeros(count, np.int64)
        np.add.at(size, rows, _joined(self._size))
        faces = np.zeros(count, np.uint8)
        np.bitwise_or.at(faces, rows, np.concatenate([np.zeros(0, np.uint8), *self._faces]))
        low = np.full((count, 3), np.iinfo(np.int64).max)
        high = np.zeros((count, 3), np.int64)
        np.minimum.at(low, rows, np.concatenate([np.zeros((0, 3), np.int64), *self._low]))
        np.maximum.at(high, rows, np.concatenate([np.zeros((0, 3), np.int64), *self._high]))
        return Components(
            size=size,
            first=np.concatenate([[0], first[order]]),
            faces=faces,
            low=low,
            high=high,
            _names=self._names,
            _starts=self._starts,
            _numbers=numbers,
        )


def _names_in(names: BlockStore, starts: dict[Triple, int], region: Block) -> Ints:
    """Return names that are unique over blocks, 0 outside the mask."""
    out = np.zeros(region.shape, np.int64)
    for block in blocks_over(region, names.size, names.shape):
        part = region.overlap(block)
        if part is not None and block.start in starts:
            local = names.read(part)
            out[part.within(region)] = np.where(local > 0, local + starts[block.start], 0)
    return out


def _joined(parts: list[Ints]) -> Ints:
    return np.concatenate([np.zeros(0, np.int64), *parts])


def _touched(low: Ints, high: Ints, shape: Triple) -> npt.NDArray[np.uint8]:
    """Return the faces of the frame that boxes touch, as bits."""
    flags = np.zeros(len(low), np.uint8)
    for axis in range(3):
        flags |= (low[:, axis] == 0).astype(np.uint8) << (2 * axis)
        flags |= (high[:, axis] == shape[axis]).astype(np.uint8) << (2 * axis + 1)
    return flags
