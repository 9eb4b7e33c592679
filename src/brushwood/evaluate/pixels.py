"""How well a class map agrees with the truth, pixel by pixel."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from brushwood.errors import InputError, ShapeMismatchError
from brushwood.evaluate.inputs import added_up, check_pair, finest, pair_counts, pieces
from brushwood.evaluate.scores import PixelScores
from brushwood.jobs import IDLE, Job


def compare_pixels(
    truth: Any,
    prediction: Any,
    *,
    ignore: int | None = 0,
    region: Any = None,
    names: Mapping[int, str] | None = None,
    job: Job = IDLE,
) -> PixelScores:
    """Compare a class map with the truth, where the truth is known.

    Parameters
    ----------
    truth, prediction : array-like of int, one shape
        Class ids; NumPy, dask or zarr, of any number of dimensions. Read in pieces.
    ignore : int or None
        Value of `truth` that means *unknown*; such pixels are left out. None: compare every pixel,
        for a truth in which 0 is background.
    region : array-like of bool or int, that shape, optional
        Region of interest: only pixels that are not 0 are compared.
    names : mapping of class id to str, optional

    Returns
    -------
    PixelScores

    Raises
    ------
    ShapeMismatchError, InputError
        If the arrays cannot be compared, or the truth is known nowhere.

    Examples
    --------
    >>> import numpy as np
    >>> truth = np.array([[1, 1, 2, 0]])
    >>> scores = compare_pixels(truth, np.array([[1, 2, 2, 2]]))
    >>> scores.accuracy, scores.jaccard_by_class
    (0.6666666666666666, {1: 0.5, 2: 0.5})
    """
    truth, prediction = finest(truth), finest(prediction)
    check_pair(truth, prediction, "class ids")
    arrays: tuple[Any, ...] = (truth, prediction)
    if region is not None:
        region = finest(region)
        if tuple(region.shape) != tuple(truth.shape):
            raise ShapeMismatchError(
                f"The region of interest has shape {tuple(region.shape)}, but the truth "
                f"{tuple(truth.shape)}. Draw it on the same image."
            )
        arrays = (truth, prediction, region)
    parts, n_all = [], 0
    for _, (t, p, *inside) in pieces(arrays, job, "Comparing pixels"):
        known = np.ones(t.shape, bool) if ignore is None else t != ignore
        if inside:
            known &= inside[0] != 0
        n_all += t.size
        parts.append(pair_counts(t[known], p[known]))
    a, b, counts = added_up(parts)
    if not counts.size:
        raise InputError(_nothing_known(ignore, region is not None))
    ids = np.union1d(a, b)
    confusion = np.zeros((len(ids), len(ids)), np.int64)
    confusion[np.searchsorted(ids, a), np.searchsorted(ids, b)] = counts
    return PixelScores(
        ids=tuple(int(i) for i in ids),
        confusion=confusion,
        classes=tuple(int(i) for i in ids if i != ignore),
        names=dict(names or {}),
        n_ignored=n_all - int(counts.sum()),
    )


def _nothing_known(ignore: int | None, has_region: bool) -> str:
    if ignore is None:
        return "The region of interest is empty, or the images are. Draw a region."
    where = " inside the region of interest" if has_region else ""
    return (
        f"There is nothing to compare: the truth is {ignore} (unknown) everywhere{where}. "
        f"Annotate some pixels, or pass ignore=None if {ignore} is a class."
    )
