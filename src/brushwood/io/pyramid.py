"""Coarser levels of an image on disk, made in parts that share no chunk."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import zarr

from brushwood.jobs import Job
from brushwood.workers import Workers

#: Levels are added until none of y and x is longer.
LARGEST_TOP = 1024
#: What a part may hold of the finer level, and the most levels that are made of it at once.
_PART_BYTES, _AT_ONCE = 48 << 20, 3


@dataclass(frozen=True, slots=True)
class PyramidPart:
    """A piece of a level, and the coarser levels that are made of it.

    Attributes
    ----------
    root : str
        Folder of the image; levels are in folders named by number.
    level : int
        The level that is read.
    count : int
        How many coarser levels are made.
    start, stop : tuple of int
        The piece at `level`: whole chunks of every coarser level.
    """

    root: str
    level: int
    count: int
    start: tuple[int, ...]
    stop: tuple[int, ...]


def coarser_shapes(shape: Sequence[int]) -> list[tuple[int, ...]]:
    """Return the shapes of the levels below the full resolution, each half as long in y and x."""
    shapes: list[tuple[int, ...]] = []
    now = tuple(shape)
    while max(now[-2:]) > LARGEST_TOP:
        now = (*now[:-2], *(-(-n // 2) for n in now[-2:]))
        shapes.append(now)
    return shapes


def build_levels(root: str, levels: Sequence[Any], workers: Workers, job: Job) -> None:
    """Fill the coarser levels of an image from the finest; no chunk is decoded twice.

    Parameters
    ----------
    root : str
        Folder of the image.
    levels : sequence of zarr array
        All levels, the finest first.
    workers : Workers
    job : Job

    Raises
    ------
    Cancelled
    """
    rounds: list[list[PyramidPart]] = []
    level = 0
    while level < len(levels) - 1:
        count = _at_once(levels, level)
        rounds.append(_parts(root, levels, level, count))
        level += count
    total = sum(map(len, rounds)) or 1
    done = 0
    for parts in rounds:
        stage = job.part(done / total, (done + len(parts)) / total)
        for _ in workers.each(build_part, parts, stage, "coarser levels"):
            pass
        done += len(parts)


def build_part(part: PyramidPart, job: Job) -> None:
    """Make the coarser levels of one piece: every other integer, the mean of other numbers."""
    job.checkpoint()
    box = tuple(slice(a, b) for a, b in zip(part.start, part.stop, strict=True))
    values = np.asarray(_open(part, 0)[box])
    if not values.any():
        return  # new arrays hold zeros
    start = list(part.start)
    for number in range(1, part.count + 1):
        values = halved(values)
        start[-2:] = [a // 2 for a in start[-2:]]
        stop = [a + n for a, n in zip(start, values.shape, strict=True)]
        _open(part, number)[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))] = values


def halved(fine: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return pixels at half the size along y and x: classes and labels are never averaged."""
    if fine.dtype.kind != "f":
        return fine[..., ::2, ::2]
    odd = [(0, 0)] * (fine.ndim - 2) + [(0, n % 2) for n in fine.shape[-2:]]
    even = np.pad(fine, odd, mode="edge") if fine.shape[-1] % 2 or fine.shape[-2] % 2 else fine
    total = even[..., ::2, ::2] + even[..., 1::2, ::2]
    total += even[..., ::2, 1::2]
    total += even[..., 1::2, 1::2]
    total /= 4
    return np.asarray(total)


def _open(part: PyramidPart, number: int) -> Any:
    store = zarr.storage.LocalStore(Path(part.root) / str(part.level + number))
    return zarr.open_array(store, mode="r+" if number else "r")


def _at_once(levels: Sequence[Any], level: int) -> int:
    """Return how many levels are made of one reading of a level."""
    count = 1
    while (
        count < min(_AT_ONCE, len(levels) - 1 - level)
        and prod(_span(levels, level, count + 1)) * levels[0].dtype.itemsize <= _PART_BYTES
    ):
        count += 1
    return count


def _span(levels: Sequence[Any], level: int, count: int) -> tuple[int, ...]:
    """Return the size, at a level, of the pieces that are whole chunks `count` levels below."""
    chunks = levels[level + count].chunks
    wide = [max(c, f) for c, f in zip(chunks[-2:], levels[level].chunks[-2:], strict=True)]
    return (*chunks[:-2], *(n << count for n in wide))


def _parts(root: str, levels: Sequence[Any], level: int, count: int) -> list[PyramidPart]:
    span, shape = _span(levels, level, count), levels[level].shape
    grid = [range(0, n, s) for n, s in zip(shape, span, strict=True)]
    return [
        PyramidPart(
            root,
            level,
            count,
            corner,
            tuple(min(a + s, n) for a, s, n in zip(corner, span, shape, strict=True)),
        )
        for corner in product(*grid)
    ]
