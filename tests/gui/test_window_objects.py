"""Make objects in a real window: previews that follow, results that replace only themselves."""

import numpy as np
import pytest

import brushwood as bw
from objects_bench import Bench, field


@pytest.fixture
def bench(viewer, qtbot):
    return Bench(viewer, qtbot, field(), scale=(0.5, 0.5), translate=(3, 4), rotate=20)


@pytest.fixture
def new_bench(viewer, qtbot):
    return lambda data, **options: Bench(viewer, qtbot, data, **options)


def test_the_class_map_is_taken_and_previewed_at_once(bench):
    assert bench.view.input.sources.currentText() == "cells · classes"
    assert bench.state.foreground == (2,)
    layer = bench.find("· preview")
    expected = bw.split_objects(field(), params=bench.state.params)
    assert expected.max() == 3
    assert np.array_equal(layer.data, expected)
    assert bench.status.startswith("3 objects, median ")
    point = (40.0, 66.0)
    assert np.allclose(layer.data_to_world(point), bench.source.data_to_world(point))
    assert bench.find("· objects") is None


def test_an_object_that_stays_keeps_its_colour_while_a_slider_moves(bench):
    before = bench.find("· preview")
    lone = before.data[90, 120]
    colour = before.get_color(lone)
    slider = bench.view.split.form.editor("seed_height")
    slider.setValue(0.9)
    bench.idle()
    after = bench.find("· preview")
    assert after is before
    assert len(np.unique(after.data)) == 3
    assert after.data[90, 120] == lone
    assert np.allclose(after.get_color(after.data[90, 120]), colour)
    slider.setValue(0.05)
    bench.idle()
    assert len(np.unique(after.data)) == 4
    assert after.data[90, 120] == lone


def test_make_fills_one_layer_in_place_and_takes_the_preview_away(bench):
    objects = bench.make()
    expected = bw.split_objects(field(), params=bench.state.params)
    assert np.array_equal(objects.data, expected)
    assert objects.name == "cells · objects"
    assert objects.metadata["brushwood"]["role"] == "objects"
    assert np.allclose(objects.affine.affine_matrix, bench.source.affine.affine_matrix)
    assert np.allclose(objects.data_to_world((9, 9)), bench.source.data_to_world((9, 9)))
    assert bench.find("· preview") is None
    assert bench.status.startswith("3 objects, median ")
    assert "'cells · objects'" in bench.status
    objects.name = "mine · objects"
    objects.features = {"index": [1, 2, 3], "area": [1, 2, 3]}
    bench.set(min_size=0)
    assert bench.find("· preview") is not None
    assert not objects.visible  # the preview stands in for it
    assert bench.make() is objects
    assert objects.visible
    assert objects.data.max() == 4
    assert objects.features.empty  # they described other objects
    assert sum("objects" in layer.name for layer in bench.viewer.layers) == 1


def test_the_preview_comes_back_with_a_choice_and_not_with_the_camera(bench):
    objects = bench.make()
    getattr(bench.viewer, "scene", bench.viewer).camera.zoom *= 1.5
    bench.viewer.layers.selection.active = bench.source
    bench.source.visible = False
    bench.idle()
    assert bench.find("· preview") is None
    assert objects.visible
    bench.source.data[100:110, 20:30] = 2
    bench.wait(lambda: bench.find("· preview"))  # a hidden layer tells nothing: it is looked at
    assert bench.find("· preview").data[105, 25] > 0


def test_objects_that_the_user_painted_in_are_never_overwritten(bench):
    first = bench.make()
    first.data_setitem((np.array([100, 101]), np.array([10, 10])), 9)
    painted = first.data.copy()
    bench.set(min_size=0)
    bench.make()
    second = next(x for x in bench.viewer.layers if "objects" in x.name and x is not first)
    assert np.array_equal(first.data, painted)
    assert second.data[100, 10] == 0
    assert "they stay in a layer of their own" in bench.status
    third_params = bench.make()
    assert third_params in (first, second)
    assert np.array_equal(first.data, painted)
    assert sum("objects" in layer.name for layer in bench.viewer.layers) == 2


def test_what_is_painted_during_the_work_stays(bench, monkeypatch):
    from brushwood.gui.objects import making

    first = bench.make()
    work = making.make_whole

    def slow(request, levels, renew, job):
        while not first.data[100, 10]:
            job.checkpoint(0.5, "Working")
        return work(request, levels, renew, job)

    monkeypatch.setattr(making, "make_whole", slow)
    bench.view.actions.make.click()
    bench.wait(lambda: bench.controller.maker.is_running)
    first.data_setitem((np.array([100]), np.array([10])), 9)
    bench.idle()
    assert first.data[100, 10] == 9
    assert "they stay in a layer of their own" in bench.status


def test_a_class_map_that_is_not_complete_is_said(bench):
    bench.source.data[60:] = 0
    bench.make()
    assert "But 50 % of the image is not classified yet: press Apply" in bench.status


def test_seeds_are_shown_and_go_with_the_preview(bench):
    bench.view.result.seeds.click()
    bench.idle()
    seeds = bench.find("· seeds")
    assert (seeds.data == 2).any()
    assert seeds.data.shape == bench.find("· preview").data.shape
    bench.viewer.layers.remove(seeds)
    bench.idle()
    assert not bench.view.result.seeds.isChecked()
    bench.view.result.seeds.click()
    bench.idle()
    assert bench.find("· seeds") is not None
    bench.set(method="components")
    assert not bench.view.result.seeds.isEnabled()
    bench.make()
    assert bench.find("· seeds") is None


def test_a_deleted_preview_stays_away_until_it_is_asked_for(bench):
    bench.viewer.layers.remove(bench.find("· preview"))
    bench.idle()
    assert not bench.view.actions.live.isChecked()
    bench.set(min_size=3)
    assert bench.find("· preview") is None
    bench.view.actions.live.click()
    bench.idle()
    assert bench.find("· preview") is not None


def test_deleting_the_input_during_the_work_is_said(bench, monkeypatch):
    from brushwood.gui.objects import making

    def endless(request, levels, renew, job):
        while True:
            job.checkpoint(0.5, "Working")

    monkeypatch.setattr(making, "make_whole", endless)
    bench.view.actions.make.click()
    bench.wait(lambda: bench.controller.maker.is_running)
    bench.viewer.layers.remove(bench.source)
    bench.wait(lambda: not bench.controller.maker.is_running)
    bench.idle()
    assert bench.find("· objects") is None
    assert "nothing to make objects from" in bench.status or "was deleted" in bench.status


def test_cancel_keeps_the_result_of_before(bench, monkeypatch):
    from brushwood.gui.objects import making

    objects = bench.make()
    before = objects.data.copy()

    def endless(request, levels, renew, job):
        levels[0][:] = 5
        while True:
            job.checkpoint(0.5, "Working")

    monkeypatch.setattr(making, "make_whole", endless)
    bench.view.actions.make.click()
    bench.wait(lambda: bench.view.actions.is_progress_shown)
    bench.view.actions.cancel_requested.emit()
    bench.wait(lambda: not bench.controller.maker.is_running)
    assert "Cancelled" in bench.status
    assert np.array_equal(objects.data, before)
    assert not bench.view.actions.is_progress_shown


def test_an_empty_result_says_why_and_changes_nothing(bench):
    objects = bench.make()
    before = objects.data.copy()
    bench.set(min_size=100_000)
    assert "the sizes leave none" in bench.status
    bench.make()
    assert "the sizes leave none" in bench.status
    assert np.array_equal(objects.data, before)
