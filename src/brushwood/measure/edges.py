"""Which pixels of objects lie at their borders."""

from collections.abc import Iterator
from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from brushwood.measure.region import read_region

if TYPE_CHECKING:
    from brushwood.measure.index import Pixels


def edge_pixels(pixels: "Pixels", read_pixels: int) -> npt.NDArray[np.bool_]:
    """Return whether a neighbour that shares a side is not of the object, shape (P,).

    Parameters
    ----------
    pixels : Pixels
    read_pixels : int
        Labels that are read at once, about.
    """
    objects = pixels.objects
    if not len(objects):
        return np.zeros(0, bool)
    if prod(pixels.region.shape) > read_pixels and objects.run_length.size > 1:
        return np.concatenate([edge_pixels(half, read_pixels) for half in _halves(pixels)])
    region = pixels.region.grown(objects.ndim)
    labels = read_region(*objects.readable, region, 0)
    at = region.flat(objects.run_start, objects.run_length, pixels.step)
    own = labels[at]
    edge = np.zeros(own.size, bool)
    for distance in region.neighbours(objects.ndim):
        edge |= labels[at + distance] != own
        edge |= labels[at - distance] != own
    return edge


def _halves(pixels: "Pixels") -> "Iterator[Pixels]":
    """Yield the pixels of the first and of the second half of all runs."""
    objects = pixels.objects
    middle = objects.run_length.size // 2
    for runs in (slice(0, middle), slice(middle, None)):
        of, first = np.unique(objects.run_object[runs], return_index=True)
        some = replace(
            objects,
            labels=objects.labels[of],
            rows=objects.rows[of],
            run_first=np.append(first, objects.run_object[runs].size),
            run_start=objects.run_start[runs],
            run_length=objects.run_length[runs],
        )
        yield replace(pixels, objects=some)
