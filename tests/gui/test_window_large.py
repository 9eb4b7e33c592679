"""Large layers in the window: the result fills in, stays when cancelled, and equals the file's."""

import numpy as np
import pytest

from brushwood import opencl
from brushwood.measure.table import measure
from brushwood.objects.split import split_objects
from brushwood.objects.split_params import SplitParams
from brushwood.session.pyramid import picks
from pixel_scenes import picture

pytestmark = pytest.mark.skipif(not opencl.devices(), reason="needs an OpenCL device")
SIDE = 1500


@pytest.fixture(autouse=True)
def as_if_large(monkeypatch):
    """Take small images for large ones: many areas, results in files, objects in parts."""
    from brushwood.gui import _store
    from brushwood.session import filling, measure_work, objects_compute

    for kind in ("cpu", "gpu"):
        monkeypatch.setitem(filling._AREA_PIXELS, kind, 1 << 18)
    monkeypatch.setattr(_store, "MEMORY_LIMIT", 1 << 20)
    monkeypatch.setattr(objects_compute, "LARGE_PIXELS", 1 << 20)
    monkeypatch.setattr(measure_work, "_COUNTED", 1 << 20)


def discs(shape):
    pixels, mask = picture(shape)
    rng = np.random.default_rng(1)
    marks = np.zeros(shape, np.uint8)
    corner = tuple(slice(0, min(n, 200)) for n in shape)
    painted = rng.random(marks[corner].shape) < 0.05
    marks[corner] = np.where(mask[corner], 2, 1) * painted
    return pixels, marks


@pytest.fixture(params=["pyramid", "dask", "zarr"])
def large(request, new_desk, tmp_path):
    """Return a desk with a large image and a model, zoomed in, and its pixels."""
    import dask.array as da
    import zarr

    pixels, marks = discs((SIDE, SIDE))
    lazy = da.from_array(pixels, chunks=400)
    options = {"contrast_limits": (0, 500)}
    if request.param == "pyramid":
        data = [lazy, lazy[::2, ::2], lazy[::4, ::4]]
        desk = new_desk(data, multiscale=True, **options)
    elif request.param == "dask":
        desk = new_desk(lazy, **options)
    else:
        stored = zarr.create_array(tmp_path / "image.zarr", data=pixels, chunks=(300, 300))
        desk = new_desk(stored, **options)
    return looking_at(desk, (1300, 1300), marks), pixels


def looking_at(desk, centre, marks):
    """Zoom in, train, and wait for what is in view."""
    camera = desk.viewer.scene.camera
    camera.zoom, camera.center = 5.0, centre
    desk.annotate(marks)
    desk.wait(lambda: desk.state.model is not None and desk.find("· classes"))
    desk.idle()
    return desk


def levels_of(layer):
    return [np.asarray(x) for x in (layer.data if layer.multiscale else [layer.data])]


def apply(desk):
    desk.view.actions.apply.click()
    desk.wait(lambda: not desk.controller.whole.is_running)
    desk.idle()


def assert_levels(layer, expected):
    levels = levels_of(layer)
    np.testing.assert_array_equal(levels[0], expected)
    for level in levels[1:]:
        index = [picks(n, m) for n, m in zip(expected.shape, level.shape, strict=True)]
        np.testing.assert_array_equal(level, expected[np.ix_(*index)])


def test_the_result_is_that_of_the_whole_image_on_all_levels(large):
    desk, pixels = large
    for output in ("probabilities", "uncertainty"):
        desk.view.result.checks[output].click()
    apply(desk)
    model = desk.controller.session.engine.classifier
    expected = model.predict_maps(pixels)
    assert_levels(desk.find("· classes"), expected["classes"])
    assert_levels(desk.find("· P(foreground)"), expected["probabilities"][1])
    assert_levels(desk.find("· uncertainty"), expected["uncertainty"])
    finest = desk.find("· uncertainty").data
    assert isinstance(finest[0] if desk.find("· uncertainty").multiscale else finest, np.memmap)
    assert "The whole image is classified" in desk.status


@pytest.mark.parametrize("large", ["pyramid"], indirect=True)
def test_cancel_keeps_what_is_there_and_the_next_time_goes_on(large, monkeypatch):
    desk, pixels = large
    fills = []
    engine = desk.controller.session.engine
    real = engine.fill
    monkeypatch.setattr(engine, "fill", lambda *a: fills.append(real(*a)) or fills[-1])
    desk.view.actions.apply.click()
    desk.wait(lambda: fills[0].fraction > 0.3)
    desk.view.actions.cancel_requested.emit()
    desk.wait(lambda: not desk.controller.whole.is_running)
    desk.qtbot.wait(120)
    shown = fills[0].fraction
    assert 0.3 < shown < 1.0
    assert "of the image shows the model and stays" in desk.status
    assert not desk.controller.live.is_busy
    expected = engine.classifier.predict(pixels)
    there = levels_of(desk.find("· classes"))[0]
    assert (there > 0).mean() == pytest.approx(shown)
    np.testing.assert_array_equal(there[there > 0], expected[there > 0])
    desk.view.actions.apply.click()
    assert fills[1].fraction == pytest.approx(shown)
    desk.wait(lambda: not desk.controller.whole.is_running)
    assert_levels(desk.find("· classes"), expected)


@pytest.mark.parametrize("large", ["pyramid"], indirect=True)
def test_objects_and_table_of_a_result_that_is_in_files(large):
    from brushwood.gui.measure import MeasureObjectsWidget
    from brushwood.gui.objects import MakeObjectsWidget

    desk, pixels = large
    apply(desk)
    widgets = [MakeObjectsWidget(desk.viewer), MeasureObjectsWidget(desk.viewer)]
    for widget in widgets:
        desk.viewer.window.add_dock_widget(widget)
    making, measuring = (widget.controller for widget in widgets)
    making.state.live = False
    making.state.params = SplitParams(method="distance", min_size=5)
    making._on_make()
    desk.wait(lambda: making.state.made is not None)
    objects = desk.find("· objects")
    classes = desk.controller.session.engine.classifier.predict(pixels)
    expected = split_objects(classes, 2, params=making.state.params)
    assert_levels(objects, expected)
    measuring.state.objects = str(objects.unique_id)
    measuring.measure()
    desk.wait(lambda: len(objects.features) == expected.max())
    table = measure(expected, pixels, names=tuple(measuring.readiness().names))
    for name in ("area", "intensity_mean"):
        np.testing.assert_array_equal(objects.features[name], table[name])


@pytest.mark.parametrize("large", ["pyramid"], indirect=True)
def test_a_full_disk_is_said_and_nothing_is_lost(large, monkeypatch):
    from brushwood.gui import _store

    desk, _ = large
    before = [level.copy() for level in levels_of(desk.find("· classes"))]
    usage = _store.shutil.disk_usage("/")
    monkeypatch.setattr(_store.shutil, "disk_usage", lambda _: usage._replace(free=1 << 20))
    desk.view.actions.apply.click()
    desk.wait(lambda: "no room for the results" in desk.status)
    assert not desk.controller.whole.is_running
    for level, then in zip(levels_of(desk.find("· classes")), before, strict=True):
        np.testing.assert_array_equal(level, then)


@pytest.mark.parametrize(("ndim", "shape"), [(3, (20, 150, 260)), (2, (3, 560, 600))])
def test_a_stack_and_a_series(new_desk, ndim, shape):
    import dask.array as da

    pixels, marks = discs(shape)
    desk = new_desk(da.from_array(pixels, chunks=(4, 100, 100)))
    desk.state.ndim = ndim
    desk.annotate(marks)
    desk.wait(lambda: desk.state.model is not None and desk.state.model.ndim == ndim)
    desk.idle()
    apply(desk)
    expected = desk.controller.session.engine.classifier.predict(pixels)
    np.testing.assert_array_equal(desk.find("· classes").data, expected)
