"""Runs of equal labels along the last axis: a label image as a list of short horizontal lines."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.arrays import AnyArray, ImageSource
from brushwood.errors import InputError
from brushwood.jobs import IDLE, Job
from brushwood.measure.region import IntArray, Region

#: Pixels of a band: small enough for a processor's cache, large enough for whole-array calls.
BAND_PIXELS = 1 << 20


@dataclass(frozen=True, eq=False, slots=True)
class Runs:
    """Horizontal lines of pixels with one label each, in the order of the image.

    Attributes
    ----------
    labels : ndarray of int64, shape (R,)
        Label of every run, above 0.
    start : ndarray of int32, shape (R, 3)
        First pixel (z, y, x).
    length : ndarray of int32, shape (R,)
        Number of pixels along x.
    """

    labels: npt.NDArray[np.int64]
    start: npt.NDArray[np.int32]
    length: npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False, slots=True)
class Band:
    """Some rows of one frame of a label image, continued by zeros beyond the image.

    Attributes
    ----------
    padded : ndarray of int, shape (Z + 2 hz, Y + 2 hy, X + 2 h)
        Labels with `halo` pixels a side: real neighbours inside the image, 0 outside it.
    start : three int
        First pixel (z, y, x) of the band without its halo.
    halo : three int
    """

    padded: AnyArray
    start: tuple[int, int, int]
    halo: tuple[int, int, int]

    @property
    def core(self) -> AnyArray:
        """Labels of the band without its halo, shape (Z, Y, X)."""
        return self.shifted(0, 0, 0)

    def shifted(self, dz: int, dy: int, dx: int) -> AnyArray:
        """Return the labels of the neighbours at an offset, shape (Z, Y, X), not a copy."""
        moved = zip(self.halo, (dz, dy, dx), self.padded.shape, strict=True)
        return self.padded[tuple(slice(h + d, n - h + d) for h, d, n in moved)]


def bands(
    source: ImageSource,
    frame: tuple[int, ...],
    halo: int = 0,
    job: Job = IDLE,
    box: Region | None = None,
) -> Iterator[Band]:
    """Yield bands that cover a frame or a box of it, in order.

    Parameters
    ----------
    source : ImageSource
        Labels, one channel.
    frame : tuple of int
    halo : int
        Pixels that a band knows beyond itself, along all axes that the image has.
    job : Job
        Checked before each band.
    box : Region, optional
        Default: the whole frame.

    Notes
    -----
    The array of a band is used again for the next one.
    """
    box = box or Region((0, 0, 0), source.shape3)
    depth, height, _ = box.shape
    margin = (halo if source.ndim == 3 else 0, halo, halo)
    rows, planes = band_size(box)
    buffer: AnyArray | None = None
    for z in range(box.low[0], box.high[0], planes):
        for y in range(box.low[1], box.high[1], rows):
            job.checkpoint((z - box.low[0] + (y - box.low[1]) / height) / depth, "reading labels")
            low = (z, y, box.low[2])
            high = (min(z + planes, box.high[0]), min(y + rows, box.high[1]), box.high[2])
            shape = tuple(b - a + 2 * m for a, b, m in zip(low, high, margin, strict=True))
            if buffer is None or buffer.shape != shape:
                buffer = np.zeros(shape, source.dtype)
            _fill(buffer, source, frame, low, high, margin)
            yield Band(buffer, low, margin)


def _fill(
    buffer: AnyArray,
    source: ImageSource,
    frame: tuple[int, ...],
    low: tuple[int, int, int],
    high: tuple[int, int, int],
    margin: tuple[int, int, int],
) -> None:
    """Read a band with its halo into a buffer, zeros outside the image."""
    size = source.shape3
    first = [max(0, a - m) for a, m in zip(low, margin, strict=True)]
    last = [min(n, b + m) for b, m, n in zip(high, margin, size, strict=True)]
    window = tuple(
        slice(f - (a - m), e - (a - m)) for f, e, a, m in zip(first, last, low, margin, strict=True)
    )
    for axis in (0, 1):
        outside = [slice(None)] * 3
        for part in (slice(0, window[axis].start), slice(window[axis].stop, None)):
            outside[axis] = part
            buffer[tuple(outside)] = 0
    buffer[window] = source.read(frame, first, last)[0]


def band_size(box: Region) -> tuple[int, int]:
    """Return the rows and planes of a band."""
    depth, height, width = box.shape
    rows = min(height, max(1, BAND_PIXELS // width))
    return (rows, 1) if rows < height else (rows, min(depth, BAND_PIXELS // (width * height) or 1))


def find_runs(
    source: ImageSource, frame: tuple[int, ...], job: Job = IDLE, box: Region | None = None
) -> Runs:
    """Find all runs of a frame, or of a box of it, at whose sides they end.

    Raises
    ------
    InputError
        If a label is negative or above 2**63 - 1.
    """
    labels, starts, lengths = [], [], []
    for band in bands(source, frame, 1, job, box):
        # The column of zeros on both sides keeps a run from crossing into the next row.
        inside = band.padded[band.halo[0] : -band.halo[0] or None, 1:-1]
        inside[..., 0] = inside[..., -1] = 0
        flat = np.ascontiguousarray(inside).reshape(-1)
        change = np.flatnonzero(flat[1:] != flat[:-1]) + 1
        values = flat[change]
        kept = values != 0
        where = change[kept]
        labels.append(_as_labels(values[kept]))
        lengths.append(np.diff(change, append=flat.size)[kept].astype(np.int32))
        starts.append(_positions(where, inside.shape, band.start))
    return Runs(np.concatenate(labels), np.concatenate(starts), np.concatenate(lengths))


def _positions(
    flat: npt.NDArray[np.intp], shape: tuple[int, ...], start: tuple[int, int, int]
) -> npt.NDArray[np.int32]:
    """Return (z, y, x) in the image of positions in a band that has a column more on each side."""
    row, x = np.divmod(flat, shape[2])
    z, y = np.divmod(row, shape[1])
    out = np.empty((flat.size, 3), np.int32)
    out[:, 0] = z + start[0]
    out[:, 1] = y + start[1]
    out[:, 2] = x - 1 + start[2]
    return out


def _as_labels(values: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    if values.size and values.dtype.kind == "i" and values.min() < 0:
        raise InputError(
            f"Labels must not be negative, but the image holds {values.min()}. Use 0 for the "
            "background and numbers above 0 for objects."
        )
    if values.size and values.dtype == np.uint64 and values.max() > np.iinfo(np.int64).max:
        raise InputError(
            f"Labels may be at most 2⁶³ - 1, but the image holds {values.max()}. Number the "
            "objects anew, for example with skimage.segmentation.relabel_sequential."
        )
    return values.astype(np.int64)


def compact(runs: Runs) -> tuple[IntArray, IntArray, IntArray]:
    """Return the labels ascending, each run's place among them, and the runs of each."""
    labels, number, count = np.unique(runs.labels, return_inverse=True, return_counts=True)
    return labels.astype(np.int64), number.reshape(-1).astype(np.int64), count.astype(np.int64)
