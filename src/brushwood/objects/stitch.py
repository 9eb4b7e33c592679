"""Connected components of an image that is seen block by block, joined where they cross blocks.

Each block is labelled by itself; its outermost planes are kept. Two pixels that touch but lie in
different blocks lie in the last plane of one and in the first of the other, along the first axis at
which the blocks differ: comparing these planes finds every pair, corners included. The graph of the
names that blocks gave is resolved once, at the end.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from scipy import ndimage, sparse

from brushwood.arrays import Triple
from brushwood.aside import Watch, run_aside
from brushwood.blocks import Block, blocks_over, iter_blocks
from brushwood.jobs import Job
from brushwood.objects.areas import (
    Bools,
    Boxes,
    Described,
    Faces,
    Ints,
    cell_of,
    describe,
    stacked,
)
from brushwood.objects.seams import Seams
from brushwood.objects.split_field import Masks
from brushwood.objects.split_store import BlockStore, MemoryShelf, Shelf, Table
from brushwood.workers import IN_TURN, Workers

_MESSAGE = "Finding connected areas"


class MaskReader(Protocol):
    """Says where a mask is. It may be asked by several workers at once."""

    def masks(self, region: Block) -> Masks:
        """Look at a block of the grid."""
        ...


@dataclass(frozen=True, eq=False, slots=True)
class Stored:
    """A mask that is kept in blocks."""

    mask: BlockStore

    def masks(self, region: Block) -> Masks:
        """Look at a block."""
        return Masks(self.mask.read(region))


@dataclass(frozen=True, eq=False, slots=True)
class Naming:
    """Reads what a table says of the component of each pixel. It travels to workers.

    Attributes
    ----------
    names : BlockStore of int32
        What each block calls its components, from 1; 0 outside the mask.
    starts : Table of int64
        How many names there were before each block of the grid; at last, how many in all.
    table : Table
        Row 0 for pixels outside the mask, then a row a name, block after block.
    """

    names: BlockStore
    starts: Table
    table: Table

    def read(self, region: Block) -> npt.NDArray[Any]:
        """Return the table's value for each pixel."""
        size, shape = self.names.size, self.names.shape
        outside = self.table[0:1]
        out = np.empty(region.shape, outside.dtype)
        for block in blocks_over(region, size, shape):
            part = region.overlap(block)
            if part is not None:
                cell = cell_of(block.start, size, shape)
                first, last = self.starts[cell : cell + 2].tolist()
                rows = np.concatenate([outside, self.table[first + 1 : last + 1]])
                out[part.within(region)] = rows[self.names.read(part)]
        return out


@dataclass(frozen=True, eq=False, slots=True)
class Components:
    """Components, numbered from 1 in the order of their first pixels. Arrays have a row 0 unused.

    Attributes
    ----------
    size, first, faces, low, high, core
        See `Described`.
    highest : float
        Highest probability seen; NaN for none.
    naming : Naming
        Reads the number of each pixel's component.
    n_dropped, n_dropped_pixels : int
        See `Described`: these are no more in the mask.
    """

    size: Ints
    first: Ints
    faces: Faces
    low: Boxes | None
    high: Boxes | None
    core: Bools | None
    highest: float
    naming: Naming
    n_dropped: int = 0
    n_dropped_pixels: int = 0

    def __len__(self) -> int:
        return len(self.size) - 1

    @property
    def shape(self) -> Triple:
        """Shape of the frame."""
        return self.naming.names.shape

    def read(self, region: Block) -> Ints:
        """Return the number of each pixel's component, 0 outside the mask."""
        return self.naming.read(region)

    def box(self, number: int) -> Block:
        """Return the bounding box of a component, if boxes were asked for."""
        assert self.low is not None
        assert self.high is not None
        low, high = self.low[number].tolist(), self.high[number].tolist()
        return Block((low[0], low[1], low[2]), (high[0], high[1], high[2]))


def find_components(
    mask: BlockStore, structure: Bools, job: Job, *, inverted: bool = False
) -> Components:
    """Find the connected components of a mask, or of its background.

    Parameters
    ----------
    mask : BlockStore of bool
    structure : ndarray of bool, shape (3, 3, 3)
        Which neighbours are connected.
    """
    search = Search(
        Stored(mask), mask.shape, mask.size, structure, MemoryShelf(), inverted=inverted, boxes=True
    )
    return search.run(IN_TURN, job)


@dataclass(frozen=True, eq=False, slots=True)
class Search:
    """A search for connected components. It travels to workers.

    Attributes
    ----------
    reader : MaskReader
    shape, size : three int
        Shape of the frame, and of a block.
    structure : ndarray of bool, shape (3, 3, 3)
        Which neighbours are connected: through faces, or also through edges and corners.
    shelf : Shelf
    name : str
        Under which results are kept there.
    inverted : bool
        Seek the background.
    boxes : bool
        Whether boxes are wanted.
    smallest : float
        Components of fewer pixels, and where there are cores those without, may be dropped where
        they lie inside a block: tables then grow with what becomes an object, not with noise.
    """

    reader: MaskReader
    shape: Triple
    size: Triple
    structure: Bools
    shelf: Shelf
    name: str = ""
    inverted: bool = False
    boxes: bool = False
    smallest: float = 0.0

    @property
    def names(self) -> BlockStore:
        """What blocks call their components."""
        return BlockStore(
            self.shape, self.size, np.int32, shelf=self.shelf, name=f"{self.name}names"
        )

    @property
    def seams(self) -> Seams:
        """The outermost planes of blocks."""
        corners = bool(self.structure.all())
        return Seams(self.shape, self.size, corners, self.shelf, f"{self.name}seams")

    def run(self, workers: Workers, job: Job) -> Components:
        """Find the components."""
        blocks = list(iter_blocks(self.shape, self.size))
        parts: list[Described | None] = [None] * len(blocks)
        weights = [block.n_pixels for block in blocks]
        work = workers.each(partial(_label, self), blocks, job.part(0.0, 0.8), _MESSAGE, weights)
        for n, answer in work:
            parts[n] = answer
        described = [part for part in parts if part is not None]
        starts = np.cumsum([0, *map(len, described)], dtype=np.int64)
        table = self.shelf.table(f"{self.name}starts", starts)
        pairs = [np.zeros((0, 2), np.int64)]
        if len(blocks) > 1:
            joined = workers.each(partial(_join, self, table), blocks, job.part(0.8, 1.0), _MESSAGE)
            pairs += [found for _, found in joined]
        del parts
        return run_aside(
            partial(self._resolved, described, pairs, table), job.part(1.0, 1.0), _MESSAGE
        )

    def _resolved(
        self, parts: list[Described], found: list[Ints], starts: Table, watch: Watch
    ) -> Components:
        """Join what has several names; number in the order of first pixels."""
        pairs = np.concatenate(found)
        others, heads = _same(pairs)
        rows: dict[str, npt.NDArray[Any]] = {}
        for name, (dtype, merge) in _COLUMNS.items():
            if getattr(parts[0], name) is not None:
                column = rows[name] = stacked(parts, name, dtype)
                merge.at(column, heads, column[others])
        highest = float(np.fmax.reduce([part.highest for part in parts]))
        dropped = [(part.n_dropped, part.n_dropped_pixels) for part in parts]
        parts.clear()
        total = len(rows["size"])
        alone = np.ones(total, bool)
        alone[others] = False
        order = np.flatnonzero(alone)
        order = order[np.argsort(rows["first"][order], kind="stable")]
        for name in rows:
            watch.stop_here()
            # One after the other: there may be many millions.
            rows[name] = _with_row_0(rows[name][order])
        wide = np.int32 if total < np.iinfo(np.int32).max else np.int64
        numbers = np.zeros(total + 1, wide)
        numbers[order + 1] = np.arange(1, len(order) + 1, dtype=wide)
        numbers[others + 1] = numbers[heads + 1]
        return Components(
            size=rows["size"],
            first=rows["first"],
            faces=rows["faces"],
            low=rows.get("low"),
            high=rows.get("high"),
            core=rows.get("core"),
            highest=highest,
            naming=Naming(self.names, starts, self.shelf.table(f"{self.name}numbers", numbers)),
            n_dropped=sum(n for n, _ in dropped),
            n_dropped_pixels=sum(n for _, n in dropped),
        )


#: Type of each column, and how the rows of one component become one.
_COLUMNS: dict[str, tuple[Any, np.ufunc]] = {
    "size": (np.int64, np.add),
    "first": (np.int64, np.minimum),
    "faces": (np.uint8, np.bitwise_or),
    "low": (np.int32, np.minimum),
    "high": (np.int32, np.maximum),
    "core": (bool, np.logical_or),
}


def _label(search: Search, block: Block, job: Job) -> Described:
    """Label a block by itself, and keep its names and its outermost planes."""
    job.checkpoint(0.0, _MESSAGE)
    seen = search.reader.masks(block)
    mask = ~seen.above if search.inverted else seen.above
    # A plane is quicker without the axis across it.
    flat = mask.shape[0] == 1
    names, n = ndimage.label(mask[0] if flat else mask, search.structure[1 if flat else ...])
    names = names.reshape(block.shape)
    cores = None if search.inverted else seen.cores
    found = describe(names, block, n, search.shape, cores, boxes=search.boxes)
    stays = found.size >= search.smallest
    if found.core is not None:
        stays &= found.core
    if not stays.all():
        stays |= search.seams.crossed(block, names, n)
        found = found.only(stays)
        number = np.zeros(n + 1, np.int32)
        number[1:][stays] = np.arange(1, len(found) + 1)
        names = number[names]
    search.names.put(block, names)
    search.seams.keep(block, names)
    return replace(found, highest=seen.highest)


def _join(search: Search, starts: Table, block: Block, job: Job) -> Ints:
    job.checkpoint(0.0, _MESSAGE)
    return search.seams.pairs(block, starts)


def _same(pairs: Ints) -> tuple[Ints, Ints]:
    """Return the names that mean the same as an earlier one, and that one: the earliest."""
    known, place = np.unique(pairs.ravel(), return_inverse=True)
    place = place.reshape(-1, 2)
    graph = sparse.coo_array(
        (np.ones(len(place), np.int8), (place[:, 0], place[:, 1])), shape=(len(known), len(known))
    )
    n, group = sparse.csgraph.connected_components(graph, directed=False)
    head = np.zeros(n, np.int64)
    head[group[::-1]] = known[::-1]
    heads = head[group]
    other = known != heads
    return known[other], heads[other]


def _with_row_0(rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.concatenate([np.zeros((1, *rows.shape[1:]), rows.dtype), rows])
