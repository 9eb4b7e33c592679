"""A click selects, a selection is outlined, the camera goes there; napari's tools keep working."""

import gc
import weakref

import numpy as np
import pytest
from qtpy.QtCore import QObject

from brushwood.gui._camera import camera_of
from brushwood.gui._linking import link_for
from brushwood.gui._scene import key_of
from brushwood.session.locating import Place
from measure_desk import MeasureDesk, blobs


@pytest.fixture
def desk(viewer, qtbot):
    desk = MeasureDesk(viewer, qtbot)
    desk.member = QObject()
    desk.link.join(desk.member, desk.key)
    yield desk
    desk.link.leave(desk.member)


def test_the_last_to_leave_takes_the_outlines_along(desk, qtbot):
    other = QObject()
    desk.link.join(other, desk.key)
    desk.select(2, current=2)
    desk.link.leave(other)
    assert desk.outlines is not None
    desk.link.leave(desk.member)
    assert desk.outlines is None
    assert [layer.name for layer in desk.viewer.layers] == ["im", "im · objects"]
    desk.click((70, 80))
    assert desk.selected.labels == {2}  # nobody listens
    desk.link.leave(desk.member)


def test_outlines_move_with_the_objects(desk, qtbot):
    desk.select(2, current=2)
    desk.objects.scale = (3, 3)
    desk.objects.translate = (5, 7)
    qtbot.wait(30)
    np.testing.assert_allclose(desk.outlines.scale, (3, 3))
    np.testing.assert_allclose(desk.outlines.translate, (5, 7))
    assert np.asarray(desk.outlines.data).any()


def test_a_capture_gets_the_clicks_instead(desk):
    class Classifier:
        def __init__(self):
            self.seen = []

        def take(self, layer, label, keys):
            self.seen.append((layer, label, keys))

    classifier = Classifier()
    desk.link.capture(classifier.take)
    desk.click((70, 80))
    desk.click((5, 150), "Shift")
    assert classifier.seen == [(desk.key, 5, frozenset()), (desk.key, 0, {"shift"})]
    assert not desk.selected.labels
    desk.link.release_capture()
    desk.click((70, 80))
    assert desk.selected.labels == {5}
    desk.link.capture(classifier.take)
    del classifier
    gc.collect()
    desk.click((20, 20))
    assert desk.selected.labels == {2}


def test_the_topmost_of_two_layers_is_hit(desk, viewer):
    _, labels = blobs()
    above = viewer.add_labels(np.where(labels == 2, 77, 0), name="above")
    member = QObject()
    desk.link.join(member, key_of(above))
    viewer.layers.selection.active = above
    desk.click((20, 20))
    assert (desk.selected.layer, desk.selected.labels) == (key_of(above), {77})
    desk.click((70, 80))
    assert (desk.selected.layer, desk.selected.labels) == (desk.key, {5})
    above.visible = False
    desk.click((20, 20))
    assert (desk.selected.layer, desk.selected.labels) == (desk.key, {2})
    desk.objects.visible = False
    desk.click((70, 80))
    assert (desk.selected.layer, desk.selected.labels) == (desk.key, {5})
    desk.link.leave(member)


def test_sliders_move_to_plane_and_frame_in_world_coordinates(viewer, qtbot):
    _, labels = blobs()
    stack = np.zeros((3, 4, *labels.shape), np.int32)
    stack[2, 1] = labels
    desk = MeasureDesk(viewer, qtbot, stack * 1.0, stack, scale=(1, 2, 0.5, 0.5))
    viewer.add_image(np.zeros((2, 3, 4, 60, 60)), name="one more axis")
    member = QObject()
    desk.link.join(member, desk.key)
    desk.link.go_to(desk.key, 5)
    desk.wait(lambda: tuple(viewer.dims.point[-4:-2]) == (2, 2))
    np.testing.assert_allclose(camera_of(viewer).center[-2:], (69.5 / 2, 79.5 / 2))
    desk.click((70 / 2, 80 / 2))
    assert desk.selected.labels == {5}
    desk.link.leave(member)


def test_a_volume_in_3d_shows_whole_objects_without_a_warning(viewer, qtbot):
    _, labels = blobs()
    stack = np.stack([labels] * 5)
    desk = MeasureDesk(viewer, qtbot, stack * 1.0, stack)
    member = QObject()
    desk.link.join(member, desk.key)
    desk.select(5, current=5)
    viewer.dims.ndisplay = 3
    qtbot.wait(100)
    shown = np.asarray(desk.outlines._slice.image.raw)
    np.testing.assert_array_equal(shown > 0, stack == 5)
    desk.link.go_to(desk.key, 5)
    desk.wait(lambda: np.allclose(camera_of(viewer).center, (2, 69.5, 79.5)))
    desk.link.leave(member)


def test_a_link_does_not_keep_its_viewer_alive(make_napari_viewer, qtbot):
    viewer = make_napari_viewer()
    link = weakref.ref(link_for(viewer))
    assert link_for(viewer) is link()
    assert link_for(viewer) is not link_for(make_napari_viewer())


def test_clicks_select_and_drags_do_not(desk):
    desk.click((70, 80))
    assert desk.selected.labels == {5}
    assert desk.selected.current == 5
    assert desk.selected.layer == desk.key
    desk.click((5, 150))
    assert not desk.selected.labels
    desk.click((70, 80))
    desk.click((20, 20), "Shift")
    assert desk.selected.labels == {2, 5}
    desk.click((70, 80), "Control")
    assert desk.selected.labels == {2}
    desk.click((5, 150), "Shift")
    assert desk.selected.labels == {2}
    desk.session.selection.clear()
    before = np.asarray(camera_of(desk.viewer).center)
    desk.click((70, 80), drag=60)
    assert not desk.selected.labels
    assert not np.allclose(before, camera_of(desk.viewer).center)


def test_napari_s_tools_keep_their_meaning(desk):
    desk.viewer.layers.selection.active = desk.objects
    desk.objects.selected_label = 9
    desk.session.selection.clear()
    for mode, place in (("paint", (20, 20)), ("erase", (60, 70)), ("fill", (80, 90))):
        desk.objects.mode = mode
        before = desk.objects.data.copy()
        desk.click(place)
        assert not desk.selected.labels
        assert (desk.objects.data != before).any(), mode
    while desk.objects._undo_history:
        desk.objects.undo()
    desk.viewer.layers.selection.active = desk.objects
    desk.objects.mode = "pick"
    desk.click((70, 80))
    assert desk.objects.selected_label == 5
    assert desk.selected.labels == {5}
    desk.select(9, current=9)
    assert desk.objects.selected_label == 9
    desk.objects.mode = "paint"
    desk.select(2, current=2)
    assert desk.objects.selected_label == 9
    desk.objects.selected_label = 5  # another colour for the brush selects nothing
    assert desk.selected.labels == {2}
    desk.session.selection.clear()
    desk.objects.mode = "pan_zoom"
    desk.objects.new_colormap()
    assert not desk.selected.labels


def test_what_is_selected_is_outlined(desk, qtbot):
    desk.show()
    assert desk.outlines is None
    desk.select(2, 9, current=9)
    shown = np.asarray(desk.outlines.data)
    assert set(np.unique(desk.objects.data[shown > 0])) == {2, 9}
    assert 0 < (shown[desk.objects.data == 2] > 0).mean() < 1
    assert desk.outlines.name == "im · objects · selected"
    np.testing.assert_allclose(desk.outlines.scale, desk.objects.scale)
    layers = list(desk.viewer.layers)
    assert layers.index(desk.outlines) == layers.index(desk.objects) + 1
    assert desk.viewer.layers.selection.active is desk.objects
    desk.session.selection.clear()
    assert not np.asarray(desk.outlines.data).any()
    before = desk.viewer.screenshot(flash=False, canvas_only=True)
    desk.select(5, current=0)
    after = desk.viewer.screenshot(flash=False, canvas_only=True)
    yellow = (after[..., 0] > 180) & (after[..., 1] > 180) & (after[..., 2] < 120)
    was = (before[..., 0] > 180) & (before[..., 1] > 180) & (before[..., 2] < 120)
    assert yellow.sum() > 100 + was.sum()
    camera_of(desk.viewer).zoom = 2
    desk.select(5, current=5)
    camera = camera_of(desk.viewer)
    camera.zoom = 10
    qtbot.wait(250)
    thin = (np.asarray(desk.outlines.data) > 0).sum()
    camera.zoom = 0.4
    qtbot.wait(250)
    assert (np.asarray(desk.outlines.data) > 0).sum() > 2 * thin


def test_outlines_follow_the_labels(desk, qtbot):
    desk.select(2, current=2)
    desk.objects.data_setitem((np.arange(40, 45), np.arange(40, 45)), 2)
    qtbot.wait(50)
    assert (np.asarray(desk.outlines._slice.image.raw)[np.arange(40, 45), np.arange(40, 45)]).all()
    desk.select(2, current=2)
    desk.objects.data = np.pad(desk.objects.data, ((0, 40), (0, 0)))
    desk.wait(lambda: desk.outlines.data.shape == (160, 160))
    assert np.asarray(desk.outlines.data).any()
    desk.select(2, current=2)
    desk.viewer.layers.remove(desk.outlines)
    assert not desk.selected.labels
    desk.select(5, current=5)
    assert desk.outlines is not None
    desk.viewer.layers.remove(desk.objects)
    assert not desk.selected.labels
    assert [layer.name for layer in desk.viewer.layers] == ["im"]


def test_the_camera_goes_to_places_and_objects(desk):
    camera = camera_of(desk.viewer)
    desk.link.go_to(desk.key, 9, Place((104.5, 142), (20, 25)))
    np.testing.assert_allclose(camera.center[-2:], (104.5, 142))
    desk.link.go_to(desk.key, 2)
    desk.wait(lambda: np.allclose(camera.center[-2:], (19.5, 19.5)))
    missing = []
    desk.link.missing.connect(missing.append)
    desk.link.go_to(desk.key, 77)
    desk.wait(lambda: missing == [77])
    camera.zoom = 0.2
    desk.link.go_to(desk.key, 9, Place((50, 50), (4, 4)))
    assert camera.zoom == pytest.approx(40)
    camera.zoom = 10
    desk.link.go_to(desk.key, 9, Place((60, 60), (4, 4)))
    assert camera.zoom == pytest.approx(10)
    desk.link.go_to(desk.key, 9, Place((60, 60), (0, 0)))
    assert camera.zoom == pytest.approx(10)


def test_multiscale_dask_labels_are_linked_too(viewer, qtbot):
    da = pytest.importorskip("dask.array")
    image, labels = blobs()
    big = np.kron(labels, np.ones((8, 8), np.int32))
    levels = [da.from_array(big[::n, ::n], chunks=300) for n in (1, 2, 4, 8)]
    desk = MeasureDesk(viewer, qtbot, np.kron(image, np.ones((8, 8), np.float32)), levels)
    member = QObject()
    desk.link.join(member, desk.key)
    desk.click((70 * 8, 80 * 8))
    assert desk.selected.labels == {5}
    assert desk.outlines.multiscale
    for level, full in zip(desk.outlines.data, levels, strict=True):
        shown = np.asarray(level)
        assert set(np.unique(np.asarray(full)[shown > 0])) == {5}
    desk.link.go_to(desk.key, 9)
    desk.wait(lambda: np.allclose(camera_of(viewer).center[-2:], (839.5, 1139.5)))
    desk.link.leave(member)
