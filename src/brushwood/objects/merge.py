"""Objects put together, and objects picked out: what merging and selecting come down to."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.errors import InputError, ShapeMismatchError

#: Up to so many times the number of labels, a table of all numbers beats a search.
_SPARSE = 64


def merge_labels(labels: Any, pairs: Any, *, renumber: bool = False) -> npt.NDArray[Any]:
    """Merge objects: those of a pair become one, and so do chains of pairs.

    Parameters
    ----------
    labels : int array
        Of any shape; 0 is the background.
    pairs : int (pair, 2), or sequence of pairs
        Labels that belong together, for example two columns of what
        `brushwood.measure.touching_pairs` found. Whether they touch is not asked.
    renumber : bool
        Number the objects 1, 2, … in the order of their labels. Default: an object has the
        smallest label of its parts, and all others stay as they are.

    Returns
    -------
    ndarray of the labels' type and shape

    Raises
    ------
    InputError
        If labels or pairs are not whole numbers, or a pair has the background in it.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    labels = _checked(labels)
    together = _checked_pairs(pairs)
    if (together <= 0).any():
        raise InputError("A pair to be merged holds the background or a negative label.")
    ids = np.unique(labels)
    ids = ids[ids > 0].astype(np.int64)
    known = np.isin(together, ids).all(axis=1)
    ends = np.searchsorted(ids, together[known])
    graph = coo_array((np.ones(len(ends), bool), (ends[:, 0], ends[:, 1])), shape=(len(ids),) * 2)
    n, part = connected_components(graph, directed=False)
    first = np.full(n, np.iinfo(np.int64).max)
    np.minimum.at(first, part, ids)
    return _replaced(labels, ids, first[part], renumber)


def keep_objects(labels: Any, ids: Any, *, renumber: bool = False) -> npt.NDArray[Any]:
    """Keep some objects, for example those of one class, and clear the others.

    Parameters
    ----------
    labels : int array
        Of any shape; 0 is the background.
    ids : int (object,)
        Labels to keep; those that do not exist are ignored.
    renumber : bool
        Number the objects that stay 1, 2, … in the order of their labels.

    Returns
    -------
    ndarray of the labels' type and shape
    """
    labels = _checked(labels)
    wanted = np.asarray(list(ids) if not hasattr(ids, "dtype") else ids).reshape(-1)
    if wanted.size and wanted.dtype.kind not in "ui":
        raise InputError(f"Labels to keep must be whole numbers, but {wanted.dtype} came.")
    existing = np.unique(labels)
    existing = existing[existing > 0].astype(np.int64)
    stays = np.where(np.isin(existing, wanted), existing, 0)
    return _replaced(labels, existing, stays, renumber)


def pair_classes(labels: Any, strokes: Any, pairs: Any) -> npt.NDArray[np.int64]:
    """Return the class that strokes across borders give to pairs of objects.

    Parameters
    ----------
    labels : int array (Y, X) or (Z, Y, X)
    strokes : int array of the same shape
        0 where nothing was painted, else a class id. A stroke marks every pair of objects that it
        passes through both of.
    pairs : int (pair, 2)
        Two labels each.

    Returns
    -------
    int64 (pair,)
        0 where no stroke, or strokes of different classes, pass through both objects.

    Raises
    ------
    ShapeMismatchError
        If labels and strokes differ in shape.
    """
    from scipy import ndimage

    labels, strokes = _checked(labels), _checked(strokes)
    if labels.shape != strokes.shape:
        raise ShapeMismatchError(
            f"Strokes must have the labels' shape {labels.shape}, but they have {strokes.shape}."
        )
    together = _checked_pairs(pairs)
    found = np.zeros(len(together), np.int64)
    conflict = np.zeros(len(together), bool)
    whole = np.ones((3,) * labels.ndim)
    for class_ in np.unique(strokes[strokes > 0]).tolist():
        stroke, n = ndimage.label(strokes == class_, whole)
        painted = (stroke > 0) & (labels > 0)
        key = labels[painted].astype(np.int64) * (n + 1) + stroke[painted]
        passed = np.unique(key)
        marked = _share_a_stroke(together, passed, n + 1)
        conflict |= marked & (found > 0)
        found[marked] = class_
    found[conflict] = 0
    return found


def _share_a_stroke(
    pairs: npt.NDArray[np.int64], passed: npt.NDArray[np.int64], base: int
) -> npt.NDArray[np.bool_]:
    """Say of which pairs one stroke passes through both; `passed` are label * base + stroke."""
    of_label = passed // base
    first = np.searchsorted(of_label, pairs[:, 0], "left")
    last = np.searchsorted(of_label, pairs[:, 0], "right")
    marked = np.zeros(len(pairs), bool)
    for offset in range(int((last - first).max(initial=0))):
        there = first + offset < last
        strokes = passed[np.minimum(first + offset, len(passed) - 1)] % base
        marked |= there & np.isin(pairs[:, 1] * base + strokes, passed)
    return marked


def _checked_pairs(pairs: Any) -> npt.NDArray[np.int64]:
    if not hasattr(pairs, "__array__"):
        pairs = list(pairs) if isinstance(pairs, Iterable) else pairs
    together = np.asarray(pairs)
    together = together.reshape(-1, 2) if together.size == 0 else together
    if together.ndim != 2 or together.shape[1] != 2 or together.dtype.kind not in "uif":
        raise InputError(
            f"Pairs must be two labels each, but an array of shape {together.shape} came."
        )
    return together.astype(np.int64)


def _checked(labels: Any) -> npt.NDArray[Any]:
    found: npt.NDArray[Any] = np.asarray(labels)
    if found.dtype.kind not in "bui":
        raise InputError(f"Labels must be whole numbers, but these are {found.dtype}.")
    return found


def _replaced(
    labels: npt.NDArray[Any],
    ids: npt.NDArray[np.int64],
    new: npt.NDArray[np.int64],
    renumber: bool,
) -> npt.NDArray[Any]:
    """Return the labels with each of the ascending `ids` replaced by `new`."""
    if renumber:
        used = np.unique(new[new > 0])
        new = np.where(new > 0, np.searchsorted(used, new) + 1, 0)
    if ids.size == 0:
        return labels.copy()
    if ids[-1] <= _SPARSE * len(ids) + 65536:
        table = np.zeros(int(ids[-1]) + 1, labels.dtype)
        table[ids] = new.astype(labels.dtype)
        # Numbers below zero are not objects.
        return np.where(labels > 0, table[np.maximum(labels, 0)], 0).astype(labels.dtype)
    place = np.searchsorted(ids, labels)
    place = np.minimum(place, len(ids) - 1)
    out: npt.NDArray[Any] = np.where(labels > 0, new[place], 0).astype(labels.dtype)
    return out
