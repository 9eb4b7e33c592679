"""Put the rows of a table into groups: `cluster`, and what it says about them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from brushwood.explore.embed import free_names, made
from brushwood.explore.grouping import MOST, NAMES, ClusterParams, Ids, Method, group
from brushwood.explore.prepare import Floats, Prepared, PrepareParams, prepare
from brushwood.explore.report import Report
from brushwood.jobs import IDLE, Job
from brushwood.tables import EMBEDDED

if TYPE_CHECKING:
    from pandas import DataFrame, Series

#: Where a series from `cluster` says how it was made (``series.attrs``).
ATTR = "brushwood.clusters"


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """The group of each row of a table.

    Attributes
    ----------
    ids : int32 (row of the table,)
        1 is the largest group, 2 the next, so that the ids can serve as classes. 0 is no group:
        a stray of HDBSCAN, or a row that was left out because of gaps.
    name : str
        Column that holds them: ``cluster k-means on UMAP``.
    sizes : tuple of int
        Rows in each group, from group 1 on.
    n_strays : int
        Rows that were used and belong to no group.
    params : ClusterParams
    report : Report
    """

    ids: Ids
    name: str
    sizes: tuple[int, ...]
    n_strays: int
    params: ClusterParams
    report: Report

    @property
    def n_clusters(self) -> int:
        """Number of groups."""
        return len(self.sizes)

    def notes(self) -> tuple[str, ...]:
        """Return a sentence for everything that a user should know."""
        said = list(self.report.notes())
        if self.n_strays:
            said.append(f"{self.n_strays:,} rows belong to no group (0).")
        if not self.sizes:
            said.append("No group was found. Make the smallest group smaller, or use k-means.")
        if self.report.n_used > MOST[self.params.method]:
            said.append(
                f"{NAMES[self.params.method]} took {MOST[self.params.method]:,} of "
                f"{self.report.n_used:,} rows, drawn by seed {self.params.seed}; the others went "
                "to the groups of their nearest neighbours."
            )
        return tuple(said)

    def to_json(self) -> dict[str, Any]:
        """Return how they were made as JSON values."""
        return {
            "params": self.params.to_json(),
            "report": self.report.to_json(),
            "sizes": list(self.sizes),
            "n_strays": self.n_strays,
            "notes": list(self.notes()),
        }

    def series(self, index: Any = None) -> "Series[int]":
        """Return the ids as a column; ``attrs["brushwood.clusters"]`` is `to_json`."""
        import pandas as pd

        series = pd.Series(self.ids, index=index, name=self.name)
        series.attrs[ATTR] = self.to_json()
        return series


def cluster(
    table: "DataFrame",
    method: Method = "kmeans",
    *,
    columns: Sequence[str] | None = None,
    n_clusters: int = 2,
    seed: int = 0,
    scaling: str | None = None,
    params: ClusterParams | None = None,
    job: Job = IDLE,
    **options: Any,
) -> "Series[int]":
    """Put the rows of a table into groups.

    Parameters
    ----------
    table : DataFrame
        One row an object: measurements, or what `brushwood.embed` returned.
    method : {"kmeans", "gaussian", "agglomerative", "hdbscan"}
    columns : sequence of str, optional
        By default all that measure something, or all of an embedding.
    n_clusters : int
        Not used by HDBSCAN. See `brushwood.explore.suggest.suggest_clusters`.
    seed : int
    scaling : {"standard", "robust", "none"}, optional
        By default measurements are standardised, and positions of an embedding left as they are.
    params : ClusterParams, optional
        Instead of `method`, `n_clusters`, `seed` and `options`.
    job : Job
        A cancel is obeyed at once.
    **options
        Further fields of `brushwood.explore.grouping.ClusterParams`: `min_size`.

    Returns
    -------
    Series of int32
        The table's index. 1 is the largest group, 2 the next; 0 is no group: a stray of HDBSCAN or
        a row with gaps. ``attrs["brushwood.clusters"]`` says how it was made.

    Raises
    ------
    InputError
        If the table or an option does not fit, or there are fewer different rows than groups.
    Cancelled
    """
    params = params or made(
        ClusterParams, method=method, n_clusters=n_clusters, seed=seed, **options
    )
    prepared, on = prepare_for_clusters(table, columns, scaling)
    return cluster_rows(prepared, params, job, on=on).series(table.index)


def prepare_for_clusters(
    table: "DataFrame", columns: Sequence[str] | None = None, scaling: str | None = None
) -> tuple[Prepared, str]:
    """Prepare measurements or positions of an embedding, and say which: ``UMAP`` or ``""``."""
    if columns is None and table.columns.size:
        positions = [str(name) for name in table.columns]
        columns = positions if all(n.startswith(EMBEDDED) for n in positions) else None
    laid_out = columns is not None and all(str(name).startswith(EMBEDDED) for name in columns)
    scaling = scaling or ("none" if laid_out else "standard")
    on = str(columns[0]).split(" ")[0] if laid_out and columns else ""
    return prepare(table, columns, made(PrepareParams, scaling=scaling)), on


def cluster_rows(
    prepared: Prepared,
    params: ClusterParams | None = None,
    job: Job = IDLE,
    *,
    on: str = "",
    taken: Collection[str] = (),
) -> Clusters:
    """Put the rows of a prepared table into groups.

    Parameters
    ----------
    prepared : Prepared
        Measurements or positions.
    params : ClusterParams, optional
    job : Job
    on : str
        What was grouped, for the name: ``UMAP``, or nothing for measurements.
    taken : collection of str
        Names of columns that exist already.

    Raises
    ------
    InputError, Cancelled
        As `cluster`.
    """
    params = params or ClusterParams()
    return _clusters(prepared.matrix, prepared, params, job, on, taken)


def cluster_positions(
    positions: Floats,
    prepared: Prepared,
    params: ClusterParams | None = None,
    job: Job = IDLE,
    *,
    on: str = "",
    taken: Collection[str] = (),
) -> Clusters:
    """Put the rows of a layout into groups.

    Parameters
    ----------
    positions : float64 (used row, component)
        `Embedding.used`.
    prepared : Prepared
        `Embedding.prepared`.
    params, job, on, taken
        As `cluster_rows`.
    """
    return _clusters(positions, prepared, params or ClusterParams(), job, on, taken)


def _clusters(
    matrix: Floats,
    prepared: Prepared,
    params: ClusterParams,
    job: Job,
    on: str,
    taken: Collection[str],
) -> Clusters:
    ids = group(matrix, params, job)
    sizes = np.bincount(ids)
    return Clusters(
        ids=prepared.put_back(ids, 0),
        name=cluster_name(params, on, taken),
        sizes=tuple(sizes[1:].tolist()),
        n_strays=int(sizes[0]) if sizes.size else 0,
        params=params,
        report=prepared.report,
    )


def cluster_name(params: ClusterParams, on: str = "", taken: Collection[str] = ()) -> str:
    """Name a column of groups: ``cluster k-means on UMAP``, with a number if that is taken."""
    name = f"cluster {NAMES[params.method]}" + (f" on {on}" if on else "")
    return free_names([name], taken)[0]
