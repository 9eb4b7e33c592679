"""Requests are answered, and answers land on the objects that were explored or nowhere."""

import numpy as np
import pandas as pd
import pytest

import brushwood as bw
from brushwood.errors import InputError
from brushwood.explore.embed import EmbedParams
from brushwood.explore.explain import ExplainParams
from brushwood.explore.grouping import ClusterParams
from brushwood.explore.stability import StabilityParams
from brushwood.explore.surrogate import SurrogateParams
from brushwood.jobs import Cancelled, Job
from brushwood.session.explore_landing import land
from brushwood.session.explore_work import (
    ExplainRequest,
    ExploreRequest,
    KeepRequest,
    TableSource,
    TrustRequest,
    WhyRequest,
    joined_table,
    run_explain,
    run_explore,
    run_keep,
    run_trust,
    run_why,
)
from brushwood.session.freshness import fingerprint
from explore_tables import blobs, same_groups

PCA = EmbedParams(method="pca")


def source(name="a", seed=0, n=60, **more):
    table, _ = blobs(n, seed=seed)
    table.insert(1, "index", table["label"])
    labels = np.zeros((4, n), np.int32)
    labels[1] = table["label"]
    return TableSource(name, table, key=f"key of {name}", labels=labels, **more)


def landed(done, place=0, columns=None, features="same", now=None):
    """Land one source's results; by default nothing changed meanwhile."""
    one = done.request.sources[place]
    features = one.features if isinstance(features, str) else features
    now = fingerprint(one.labels) if now is None else now
    found = done.columns() if columns is None else columns
    return land(one, place, done.request.sources, found, done.fingerprints[place], features, now)


def test_one_request_lays_out_groups_and_suggests():
    request = ExploreRequest((source(),), embedding=PCA, suggest=True)
    done = run_explore(request)
    assert done.request is request and done.suggestion.n_clusters == 2
    assert list(done.columns()) == ["PCA 1", "PCA 2", "cluster k-means on PCA"]
    assert same_groups(done.clusters.ids, blobs(60)[1])
    table = landed(done).table
    assert table["cluster k-means on PCA"].tolist() == done.clusters.ids.tolist()
    assert landed(done).sentence == ""


def test_results_of_several_layers_go_to_their_own():
    sources = (source("a"), source("b", seed=1, n=40))
    done = run_explore(ExploreRequest(sources, embedding=PCA))
    assert done.table["image"].tolist() == ["a"] * 60 + ["b"] * 40
    for place, rows in ((0, slice(0, 60)), (1, slice(60, 100))):
        table = landed(done, place).table
        np.testing.assert_array_equal(table["PCA 1"], done.embedding.positions[rows, 0])


def test_a_second_result_lives_beside_the_first():
    first = source()
    table = landed(run_explore(ExploreRequest((first,), embedding=PCA))).table
    again = run_explore(ExploreRequest((TableSource("a", table),), embedding=PCA))
    assert list(again.columns()) == ["PCA 1 · 2", "PCA 2 · 2", "cluster k-means on PCA · 2"]
    assert again.prepared.columns == ("m0", "m1", "m2", "m3")


def test_rows_are_found_by_object_and_frame_not_by_number():
    one = source()
    one.features["frame"] = np.repeat([0, 1], 30)
    one.features["label"] = np.tile(np.arange(1, 31), 2)
    done = run_explore(ExploreRequest((one,), embedding=PCA))
    shuffled = one.features.sample(frac=1, random_state=3)
    found = landed(done, features=shuffled).table
    expected = pd.Series(done.clusters.ids, index=one.features.index)
    assert (found["cluster k-means on PCA"] == expected[found.index]).all()


def test_objects_that_were_not_explored_get_no_result_and_are_counted():
    done = run_explore(ExploreRequest((source(),), embedding=PCA))
    more = pd.concat([source().features.iloc[5:], pd.DataFrame({"label": [99], "index": [99]})])
    found = landed(done, features=more)
    assert found.sentence == "1 objects of 'a' were not explored."
    last = found.table.iloc[-1]
    assert np.isnan(last["PCA 1"]) and last["cluster k-means on PCA"] == 0
    assert found.table["PCA 1"].notna().sum() == 55


def test_a_deleted_or_changed_layer_gets_nothing():
    one = source()
    done = run_explore(ExploreRequest((one,), embedding=PCA))
    deleted = landed(done, features=None)
    assert deleted.table is None and "was deleted meanwhile" in deleted.sentence
    # The same numbers, on other objects: a segmentation that was made anew.
    other = np.roll(one.labels, 1, axis=1)
    changed = landed(done, now=fingerprint(other))
    assert changed.table is None and "changed meanwhile" in changed.sentence


def test_labels_changed_while_the_work_runs_are_noticed():
    one = source()

    def paint(fraction, message):
        if fraction > 0.5:
            one.labels[0, 0] = 7

    done = run_explore(ExploreRequest((one,), embedding=PCA), Job(paint))
    assert landed(done).table is None


def test_two_rows_of_one_object_are_not_guessed():
    one = source()
    one.features.loc[1, "label"] = 1
    done = run_explore(ExploreRequest((one,), embedding=PCA))
    assert "describe the same object" in landed(done).sentence


def test_trust_why_keep_and_explain_answer_the_same_exploration(tmp_path):
    done = run_explore(ExploreRequest((source("a"), source("b", seed=1)), embedding=PCA))
    trusted = run_trust(TrustRequest(done, StabilityParams(n_runs=3, n_controls=1)))
    assert trusted.stability.verdict.answer == "stable"
    assert list(trusted.columns()) == ["agreement k-means on PCA"]
    assert landed(done, columns=trusted.columns()).table["agreement k-means on PCA"].eq(1).all()
    why = run_why(WhyRequest(done))
    assert set(why.ranking.columns[:2]) == {"m0", "m1"} and len(why.correlations.columns) == 4
    params = SurrogateParams(n_trees=10)
    kept = run_keep(KeepRequest(done, why.ranking.suggested, {1: "left"}, params))
    assert kept.surrogate.forest_agreement.scheme == "images"
    assert kept.classifier.class_names == {1: "left", 2: "group 2"}
    kept.classifier.save(tmp_path / "groups.brushwood")
    loaded = bw.load(tmp_path / "groups.brushwood")
    assert (loaded.predict(done.table) == done.clusters.ids).mean() > 0.97
    pytest.importorskip("shap", reason="shap is not installed")
    explained = run_explain(ExplainRequest(kept, ExplainParams(max_rows=12, repeats=1)))
    assert explained.explanation.columns[0] in {"m0", "m1"}


def test_without_groups_the_next_steps_say_so():
    done = run_explore(ExploreRequest((source(),), embedding=PCA, clusters=None))
    assert done.clusters is None and list(done.columns()) == ["PCA 1", "PCA 2"]
    for run, request in ((run_trust, TrustRequest), (run_why, WhyRequest), (run_keep, KeepRequest)):
        with pytest.raises(InputError, match="no groups yet"):
            run(request(done))


def test_measurements_can_be_grouped_without_a_layout():
    done = run_explore(
        ExploreRequest((source(),), embedding=None, clusters=ClusterParams(method="gaussian"))
    )
    assert list(done.columns()) == ["cluster Gaussian mixture"]
    assert run_why(WhyRequest(done)).ranking.strength[0] > 0.8


def test_tables_of_the_same_name_and_no_table_are_refused():
    with pytest.raises(InputError, match="same name"):
        joined_table([source("a"), source("a")])
    with pytest.raises(InputError, match="no table"):
        joined_table([])


def test_progress_goes_up_and_cancel_ends_at_once():
    seen = []
    request = ExploreRequest((source(),), embedding=PCA, suggest=True)
    run_explore(request, Job(lambda fraction, message: seen.append(fraction)))
    assert seen == sorted(seen) and seen[-1] == pytest.approx(1)
    job = Job(lambda fraction, message: fraction > 0.6 and job.cancel())
    with pytest.raises(Cancelled):
        run_explore(request, job)
