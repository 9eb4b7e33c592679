"""Objects put together, and objects picked out: what selecting and merging come down to."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.errors import InputError

#: Up to so many times the number of labels, a table of all numbers beats a search.
_SPARSE = 64


def merge_labels(labels: Any, pairs: Any, *, renumber: bool = False) -> npt.NDArray[Any]:
    """Merge objects: those of a pair become one, and so do chains of pairs.

    Parameters
    ----------
    labels : int array
        Of any shape; 0 is the background.
    pairs : int (pair, 2), or sequence of pairs
        Labels that belong together. Whether they touch is not asked.
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
    together = np.asarray(list(pairs) if isinstance(pairs, Iterable) else pairs)
    together = together.reshape(-1, 2) if together.size == 0 else together
    if together.ndim != 2 or together.shape[1] != 2 or together.dtype.kind not in "uif":
        raise InputError(
            f"Pairs must be two labels each, but an array of shape {together.shape} came."
        )
    together = together.astype(np.int64)
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
