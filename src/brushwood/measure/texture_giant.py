"""Pairs of grey levels in one object that is larger than memory."""

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from brushwood.arrays import AnyArray
from brushwood.measure.giants import PIECE_PIXELS, GiantPixels
from brushwood.measure.index import FloatArray
from brushwood.measure.region import Region, read_region

#: Makes grey levels of values from the smallest and largest finite one; -1 where not finite.
Levels = Callable[[AnyArray, float, float], npt.NDArray[np.int16]]


def count_pairs(
    pixels: GiantPixels,
    channel: int,
    levels: Levels,
    n_levels: int,
    directions: tuple[tuple[int, int, int], ...],
) -> FloatArray:
    """Count pairs of grey levels of neighbours in the object, shape (n_levels, n_levels).

    Parameters
    ----------
    pixels : GiantPixels
    channel : int
    levels : callable
    n_levels : int
    directions : tuple of three int
        Offsets (z, y, x) from a pixel to half of its neighbours: 0 or 1 along z, -1 to 1 along y
        and x.
    """
    low, high = _range(pixels, channel)
    counted = np.zeros(n_levels**2, np.int64)
    for box in _boxes(pixels):
        own, values = _read(pixels, channel, box)
        known = np.where(own, levels(values, low, high), np.int16(-1))
        core = known[:1, 1:-1, 1:-1]
        _, rows, columns = core.shape
        for dz, dy, dx in directions:
            other = known[dz : dz + 1, 1 + dy : 1 + dy + rows, 1 + dx : 1 + dx + columns]
            both = (core >= 0) & (other >= 0)
            code = core[both].astype(np.int64) * n_levels + other[both]
            counted += np.bincount(code, minlength=counted.size)
    return counted.reshape(n_levels, n_levels).astype(np.float64)


def _range(pixels: GiantPixels, channel: int) -> tuple[float, float]:
    """Return the smallest and the largest finite value."""
    low, high = np.inf, -np.inf
    for piece in pixels.pieces():
        values = piece.values(channel).astype(np.float64)
        values = values[np.isfinite(values)]
        low, high = values.min(initial=low), values.max(initial=high)
    return float(low), float(high)


def _boxes(pixels: GiantPixels) -> Iterator[Region]:
    """Yield boxes of one plane each that cover the object, with neighbours around and after."""
    objects = pixels.objects
    (z0, y0, x0), (z1, y1, x1) = objects.low[0].tolist(), objects.high[0].tolist()
    depth = 1 if objects.ndim == 2 else 2
    rows = max(1, PIECE_PIXELS // (depth * (x1 - x0 + 2)))
    for z in range(z0, z1):
        for y in range(y0, y1, rows):
            pixels.job.checkpoint((z - z0 + (y - y0) / (y1 - y0)) / (z1 - z0), "texture")
            yield Region((z, y - 1, x0 - 1), (z + depth, min(y + rows, y1) + 1, x1 + 1))


def _read(pixels: GiantPixels, channel: int, box: Region) -> tuple[npt.NDArray[np.bool_], AnyArray]:
    """Return where the object is in a box, and the image there."""
    objects = pixels.objects
    labels = read_region(*objects.readable, box, 0).reshape(box.shape)
    values = read_region(pixels.image, objects.frame, box, channel).reshape(box.shape)
    return labels == objects.labels[0].astype(labels.dtype), values
