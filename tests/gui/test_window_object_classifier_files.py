"""Object models saved and loaded in the window, and tables that do not fit them."""

import pytest
from qtpy.QtWidgets import QFileDialog

from brushwood.objects.classifier import ObjectClassifier
from object_desk import mark
from object_scenes import LONG, ROUND


@pytest.fixture
def saved(measured_desk, tmp_path):
    """Return a desk whose model was saved, and the file."""
    desk = mark(measured_desk)
    desk.controller.intents._on_rename(ROUND, "disc")
    path = tmp_path / "shapes.brushwood"
    desk.controller.files.save(str(path))
    desk.wait(path.exists)
    desk.wait(lambda: "Saved shapes.brushwood" in desk.status)
    return desk, path


def test_a_saved_model_works_in_python_and_is_not_replaced_unasked(saved, tmp_path, monkeypatch):
    import brushwood as bw

    desk, path = saved
    model = bw.load(path)
    assert isinstance(model, ObjectClassifier)
    assert model.class_names == {ROUND: "disc", LONG: "class B"}
    table = desk.controller.watch.of(desk.state.layers[0]).table()
    assert model.predict(table).tolist() == list(desk.truth.values())
    assert model.units_["area"] == "µm²"

    path.write_text("precious")
    desk.controller.files.save(str(path), overwrite=False)
    desk.wait(lambda: "shapes.brushwood" in desk.status and "Saved" not in desk.status)
    assert path.read_text() == "precious"

    seen = []
    monkeypatch.setattr(
        QFileDialog, "exec", lambda dialog: seen.append((dialog.acceptMode(), dialog.options()))
    )
    desk.view.actions.save.click()
    desk.view.actions.load.click()
    mode, options = seen[0]
    assert mode == QFileDialog.AcceptMode.AcceptSave
    assert not options & QFileDialog.Option.DontConfirmOverwrite
    assert len(seen) == 2

    before = desk.state.model
    for name, content in (("empty", b""), ("words", b"no model"), ("cut", b"PK\x03\x04 cut")):
        bad = tmp_path / f"{name}.brushwood"
        bad.write_bytes(content)
        desk.controller.files.load(str(bad))
        desk.wait(lambda bad=bad: bad.name in desk.status)
    assert desk.state.model == before


def test_a_loaded_model_classifies_at_once_offers_its_marks_and_learns_on(saved):
    desk, path = saved
    for _ in range(4):
        desk.view.classes.undo.click()
    desk.idle()
    desk.controller.session.engine.forget()
    desk.state.model = None
    desk.controller.intents._on_rename(ROUND, "something else")
    desk.controller.files.load(str(path))
    desk.wait(lambda: desk.state.model is not None)
    desk.idle()
    assert [c.name for c in desk.state.classes] == ["disc", "class B"]
    assert desk.classes_of() == desk.truth
    assert set(desk.objects.features["class_name"]) == {"disc", "class B"}
    offer = "Take over 4 marks of shapes · objects in shapes.brushwood"
    assert desk.view.classes.take.text() == offer
    desk.view.classes.take.click()
    desk.idle()
    assert dict(desk.state.counts) == {ROUND: 2, LONG: 2}
    mark(desk, (3,), ())
    assert desk.state.model.origin == "trained"
    assert dict(desk.state.model.stored) == {ROUND: 2, LONG: 2}
    assert desk.classes_of() == desk.truth


def test_missing_columns_are_measured_with_one_click_and_other_units_refused(saved):
    desk, path = saved
    desk.controller.session.engine.forget()
    desk.state.model = None
    desk.view.classes.clicking.click()
    desk.objects.features = desk.objects.features[["label", "index", "area"]]
    desk.controller.files.load(str(path))
    desk.wait(lambda: "lacks 1 column" in desk.status)
    assert "eccentricity" in desk.status
    desk.idle()
    assert desk.view.objects.measure.text() == "Measure 1 missing column"
    desk.view.objects.measure.click()
    desk.wait(lambda: "eccentricity" in desk.objects.features)
    desk.idle()
    assert desk.classes_of() == desk.truth
    assert "lacks" not in desk.status

    desk.objects.metadata["brushwood"]["units"]["area"] = "px²"
    desk.controller.session.engine.forget()
    desk.controller.files.load(str(path))
    desk.wait(lambda: "other units" in desk.status)
