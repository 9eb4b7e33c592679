"""Truth and prediction, checked and read side by side in pieces that fit into memory."""

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.errors import InputError, ShapeMismatchError
from brushwood.jobs import Job

#: Pixels that are compared at a time.
_PIECE = 2**22


def finest(array: Any) -> Any:
    """Return the full resolution of a multiscale pyramid, or the array itself."""
    array = array[0] if isinstance(array, (list, tuple)) and len(array) else array
    return array if hasattr(array, "dtype") and hasattr(array, "shape") else np.asarray(array)


def check_pair(truth: Any, prediction: Any, what: str) -> None:
    """Refuse a truth and a prediction that cannot be compared.

    Parameters
    ----------
    truth, prediction : array-like
    what : str
        What their values are, for messages: "class ids" or "labels".

    Raises
    ------
    ShapeMismatchError
        If the shapes differ.
    InputError
        If values are not whole numbers.
    """
    if tuple(truth.shape) != tuple(prediction.shape):
        raise ShapeMismatchError(
            f"Truth and prediction cannot be compared: their shapes are {tuple(truth.shape)} and "
            f"{tuple(prediction.shape)}. Both must belong to the same image at the same scale; "
            "crop or rescale one of them."
        )
    for name, array in (("truth", truth), ("prediction", prediction)):
        if array.dtype.kind not in "biu":
            raise InputError(
                f"The {name} holds {array.dtype} values, but {what} are whole numbers. "
                f"If they are whole, convert it first: {name}.astype('int32')."
            )


def pieces(
    arrays: tuple[Any, ...], job: Job, message: str
) -> Iterator[tuple[tuple[slice, ...], tuple[npt.NDArray[Any], ...]]]:
    """Read arrays of one shape side by side, piece by piece.

    Yields
    ------
    index, parts : tuple of slice, tuple of ndarray
        Where the piece lies, and the same box of every array.
    """
    shape = tuple(int(n) for n in arrays[0].shape)
    boxes = list(_boxes(shape))
    for done, index in enumerate(boxes):
        job.checkpoint(done / max(len(boxes), 1), message)
        yield index, tuple(np.asarray(array[index]) for array in arrays)


def _boxes(shape: tuple[int, ...]) -> Iterator[tuple[slice, ...]]:
    """Cut whole rows of trailing axes while they fit, so that reading stays sequential."""
    if 0 in shape:
        return
    steps = []
    for axis, size in enumerate(shape):
        below = prod(shape[axis + 1 :])
        steps.append(size if below * size <= _PIECE else max(1, _PIECE // max(below, 1)))
    for corner in product(*(range(0, n, s) for n, s in zip(shape, steps, strict=True))):
        yield tuple(slice(c, min(c + s, n)) for c, s, n in zip(corner, steps, shape, strict=True))


def pair_counts(
    first: npt.NDArray[Any], second: npt.NDArray[Any]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Count how often each pair of values stands at the same place.

    Parameters
    ----------
    first, second : ndarray of int, one shape

    Returns
    -------
    a, b, count : ndarray of int64, each (pair,)
        Sorted by `a`, then `b`; only pairs that occur.
    """
    ids_a, at_a = np.unique(first, return_inverse=True)
    ids_b, at_b = np.unique(second, return_inverse=True)
    codes = at_a.ravel().astype(np.int64) * len(ids_b) + at_b.ravel()
    found, counts = np.unique(codes, return_counts=True)
    a, b = np.divmod(found, max(len(ids_b), 1))
    return ids_a[a].astype(np.int64), ids_b[b].astype(np.int64), counts.astype(np.int64)


def added_up(
    parts: Sequence[tuple[npt.NDArray[np.int64], ...]],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Add the counts of pairs from several pieces.

    Parameters
    ----------
    parts : sequence of (a, b, count)
        As from `pair_counts`.
    """
    if not parts:
        none = np.zeros(0, np.int64)
        return none, none, none
    a, b, counts = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    order = np.lexsort((b, a))
    a, b, counts = a[order], b[order], counts[order]
    starts = np.flatnonzero(np.r_[True, (np.diff(a) != 0) | (np.diff(b) != 0)]) if len(a) else a
    return a[starts], b[starts], np.add.reduceat(counts, starts) if len(a) else counts
