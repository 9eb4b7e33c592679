"""How far groups differ in a column: Cohen's d, the rank-biserial correlation, η²."""

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from brushwood.explore.prepare import Floats
from brushwood.jobs import IDLE, Job

if TYPE_CHECKING:
    from pandas import DataFrame


def cohens_d(first: Floats, second: Floats) -> float:
    """Return the difference of means in pooled standard deviations (Cohen 1988).

    NaN with fewer than two numbers in a group; infinite where neither varies but they differ.
    """
    if min(len(first), len(second)) < 2:
        return float("nan")
    n, m = len(first), len(second)
    pooled = ((n - 1) * first.var(ddof=1) + (m - 1) * second.var(ddof=1)) / (n + m - 2)
    difference = float(first.mean() - second.mean())
    if pooled == 0:
        return float(np.copysign(np.inf, difference)) if difference else 0.0
    return difference / float(np.sqrt(pooled))


def rank_biserial(first: Floats, second: Floats) -> float:
    """Return the share of pairs in which the first is larger less that in which it is smaller.

    ``2 U / (n m) - 1`` (Cureton 1956; Wendt 1972); 1 where every number of the first group is
    larger. NaN with an empty group.
    """
    from scipy.stats import rankdata

    n, m = len(first), len(second)
    if not (n and m):
        return float("nan")
    ranks = rankdata(np.concatenate([first, second]))
    u = float(ranks[:n].sum()) - n * (n + 1) / 2
    return 2 * u / (n * m) - 1


def eta_squared(values: Floats, ids: npt.NDArray[Any]) -> Floats:
    """Return the share of each column's variance that lies between groups (Fisher 1925).

    Parameters
    ----------
    values : float64 (row, column)
        Rows without a finite number in a column do not count for it.
    ids : int (row,)

    Returns
    -------
    float64 (column,)
        0 to 1; NaN for a column that does not vary.
    """
    found = np.full(values.shape[1], np.nan)
    for i, column in enumerate(values.T):
        finite = np.isfinite(column)
        x, g = column[finite], ids[finite]
        if not x.size or x.max() == x.min():
            continue
        _, at = np.unique(g, return_inverse=True)
        x = x / np.abs(x).max()
        counts = np.bincount(at)
        means = np.bincount(at, x) / counts
        between = float((counts * (means - x.mean()) ** 2).sum())
        found[i] = between / float(((x - x.mean()) ** 2).sum())
    return found


def pair_effects(
    values: Floats, ids: npt.NDArray[Any], columns: Sequence[str], job: Job = IDLE
) -> "DataFrame":
    """Compare every two groups in every column.

    Parameters
    ----------
    values : float64 (row, column)
    ids : int (row,)
    columns : sequence of str
    job : Job

    Returns
    -------
    DataFrame
        ``column``, ``group_a``, ``group_b``, ``d`` (Cohen's, positive where the first group's mean
        is larger), ``rank_biserial``.
    """
    import pandas as pd

    groups = np.unique(ids).tolist()
    rows = []
    for i, (name, column) in enumerate(zip(columns, values.T, strict=True)):
        job.checkpoint(i / len(columns), "Comparing groups")
        parts = {g: column[(ids == g) & np.isfinite(column)] for g in groups}
        for a, b in combinations(groups, 2):
            d, r = cohens_d(parts[a], parts[b]), rank_biserial(parts[a], parts[b])
            rows.append((name, a, b, d, r))
    return pd.DataFrame(rows, columns=["column", "group_a", "group_b", "d", "rank_biserial"])
