"""Closing, deleting, switching and quitting in the middle of work leave nothing behind."""

import gc
import weakref

import numpy as np
import pytest
from qtpy.QtCore import QThreadPool

from brushwood.errors import DeviceMemoryError
from brushwood.features.spec import FeatureSet
from brushwood.gui._scene import session_for
from brushwood.session.live import LiveEngine


@pytest.fixture
def busy(new_desk):
    """Return a desk in the middle of live work that takes seconds.

    2048 x 2048 pixels are not enough: once kernels are built, they may be done before progress
    shows.
    """
    rng = np.random.default_rng(0)
    pixels = rng.normal(20, 3, (4096, 4096)).astype(np.float32)
    pixels[:, 2048:] += 60
    desk = new_desk(pixels)
    desk.state.features = FeatureSet.preset("medium")
    marks = np.zeros(pixels.shape, np.uint8)
    marks[:40, :40], marks[:40, -40:] = 1, 2
    desk.annotate(marks)
    desk.wait(lambda: desk.controller.live._runner.is_busy)
    return desk


def idle_threads():
    return QThreadPool.globalInstance().waitForDone(5000)


def test_closing_the_dock(busy, qtbot, capsys):
    busy.viewer.window.remove_dock_widget(busy.widget)
    assert not busy.controller.live.is_busy
    assert idle_threads()
    qtbot.wait(50)
    assert busy.controller.keys.keys[0] == ""
    assert "Traceback" not in capsys.readouterr().err


def test_a_closed_widget_is_forgotten(desk, two_halves, qtbot):
    desk.trained(two_halves[1])
    reference = weakref.ref(desk.widget)
    annotation = desk.annotation
    desk.viewer.window.remove_dock_widget(desk.widget)
    desk.widget = desk.controller = desk.view = None
    qtbot.wait(50)
    for _ in range(3):
        gc.collect()
        qtbot.wait(10)
    assert reference() is None
    annotation.data_setitem((np.array([3]), np.array([3])), 1)  # nobody reacts, nothing fails
    qtbot.wait(100)
    assert idle_threads()


def test_opened_again_it_goes_on(desk, two_halves, qtbot):
    from brushwood.gui.pixel_classifier import PixelClassifierWidget

    desk.trained(two_halves[1])
    version = desk.state.model.version
    desk.viewer.window.remove_dock_widget(desk.widget)
    again = PixelClassifierWidget(desk.viewer)
    desk.viewer.window.add_dock_widget(again, name="again")
    assert again.controller.state is desk.state
    assert again.view.actions.save.isEnabled()
    desk.find("· annotation").data_setitem((np.array([90]), np.array([90])), 2)
    desk.wait(lambda: desk.state.model.version > version)
    desk.wait(lambda: not again.controller.live.is_busy)


@pytest.mark.parametrize("victim", ["image", "annotation", "result"])
def test_deleting_a_layer_in_the_middle(busy, qtbot, capsys, victim):
    if victim == "result":
        busy.wait(lambda: busy.find("· classes"))
    layer = {
        "image": lambda: busy.image,
        "annotation": lambda: busy.annotation,
        "result": lambda: busy.find("· classes"),
    }[victim]()
    busy.viewer.layers.remove(layer)
    busy.idle()
    assert layer not in busy.viewer.layers
    assert "Traceback" not in capsys.readouterr().err
    if victim == "image":
        assert "no image" in busy.status


def test_switching_images_in_the_middle(busy, two_halves):
    other = busy.viewer.add_image(two_halves[0], name="other")
    busy.view.image.image_chosen.emit(str(other.unique_id))
    assert "another" in busy.status or "annotation" in busy.status
    busy.idle()
    assert "Traceback" not in busy.status
    # A model that was ready in time is applied to the other image, and to nothing else.
    shown = busy.find("other · classes")
    assert shown is None or shown.data.shape == two_halves[0].shape


def test_cancel_is_quick_and_said(busy):
    busy.wait(lambda: busy.view.actions.is_progress_shown)
    busy.view.actions._cancel.click()
    busy.wait(lambda: "Cancelled" in busy.status, timeout=3000)
    assert not busy.view.actions.is_progress_shown


def test_closing_the_window_in_the_middle(busy, qtbot, capsys):
    busy.viewer.close()
    assert idle_threads()
    qtbot.wait(50)
    assert "Traceback" not in capsys.readouterr().err


def test_whole_image_can_be_cancelled_and_live_waits(busy):
    busy.wait(lambda: busy.state.model)
    busy.view.actions.apply.click()
    assert busy.controller.whole.is_running
    busy.annotation.data_setitem((np.array([2000]), np.array([5])), 1)
    assert not busy.controller.live._debounce.isActive()
    version = busy.state.model.version
    busy.view.actions.cancel_requested.emit()
    busy.wait(lambda: not busy.controller.whole.is_running, timeout=5000)
    busy.wait(lambda: busy.state.model.version > version)
    busy.controller.live.cancel()


def test_a_replaced_image_is_read_again(desk, two_halves):
    classes = desk.trained(two_halves[1])
    desk.image.data = two_halves[0][:, ::-1].copy()
    desk.wait(lambda: (classes.data[:, :40] == 1).mean() > 0.95 and desk.state.model.version > 1)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ZeroDivisionError("made up"), "ZeroDivisionError: made up"),
        (DeviceMemoryError("The image does not fit. Choose fewer features."), "fewer features"),
    ],
)
def test_errors_are_shown_and_work_goes_on(desk, two_halves, monkeypatch, error, says):
    def broken(self, *args, **options):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(LiveEngine, "update", broken)
        desk.annotate(two_halves[1])
        desk.wait(lambda: says in desk.status)
    desk.controller.live.schedule()
    desk.wait(lambda: desk.find("· classes"))


def test_two_viewers_do_not_share(make_napari_viewer):
    first, second = make_napari_viewer(), make_napari_viewer()
    assert session_for(first) is session_for(first)
    assert session_for(first) is not session_for(second)
