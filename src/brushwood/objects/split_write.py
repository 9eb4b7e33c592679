"""Writes objects into an array, region by region or frame by frame."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.arrays import Triple
from brushwood.blocks import Block, iter_blocks
from brushwood.errors import InputError, ShapeMismatchError
from brushwood.jobs import Job
from brushwood.objects.numbering import Numbered
from brushwood.objects.parting import Tile
from brushwood.workers import Workers

_MESSAGE = "Writing"


@dataclass(frozen=True, eq=False, slots=True)
class Target:
    """Where a frame's objects go. It travels to workers.

    Attributes
    ----------
    out : array-like
        Integers (…frames, Y, X) or (…frames, Z, Y, X).
    ndim : {2, 3}
    """

    out: Any
    ndim: int

    def put(
        self, frame: tuple[int, ...], region: Block, ids: npt.NDArray[np.int32], last: int
    ) -> None:
        """Write a region's objects, numbered after `last`."""
        wide: npt.NDArray[Any] = ids
        if last:
            wide = np.where(ids > 0, ids.astype(np.int64) + last, 0)
        wide = wide.astype(self.out.dtype, copy=False).reshape(ids.shape[-self.ndim :])
        self.out[(*frame, *region.slices[-self.ndim :])] = wide


@dataclass(frozen=True, eq=False, slots=True)
class Writing:
    """A frame's objects on their way. It travels to workers.

    Attributes
    ----------
    objects : Numbered
    target : Target
    frame : tuple of int
    last : int
        Objects of the frames before: numbers go on after it.
    """

    objects: Numbered
    target: Target
    frame: tuple[int, ...]
    last: int


def write(writing: Writing, shape: Triple, size: Triple, workers: Workers, job: Job) -> None:
    """Write a frame.

    Parameters
    ----------
    shape, size : three int
        Shape of the frame, and of what is written at once.
    """
    regions = list(iter_blocks(shape, size))
    # Each travels with the tiles of its own region only.
    items = [(region, writing.objects.tiles_in(region)) for region in regions]
    bare = replace(writing, objects=replace(writing.objects, tiles={}))
    weights = [region.n_pixels for region in regions]
    for _ in workers.each(partial(_write, bare), items, job, _MESSAGE, weights):
        pass


def _write(writing: Writing, item: tuple[Block, dict[int, Sequence[Tile]]], job: Job) -> None:
    region, tiles = item
    job.checkpoint(0.0, _MESSAGE)
    ids = replace(writing.objects, tiles=tiles).read(region)
    writing.target.put(writing.frame, region, ids, writing.last)


def check_out(out: Any, shape: tuple[int, ...]) -> None:
    """Raise if an array cannot take objects.

    Raises
    ------
    ShapeMismatchError, InputError
    """
    if tuple(out.shape) != shape:
        raise ShapeMismatchError(
            f"out has the shape {tuple(out.shape)}, but the classes have {shape}. "
            "Pass arrays of one shape."
        )
    if np.dtype(out.dtype).kind not in "iu":
        raise InputError(f"out must hold whole numbers, int32 for instance, not {out.dtype}.")


def check_count(n: int, out: Any) -> None:
    """Raise if an array cannot hold a number.

    Raises
    ------
    InputError
    """
    if n > np.iinfo(out.dtype).max:
        raise InputError(
            f"There are {n:,} objects, more than {out.dtype} can number. "
            "Pass an out of a larger type, or ask for larger objects."
        )
