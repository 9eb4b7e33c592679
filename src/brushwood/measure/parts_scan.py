"""Where the objects of a frame are: block by block, so that it need not be in memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

import numpy as np

from brushwood.arrays import ImageSource
from brushwood.jobs import Job
from brushwood.measure.index import IntArray
from brushwood.measure.region import Region
from brushwood.measure.runs import Runs, find_runs
from brushwood.measure.window import held

#: Bytes that finding the runs of a pixel takes at worst, besides the pixel.
_RUN_BYTES = 64


@dataclass(frozen=True, eq=False, slots=True)
class Found:
    """What is known of objects without their pixels.

    Attributes
    ----------
    labels : ndarray of int64, shape (n,)
        Ascending.
    n_pixels, n_runs : ndarray of int64, shape (n,)
        Runs are counted anew in each block that a line of pixels passes.
    low, high : ndarray of int64, shape (n, 3)
        Bounding box (z, y, x), `high` exclusive.
    sums : ndarray of int64, shape (n, 3)
        Sums of z, y and x over all pixels.
    """

    labels: IntArray
    n_pixels: IntArray
    n_runs: IntArray
    low: IntArray
    high: IntArray
    sums: IntArray

    def __len__(self) -> int:
        return int(self.labels.size)

    def some(self, numbers: IntArray) -> "Found":
        """Return some of the objects."""
        return Found(*(getattr(self, name)[numbers] for name in Found.__slots__))


@dataclass(frozen=True, eq=False, slots=True)
class Block:
    """A box of a frame to be looked through.

    Attributes
    ----------
    labels : ImageSource
    frame : tuple of int
    box : Region
    """

    labels: ImageSource
    frame: tuple[int, ...]
    box: Region


def blocks_of(labels: ImageSource, budget_bytes: int) -> Iterator[Region]:
    """Yield boxes that cover a frame, made of whole chunks where they fit into a budget."""
    limit = max(1, budget_bytes // (labels.dtype.itemsize + _RUN_BYTES))
    shape = labels.shape3
    size = _block_shape(shape, labels.chunks3 or (1, 1, 1), limit)
    for low in product(*(range(0, n, step) for n, step in zip(shape, size, strict=True))):
        high = [min(a + step, n) for a, step, n in zip(low, size, shape, strict=True)]
        yield Region(low, tuple(high))


def _block_shape(shape: Sequence[int], chunk: Sequence[int], limit: int) -> list[int]:
    """Return a shape of at most `limit` pixels: chunks side by side, or a part of one."""
    size = [min(c, n) for c, n in zip(chunk, shape, strict=True)]
    for axis in (0, 1, 2):
        if prod(size) > limit:
            size[axis] = max(1, size[axis] * limit // prod(size))
    for axis in (2, 1, 0):
        times = max(1, limit // prod(size))
        size[axis] = min(size[axis] * times, shape[axis])
    return size


def scan(block: Block, job: Job) -> Found:
    """Find the objects of a block."""
    source = held(block.labels, block.frame, block.box)
    return _of_runs(find_runs(source, (), job, block.box))


def _of_runs(runs: Runs) -> Found:
    order = np.argsort(runs.labels, kind="stable")
    labels, at = np.unique(runs.labels[order], return_index=True)
    if not labels.size:
        none, nowhere = np.zeros(0, np.int64), np.zeros((0, 3), np.int64)
        return Found(none, none, none, nowhere, nowhere, nowhere)
    start = runs.start[order].astype(np.int64)
    length = runs.length[order].astype(np.int64)
    end = start + 1
    end[:, 2] += length - 1
    sums = start * length[:, None]
    sums[:, 2] += length * (length - 1) // 2
    return Found(
        labels,
        np.add.reduceat(length, at),
        np.diff(at, append=length.size),
        np.minimum.reduceat(start, at, axis=0),
        np.maximum.reduceat(end, at, axis=0),
        np.add.reduceat(sums, at, axis=0),
    )


def merged(parts: Sequence[Found]) -> Found:
    """Join what blocks of one frame found."""
    labels = np.concatenate([part.labels for part in parts])
    order = np.argsort(labels, kind="stable")
    names, at = np.unique(labels[order], return_index=True)
    if not names.size:
        return parts[0]

    def joined(name: str, ufunc: np.ufunc) -> IntArray:
        values = np.concatenate([getattr(part, name) for part in parts])[order]
        found: IntArray = ufunc.reduceat(values, at, axis=0)
        return found

    sums = (joined(name, np.add) for name in ("n_pixels", "n_runs", "sums"))
    n_pixels, n_runs, positions = sums
    low, high = joined("low", np.minimum), joined("high", np.maximum)
    return Found(names, n_pixels, n_runs, low, high, positions)
