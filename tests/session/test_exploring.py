"""Choices, rows and words of an exploration, without a window."""

import numpy as np
import pandas as pd
import pytest

from brushwood.errors import InputError
from brushwood.explore.cluster import cluster_name
from brushwood.explore.embed import EmbedParams
from brushwood.explore.grouping import ClusterParams
from brushwood.session.classes import colour_of
from brushwood.session.column_colours import NO_CLASS, coded
from brushwood.session.explore_text import (
    beware_details,
    beware_sentence,
    cluster_summary,
    embed_summary,
    explained_sentence,
    explored_sentence,
    first_sentence,
    kept_sentence,
    laid_out_sentence,
    trusted_sentence,
    why_sentence,
)
from brushwood.session.explore_work import (
    ExplainRequest,
    ExploreRequest,
    KeepRequest,
    TableSource,
    TrustRequest,
    WhyRequest,
    run_explain,
    run_explore,
    run_keep,
    run_trust,
    run_why,
)
from brushwood.session.exploring import (
    ExploreState,
    TableRef,
    colourable,
    default_axes,
    different,
    gather,
    plottable,
)
from brushwood.session.feature_columns import with_columns
from brushwood.tables import units_of, with_units
from explore_desk import measured, squares
from explore_tables import blobs


def ref(key, table, name="cells", **units):
    return TableRef(key, name, table, units)


def test_rows_of_several_layers_keep_whose_they_are():
    first, second = blobs(8)[0], blobs(4)[0]
    rows = gather([ref("a", first), ref("b", second), ref("c", first[:0])])
    assert len(rows) == 12
    assert rows.keys == ("a", "b")
    assert rows.table["image"].unique().tolist() == ["cells", "cells (2)"]
    assert rows.label.tolist() == [*range(1, 9), *range(1, 5)]
    assert np.flatnonzero(rows.mask("b", frozenset({2}))).tolist() == [9]
    assert not rows.mask("c", frozenset({2})).any()
    mask = np.zeros(12, bool)
    mask[[0, 8, 10]] = True
    assert rows.chosen(mask) == ("b", frozenset({1, 3}))
    assert rows.chosen(np.zeros(12, bool)) == (None, frozenset())
    part = rows.part(1, {"group": np.arange(12)})
    assert part.to_dict("list") == {"index": [1, 2, 3, 4], "group": [8, 9, 10, 11]}


def test_a_single_table_keeps_its_units_and_columns():
    rows = gather([ref("a", blobs(8)[0], m0="µm²")])
    assert "image" not in rows.table
    assert units_of(rows.table)["m0"] == "µm²"
    assert not len(gather([]))


def test_units_that_differ_are_refused():
    table = blobs(8)[0]
    with pytest.raises(InputError, match="m0"):
        gather([ref("a", table, "one", m0="µm"), ref("b", table, "two", m0="px")])


def test_rows_are_the_same_objects_whatever_is_measured():
    table = blobs(8)[0]
    rows = gather([ref("a", table)])
    assert gather([ref("a", table.assign(more=1))]).same_objects(rows)
    assert not gather([ref("a", table[::-1])]).same_objects(rows)
    assert not gather([ref("b", table)]).same_objects(rows)
    frames = table.assign(frame=np.arange(8))
    assert not gather([ref("a", frames)]).same_objects(rows)


def test_frames_are_known():
    table = measured(squares(frames=2))
    rows = gather([ref("a", table)])
    assert rows.frame.tolist() == [0] * 60 + [1] * 60
    assert list(rows.part(0, {"g": np.zeros(120)})) == ["index", "frame", "g"]


def test_names_are_told_apart():
    assert different(["a", "b", "a", "a"]) == ["a", "b", "a (2)", "a (3)"]


def test_axes_and_colours_are_offered_without_keys():
    table = measured(squares()).assign(inside=True)
    assert plottable(table)[-2:] == ["noise", "inside"]
    assert "label" not in plottable(table)
    assert "gene" not in plottable(table)
    assert "gene" in colourable(table)
    assert default_axes(table) == ("area", "perimeter")
    assert default_axes(table[["label", "area"]]) == (None, None)
    laid = table.assign(**{"PCA 1": 0.0, "PCA 2": 1.0, "UMAP 1": 2.0, "UMAP 2": 3.0})
    assert default_axes(laid) == ("UMAP 1", "UMAP 2")


def test_no_group_is_grey_and_groups_have_the_colours_of_classes():
    found = coded("cluster k-means on PCA", np.array([0, 2, 1]))
    assert found.classes == ("0", "1", "2")
    assert found.colours == (NO_CLASS, colour_of(1), colour_of(2))


def test_an_equal_choice_says_nothing():
    state, seen = ExploreState(), []
    state.events.embed.connect(seen.append)
    state.embed = EmbedParams()
    assert not seen
    state.embed = EmbedParams(method="pca")
    assert len(seen) == 1


def test_columns_are_joined_by_object_and_others_kept():
    features = pd.DataFrame({"label": [9, 4, 7], "name": ["x", "y", "z"], "old": [1, 2, 3]})
    new = pd.DataFrame({"index": [4, 9], "inside": [True, False]})
    found = with_columns(features, new, ("old",))
    assert found["name"].tolist() == ["x", "y", "z"]
    assert found["inside"].tolist()[:2] == [False, True]
    assert pd.isna(found["inside"][2])
    assert "old" not in found
    again = with_columns(found, new.assign(inside=True))
    assert list(again.columns) == list(found.columns)
    assert again["inside"].tolist()[:2] == [True, True]
    assert with_columns(pd.DataFrame(), new) is new


def test_objects_that_cannot_be_told_apart_get_nothing():
    features = pd.DataFrame({"index": [1, 2], "a": [0, 0]})
    new = pd.DataFrame({"index": [1, 1], "frame": [0, 1], "inside": [True, False]})
    assert "inside" not in with_columns(features, new)
    framed = features.assign(index=1, frame=[0, 1])
    assert with_columns(framed, new)["inside"].tolist() == [True, False]


@pytest.fixture(scope="module")
def explored():
    """Two groups with gaps and a redundant column, by PCA."""
    table = blobs(60)[0]
    table["again"] = table["m0"] * 2
    table.loc[0, "m1"] = np.nan
    source = TableSource("cells", table)
    request = ExploreRequest((source,), embedding=EmbedParams(method="pca"))
    return run_explore(request)


def test_sentences_say_what_was_found(explored):
    assert explored_sentence(explored).startswith("2 groups of 30, 29 objects.")
    assert explored_sentence(explored).endswith("Section 1 says what was left out or sampled.")
    said = laid_out_sentence(explored)
    assert said.startswith("PCA 1 holds ")
    assert "again" in first_sentence(said)
    trusted = run_trust(TrustRequest(explored))
    assert trusted_sentence(trusted).endswith("that makes it repeatable, not true.")
    why = run_why(WhyRequest(explored))
    assert why.ranking.columns[0] in first_sentence(why_sentence(why))
    kept = run_keep(KeepRequest(explored))
    assert first_sentence(kept_sentence(kept)).endswith(").")


def test_an_explanation_names_what_looks_less_important(explored):
    pytest.importorskip("shap")
    done = run_explain(ExplainRequest(run_keep(KeepRequest(explored))))
    assert done.explanation.columns[0] in explained_sentence(done)
    assert "2 columns say nearly the same" in beware_sentence(done)
    assert "again" in beware_sentence(done)
    assert beware_details(done).count("\n") == 1


def test_choices_in_one_line():
    assert embed_summary(EmbedParams(method="tsne", n_components=1)) == "t-SNE, 1 dimension"
    assert cluster_summary(ClusterParams(n_clusters=4)) == "k-means, 4 groups"
    assert cluster_summary(ClusterParams(method="hdbscan")) == "HDBSCAN"
    assert cluster_name(ClusterParams(), "PCA").startswith("cluster k-means")


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("95.8 % of them. And more.", "95.8 % of them."),
        ("Is it? 'a' says so.", "Is it?"),
        ("only one", "only one"),
        ("", ""),
    ],
)
def test_the_first_sentence_is_found(text, first):
    assert first_sentence(text) == first


def test_a_file_s_rows_are_matched_by_label_and_no_column_is_replaced():
    from brushwood.session.exploring import from_file

    layer = pd.DataFrame({"index": [3, 5], "area": [1.0, 2.0]})
    file = with_units(
        pd.DataFrame({"label": [5, 3], "area": [9.0, 8.0], "speed": [0.5, 0.6]}), {"speed": "µm/s"}
    )
    new = from_file(file, layer)
    assert list(new.columns) == ["index", "area (file)", "speed"]
    assert units_of(new) == {"speed": "µm/s"}
    with pytest.raises(InputError, match="no column 'label' or 'index'"):
        from_file(pd.DataFrame({"area": [1.0]}), layer)
    with pytest.raises(InputError, match="Several rows"):
        from_file(pd.DataFrame({"label": [3, 3], "area": [1.0, 2.0]}), layer)
