"""Explorations in words: sentences for the status line and the sections, and a script."""

from brushwood.session.explore_work import Explained, Explored, Kept, Trusted, Why
from brushwood.session.exploring import ExploreState

#: What pinning a seed is, and is not.
SEED_NOTE = "The same seed gives the same picture: that makes it repeatable, not true."


def explored_sentence(done: Explored) -> str:
    """Say how many groups there are and how large, and what was left out."""
    found = done.clusters
    if found is None:
        return " ".join([f"{done.prepared.report.n_used:,} objects laid out.", *done.notes()])
    sizes = ", ".join(f"{n:,}" for n in found.sizes[:6]) + (" …" if len(found.sizes) > 6 else "")
    n = found.n_clusters
    groups = [f"{n} group{'s' * (n != 1)} of {sizes} objects."] if n else []
    return " ".join([*groups, *done.notes()])


def suggested_sentence(done: Explored) -> str:
    """Say how many groups the data suggest, "" if nothing does."""
    return done.suggestion.sentence if done.suggestion is not None else ""


def trusted_sentence(done: Trusted) -> str:
    """Say whether the groups come back."""
    return f"{done.stability.verdict.sentence} {SEED_NOTE}"


def why_sentence(done: Why) -> str:
    """Say which columns go with the groups."""
    top = ", ".join(done.ranking.columns[:3])
    small = ", ".join(done.ranking.suggested)
    same = len(done.ranking.redundant)
    more = f" {same} group{'s' * (same != 1)} of columns say the same." if same else ""
    return f"What goes with the groups most: {top}. A small set that may do: {small}.{more}"


def kept_sentence(done: Kept) -> str:
    """Say how well a classifier repeats the groups."""
    return " ".join([done.surrogate.forest_agreement.sentence, *done.surrogate.notes])


def explained_sentence(done: Explained) -> str:
    """Say what the classifier looks at, and what to beware of."""
    top = ", ".join(done.explanation.columns[:3])
    return " ".join([f"The classifier looks most at {top}.", *done.explanation.warnings])


def explore_step_text(state: ExploreState, has_table: bool) -> str:
    """Describe the step for the guide."""
    return state.said or ("ready" if has_table else "needs measurements")


_SCRIPT = '''"""Made by Brushwood: explore objects."""

import brushwood as bw
from brushwood.explore.embed import EmbedParams
from brushwood.explore.grouping import ClusterParams
from brushwood.explore.stability import StabilityParams
from brushwood.io.tables import read_table
from brushwood.models.surrogate import to_classifier

table = read_table("table.csv")
columns = {columns}
embedding = {embed}
groups = {clusters}

layout = bw.embed(table, columns=columns, scaling="{scaling}", params=embedding)
clusters = bw.cluster({grouped}, params=groups)
print(clusters.value_counts())

repeated = bw.stability(
    table, {laid_out}, groups, columns=columns, reference=clusters.to_numpy(),
    params={stability},
)
print(repeated.verdict.sentence)
print(bw.rank_columns(table, clusters, layout, columns=columns).table())

surrogate = bw.train_surrogate(table, clusters, columns=columns)
print(surrogate.tree.text())
print(surrogate.forest_agreement.sentence)
to_classifier(table, surrogate).save("groups.brushwood")
'''


def explore_script(state: ExploreState) -> str:
    """Return a script that explores a table in the same way."""
    columns = None if state.columns is None else list(state.columns)
    return _SCRIPT.format(
        columns=columns,
        embed=state.embed,
        clusters=state.clusters,
        stability=state.stability,
        scaling=state.prepare.scaling,
        grouped="layout" if state.on_layout else "table, columns=columns",
        laid_out="embedding" if state.on_layout else "None",
    )
