"""The objects of one frame: who they are, where their pixels are, and how to read what is there."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

import numpy as np
import numpy.typing as npt

from brushwood.arrays import AnyArray, ImageSource
from brushwood.jobs import IDLE, Job
from brushwood.measure import giants
from brushwood.measure.adding import FloatArray, add_to
from brushwood.measure.edges import edge_pixels
from brushwood.measure.giants import GiantPixels
from brushwood.measure.region import IntArray, Region, read_region, spacing3_of
from brushwood.measure.runs import Band, bands, compact, find_runs
from brushwood.measure.slabs import is_in_memory, kept_slabs

__all__ = ["FloatArray", "IntArray", "LabelIndex", "Pixels", "add_to"]

#: Runs of which numbers are held at once.
_RANGE_RUNS = 1 << 17
#: Pixels whose values are held at once.
_BATCH_PIXELS = 1 << 20
#: An object takes about as long as so many pixels.
_OBJECT_PIXELS = 16
#: The same where reading is slow and batches overlap in chunks.
_BATCH_PIXELS_LAZY = 1 << 22
#: Pixels of an image that are read at once for objects that lie far apart.
_READ_PIXELS = 1 << 26
#: Labels that are slow to read are held for as long as a frame is measured, up to this many pixels.
_HELD_PIXELS = 1 << 26


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
    box : Region, optional
        The part of the frame that is looked at; all of these objects, and no others, lie in it.
        Default: all of it.
    """

    labels: IntArray
    rows: IntArray
    run_first: IntArray
    run_start: npt.NDArray[np.int32]
    run_length: npt.NDArray[np.int32]
    source: ImageSource
    frame: tuple[int, ...]
    spacing3: tuple[float, float, float]
    box: Region | None = None
    _held: AnyArray | None = None

    @classmethod
    def of(
        cls,
        source: ImageSource,
        frame: tuple[int, ...] = (),
        spacing: tuple[float, ...] | None = None,
        job: Job = IDLE,
        box: Region | None = None,
    ) -> "LabelIndex":
        """Find the objects of a frame, or of a box of it.

        Parameters
        ----------
        source : ImageSource
            Labels: integers, 0 is background.
        frame : tuple of int
        spacing : tuple of float, one an axis of space
            Default: 1.
        job : Job
        box : Region, optional
            Objects reach nowhere beyond it.
        """
        source = kept_slabs(source)
        held = None if box else _hold(source, frame)
        runs = find_runs(*_readable(source, frame, held), job, box)
        labels, number, count = compact(runs)
        order = np.argsort(number, kind="stable")
        first = np.zeros(labels.size + 1, np.int64)
        np.cumsum(count, out=first[1:])
        rows = np.arange(labels.size)
        start, length = runs.start[order], runs.length[order]
        size = spacing3_of(spacing, source.ndim)
        return cls(labels, rows, first, start, length, source, frame, size, box, held)

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

    @cached_property
    def position_sums(self) -> IntArray:
        """Sums of z, y and x over each object's pixels, counted from its box, shape (n, 3)."""
        at = self.run_start - self.low[self.run_object]
        length = self.run_length.astype(np.int64)
        sums = at * length[:, None]
        sums[:, 2] += length * (length - 1) // 2
        total: IntArray = self.sum_runs(sums)
        return total

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
        """Yield the label image band by band; see `brushwood.measure.runs.bands`.

        The labels are those of the image or of its box.
        """
        return bands(*self.readable, halo, job, self.box)

    @property
    def end(self) -> tuple[int, ...]:
        """Where the last bands end (z, y, x)."""
        return self.box.high if self.box else self.source.shape3

    @property
    def readable(self) -> tuple[ImageSource, tuple[int, ...]]:
        """Where the frame's labels are read quickest: a source, and which frame of it."""
        return _readable(self.source, self.frame, self._held)

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
        return replace(
            self,
            labels=self.labels[numbers],
            rows=self.rows[numbers],
            run_first=first,
            run_start=self.run_start[chosen],
            run_length=self.run_length[chosen],
        )

    def ranges(self, max_runs: int = _RANGE_RUNS) -> Iterator["LabelIndex"]:
        """Yield neighbouring numbers with at most `max_runs` runs, or one object; not copies."""
        start = 0
        while start < len(self):
            goal = self.run_first[start] + max_runs
            stop = max(start + 1, int(np.searchsorted(self.run_first, goal, side="right")) - 1)
            first, last = self.run_first[start], self.run_first[stop]
            yield replace(
                self,
                labels=self.labels[start:stop],
                rows=self.rows[start:stop],
                run_first=self.run_first[start : stop + 1] - first,
                run_start=self.run_start[first:last],
                run_length=self.run_length[first:last],
            )
            start = stop

    def batches(self, max_pixels: int = _BATCH_PIXELS) -> Iterator["LabelIndex"]:
        """Yield parts of at most `max_pixels` pixels, or one object, near each other in space."""
        work = self.n_pixels + _OBJECT_PIXELS
        if not len(self) or work.sum() <= max_pixels:
            yield self
            return
        order = np.lexsort((self.low[:, 1], self.low[:, 0]))
        end = np.cumsum(work[order])
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
        in_memory = is_in_memory(image)
        image = kept_slabs(image)
        done, total = 0, max(1, int(self.n_pixels.sum()))
        for part in self.batches(_BATCH_PIXELS if in_memory else _BATCH_PIXELS_LAZY):
            job.checkpoint(done / total, message)
            yield Pixels(part, image)
            done += int(part.n_pixels.sum())

    def portions(
        self, image: ImageSource, job: Job = IDLE, message: str = "reading pixels"
    ) -> "Iterator[Pixels | GiantPixels]":
        """Yield what `pixels` does, but objects too large for that one by one, in pieces."""
        is_giant = self.n_pixels > giants.GIANT_PIXELS
        if not is_giant.any():
            yield from self.pixels(image, job, message)
            return
        few = np.flatnonzero(is_giant)
        share = 1 - self.n_pixels[few].sum() / self.n_pixels.sum()
        yield from self.part(np.flatnonzero(~is_giant)).pixels(image, job.part(0, share), message)
        for i, giant in enumerate(few):
            part = job.part(*(share + (1 - share) * n / few.size for n in (i, i + 1)))
            yield GiantPixels(self.part(np.array([giant])), kept_slabs(image), part)


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
        return edge_pixels(self, _READ_PIXELS)

    @cached_property
    def region(self) -> Region:
        """The box around all objects."""
        low, high = self.objects.low.min(axis=0), self.objects.high.max(axis=0)
        return Region(tuple(low.tolist()), tuple(high.tolist()))

    @cached_property
    def _flat(self) -> IntArray:
        """Position of each pixel in the flattened `_region`."""
        return self.region.flat(self.objects.run_start, self.objects.run_length, self.step)

    def values(self, channel: int) -> AnyArray:
        """Return one channel's values, shape (P,), of the stored type."""
        if not len(self.objects):
            return np.zeros(0, self.image.dtype)
        frame = self.objects.frame
        if is_in_memory(self.image) or prod(self.region.shape) <= _READ_PIXELS:
            values: AnyArray = read_region(self.image, frame, self.region, channel)[self._flat]
            return values
        values = np.empty(self.first[-1], self.image.dtype)
        for region, first in self.region.slabs(_READ_PIXELS):
            inside = read_region(self.image, frame, region, channel)
            chosen = (self._flat >= first) & (self._flat < first + inside.size)
            values[chosen] = inside[self._flat[chosen] - first]
        return values


def _hold(source: ImageSource, frame: tuple[int, ...]) -> AnyArray | None:
    """Read a frame's labels once, where they would be read again and again."""
    if is_in_memory(source) or prod(source.shape) > _HELD_PIXELS:
        return None
    labels: AnyArray = source.read(frame, (0, 0, 0), source.shape3)[0]
    return labels.reshape(source.shape)


def _readable(
    source: ImageSource, frame: tuple[int, ...], held: AnyArray | None
) -> tuple[ImageSource, tuple[int, ...]]:
    return (source, frame) if held is None else (ImageSource.of(held, ndim=source.ndim), ())
