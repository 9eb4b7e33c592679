"""The last step: which areas and pieces are objects, and the number of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from brushwood.blocks import Block, blocks_over
from brushwood.errors import InputError
from brushwood.objects.areas import Bools, Faces, Ints, cell_of
from brushwood.objects.parting import Pieces, Tile
from brushwood.objects.split_store import Shelf, Table
from brushwood.objects.stitch import Components, Naming


@dataclass(frozen=True, slots=True)
class Limits:
    """What decides about finished objects.

    Attributes
    ----------
    smallest, largest, hole : float
        Sizes of objects, and the largest hole that is filled, in pixels; infinite for no limit.
    border : int
        Faces (as `Described.faces`) that an object must not touch.
    memory : float
        Bytes that parting one area may take.
    """

    smallest: float
    largest: float
    hole: float
    border: int
    memory: float


@dataclass(frozen=True, eq=False, slots=True)
class Numbered:
    """Reads the numbers of objects. It travels to workers.

    Attributes
    ----------
    areas : Naming
        Numbers of areas that were not parted, 0 for those that were.
    pieces : Table of int32
        Number of each piece, from row 1.
    starts : Table of int64
        Pieces before each share.
    tiles : mapping of int to sequence of Tile
        Where pieces lie, by block of the grid.
    shelf : Shelf
        Where they are kept.
    """

    areas: Naming
    pieces: Table
    starts: Table
    tiles: Mapping[int, Sequence[Tile]]
    shelf: Shelf

    def read(self, region: Block) -> npt.NDArray[np.int32]:
        """Return the number of each pixel's object, 0 for background."""
        out: npt.NDArray[np.int32] = self.areas.read(region)
        for cell in self._cells(region) if self.tiles else ():
            for tile in self.tiles.get(cell, ()):
                part = tile.block.overlap(region)
                if part is None:
                    continue
                labels = self.shelf.get(tile.name, tile.block.shape, np.int32)
                assert labels is not None, "tiles are kept before they are asked for"
                inside = labels[part.within(tile.block)]
                first, last = self.starts[tile.share : tile.share + 2].tolist()
                number = self.pieces[first : last + 1]
                np.copyto(out[part.within(region)], number[inside], where=inside > 0)
        return out

    def tiles_in(self, region: Block) -> dict[int, Sequence[Tile]]:
        """Return the tiles that are needed to read one region."""
        return {c: self.tiles[c] for c in self._cells(region) if c in self.tiles}

    def _cells(self, region: Block) -> list[int]:
        size, shape = self.areas.names.size, self.areas.names.shape
        return [cell_of(b.start, size, shape) for b in blocks_over(region, size, shape)]


def numbered(
    areas: Components, kept: Bools, pieces: Pieces | None, limits: Limits, shelf: Shelf
) -> tuple[Ints, Numbered]:
    """Number what stays by its first pixel.

    Returns
    -------
    ndarray of int64
        Pixels of each object.
    Numbered

    Raises
    ------
    InputError
        If there are more than 32-bit labels can number.
    """
    whole = kept & _fits(areas.size, areas.faces, limits)
    stays, places = np.zeros(0, bool), np.zeros(0, np.int64)
    if pieces is not None:
        whole[pieces.areas] = False
        stays = _fits(pieces.size, pieces.faces, limits)
        rows = np.flatnonzero(stays)
        places = rows[np.argsort(pieces.first[rows], kind="stable")]
    count = int(np.count_nonzero(whole)) + len(places)
    if count > np.iinfo(np.int32).max:
        raise InputError(
            f"There are {count:,} objects, more than 32-bit labels can number. "
            "Ask for larger objects, or smooth the probabilities."
        )
    # Areas are in the order of their first pixels; pieces go in between.
    of_area = np.cumsum(whole, dtype=np.int32)
    of_area[~whole] = 0
    of_piece = np.zeros(1 + len(stays), np.int32)
    size = areas.size[whole]
    if pieces is not None and len(places):
        mine, theirs = areas.first[whole], pieces.first[places]
        of_area[whole] += np.searchsorted(theirs, mine).astype(np.int32)
        of_piece[1 + places] = np.searchsorted(mine, theirs) + np.arange(1, len(places) + 1)
        every = np.zeros(count, np.int64)
        every[of_area[whole] - 1] = size
        every[of_piece[1 + places] - 1] = pieces.size[places]
        size = every
    naming = areas.naming
    return size, Numbered(
        Naming(naming.names, naming.starts, shelf.table("final", of_area[naming.table[:]])),
        shelf.table("of pieces", of_piece),
        shelf.table("piece starts", np.zeros(1, np.int64) if pieces is None else pieces.starts),
        {} if pieces is None else pieces.tiles,
        shelf,
    )


def _fits(size: Ints, faces: Faces, limits: Limits) -> Bools:
    fits: Bools = (size >= limits.smallest) & (size <= limits.largest)
    fits &= (faces & limits.border) == 0
    return fits
