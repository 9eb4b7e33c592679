"""Lay rows out in two or three dimensions: PCA, UMAP or t-SNE."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from brushwood.errors import InputError
from brushwood.explore.manifold import tsne_positions, umap_positions
from brushwood.explore.nearest import fill_positions, sample
from brushwood.explore.options import MAX_SEED, Options
from brushwood.explore.pca import Components, principal_components
from brushwood.explore.prepare import Floats, Prepared, PrepareParams, Rows, prepare
from brushwood.forest.params import option
from brushwood.jobs import IDLE, Job

if TYPE_CHECKING:
    from pandas import DataFrame

Method = Literal["umap", "pca", "tsne"]

#: How each method is called in names of columns and in sentences.
TITLES = {"umap": "UMAP", "pca": "PCA", "tsne": "t-SNE"}

#: Where a table from `embed` says how it was made (``table.attrs``).
ATTR = "brushwood.embedding"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedParams(Options):
    """How rows are laid out.

    Attributes
    ----------
    method : {"umap", "pca", "tsne"}
    n_components : int
        1 to 10; t-SNE at most 3.
    n_neighbors : int
        UMAP: neighbours that each row is kept close to.
    min_dist : float
        UMAP: how close rows may come in the layout, 0 to 1.
    perplexity : float
        t-SNE: about how many neighbours each row is kept close to.
    seed : int
        Same rows and seed, same layout on the same machine and versions.
    max_rows : int
        UMAP and t-SNE lay out a sample of this many rows; the others are put among their nearest
        neighbours. PCA takes all.
    """

    method: Method = option(  # noqa: RUF009 - a field, as its siblings
        "umap",
        label="Method",
        help="UMAP and t-SNE keep neighbours together; distances between groups mean little. PCA "
        "shows the directions in which rows differ most, the same every time.",
        choices=get_args(Method),
    )
    n_components: int = option(2, label="Dimensions", help="Two make a plot.", min=1, max=10)
    n_neighbors: int = option(
        15,
        label="Neighbours",
        help="Few show fine groups, many the overall shape.",
        min=2,
        max=500,
        methods=("umap",),
    )
    min_dist: float = option(
        0.1,
        label="Closeness",
        help="0 packs groups tightly, 1 spreads them.",
        min=0.0,
        max=1.0,
        methods=("umap",),
    )
    perplexity: float = option(
        30.0,
        label="Perplexity",
        help="About how many neighbours each object is kept close to.",
        min=2.0,
        max=500.0,
        methods=("tsne",),
    )
    seed: int = option(
        0,
        label="Seed",
        help="Same seed, same picture. That makes it repeatable, not true: see Stability.",
        min=0,
        max=MAX_SEED,
        methods=("umap", "tsne"),
    )
    max_rows: int = option(
        20_000,
        label="Most rows",
        help="Of longer tables a random sample is laid out; the other rows are put among their "
        "nearest neighbours.",
        min=100,
        max=1_000_000,
        methods=("umap", "tsne"),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """A layout of a table's rows.

    Attributes
    ----------
    positions : float64 (row of the table, component)
        NaN for rows that were left out.
    names : tuple of str
        Columns that hold the positions: ``UMAP 1``, ``UMAP 2``.
    axis_titles : tuple of str
        The same for axes of a plot; of PCA with the share of the variance: ``PCA 1 (43 %)``.
    params : EmbedParams
    prepared : Prepared
        What went in, with `Prepared.report`.
    sampled : intp (sampled,) or None
        Rows of ``prepared.matrix`` that were laid out themselves; None: all.
    components : Components or None
        Explained variance and loadings, of PCA only.
    """

    positions: Floats
    names: tuple[str, ...]
    axis_titles: tuple[str, ...]
    params: EmbedParams
    prepared: Prepared
    sampled: Rows | None = None
    components: Components | None = None

    @property
    def used(self) -> Floats:
        """Positions of the rows that were used, float64 (used row, component)."""
        return self.positions[self.prepared.rows]

    def notes(self) -> tuple[str, ...]:
        """Return a sentence for everything that a user should know."""
        said = list(self.prepared.report.notes())
        if self.sampled is not None:
            said.append(
                f"{len(self.sampled):,} of {self.prepared.report.n_used:,} rows, drawn by seed "
                f"{self.params.seed}, were laid out; the others were put among their nearest "
                "neighbours."
            )
        return tuple(said)

    def to_json(self) -> dict[str, Any]:
        """Return how it was made, and of PCA explained variance and loadings, as JSON values."""
        document: dict[str, Any] = {
            "params": self.params.to_json(),
            "report": self.prepared.report.to_json(),
            "notes": list(self.notes()),
        }
        if self.components is not None:
            document["explained_variance"] = self.components.explained.tolist()
            loadings = self.components.loadings.tolist()
            document["loadings"] = dict(zip(self.prepared.columns, loadings, strict=True))
        return document

    def loadings(self) -> "DataFrame":
        """Return the loadings of PCA: index the columns, one column a component.

        Raises
        ------
        InputError
            If another method was used.
        """
        import pandas as pd

        if self.components is None:
            raise InputError(f"{TITLES[self.params.method]} has no loadings; PCA has.")
        return pd.DataFrame(
            self.components.loadings, index=list(self.prepared.columns), columns=list(self.names)
        )

    def table(self, index: Any = None) -> "DataFrame":
        """Return the positions as a table; ``attrs["brushwood.embedding"]`` is `to_json`."""
        import pandas as pd

        table = pd.DataFrame(self.positions, columns=list(self.names), index=index)
        table.attrs[ATTR] = self.to_json()
        return table


def embed(
    table: "DataFrame",
    method: Method = "umap",
    *,
    columns: Sequence[str] | None = None,
    n_components: int = 2,
    seed: int = 0,
    scaling: str = "standard",
    params: EmbedParams | None = None,
    job: Job = IDLE,
    **options: Any,
) -> "DataFrame":
    """Lay the rows of a table out in a few dimensions.

    Parameters
    ----------
    table : DataFrame
        One row an object; see `brushwood.explore.prepare.combine` for several images.
    method : {"umap", "pca", "tsne"}
    columns : sequence of str, optional
        By default all that measure something.
    n_components : int
    seed : int
        Same rows and seed, same layout on the same machine and versions.
    scaling : {"standard", "robust", "none"}
    params : EmbedParams, optional
        Instead of `method`, `n_components`, `seed` and `options`.
    job : Job
        A cancel is obeyed at once.
    **options
        Further fields of `brushwood.explore.embed.EmbedParams`: `n_neighbors`, `min_dist`,
        `perplexity`, `max_rows`.

    Returns
    -------
    DataFrame
        The table's index; columns ``UMAP 1``, ``UMAP 2``; NaN in rows that were left out because
        of gaps. ``attrs["brushwood.embedding"]`` says how it was made, what was left out, and of
        PCA explained variance and loadings.

    Raises
    ------
    InputError
        If the table or an option does not fit, or there are fewer rows than neighbours.
    MissingPackageError
        If UMAP is asked for and umap-learn is not installed.
    Cancelled
    """
    params = params or made(
        EmbedParams, method=method, n_components=n_components, seed=seed, **options
    )
    prepared = prepare(table, columns, made(PrepareParams, scaling=scaling))
    return embed_rows(prepared, params, job).table(table.index)


def made(kind: type[Any], **values: Any) -> Any:
    """Build parameters, refusing unknown names as any other wrong value."""
    return kind.from_json(values)


def embed_rows(
    prepared: Prepared,
    params: EmbedParams | None = None,
    job: Job = IDLE,
    *,
    taken: Collection[str] = (),
) -> Embedding:
    """Lay the rows of a prepared table out.

    Parameters
    ----------
    prepared : Prepared
    params : EmbedParams, optional
    job : Job
    taken : collection of str
        Names of columns that exist already; the new ones differ from them.

    Raises
    ------
    InputError, MissingPackageError, Cancelled
        As `embed`.
    """
    params = params or EmbedParams()
    names = column_names(params.method, params.n_components, taken)
    if params.method == "pca":
        return _pca(prepared, params, names, job)
    rows = sample(len(prepared.matrix), params.max_rows, params.seed)
    check_rows(prepared, params, len(rows))
    all_rows = len(rows) == len(prepared.matrix)
    laid_out = layout(prepared.matrix[rows], params, job if all_rows else job.part(0.0, 0.8))
    if not all_rows:
        laid_out = fill_positions(prepared.matrix, rows, laid_out, job.part(0.8, 1.0))
    return Embedding(
        positions=prepared.put_back(laid_out, np.nan),
        names=names,
        axis_titles=names,
        params=params,
        prepared=prepared,
        sampled=None if all_rows else rows,
    )


def layout(matrix: Floats, params: EmbedParams, job: Job) -> Floats:
    """Lay out the rows of a matrix, float64 (row, component); `check_rows` comes before."""
    if params.method == "pca":
        return principal_components(matrix, params.n_components).positions
    if params.method == "umap":
        return umap_positions(
            matrix,
            n_components=params.n_components,
            n_neighbors=params.n_neighbors,
            min_dist=params.min_dist,
            seed=params.seed,
            job=job,
        )
    return tsne_positions(
        matrix,
        n_components=params.n_components,
        perplexity=params.perplexity,
        seed=params.seed,
        job=job,
    )


def check_rows(prepared: Prepared, params: EmbedParams, n_rows: int) -> None:
    """Refuse what a method cannot lay out, and say what to do.

    Raises
    ------
    InputError
    """
    title = TITLES[params.method]
    n_columns = prepared.matrix.shape[1]
    if params.method == "pca":
        if params.n_components > n_columns:
            raise InputError(
                f"PCA cannot make {params.n_components} components of {n_columns} "
                f"column{'s' * (n_columns > 1)}. Choose more columns, or fewer dimensions."
            )
        return
    if params.method == "tsne" and params.n_components > 3:
        raise InputError(
            f"t-SNE lays out in 1 to 3 dimensions, not {params.n_components}. Choose UMAP or PCA."
        )
    near = params.n_neighbors if params.method == "umap" else params.perplexity
    what = "neighbours" if params.method == "umap" else "perplexity"
    if n_rows <= near:
        advice = f"set {what} to {max(2, n_rows // 3)} or less" if n_rows >= 6 else "choose PCA"
        raise InputError(
            f"{title} with {what} {near:g} needs more than {near:g} rows, but there are {n_rows} "
            f"without gaps. Measure more objects, or {advice}."
        )
    if len(np.unique(prepared.matrix, axis=0)) <= params.n_components + 1:
        raise InputError(
            f"Nearly all of the {n_rows:,} rows are duplicates: there is nothing to lay out. "
            "Choose more columns."
        )


def column_names(method: Method, n_components: int, taken: Collection[str] = ()) -> tuple[str, ...]:
    """Name the columns of a layout, ``UMAP 1``, ``UMAP 2``, … or, if taken, ``UMAP 1 · 2`` …."""
    plain = [f"{TITLES[method]} {i}" for i in range(1, n_components + 1)]
    return tuple(free_names(plain, taken))


def free_names(names: Sequence[str], taken: Collection[str]) -> list[str]:
    """Return the names, all with the same number behind them if one of them is taken."""
    candidate, number = list(names), 1
    while any(name in taken for name in candidate):
        number += 1
        candidate = [f"{name} · {number}" for name in names]
    return candidate


def _pca(prepared: Prepared, params: EmbedParams, names: tuple[str, ...], job: Job) -> Embedding:
    check_rows(prepared, params, len(prepared.matrix))
    job.checkpoint(0.0, "PCA")
    found = principal_components(prepared.matrix, params.n_components)
    job.checkpoint(1.0, "PCA")
    shares = [
        f"{name} ({share:.0%})".replace("%", " %")
        for name, share in zip(names, found.explained, strict=True)
    ]
    return Embedding(
        positions=prepared.put_back(found.positions, np.nan),
        names=names,
        axis_titles=tuple(shares),
        params=params,
        prepared=prepared,
        components=found,
    )


def with_seed(params: EmbedParams, seed: int) -> EmbedParams:
    """Return the same parameters with another seed."""
    return replace(params, seed=seed)
