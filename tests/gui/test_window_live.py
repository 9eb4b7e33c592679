"""The main job in a real window: paint, and the segmentation follows."""

import numpy as np
import pytest


def split_is_right(classes):
    data = np.asarray(classes.data)
    return (data[..., :45] == 1).mean() > 0.98 and (data[..., 55:] == 2).mean() > 0.98


def test_paint_and_see(desk, two_halves):
    classes = desk.trained(two_halves[1])
    assert split_is_right(classes)
    assert desk.status.startswith("Updated in ")
    assert "background 200 px, foreground 200 px" in desk.status
    assert np.allclose(classes.scale, desk.image.scale)
    assert np.allclose(classes.translate, desk.image.translate)
    assert desk.viewer.layers.selection.active == desk.annotation
    assert desk.viewer.layers.index(desk.annotation) > desk.viewer.layers.index(classes)
    for class_id in (1, 2):
        assert np.allclose(classes.get_color(class_id), desk.annotation.get_color(class_id))


def test_undo_and_redo_are_followed(desk, two_halves):
    classes = desk.trained(two_halves[1])
    layer = desk.annotation
    rows, columns = np.nonzero(np.pad(np.ones((30, 30)), ((80, 10), (65, 5))))
    layer.data_setitem((rows, columns), 1)  # background painted over the bright half
    desk.wait(lambda: dict(desk.state.counts).get(1, 0) > 1000)
    desk.idle()
    assert (classes.data[80:110, 70:90] == 1).mean() > 0.2
    version = desk.state.model.version
    layer.undo()
    desk.wait(lambda: desk.state.model.version > version)
    desk.idle()
    assert split_is_right(classes)
    layer.redo()
    desk.wait(lambda: desk.state.model.version > version + 1)
    assert [x.name for x in desk.viewer.layers].count("halves · classes") == 1


def test_results_are_updated_in_place_under_any_name(desk, two_halves):
    classes = desk.trained(two_halves[1])
    data = classes.data
    classes.name = "mine"
    version = desk.state.model.version
    desk.annotation.data_setitem((np.array([100]), np.array([5])), 1)
    desk.wait(lambda: desk.state.model.version > version)
    desk.idle()
    assert classes.data is data
    assert desk.find("· classes") is None


def test_probabilities_and_uncertainty(desk, two_halves):
    desk.trained(two_halves[1])
    for output in ("probabilities", "uncertainty"):
        desk.view.result.checks[output].click()
    desk.wait(lambda: desk.find("· P(foreground)") and desk.find("· uncertainty"))
    desk.idle()
    background, foreground = desk.find("· P(background)"), desk.find("· P(foreground)")
    assert np.allclose(background.data + foreground.data, 1, atol=1e-5)
    assert tuple(foreground.contrast_limits) == (0, 1)
    assert 0 <= desk.find("· uncertainty").data.min() <= desk.find("· uncertainty").data.max() <= 1


def test_a_deleted_result_stays_deleted_until_it_is_wanted_again(desk, two_halves):
    classes = desk.trained(two_halves[1])
    desk.viewer.layers.remove(classes)
    assert desk.state.outputs == ()
    assert not desk.view.result.checks["classes"].isChecked()
    desk.idle()
    assert desk.find("· classes") is None
    desk.view.result.checks["classes"].click()
    desk.wait(lambda: desk.find("· classes"))
    desk.idle()
    assert split_is_right(desk.find("· classes"))


def test_another_image_is_shown_after_all_layers_were_deleted(desk, two_halves):
    desk.trained(two_halves[1])
    desk.viewer.layers.clear()
    desk.viewer.add_image(two_halves[0], name="another")
    classes = desk.trained(two_halves[1])
    assert classes.name == "another · classes"
    assert (classes.data[:, :40] == 1).mean() > 0.95


def test_a_model_without_a_result_is_said(desk, two_halves):
    desk.viewer.layers.remove(desk.trained(two_halves[1]))
    desk.view.actions.train.click()
    desk.idle()
    assert "tick classes" in desk.status


def test_the_lowest_dock_has_room_for_the_buttons_and_a_section(desk):
    lines = 10 * desk.widget.fontMetrics().lineSpacing()
    room = desk.widget.minimumSizeHint().height()
    assert room >= desk.view.actions.minimumSizeHint().height() + lines


def test_without_live_nothing_moves_until_train(desk, two_halves):
    desk.view.actions.live.setChecked(False)
    desk.annotate(two_halves[1])
    desk.wait(lambda: dict(desk.state.counts) == {1: 200, 2: 200})
    desk.idle()
    assert desk.state.model is None
    desk.view.actions.train.click()
    desk.wait(lambda: desk.find("· classes"))
    desk.idle()
    assert split_is_right(desk.find("· classes"))


def test_moving_the_sliders_trains_nothing(new_desk, two_halves):
    pixels, marks = two_halves
    desk = new_desk(np.stack([pixels] * 3), axis_labels=("t", "y", "x"))
    assert desk.state.ndim == 2
    desk.annotate(np.stack([marks, 0 * marks, 0 * marks]))
    desk.viewer.dims.set_current_step(0, 0)
    desk.wait(lambda: desk.find("· classes"))
    desk.idle()
    version, classes = desk.state.model.version, desk.find("· classes")
    assert not classes.data[2].any()
    desk.viewer.dims.set_current_step(0, 2)
    desk.wait(lambda: classes.data[2].any())
    desk.idle()
    assert desk.state.model.version == version
    assert (classes.data[2, :, 60:] == 2).mean() > 0.98
    assert not classes.data[1].any()


def test_a_stack_shows_its_plane_first_and_then_the_whole(new_desk, two_halves):
    pixels, marks = two_halves
    desk = new_desk(np.stack([pixels] * 9))
    assert desk.state.ndim == 3
    desk.viewer.dims.set_current_step(0, 4)
    stacked = np.zeros((9, *marks.shape), np.uint8)
    stacked[4] = marks
    classes = desk.trained(stacked)
    filled = classes.data.reshape(9, -1).any(axis=1)
    assert filled[4]
    assert not filled.all()
    desk.view.actions.apply.click()
    desk.wait(lambda: "whole image" in desk.status)
    assert (classes.data[..., 60:] == 2).mean() > 0.98
    assert (classes.data[..., :40] == 1).mean() > 0.98


def test_channels_are_layers(new_desk, two_halves):
    pixels, marks = two_halves
    desk = new_desk(np.zeros_like(pixels))
    desk.viewer.add_image(pixels, name="signal")
    desk.view.image._boxes[str(desk.viewer.layers["signal"].unique_id)].click()
    assert len(desk.state.images) == 2
    assert split_is_right(desk.trained(marks))
    assert desk.state.model.n_channels == 2


def test_rgb(new_desk, two_halves):
    pixels, marks = two_halves
    colours = np.zeros((*pixels.shape, 3), np.uint8)
    colours[..., 1] = pixels.clip(0, 255)
    desk = new_desk(colours, rgb=True)
    classes = desk.trained(marks)
    assert desk.state.model.n_channels == 3
    assert classes.data.shape == pixels.shape
    assert split_is_right(classes)


@pytest.mark.parametrize("kind", ["dask", "zarr"])
def test_multiscale_and_lazy_images_are_computed_where_they_are_seen(new_desk, two_halves, kind):
    pixels = np.tile(two_halves[0], (10, 12))  # 1200 × 1200
    if kind == "dask":
        fine = pytest.importorskip("dask.array").from_array(pixels, chunks=(200, 200))
    else:
        zarr = pytest.importorskip("zarr")
        fine = zarr.create_array({}, shape=pixels.shape, chunks=(200, 200), dtype=pixels.dtype)
        fine[...] = pixels
    desk = new_desk([fine, pixels[::4, ::4]], multiscale=True)
    camera = getattr(desk.viewer, "scene", desk.viewer).camera
    camera.center, camera.zoom = (0, 60, 50), 8
    desk.qtbot.wait(200)
    marks = np.zeros(pixels.shape, np.uint8)
    marks[:120, :100] = two_halves[1]
    classes = desk.trained(marks)
    assert classes.multiscale
    assert (classes.data[0][20:100, 60:95] == 2).mean() > 0.95
    assert (classes.data[1][5:25, 15:23] == 2).mean() > 0.9
    assert not classes.data[0][1100:, 1100:].any()
    desk.view.actions.apply.click()
    desk.wait(lambda: "whole image" in desk.status)
    assert classes.data[0][1100:, 1100:].all()
    assert classes.data[1][290:, 290:].all()
