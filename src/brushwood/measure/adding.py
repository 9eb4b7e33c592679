"""Sums over objects, band by band."""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from brushwood.measure.region import IntArray

FloatArray: TypeAlias = npt.NDArray[np.floating[Any]]


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
