"""Explore in a worker: frozen requests, and results that name what they answer."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from brushwood.errors import InputError
from brushwood.explore.cluster import Clusters, cluster_positions, cluster_rows
from brushwood.explore.correlate import CorrelateParams, Correlations, correlate
from brushwood.explore.embed import TITLES, Embedding, EmbedParams, embed_rows
from brushwood.explore.explain import ExplainParams, Explanation, explain
from brushwood.explore.grouping import ClusterParams
from brushwood.explore.prepare import Prepared, PrepareParams, combine, prepare
from brushwood.explore.ranking import Ranking, rank_columns
from brushwood.explore.stability import Stability, StabilityParams, stability_of
from brushwood.explore.suggest import Suggestion, suggest_for
from brushwood.explore.surrogate import Surrogate, SurrogateParams, train_surrogate
from brushwood.jobs import IDLE, Job
from brushwood.models.surrogate import to_classifier
from brushwood.objects.classifier import ObjectClassifier
from brushwood.session.freshness import fingerprint
from brushwood.session.object_table import table_of
from brushwood.session.scene import LayerKey

if TYPE_CHECKING:
    from pandas import DataFrame

#: Largest number of groups that is tried for a suggestion.
_MOST_GROUPS = 10


@dataclass(frozen=True, eq=False, slots=True)
class TableSource:
    """One layer's table, or a file's.

    Attributes
    ----------
    name : str
        Becomes the image's name in the table of several.
    features : DataFrame
        A copy.
    key : LayerKey or None
        None for a file.
    labels : array or None
        The layer's pixels at full resolution; their fingerprint tells whether a result may land.
    units : mapping of column to unit
    """

    name: str
    features: "DataFrame"
    key: LayerKey | None = None
    labels: Any = None
    units: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, slots=True)
class ExploreRequest:
    """Lay tables out and group their rows.

    Attributes
    ----------
    sources : tuple of TableSource
    columns : tuple of str or None
        None: all that describe objects.
    prepare : PrepareParams
    embedding : EmbedParams or None
        None groups the measurements themselves.
    clusters : ClusterParams or None
        None only lays out.
    suggest : bool
        Suggest a number of groups as well.
    """

    sources: tuple[TableSource, ...]
    columns: tuple[str, ...] | None = None
    prepare: PrepareParams = PrepareParams()  # noqa: RUF009 - frozen
    embedding: EmbedParams | None = EmbedParams()  # noqa: RUF009
    clusters: ClusterParams | None = ClusterParams()  # noqa: RUF009
    suggest: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Explored:
    """A layout, groups, or both.

    Attributes
    ----------
    request : ExploreRequest
    table : DataFrame
        All sources' rows, one after the other, with the column ``image`` if there are several.
    prepared : Prepared
    embedding : Embedding or None
    clusters : Clusters or None
    suggestion : Suggestion or None
    fingerprints : tuple of str
        Of each source's labels when the work began; "" if nobody knows.
    """

    request: ExploreRequest
    table: "DataFrame"
    prepared: Prepared
    embedding: Embedding | None
    clusters: Clusters | None
    suggestion: Suggestion | None
    fingerprints: tuple[str, ...]

    def columns(self) -> dict[str, Any]:
        """Return the new columns, one value for each row of `table`."""
        found: dict[str, Any] = {}
        if self.embedding is not None:
            found |= dict(zip(self.embedding.names, self.embedding.positions.T, strict=True))
        if self.clusters is not None:
            found[self.clusters.name] = self.clusters.ids
        return found

    def notes(self) -> tuple[str, ...]:
        """Return what a user should know, each sentence once."""
        said = [*self.prepared.report.notes()]
        for part in (self.embedding, self.clusters):
            said += part.notes() if part is not None else ()
        return tuple(dict.fromkeys(said))


def run_explore(request: ExploreRequest, job: Job = IDLE) -> Explored:
    """Lay out and group.

    Raises
    ------
    InputError, MissingPackageError
        With what a user can do.
    Cancelled
        At once after a cancel.
    """
    marks = tuple(
        "" if source.labels is None else fingerprint(source.labels, job.part(0.0, 0.02))
        for source in request.sources
    )
    table = joined_table(request.sources)
    taken = {str(name) for source in request.sources for name in source.features.columns}
    prepared = prepare(table, request.columns, request.prepare)
    embedding = clusters = suggestion = None
    if request.embedding is not None:
        embedding = embed_rows(prepared, request.embedding, job.part(0.02, 0.7), taken=taken)
    if request.clusters is not None:
        clusters = _grouped(prepared, embedding, request.clusters, job.part(0.7, 0.85), taken)
    if request.suggest and request.clusters is not None and request.clusters.method != "hdbscan":
        most = ClusterParams(
            method=request.clusters.method, n_clusters=_MOST_GROUPS, seed=request.clusters.seed
        )
        matrix = prepared.matrix if embedding is None else embedding.used
        suggestion = suggest_for(matrix, most, job.part(0.85, 1.0))
    return Explored(request, table, prepared, embedding, clusters, suggestion, marks)


def joined_table(sources: Collection[TableSource]) -> "DataFrame":
    """Return the rows of all sources, with the column ``image`` if there are several.

    Raises
    ------
    InputError
        If there is no source, two have the same name, or their units differ.
    """
    tables = {source.name: table_of(source.features, source.units) for source in sources}
    if len(tables) < len(sources):
        raise InputError("Two tables have the same name. Rename one of the layers.")
    if len(tables) == 1:
        return next(iter(tables.values())).reset_index(drop=True)
    return combine(tables)


def _grouped(
    prepared: Prepared,
    embedding: Embedding | None,
    params: ClusterParams,
    job: Job,
    taken: Collection[str],
) -> Clusters:
    if embedding is None:
        return cluster_rows(prepared, params, job, taken=taken)
    on = TITLES[embedding.params.method]
    return cluster_positions(embedding.used, prepared, params, job, on=on, taken=taken)


@dataclass(frozen=True, eq=False, slots=True)
class TrustRequest:
    """Repeat an exploration."""

    explored: Explored
    params: StabilityParams = StabilityParams()  # noqa: RUF009


@dataclass(frozen=True, eq=False, slots=True)
class Trusted:
    """What the repetitions say."""

    request: TrustRequest
    stability: Stability

    def columns(self) -> dict[str, Any]:
        """Return the agreement as a new column."""
        return {self.stability.name: self.stability.agreement}


def run_trust(request: TrustRequest, job: Job = IDLE) -> Trusted:
    """Repeat with other seeds and subsamples.

    Raises
    ------
    InputError
        If there are no groups yet.
    Cancelled
    """
    explored, clusters = request.explored, clusters_of(request.explored)
    return Trusted(
        request,
        stability_of(
            explored.prepared,
            explored.request.embedding,
            clusters.params,
            request.params,
            job,
            reference=clusters.ids,
            on=clusters.name,
        ),
    )


@dataclass(frozen=True, eq=False, slots=True)
class WhyRequest:
    """Ask which columns set the groups apart."""

    explored: Explored
    correlation: CorrelateParams = CorrelateParams()  # noqa: RUF009


@dataclass(frozen=True, eq=False, slots=True)
class Why:
    """Correlations of the columns, and their ranking."""

    request: WhyRequest
    correlations: Correlations
    ranking: Ranking


def run_why(request: WhyRequest, job: Job = IDLE) -> Why:
    """Correlate and rank the columns that were explored.

    Raises
    ------
    InputError
        If there are fewer than two groups.
    Cancelled
    """
    explored, clusters = request.explored, clusters_of(request.explored)
    columns, how = explored.prepared.columns, request.correlation
    positions = None if explored.embedding is None else explored.embedding.positions
    found = correlate(
        explored.table, columns, kind=how.kind, redundant=how.redundant, job=job.part(0, 0.3)
    )
    ranking = rank_columns(
        explored.table,
        clusters.ids,
        positions,
        columns=columns,
        redundant=how.redundant,
        job=job.part(0.3, 1),
    )
    return Why(request, found, ranking)


@dataclass(frozen=True, eq=False, slots=True)
class KeepRequest:
    """Train a classifier on the groups.

    Attributes
    ----------
    columns : tuple of str or None
        None: those that were explored.
    class_names : mapping of group to name
    """

    explored: Explored
    columns: tuple[str, ...] | None = None
    class_names: Mapping[int, str] = field(default_factory=dict)
    params: SurrogateParams = SurrogateParams()  # noqa: RUF009


@dataclass(frozen=True, eq=False, slots=True)
class Kept:
    """Held-out agreement, a tree to read, and a classifier to save."""

    request: KeepRequest
    surrogate: Surrogate
    classifier: ObjectClassifier


def run_keep(request: KeepRequest, job: Job = IDLE) -> Kept:
    """Measure agreement on held-out rows, then learn from all.

    Raises
    ------
    InputError
        If there are fewer than two groups.
    Cancelled
    """
    explored = request.explored
    surrogate = train_surrogate(
        explored.table,
        clusters_of(explored).ids,
        columns=request.columns or explored.prepared.columns,
        class_names=request.class_names,
        params=request.params,
        job=job.part(0.0, 0.85),
    )
    classifier = to_classifier(explored.table, surrogate, job=job.part(0.85, 1.0))
    return Kept(request, surrogate, classifier)


@dataclass(frozen=True, eq=False, slots=True)
class ExplainRequest:
    """Explain a classifier that was trained on groups."""

    kept: Kept
    params: ExplainParams = ExplainParams()  # noqa: RUF009


@dataclass(frozen=True, eq=False, slots=True)
class Explained:
    """Why the classifier decides so."""

    request: ExplainRequest
    explanation: Explanation


def run_explain(request: ExplainRequest, job: Job = IDLE) -> Explained:
    """Compute SHAP values and permutation importance.

    Raises
    ------
    MissingPackageError
        If shap is not installed.
    Cancelled
    """
    surrogate = request.kept.surrogate
    explanation = explain(
        request.kept.request.explored.table,
        surrogate.classes.to_numpy(),
        columns=surrogate.columns,
        class_names=surrogate.class_names,
        forest=surrogate.params,
        params=request.params,
        job=job,
    )
    return Explained(request, explanation)


def clusters_of(explored: Explored) -> Clusters:
    """Return the groups of an exploration.

    Raises
    ------
    InputError
        If it made none.
    """
    if explored.clusters is None or not np.any(explored.clusters.ids):
        raise InputError("There are no groups yet. Choose a way to group, and run it.")
    return explored.clusters
