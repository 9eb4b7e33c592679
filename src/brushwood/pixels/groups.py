"""Which annotated pixels belong to one stroke, so that no stroke is split between two folds."""

from collections.abc import Iterator
from itertools import product

import numpy as np
import numpy.typing as npt

from brushwood.errors import InputError
from brushwood.pixels.strokes import Strokes


def stroke_groups(strokes: Strokes, ndim: int, *, gap: int = 1) -> npt.NDArray[np.int64]:
    """Number the strokes: pixels that touch, of whatever class, are one.

    Strokes of two classes that touch count as one on purpose. Their pixels are neighbours, with
    nearly the same features; a classifier that was shown one half is not tested by the other.

    Parameters
    ----------
    strokes : Strokes
    ndim : {2, 3}
        Spatial dimensions; strokes never reach from one frame into another.
    gap : int
        Pixels at most this far apart along every axis touch; 1 is full connectivity.

    Returns
    -------
    ndarray of int64, (pixel,)
        From 0, in the order in which strokes begin.

    Raises
    ------
    InputError
        If `gap` is not positive.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if gap < 1:
        raise InputError(f"gap must be at least 1 pixel, but is {gap}. Use 1 for touching pixels.")
    n = len(strokes)
    if not n:
        return np.zeros(0, np.int64)
    edges = list(_edges(strokes, ndim, gap))
    first = np.concatenate([e[0] for e in edges])
    second = np.concatenate([e[1] for e in edges])
    graph = coo_array((np.ones(len(first), np.int8), (first, second)), shape=(n, n))
    _, group = connected_components(graph, directed=False)
    _, begins, number = np.unique(group, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(begins))
    return rank[number].astype(np.int64)


def _edges(
    strokes: Strokes, ndim: int, gap: int
) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """Yield pairs of annotated pixels that touch, one neighbour position at a time."""
    shape = strokes.shape[-ndim:]
    position = np.stack(np.unravel_index(strokes.index, strokes.shape)[-ndim:])
    stride = np.cumprod((1, *shape[:0:-1]))[::-1]
    for offset in product(range(-gap, gap + 1), repeat=ndim):
        if offset <= (0,) * ndim:  # the other half finds the same pairs
            continue
        there = position + np.array(offset)[:, None]
        inside = ((there >= 0) & (there < np.array(shape)[:, None])).all(axis=0)
        here = np.flatnonzero(inside)
        wanted = strokes.index[here] + int(np.dot(offset, stride))
        at = np.searchsorted(strokes.index, wanted)
        found = strokes.index[np.minimum(at, len(strokes) - 1)] == wanted
        yield here[found].astype(np.int64), at[found].astype(np.int64)
