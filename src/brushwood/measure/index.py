"""The objects of one frame: who they are, where their pixels are, and how to read what is there."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from brushwood.arrays import AnyArray, ImageSource
from brushwood.jobs import IDLE, Job
from brushwood.measure.runs import Band, Runs, bands, find_runs

FloatArray: TypeAlias = npt.NDArray[np.floating[Any]]
IntArray: TypeAlias = npt.NDArray[np.signedinteger[Any]]

#: Pixels whose values are held at once.
_BATCH_PIXELS = 1 << 21
#: The same where reading is slow, so that no chunk is read more often than necessary.
_BATCH_PIXELS_LAZY = 1 << 25


@dataclass(frozen=True, eq=False)
class LabelIndex:
    """Whole objects of one frame, as runs of pixels along x.

    Objects are numbered 0 … n-1 in the order of their labels. All arrays of an object's
    measurements are in this order.

    Attributes
    ----------
    labels : ndarray of int64, shape (n,)
        Label of each object, ascending.
    rows : ndarray of int64, shape (n,)
        Number of each object in the whole frame; 0 … n-1 unless this is a part of it.
    run_first : ndarray of int64, shape (n + 1,)
        Object ``i`` has the runs ``run_first[i]`` to before ``run_first[i + 1]``, in the order of
        the image (z, then y, then x).
    run_start : ndarray of int32, shape (R, 3)
        First pixel (z, y, x) of each run; z is 0 in 2-D.
    run_length : ndarray of int32, shape (R,)
        Pixels of each run.
    source : ImageSource
        The label image.
    frame : tuple of int
        Which frame of `source`.
    spacing3 : three float
        Size of a pixel along (z, y, x); z is 1 in 2-D.
    """

    labels: IntArray
    rows: IntArray
    run_first: IntArray
    run_start: npt.NDArray[np.int32]
    run_length: npt.NDArray[np.int32]
    source: ImageSource
    frame: tuple[int, ...]
    spacing3: tuple[float, float, float]

    @classmethod
    def of(
        cls,
        source: ImageSource,
        frame: tuple[int, ...] = (),
        spacing: tuple[float, ...] | None = None,
        job: Job = IDLE,
    ) -> "LabelIndex":
        """Find the objects of a frame.

        Parameters
        ----------
        source : ImageSource
            Labels: integers, 0 is background.
        frame : tuple of int
        spacing : tuple of float, one an axis of space
            Default: 1.
        """
        runs = find_runs(source, frame, job)
        spacing = spacing or (1.0,) * source.ndim
        z, y, x = (1.0,) * (3 - source.ndim) + tuple(spacing)
        labels, number, count = _compact(runs)
        order = np.argsort(number, kind="stable")
        first = np.zeros(labels.size + 1, np.int64)
        np.cumsum(count, out=first[1:])
        rows = np.arange(labels.size)
        start, length = runs.start[order], runs.length[order]
        return cls(labels, rows, first, start, length, source, frame, (z, y, x))

    def __len__(self) -> int:
        return int(self.labels.size)

    @property
    def ndim(self) -> int:
        """Spatial dimensions, 2 or 3."""
        return self.source.ndim

    @property
    def spacing(self) -> tuple[float, ...]:
        """Size of a pixel along the axes of space."""
        return self.spacing3[-self.ndim :]

    @cached_property
    def run_object(self) -> IntArray:
        """Number of the object of each run, shape (R,), ascending."""
        return np.repeat(np.arange(len(self)), np.diff(self.run_first))

    @cached_property
    def n_pixels(self) -> IntArray:
        """Number of pixels of each object, shape (n,)."""
        return self.sum_runs(self.run_length)

    @cached_property
    def low(self) -> IntArray:
        """First pixel (z, y, x) of each object's bounding box, shape (n, 3)."""
        if not len(self):
            return np.zeros((0, 3), np.int64)
        low = np.minimum.reduceat(self.run_start, self.run_first[:-1], axis=0)
        return low.astype(np.int64)

    @cached_property
    def high(self) -> IntArray:
        """End (z, y, x) of each object's bounding box, exclusive, shape (n, 3)."""
        if not len(self):
            return np.zeros((0, 3), np.int64)
        end = self.run_start + 1
        end[:, 2] += self.run_length - 1
        return np.maximum.reduceat(end, self.run_first[:-1], axis=0).astype(np.int64)

    def sum_runs(self, values: npt.ArrayLike) -> AnyArray:
        """Sum numbers of runs over each object; integers stay exact.

        Parameters
        ----------
        values : array, shape (R, …)

        Returns
        -------
        ndarray of int64 or float64, shape (n, …)
        """
        values = np.asarray(values)
        dtype = np.float64 if values.dtype.kind == "f" else np.int64
        if not len(self):
            return np.zeros((0, *values.shape[1:]), dtype)
        total: AnyArray = np.add.reduceat(values, self.run_first[:-1], axis=0, dtype=dtype)
        return total

    def bands(self, halo: int = 0, job: Job = IDLE) -> Iterator[Band]:
        """Yield the frame's label image band by band; see `brushwood.measure.runs.bands`.

        The labels are those of the image, and those of other objects are among them.
        """
        return bands(self.source, self.frame, halo, job)

    def numbers(self, labels: AnyArray) -> IntArray:
        """Return the number of the object of each label above 0.

        Parameters
        ----------
        labels : ndarray of int
            Labels that exist in this frame; 0 gives an arbitrary number.
        """
        table = self._table
        if table is not None:
            found: IntArray = table[labels]
            return found
        return np.searchsorted(self.labels, labels.astype(np.int64, copy=False))

    @cached_property
    def _table(self) -> IntArray | None:
        """Number of the object by label, unless labels are too large for a table."""
        if not len(self) or self.labels[-1] > 16 * self.run_length.size + (1 << 20):
            return None
        table = np.zeros(int(self.labels[-1]) + 1, np.int64)
        table[self.labels] = np.arange(len(self))
        return table

    def part(self, numbers: IntArray) -> "LabelIndex":
        """Return some of the objects, in the given order; `rows` tells which they were."""
        count = np.diff(self.run_first)[numbers]
        first = np.zeros(numbers.size + 1, np.int64)
        np.cumsum(count, out=first[1:])
        chosen = np.repeat(self.run_first[numbers] - first[:-1], count) + np.arange(first[-1])
        return LabelIndex(
            self.labels[numbers],
            self.rows[numbers],
            first,
            self.run_start[chosen],
            self.run_length[chosen],
            self.source,
            self.frame,
            self.spacing3,
        )

    def batches(self, max_pixels: int = _BATCH_PIXELS) -> Iterator["LabelIndex"]:
        """Yield parts of at most `max_pixels` pixels, or one object, near each other in space."""
        if not len(self) or self.n_pixels.sum() <= max_pixels:
            yield self
            return
        order = np.lexsort((self.low[:, 1], self.low[:, 0]))
        end = np.cumsum(self.n_pixels[order])
        first = 0
        while first < order.size:
            before = end[first - 1] if first else 0
            stop = max(first + 1, int(np.searchsorted(end, before + max_pixels, side="right")))
            yield self.part(np.sort(order[first:stop]))
            first = stop

    def pixels(
        self, image: ImageSource, job: Job = IDLE, message: str = "reading pixels"
    ) -> Iterator["Pixels"]:
        """Yield the pixels of all objects, some whole objects at a time, with an image's values.

        Parameters
        ----------
        image : ImageSource
            Of the label image's shape.
        job : Job
            Checked before each part.
        """
        in_memory = isinstance(image.data, np.ndarray)
        done, total = 0, max(1, int(self.n_pixels.sum()))
        for part in self.batches(_BATCH_PIXELS if in_memory else _BATCH_PIXELS_LAZY):
            job.checkpoint(done / total, message)
            yield Pixels(part, image)
            done += int(part.n_pixels.sum())


@dataclass(frozen=True, eq=False)
class Pixels:
    """The pixels of whole objects, object after object, and an image's values there.

    Attributes
    ----------
    objects : LabelIndex
        Its `rows` say where results go.
    image : ImageSource
    """

    objects: LabelIndex
    image: ImageSource

    @cached_property
    def first(self) -> IntArray:
        """Object ``i`` has the pixels ``first[i]`` to before ``first[i + 1]``, shape (n + 1,)."""
        first = np.zeros(len(self.objects) + 1, np.int64)
        np.cumsum(self.objects.n_pixels, out=first[1:])
        return first

    @cached_property
    def step(self) -> IntArray:
        """0, 1, 2, … along each run, shape (P,)."""
        length = self.objects.run_length
        before = np.cumsum(length, dtype=np.int64) - length
        steps: IntArray = np.arange(self.first[-1]) - np.repeat(before, length)
        return steps

    @cached_property
    def coordinates(self) -> npt.NDArray[np.int32]:
        """Position (z, y, x) of each pixel, shape (P, 3)."""
        where = np.repeat(self.objects.run_start, self.objects.run_length, axis=0)
        where[:, 2] += self.step.astype(np.int32)
        return where

    @cached_property
    def object(self) -> IntArray:
        """Number in `objects` of the object of each pixel, shape (P,)."""
        return np.repeat(np.arange(len(self.objects)), self.objects.n_pixels)

    @cached_property
    def edge(self) -> npt.NDArray[np.bool_]:
        """Whether a neighbour that shares a side is not of the object, shape (P,).

        Pixels at the image's edge are among them. Every object has such pixels.
        """
        region = self._region.grown(self.objects.ndim)
        labels = _read_region(self.objects.source, self.objects.frame, region, 0)
        at = region.flat(self.objects.run_start, self.objects.run_length, self.step)
        own = labels[at]
        edge = np.zeros(own.size, bool)
        for distance in region.neighbours(self.objects.ndim):
            edge |= labels[at + distance] != own
            edge |= labels[at - distance] != own
        return edge

    @cached_property
    def _region(self) -> "_Region":
        """The box around all objects."""
        low, high = self.objects.low.min(axis=0), self.objects.high.max(axis=0)
        return _Region(tuple(low.tolist()), tuple(high.tolist()))

    @cached_property
    def _flat(self) -> IntArray:
        """Position of each pixel in the flattened `_region`."""
        return self._region.flat(self.objects.run_start, self.objects.run_length, self.step)

    def values(self, channel: int) -> AnyArray:
        """Return one channel's values, shape (P,), of the stored type."""
        if not len(self.objects):
            return np.zeros(0, self.image.dtype)
        region = _read_region(self.image, self.objects.frame, self._region, channel)
        values: AnyArray = region[self._flat]
        return values


@dataclass(frozen=True, slots=True)
class _Region:
    """A box of pixels (z, y, x), which may reach beyond the image."""

    low: tuple[int, ...]
    high: tuple[int, ...]

    def grown(self, ndim: int) -> "_Region":
        """Return the box with a pixel more on each side of each axis of the image."""
        more = (0,) * (3 - ndim) + (1,) * ndim
        low = tuple(a - m for a, m in zip(self.low, more, strict=True))
        return _Region(low, tuple(b + m for b, m in zip(self.high, more, strict=True)))

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(b - a for a, b in zip(self.low, self.high, strict=True))

    def neighbours(self, ndim: int) -> tuple[int, ...]:
        """Return the distance of the next pixel along each axis in the flattened box."""
        _, height, width = self.shape
        return (height * width, width, 1)[3 - ndim :]

    def flat(
        self, start: npt.NDArray[np.int32], length: npt.NDArray[np.int32], step: IntArray
    ) -> IntArray:
        """Return the position of every pixel of runs in the flattened box."""
        _, height, width = self.shape
        z, y, x = (start.astype(np.int64) - np.asarray(self.low)).T
        at: IntArray = np.repeat((z * height + y) * width + x, length) + step
        return at


def _read_region(
    source: ImageSource, frame: tuple[int, ...], region: _Region, channel: int
) -> AnyArray:
    """Read one channel of a box, flattened, with zeros beyond the image."""
    first = [max(0, a) for a in region.low]
    last = [min(n, b) for b, n in zip(region.high, source.shape3, strict=True)]
    inside: AnyArray = source.read(frame, first, last, [channel])[0]
    if inside.shape == region.shape:
        return inside.reshape(-1)
    out = np.zeros(region.shape, inside.dtype)
    window = zip(first, last, region.low, strict=True)
    out[tuple(slice(f - a, e - a) for f, e, a in window)] = inside
    return out.reshape(-1)


def _compact(runs: Runs) -> tuple[IntArray, IntArray, IntArray]:
    """Return the labels ascending, each run's place among them, and the runs of each."""
    labels, number, count = np.unique(runs.labels, return_inverse=True, return_counts=True)
    return labels.astype(np.int64), number.reshape(-1).astype(np.int64), count.astype(np.int64)


def add_to(total: FloatArray, numbers: IntArray, values: FloatArray) -> None:
    """Add values to the sums of their objects, in place.

    Parameters
    ----------
    total : ndarray of float64, shape (n,)
    numbers : ndarray of int64, shape (N,)
    values : ndarray of float64, shape (N,)
    """
    if not numbers.size:
        return
    # The objects of a band are mostly a few neighbouring numbers of very many.
    low, high = int(numbers.min()), int(numbers.max()) + 1
    if high - low <= 4 * numbers.size:
        total[low:high] += np.bincount(numbers - low, values, high - low)
    else:
        np.add.at(total, numbers, values)
