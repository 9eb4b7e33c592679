"""Parting connected areas into pieces, each area by the block that holds its first pixel."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.arrays import Triple
from brushwood.aside import run_aside
from brushwood.blocks import Block, blocks_over, iter_blocks
from brushwood.errors import InputError
from brushwood.jobs import Job
from brushwood.objects.areas import Bools, Described, Faces, Ints, cell_of, describe, stacked
from brushwood.objects.seeds import Parted, SeedRule, distance_landscapes, part
from brushwood.objects.split_field import Field
from brushwood.objects.split_store import BlockStore, Shelf
from brushwood.objects.stitch import Components, Naming
from brushwood.workers import Workers

#: Memory that parting one area takes, bytes a pixel of its bounding box.
BYTES_PER_PIXEL = 120
_MESSAGE = "Parting what touches"
#: Pixels of areas that are worked on by one call, and how many of a pile its boxes may leave empty.
_PILE = 1 << 15
_AIR = 1.5
#: From so many pixels on, parting may take longer than one should wait for a cancel.
_LONG = 1 << 18


@dataclass(frozen=True, eq=False, slots=True)
class Parting:
    """What areas are parted by. It travels to workers.

    Attributes
    ----------
    field : Field
        The input.
    areas : Naming
        Reads the numbers of areas.
    cores : BlockStore of bool, or None
        Seeds, if they are not the landscape's peaks.
    rule : SeedRule
    shelf : Shelf
        Where pieces are kept.
    seeds : bool
        Whether the places of seeds are wanted.
    """

    field: Field
    areas: Naming
    cores: BlockStore | None
    rule: SeedRule
    shelf: Shelf
    seeds: bool


@dataclass(frozen=True, eq=False, slots=True)
class Share:
    """Areas that are parted together.

    Attributes
    ----------
    position : int
        Of this share among all.
    areas : ndarray of int64
        Their numbers.
    low, high : ndarray of int64, shape (n, 3)
        Boxes with the background around them.
    """

    position: int
    areas: Ints
    low: Ints
    high: Ints

    @property
    def hull(self) -> Block:
        """The smallest box that holds all boxes."""
        return _box(self.low.min(axis=0), self.high.max(axis=0))

    @property
    def pixels(self) -> npt.NDArray[np.float64]:
        """Pixels of each box."""
        n: npt.NDArray[np.float64] = np.prod(self.high - self.low, axis=1, dtype=np.float64)
        return n


@dataclass(frozen=True, slots=True)
class Tile:
    """Pieces of one share in one block of the grid, numbered from 1 over the share.

    Attributes
    ----------
    block : Block
        The part of the block that they lie in.
    name : str
        On the shelf.
    share : int
    """

    block: Block
    name: str
    share: int


@dataclass(frozen=True, eq=False, slots=True)
class Pieces:
    """What became of areas.

    Attributes
    ----------
    areas : ndarray of int64
        The areas that were parted.
    size, first, faces : ndarray
        As in `Described`, a row a piece, share after share.
    starts : ndarray of int64
        Pieces before each share, then all.
    tiles : dict of int to list of Tile
        Where they lie, by block of the grid.
    seeds : ndarray of int64, shape (m, 3)
        Seeds of all areas that were looked at.
    """

    areas: Ints
    size: Ints
    first: Ints
    faces: Faces
    starts: Ints
    tiles: dict[int, list[Tile]]
    seeds: Ints

    @property
    def n(self) -> int:
        """Number of pieces."""
        return len(self.size)

    @property
    def n_areas(self) -> int:
        """Number of areas that were parted."""
        return len(self.areas)


@dataclass(slots=True)
class _Answer:
    """What one share gave."""

    areas: list[int] = field(default_factory=list)
    described: Described | None = None
    tiles: list[tuple[int, Tile]] = field(default_factory=list)
    seeds: list[Ints] = field(default_factory=list)


def part_all(
    parting: Parting, areas: Components, kept: Bools, memory: float, workers: Workers, job: Job
) -> Pieces:
    """Part all areas that are kept and have more than one pixel.

    Parameters
    ----------
    memory : float
        Bytes that parting may take.

    Raises
    ------
    InputError
        If one area needs more.
    """
    dots = np.flatnonzero(kept & (areas.size == 1))
    seeds = [np.stack(np.unravel_index(areas.first[dots], areas.shape), axis=1)]
    shares = _shares(areas, np.flatnonzero(kept & (areas.size > 1)), parting.areas.names.size)
    heavy = []
    for share in shares:
        largest = int(np.argmax(share.pixels))
        need = float(share.pixels[largest]) * BYTES_PER_PIXEL
        if need > memory:
            raise _too_large(_box(share.low[largest], share.high[largest]), need, memory)
        # Workers may share one machine's memory.
        heavy.append(need * workers.n > memory)
    light = [share for share, is_heavy in zip(shares, heavy, strict=True) if not is_heavy]
    one_by_one = [[share] for share, is_heavy in zip(shares, heavy, strict=True) if is_heavy]
    answers = [_Answer()] * len(shares)
    total, done = sum(float(share.pixels.sum()) for share in shares) or 1.0, 0.0
    for some in (light, *one_by_one):
        costs = [float(share.pixels.sum()) for share in some]
        part_job = job.part(done / total, (done + sum(costs)) / total)
        done += sum(costs)
        found = workers.each(partial(_part, parting), some, part_job, _MESSAGE, costs)
        for n, answer in found:
            answers[some[n].position] = answer
    return _gathered(answers, seeds if parting.seeds else [])


def _gathered(answers: Sequence[_Answer], seeds: list[Ints]) -> Pieces:
    tiles: dict[int, list[Tile]] = {}
    for answer in answers:
        for cell, tile in answer.tiles:
            tiles.setdefault(cell, []).append(tile)
    described = [answer.described for answer in answers if answer.described is not None]
    counts = [0 if answer.described is None else len(answer.described) for answer in answers]
    return Pieces(
        areas=np.array([a for answer in answers for a in answer.areas], np.int64),
        size=stacked(described, "size", np.int64),
        first=stacked(described, "first", np.int64),
        faces=stacked(described, "faces", np.uint8),
        starts=np.cumsum([0, *counts], dtype=np.int64),
        tiles=tiles,
        seeds=np.concatenate(
            [np.zeros((0, 3), np.int64), *seeds, *(s for a in answers for s in a.seeds)]
        ),
    )


def _shares(areas: Components, todo: Ints, size: Triple) -> list[Share]:
    """Group areas by the block that they begin in; those that reach far from it are alone."""
    shape = areas.shape
    assert areas.low is not None
    assert areas.high is not None
    low = np.maximum(areas.low[todo] - 1, 0)
    high = np.minimum(areas.high[todo] + 1, shape)
    place = np.unravel_index(areas.first[todo], shape)
    counts = [-(-n // s) for n, s in zip(shape, size, strict=True)]
    cells = [p // s for p, s in zip(place, size, strict=True)]
    cell = np.ravel_multi_index(cells, counts)
    order = np.argsort(cell, kind="stable")
    bounds = np.searchsorted(cell[order], np.arange(prod(counts) + 1))
    shares: list[Share] = []
    for n, block in enumerate(iter_blocks(shape, size)):
        mine = order[bounds[n] : bounds[n + 1]]
        if not len(mine):
            continue
        near = block.grown([s // 2 for s in block.shape], shape)
        inside = ((low[mine] >= near.start) & (high[mine] <= near.stop)).all(axis=1)
        for some in (mine[inside], *mine[~inside][:, None]):
            if len(some):
                shares.append(Share(len(shares), todo[some], low[some], high[some]))
    return shares


def _part(parting: Parting, share: Share, job: Job) -> _Answer:
    """Part the areas of a share, and keep their pieces."""
    if share.hull.n_pixels < _LONG:
        return _part_now(parting, share, job)
    return run_aside(lambda watch: _part_now(parting, share, Job(watch.stop_here)), job, _MESSAGE)


def _part_now(parting: Parting, share: Share, job: Job) -> _Answer:
    hull = share.hull
    job.checkpoint(0.0, _MESSAGE)
    view = _view(parting, hull)
    labels = np.zeros(hull.shape, np.int32)
    seeds: list[Ints] = [np.zeros((0, 3), np.int64)] * len(share.areas)
    answer = _Answer()
    n = done = 0
    for batch in _batches(share, parting.field.source.ndim):
        look = partial(job.checkpoint, done / len(share.areas), _MESSAGE)
        look()
        parted = _part_batch(parting, share, batch, view, look)
        done += len(batch)
        for i, pieces in zip(batch, parted, strict=True):
            box = _box(share.low[i], share.high[i])
            if parting.seeds:
                lifted = np.pad(pieces.seeds, ((0, 0), (3 - pieces.seeds.shape[1], 0)))
                seeds[i] = lifted + np.asarray(box.start)
            if pieces.labels is not None:
                answer.areas.append(int(share.areas[i]))
                crop = pieces.labels.reshape(box.shape)
                np.copyto(labels[box.within(hull)], crop + np.int32(n), where=crop > 0)
                n += int(crop.max())
    answer.seeds = seeds if parting.seeds else []
    job.checkpoint(1.0, _MESSAGE)
    if n:
        answer.described = describe(labels, hull, n, parting.areas.names.shape)
        answer.tiles = _kept(parting, share, labels, hull)
    return answer


def _batches(share: Share, ndim: int) -> Iterator[list[int]]:
    """Yield areas, by their positions in a share, whose boxes make a pile without much air."""
    shapes = (share.high - share.low)[:, -ndim:].astype(np.int64)
    batch: list[int] = []
    rows = filled = 0
    widest = np.zeros(ndim - 1, np.int64)
    for i in np.argsort(shapes[:, 1:].max(axis=1), kind="stable").tolist():
        wide = np.maximum(widest, shapes[i, 1:])
        volume = (rows + int(shapes[i, 0]) + 1) * int(wide.prod())
        own = int(shapes[i].prod())
        if batch and (volume > _PILE or volume > _AIR * (filled + own) + 4096):
            yield batch
            batch, rows, filled, wide = [], 0, 0, shapes[i, 1:]
        batch.append(i)
        rows += int(shapes[i, 0]) + 1
        filled += own
        widest = wide
    if batch:
        yield batch


def _view(parting: Parting, hull: Block) -> dict[str, npt.NDArray[Any]]:
    view: dict[str, npt.NDArray[Any]] = {"areas": parting.areas.read(hull)}
    if parting.field.params.method != "distance":
        view["landscape"] = parting.field.landscape(hull)
    if parting.cores is not None:
        view["cores"] = parting.cores.read(hull)
    return view


def _part_batch(
    parting: Parting,
    share: Share,
    batch: Sequence[int],
    view: dict[str, npt.NDArray[Any]],
    look: Callable[[], None],
) -> list[Parted]:
    """Part some of a share's areas, (Y, X) or (Z, Y, X)."""
    ndim, hull = parting.field.source.ndim, share.hull
    boxes = [_box(share.low[i], share.high[i]) for i in batch]

    def crops(name: str) -> list[npt.NDArray[Any]]:
        array = view[name]
        return [array[box.within(hull)].reshape(box.shape[-ndim:]) for box in boxes]

    numbers = share.areas[list(batch)].tolist()
    areas = [crop == number for crop, number in zip(crops("areas"), numbers, strict=True)]
    if "landscape" not in view:
        shape = np.asarray(parting.areas.names.shape)
        ends = (share.low[list(batch)] == 0) | (share.high[list(batch)] == shape)
        cut = ends[:, -ndim:].any(axis=1).tolist()
        landscapes = distance_landscapes(areas, cut, parting.rule)
    else:
        landscapes = crops("landscape")
        if parting.field.image is not None:
            # An image's level is no height: a camera's offset must not hide a dip.
            landscapes = [
                crop - crop[area].min() for crop, area in zip(landscapes, areas, strict=True)
            ]
    cores = None if parting.cores is None else crops("cores")
    return part(areas, landscapes, parting.rule, cores, seeds=parting.seeds, look=look)


def _kept(
    parting: Parting, share: Share, labels: npt.NDArray[np.int32], hull: Block
) -> list[tuple[int, Tile]]:
    """Keep the pieces of a share, cut along the grid."""
    names = parting.areas.names
    tiles = []
    for block in blocks_over(hull, names.size, names.shape):
        part_of = block.overlap(hull)
        if part_of is None or not (inside := labels[part_of.within(hull)]).any():
            continue
        cell = cell_of(block.start, names.size, names.shape)
        name = f"pieces/{share.position}.{cell}"
        parting.shelf.put(name, np.ascontiguousarray(inside))
        tiles.append((cell, Tile(part_of, name, share.position)))
    return tiles


def _box(low: Ints, high: Ints) -> Block:
    (z, y, x), (d, h, w) = low.tolist(), high.tolist()
    return Block((z, y, x), (d, h, w))


def _too_large(box: Block, need: float, have: float) -> InputError:
    size = " × ".join(f"{n:,}" for n in box.shape if n > 1)
    return InputError(
        f"One connected area spans {size} pixels; parting it takes about {need / 2**30:.1f} GB of "
        f"memory, and {have / 2**30:.1f} GB may be used. Raise the threshold or smooth less so "
        "that it falls apart, split by components instead, or set BRUSHWOOD_OBJECT_MEMORY to more."
    )
