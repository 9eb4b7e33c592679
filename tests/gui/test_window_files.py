"""Save, load, copy, help, preview and forms."""

import numpy as np
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QTextBrowser

from brushwood.features.spec import Feature, FeatureSet
from brushwood.forest.params import ForestParams
from brushwood.gui._forms import OptionForm
from brushwood.session.classes import default_classes


def test_save_and_load(desk, two_halves, tmp_path):
    classes = desk.trained(two_halves[1])
    before = classes.data.copy()
    desk.controller.intents._on_rename(2, "bright")
    path = tmp_path / "model.brushwood"
    desk.controller.files.save(str(path))
    desk.wait(lambda: "Saved model.brushwood" in desk.status)
    desk.state.features = FeatureSet.parse("gaussian=3")
    desk.idle()
    desk.state.classes = default_classes()
    desk.viewer.layers.remove(desk.annotation)
    desk.controller.files.load(str(path))
    desk.wait(lambda: "Loaded model.brushwood" in desk.status)
    assert desk.state.model.origin == "model.brushwood"
    assert desk.state.classes[1].name == "bright"
    assert str(desk.state.features) == "original gaussian=1"
    desk.idle()
    assert np.array_equal(desk.find("· classes").data, before)


def test_a_read_only_folder_and_a_damaged_file_are_said(desk, two_halves, tmp_path):
    desk.trained(two_halves[1])
    desk.controller.files.save(str(tmp_path / "missing" / "m.brushwood"))
    desk.wait(lambda: "missing" in desk.status)
    bad = tmp_path / "bad.brushwood"
    bad.write_bytes(b"nonsense")
    version = desk.state.model.version
    desk.controller.files.load(str(bad))
    desk.wait(lambda: "bad.brushwood" in desk.status)
    assert desk.state.model.version == version


def test_an_existing_file_is_not_replaced_without_being_told(desk, two_halves, tmp_path):
    desk.trained(two_halves[1])
    path = tmp_path / "model.brushwood"
    path.write_text("precious")
    desk.controller.files.save(str(path), overwrite=False)
    desk.wait(lambda: "model.brushwood" in desk.status)
    assert path.read_text() == "precious"


def test_copy_as_python(desk, two_halves):
    desk.trained(two_halves[1])
    desk.view.actions.copy.click()
    script = QGuiApplication.clipboard().text()
    compile(script, "script", "exec")
    assert "features='original gaussian=1'" in script


def test_help_opens_a_page(desk):
    from brushwood.gui._help import show_help

    dialog = show_help("pixel-classifier", desk.widget)
    assert "Pixel classifier" in dialog.findChild(QTextBrowser).toPlainText()
    dialog.close()


def test_a_feature_is_shown_and_follows(desk):
    section = desk.view.features
    section.set_open(True)
    section.table.setCurrentCell(0, 2)
    assert section.table.current == Feature("gaussian", 1.0)
    section.show_plane.setChecked(True)
    desk.wait(lambda: desk.find("· feature gaussian=1"))
    layer = desk.find("· feature gaussian=1")
    assert abs(float(layer.data[60, 80]) - 80) < 10
    row = section.table._filters.index("hessian")
    section.table.setCurrentCell(row, 2)
    desk.wait(lambda: desk.find("· feature hessian[0]=1"))
    assert desk.find("hessian[0]=1") == layer
    section.show_plane.setChecked(False)
    assert layer not in desk.viewer.layers


def test_ticking_a_cell_changes_the_features(desk):
    table = desk.view.features.table
    from qtpy.QtCore import Qt

    table.item(1, 2).setCheckState(Qt.CheckState.Checked)
    assert Feature("dog", 1.0) in desk.state.features.features
    assert "3 planes" in desk.view.features.summary
    desk.view.features.preset.key_chosen.emit("small")
    assert desk.state.features == FeatureSet.preset("small")


def test_forms_follow_the_description(qtbot):
    form = OptionForm(ForestParams())
    qtbot.addWidget(form)
    seen = []
    form.edited.connect(seen.append)
    form.editor("n_trees").setValue(50)
    form.editor("max_depth").setValue(4)
    form.editor("max_depth").setValue(0)
    form.editor("balance").setChecked(not ForestParams().balance)
    assert [s.n_trees for s in seen] == [50] * 4 if len(seen) == 4 else len(seen) >= 2
    assert form.spec.max_depth is None
    form.set_spec(ForestParams(n_trees=9, max_features=0.3))
    assert form.editor("n_trees").value() == 9
    assert form.spec.max_features == 0.3
    assert form.editor("n_trees").toolTip()
