"""Explorations in words: a sentence for the status line, and all of it for the sections."""

import re

from brushwood.explore.embed import TITLES, EmbedParams
from brushwood.explore.grouping import NAMES, ClusterParams
from brushwood.session.explore_work import Explained, Explored, Kept, Trusted, Why
from brushwood.session.exploring import ExploreState

#: What pinning a seed is, and is not.
SEED_NOTE = "The same seed gives the same picture: that makes it repeatable, not true."


#: Most columns and warnings that are named.
_MOST_NAMES, _MOST_WARNINGS = 4, 12


def first_sentence(text: str) -> str:
    """Return the first sentence of a text, for places that hold one line."""
    return re.split(r"(?<=[.!?])\s+(?=[A-Z'])", text.strip(), maxsplit=1)[0]


def embed_summary(params: EmbedParams) -> str:
    """Say how rows are laid out."""
    n = params.n_components
    return f"{TITLES[params.method]}, {n} dimension{'s' * (n != 1)}"


def cluster_summary(params: ClusterParams) -> str:
    """Say how rows are grouped."""
    number = "" if params.method == "hdbscan" else f", {params.n_clusters} groups"
    return f"{NAMES[params.method]}{number}"


def explored_sentence(done: Explored) -> str:
    """Say how many groups there are and how large, and whether something was left out."""
    found, n_used = done.clusters, done.prepared.report.n_used
    left = "" if not done.notes() else " Section 1 says what was left out or sampled."
    if found is None or not found.n_clusters:
        return " ".join([f"{n_used:,} objects laid out.", *done.notes()])
    sizes = ", ".join(f"{n:,}" for n in found.sizes[:6]) + (" …" if len(found.sizes) > 6 else "")
    n = found.n_clusters
    strays = f" {found.n_strays:,} belong to none." if found.n_strays else ""
    return f"{n} group{'s' * (n != 1)} of {sizes} objects.{strays}{left}"


def laid_out_sentence(done: Explored) -> str:
    """Say how much of the variance components hold and what they are made of; "" if not by PCA."""
    layout = done.embedding
    if layout is None or layout.components is None:
        return ""
    found = layout.components
    said = []
    for k, name in enumerate(layout.names[:3]):
        share = f"{found.explained[k]:.0%}".replace("%", " %")
        most = abs(found.loadings[:, k]).argsort()[::-1][:3]
        columns = ", ".join(done.prepared.columns[i] for i in most)
        said.append(f"{name} holds {share} of the variance, mostly {columns}.")
    return " ".join(said)


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
    """Say what the classifier looks at."""
    return f"The classifier looks most at {', '.join(done.explanation.columns[:3])}."


def beware_sentence(done: Explained) -> str:
    """Name the columns that look less important than they are, "" if there are none."""
    found = done.explanation
    names = [n for n in found.columns if any(w.startswith(f"{n!r} ") for w in found.warnings)]
    if not names:
        return ""
    n = len(names)
    shown = ", ".join(names[:_MOST_NAMES]) + (
        f" and {n - _MOST_NAMES} more" if n > _MOST_NAMES else ""
    )
    return (
        f"Beware: {n} columns say nearly the same as others. The forest uses now one, now the "
        f"other, so each looks less important than it is: {shown}."
    )


def beware_details(done: Explained) -> str:
    """Say of each such column which others say the same, one a line."""
    warnings = done.explanation.warnings
    more = len(warnings) - _MOST_WARNINGS
    return "\n".join([*warnings[:_MOST_WARNINGS], *([f"… and {more} more"] if more > 0 else [])])


def explore_step_text(state: ExploreState, has_table: bool) -> str:
    """Describe the step for the guide."""
    return state.said or ("ready" if has_table else "needs measurements")
