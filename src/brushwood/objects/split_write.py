"""Writes the objects of a frame into an array, region by region."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from brushwood.arrays import Triple
from brushwood.blocks import Block, iter_blocks
from brushwood.errors import InputError, ShapeMismatchError
from brushwood.jobs import Job
from brushwood.objects.numbering import Numbered
from brushwood.workers import Workers

_MESSAGE = "Writing"


@dataclass(frozen=True, eq=False, slots=True)
class Writing:
    """What is written where. It travels to workers.

    Attributes
    ----------
    objects : Numbered
    out : array-like
        Integers (…frames, Y, X) or (…frames, Z, Y, X).
    frame : tuple of int
    last : int
        Objects of the frames before: numbers go on after it.
    ndim : {2, 3}
    """

    objects: Numbered
    out: Any
    frame: tuple[int, ...]
    last: int
    ndim: int


def write(writing: Writing, shape: Triple, size: Triple, workers: Workers, job: Job) -> None:
    """Write a frame.

    Parameters
    ----------
    shape, size : three int
        Shape of the frame, and of what is written at once.
    """
    regions = list(iter_blocks(shape, size))
    # Each travels with the tiles of its own region only.
    items = [(replace(writing, objects=writing.objects.of(region)), region) for region in regions]
    weights = [region.n_pixels for region in regions]
    for _ in workers.each(_write, items, job, _MESSAGE, weights):
        pass


def _write(item: tuple[Writing, Block], job: Job) -> None:
    writing, region = item
    job.checkpoint(0.0, _MESSAGE)
    out, ndim = writing.out, writing.ndim
    ids = writing.objects.read(region)
    if writing.last:
        ids = np.where(ids > 0, ids.astype(np.int64) + writing.last, 0)
    ids = ids.astype(out.dtype, copy=False)
    out[(*writing.frame, *region.slices[-ndim:])] = ids.reshape(ids.shape[-ndim:])


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
