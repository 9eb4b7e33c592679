"""Other sources of marks, other labels, several layers, frames and volumes, and a closed widget."""

import gc
import weakref

import numpy as np
import pandas as pd

from object_desk import ObjectDesk, add_objects, mark
from object_scenes import LONG, ROUND, SMALL, field, table_for


def counts(desk):
    return dict(desk.state.counts)


def open_with(viewer, qtbot, *layers):
    """Return an open desk whose objects have tables."""
    from brushwood.gui._scene import session_for

    session_for(viewer).object_classes.state.forest = SMALL
    desk = ObjectDesk(viewer, qtbot)
    for labels, table, options in layers:
        add_objects(viewer, labels, **options).features = table
    return desk.open()


def test_without_objects_the_next_step_is_said(viewer, qtbot):
    desk = ObjectDesk(viewer, qtbot).open()
    assert "There are no objects yet" in desk.status
    assert not desk.view.classes.clicking.isEnabled()
    assert "no objects" in desk.view.classes.clicking.toolTip()
    add_objects(viewer, field(2)[0])
    assert "Nothing is measured" in desk.status
    desk.viewer.layers.clear()
    assert "There are no objects yet" in desk.status
    add_objects(viewer, np.zeros((20, 20), np.uint8))
    desk.view.objects.measure.click()
    desk.wait(lambda: "all pixels are 0" in desk.status)
    desk.wait(lambda: not desk.controller.watch.is_busy)
    desk.idle()
    assert not desk.controller.measuring.is_running
    assert not desk.view.actions.train.isEnabled()


def test_marks_follow_objects_that_were_made_anew(measured_desk):
    desk = mark(measured_desk)
    again = np.where(desk.objects.data > 0, 101 - desk.objects.data, 0).astype(np.int32)
    again[again == 100] = 0
    desk.objects.data = again
    desk.objects.features = {}  # as Make objects does: they described objects that are no more
    desk.wait(lambda: "1 has no object here" in desk.view.classes.note)
    desk.wait(lambda: "area" in desk.objects.features)
    desk.idle()
    assert counts(desk) == {ROUND: 1, LONG: 2}
    assert desk.classes_of() == {101 - k: c for k, c in desk.truth.items() if k != 1}
    shown = desk.find("shapes · object classes").data
    assert (shown[again == 99] == ROUND).all()
    assert (shown[again == 0] == 0).all()
    assert "changed since" not in desk.status


def test_marks_that_moved_or_conflict_are_said_and_come_back(measured_desk):
    desk = mark(measured_desk)
    before = desk.objects.data.copy()
    merged = before.copy()
    merged[merged == 5] = 1
    merged[10:30, 12] = 1
    desk.objects.data = merged
    desk.wait(lambda: "marks of different classes" in desk.view.classes.note)
    desk.idle()
    assert counts(desk) == {ROUND: 1, LONG: 1}
    desk.objects.data = before
    desk.wait(lambda: counts(desk) == {ROUND: 2, LONG: 2})
    desk.idle()
    assert desk.view.classes.note == ""
    assert desk.classes_of() == desk.truth


def test_painting_on_objects_is_followed_and_so_is_its_undo(measured_desk):
    desk = mark(measured_desk)
    area = desk.objects.features["area"].iloc[0]
    where = np.nonzero(desk.objects.data == 1)
    half = tuple(axis[: len(axis) // 4] for axis in where)
    desk.objects.data_setitem(half, 0)
    desk.wait(lambda: desk.objects.features["area"].iloc[0] < area)
    desk.idle()
    assert "1 moved to a changed object" in desk.view.classes.note
    assert counts(desk) == {ROUND: 2, LONG: 2}
    desk.objects.visible = True  # napari says nothing of an undo in a hidden layer
    desk.objects.undo()
    desk.wait(lambda: desk.objects.features["area"].iloc[0] == area)
    desk.idle()
    assert desk.view.classes.note == ""


def test_without_live_objects_that_changed_are_said(measured_desk):
    desk = mark(measured_desk)
    desk.view.actions.live.setChecked(False)
    desk.objects.data = desk.objects.data[::-1].copy()
    desk.wait(lambda: "changed since they were measured" in desk.status)
    assert not desk.view.actions.train.isEnabled()
    assert desk.view.objects.measure.text() == "Measure again"
    desk.controller.session.engine.forget()
    desk.view.objects.measure.click()
    desk.wait(lambda: desk.view.objects.measure.isHidden())
    desk.idle()
    assert "changed since" not in desk.status
    assert "class" not in desk.objects.features, "classes of other objects"


def test_other_columns_and_their_units_survive(measured_desk):
    desk = measured_desk
    table = desk.objects.features.assign(mine=[f"note {i}" for i in range(32)], empty=np.nan)
    desk.objects.features = table
    mark(desk)
    found = desk.objects.features
    pd.testing.assert_frame_equal(found[table.columns], table)
    assert desk.objects.metadata["brushwood"]["units"]["area"] == "µm²"
    assert desk.state.model.columns == ("area", "eccentricity"), "a column of NaN is no column"


def test_scribbles_mark_the_objects_that_they_touch(measured_desk):
    desk = measured_desk
    desk.view.classes.new_scribbles.click()
    layer = desk.find("· scribbles")
    assert desk.viewer.layers.selection.active == layer
    assert layer.mode == "paint"
    layer.data_setitem((np.full(40, 10), np.arange(40)), ROUND)
    desk.press("W")
    assert layer.selected_label == LONG
    layer.data_setitem((np.full(40, 30), np.arange(40)), LONG)
    desk.idle()
    assert counts(desk) == {ROUND: 2, LONG: 2}
    assert desk.classes_of() == desk.truth
    layer.undo()
    desk.wait(lambda: counts(desk) == {ROUND: 2})
    desk.viewer.layers.remove(layer)
    desk.wait(lambda: counts(desk) == {})
    assert desk.state.annotation is None


def test_a_column_of_the_table_gives_classes(measured_desk):
    desk = measured_desk
    words = {ROUND: "round", LONG: "long"}
    kind = [words[c] if label < 9 else "" for label, c in desk.truth.items()]
    desk.objects.features = desk.objects.features.assign(kind=kind)
    section = desk.view.classes
    assert section.columns.key == "kind"
    desk.objects.features = desk.objects.features.assign(far=300)
    section.column_requested.emit("far")
    desk.wait(lambda: "numbered 1 to 255" in desk.status)
    section.take_column.click()
    desk.idle()
    names = {c.name: c.id for c in desk.state.classes}
    assert set(names) == {"round", "long"}, "nothing was marked, so the names are taken over"
    assert sum(counts(desk).values()) == 8
    found = desk.objects.features
    assert found["class_name"].tolist() == [words[c] for c in desk.truth.values()]
    section.undo.click()
    desk.idle()
    assert counts(desk) == {}
    assert [c.name for c in desk.state.classes] == ["class A", "class B"]


def test_deleting_a_class_is_undone_with_its_marks(measured_desk):
    desk = mark(measured_desk)
    desk.view.classes.table.selectRow(1)
    desk.view.classes._delete.click()
    desk.idle()
    assert counts(desk) == {ROUND: 2}
    assert desk.state.current_class == ROUND
    desk.view.classes.undo.click()
    desk.idle()
    assert counts(desk) == {ROUND: 2, LONG: 2}
    assert [c.name for c in desk.state.classes] == ["class A", "class B"]


def test_marks_of_several_layers_train_one_model(viewer, qtbot):
    first, truth = field()
    second, more = field(first=100)
    aside = {"translate": (0, 120), "name": "others"}
    desk = open_with(
        viewer, qtbot, (first, table_for(first), {}), (second, table_for(second), aside)
    )
    one, two = (desk.find(f"{name} · objects") for name in ("shapes", "others"))
    viewer.reset_view()
    desk.view.objects.layers.key_chosen.emit(str(one.unique_id))
    desk.view.objects.boxes[str(two.unique_id)].click()
    assert len(desk.state.layers) == 2
    desk.view.classes.clicking.click()
    desk.controller.choose_class(ROUND)
    desk.click(1, layer=one)
    desk.controller.choose_class(LONG)
    desk.click(104, layer=two)
    assert counts(desk) == {ROUND: 1, LONG: 1}
    assert desk.classes_of(one) == truth
    assert desk.classes_of(two) == more
    assert "64 classified" in desk.status
    assert desk.find("others · object classes").data.max() == LONG
    viewer.layers.remove(two)
    desk.idle()
    assert desk.state.layers == (str(one.unique_id),)
    assert counts(desk) == {ROUND: 1}


def test_marks_of_a_deleted_layer_can_be_taken_over(measured_desk):
    desk = mark(measured_desk)
    labels, place = desk.objects.data, {"scale": (0.5, 0.5), "translate": (3, 4)}
    desk.viewer.layers.remove(desk.objects)
    desk.idle()
    other = np.where(labels > 0, labels + 50, 0)
    add_objects(desk.viewer, other, name="again", **place).features = table_for(other)
    desk.idle()
    assert desk.view.classes.take.text() == "Take over 4 marks of shapes · objects"
    desk.view.classes.take.click()
    desk.idle()
    assert counts(desk) == {ROUND: 2, LONG: 2}
    assert desk.classes_of() == {label + 50: c for label, c in desk.truth.items()}
    assert desk.view.classes.take.isHidden()


def test_a_time_series(viewer, qtbot):
    plane, truth = field(3)
    movie = np.stack([plane, plane[::-1]])
    tables = [table_for(part).assign(frame=k) for k, part in enumerate(movie)]
    options = {"axis_labels": ("t", "y", "x")}
    desk = open_with(viewer, qtbot, (movie, pd.concat(tables, ignore_index=True), options))
    assert desk.controller.watch.of(desk.state.layers[0]).ndim == 2
    viewer.dims.set_current_step(0, 1)
    mark(desk, (1,), ())
    viewer.dims.set_current_step(0, 0)
    desk.idle()
    mark(desk, (), (4,))
    assert counts(desk) == {ROUND: 1, LONG: 1}
    table = desk.objects.features
    assert table["class"].tolist() == [truth[label] for label in table["label"]]
    shown = desk.find("object classes").data
    for label, class_id in truth.items():
        assert (shown[movie == label] == class_id).all()
    desk.view.actions.next.click()
    desk.idle()
    current = desk.controller.selection.selected.current
    frame = viewer.dims.current_step[0]
    assert (movie[frame] == current).any()
    assert f"Object {current} in frame {frame}: most likely" in desk.status


def test_a_volume_is_clicked_in_slices_and_in_3d(viewer, qtbot):
    plane, truth = field(2)
    stack = np.zeros((6, *plane.shape), np.int32)
    stack[2:5] = plane
    desk = open_with(viewer, qtbot, (stack, table_for(plane), {"scale": (2, 1, 1)}))
    assert desk.controller.watch.of(desk.state.layers[0]).ndim == 3
    viewer.dims.set_current_step(0, 3)
    mark(desk, (1,), ())
    assert counts(desk) == {ROUND: 1}
    viewer.dims.ndisplay = 3
    viewer.reset_view()
    qtbot.wait(50)
    desk.controller.choose_class(LONG)
    canvas = viewer.window._qt_viewer.canvas
    place = np.array(canvas.size[::-1]) / 2
    middle = canvas._map_canvas2world(tuple(place), canvas.view)
    assert middle is not None
    from brushwood.gui._picking import object_at

    class Event:
        position = tuple(np.asarray(desk.objects.data_to_world((0, 30, 12)), float))
        view_direction = np.array([1.0, 0, 0])
        dims_displayed = (0, 1, 2)

    label, at = object_at(desk.objects, Event)
    assert label == truth_label(plane, 30, 12)
    assert stack[at] == label
    desk.controller._on_click(desk.state.layers[0], label, at)
    desk.idle()
    assert counts(desk) == {ROUND: 1, LONG: 1}
    assert desk.classes_of() == truth


def truth_label(plane, y, x):
    return int(plane[y, x])


def test_labels_that_change_during_training_drop_the_result(measured_desk, monkeypatch):
    from brushwood.session.object_engine import ObjectEngine

    desk = mark(measured_desk, (1, 2), (5,))
    classify = ObjectEngine._classify

    def late(self, request, job, publish):
        desk.controller.watch.of(request.inputs[0].key).version += 1
        return classify(self, request, job, publish)

    written = []
    monkeypatch.setattr(desk.controller.outcome, "_write", written.append)
    monkeypatch.setattr(ObjectEngine, "_classify", late)
    desk.controller.choose_class(LONG)
    desk.click(6)
    assert written == []


def test_deleting_layers_while_working(measured_desk, capsys):
    desk = mark(measured_desk)
    results = [desk.find("object classes"), desk.find("object marks")]
    desk.controller.choose_class(ROUND)
    desk.controller._on_click(desk.state.layers[0], 3, (10, 60))
    for layer in results:
        desk.viewer.layers.remove(layer)
    desk.idle()
    assert not set(results) & set(desk.viewer.layers)
    assert desk.state.outputs == ()
    assert counts(desk) == {ROUND: 3, LONG: 2}
    desk.controller._on_click(desk.state.layers[0], 4, (10, 84))
    desk.viewer.layers.remove(desk.objects)
    desk.idle()
    assert "no objects" in desk.status
    assert "Traceback" not in capsys.readouterr().err


def test_a_lazy_pyramid(viewer, qtbot):
    import dask.array as da

    labels, truth = field(2)
    levels = [da.from_array(labels, chunks=32), da.from_array(labels[::2, ::2], chunks=32)]
    desk = open_with(viewer, qtbot, (levels, table_for(labels), {"multiscale": True}))
    viewer.reset_view()
    desk.view.classes.clicking.click()
    for class_id, at in ((ROUND, (10, 12)), (LONG, (30, 12))):
        desk.controller.choose_class(class_id)
        desk.click_at(at)
    assert desk.classes_of() == truth
    shown = desk.find("object classes")
    assert shown.multiscale
    for level, part in zip(shown.data, (labels, labels[::2, ::2]), strict=True):
        for label, class_id in truth.items():
            assert (np.asarray(level)[part == label] == class_id).all()


def test_closed_and_opened_again_it_goes_on(measured_desk):
    from brushwood.gui import _scene

    desk = mark(measured_desk)
    reference = weakref.ref(desk.widget)
    desk.viewer.window.remove_dock_widget(desk.widget)
    assert not desk.objects.keymap
    desk.widget = desk.controller = desk.view = None
    for _ in range(3):
        gc.collect()
        desk.qtbot.wait(20)
    assert reference() is None
    objects = next(x for x in desk.viewer.layers if x.name == "shapes · objects")
    objects.data_setitem((np.array([0]), np.array([0])), 1)  # nobody reacts, nothing fails
    objects.undo()
    desk.qtbot.wait(50)
    desk.open()
    assert counts(desk) == {ROUND: 2, LONG: 2}
    desk.view.classes.clicking.click()
    desk.controller.choose_class(ROUND)
    desk.click(3)
    assert counts(desk) == {ROUND: 3, LONG: 2}
    assert [x.name for x in desk.viewer.layers].count("shapes · object classes") == 1

    desk.controller.intents._on_rename(LONG, "bar")
    desk.viewer.window.remove_dock_widget(desk.widget)
    _scene._SESSIONS.clear()  # as if the program had only the layers
    desk.open()
    assert counts(desk) == {ROUND: 3, LONG: 2}
    assert [c.name for c in desk.state.classes] == ["class A", "bar"]


def test_both_classifiers_keep_their_keys(measured_desk):
    from brushwood.gui.pixel_classifier import PixelClassifierWidget

    desk = mark(measured_desk)
    pixels = PixelClassifierWidget(desk.viewer)
    desk.viewer.window.add_dock_widget(pixels, name="Pixel classifier")
    desk.press("Q")
    assert desk.state.current_class == ROUND
    desk.view.classes.clicking.click()
    desk.viewer.layers.selection.active = desk.image
    pixels.controller.state.current_class = 1
    desk.press("W")
    assert pixels.controller.state.current_class == 2
    assert desk.state.current_class == ROUND
