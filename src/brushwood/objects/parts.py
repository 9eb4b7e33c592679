"""Objects of an image larger than memory, made by many workers at once."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from math import nan, prod
from pathlib import Path
from typing import Any

import numpy as np

from brushwood.arrays import ImageSource, Triple
from brushwood.blocks import whole
from brushwood.jobs import IDLE, Job
from brushwood.objects.areas import Ints
from brushwood.objects.reach import spilled, travels
from brushwood.objects.split_frame import Desk
from brushwood.objects.split_store import FolderShelf, MemoryShelf, Shelf
from brushwood.objects.split_write import Target, check_count, check_out
from brushwood.objects.splitter import SplitSummary, Splitter, block_size
from brushwood.workers import IN_TURN, Workers

#: Frames of at most this many pixels are worked on as a whole, each by one worker.
_SMALL_FRAME = 4 << 20

Frame = tuple[int, ...]


def split_in_parts(
    splitter: Splitter,
    out: Any,
    *,
    scratch: Path,
    workers: Workers = IN_TURN,
    block: Sequence[int] | None = None,
    job: Job = IDLE,
) -> SplitSummary:
    """Find objects with all workers at once; the result is that of `Splitter.run`, bit for bit.

    Parameters
    ----------
    splitter : Splitter
        For workers in other processes its arrays should be in files; others are copied to
        `scratch` first.
    out : array-like
        Integers, shape of the input. A frame is written when all its objects are known. Workers
        write whole chunks of it, never two into one; if other processes cannot reach it, the
        calling thread writes.
    scratch : Path
        Folder for what is found on the way, which all workers see. It is made if need be; what was
        put there is removed at the end.
    workers : Workers
    block : sequence of int, optional
        Size of a block along the spatial axes.
    job : Job

    Returns
    -------
    SplitSummary

    Raises
    ------
    InputError, ShapeMismatchError
        As `Splitter.run`.
    OutputError
        If files in `scratch` vanish.

    Notes
    -----
    The caller holds tables with a row a connected area, never pixels: about 60 bytes a row, or 140
    with a method that parts areas, for those that are not smaller than `SplitParams.min_size`.
    Workers hold a few blocks, or one connected area with its surroundings (about 120 bytes a pixel
    of its box); areas that need more than a worker's share of the memory are parted one by one.
    """
    source = splitter.source
    check_out(out, (*source.frames, *source.shape))
    size = block_size(source, block, out)
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        prefix="objects-", dir=scratch, ignore_cleanup_errors=True
    ) as folder:
        own = Path(folder)
        writers = workers
        if workers.is_remote:
            splitter = _reachable(splitter, own, size, job.part(0.0, 0.1))
            job = job.part(0.1, 1.0)
            writers = workers if travels(out) else IN_TURN
        frames = list(source.iter_frames())
        if len(frames) > 1 and workers.n > 1 and prod(source.shape3) <= _SMALL_FRAME:
            series = _Series(splitter, Target(out, source.ndim), size, FolderShelf(own))
            return series.run(frames, workers, writers, job)

        def desk_for(frame: Frame) -> Desk:
            shelf = own / "-".join(map(str, ("frame", *frame)))
            shelf.mkdir()
            return Desk(FolderShelf(shelf), workers, seeds=False)

        written = _of_whole_chunks(size, source, out)
        return splitter.run_at(desk_for, out, size, written, job, writers)


def _reachable(splitter: Splitter, folder: Path, size: Triple, job: Job) -> Splitter:
    """Copy arrays that other processes do not reach."""
    source, image = splitter.source, splitter.image
    if not travels(source.data):
        source = spilled(source, folder / "source.npy", size, job)
    if image is not None and not travels(image.data):
        image = spilled(image, folder / "image.npy", size, job)
    return replace(splitter, source=source, image=image)


def _of_whole_chunks(size: Triple, source: ImageSource, out: Any) -> Triple:
    """Return a block that is no smaller and that shares no chunk of the output with another."""
    steps = [1] * (3 - source.ndim) + _chunks(out)[-source.ndim :]
    z, y, x = (-(-s // c) * c for s, c in zip(size, steps, strict=True))
    return z, y, x


def _chunks(out: Any) -> list[int]:
    """Return what is stored at once, along each axis."""
    chunks = getattr(out, "shards", None) or getattr(out, "chunks", None)
    if not chunks or len(chunks) != len(out.shape):
        return [1] * len(out.shape)
    return [int(c) for c in chunks]


@dataclass(frozen=True, eq=False, slots=True)
class _Made:
    """What was found in a frame."""

    sizes: Ints
    n_found: int
    n_above: int
    highest: float


@dataclass(frozen=True, eq=False, slots=True)
class _Series:
    """Many small frames, each worked on as a whole. It travels to workers."""

    splitter: Splitter
    target: Target
    size: Triple
    shelf: Shelf

    def run(
        self, frames: Sequence[Frame], workers: Workers, writers: Workers, job: Job
    ) -> SplitSummary:
        """Find the objects of all frames, then number and write them."""
        made: list[_Made] = [_Made(np.zeros(0, np.int64), 0, 0, nan)] * len(frames)
        found = workers.each(partial(_make, self), frames, job.part(0.0, 0.9), "Making objects")
        for n, answer in found:
            made[n] = answer
        last = np.cumsum([0, *(len(m.sizes) for m in made)])
        check_count(int(last[-1]), self.target.out)
        groups = list(self._groups(list(zip(frames, last.tolist(), strict=False))))
        for _ in writers.each(partial(_write, self), groups, job.part(0.9, 1.0), "Writing"):
            pass
        return SplitSummary(
            np.concatenate([m.sizes for m in made]),
            sum(m.n_found for m in made),
            sum(m.n_above for m in made),
            float(np.fmax.reduce([m.highest for m in made])),
        )

    def _groups(self, frames: Sequence[tuple[Frame, int]]) -> Iterator[list[tuple[Frame, int]]]:
        """Yield frames that share chunks of the output."""
        chunks = _chunks(self.target.out)

        def chunk(item: tuple[Frame, int]) -> Frame:
            return tuple(i // c for i, c in zip(item[0], chunks, strict=False))

        for _, group in groupby(sorted(frames, key=chunk), key=chunk):
            yield list(group)


def _make(series: _Series, frame: Frame, job: Job) -> _Made:
    shape = series.splitter.source.shape3
    found = series.splitter.frame(frame, series.size, job, desk=Desk(MemoryShelf(), seeds=False))
    series.shelf.put(_name(frame), found.read(whole(shape)))
    return _Made(found.size, found.n_found, found.n_above, found.highest)


def _write(series: _Series, group: list[tuple[Frame, int]], job: Job) -> None:
    shape = series.splitter.source.shape3
    for n, (frame, last) in enumerate(group):
        job.checkpoint(n / len(group), "Writing")
        ids = series.shelf.get(_name(frame), shape, np.int32)
        assert ids is not None, "frames are kept before they are asked for"
        series.target.put(frame, whole(shape), ids, last)


def _name(frame: Frame) -> str:
    return "-".join(map(str, ("objects", *frame)))
