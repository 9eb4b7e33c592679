"""What *Make objects* takes in a real window: layers of all kinds, sizes, units and frames."""

import numpy as np
import pytest

import brushwood as bw
from brushwood.objects.split_params import SplitParams
from objects_bench import PATIENCE, Bench, field


@pytest.fixture
def bench(viewer, qtbot):
    return Bench(viewer, qtbot, field(), scale=(0.5, 0.5), translate=(3, 4), rotate=20)


@pytest.fixture
def new_bench(viewer, qtbot):
    return lambda data, **options: Bench(viewer, qtbot, data, **options)


def test_probabilities_follow_the_threshold(new_bench):
    from scipy import ndimage

    chance = ndimage.gaussian_filter((field() == 2).astype(np.float32), 3)
    bench = new_bench(chance, output="probabilities")
    assert not bench.view.split.form.editor("threshold").isHidden()
    low = bench.find("· preview").data
    bench.view.split.form.editor("threshold").setValue(0.9)
    bench.idle()
    high = bench.find("· preview").data
    assert 0 < (high > 0).sum() < (low > 0).sum()
    bench.view.split.form.editor("threshold").setValue(1.0)
    bench.idle()
    assert "reaches the threshold 1" in bench.status
    bench.set(method="hysteresis", threshold=0.3, core=0.9)
    assert np.array_equal(
        bench.find("· preview").data > 0,
        bw.split_objects(chance, params=bench.state.params) > 0,
    )
    bench.set(core=0.2)
    assert "core threshold 0.2 is below" in bench.status
    assert not bench.view.actions.make.isEnabled()


def test_class_ids_as_floats_are_refused_with_a_sentence(new_bench):
    bench = new_bench(field().astype(np.float32), output="probabilities")
    assert "must hold probabilities from 0 to 1" in bench.status
    bench.make()
    assert "must hold probabilities from 0 to 1" in bench.status
    assert bench.find("· objects") is None


def test_any_labels_layer_offers_its_ids(bench):
    other = np.zeros((50, 60), np.uint8)
    other[5:10, 5:10], other[20:30, 20:30] = 3, 8
    layer = bench.viewer.add_labels(other, name="other")
    bench.view.input.source_chosen.emit(str(layer.unique_id))
    bench.idle()
    assert list(bench.view.input.boxes) == [None, 3, 8]
    assert bench.view.input.boxes[None].isChecked()
    assert bench.find("other · preview").data.max() == 2
    bench.view.input.boxes[None].click()
    bench.idle()
    assert "No class is ticked" in bench.status
    bench.view.input.boxes[8].click()
    bench.idle()
    assert bench.state.foreground == (8,)
    assert bench.find("other · preview").data.max() == 1
    assert bench.make().name == "other · objects"


def test_frames_have_objects_of_their_own(new_bench):
    series = np.stack([field()] * 4)
    bench = new_bench(series)
    bench.view.input.ndim_chosen.emit(2)
    bench.idle()
    bench.viewer.dims.set_current_step(0, 2)
    bench.idle()
    shown = bench.find("· preview")
    assert shown.data.shape == (1, 120, 160)
    assert np.allclose(shown.translate, (2, 0, 0))
    objects = bench.make()
    assert np.array_equal(objects.data, bw.split_objects(series, ndim=2, params=bench.state.params))
    assert [len(np.unique(frame)) for frame in objects.data] == [4] * 4
    assert objects.data.max() == 12


def test_a_large_image_is_previewed_where_it_is_seen(new_bench):
    import dask.array as da

    rng = np.random.default_rng(0)
    tile = np.where(rng.random((300, 300)) < 0.001, 2, 1).astype(np.uint8)
    classes = da.tile(da.from_array(tile, chunks=300), (10, 10))
    bench = new_bench(classes)
    bench.set(min_size=0, method="components")
    bench.viewer.show()  # only what is drawn says where it is
    camera = getattr(bench.viewer, "scene", bench.viewer).camera
    camera.center, camera.zoom = (0, 1400, 1500), 4
    bench.wait(lambda: bench.find("· preview").data.size < classes.size / 4)
    bench.idle()
    shown = bench.find("· preview")
    assert "in view" in bench.status
    assert np.array_equal(
        shown.data > 0,
        np.asarray(classes)[
            tuple(
                slice(int(t), int(t) + n)
                for t, n in zip(shown.translate, shown.data.shape, strict=True)
            )
        ]
        == 2,
    )
    objects = bench.make()
    assert objects.data.max() == bw.split_objects(np.asarray(classes)).max()


def test_multiscale_input_gives_a_multiscale_result(new_bench):
    classes = np.tile(field(), (8, 8))
    bench = new_bench([classes, classes[::2, ::2], classes[::4, ::4]], multiscale=True)
    objects = bench.make()
    assert objects.multiscale
    assert np.array_equal(objects.data[0], bw.split_objects(classes, params=bench.state.params))
    assert objects.data[2].shape == (240, 320)
    assert objects.data[2].max() > 100
    bench.set(min_size=0)
    assert bench.make() is objects
    assert objects.data[0].max() == bw.split_objects(classes, params=bench.state.params).max()


def test_intensity_takes_an_image_of_the_same_size(bench):
    bench.viewer.add_image(np.zeros((5, 5)), name="small")
    bench.set(method="intensity")
    images = bench.view.split.images
    assert [images.itemText(i) for i in range(images.count())] == ["cells"]
    assert not images.isHidden()
    assert bench.status.startswith("2 objects")  # the class map as its own image is flat
    assert not bench.status.startswith("Something unexpected")


def test_units_are_offered_where_the_layer_has_some(viewer, qtbot):
    if not hasattr(viewer.add_image(np.zeros((4, 4))), "units"):
        pytest.skip("this napari knows no units")
    bench = Bench(viewer, qtbot, field(), scale=(0.5, 0.5), units=("um", "um"))
    assert "µm²" in bench.status
    form = bench.view.clean.form
    assert form.editor("min_size").text() == "20 px"
    units = form.editor("units")
    units.activated.emit(units.findData("world"))
    bench.idle()
    assert bench.state.params.min_size == 5
    assert form.editor("min_size").text() == "5.000 µm²"
    assert bench.find("· preview").data.max() == 3


def test_copy_and_help(bench, monkeypatch):
    from qtpy.QtGui import QGuiApplication

    from brushwood.gui.objects import controller

    bench.view.actions.copy.click()
    assert "bw.split_objects(" in QGuiApplication.clipboard().text()
    opened = []
    monkeypatch.setattr(controller, "show_help", lambda page, parent: opened.append(page))
    bench.view.actions.help.click()
    assert opened == ["objects"]


def test_closing_takes_the_preview_away_and_shows_the_result_again(bench):
    objects = bench.make()
    bench.set(min_size=0)
    assert not objects.visible
    bench.viewer.window.remove_dock_widget(bench.widget)
    assert bench.find("· preview") is None
    assert objects.visible
    bench.source.data[0, 0] = 2
    bench.source.refresh()
    bench.qtbot.wait(200)
    assert bench.find("· preview") is None


def test_an_empty_viewer_says_what_to_do_and_the_dock_may_be_narrow(viewer, qtbot):
    from brushwood.gui.objects import MakeObjectsWidget

    widget = MakeObjectsWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Make objects")
    qtbot.wait(100)
    assert "nothing to make objects from yet" in widget.view.actions.status.text()
    assert not widget.view.actions.make.isEnabled()
    assert "nothing to make" in widget.view.actions.make.toolTip()
    assert widget.minimumSizeHint().width() <= 320
    viewer.add_labels(field(), name="found")
    qtbot.waitUntil(lambda: "objects" in widget.view.actions.status.text(), timeout=PATIENCE)
    assert SplitParams.from_json(widget.controller.state.params.to_json()).method == "distance"


def test_strokes_and_images_of_floats_are_not_taken_unasked(viewer, qtbot):
    from brushwood.gui._scene import META
    from brushwood.gui.objects import MakeObjectsWidget

    viewer.add_image(np.random.default_rng(0).random((50, 60)) * 900)
    strokes = viewer.add_labels(field(), name="strokes", metadata={META: {"role": "annotation"}})
    widget = MakeObjectsWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Make objects")
    qtbot.wait(150)
    state = widget.controller.state
    assert state.source is None
    assert widget.view.input.sources.count() == 2
    found = viewer.add_labels(field(), name="found")
    assert state.source == str(found.unique_id)
    widget.view.input.source_chosen.emit(str(strokes.unique_id))
    assert state.source == str(strokes.unique_id)
