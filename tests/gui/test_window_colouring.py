"""Objects take the colours of a column of their table, and give them back."""

import numpy as np
import pandas as pd
import pytest

from brushwood.gui._colouring import GREY
from brushwood.gui._scene import META
from measure_desk import MeasureDesk, blobs, rows


@pytest.fixture
def desk(viewer, qtbot):
    desk = MeasureDesk(viewer, qtbot)
    desk.objects.metadata[META]["units"] = {"area": "px²"}
    desk.objects.features = rows()
    desk.open_table()
    return desk


def colour(desk, label):
    return np.asarray(desk.objects.get_color(label))


def test_numbers_and_classes_have_colours(desk):
    before = desk.objects.colormap
    bar = desk.face.colours
    bar.column_chosen.emit("area")
    low, high = colour(desk, 2), colour(desk, 5)
    assert not np.allclose(low, high)
    np.testing.assert_allclose(colour(desk, 9), GREY)  # missing
    np.testing.assert_allclose(colour(desk, 77), GREY)  # not in the table
    assert bar._scale.isVisibleTo(bar)
    assert bar.high.value() == pytest.approx(1588, abs=1)  # without the last percent
    bar.extent.key_chosen.emit(bar.extent.setCurrentIndex(bar.extent.findData("full")))
    assert (bar.low.value(), bar.high.value()) == (400, 1600)
    bar.high.setValue(400.5)
    assert bar.extent.key == "own"
    np.testing.assert_allclose(colour(desk, 5), high)  # beyond the end
    bar.ramp.setCurrentIndex(bar.ramp.findData("magma"))
    bar.ramp.key_chosen.emit("magma")
    assert not np.allclose(colour(desk, 5), high)
    bar.column_chosen.emit(None)
    assert desk.objects.colormap is before
    assert not bar._scale.isVisibleTo(bar)
    desk.face.colours.column_chosen.emit("class")
    assert "■" in desk.face.colours._names.text()
    np.testing.assert_allclose(colour(desk, 5), colour(desk, 9))
    desk.face.colours.column_chosen.emit("name")
    assert not np.allclose(colour(desk, 5), colour(desk, 9))
    desk.face.colours.column_chosen.emit("area")
    desk.objects.new_colormap()
    assert desk.face.colours.column.key is None
    desk.objects.features = rows()
    assert not hasattr(desk.objects.colormap, "set_codes")
    desk.face.colours.column_chosen.emit("area")
    before = colour(desk, 2)
    desk.objects.features = rows().assign(area=[1600.0, 400.0, 2.0])
    assert not np.allclose(before, colour(desk, 2))
    desk.objects.features = rows().drop(columns="area")
    assert desk.face.colours.column.key is None


def test_colours_on_the_screen_are_those_of_the_legend(desk):
    desk.show()
    desk.face.colours.column_chosen.emit("area")
    desk.objects.opacity = 1
    desk.image.visible = False
    shot = desk.viewer.screenshot(flash=False, canvas_only=True)
    for label, place in ((2, (20, 20)), (5, (70, 80)), (9, (105, 142))):
        x, y = desk.to_screen(place)
        native = desk.viewer.window._qt_viewer.canvas.native
        scale = shot.shape[1] / native.width()
        pixel = shot[round(y * scale), round(x * scale), :3] / 255
        np.testing.assert_allclose(pixel, colour(desk, label)[:3], atol=0.02)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int64])
def test_all_types_of_labels_can_be_coloured(viewer, qtbot, dtype):
    _, labels = blobs()
    desk = MeasureDesk(viewer, qtbot, labels=labels.astype(dtype))
    desk.objects.features = rows()
    desk.open_table()
    desk.face.colours.column_chosen.emit("class")
    view = desk.objects.colormap.map(desk.objects.data)
    np.testing.assert_allclose(view[70, 80], view[105, 142])
    assert not np.allclose(view[70, 80], view[20, 20])
    assert view[0, 0, 3] == 0


def test_labels_that_return_in_every_frame_have_the_colour_of_the_frame(viewer, qtbot):
    _, labels = blobs()
    desk = MeasureDesk(viewer, qtbot, np.zeros((2, *labels.shape)), np.stack([labels, labels]))
    table = pd.concat([rows().assign(frame=0), rows().assign(frame=1, area=[5.0, 1.0, 3.0])])
    desk.objects.features = table
    desk.open_table()
    viewer.dims.set_current_step(0, 0)
    desk.face.colours.column_chosen.emit("area")
    first = colour(desk, 9)
    np.testing.assert_allclose(first, GREY)
    viewer.dims.set_current_step(0, 1)
    assert not np.allclose(colour(desk, 9), GREY)
    desk.select(5, current=5)
    assert desk.face.rows.currentIndex().row() == 4
    desk.table.controller.go_to(1)
    assert viewer.dims.current_step[0] == 0
