"""Objects of one frame, block by block: areas across blocks, their pieces, their final numbers."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from brushwood.arrays import Triple
from brushwood.blocks import Block, iter_blocks
from brushwood.errors import InputError
from brushwood.jobs import Job
from brushwood.objects.seeds import Parted, SeedRule, distance_landscape, part
from brushwood.objects.split_field import Field
from brushwood.objects.split_store import BlockStore
from brushwood.objects.stitch import Components, Ints, find_components

#: Memory that parting one area takes, bytes a pixel of its bounding box.
BYTES_PER_PIXEL = 120


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
        Places of the seeds, (z, y, x).
    """

    size: Ints
    n_found: int
    n_above: int
    highest: float
    seeds: Ints
    read: Callable[[Block], npt.NDArray[np.int32]]

    def __len__(self) -> int:
        return len(self.size)


@dataclass(frozen=True, slots=True)
class Limits:
    """What decides about finished objects.

    Attributes
    ----------
    smallest, largest, hole : float
        Sizes of objects, and the largest hole that is filled, in pixels; infinite for no limit.
    border : int
        Faces (as `Components.faces`) that an object must not touch.
    memory : float
        Bytes that parting one area may take.
    """

    smallest: float
    largest: float
    hole: float
    border: int
    memory: float


def split_frame(
    source: Field, size: Triple, limits: Limits, rule: SeedRule, job: Job
) -> FrameObjects:
    """Find the objects of one frame.

    Parameters
    ----------
    source : Field
    size : three int
        Shape of a block. The result does not depend on it.
    """
    mask, cores, highest = _masks(source, size, job.part(0.0, 0.25))
    if source.params.fill_holes:
        _fill_holes(mask, limits.hole, job.part(0.25, 0.4))
    structure = ndimage.generate_binary_structure(3, 3 if rule.full else 1)
    areas = find_components(mask, structure, job.part(0.4, 0.55))
    # Pieces are no larger than their area, so that one too small for an object is decided now.
    kept = areas.size >= limits.smallest
    kept[0] = False
    if cores is not None:
        kept &= _with_core(areas, cores)
    pieces = _Pieces(areas, mask.size)
    if source.params.uses_seeds:
        _Parting(source, areas, cores, rule, limits, pieces).run(kept, job.part(0.55, 0.9))
    return pieces.finish(kept, limits, highest)


def _masks(source: Field, size: Triple, job: Job) -> tuple[BlockStore, BlockStore | None, float]:
    shape = source.source.shape3
    mask = BlockStore(shape, size, bool)
    cores = BlockStore(shape, size, bool) if source.params.method == "hysteresis" else None
    blocks = list(iter_blocks(shape, size))
    highest = float("nan")
    for n, block in enumerate(blocks):
        job.checkpoint(n / len(blocks), "Reading")
        found = source.masks(block)
        mask.put(block, found.above)
        if cores is not None and found.cores is not None:
            cores.put(block, found.cores)
        highest = float(np.fmax(highest, found.highest))
    return mask, cores, highest


def _fill_holes(mask: BlockStore, largest: float, job: Job) -> None:
    """Add background that does not reach the frame's border through faces of pixels."""
    faces = ndimage.generate_binary_structure(3, 1)
    flat = mask.shape[0] == 1
    outside = find_components(mask, faces, job, inverted=True)
    reached = outside.faces & (0b111100 if flat else 0b111111)
    hole = (reached == 0) & (outside.size <= largest)
    hole[0] = False
    if not hole.any():
        return
    for block in iter_blocks(mask.shape, mask.size):
        job.checkpoint(1.0, "Filling holes")
        holes = hole[outside.read(block)]
        if holes.any():
            mask.put(block, mask.read(block) | holes)


def _with_core(areas: Components, cores: BlockStore) -> npt.NDArray[np.bool_]:
    found = np.zeros(len(areas) + 1, bool)
    for block in iter_blocks(cores.shape, cores.size):
        found[areas.read(block)[cores.read(block)]] = True
    found[0] = False
    return found


class _Pieces:
    """Areas that were parted: where their pieces lie, and what is known about each piece."""

    def __init__(self, areas: Components, size: Triple) -> None:
        self._areas = areas
        self._labels = BlockStore(areas.shape, size, np.int32)
        self._parted = np.zeros(len(areas) + 1, bool)
        self._size: list[Ints] = []
        self._first: list[Ints] = []
        self._faces: list[npt.NDArray[np.uint8]] = []
        self._seeds: list[Ints] = []
        self._n = 0

    @property
    def block_size(self) -> Triple:
        """Shape of a block."""
        return self._labels.size

    def add_dots(self, areas: Ints) -> None:
        """Note that areas of one pixel are their own seeds."""
        place = np.unravel_index(self._areas.first[areas], self._areas.shape)
        self._seeds.append(np.stack(place, axis=1))

    def add(self, area: int, box: Block, parted: Parted) -> None:
        """Note what became of an area, seen in a box."""
        self._seeds.append(_lifted(parted.seeds) + np.asarray(box.start))
        if parted.labels is None:
            return
        labels = parted.labels.reshape(box.shape)
        n = int(labels.max())
        self._parted[area] = True
        self._labels.paste(box, np.where(labels > 0, labels + np.int32(self._n), 0))
        flat = np.flatnonzero(labels)
        owner = labels.ravel()[flat]
        place = [p + a for p, a in zip(np.unravel_index(flat, box.shape), box.start, strict=True)]
        shape = self._areas.shape
        _, first = np.unique(owner, return_index=True)
        self._first.append(np.ravel_multi_index([p[first] for p in place], shape))
        self._size.append(np.bincount(owner, minlength=n + 1)[1:])
        faces = np.zeros(n + 1, np.uint8)
        for axis in range(3):
            faces[owner[place[axis] == 0]] |= np.uint8(1 << (2 * axis))
            faces[owner[place[axis] == shape[axis] - 1]] |= np.uint8(2 << (2 * axis))
        self._faces.append(faces[1:])
        self._n += n

    def finish(self, kept: npt.NDArray[np.bool_], limits: Limits, highest: float) -> FrameObjects:
        """Number what stays."""
        areas = self._areas
        whole = np.flatnonzero(kept & ~self._parted)
        size = np.concatenate([areas.size[whole], *self._size])
        first = np.concatenate([areas.first[whole], *self._first])
        faces = np.concatenate([areas.faces[whole], *self._faces])
        stays = (size >= limits.smallest) & (size <= limits.largest)
        stays &= (faces & limits.border) == 0
        chosen = np.flatnonzero(stays)
        chosen = chosen[np.argsort(first[chosen], kind="stable")]
        if len(chosen) > np.iinfo(np.int32).max:
            raise InputError(
                f"There are {len(chosen):,} objects, more than 32-bit labels can number. "
                "Ask for larger objects, or smooth the probabilities."
            )
        number = np.zeros(len(size), np.int32)
        number[chosen] = np.arange(1, len(chosen) + 1)
        of_area = np.zeros(len(areas) + 1, np.int32)
        of_area[whole] = number[: len(whole)]
        of_piece = np.concatenate([np.zeros(1, np.int32), number[len(whole) :]])

        def read(region: Block) -> npt.NDArray[np.int32]:
            out = of_area[areas.read(region)]
            if self._n:
                piece = self._labels.read(region)
                np.copyto(out, of_piece[piece], where=piece > 0)
            return out

        seeds = np.concatenate([np.zeros((0, 3), np.int64), *self._seeds])
        n_found = len(areas) - int(self._parted.sum()) + self._n
        n_above = int(areas.size.sum())
        return FrameObjects(size[chosen], n_found, n_above, highest, seeds, read)


@dataclass(frozen=True, eq=False, slots=True)
class _Parting:
    """Parts areas one by one; each belongs to the block that holds its first pixel."""

    source: Field
    areas: Components
    cores: BlockStore | None
    rule: SeedRule
    limits: Limits
    pieces: _Pieces

    def run(self, kept: npt.NDArray[np.bool_], job: Job) -> None:
        """Part all areas that are kept and have more than one pixel."""
        todo = np.flatnonzero(kept & (self.areas.size > 1))
        self.pieces.add_dots(np.flatnonzero(kept & (self.areas.size == 1)))
        done = 0
        for block, numbers in self._owned(todo):
            boxes = {int(n): self._box(int(n)) for n in numbers}
            near = block.grown([s // 2 for s in block.shape], self.areas.shape)
            small = {n: box for n, box in boxes.items() if box.overlap(near) == box}
            large = [{n: box} for n, box in boxes.items() if n not in small]
            for some in (small, *large):
                if not some:
                    continue
                hull = _hull(some.values())
                view = self._view(hull)
                for n, box in some.items():
                    job.checkpoint(done / len(todo), "Parting what touches")
                    done += 1
                    self._part(n, box, hull, view)

    def _owned(self, todo: Ints) -> Iterator[tuple[Block, Ints]]:
        """Yield each block of the grid with the areas that begin in it."""
        size, shape = self.pieces.block_size, self.areas.shape
        place = np.unravel_index(self.areas.first[todo], shape)
        cells = [p // s for p, s in zip(place, size, strict=True)]
        counts = [-(-n // s) for n, s in zip(shape, size, strict=True)]
        cell = np.ravel_multi_index(cells, counts)
        order = np.argsort(cell, kind="stable")
        bounds = np.searchsorted(cell[order], np.arange(prod(counts) + 1))
        for i, block in enumerate(iter_blocks(shape, size)):
            mine = todo[order[bounds[i] : bounds[i + 1]]]
            if len(mine):
                yield block, mine

    def _box(self, number: int) -> Block:
        """Return an area's box with the background around it, if it can be worked on."""
        box = self.areas.box(number).grown((1, 1, 1), self.areas.shape)
        need = prod(box.shape) * BYTES_PER_PIXEL
        if need > self.limits.memory:
            raise _too_large(box, need, self.limits.memory)
        return box

    def _view(self, hull: Block) -> dict[str, npt.NDArray[Any]]:
        view: dict[str, npt.NDArray[Any]] = {"areas": self.areas.read(hull)}
        if self.source.params.method != "distance":
            view["landscape"] = self.source.landscape(hull)
        if self.cores is not None:
            view["cores"] = self.cores.read(hull)
        return view

    def _part(
        self, number: int, box: Block, hull: Block, view: dict[str, npt.NDArray[Any]]
    ) -> None:
        ndim = self.source.source.ndim
        crop = {
            name: array[box.within(hull)].reshape(box.shape[-ndim:]) for name, array in view.items()
        }
        area = crop["areas"] == number
        landscape = crop.get("landscape")
        if landscape is None:
            landscape = distance_landscape(area, self.rule)
        elif self.source.image is not None:
            # An image's level is no height: a camera's offset must not hide a dip.
            landscape = landscape - landscape[area].min()
        self.pieces.add(number, box, part(area, landscape, self.rule, crop.get("cores")))


def _hull(boxes: Iterable[Block]) -> Block:
    """Return the smallest box that holds all of these."""
    every = list(boxes)
    low = [min(box.start[a] for box in every) for a in range(3)]
    high = [max(box.stop[a] for box in every) for a in range(3)]
    return Block((low[0], low[1], low[2]), (high[0], high[1], high[2]))


def _lifted(places: Ints) -> Ints:
    """Write places (y, x) as (z, y, x)."""
    return np.pad(places, ((0, 0), (3 - places.shape[1], 0)))


def _too_large(box: Block, need: float, have: float) -> InputError:
    size = " × ".join(f"{n:,}" for n in box.shape if n > 1)
    return InputError(
        f"One connected area spans {size} pixels; parting it takes about {need / 2**30:.1f} GB of "
        f"memory, and {have / 2**30:.1f} GB may be used. Raise the threshold or smooth less so "
        "that it falls apart, split by components instead, or set BRUSHWOOD_OBJECT_MEMORY to more."
    )
