"""Pair objects of truth and prediction one to one, as well as possible."""

import numpy as np
import numpy.typing as npt

from brushwood.evaluate.overlap import Overlap

Ints = npt.NDArray[np.int64]

#: Largest cost matrix that is filled, in entries; beyond, only pairs that can match are looked at.
_DENSE = 2**22


def assign(found: Overlap, min_iou: float) -> Ints:
    """Choose the pairs that match: as many as possible, and of those the best overlapping.

    Parameters
    ----------
    found : Overlap
    min_iou : float
        A pair matches from this intersection over union on.

    Returns
    -------
    ndarray of int64, (match,)
        Positions in the pairs of `found`, ascending.

    Notes
    -----
    The cost of an assignment is that of StarDist's ``matching.py``: -[IoU >= t] - IoU / (2 n), n
    the smaller number of objects. Above one half a match needs no choice, because an object cannot
    share more than half of itself with two others; below, each group of objects that hang together
    is assigned on its own, which gives the same optimum as one large matrix.
    """
    iou = found.iou
    fits = iou >= min_iou
    if min_iou > 0.5:
        return np.flatnonzero(fits)
    if not fits.any():
        return np.zeros(0, np.int64)
    n_truth, n_prediction = len(found.truth), len(found.prediction)
    smaller = max(1, min(n_truth, n_prediction))
    chosen = [
        _solved(found, iou, fits, group, smaller) for group in _groups(found, np.arange(len(iou)))
    ]
    return np.sort(np.concatenate(chosen))


def _groups(found: Overlap, pairs: Ints) -> list[Ints]:
    """Split pairs into groups that share no object."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = len(found.truth) + len(found.prediction)
    a, b = found.at_truth[pairs], found.at_prediction[pairs] + len(found.truth)
    graph = coo_array((np.ones(len(pairs), np.int8), (a, b)), shape=(n, n))
    _, group = connected_components(graph, directed=False)
    order = np.argsort(group[a], kind="stable")
    cuts = np.flatnonzero(np.diff(group[a][order])) + 1
    return np.split(pairs[order], cuts)


def _solved(
    found: Overlap,
    iou: npt.NDArray[np.float64],
    fits: npt.NDArray[np.bool_],
    group: Ints,
    smaller: int,
) -> Ints:
    from scipy.optimize import linear_sum_assignment

    if not fits[group].any():
        return np.zeros(0, np.int64)
    rows, row = np.unique(found.at_truth[group], return_inverse=True)
    columns, column = np.unique(found.at_prediction[group], return_inverse=True)
    if len(rows) * len(columns) > _DENSE:
        kept = group[fits[group]]
        parts = _groups(found, kept)
        if len(parts) > 1 or len(kept) < len(group):
            return np.concatenate([_solved(found, iou, fits, p, smaller) for p in parts])
        return _sparse(iou, group, row, column, smaller)
    cost = np.zeros((len(rows), len(columns)))
    cost[row, column] = -fits[group].astype(float) - iou[group] / (2 * smaller)
    where = np.full(cost.shape, -1, np.int64)
    where[row, column] = group
    picked: Ints = where[linear_sum_assignment(cost)]
    picked = picked[picked >= 0]
    matches: Ints = picked[fits[picked]]
    return matches


def _sparse(
    iou: npt.NDArray[np.float64], group: Ints, row: Ints, column: Ints, smaller: int
) -> Ints:
    """Assign a huge group whose pairs all fit, without a matrix.

    Every object gets a partner of its own that costs nothing, so that a full matching exists.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    n, m = int(row.max()) + 1, int(column.max()) + 1
    gain = 1 + iou[group] / (2 * smaller)
    alone = np.arange(n)
    # Costs are shifted by 3, because a stored zero would not count as an edge.
    costs = np.r_[3.0 - gain, np.full(n, 3.0)]
    edges = (np.r_[row, alone], np.r_[column, m + alone])
    graph = coo_array((costs, edges), shape=(n, m + n)).tocsr()
    left, right = min_weight_full_bipartite_matching(graph)
    picked = dict(zip(left.tolist(), right.tolist(), strict=True))
    kept = [k for k, (r, c) in enumerate(zip(row, column, strict=True)) if picked[int(r)] == c]
    return group[np.array(kept, np.int64)]
