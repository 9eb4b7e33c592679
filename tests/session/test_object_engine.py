"""The model behind the clicks: what it learns from, what it leaves out, what it refuses."""

import numpy as np
import pandas as pd
import pytest

from brushwood.errors import InputError, ModelFileError, OutputExistsError, TableMismatchError
from brushwood.jobs import IDLE, Cancelled, Job
from brushwood.objects.classifier import ObjectClassifier
from brushwood.objects.marks import Marks
from brushwood.session.object_engine import ObjectEngine
from brushwood.session.object_work import (
    Attached,
    Classified,
    ObjectRequest,
    ObjectsInput,
    ObjectsTrained,
)
from brushwood.tables import with_units
from object_scenes import (
    CLASSES,
    LONG,
    ROUND,
    SMALL,
    Heard,
    field,
    marks_for,
    request_for,
    table_for,
)


@pytest.fixture
def scene():
    labels, truth = field()
    return labels, truth, table_for(labels)


def run(engine, request):
    heard = Heard()
    return engine.update(request, IDLE, heard.append), heard


def test_all_objects_are_classified_after_four_marks(scene):
    labels, truth, table = scene
    done, heard = run(ObjectEngine(), request_for((labels, table, marks_for(labels, truth))))
    assert done.trained
    assert done.n_classified == len(truth)
    (found,) = heard.of(Classified)
    assert dict(zip(found.labels.tolist(), found.classes.tolist(), strict=True)) == truth
    assert found.probabilities.shape == (len(truth), 2)
    assert ((found.uncertainty >= 0) & (found.uncertainty <= 1)).all()
    (trained,) = heard.of(ObjectsTrained)
    assert trained.n_rows == 4
    assert sum(share for _, share in trained.importances) == pytest.approx(1, abs=1e-5)
    (attached,) = heard.of(Attached)
    assert len(attached.by_frame) == len(attached.places) == 4


def test_nothing_is_trained_twice(scene):
    labels, truth, table = scene
    engine, marks = ObjectEngine(), marks_for(labels, truth)
    run(engine, request_for((labels, table, marks)))
    done, heard = run(engine, request_for((labels, table, marks)))
    assert not done.trained
    assert engine.version == 1
    assert heard.of(Classified)
    done, _ = run(engine, request_for((labels, table, marks_for(labels, truth, 3))))
    assert done.trained


def test_one_class_is_not_enough(scene):
    labels, _, table = scene
    done, heard = run(ObjectEngine(), request_for((labels, table, Marks().add(labels, 1, ROUND))))
    assert not done.trained
    assert "Only 'round' has marked objects. Mark some of long too." in done.problem
    assert heard.of(Attached)
    assert not heard.of(Classified)


def test_marks_of_several_layers_train_one_model():
    first, truth = field(first=1)
    second, _ = field(first=500)
    rounds = Marks(ndim=2).add(first, 1, ROUND).add(first, 2, ROUND)
    bars = Marks(ndim=2).add(second, 505, LONG).add(second, 506, LONG)
    layers = (first, table_for(first), rounds), (second, table_for(second), bars)
    done, heard = run(ObjectEngine(), request_for(*layers))
    assert done.n_classified == 2 * len(truth)
    for found in heard.of(Classified):
        assert found.classes.tolist() == list(truth.values())


def test_strokes_mark_objects_and_clicks_decide_over_them(scene):
    labels, _, table = scene
    strokes = np.zeros(labels.shape, np.uint8)
    strokes[10, :40], strokes[30, :40] = ROUND, LONG
    marks = Marks().add(labels, 2, LONG)
    item = ObjectsInput("a", "a", labels, 2, table, marks, strokes, 1)
    _, heard = run(ObjectEngine(), ObjectRequest((item,), CLASSES, SMALL))
    (attached,) = heard.of(Attached)
    by_label = {label: i for (_, label), i in attached.by_frame.items()}
    assert by_label == {1: ROUND, 2: LONG, 5: LONG, 6: LONG}


def test_columns_without_numbers_are_left_out_and_said(scene):
    labels, truth, table = scene
    marks = marks_for(labels, truth)
    marked = table["label"].isin(marks.attach(labels).classes)
    table["elsewhere"] = np.where(marked, np.nan, 1.0)
    table["sometimes"] = np.where(table["label"] == 1, np.nan, table["width"])
    done, heard = run(ObjectEngine(), request_for((labels, table, marks)))
    (trained,) = heard.of(ObjectsTrained)
    assert "elsewhere" not in trained.columns
    assert "elsewhere left out" in trained.note
    assert "sometimes" in trained.columns
    assert done.n_classified == len(truth)


def test_only_ticked_columns_are_looked_at(scene):
    labels, truth, table = scene
    layer = (labels, table, marks_for(labels, truth))
    _, heard = run(ObjectEngine(), request_for(layer, columns=("area", "gone")))
    assert heard.of(ObjectsTrained)[0].columns == ("area",)
    with pytest.raises(InputError, match="no column to learn from"):
        run(ObjectEngine(), request_for(layer, columns=()))


def test_marked_objects_that_are_not_in_the_table_are_said(scene):
    labels, truth, table = scene
    other = table.assign(label=table["label"] + 900, index=table["index"] + 900)
    with pytest.raises(InputError, match="Measure again"):
        run(ObjectEngine(), request_for((labels, other, marks_for(labels, truth))))


def test_marks_follow_their_objects_to_other_labels(scene):
    labels, truth, _ = scene
    again = np.where(labels > 0, labels + 100, 0).astype(np.int32)
    again[again == 101] = 0
    layer = (again, table_for(again), marks_for(labels, truth))
    _, heard = run(ObjectEngine(), request_for(layer))
    (attached,) = heard.of(Attached)
    assert {label for _, label in attached.by_frame} == {102, 105, 106}
    assert "1 has no object here" in attached.text
    assert attached.place_kept.count(False) == 1
    found = heard.of(Classified)[0]
    right = [truth[label - 100] for label in found.labels.tolist()]
    assert found.classes.tolist() == right


def test_frames_of_a_time_series_are_told_apart():
    plane, truth = field(2)
    labels = np.stack([plane, np.where(plane == 1, 0, plane)])
    tables = [table_for(part).assign(frame=k) for k, part in enumerate(labels)]
    table = pd.concat(tables, ignore_index=True)
    marks = Marks(ndim=2).add(labels, 2, ROUND, at=(1, 10, 36)).add(labels, 3, LONG, at=(0, 30, 12))
    item = ObjectsInput("a", "a", labels, 2, table, marks, None, 1)
    done, heard = run(ObjectEngine(), ObjectRequest((item,), CLASSES, SMALL))
    (found,) = heard.of(Classified)
    assert found.has_frames
    assert done.n_classified == 2 * len(truth) - 1
    assert heard.of(Attached)[0].by_frame == {(1, 2): ROUND, (0, 3): LONG}
    assert found.classes.tolist() == [truth[label] for label in found.labels.tolist()]


def test_a_model_is_saved_and_goes_on_after_loading(scene, tmp_path):
    labels, truth, table = scene
    engine, path = ObjectEngine(), tmp_path / "shapes.brushwood"
    with pytest.raises(InputError, match="no model to save"):
        engine.save(path, CLASSES, overwrite=False)
    run(engine, request_for((labels, table, marks_for(labels, truth))))
    engine.save(path, CLASSES, overwrite=False)
    with pytest.raises(OutputExistsError):
        engine.save(path, CLASSES, overwrite=False)
    fresh = ObjectEngine()
    loaded = fresh.load(path)
    assert dict(loaded.names) == {ROUND: "round", LONG: "long"}
    assert dict(loaded.stored) == {ROUND: 2, LONG: 2}
    done, heard = run(fresh, request_for((labels, table, Marks()), columns=loaded.columns))
    assert not done.trained
    assert heard.of(Classified)[0].classes.tolist() == list(truth.values())
    more = Marks().add(labels, 3, ROUND)
    done, heard = run(fresh, request_for((labels, table, more), columns=loaded.columns))
    assert done.trained, "one class is enough, because the file brought both"
    assert heard.of(ObjectsTrained)[0].n_rows == 5


def test_a_loaded_model_is_used_as_it_is_until_marks_change(scene, tmp_path):
    labels, truth, table = scene
    engine, marks = ObjectEngine(), marks_for(labels, truth)
    run(engine, request_for((labels, table, marks)))
    engine.save(tmp_path / "m.brushwood", CLASSES, overwrite=False)
    version = engine.load(tmp_path / "m.brushwood").version
    done, _ = run(engine, request_for((labels, table, marks)))
    assert not done.trained
    assert engine.version == version


def test_a_table_that_does_not_fit_is_refused(scene, tmp_path):
    labels, truth, table = scene
    engine, path = ObjectEngine(), tmp_path / "m.brushwood"
    layer = (labels, with_units(table, {"area": "µm²"}), marks_for(labels, truth))
    run(engine, request_for(layer))
    engine.save(path, CLASSES, overwrite=False)
    engine.load(path)
    with pytest.raises(TableMismatchError, match="width"):
        run(engine, request_for((labels, table.drop(columns="width"), Marks())))
    with pytest.raises(TableMismatchError, match="px²"):
        run(engine, request_for((labels, with_units(table, {"area": "px²"}), Marks())))


def test_another_kind_of_model_is_refused(tmp_path):
    from pixel_scenes import new, picture, strokes

    image, discs = picture()
    path = tmp_path / "pixels.brushwood"
    try:
        new().fit(image, strokes(discs)).save(path)
    except RuntimeError:
        pytest.skip("needs an OpenCL device")
    with pytest.raises(InputError, match="ObjectClassifier"):
        ObjectEngine().load(path)


def test_cancel_is_obeyed(scene):
    labels, truth, table = scene
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        ObjectEngine().update(
            request_for((labels, table, marks_for(labels, truth))), job, lambda part: None
        )


def test_the_classifier_of_the_engine_is_the_public_one(scene):
    labels, truth, table = scene
    engine = ObjectEngine()
    run(engine, request_for((labels, table, marks_for(labels, truth))))
    assert isinstance(engine.classifier, ObjectClassifier)
    assert engine.classifier.predict(table).tolist() == list(truth.values())


def test_marks_are_saved_with_the_model(scene, tmp_path):
    labels, truth, table = scene
    engine, path = ObjectEngine(), tmp_path / "m.brushwood"
    strokes = np.where(labels == 3, ROUND, 0).astype(np.uint8)
    marks = marks_for(labels, truth)
    item = ObjectsInput("key", "cells", labels, 2, table, marks, strokes, 1)
    run(engine, ObjectRequest((item,), CLASSES, SMALL))
    engine.save(path, CLASSES, overwrite=False, inputs=(item,))
    kept = ObjectEngine().load(path).marks
    assert set(kept) == {"cells"}
    assert kept["cells"].attach(labels).classes == {1: ROUND, 2: ROUND, 3: ROUND, 5: LONG, 6: LONG}
    engine.save(path, CLASSES, overwrite=True)
    assert ObjectEngine().load(path).marks == {}


@pytest.mark.parametrize("text", [b"{", b"[1]", b'{"a": 1}', b"[" * 100_000])
def test_marks_that_are_damaged_are_refused(scene, tmp_path, monkeypatch, text):
    from brushwood.models import object_classifier as kind

    labels, truth, table = scene
    engine, path = ObjectEngine(), tmp_path / "m.brushwood"
    item = ObjectsInput("key", "cells", labels, 2, table, marks_for(labels, truth), None, 1)
    run(engine, ObjectRequest((item,), CLASSES, SMALL))
    monkeypatch.setattr(kind, "_packed", lambda marks: np.frombuffer(text, np.uint8))
    engine.save(path, CLASSES, overwrite=False, inputs=(item,))
    with pytest.raises(ModelFileError, match="marks"):
        engine.load(path)
