"""Write an exploration as a Python script."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from brushwood.explore.cluster import cluster_name
from brushwood.explore.embed import TITLES, EmbedParams
from brushwood.explore.grouping import ClusterParams
from brushwood.explore.options import Options
from brushwood.explore.stability import StabilityParams
from brushwood.session.explore_work import ExploreRequest

_TEMPLATE = '''"""Made by Brushwood's Explore objects."""

import brushwood as bw
from brushwood.explore.cluster import cluster_positions, cluster_rows
from brushwood.explore.embed import EmbedParams, embed_rows
from brushwood.explore.grouping import ClusterParams
from brushwood.explore.prepare import PrepareParams, combine, prepare
from brushwood.explore.stability import StabilityParams, stability_of
from brushwood.io.tables import read_table, write_table
from brushwood.models.surrogate import to_classifier

{read}
columns = {columns}
prepared = prepare(table, columns, PrepareParams({prepare}))
{steps}'''

_GROUPS = """clustering = ClusterParams({clusters})
{grouped}
table["{name}"] = groups.ids

# Are the groups real?
trust = stability_of(
    prepared, {embedding}, clustering, StabilityParams({stability}), reference=groups.ids
)
print(trust.verdict.sentence)
table["{agreement}"] = trust.agreement

# Which measurements? A classifier that repeats the groups
ranking = bw.rank_columns(table, groups.ids, {positions}, columns=prepared.columns)
print(ranking.table().head(10))
learned = bw.train_surrogate(table, groups.ids, columns=ranking.suggested)
print(learned.tree.text())
print(learned.forest_agreement.sentence)
to_classifier(table, learned).save("groups.brushwood")
"""


def explore_script(request: ExploreRequest, stability: StabilityParams | None = None) -> str:
    """Return a script that does the same with tables that were exported as CSV files.

    Parameters
    ----------
    request : ExploreRequest
    stability : StabilityParams, optional
        How often groups are repeated.
    """
    steps, embedding = [], request.embedding
    if embedding is not None:
        steps.append(f"embedding = EmbedParams({_given(embedding, embedding.method)})")
        steps.append("layout = embed_rows(prepared, embedding)")
        steps.append("table = table.join(layout.table(table.index))")
    if request.clusters is not None:
        steps.append(_groups(request.clusters, embedding, stability or StabilityParams()))
    steps.append('write_table(table, "explored.csv")')
    return _TEMPLATE.format(
        read=_read(request),
        columns=None if request.columns is None else list(request.columns),
        prepare=_given(request.prepare),
        steps="\n".join(steps) + "\n",
    )


def _groups(
    clusters: ClusterParams, embedding: EmbedParams | None, stability: StabilityParams
) -> str:
    on = "" if embedding is None else TITLES[embedding.method]
    name = cluster_name(clusters, on)
    laid_out = embedding is not None
    return _GROUPS.format(
        clusters=_given(clusters, clusters.method),
        grouped="groups = cluster_positions(layout.used, prepared, clustering)"
        if laid_out
        else "groups = cluster_rows(prepared, clustering)",
        name=name,
        embedding="embedding" if laid_out else "None",
        stability=_given(stability),
        agreement="agreement " + name.removeprefix("cluster "),
        positions="layout.positions" if laid_out else "None",
    )


def _read(request: ExploreRequest) -> str:
    names = [source.name for source in request.sources]
    if len(names) == 1:
        return f'table = read_table("objects.csv")  # {names[0]}'
    files = "".join(
        f"    {name!r}: read_table({f'objects_{k}.csv'!r}),\n" for k, name in enumerate(names, 1)
    )
    return f"table = combine({{\n{files}}})"


def _given(params: Options, method: str = "") -> str:
    """Write the values that count for a method and are not the defaults, and any seed."""
    used = type(params).used_by(method)
    shown: Mapping[str, Any] = {f.name: getattr(params, f.name) for f in fields(params)}
    defaults = {f.name: f.default for f in fields(params)}
    return ", ".join(
        f"{name}={value!r}"
        for name, value in shown.items()
        if name in used and (value != defaults[name] or name in ("method", "seed"))
    )
