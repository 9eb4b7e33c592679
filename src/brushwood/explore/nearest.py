"""Work on a sample of many rows, and give the others what their nearest neighbours got."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from brushwood.explore.prepare import Floats, Rows
from brushwood.jobs import IDLE, Job

#: Distances computed between two looks at the job.
_PAIRS = 40_000_000
#: Columns up to which a tree finds neighbours faster than comparing all.
_FEW_COLUMNS = 3
_NEIGHBOURS = 3


def sample(n_rows: int, max_rows: int, seed: int) -> Rows:
    """Return ascending row numbers: all, or `max_rows` of them drawn by `seed`."""
    if n_rows <= max_rows:
        return np.arange(n_rows)
    rows = np.random.default_rng(seed).choice(n_rows, max_rows, replace=False)
    return np.sort(rows)


def fill_positions(matrix: Floats, rows: Rows, positions: Floats, job: Job = IDLE) -> Floats:
    """Place the rows that were not sampled among their nearest sampled neighbours.

    Each comes to the mean of its three nearest neighbours' positions, weighted by 1 / distance
    (Shepard 1968), or right on a neighbour that equals it.

    Parameters
    ----------
    matrix : float64 (row, column)
    rows : intp (sampled,)
        Which rows were sampled.
    positions : float64 (sampled, component)
    job : Job

    Returns
    -------
    float64 (row, component)
        Sampled rows keep their position.
    """
    full = np.empty((len(matrix), positions.shape[1]))
    full[rows] = positions
    others = np.setdiff1d(np.arange(len(matrix)), rows, assume_unique=True)
    k = min(_NEIGHBOURS, len(rows))
    for part, distance, at in _neighbours(matrix, rows, others, k, job):
        # Comparing all rounds; what is as near as that is the same.
        same = distance <= 1e-6 * max(1e-300, float(distance.max()))
        exact = same[:, :1]
        weight = np.where(exact, same, 1 / np.where(same, 1, distance))
        weight /= weight.sum(axis=1, keepdims=True)
        full[part] = np.einsum("rk,rkc->rc", weight, positions[at])
    return full


def fill_ids(
    matrix: Floats, rows: Rows, ids: npt.NDArray[np.int32], job: Job = IDLE
) -> npt.NDArray[np.int32]:
    """Give the rows that were not sampled the id of the nearest sampled row; int32 (row,)."""
    full = np.empty(len(matrix), np.int32)
    full[rows] = ids
    others = np.setdiff1d(np.arange(len(matrix)), rows, assume_unique=True)
    for part, _, at in _neighbours(matrix, rows, others, 1, job):
        full[part] = ids[at[:, 0]]
    return full


def _neighbours(
    matrix: Floats, rows: Rows, others: Rows, k: int, job: Job
) -> Iterator[tuple[Rows, Floats, Rows]]:
    """Yield row numbers, distances and sampled neighbours, part by part."""
    from sklearn.neighbors import NearestNeighbors

    if not others.size:
        return
    few = matrix.shape[1] <= _FEW_COLUMNS
    kind = np.float64 if few else np.float32
    search = NearestNeighbors(n_neighbors=k, algorithm="kd_tree" if few else "brute")
    search.fit(matrix[rows].astype(kind))
    step = max(1, _PAIRS // len(rows))
    for start in range(0, len(others), step):
        job.checkpoint(start / len(others), "Placing the rows that were not sampled")
        part = others[start : start + step]
        distance, at = search.kneighbors(matrix[part].astype(kind))
        yield part, distance, at
