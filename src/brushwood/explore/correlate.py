"""Which columns say the same? Correlations, ordered by similarity, and groups of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from brushwood.errors import InputError
from brushwood.explore.options import Options
from brushwood.explore.prepare import Floats, columns_as_floats
from brushwood.forest.params import option
from brushwood.jobs import IDLE, Job

if TYPE_CHECKING:
    from pandas import DataFrame

Kind = Literal["pearson", "spearman"]

#: Fewest rows with both numbers that make a correlation.
_FEWEST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrelateParams(Options):
    """How columns are compared.

    Attributes
    ----------
    kind : {"pearson", "spearman"}
    redundant : float
        Columns correlated at least this much, either way, count as saying the same.
    """

    kind: Kind = option(  # noqa: RUF009 - a field, as its siblings
        "spearman",
        label="Correlation",
        help="Pearson finds straight lines, Spearman whatever rises or falls together.",
        choices=get_args(Kind),
    )
    redundant: float = option(
        0.9,
        label="Redundant from",
        help="Columns correlated at least this much say the same; one of them is enough.",
        min=0.5,
        max=1.0,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Correlations:
    """Correlations of columns.

    Attributes
    ----------
    columns : tuple of str
        Similar ones beside each other.
    matrix : float64 (column, column)
        In that order; 1 on the diagonal, NaN where one is constant or too few rows have both.
    redundant : tuple of tuple of str
        Groups of two or more columns that say the same, each in the order of `columns`.
    constant : tuple of str
        Columns that do not vary.
    params : CorrelateParams
    """

    columns: tuple[str, ...]
    matrix: Floats
    redundant: tuple[tuple[str, ...], ...]
    constant: tuple[str, ...]
    params: CorrelateParams

    def table(self) -> "DataFrame":
        """Return the matrix with names."""
        import pandas as pd

        return pd.DataFrame(self.matrix, index=list(self.columns), columns=list(self.columns))

    def between(self, first: str, second: str) -> float:
        """Return one correlation."""
        return float(self.matrix[self.columns.index(first), self.columns.index(second)])

    def partners(self, column: str) -> tuple[str, ...]:
        """Return the columns that correlate with one at least as much as redundant ones do."""
        row = np.abs(self.matrix[self.columns.index(column)])
        found = zip(self.columns, row, strict=True)
        return tuple(n for n, r in found if n != column and r >= self.params.redundant)

    def to_json(self) -> dict[str, Any]:
        """Return all of it as JSON values; correlations that do not exist are None."""
        rows = [[None if np.isnan(v) else float(v) for v in row] for row in self.matrix]
        return {
            "params": self.params.to_json(),
            "columns": list(self.columns),
            "matrix": rows,
            "redundant": [list(group) for group in self.redundant],
            "constant": list(self.constant),
        }


def correlate(
    table: "DataFrame",
    columns: Sequence[str] | None = None,
    *,
    kind: Kind = "spearman",
    redundant: float = 0.9,
    job: Job = IDLE,
) -> Correlations:
    """Correlate the columns of a table with each other.

    Each pair is compared over the rows in which both are finite, so a gap in one column costs
    nothing elsewhere; the matrix then need not be positive definite.

    Parameters
    ----------
    table : DataFrame
    columns : sequence of str, optional
        By default all that describe objects.
    kind : {"pearson", "spearman"}
        Spearman's is Pearson's of the ranks, ties sharing their mean rank.
    redundant : float
        0.5 to 1.
    job : Job

    Raises
    ------
    InputError
        If a column does not exist or holds text, or none is left.
    Cancelled
    """
    names, values = columns_as_floats(table, columns)
    params = CorrelateParams(kind=kind, redundant=float(redundant))
    if len(table) < _FEWEST:
        raise InputError(f"Correlations need at least {_FEWEST} rows, but there are {len(table)}.")
    matrix = correlation_matrix(values, kind, job)
    order = _by_similarity(matrix)
    matrix = matrix[np.ix_(order, order)]
    ordered = tuple(names[i] for i in order)
    flat = [n for n, column in zip(names, values.T, strict=True) if _is_flat(column)]
    return Correlations(ordered, matrix, _groups(ordered, matrix, redundant), tuple(flat), params)


def correlation_matrix(values: Floats, kind: Kind, job: Job = IDLE) -> Floats:
    """Return the correlations of the columns of an array over the rows that two of them share.

    Parameters
    ----------
    values : float64 (row, column)
        With NaN or infinite values where there is none.
    kind : {"pearson", "spearman"}
    job : Job

    Returns
    -------
    float64 (column, column)
    """
    job.checkpoint(0.0, "Correlating columns")
    finite = np.isfinite(values)
    if finite.all():
        return _pearson(_ranks(values, job) if kind == "spearman" else values)
    n = values.shape[1]
    matrix = np.full((n, n), np.nan)
    for i in range(n):
        job.checkpoint(i / n, "Correlating columns")
        for j in range(i + 1):
            both = finite[:, i] & finite[:, j]
            pair = values[both][:, [i, j]]
            if len(pair) >= _FEWEST:
                pair = _ranks(pair) if kind == "spearman" else pair
                matrix[i, j] = matrix[j, i] = _pearson(pair)[0, 1]
    return matrix


def _ranks(values: Floats, job: Job = IDLE) -> Floats:
    from scipy.stats import rankdata

    ranks = np.empty(values.shape)
    for i, column in enumerate(values.T):
        job.checkpoint(i / values.shape[1], "Correlating columns")
        ranks[:, i] = rankdata(column)
    return ranks


def _pearson(values: Floats) -> Floats:
    """Return Pearson's coefficients; NaN for a column that does not vary."""
    varies = values.max(axis=0) > values.min(axis=0)
    size = np.abs(values).max(axis=0)
    small = values / np.where(size > 0, size, 1)
    centred = small - small.mean(axis=0)
    length = np.sqrt((centred**2).sum(axis=0))
    unit = centred / np.where(varies & (length > 0), length, 1)
    matrix: Floats = np.clip(unit.T @ unit, -1, 1)
    matrix[~varies], matrix[:, ~varies] = np.nan, np.nan
    matrix[varies, varies] = 1
    return matrix


def _is_flat(column: Floats) -> bool:
    finite = column[np.isfinite(column)]
    return not finite.size or bool(finite.max() == finite.min())


def _distances(matrix: Floats) -> Any:
    from scipy.spatial.distance import squareform

    apart = 1 - np.abs(np.nan_to_num(matrix, nan=0.0))
    np.fill_diagonal(apart, 0)
    return squareform(apart, checks=False)


def _by_similarity(matrix: Floats) -> list[int]:
    """Order columns such that similar ones are neighbours (Bar-Joseph 2001)."""
    from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering

    if len(matrix) < 3:
        return list(range(len(matrix)))
    apart = _distances(matrix)
    tree = linkage(apart, "average")
    return [int(i) for i in leaves_list(optimal_leaf_ordering(tree, apart))]


def _groups(
    columns: Sequence[str], matrix: Floats, redundant: float
) -> tuple[tuple[str, ...], ...]:
    """Return groups in which every two columns are correlated enough (complete linkage)."""
    from scipy.cluster.hierarchy import fcluster, linkage

    if len(columns) < 2:
        return ()
    # Rounding must not part columns that are the same.
    ids = fcluster(linkage(_distances(matrix), "complete"), 1 - redundant + 1e-9, "distance")
    groups: dict[int, list[str]] = {}
    for name, i in zip(columns, ids.tolist(), strict=True):
        groups.setdefault(i, []).append(name)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)
