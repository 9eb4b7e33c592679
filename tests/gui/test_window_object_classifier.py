"""The main job in a real window: click a few objects, and all others are classified."""

import numpy as np

from object_desk import mark
from object_scenes import LONG, ROUND


def test_one_click_measures(object_desk):
    desk = object_desk
    desk.open()
    assert "Nothing is measured" in desk.status
    assert desk.view.objects.measure.text() == "Measure objects"
    desk.view.objects.measure.click()
    desk.wait(lambda: "area" in desk.objects.features)
    desk.idle()
    table = desk.objects.features
    assert "32 objects" in desk.view.objects._info.text()
    np.testing.assert_allclose(table["area"].iloc[0], (desk.objects.data == 1).sum() / 4)
    assert desk.objects.metadata["brushwood"]["units"]["area"] == "µm²"
    assert any(name.startswith("intensity") for name in table.columns)
    assert desk.view.objects.measure.isHidden()
    assert "No object is marked yet" in desk.status


def test_four_clicks_classify_all(measured_desk):
    desk = mark(measured_desk)
    assert desk.classes_of() == desk.truth
    assert desk.status.startswith("4 objects marked: class A 2, class B 2 · 32 classified in ")
    layer = desk.find("shapes · object classes")
    expected = np.zeros(layer.data.shape, int)
    for label, class_id in desk.truth.items():
        expected[desk.objects.data == label] = class_id
    np.testing.assert_array_equal(layer.data, expected)
    assert np.allclose(layer.extent.world, desk.objects.extent.world)
    points = desk.find("object marks")
    assert points.data.shape == (4, 2)
    assert np.allclose(points.face_color, 1)
    for row, class_id in enumerate((ROUND, ROUND, LONG, LONG)):
        assert np.allclose(points.border_color[row], layer.get_color(class_id), atol=1e-6)
    assert desk.viewer.layers.selection.active == desk.objects
    assert desk.controller.selection.selected.current == 6
    assert not desk.objects.visible, "its colours would mix with those of the classes"
    assert desk.view.actions.save.isEnabled()
    desk.view.classes.clicking.click()
    desk.click(7)
    assert desk.controller.selection.selected.current == 7, "a click selects hidden objects too"
    assert dict(desk.state.counts) == {ROUND: 2, LONG: 2}
    table = desk.objects.features
    assert {"class_name", "class_probability-class A", "class_uncertainty", "area"} <= set(table)


def test_a_second_click_takes_back_and_another_class_replaces(measured_desk):
    desk = mark(measured_desk, (1,), ())
    assert dict(desk.state.counts) == {ROUND: 1}
    desk.click(1)
    assert dict(desk.state.counts) == {}
    assert "No object is marked yet" in desk.status
    desk.click(1)
    desk.controller.choose_class(LONG)
    desk.click(1)
    assert dict(desk.state.counts) == {LONG: 1}


def test_keys_choose_the_class_and_undo_marks_while_clicks_assign(measured_desk):
    desk = mark(measured_desk, (1,), ())
    desk.press("W")
    assert desk.state.current_class == LONG
    assert desk.view.classes.table.current_id == LONG
    desk.click(5)
    assert dict(desk.state.counts) == {ROUND: 1, LONG: 1}
    desk.press("Control-Z")
    assert dict(desk.state.counts) == {ROUND: 1}
    desk.press("Control-Shift-Z")
    assert dict(desk.state.counts) == {ROUND: 1, LONG: 1}
    desk.view.classes.undo.click()
    desk.view.classes.undo.click()
    desk.idle()
    assert dict(desk.state.counts) == {}
    assert not desk.view.classes.undo.isEnabled()
    desk.press("Control-Z")
    assert "no mark to take back" in desk.status

    assert desk.objects.keymap
    desk.view.classes.clicking.click()  # the keys go back to napari
    before = desk.objects.data.copy()
    desk.objects.data_setitem((np.array([0]), np.array([0])), 5)
    desk.press("Control-Z")
    np.testing.assert_array_equal(desk.objects.data, before)
    desk.viewer.layers.selection.active = desk.image
    assert not desk.objects.keymap


def test_dragging_and_other_buttons_mark_nothing(measured_desk):
    from qtpy.QtCore import Qt

    desk = mark(measured_desk, (), ())
    desk.click(1, drag=40)
    desk.click(2, button=Qt.MouseButton.RightButton)
    assert dict(desk.state.counts) == {}
    desk.viewer.reset_view()
    desk.click_at((0, 0))
    assert "no object here" in desk.status


def test_taking_another_tool_ends_click_mode(measured_desk):
    desk = mark(measured_desk, (1,), ())
    before = desk.objects.data.copy()
    desk.objects.mode = "paint"
    assert not desk.view.classes.clicking.isChecked()
    assert "another tool" in desk.status
    desk.objects.mode = "pan_zoom"
    desk.click(2)
    assert dict(desk.state.counts) == {ROUND: 1}
    desk.view.classes.clicking.click()
    strokes = desk.viewer.add_labels(np.zeros((160, 96), np.uint8), name="mine")
    strokes.mode = "paint"
    desk.viewer.layers.selection.active = strokes
    assert not desk.view.classes.clicking.isChecked()
    desk.click(2)
    assert dict(desk.state.counts) == {ROUND: 1}
    assert strokes.data.any(), "napari's brush painted"
    np.testing.assert_array_equal(desk.objects.data, before)


def test_next_uncertain_object(measured_desk):
    desk = mark(measured_desk)
    camera = desk.viewer.scene.camera if hasattr(desk.viewer, "scene") else desk.viewer.camera
    seen, centres = [], []
    for _ in range(3):
        desk.view.actions.next.click()
        desk.idle()
        seen.append(desk.controller.selection.selected.current)
        centres.append(tuple(camera.center))
        y, x = np.argwhere(desk.objects.data == seen[-1]).mean(0)
        np.testing.assert_allclose(camera.center[-2:], desk.objects.data_to_world((y, x)), atol=0.5)
        assert f"Object {seen[-1]}: most likely class" in desk.status
    assert len(set(seen)) == 3
    assert not set(seen) & {1, 2, 5, 6}
    table = desk.objects.features.set_index("index")["class_uncertainty"]
    assert table[seen[0]] == table.drop(index=[1, 2, 5, 6]).max()


def test_probabilities_and_uncertainty_on_demand(measured_desk):
    desk = mark(measured_desk)
    for output in ("probabilities", "uncertainty"):
        desk.view.result.checks[output].click()
    desk.idle()
    a, b = desk.find("· object P(class A)"), desk.find("· object P(class B)")
    inside = desk.objects.data > 0
    np.testing.assert_allclose((a.data + b.data)[inside], 1, atol=1e-5)
    assert (a.data[~inside] == 0).all()
    assert desk.find("object uncertainty").data.max() <= 1
    desk.view.result.checks["probabilities"].click()
    assert desk.find("· object P(class A)") is None
    desk.viewer.layers.remove(desk.find("object uncertainty"))
    assert "uncertainty" not in desk.state.outputs
    desk.controller.intents._on_rename(ROUND, "disc")
    desk.view.result.checks["probabilities"].click()
    desk.idle()
    assert desk.find("· object P(disc)") is not None
    assert "class_probability-disc" in desk.objects.features
    assert "class_probability-class A" not in desk.objects.features


def test_without_live_nothing_moves_until_train(measured_desk):
    measured_desk.view.actions.live.setChecked(False)
    desk = mark(measured_desk)
    assert dict(desk.state.counts) == {ROUND: 2, LONG: 2}
    assert desk.state.model is None
    desk.view.actions.train.click()
    desk.idle()
    assert desk.classes_of() == desk.truth


def test_columns_are_chosen_and_their_importances_shown(measured_desk):
    from qtpy.QtCore import Qt

    desk = mark(measured_desk)
    section = desk.view.columns
    assert "matters most" in section.summary
    section.find.setText("eccentricity")
    section.none.click()
    section.find.clear()
    assert "eccentricity" not in desk.state.columns
    section.none.click()
    assert "Tick a column" in desk.status
    row = next(
        r for r in range(section.table.rowCount())
        if section.table.item(r, 0).data(Qt.ItemDataRole.UserRole) == "eccentricity"
    )  # fmt: skip
    section.table.item(row, 0).setCheckState(Qt.CheckState.Checked)
    desk.idle()
    assert desk.state.model.columns == ("eccentricity",)
    assert section.table.item(row, 1).text() == "100%"
    section.all.click()
    desk.idle()
    assert desk.state.columns is None


def test_forest_options_help_and_script(measured_desk):
    from qtpy.QtGui import QGuiApplication
    from qtpy.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QSpinBox

    desk = mark(measured_desk)
    version = desk.state.model.version
    desk.view.forest.params.editor("n_trees").setValue(31)
    desk.idle()
    assert desk.state.model.version == version + 1
    assert "31 trees of a random forest" in desk.view.forest.summary

    desk.view.actions.copy.click()
    script = QGuiApplication.clipboard().text()
    compile(script, "script", "exec")
    assert "bw.ObjectClassifier(" in script
    assert "unit='µm'" in script

    for kind in (QAbstractButton, QComboBox, QLineEdit, QSpinBox):
        for child in desk.view.findChildren(kind):
            if child.objectName().startswith("qt_") or not child.isVisibleTo(desk.view):
                continue
            owner = child
            while owner is not None and not owner.toolTip():
                owner = owner.parentWidget()
            assert owner is not None, f"{child} has no tooltip"
