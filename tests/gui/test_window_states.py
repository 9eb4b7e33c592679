"""Every state in which something cannot run says so, and what to do."""

import numpy as np
import pytest

from brushwood.gui._store import MEMORY_LIMIT, zeros


def test_without_an_image(viewer, qtbot):
    from brushwood.gui.pixel_classifier import PixelClassifierWidget

    widget = PixelClassifierWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Pixel classifier")
    actions = widget.view.actions
    assert "no image" in actions.status.text()
    assert "no image" in widget.view.annotate.new.toolTip()
    for button in (actions.train, actions.apply, actions.save, actions.copy):
        assert not button.isEnabled()
        assert button.toolTip()


def test_no_device(desk):
    desk.view.annotate.new.click()
    desk.state.device_problem = "No OpenCL device was found. Install a driver."
    assert "Install a driver" in desk.view.actions.train.toolTip()
    assert "Install a driver" in desk.status
    desk.idle()
    assert not desk.view.actions.train.isEnabled()


def test_no_strokes_and_one_class(desk):
    desk.view.annotate.new.click()
    desk.idle()
    assert "no strokes" in desk.view.actions.train.toolTip()
    desk.annotation.data_setitem((np.arange(5), np.arange(5)), 1)
    desk.wait(lambda: "Only 'background'" in desk.status)
    assert not desk.view.actions.train.isEnabled()
    assert desk.state.model is None


def test_an_annotation_of_another_shape_is_named(desk):
    layer = desk.viewer.add_labels(np.zeros((10, 10), np.uint8), name="small")
    desk.view.annotate.layer_chosen.emit(str(layer.unique_id))
    assert "10 × 10, but 'halves' is 120 × 100" in desk.status
    assert not desk.view.actions.train.isEnabled()


@pytest.mark.parametrize(("value", "says"), [(-3, "-3"), (300, "300"), (70000, "65535")])
def test_values_that_are_no_classes(desk, two_halves, value, says):
    marks = two_halves[1].astype(np.int32)
    marks[50, 50] = value
    layer = desk.viewer.add_labels(marks, name="strange")
    desk.view.annotate.layer_chosen.emit(str(layer.unique_id))
    desk.wait(lambda: says in desk.status)
    desk.idle()


def test_a_model_for_other_channels(desk, two_halves):
    desk.trained(two_halves[1])
    extra = desk.viewer.add_image(two_halves[0], name="extra")
    desk.view.actions.live.setChecked(False)
    desk.state.images = (*desk.state.images, str(extra.unique_id))
    assert "made for 1 channel, but 2 channels are ticked" in desk.view.actions.apply.toolTip()
    assert not desk.view.actions.apply.isEnabled()


def test_nan_is_said(new_desk, two_halves):
    pixels, marks = two_halves
    pixels = pixels.copy()
    pixels[::6, ::6] = np.nan
    desk = new_desk(pixels, contrast_limits=(0, 100))
    desk.trained(marks)
    assert "NaN" in desk.status


def test_a_constant_image_is_said(new_desk, two_halves):
    desk = new_desk(np.full((120, 100), 7, np.uint8))
    desk.trained(two_halves[1])
    assert "constant" in desk.status


def test_an_empty_class_is_mentioned(desk, two_halves):
    desk.trained(two_halves[1])
    desk.view.annotate._add.click()
    desk.idle()
    assert "class 3 has no strokes" in desk.status


def test_the_last_feature_stays(desk):
    section = desk.view.features
    section._edit(desk.state.features.features[0], False)
    assert len(desk.state.features.features) == 1
    section._edit(desk.state.features.features[0], False)
    assert "at least one feature" in desk.status


def test_a_full_disk_is_said(desk, two_halves, monkeypatch):
    from brushwood.gui.pixel_classifier import results

    desk.trained(two_halves[1])
    desk.view.actions.live.setChecked(False)
    desk.state.outputs = ("uncertainty",)
    desk.idle()

    def full(shape, dtype):
        raise OSError("No space left on device")

    monkeypatch.setattr(results, "zeros", full)
    desk.view.actions.apply.click()
    assert "no room for the results" in desk.status
    desk.controller.narrator.say("")
    desk.view.actions.live.setChecked(True)
    desk.wait(lambda: "no room for the results" in desk.status)
    desk.idle()


def test_large_arrays_live_in_a_sparse_file():
    large = zeros((1024, MEMORY_LIMIT // 1024 + 1), np.uint8)
    assert isinstance(large, np.memmap)
    assert not large[0, :10].any()
    large[5, 5] = 3
    assert large[5, 5] == 3


def test_long_reports_are_cut(desk):
    desk.view.actions.show_status("First line.\n" + "x" * 5000)
    assert desk.status == "First line."
    assert "xxx" in desk.view.actions.status.toolTip()
