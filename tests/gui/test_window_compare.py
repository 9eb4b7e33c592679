"""The widget that compares layers with ground truth, in a window."""

import numpy as np
import pytest

PATIENCE = 20_000


def _truth():
    truth = np.zeros((60, 80), np.int32)
    truth[5:20, 5:20], truth[30:45, 10:30], truth[5:15, 50:70] = 3, 7, 9
    return truth


@pytest.fixture
def desk(viewer, qtbot):
    """Return a viewer with truth and objects, the widget, and a way to compare."""
    from brushwood.gui.compare import CompareWidget

    truth = _truth()
    found = np.where(truth == 9, 0, truth)
    found[50:55, 60:70] = 4
    viewer.add_labels(truth, name="cells (truth)")
    viewer.add_labels(found, name="cells · objects", metadata={"brushwood": {"role": "objects"}})
    widget = CompareWidget(viewer)
    qtbot.addWidget(widget)

    def compare():
        controller = widget.controller
        controller.compare()
        qtbot.waitUntil(lambda: not controller._runner.is_busy, timeout=PATIENCE)

    return viewer, widget, compare


def test_the_obvious_layers_are_chosen_and_compared(desk):
    viewer, widget, compare = desk
    assert widget.controller.readiness().reason == ""
    compare()
    text = widget.view.actions.status.text()
    assert text == "2 of 3 objects found, 1 missed, 1 extra. F1 0.67 at IoU ≥ 0.5."
    layer = viewer.layers["cells · objects · differences"]
    assert layer.data[10, 10] == 1
    assert layer.data[52, 62] == 2
    assert layer.data[8, 55] == 3
    assert not viewer.layers["cells · objects"].visible
    features = viewer.layers["cells (truth)"].features.set_index("index")
    assert features.loc[9, "match_state"] == "missed"
    assert features.loc[3, "match_iou"] == 1


def test_comparing_again_updates_the_same_layer_and_leaves_visibility_alone(desk):
    viewer, widget, compare = desk
    compare()
    viewer.layers["cells · objects"].visible = True
    objects = viewer.layers["cells · objects"]
    objects.data = _truth()
    assert widget.view.scores._stale.isVisibleTo(widget)
    compare()
    assert not widget.view.scores._stale.isVisibleTo(widget)
    assert sum("differences" in layer.name for layer in viewer.layers) == 1
    assert objects.visible
    assert "3 of 3 objects found" in widget.view.actions.status.text()


def test_a_finding_takes_the_camera_there(desk, qtbot):
    viewer, widget, compare = desk
    from brushwood.gui._camera import camera_of

    compare()
    table = widget.view.scores._findings
    rows = [table.item(i, 0).text() for i in range(table.rowCount())]
    assert rows == ["missed", "extra"]
    table.itemDoubleClicked.emit(table.item(1, 0))
    qtbot.waitUntil(
        lambda: np.allclose(camera_of(viewer).center[-2:], (52, 64.5), atol=1), timeout=PATIENCE
    )
    assert widget.controller.session.selection.selected.labels == frozenset({4})


def test_pixels_with_unknown_zero_a_region_and_a_chosen_class(desk):
    viewer, widget, compare = desk
    state = widget.controller.state
    state.what = "pixels"
    compare()
    assert "unknown left out" in widget.view.actions.status.text()
    state.zero_is_unknown = False
    state.class_id = 7
    compare()
    assert "Jaccard 1.00 for class 7 on 4,800 pixels." in widget.view.actions.status.text()
    viewer.add_shapes([[[0, 0], [0, 39], [49, 39], [49, 0]]], name="roi")
    state.region = str(viewer.layers["roi"].unique_id)
    compare()
    assert widget.controller.done.scores.n_pixels < 2100
    assert widget.controller.done.curve is None


def test_a_layer_that_goes_while_comparing_leaves_nothing_behind(desk, qtbot):
    viewer, widget, _ = desk
    widget.controller.compare()
    viewer.layers.remove("cells (truth)")
    qtbot.waitUntil(lambda: not widget.controller._runner.is_busy, timeout=PATIENCE)
    assert not any("differences" in layer.name for layer in viewer.layers)
    assert widget.view.scores._scores.isHidden()
    assert "was deleted meanwhile" in widget.view.actions.status.text()


def test_shapes_that_differ_and_float_like_problems_are_sentences(viewer, qtbot):
    from brushwood.gui.compare import CompareWidget

    widget = CompareWidget(viewer)
    qtbot.addWidget(widget)
    assert "Two labels layers are needed" in widget.view.actions.status.text()
    viewer.add_labels(_truth(), name="truth")
    viewer.add_labels(_truth()[1:], name="found")
    state = widget.controller.state
    state.truth, state.prediction = (str(viewer.layers[n].unique_id) for n in ("truth", "found"))
    assert "60 × 80" in widget.view.actions.status.text()
    assert not widget.view.actions._compare.isEnabled()


def test_time_series_are_matched_frame_by_frame(viewer, qtbot):
    from brushwood.gui.compare import CompareWidget

    series = np.stack([_truth(), _truth()])
    options = {"axis_labels": ("t", "y", "x")}
    viewer.add_labels(series, name="truth", **options)
    viewer.add_labels(series, name="found · objects", metadata={"brushwood": {"role": "objects"}},
                      **options)  # fmt: skip
    widget = CompareWidget(viewer)
    qtbot.addWidget(widget)
    widget.controller.compare()
    qtbot.waitUntil(lambda: widget.controller.done is not None, timeout=PATIENCE)
    assert widget.controller.done.matching.n_truth == 6


def test_the_script_is_put_on_the_clipboard(desk):
    from qtpy.QtGui import QGuiApplication

    _, widget, _ = desk
    widget.view.actions.copy_requested.emit()
    assert "bw.match_objects(truth, prediction, min_iou=0.5)" in QGuiApplication.clipboard().text()
