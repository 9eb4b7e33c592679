"""How far groups stand apart, and data of the same spread that have no groups."""

import numpy as np

from brushwood.explore.grouping import Ids
from brushwood.explore.prepare import Floats

#: Rows whose distances to each other are computed.
_MOST = 1_000


def separation(positions: Floats, ids: Ids, seed: int = 0) -> float:
    """Return the mean silhouette width of groups (Rousseeuw 1987), in [-1, 1].

    Of at most 1000 rows drawn by `seed`. Strays (0) do not count; fewer than two groups give NaN.

    Parameters
    ----------
    positions : float64 (row, component)
    ids : int32 (row,)
    """
    from sklearn.metrics import silhouette_score

    rows = np.flatnonzero(ids > 0)
    if len(rows) > _MOST:
        rows = np.sort(np.random.default_rng(seed).choice(rows, _MOST, replace=False))
    n_groups = len(np.unique(ids[rows]))
    if not 2 <= n_groups < len(rows):
        return float("nan")
    return float(silhouette_score(positions[rows], ids[rows]))


def groupless(matrix: Floats, seed: int) -> Floats:
    """Return as many random rows with the same covariance and no groups.

    Uniform along the principal axes, as the reference of the gap statistic (Tibshirani, Walther,
    Hastie 2001): of all distributions without groups it is the one that is most easily cut in two.

    Parameters
    ----------
    matrix : float64 (row, column)
    seed : int
    """
    centred = matrix - matrix.mean(axis=0)
    variance, axes = np.linalg.eigh(centred.T @ centred / len(centred))
    half = np.sqrt(3 * np.maximum(variance, 0))
    drawn = np.random.default_rng(seed).uniform(-1, 1, size=matrix.shape)
    rows: Floats = (drawn * half) @ axes.T
    return rows
