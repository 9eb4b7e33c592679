"""Measuring in the window: choices, progress, results that keep what others wrote, bad input."""

import gc
import weakref

import numpy as np
import pandas as pd
import pytest
from qtpy.QtCore import QThreadPool
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QDialog

from brushwood.gui._scene import META, key_of, note_of
from brushwood.session import measure_work
from measure_desk import MeasureDesk, blobs


@pytest.fixture
def desk(viewer, qtbot):
    desk = MeasureDesk(viewer, qtbot, scale=(0.5, 0.25), units=("µm", "µm"))
    desk.open_measure()
    return desk


def tick(desk, name, on=True):
    tree = desk.view.catalogue
    from qtpy.QtCore import Qt

    for top in tree._tops():
        for item in [top, *(top.child(i) for i in range(top.childCount()))]:
            if item.text(0) == name:
                assert not item.isDisabled(), item.toolTip(0)
                item.setCheckState(0, Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
                return
    raise AssertionError(name)


def test_columns_of_others_survive_measuring_and_painting(desk):
    desk.objects.features = pd.DataFrame({"index": [9, 2], "note": ["nine", "two"]})
    desk.measure()
    assert desk.features["note"].isna().tolist() == [False, True, False]
    assert "kept note" in desk.status
    desk.objects.data_setitem(np.nonzero(desk.objects.data == 9), 0)
    desk.measure()
    assert desk.features["label"].tolist() == [2, 5]
    assert desk.features["note"].tolist()[0] == "two"
    desk.objects.undo()
    desk.measure()
    assert desk.features["note"].isna().tolist() == [False, True, False]


def test_painting_makes_the_table_out_of_date_and_undo_right_again(desk):
    desk.measure()
    desk.wait(lambda: not desk.table.controller.freshness._runner.is_busy)
    assert not desk.face.stale_box.isVisibleTo(desk.face)
    desk.objects.data_setitem((np.arange(100, 110), np.arange(10)), 12)
    desk.wait(lambda: desk.face.stale_box.isVisibleTo(desk.face))
    assert "changed after they were measured" in desk.face.stale.text()
    desk.wait(lambda: "changed after they were measured" in desk.status)
    desk.objects.undo()
    desk.wait(lambda: not desk.face.stale_box.isVisibleTo(desk.face))
    desk.objects.redo()
    desk.wait(lambda: desk.face.stale_box.isVisibleTo(desk.face))
    desk.session.measuring.names = ("perimeter",)
    desk.session.measuring.units = "px"
    desk.session.measuring.images = ()
    desk.face.again.click()
    desk.wait(lambda: 12 in desk.features["label"].tolist())
    # The same columns in the same units as before.
    assert {"circularity", "intensity_mean"} <= set(desk.features.columns)
    assert note_of(desk.objects)["units"]["area"] == "µm²"
    desk.wait(lambda: not desk.face.stale_box.isVisibleTo(desk.face))


class Slow:
    """Measuring that waits until it is told to go on, or cancelled."""

    def __init__(self, monkeypatch):
        import threading

        self.go_on, self.started = threading.Event(), threading.Event()
        right = measure_work.measure

        def measure(*args, job, **options):
            self.started.set()
            while not self.go_on.wait(0.01):
                job.checkpoint(0.5, "Measuring")
            return right(*args, job=job, **options)

        monkeypatch.setattr(measure_work, "measure", measure)


@pytest.fixture
def slow(desk, monkeypatch):
    slow = Slow(monkeypatch)
    yield slow
    slow.go_on.set()


@pytest.mark.parametrize("victim", ["objects", "image"])
def test_deleting_a_layer_in_the_middle(desk, slow, victim, capsys):
    desk.view.actions.measure.click()
    desk.wait(slow.started.is_set)
    desk.viewer.layers.remove(getattr(desk, victim))
    assert not desk.controller.work.is_running
    slow.go_on.set()
    assert QThreadPool.globalInstance().waitForDone(5000)
    desk.qtbot.wait(50)
    assert not desk.table_is_open()
    assert "Traceback" not in capsys.readouterr().err
    assert "deleted" in desk.status or "no objects" in desk.status


def test_closing_the_dock_in_the_middle(desk, slow, capsys):
    desk.view.actions.measure.click()
    desk.wait(slow.started.is_set)
    desk.viewer.window.remove_dock_widget(desk.widget)
    assert QThreadPool.globalInstance().waitForDone(5000)
    desk.qtbot.wait(50)
    assert desk.features.shape[1] == 0
    assert "Traceback" not in capsys.readouterr().err


def test_another_place_is_refused_and_mended_by_a_button(viewer, qtbot):
    image, labels = blobs()
    desk = MeasureDesk(viewer, qtbot, image, labels)
    desk.image.scale = (0.5, 0.5)
    desk.open_measure()
    assert desk.session.measuring.images == ()
    desk.view.image.boxes[key_of(desk.image)].setChecked(True)
    assert "do not lie on each other" in desk.status
    assert not desk.view.actions.measure.isEnabled()
    assert desk.view.objects.align.isVisibleTo(desk.view)
    desk.view.objects.align.click()
    np.testing.assert_allclose(desk.objects.scale, (0.5, 0.5))
    assert not desk.view.objects.align.isVisibleTo(desk.view)
    desk.measure()
    assert desk.features["area"].tolist()[0] == 100


def test_no_objects_at_all(viewer, qtbot):
    from brushwood.gui.measure import MeasureObjectsWidget

    widget = MeasureObjectsWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Measure objects")
    status = widget.view.actions.status
    assert "no objects to measure" in status.text()
    assert widget.view.objects.make.isVisibleTo(widget.view)
    viewer.add_image(np.zeros((9, 9), np.float32), name="float labels")
    assert "Convert to Labels" in status.text()
    layer = viewer.add_labels(np.zeros((9, 9), np.int32), name="empty")
    widget.view.actions.measure.click()
    qtbot.waitUntil(lambda: "all pixels are 0" in status.text())
    assert len(layer.features) == 0
    assert "area" in layer.features


def test_a_million_objects_need_a_second_press(viewer, qtbot):
    labels = np.arange(1, 1_000_001, dtype=np.int32).reshape(1000, 1000)
    desk = MeasureDesk(viewer, qtbot, labels * 1.0, labels)
    desk.open_measure()
    desk.session.measuring.names = ("area",)
    desk.measure()
    assert "1,000,000 objects" in desk.status
    assert "Press Measure again" in desk.status
    assert desk.features.shape[1] == 0
    desk.measure()
    assert len(desk.features) == 1_000_000
    assert desk.face.model.rowCount() == 1_000_000


def test_time_series_have_a_row_for_each_frame(viewer, qtbot):
    image, labels = blobs()
    options = {"axis_labels": ("t", "y", "x")}
    stack = np.stack([labels, labels[::-1]])
    desk = MeasureDesk(viewer, qtbot, np.stack([image, image]), stack, **options)
    desk.open_measure()
    assert desk.session.measuring.ndim == 2
    desk.measure()
    assert desk.features["frame"].tolist() == [0, 0, 0, 1, 1, 1]
    viewer.dims.set_current_step(0, 0)
    desk.table.controller.go_to(4)
    assert viewer.dims.current_step[0] == 1
    desk.view.objects.ndim_chosen.emit(3)
    desk.measure()
    assert "frame" not in desk.features


def test_channels_and_probabilities(viewer, qtbot):
    image, labels = blobs()
    desk = MeasureDesk(viewer, qtbot, image, labels)
    second = viewer.add_image(image * 2, name="second")
    for class_id, name in ((1, "rest"), (2, "cell")):
        note = {"role": "result", "output": "probabilities", "class": class_id}
        note["image"] = key_of(desk.image)
        share = (labels > 0) * (0.25 if class_id == 1 else 0.75)
        viewer.add_image(share, name=f"im · P({name})", metadata={META: note})
    desk.open_measure()
    assert set(desk.view.image.boxes) == {key_of(desk.image), key_of(second)}
    desk.view.image.boxes[key_of(second)].setChecked(True)
    desk.view.image.probabilities.setChecked(True)
    desk.measure()
    assert desk.features["intensity_mean-second"].tolist() == [42, 102, 182]
    assert desk.features["probability_mean-cell"].tolist() == [0.75] * 3


def test_everything_fits_a_narrow_dock_and_has_a_tooltip(desk, qtbot):
    from qtpy.QtWidgets import QAbstractButton, QComboBox, QTreeWidget

    desk.viewer.theme = "light"
    view = desk.view
    for section in (view.objects, view.image, view.catalogue, view.units):
        section.set_open(True)
    qtbot.wait(20)
    assert desk.widget.minimumSizeHint().width() <= 320
    assert view.objects.parent().minimumSizeHint().width() <= 280
    for kind in (QAbstractButton, QComboBox, QTreeWidget):
        for control in desk.widget.findChildren(kind):
            inner = (
                control.objectName().startswith("qt_") or control.parent() is view.catalogue.search
            )
            assert inner or control.toolTip(), control


def test_one_press_measures_and_opens_the_table(desk):
    assert "Ready: " in desk.status
    desk.measure()
    assert desk.features["label"].tolist() == [2, 5, 9]
    assert desk.features["index"].tolist() == [2, 5, 9]
    assert desk.features["area"].tolist() == [50, 200, 62.5]
    assert desk.features["intensity_mean"].tolist() == [21, 51, 91]
    note = note_of(desk.objects)
    assert note["units"]["area"] == "µm²"
    assert note["role"] == "objects"
    assert desk.status.startswith("Measured 3 rows")
    assert "µm" in desk.status
    assert desk.face.model.rowCount() == 3
    assert desk.face.model.store.header("area") == "area [µm²]"
    # napari's own status bar finds the row of a label.
    desk.objects.visible = True
    status = desk.objects.get_status((70 * 0.5, 80 * 0.25), world=True)
    assert "area: 200" in status["value"]
    from brushwood.gui._camera import camera_of

    desk.table.controller.go_to(1)
    np.testing.assert_allclose(camera_of(desk.viewer).center[-2:], (69.5 * 0.5, 79.5 * 0.25))
    desk.view.units.units_chosen.emit("px")
    desk.measure()
    assert desk.features["area"].tolist() == [400, 1600, 500]
    assert note_of(desk.objects)["units"]["area"] == "px²"


def test_measurements_and_images_are_chosen(desk):
    for name in ("Size", "Shape", "Position", "Intensity"):
        tick(desk, name, on=False)
    assert "Nothing is ticked" in desk.status
    assert not desk.view.actions.measure.isEnabled()
    assert "Nothing is ticked" in desk.view.actions.measure.toolTip()
    tick(desk, "perimeter")
    desk.measure()
    assert desk.features.columns.tolist() == ["label", "index", "perimeter"]
    tick(desk, "Size")
    assert "area_filled" in desk.session.measuring.names
    desk.view.catalogue.defaults.click()
    assert "circularity" in desk.session.measuring.names
    assert "of " in desk.view.catalogue.summary
    tick(desk, "Size", on=False)
    desk.view.catalogue.search.setText("bounding box")
    tick(desk, "Size")
    assert "area_bbox" in desk.session.measuring.names
    assert "area_filled" not in desk.session.measuring.names
    desk.view.catalogue.search.clear()
    desk.view.catalogue.defaults.click()
    desk.view.image.boxes[key_of(desk.image)].setChecked(False)
    top = next(t for t in desk.view.catalogue._tops() if t.text(0) == "Intensity")
    assert top.isDisabled()
    assert "needs an image" in top.toolTip(0)
    desk.measure()
    assert desk.features["area"].tolist() == [50, 200, 62.5]
    assert not any("intensity" in name for name in desk.features.columns)
    other = desk.viewer.add_image(np.zeros((30, 40)), name="small")
    box = desk.view.image.boxes[key_of(other)]
    assert not box.isEnabled()
    assert "30 × 40" in box.toolTip()


def test_labels_made_anew_or_written_into_are_noticed(desk):
    desk.measure()
    desk.objects.data = desk.objects.data * 2
    desk.wait(lambda: desk.face.stale_box.isVisibleTo(desk.face))
    desk.measure()
    desk.wait(lambda: not desk.face.stale_box.isVisibleTo(desk.face))
    desk.objects.data[0, 0] = 3
    desk.objects.refresh()
    desk.wait(lambda: desk.face.stale_box.isVisibleTo(desk.face))
    desk.measure()
    desk.viewer.window.remove_dock_widget(desk.table)
    desk.objects.data[0, 0] = 4
    desk.open_table()
    desk.wait(lambda: desk.face.stale_box.isVisibleTo(desk.face))


def test_progress_cancel_and_painting_in_the_middle(desk, slow):
    desk.objects.features = pd.DataFrame({"index": [2], "mine": [1]})
    desk.view.actions.measure.click()
    desk.wait(lambda: desk.view.actions.is_progress_shown)
    desk.wait(lambda: "Measuring … 50%" in desk.status)
    desk.view.actions._cancel.click()
    desk.wait(lambda: "Cancelled" in desk.status, timeout=3000)
    assert not desk.view.actions.is_progress_shown
    assert desk.features.columns.tolist() == ["index", "mine"]
    slow.started.clear()
    desk.view.actions.measure.click()
    desk.wait(slow.started.is_set)
    desk.objects.data_setitem((np.arange(5), np.arange(5)), 4)
    slow.go_on.set()
    desk.wait(lambda: desk.table_is_open())
    desk.find_table()
    assert desk.features["label"].tolist() == [2, 5, 9]
    desk.wait(lambda: desk.face.stale_box.isVisibleTo(desk.face))


def test_errors_script_help_and_closing(desk, qtbot, monkeypatch):
    def broken(*args, **options):
        raise ZeroDivisionError("made up")

    with monkeypatch.context() as patch:
        patch.setattr(measure_work, "measure", broken)
        desk.measure()
    assert "ZeroDivisionError: made up" in desk.status
    assert desk.view.actions.measure.isEnabled()
    desk.view.actions.copy.click()
    script = QGuiApplication.clipboard().text()
    compile(script, "script.py", "exec")
    assert "bw.measure(" in script
    assert "spacing=(0.5, 0.25)" in script
    desk.view.actions.help.click()
    dialog = desk.view.findChild(QDialog)
    assert dialog is not None
    dialog.close()
    reference = weakref.ref(desk.widget)
    desk.viewer.window.remove_dock_widget(desk.widget)
    desk.widget = desk.view = desk.controller = None
    qtbot.wait(50)
    for _ in range(3):
        gc.collect()
        qtbot.wait(10)
    assert reference() is None


def test_rgb_and_multiscale_dask_labels(viewer, qtbot):
    da = pytest.importorskip("dask.array")
    image, labels = blobs()
    picture = np.stack([image, image + 1, image + 2], axis=-1).astype(np.uint8)
    levels = [da.from_array(labels), da.from_array(labels[::2, ::2])]
    desk = MeasureDesk(viewer, qtbot, picture, levels)
    desk.open_measure()
    desk.measure()
    assert desk.features["num_pixels" if "num_pixels" in desk.features else "area"].tolist() == [
        400, 1600, 500,
    ]  # fmt: skip
    assert not desk.face.stale_box.isVisibleTo(desk.face)
    assert desk.features["intensity_mean-green"].tolist() == [22, 52, 92]


def test_objects_inside_others_tell_both_tables(desk):
    outer = np.zeros((120, 160), np.int32)
    outer[:92] = 1
    place = {"scale": desk.objects.scale, "units": desk.objects.units}
    parents = desk.viewer.add_labels(outer, name="cells", features={"note": ["", "mine"]}, **place)
    desk.controller.state.objects = desk.key
    desk.controller.state.parents = key_of(parents)
    assert desk.view.objects.parents.currentText() == "cells"
    desk.measure()
    assert desk.features["parent"].tolist() == [1, 1, 0]
    assert parents.features.set_index("index").loc[1, ["children_count", "note"]].tolist() == [
        2, "mine",
    ]  # fmt: skip
    assert note_of(parents)["units"]["children_area"] == "µm²"


def test_the_table_can_be_shown_once_there_is_one(desk):
    assert not desk.view.actions.table.isEnabled()
    desk.measure()
    assert desk.view.actions.table.isEnabled()
