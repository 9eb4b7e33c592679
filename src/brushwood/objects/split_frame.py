"""Objects of one frame, block by block: areas across blocks, their pieces, their final numbers."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from brushwood.arrays import Triple
from brushwood.blocks import Block
from brushwood.jobs import Job
from brushwood.objects.areas import Bools, Ints
from brushwood.objects.numbering import Limits, Numbered, numbered
from brushwood.objects.parting import Parting, part_all
from brushwood.objects.seeds import SeedRule
from brushwood.objects.split_field import Field, Masks
from brushwood.objects.split_store import BlockStore, Shelf
from brushwood.objects.stitch import Components, MaskReader, Naming, Search
from brushwood.workers import IN_TURN, Workers


@dataclass(frozen=True, eq=False, slots=True)
class FrameObjects:
    """The objects of one frame, numbered from 1 in the order of their first pixels.

    Attributes
    ----------
    size : ndarray of int64
        Pixels of each object.
    n_found : int
        Objects before sizes and border were looked at.
    n_above : int
        Pixels above the threshold, or of the classes asked for.
    highest : float
        Highest probability, after smoothing; NaN for a class map.
    seeds : ndarray of int64, shape (n, 3)
        Places of the seeds, (z, y, x); none if they were not asked for.
    numbered : Numbered
        Reads them.
    """

    size: Ints
    n_found: int
    n_above: int
    highest: float
    seeds: Ints
    numbered: Numbered

    def __len__(self) -> int:
        return len(self.size)

    def read(self, region: Block) -> npt.NDArray[np.int32]:
        """Return the number of each pixel's object, 0 for background."""
        return self.numbered.read(region)


@dataclass(frozen=True, eq=False, slots=True)
class Desk:
    """Where and by whom a frame is worked on. What comes out does not depend on it.

    Attributes
    ----------
    shelf : Shelf
        For what is found on the way; of this frame only.
    workers : Workers
    seeds : bool
        Whether the places of seeds are wanted.
    """

    shelf: Shelf
    workers: Workers = IN_TURN
    seeds: bool = True


def split_frame(
    source: Field, size: Triple, limits: Limits, rule: SeedRule, desk: Desk, job: Job
) -> FrameObjects:
    """Find the objects of one frame.

    Parameters
    ----------
    source : Field
    size : three int
        Shape of a block. The result does not depend on it.
    """
    shape = source.source.shape3
    uses_cores = source.params.method == "hysteresis"
    again = uses_cores and (source.params.uses_seeds or source.params.fill_holes)
    cores = BlockStore(shape, size, bool, shelf=desk.shelf, name="cores") if again else None
    reader: MaskReader = _Reading(source, cores)
    highest = float("nan")
    if source.params.fill_holes:
        outside = _outside(reader, shape, size, desk, job.part(0.0, 0.3))
        reader = _Filled(_holes(outside, limits.hole, desk.shelf), cores)
        highest = outside.highest
    structure = ndimage.generate_binary_structure(3, 3 if rule.full else 1)
    search = Search(
        reader,
        shape,
        size,
        structure,
        desk.shelf,
        boxes=source.params.uses_seeds,
        smallest=limits.smallest,
    )
    areas = search.run(desk.workers, job.part(0.3 if source.params.fill_holes else 0.0, 0.5))
    # Pieces are no larger than their area, so that one too small for an object is decided now.
    kept = areas.size >= limits.smallest
    kept[0] = False
    if areas.core is not None:
        kept &= areas.core
    pieces = None
    if source.params.uses_seeds:
        parting = Parting(source, areas.naming, cores, rule, desk.shelf, desk.seeds)
        pieces = part_all(parting, areas, kept, limits.memory, desk.workers, job.part(0.5, 1.0))
    stays, final = numbered(areas, kept, pieces, limits, desk.shelf)
    return FrameObjects(
        size=stays,
        n_found=len(areas) + areas.n_dropped + (pieces.n - pieces.n_areas if pieces else 0),
        n_above=int(areas.size.sum()) + areas.n_dropped_pixels,
        highest=float(np.fmax(highest, areas.highest)),
        seeds=pieces.seeds if pieces else np.zeros((0, 3), np.int64),
        numbered=final,
    )


@dataclass(frozen=True, eq=False, slots=True)
class _Reading:
    """Masks from the input; cores are kept where they are needed again."""

    field: Field
    cores: BlockStore | None

    def masks(self, region: Block) -> Masks:
        seen = self.field.masks(region)
        if self.cores is not None and seen.cores is not None:
            self.cores.put(region, seen.cores)
        return seen


@dataclass(frozen=True, eq=False, slots=True)
class _Filled:
    """Masks whose holes are filled."""

    mask: Naming
    cores: BlockStore | None

    def masks(self, region: Block) -> Masks:
        cores = None if self.cores is None else self.cores.read(region)
        return Masks(self.mask.read(region), cores)


def _outside(reader: MaskReader, shape: Triple, size: Triple, desk: Desk, job: Job) -> Components:
    """Find connected background: through faces of pixels, as `scipy.ndimage.binary_fill_holes`."""
    faces = ndimage.generate_binary_structure(3, 1)
    search = Search(reader, shape, size, faces, desk.shelf, "outside ", inverted=True)
    return search.run(desk.workers, job)


def _holes(outside: Components, largest: float, shelf: Shelf) -> Naming:
    """Return what is mask, and what is background that does not reach the frame's border."""
    flat = outside.shape[0] == 1
    reached = outside.faces & (0b111100 if flat else 0b111111)
    filled: Bools = (reached == 0) & (outside.size <= largest)
    filled[0] = True  # not background
    naming = outside.naming
    of_names = filled[naming.table[:]]
    return Naming(naming.names, naming.starts, shelf.table("filled", of_names))
