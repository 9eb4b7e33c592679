"""Results joined to tables, painted over labels, said in sentences, written as a script."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import tifffile

from brushwood.jobs import IDLE
from brushwood.session import object_sentences
from brushwood.session.object_measure import default_names, measurable, spacing_of
from brushwood.session.object_paint import paint
from brushwood.session.object_readiness import TableFacts, resolve_objects
from brushwood.session.object_script import object_script
from brushwood.session.object_state import ObjectModelInfo, ObjectState, object_step_text
from brushwood.session.object_table import (
    class_columns,
    learnable_columns,
    shared_columns,
    table_of,
    with_results,
)
from brushwood.session.object_work import Classified
from brushwood.session.scene import LabelsRef
from brushwood.tables import describing_columns
from object_scenes import CLASSES, LONG, ROUND, field, table_for


def results_for(labels, classes, frames=None):
    n = len(labels)
    p = np.zeros((n, 2), np.float32)
    p[np.arange(n), np.asarray(classes) - 1] = 0.75
    p[np.arange(n), 2 - np.asarray(classes)] = 0.25
    return Classified(
        "a", 1, 1, np.asarray(labels, np.int64), np.asarray(frames or [0] * n, np.int64),
        np.asarray(classes, np.int64), p, (ROUND, LONG), np.full(n, 0.5, np.float32),
        frames is not None,
    )  # fmt: skip


def test_results_are_joined_by_label_and_nothing_is_lost():
    table = pd.DataFrame({"index": [3, 1, 2, 9], "area": [30.0, 10, 20, 90], "note": list("cabx")})
    done = results_for([1, 2, 3], [ROUND, LONG, ROUND])
    found = with_results(table, done, CLASSES, ())
    assert found["class"].tolist() == [ROUND, ROUND, LONG, 0]
    assert found["class_name"].tolist() == ["round", "round", "long", ""]
    assert found["class_probability-round"].tolist()[:3] == [0.75, 0.75, 0.25]
    assert np.isnan(found["class_uncertainty"].iloc[3])
    pd.testing.assert_frame_equal(found[table.columns], table)
    again = with_results(found, done, CLASSES[:1], [c for c in found if c not in table])
    assert "class_probability-long" not in again
    assert list(again.columns)[:3] == list(table.columns)


def test_a_column_of_the_user_with_the_same_name_is_kept():
    table = pd.DataFrame({"index": [1, 2], "class": ["x", "y"]})
    found = with_results(table, results_for([1, 2], [ROUND, LONG]), CLASSES, ())
    assert found["class_before"].tolist() == ["x", "y"]
    assert found["class"].tolist() == [ROUND, LONG]


def test_rows_of_the_same_label_in_other_frames_are_told_apart():
    table = pd.DataFrame({"label": [1, 1], "index": [1, 1], "frame": [1, 0]})
    found = with_results(table, results_for([1, 1], [ROUND, LONG], [0, 1]), CLASSES, ())
    assert found["class"].tolist() == [LONG, ROUND]


def test_results_are_not_learned_from():
    table = table_for(field(2)[0])
    done = results_for(table["label"], [ROUND] * len(table))
    found = with_results(table, done, CLASSES, ())
    assert learnable_columns(found) == ["area", "length", "width"]
    assert describing_columns(found) == ["area", "length", "width"], "nor explored"
    assert shared_columns([found, table.drop(columns="width")]) == ["area", "length"]


def test_rows_without_a_key_are_labels_in_order():
    assert table_of({"area": [0.0, 5.0]})["index"].tolist() == [0, 1]
    assert table_of({}).shape == (0, 0)


def test_columns_that_may_hold_classes():
    table = pd.DataFrame({"index": range(30), "kind": ["a", "b", ""] * 10, "id": [0, 1, 2] * 10})
    table["area"], table["all"] = np.arange(30.0), np.arange(30)
    assert class_columns(table) == ["kind", "id"]


@pytest.mark.parametrize("factor", [1, 100_000_000])
def test_painting_is_a_lookup_through_the_labels(factor):
    labels, truth = field()
    labels = labels.astype(np.int64) * factor
    ids = np.array([label * factor for label in truth], np.int64)
    values = np.array(list(truth.values()))
    out = np.full(labels.shape, 9, np.uint8)
    paint(labels, out, ids[1:], None, values[1:], 2, IDLE)
    expected = np.zeros(labels.shape, np.uint8)
    for label, value in list(truth.items())[1:]:
        expected[labels == label * factor] = value
    np.testing.assert_array_equal(out, expected)


def test_painting_keeps_frames_apart():
    plane, _ = field(2)
    labels = np.stack([plane, plane])
    out = np.zeros(labels.shape, np.float32)
    paint(labels, out, np.array([1, 1]), np.array([0, 1]), np.array([0.25, 0.5]), 2, IDLE, (1,))
    assert set(np.unique(out[0])) == {0, 0.25}
    assert set(np.unique(out[1])) == {0, 0.5}


def test_what_a_table_holds_can_be_measured_again():
    table = pd.DataFrame({"index": [1], "area": [1.0], "bbox-0": [0], "length": [3.0]})
    table["intensity_mean"], table["class_probability-a"] = 5.0, 1.0
    assert set(measurable(table, True)) >= {"area", "bbox", "intensity_mean"}
    assert "intensity_mean" not in measurable(table, False)
    assert "intensity_mean" in default_names(2, None, True)
    assert "intensity_mean" not in default_names(2, None, False)


def test_a_layer_with_units_is_measured_in_them():
    um = LabelsRef("a", "cells", (3, 8, 8), scale=(1, 0.5, 0.25), unit="µm")
    assert spacing_of(um, 2) == ((0.5, 0.25), "µm")
    assert spacing_of(LabelsRef("a", "cells", (8, 8), scale=(1, 1)), 2) == (None, "")


OBJECTS = LabelsRef("a", "cells · objects", (80, 48))
FACTS = {"a": TableFacts(8, ("area", "width"))}
BOTH = ((ROUND, 2), (LONG, 2))


@pytest.mark.parametrize(
    ("state", "objects", "facts", "says"),
    [
        ({}, [], {}, "There are no objects yet"),
        ({}, [OBJECTS], {}, "Choose the labels layer"),
        ({"layers": ("a",)}, [OBJECTS], {}, "Nothing is measured on 'cells · objects'"),
        (
            {"layers": ("a",)}, [OBJECTS], {"a": TableFacts(8, ("area",), True)},
            "changed since they were measured. Press Measure again.",
        ),
        ({"layers": ("a",)}, [OBJECTS], FACTS, "No object is marked yet"),
        ({"layers": ("a",), "counts": ((1, 3),)}, [OBJECTS], FACTS, "Only 'class A' has"),
        ({"layers": ("a",), "counts": BOTH, "columns": ()}, [OBJECTS], FACTS, "Tick a column"),
        ({"layers": ("a",), "classes": ()}, [OBJECTS], FACTS, "Press + Class"),
        ({"layers": ("a",), "counts": BOTH}, [OBJECTS], FACTS, ""),
    ],
)  # fmt: skip
def test_what_is_missing_is_said(state, objects, facts, says):
    ready = resolve_objects(ObjectState(**state), objects, facts)
    assert says in ready.train_reason
    assert bool(says) == bool(ready.train_reason)
    assert ready.save_reason


def test_a_class_without_marks_is_named():
    state = ObjectState(
        layers=("a",), counts=BOTH, classes=(*CLASSES, CLASSES[0].__class__(3, "odd", "#000000"))
    )
    assert "odd has no marked object" in resolve_objects(state, [OBJECTS], FACTS).note


def test_sentences_have_numbers():
    text = object_sentences.classified({ROUND: 6, LONG: 6}, CLASSES, 61, 0.05)
    assert text == "12 objects marked: round 6, long 6 · 61 classified in 0.05 s"
    assert object_sentences.table_text(1, 18) == "1 object · 18 columns"


def test_the_guide_says_where_the_step_is():
    assert object_step_text(ObjectState()) == "needs objects"
    state = ObjectState(layers=("a",), counts=BOTH)
    assert object_step_text(state) == "4 objects marked"
    state.model = ObjectModelInfo("trained", (1, 2), ("area",), 1)
    state.n_classified = 61
    assert object_step_text(state) == "2 classes, 61 objects classified"


def test_the_script_runs(tmp_path):
    labels, truth = field()
    strokes = np.zeros(labels.shape, np.uint8)
    for label in (1, 2, 5, 6):
        strokes[labels == label] = truth[label]
    tifffile.imwrite(tmp_path / "labels.tif", labels)
    tifffile.imwrite(tmp_path / "marked.tif", strokes)
    tifffile.imwrite(tmp_path / "image.tif", labels.astype(np.float32))
    state = ObjectState(classes=CLASSES, columns=("area", "eccentricity"))
    ref = LabelsRef("a", "cells", labels.shape, scale=(0.5, 0.5), unit="µm")
    script = object_script(state, ["cells"], ref, {}, 2, True)
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], cwd=tmp_path, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    found = pd.read_csv(tmp_path / "classified.csv")
    assert found["class"].tolist() == list(truth.values())
    assert (tmp_path / "objects.brushwood").exists()
