"""Groups become a classifier: agreement is measured on unseen rows, the tree can be read."""

import json
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier

import brushwood as bw
from brushwood.errors import InputError, MissingPackageError, ShapeMismatchError
from brushwood.explore.explain import ExplainParams, explain
from brushwood.explore.heldout import held_out
from brushwood.explore.surrogate import SurrogateParams, filled, train_surrogate
from brushwood.forest.grow import grow
from brushwood.forest.reference import predict_proba
from brushwood.jobs import Cancelled, Job
from brushwood.models.surrogate import to_classifier
from brushwood.tables import with_units
from explore_tables import blobs

FEW = SurrogateParams(n_trees=20)


def test_groups_are_learned_and_repeated_by_a_saved_classifier(tmp_path):
    table, truth = blobs(150, 3)
    table.index = table.index + 7
    clusters = bw.cluster(table, n_clusters=3)
    found = train_surrogate(table, clusters, columns=["m0", "m1", "m2"], params=FEW)
    assert found.forest_agreement.agreement > 0.97 and found.tree_agreement.agreement > 0.95
    classifier = to_classifier(table, found)
    path = tmp_path / "groups.brushwood"
    classifier.save(path)
    loaded = bw.load(path)
    fresh, _ = blobs(150, 3, seed=9)
    expected = classifier.predict(fresh)
    pd.testing.assert_series_equal(loaded.predict(fresh), expected)
    assert loaded.class_names == {1: "group 1", 2: "group 2", 3: "group 3"}
    assert loaded.columns_ == ("m0", "m1", "m2")
    agree = pd.crosstab(expected, truth).max(axis=1).sum() / 150
    assert agree > 0.97
    again = to_classifier(
        table, train_surrogate(table, clusters, columns=["m0", "m1", "m2"], params=FEW)
    )
    pd.testing.assert_frame_equal(again.predict_proba(fresh), classifier.predict_proba(fresh))


def test_agreement_is_of_rows_that_were_not_seen():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(200, 3)), columns=list("abc"))
    guess = rng.integers(1, 3, 200)
    found = train_surrogate(table, guess, params=FEW)
    # A forest repeats what it has seen perfectly, noise too.
    assert (to_classifier(table, found).predict(table) == guess).mean() > 0.95
    assert 0.35 < found.forest_agreement.agreement < 0.65
    assert found.forest_agreement.scheme == "rows" and found.forest_agreement.n_rows == 200


def test_whole_images_are_held_out():
    table, truth = blobs(160)
    table["image"] = np.resize(["a", "b", "c", "d"], 160)
    shift = table["image"].map({"a": 0.0, "b": 50.0, "c": -50.0, "d": 100.0})
    table["m0"] += shift
    table["m1"] -= shift
    found = train_surrogate(table, truth + 1, columns=["m0", "m1"], params=FEW)
    assert found.forest_agreement.scheme == "images" and len(found.forest_agreement.by_fold) == 4
    mixed = train_surrogate(
        table.drop(columns="image"), truth + 1, columns=["m0", "m1"], params=FEW
    )
    # Rows of the same image tell its light; an image that was never seen does not.
    assert found.forest_agreement.agreement < mixed.forest_agreement.agreement - 0.1
    assert "images that it has not seen (4 folds)" in found.forest_agreement.sentence
    assert "not that they are true" in found.forest_agreement.sentence


def test_no_fold_sees_what_it_predicts():
    values, ids = np.arange(40.0)[:, None], np.repeat([1, 2], 20)

    def learn(X, y, unseen, job):
        assert not set(X[:, 0]) & set(unseen[:, 0])
        return np.full(len(unseen), 1)

    found = held_out(values, ids, None, learn, n_folds=4)
    assert (found.agreement, found.balanced) == (0.5, 0.5)
    assert found.confusion.tolist() == [[20, 0], [20, 0]] and len(found.by_fold) == 4
    one_kind = held_out(values, ids, np.repeat(["a", "b"], 20), learn)
    assert one_kind.agreement == 0  # each image was classified by one that has the other group


def test_the_tree_reads_as_it_decides():
    table, truth = blobs(120)
    table = with_units(table.rename(columns={"m0": "area"}), {"area": "µm²"})
    found = train_surrogate(
        table, truth + 1, columns=["area", "m2"], class_names={1: "small", 2: "large"}, params=FEW
    )
    tree = found.tree
    assert tree.nodes[0].counts == (60, 60) and tree.nodes[0].parent == -1
    assert tree.columns[0] == "area"
    for row, group in zip(table.itertuples(), truth + 1, strict=True):
        node = tree.nodes[0]
        while not node.is_leaf:
            left = np.float32(getattr(row, node.column)) <= node.threshold
            node = tree.nodes[node.left if left else node.right]
        assert node.class_id == group
    text = tree.text()
    assert "yes: " in text and "no:  " in text and "small (" in text and "large (" in text
    assert text.startswith("area ≤ ") and " µm²?" in text.splitlines()[0]
    json.dumps(found.to_json(), allow_nan=False)


def test_the_drawing_of_a_tree_has_no_crossing():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(300, 3)), columns=list("abc"))
    ids = 1 + (table["a"] * table["b"] > 0).to_numpy() + 2 * (table["c"] > 0).to_numpy()
    nodes = train_surrogate(table, ids, params=SurrogateParams(n_trees=2, depth=4)).tree.nodes
    leaves = [node for node in nodes if node.is_leaf]
    xs = [node.x for node in leaves]
    np.testing.assert_allclose(np.sort(np.diff(sorted(xs))), 1 / len(leaves))
    for node in nodes:
        if not node.is_leaf:
            left, right = nodes[node.left], nodes[node.right]
            assert left.x < node.x < right.x and left.depth == right.depth == node.depth + 1
            assert left.parent == right.parent == node.id
            assert np.add(left.counts, right.counts).tolist() == list(node.counts)


def test_gaps_are_filled_as_an_object_classifier_does():
    table, truth = blobs(100)
    table.loc[::7, "m0"] = np.nan
    table.loc[3, "m1"] = np.inf
    found = train_surrogate(table, truth + 1, params=FEW)
    assert found.forest_agreement.agreement > 0.9
    assert to_classifier(table, found).predict(table).isin([1, 2]).all()
    with_gap = np.array([[np.nan, 2.0], [4.0, 6.0], [8.0, np.nan]])
    assert filled(with_gap, with_gap).tolist() == [[6, 2], [4, 6], [8, 4]]
    table["m3"] = np.nan
    with pytest.raises(InputError, match="has a number in m3"):
        train_surrogate(table, truth + 1, params=FEW)


def test_rows_without_a_group_are_not_learned():
    table, truth = blobs(60)
    ids = truth + 1
    ids[:5], ids[5] = 0, 9
    found = train_surrogate(table, ids, params=FEW)
    assert found.notes == ("Group 9 has a single object and was left out.",)
    assert found.classes.tolist()[:6] == [0] * 6
    assert found.forest_agreement.n_rows == 54


def test_what_cannot_be_learned_says_why():
    table, truth = blobs(20)
    with pytest.raises(InputError, match="at least two groups of 2 objects each, but there is 1"):
        train_surrogate(table, np.ones(20, int))
    with pytest.raises(ShapeMismatchError):
        train_surrogate(table, truth[:4])
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        train_surrogate(table, truth + 1, job=job)
    assert SurrogateParams.from_json(FEW.to_json()) == FEW


def test_the_explained_forest_is_the_one_that_is_saved():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(80, 5)).astype(np.float32), rng.integers(1, 4, 80)
    ours = grow(X, y, FEW.forest())
    theirs = RandomForestClassifier(20, max_features="sqrt", random_state=0).fit(X, y)
    np.testing.assert_allclose(predict_proba(ours, X), theirs.predict_proba(X), atol=1e-6)


@pytest.fixture(scope="module")
def explained():
    pytest.importorskip("shap", reason="shap is not installed")
    table, truth = blobs(120, 3)
    table["copy"] = table["m0"] * 3
    table.loc[0, "m1"] = np.nan
    found = explain(table, truth + 1, forest=FEW, params=ExplainParams(max_rows=40, repeats=3))
    return table, truth, found


def test_shap_values_add_up_to_the_forest_s_probability(explained):
    table, truth, found = explained
    assert found.shap.shape == (40, 5, 3) and found.values.shape == (40, 5)
    columns = ["m0", "m1", "m2", "m3", "copy"]
    X = table[columns].to_numpy()
    X = filled(X, X).astype(np.float32)
    p = predict_proba(grow(X, truth + 1, FEW.forest()), X)[found.rows]
    np.testing.assert_allclose(found.base + found.shap.sum(axis=1), p, atol=1e-5)
    bars = found.bars(int(found.rows[3]), 2)
    assert bars.attrs["probability"] == pytest.approx(p[3, 1], abs=1e-5)
    assert (np.diff(np.abs(bars["shap"])) <= 0).all()


def test_columns_that_matter_come_first_in_both_importances(explained):
    _, _, found = explained
    assert found.columns[-1] == "m3"
    table = found.table()
    assert table.loc["m3", "permutation"] < 0.02 < table.loc["m1", "permutation"]
    assert list(table.columns[:3]) == ["SHAP group 1", "SHAP group 2", "SHAP group 3"]


def test_columns_that_stand_in_for_each_other_are_named(explained):
    _, _, found = explained
    assert len(found.warnings) == 2
    said = " ".join(found.warnings)
    assert "'m0' says nearly the same as 'copy'" in said and "less important than it is" in said
    table = found.table()
    # Each alone looks unimportant, because the other is still there.
    assert table.loc[["m0", "copy"], "permutation"].max() < table.loc["m1", "permutation"]


def test_a_beeswarm_has_every_point_and_keeps_to_its_row(explained):
    _, _, found = explained
    swarm = found.swarm(1, most=3)
    assert len(swarm) == 120 and list(swarm["column"].unique()) == list(found.columns[:3])
    for i, name in enumerate(found.columns[:3]):
        part = swarm[swarm["column"] == name]
        assert (np.abs(part["y"] - i) <= 0.4 + 1e-9).all()
        assert part["color"].dropna().between(0, 1).all()
        assert not part.duplicated(["shap", "y"]).any()
        order = part.dropna().sort_values("value")["color"]
        assert order.is_monotonic_increasing


def test_rows_and_classes_that_were_not_explained_are_named(explained):
    _, _, found = explained
    left = int(np.setdiff1d(np.arange(120), found.rows)[0])
    with pytest.raises(InputError, match=f"Row {left} was not explained: 40 rows"):
        found.bars(left, 1)
    with pytest.raises(InputError, match="no class 9"):
        found.swarm(9)


def test_explaining_needs_shap_and_can_be_cancelled(monkeypatch):
    table, truth = blobs(60)
    job = Job(lambda fraction, message: fraction > 0.1 and job.cancel())
    with pytest.raises(Cancelled):
        explain(table, truth + 1, forest=FEW, job=job)
    monkeypatch.setitem(sys.modules, "shap", None)
    with pytest.raises(MissingPackageError, match=r"SHAP values needs.*pip install shap"):
        explain(table, truth + 1, forest=FEW)
