"""One object with more pixels than memory should hold: its pixels piece by piece."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from brushwood.arrays import AnyArray, ImageSource
from brushwood.jobs import IDLE, Job
from brushwood.measure.adding import FloatArray
from brushwood.measure.region import IntArray

if TYPE_CHECKING:
    from brushwood.measure.index import LabelIndex, Pixels

#: Objects of more pixels are never held as a whole. Their sums add those of pieces, so this number
#: and that of a piece are part of what a measurement is: always the same.
GIANT_PIXELS = 1 << 22
#: Pixels of a piece.
PIECE_PIXELS = 1 << 20
#: Bits of a value that are counted in one pass when percentiles are sought.
_BITS = 16


@dataclass(frozen=True, eq=False)
class GiantPixels:
    """The pixels of one large object and an image's values there, piece by piece.

    Attributes
    ----------
    objects : LabelIndex
        Of one object.
    image : ImageSource
    job : Job
        Checked before each piece.
    """

    objects: "LabelIndex"
    image: ImageSource
    job: Job = field(default_factory=lambda: IDLE)

    def pieces(self) -> "Iterator[Pixels]":
        """Yield the pixels of consecutive runs."""
        from brushwood.measure.index import Pixels

        objects = self.objects
        end = np.cumsum(objects.run_length, dtype=np.int64)
        first = 0
        while first < end.size:
            self.job.checkpoint(float(first / end.size), "measuring a large object")
            before = end[first - 1] if first else 0
            stop = int(np.searchsorted(end, before + PIECE_PIXELS, side="right"))
            stop = max(first + 1, stop)
            some = replace(
                objects,
                run_first=np.array([0, stop - first]),
                run_start=objects.run_start[first:stop],
                run_length=objects.run_length[first:stop],
            )
            yield Pixels(some, self.image)
            first = stop

    def watched(self, job: Job) -> "GiantPixels":
        """Return the same, reporting to a job."""
        return replace(self, job=job)

    def grouped(self, channel: int) -> "Streamed":
        """Return the statistics of one channel's values."""
        return Streamed(lambda: (piece.values(channel) for piece in self.pieces()))

    def grouped_edge(self, channel: int) -> "Streamed":
        """Return the statistics of one channel's values at the border."""
        return Streamed(lambda: (piece.values(channel)[piece.edge] for piece in self.pieces()))


@dataclass(frozen=True, eq=False)
class Streamed:
    """Statistics of one object's values as `brushwood.measure.statistics.Grouped`, shape (1,).

    Attributes
    ----------
    parts : callable
        Returns an iterator over the values; called once for each pass.
    """

    parts: Callable[[], Iterator[AnyArray]]

    @cached_property
    def _known(self) -> tuple[int, float, float, float]:
        """Number, sum, smallest and largest of the values."""
        count, total, low, high = 0, 0.0, np.inf, -np.inf
        for values in self._numbers():
            if values.size:
                count += values.size
                total += float(values.astype(np.float64).sum())
                low = np.minimum(low, float(values.min()))
                high = np.maximum(high, float(values.max()))
        return count, total, float(low), float(high)

    def _numbers(self) -> Iterator[AnyArray]:
        for values in self.parts():
            yield values.view(np.uint8) if values.dtype.kind == "b" else values

    @property
    def count(self) -> IntArray:
        """Number of values."""
        return np.array([self._known[0]])

    @property
    def sum(self) -> FloatArray:
        """Sum of the sums of all pieces, in double precision."""
        return np.array([self._known[1]])

    @property
    def mean(self) -> FloatArray:
        """Arithmetic mean."""
        return self.sum / self.count

    @property
    def min(self) -> FloatArray:
        """Smallest value."""
        return np.array([self._known[2]])

    @property
    def max(self) -> FloatArray:
        """Largest value."""
        return np.array([self._known[3]])

    @cached_property
    def std(self) -> FloatArray:
        """Standard deviation of all values: the root of the mean squared distance to the mean."""
        mean, total = self.mean, 0.0
        for values in self._numbers():
            off = values.astype(np.float64) - mean
            total += float((off * off).sum())
        deviation: FloatArray = np.sqrt(total / self.count)
        return deviation

    def percentiles(self, percents: Sequence[float]) -> FloatArray:
        """Return percentiles, interpolated linearly as by `numpy.percentile`, shape (1, K)."""
        count = self._known[0]
        at = (count - 1) * (np.asarray(percents) / 100)
        low = np.floor(at).astype(np.int64)
        high = np.minimum(low + 1, count - 1)
        wanted = np.unique(np.concatenate([low, high]))
        values = _ranked(self._numbers, wanted)
        if np.isnan(self._known[1]) and any(np.isnan(v).any() for v in self._numbers()):
            return np.full((1, len(percents)), np.nan)
        below, above = (values[np.searchsorted(wanted, i)] for i in (low, high))
        found: FloatArray = (below + (above - below) * (at - low))[None]
        return found


def _ranked(parts: Callable[[], Iterator[AnyArray]], ranks: IntArray) -> FloatArray:
    """Return the values at places of the sorted order, found a few bits at a time.

    Values are mapped to whole numbers of the same order. One pass counts how many begin with which
    bits; that tells with which the sought ones begin, and the next pass looks at these only.
    """
    dtype = next(iter(parts())).dtype.newbyteorder("=")
    n_bits = dtype.itemsize * 8
    begin = np.zeros(ranks.size, np.uint64)
    left = ranks.copy()
    for shift in range(max(0, n_bits - _BITS), -1, -_BITS):
        prefixes = np.unique(begin)
        counts = np.zeros((prefixes.size, 1 << _BITS), np.int64)
        for values in parts():
            keys = _keys(values)
            above = keys >> np.uint64(shift + _BITS) if shift + _BITS < 64 else keys & np.uint64(0)
            digit = (keys >> np.uint64(shift)) & np.uint64((1 << _BITS) - 1)
            for i, prefix in enumerate(prefixes):
                chosen = digit[above == prefix].astype(np.int64)
                counts[i] += np.bincount(chosen, minlength=1 << _BITS)
        for i, rank in enumerate(left):
            ends = np.cumsum(counts[np.searchsorted(prefixes, begin[i])])
            found = int(np.searchsorted(ends, rank, side="right"))
            left[i] = rank - (ends[found - 1] if found else 0)
            begin[i] = (int(begin[i]) << _BITS) | found
    return _values(begin, dtype).astype(np.float64)


def _keys(values: AnyArray) -> npt.NDArray[np.uint64]:
    """Return whole numbers in the order of the values."""
    dtype = values.dtype.newbyteorder("=")
    values = values.astype(dtype, copy=False)
    raw = np.ascontiguousarray(values).view(f"u{dtype.itemsize}")
    top = _top(dtype)
    if dtype.kind == "i":
        raw = raw ^ top
    elif dtype.kind == "f":
        raw = np.where(raw & top, ~raw, raw | top)
    return raw.astype(np.uint64)


def _values(keys: npt.NDArray[np.uint64], dtype: np.dtype[Any]) -> AnyArray:
    """Return the values of `_keys`."""
    raw = keys.astype(f"u{dtype.itemsize}")
    top = _top(dtype)
    if dtype.kind == "i":
        raw = raw ^ top
    elif dtype.kind == "f":
        raw = np.where(raw & top, raw ^ top, ~raw)
    return raw.view(dtype)


def _top(dtype: np.dtype[Any]) -> Any:
    unsigned = np.dtype(f"u{dtype.itemsize}").type
    return unsigned(1 << (8 * dtype.itemsize - 1))
