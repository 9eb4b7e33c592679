"""Compare groupings: adjusted Rand index, optimal matching, and each row's agreement."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.explore.grouping import Ids
from brushwood.explore.prepare import Floats

#: In a grouping of only some of the rows, the others.
ABSENT = -1


def adjusted_rand_index(first: npt.NDArray[Any], second: npt.NDArray[Any]) -> float:
    """Return how alike two groupings are: 1 the same, 0 as by chance (Hubert and Arabie 1985).

    Strays (0) count as a group of their own.
    """
    from sklearn.metrics import adjusted_rand_score

    return float(adjusted_rand_score(first, second))


def pairwise(runs: Sequence[Ids]) -> Floats:
    """Return the adjusted Rand index of each two groupings over the rows that both have.

    Parameters
    ----------
    runs : sequence of int32 (row,)
        -1 where a grouping does not have a row.

    Returns
    -------
    float64 (run, run)
        Symmetric, 1 on the diagonal; NaN where two runs share fewer than two rows.
    """
    matrix = np.eye(len(runs))
    for i, first in enumerate(runs):
        for j in range(i):
            both = (first != ABSENT) & (runs[j] != ABSENT)
            enough = np.count_nonzero(both) > 1
            value = adjusted_rand_index(first[both], runs[j][both]) if enough else np.nan
            matrix[i, j] = matrix[j, i] = value
    return matrix


def matched(ids: Ids, reference: Ids) -> Ids:
    """Renumber a grouping such that as many rows as possible keep the reference's number.

    The best of all assignments of groups to groups (Kuhn 1955). Groups that are left over get
    numbers above those of the reference. Strays stay 0, absent rows -1.

    Parameters
    ----------
    ids, reference : int32 (row,)
    """
    from scipy.optimize import linear_sum_assignment

    n_new, n_old = max(0, int(ids.max(initial=0))), max(0, int(reference.max(initial=0)))
    shared = np.zeros((n_new, n_old), np.int64)
    both = (ids > 0) & (reference > 0)
    np.add.at(shared, (ids[both] - 1, reference[both] - 1), 1)
    new, old = linear_sum_assignment(shared, maximize=True)
    number = np.zeros(n_new + 2, np.int32)
    number[-1] = ABSENT
    number[1 : n_new + 1][new] = old + 1
    spare = np.flatnonzero(number[1 : n_new + 1] == 0) + 1
    number[spare] = n_old + 1 + np.arange(len(spare))
    return number[ids]


def row_agreement(runs: Sequence[Ids], reference: Ids) -> Floats:
    """Return the share of runs in which each row keeps its group.

    Parameters
    ----------
    runs : sequence of int32 (row,)
        Matched to the reference; -1 where a run does not have a row.
    reference : int32 (row,)

    Returns
    -------
    float64 (row,)
        NaN for rows that no run has.
    """
    stacked = np.stack(runs)
    present = (stacked != ABSENT).sum(axis=0)
    kept = (stacked == reference).sum(axis=0)
    return np.where(present > 0, kept / np.maximum(present, 1), np.nan)
