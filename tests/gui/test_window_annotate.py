"""Annotation layer and classes: made to fit, edited, undone, switched by keys."""

import numpy as np
import pytest
from qtpy.QtCore import Qt

from brushwood.gui.pixel_classifier.annotating import new_annotation
from brushwood.gui.pixel_classifier.keys import CLASS_KEYS


def press(desk, key):
    """Press a key as if the pointer were over the canvas."""
    from napari.utils.key_bindings import KeymapHandler

    handler = KeymapHandler()
    active = desk.viewer.layers.selection.active
    handler.keymap_providers = [active, desk.viewer] if active is not None else [desk.viewer]
    handler.press_key(key)


def test_a_new_annotation_lies_on_the_image(new_desk):
    desk = new_desk(
        np.zeros((4, 20, 30), np.float32),
        scale=(2, 0.5, 0.25), translate=(1, 2, 3), rotate=(0, 0, 10), shear=(0.1, 0, 0),
    )  # fmt: skip
    assert "New annotation layer" in desk.status
    desk.view.annotate.new.click()
    layer = desk.annotation
    assert layer.data.shape == (4, 20, 30)
    assert layer.data.dtype == np.uint8
    assert np.allclose(layer.extent.world, desk.image.extent.world)
    corner = (3, 19, 0)
    assert np.allclose(layer.data_to_world(corner), desk.image.data_to_world(corner))
    assert layer.axis_labels == desk.image.axis_labels
    assert layer.units == desk.image.units
    assert layer.mode == "paint"
    assert desk.viewer.layers.selection.active == layer


def test_a_multiscale_image_gets_a_plain_annotation_at_full_size(new_desk):
    full = np.zeros((64, 64), np.float32)
    desk = new_desk([full, full[::2, ::2]], multiscale=True)
    layer = new_annotation(desk.image)
    assert not layer.multiscale
    assert layer.data.shape == (64, 64)


def test_choosing_a_class_paints_it(desk):
    desk.view.annotate.new.click()
    desk.annotation.mode = "erase"
    desk.view.annotate.table.selectRow(1)
    assert desk.annotation.selected_label == 2
    assert desk.annotation.mode == "paint"
    desk.annotation.selected_label = 1
    assert desk.state.current_class == 1
    assert desk.view.annotate.table.current_id == 1


def test_keys_switch_classes_over_the_canvas(desk):
    desk.view.annotate.new.click()
    assert desk.controller.keys.keys == CLASS_KEYS
    press(desk, "W")
    assert desk.annotation.selected_label == 2
    desk.viewer.layers.selection.active = desk.image
    press(desk, "Q")
    assert desk.annotation.selected_label == 1
    assert desk.viewer.layers.selection.active == desk.annotation
    press(desk, "I")  # the seventh class does not exist
    assert desk.annotation.selected_label == 1


def test_no_key_of_napari_is_taken(desk):
    from napari.layers import Labels

    taken = {str(key) for key in (*Labels.class_keymap, *type(desk.viewer).class_keymap)}
    assert "P" in taken
    assert "E" in taken
    assert not taken & set(CLASS_KEYS)


def test_keys_of_other_plugins_stay(viewer, qtbot, new_desk):
    called = []
    viewer.bind_key("W", lambda viewer: called.append(1))
    desk = new_desk(np.zeros((8, 8), np.float32))
    assert desk.controller.keys.keys[:2] == ("Q", "")
    desk.widget.controller.stop()
    press(desk, "W")
    assert called == [1]


def test_letters_in_the_class_list_reach_the_viewer(desk, qtbot):
    from qtpy.QtGui import QKeyEvent

    event = QKeyEvent(QKeyEvent.Type.KeyPress, Qt.Key.Key_W, Qt.KeyboardModifier.NoModifier, "w")
    desk.view.annotate.table.keyPressEvent(event)
    assert not event.isAccepted()


def test_classes_are_added_renamed_and_recoloured(desk, two_halves):
    desk.trained(two_halves[1])
    desk.controller.intents._on_rename(2, "bright")
    assert desk.state.classes[1].name == "bright"
    assert "bright 200 px" in desk.status or "bright" in desk.view.annotate.summary
    desk.controller.intents._on_recolour(2, "#112233")
    for layer in (desk.annotation, desk.find("· classes")):
        assert np.allclose(layer.get_color(2)[:3], np.array([0x11, 0x22, 0x33]) / 255, atol=1e-6)
    desk.view.annotate._add.click()
    assert [c.id for c in desk.state.classes] == [1, 2, 3]
    assert desk.annotation.selected_label == 3
    desk.controller.intents._on_rename(3, "bright")
    assert "already" in desk.status
    assert desk.annotation.metadata["brushwood"]["class_names"][2] == "bright"


def test_deleting_a_class_erases_its_strokes_and_undo_brings_both_back(desk, two_halves):
    desk.trained(two_halves[1])
    desk.controller.intents._on_rename(2, "bright")
    data = desk.annotation.data
    desk.controller.annotating.delete_class(2)
    desk.wait(lambda: not (desk.annotation.data == 2).any())
    desk.wait(lambda: "Only 'background' has strokes" in desk.status)
    assert [c.id for c in desk.state.classes] == [1]
    assert desk.annotation.data is data
    desk.annotation.undo()
    desk.wait(lambda: len(desk.state.classes) == 2)
    assert desk.state.classes[1].name == "bright"
    assert (desk.annotation.data == 2).sum() == 200


def test_a_stranger_in_the_annotation_becomes_a_class(desk, two_halves):
    desk.trained(two_halves[1])
    desk.annotation.data_setitem((np.array([50]), np.array([50])), 9)
    desk.wait(lambda: [c.id for c in desk.state.classes] == [1, 2, 9])
    assert desk.state.classes[-1].name == "class 9"


@pytest.mark.parametrize("names", [{1: "sky", 2: "sea"}, {3: "a", 7: "b"}])
def test_classes_noted_with_a_layer_are_taken_over(desk, names):
    note = {"role": "annotation", "class_names": names}
    marks = np.zeros((120, 100), np.uint8)
    desk.viewer.add_labels(marks, name="strokes", metadata={"brushwood": note})
    assert {c.id: c.name for c in desk.state.classes} == names
    assert desk.state.current_class in names
