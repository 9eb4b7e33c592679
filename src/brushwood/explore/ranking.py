"""Which measurements set the groups apart? Rankings, effect sizes, and a small set of columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from brushwood.errors import InputError, ShapeMismatchError
from brushwood.explore.correlate import Kind, correlate
from brushwood.explore.effects import eta_squared, pair_effects
from brushwood.explore.nearest import sample
from brushwood.explore.prepare import Floats, columns_as_floats
from brushwood.jobs import IDLE, Job

if TYPE_CHECKING:
    from pandas import DataFrame

#: η² below which a column hardly separates the groups: Cohen (1988) calls 0.14 a large effect.
WEAK = 0.14
#: Rows that are ranked; more would change the third digit.
_MOST = 50_000


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """How strongly each column goes with the groups, strongest first.

    Attributes
    ----------
    columns : tuple of str
    groups : tuple of int
        Ids of the groups.
    to_center : float64 (column, group)
        Correlation of the column with each row's distance to the group's centre in the layout:
        near 1 or -1 where the column changes steadily with the distance; NaN where it is constant.
    strength : float64 (column,)
        Largest of the absolute correlations; what the order follows.
    eta_squared : float64 (column,)
        Share of the column's variance that lies between the groups, 0 to 1.
    effects : DataFrame
        One row a column and pair of groups: ``column``, ``group_a``, ``group_b``, Cohen's ``d``,
        ``rank_biserial``.
    suggested : tuple of str
        A small set without redundant columns.
    redundant : tuple of tuple of str
        Groups of columns that say the same.
    kind : {"pearson", "spearman"}
    n_rows : int
        Rows that were ranked: those with a group, or a sample of 50,000 of them.
    """

    columns: tuple[str, ...]
    groups: tuple[int, ...]
    to_center: Floats
    strength: Floats
    eta_squared: Floats
    effects: "DataFrame"
    suggested: tuple[str, ...]
    redundant: tuple[tuple[str, ...], ...]
    kind: Kind
    n_rows: int

    def table(self) -> "DataFrame":
        """Return the ranking: one row a column, strongest first."""
        import pandas as pd

        found = {f"to centre of {g}": self.to_center[:, k] for k, g in enumerate(self.groups)}
        table = pd.DataFrame({"strength": self.strength, **found}, index=list(self.columns))
        table["eta_squared"] = self.eta_squared
        table["suggested"] = [name in self.suggested for name in self.columns]
        table.index.name = "column"
        return table

    def to_json(self) -> dict[str, Any]:
        """Return all of it as JSON values."""
        rows = self.table().reset_index().to_dict("records")
        plain = [{k: None if v != v else v for k, v in row.items()} for row in rows]
        return {
            "kind": self.kind,
            "n_rows": self.n_rows,
            "groups": list(self.groups),
            "ranking": plain,
            "suggested": list(self.suggested),
            "redundant": [list(group) for group in self.redundant],
        }


def rank_columns(
    table: "DataFrame",
    clusters: Any,
    positions: Any = None,
    *,
    columns: Sequence[str] | None = None,
    kind: Kind = "pearson",
    redundant: float = 0.9,
    n_suggested: int = 5,
    job: Job = IDLE,
) -> Ranking:
    """Rank the columns of a table by how strongly they go with groups.

    For each group the distance of every row to the group's centre in the layout is correlated with
    every column. A column that tells a group from the others rises or falls with that distance.

    Parameters
    ----------
    table : DataFrame
    clusters : Series or int array (row,)
        1 and up; rows with 0 are left out.
    positions : DataFrame or float array (row, component), optional
        The layout, as `brushwood.embed` returns it. By default the standardised columns.
    columns : sequence of str, optional
        By default all that describe objects.
    kind : {"pearson", "spearman"}
    redundant : float
        Columns correlated at least this much (Spearman) say the same.
    n_suggested : int
        Most columns of the small set.
    job : Job

    Raises
    ------
    InputError
        If there are fewer than two groups, or a column does not fit.
    ShapeMismatchError
        If clusters or positions do not belong to the table's rows.
    Cancelled
    """
    names, values = columns_as_floats(table, columns)
    ids = cluster_ids(table, clusters)
    places = _places(table, positions, names)
    used = np.flatnonzero((ids > 0) & np.isfinite(places).all(axis=1))
    used = used[sample(len(used), _MOST, 0)]
    groups = np.unique(ids[used])
    if len(groups) < 2:
        raise InputError(
            f"A ranking needs at least two groups, but there {'is' if len(groups) == 1 else 'are'} "
            f"{len(groups)}. Cluster the rows first, or ask for more groups."
        )
    values, ids, places = values[used], ids[used], places[used]
    job.checkpoint(0.0, "Ranking columns")
    distances = np.stack(
        [np.linalg.norm(places - places[ids == g].mean(axis=0), axis=1) for g in groups], axis=1
    )
    to_center = _to_center(values, distances, kind, job.part(0.0, 0.4))
    strength = np.max(np.nan_to_num(np.abs(to_center), nan=0.0), axis=1)
    eta = eta_squared(values, ids)
    order = np.argsort(-strength, kind="stable")
    ordered = tuple(names[i] for i in order)
    similar = correlate(table.iloc[used], names, redundant=redundant, job=job.part(0.4, 0.7))
    return Ranking(
        columns=ordered,
        groups=tuple(groups.tolist()),
        to_center=to_center[order],
        strength=strength[order],
        eta_squared=eta[order],
        effects=pair_effects(values[:, order], ids, ordered, job.part(0.7, 1.0)),
        suggested=_small_set(ordered, strength[order], eta[order], similar.partners, n_suggested),
        redundant=similar.redundant,
        kind=kind,
        n_rows=len(used),
    )


def cluster_ids(table: "DataFrame", clusters: Any) -> npt.NDArray[np.int64]:
    """Return one id a row; a Series is taken by its index where that tells rows apart.

    Raises
    ------
    ShapeMismatchError, InputError
        If there is not one whole number a row.
    """
    import pandas as pd

    if isinstance(clusters, pd.Series) and clusters.index.is_unique and table.index.is_unique:
        clusters = clusters.reindex(table.index, fill_value=0)
    ids = np.asarray(clusters)
    if ids.shape != (len(table),):
        raise ShapeMismatchError(
            f"{ids.size:,} cluster ids do not belong to a table of {len(table):,} rows."
        )
    if ids.dtype.kind not in "iub":
        raise InputError(f"Cluster ids must be whole numbers, not {ids.dtype}.")
    return ids.astype(np.int64)


def _places(table: "DataFrame", positions: Any, names: Sequence[str]) -> Floats:
    if positions is None:
        from brushwood.explore.prepare import prepare

        prepared = prepare(table, names)
        return prepared.put_back(prepared.matrix, np.nan)
    places = np.asarray(positions, np.float64)
    if places.ndim != 2 or len(places) != len(table):
        raise ShapeMismatchError(
            f"Positions {places.shape} do not belong to a table of {len(table):,} rows."
        )
    return places


def _to_center(values: Floats, distances: Floats, kind: Kind, job: Job) -> Floats:
    """Correlate every column with every group's distances over the rows that have a number."""
    from brushwood.explore.correlate import correlation_matrix

    found = np.full((values.shape[1], distances.shape[1]), np.nan)
    for i, column in enumerate(values.T):
        job.checkpoint(i / values.shape[1], "Ranking columns")
        finite = np.isfinite(column)
        if np.count_nonzero(finite) > 2:
            both = np.column_stack([column[finite], distances[finite]])
            found[i] = correlation_matrix(both, kind)[0, 1:]
    return found


def _small_set(
    columns: Sequence[str], strength: Floats, eta: Floats, partners: Any, most: int
) -> tuple[str, ...]:
    """Take columns by strength, none that says the same as one taken before, and none that is weak.

    The strongest is taken in any case.
    """
    chosen: list[str] = []
    for name, r, share in zip(columns, strength, eta, strict=True):
        if len(chosen) == most or not r > 0:
            break
        enough = not chosen or (np.isfinite(share) and share >= WEAK)
        if enough and not set(partners(name)) & set(chosen):
            chosen.append(name)
    return tuple(chosen)
