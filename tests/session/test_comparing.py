"""What can be compared, what comes out, and how it is said."""

import numpy as np
import pandas as pd
import pytest

from brushwood.jobs import IDLE, Cancelled, Job
from brushwood.session.compare_columns import with_comparison
from brushwood.session.compare_text import (
    compare_script,
    compare_step_text,
    compared_sentence,
    score_rows,
)
from brushwood.session.compare_work import CompareRequest, run_comparison
from brushwood.session.comparing import (
    CompareState,
    guess_pair,
    guess_what,
    maps_of,
    resolve_compare,
)
from brushwood.session.scene import LabelsRef, ResultRef


class Scene:
    def __init__(self, labels=(), objects=(), results=(), truths=()):
        self._parts = labels, objects, results, truths

    def images(self):
        return []

    def labels(self):
        return self._parts[0]

    def objects(self):
        return self._parts[1]

    def results(self):
        return self._parts[2]

    def truths(self):
        return self._parts[3]


def _labels(key, name, shape=(20, 30), **more):
    return LabelsRef(key, name, shape, scale=(1.0, 1.0), **more)


TRUTH = _labels("t", "cells · classes (truth)")
INSTANCES = _labels("i", "cells · objects (truth)")
CLASSES = ResultRef("c", "cells · classes", (20, 30), "classes", scale=(1.0, 1.0))
OBJECTS = _labels("o", "cells · objects")
ALL = Scene([INSTANCES], [INSTANCES, OBJECTS], [CLASSES], [TRUTH])


def test_the_obvious_pair_is_chosen():
    maps = maps_of(ALL, made=["o"])
    assert {m.key for m in maps} == {"t", "i", "c", "o"}
    assert guess_pair(maps) == ("i", "o")  # objects are the later step
    assert guess_pair([m for m in maps if m.key != "o"])[1] == "c"
    assert guess_pair([m for m in maps if m.key in "co"]) == (None, None)
    by_key = {m.key: m for m in maps}
    assert guess_what(by_key["o"]) == "objects"
    assert guess_what(by_key["c"]) == "pixels"


@pytest.mark.parametrize(
    ("truth", "prediction", "scene", "says"),
    [
        (None, None, Scene([TRUTH]), "Two labels layers are needed"),
        (None, "o", ALL, "holds the truth"),
        ("t", None, ALL, "to compare with the truth"),
        ("t", "t", ALL, "chosen twice"),
        ("t", "x", Scene([TRUTH, _labels("x", "small", (9, 9))]), "9 × 9"),
        (
            "t",
            "x",
            Scene([TRUTH, LabelsRef("x", "fine", (20, 30), scale=(0.5, 0.5))]),
            "differ in size",
        ),
        ("t", "c", ALL, ""),
    ],
)
def test_what_is_missing_is_said(truth, prediction, scene, says):
    state = CompareState(truth=truth, prediction=prediction)
    reason = resolve_compare(state, scene).reason
    assert (says in reason) if says else reason == ""


def _request(what="pixels", **more):
    truth = np.ones((40, 40), np.int32)
    truth[10:20, 10:20] = 2
    found = np.ones_like(truth)
    found[12:22, 10:20] = 2
    if what == "objects":
        truth, found = 5 * (truth == 2), 3 * (found == 2)
        truth[30:34, 30:34] = 9
        found[2:4, 2:4] = 8
    return CompareRequest("t", "p", truth, found, what, names=((2, "cell"),), **more)


def test_pixels_are_compared_for_the_rarest_class():
    done = run_comparison(_request(), IDLE)
    assert done.class_id == 2
    assert done.scores.counts(2).jaccard == pytest.approx(80 / 120)
    assert np.unique(done.outcome, return_counts=True)[1].tolist() == [80, 20, 20, 1480]
    assert done.curve is not None
    sentence = compared_sentence(done)
    assert "Jaccard 0.67 for cell on 1,600 pixels." in sentence
    assert "Judge by Jaccard" in sentence
    rows = {name: value for name, value, _ in score_rows(done)}
    assert rows["Jaccard, cell"] == "0.667"
    assert rows["of all pixels true negatives"] == "0.925"
    assert compare_step_text(done) == "Jaccard 0.67"


def test_only_the_region_is_compared():
    region = np.zeros((40, 40), bool)
    region[10:20, 10:20] = True
    done = run_comparison(_request(region=region), IDLE)
    assert done.scores.n_pixels == 100
    assert (done.outcome[~region] == 0).all()
    objects = run_comparison(_request("objects", region=region), IDLE)
    assert objects.matching.n_truth == objects.matching.n_prediction == 1


def test_objects_are_matched_and_what_differs_is_listed():
    done = run_comparison(_request("objects"), IDLE)
    assert (done.matching.tp, done.matching.fp, done.matching.fn) == (1, 1, 1)
    assert [(f.kind, f.side, f.label) for f in done.findings] == [
        ("missed", "truth", 9),
        ("extra", "prediction", 8),
    ]
    assert done.outcome[15, 15] == 1
    assert done.outcome[2, 2] == 2
    assert done.outcome[31, 31] == 3
    assert "1 of 2 objects found, 1 missed, 1 extra." in compared_sentence(done)
    assert compare_step_text(done) == "F1 0.50"


def test_sparse_truth_says_nothing_about_extra_objects():
    done = run_comparison(_request("objects", is_sparse=True), IDLE)
    assert [f.kind for f in done.findings] == ["missed"]
    assert not (done.outcome == 2).any()
    assert "nothing about extra ones" in compared_sentence(done)
    assert "precision" not in " ".join(name for name, *_ in score_rows(done))


def test_a_comparison_can_be_cancelled():
    job = Job()
    job.cancel()
    for what in ("pixels", "objects"):
        with pytest.raises(Cancelled):
            run_comparison(_request(what), job)


def test_columns_join_a_table_and_lose_nothing():
    compared = pd.DataFrame({"index": [3, 8], "iou": [0.7, 0.0], "state": ["matched", "extra"]})
    assert with_comparison({}, compared)["match_iou"].tolist() == [0.7, 0.0]
    old = pd.DataFrame({"index": [8, 3, 4], "area": [1.0, 2.0, 3.0], "match_iou": [9, 9, 9]})
    new = with_comparison(old, compared)
    assert new["area"].tolist() == [1.0, 2.0, 3.0]
    assert new["match_state"].fillna("").tolist() == ["extra", "matched", ""]
    frames = compared.assign(index=[3, 3], frame=[0, 1])
    assert "match_iou" not in with_comparison(old[["index", "area"]], frames)
    both = with_comparison(pd.DataFrame({"index": [3, 3], "frame": [1, 0]}), frames)
    assert both["match_state"].tolist() == ["extra", "matched"]


@pytest.mark.parametrize("what", ["pixels", "objects"])
def test_the_script_computes_the_same(what, tmp_path, monkeypatch, capsys):
    import tifffile

    request = _request(what)
    state = CompareState(truth="t", prediction="c", what=what)
    script = compare_script(state, resolve_compare(state, ALL), request)
    monkeypatch.chdir(tmp_path)
    tifffile.imwrite("truth.tif", request.truth.astype(np.uint8))
    tifffile.imwrite("prediction.tif", request.prediction.astype(np.uint8))
    exec(compile(script, "script", "exec"), {})
    printed = capsys.readouterr().out
    done = run_comparison(request, IDLE)
    value = done.scores.jaccard if what == "pixels" else done.matching.f1
    assert str(value) in printed
