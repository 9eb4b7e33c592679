"""Statistics of values that belong to objects, for all objects at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from brushwood.arrays import AnyArray
from brushwood.measure.index import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Grouped:
    """Values object after object, at least one each.

    Attributes
    ----------
    values : ndarray of numbers, shape (P,)
        Booleans count as 0 and 1.
    first : ndarray of int64, shape (n + 1,)
        Object ``i`` has the values ``first[i]`` to before ``first[i + 1]``.
    """

    values: AnyArray
    first: IntArray

    def __post_init__(self) -> None:
        if self.values.dtype.kind == "b":
            object.__setattr__(self, "values", self.values.view(np.uint8))

    def __len__(self) -> int:
        return self.first.size - 1

    @cached_property
    def count(self) -> IntArray:
        """Number of values of each object."""
        return np.diff(self.first)

    @cached_property
    def floats(self) -> FloatArray:
        """The values as float64."""
        return self.values.astype(np.float64)

    @cached_property
    def sum(self) -> FloatArray:
        """Sum, in double precision: exact for integers up to 2**53."""
        return self.total(self.floats)

    @cached_property
    def mean(self) -> FloatArray:
        """Arithmetic mean."""
        return self.sum / self.count

    @cached_property
    def min(self) -> FloatArray:
        """Smallest value."""
        return self._reduced(np.minimum)

    @cached_property
    def max(self) -> FloatArray:
        """Largest value."""
        return self._reduced(np.maximum)

    @cached_property
    def std(self) -> FloatArray:
        """Standard deviation of all values: the root of the mean squared distance to the mean."""
        off = self.floats - np.repeat(self.mean, self.count)
        np.multiply(off, off, out=off)
        deviation: FloatArray = np.sqrt(self.total(off) / self.count)
        return deviation

    @cached_property
    def _sorted(self) -> AnyArray:
        """The values, ascending within each object."""
        values = self.values.copy()
        many = np.flatnonzero(self.count > 1)
        for a, b in zip(self.first[many].tolist(), self.first[many + 1].tolist(), strict=True):
            values[a:b].sort()
        return values

    def percentiles(self, percents: Sequence[float]) -> FloatArray:
        """Return percentiles, interpolated linearly as by `numpy.percentile`, shape (n, K).

        NaN for an object with a NaN among its values.
        """
        at = np.multiply.outer(self.count - 1, np.asarray(percents) / 100)
        low = np.floor(at).astype(np.int64)
        high = np.minimum(low + 1, self.count[:, None] - 1)
        first = self.first[:-1, None]
        below, above = (self._sorted[first + i].astype(np.float64) for i in (low, high))
        found: FloatArray = below + (above - below) * (at - low)
        # NaN is sorted to the end.
        found[np.isnan(self._sorted[self.first[1:] - 1].astype(np.float64))] = np.nan
        return found

    def total(self, values: FloatArray) -> FloatArray:
        """Sum other numbers of the same pixels over each object."""
        if not len(self):
            return np.zeros(0)
        total: FloatArray = np.add.reduceat(values, self.first[:-1])
        return total

    def _reduced(self, function: np.ufunc) -> FloatArray:
        if not len(self):
            return np.zeros(0)
        return np.asarray(function.reduceat(self.values, self.first[:-1]), np.float64)
