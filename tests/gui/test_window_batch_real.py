"""The batch in a window with the real process: what it writes, shows, opens, resumes."""

import os
import signal
import sys

import numpy as np
import pytest

from batch_desk import BatchDesk
from batch_scenes import make_images, make_recipe, tree
from brushwood import opencl
from brushwood.io.images import read_image
from pixel_scenes import picture

pytestmark = pytest.mark.skipif(not opencl.devices(), reason="needs an OpenCL device")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    from brushwood.gui.batch import process, running

    monkeypatch.setattr(running, "notes_folder", lambda: tmp_path / "notes")
    yield tmp_path
    process.stop_all()


@pytest.fixture
def desk(viewer, qtbot, folder):
    return BatchDesk(viewer, qtbot, folder)


@pytest.fixture
def filled(desk, folder):
    """Return a desk where a recipe and three images are chosen."""
    make_images(folder / "in")
    desk.choose(make_recipe(folder), folder / "in")
    return desk


def _named(viewer):
    return {layer.name: layer for layer in viewer.layers}


def test_a_folder_is_done_and_opened_with_table_and_calibration(filled, folder, viewer):
    (folder / "in" / "text ü.tif").write_text("no image")
    filled.state.workers = 2
    filled.planned()
    assert filled.view.plan.notes.texts, "the damaged file was not named before the start"
    filled.run()
    assert filled.states() == ["done", "done", "done", "failed"]
    assert filled.status.startswith("3 of 4 images done")
    assert filled.view.files._report.isEnabled()
    out = folder / "results"
    assert (out / "cells 0-objects.tif").is_file()
    view = filled.view.files.table
    view.doubleClicked.emit(filled.view.files.model.index(0, 0))
    filled.wait(lambda: "Opened cells 0 with its results" in filled.status)
    layers = _named(viewer)
    assert list(layers) == ["cells 0", "cells 0 · classes", "cells 0 · objects"]
    objects = layers["cells 0 · objects"]
    assert np.allclose(objects.scale, 0.5)
    assert [str(unit) for unit in objects.units] == ["micrometer"] * 2
    with read_image(out / "cells 0-objects.tif") as file:
        assert np.array_equal(objects.data, file.data)
    assert sorted(objects.features["index"]) == sorted(np.unique(objects.data)[1:])
    assert "area" in objects.features
    assert objects.metadata["brushwood"]["units"]["area"] == "µm²"
    assert objects.visible
    assert not layers["cells 0 · classes"].visible
    objects.visible = False
    view.doubleClicked.emit(filled.view.files.model.index(1, 0))
    filled.wait(lambda: "Opened cells 1" in filled.status)
    view.doubleClicked.emit(filled.view.files.model.index(0, 0))
    filled.wait(lambda: "Opened cells 0" in filled.status)
    assert len(viewer.layers) == 6, "an image was opened twice"
    model = filled.view.files.model
    filled.wait(lambda: len(model.pictures) == 3)
    drawn = model.index(0, 0).data(1).toImage()  # the decoration
    assert len({drawn.pixel(x, y) for x in range(40) for y in range(30)}) > 10
    assert objects.visible
    assert not _named(viewer)["cells 1"].visible


def test_a_preview_shows_what_the_run_will_write(filled, viewer, folder, qtbot):
    filled.view.plan._preview.click()
    filled.wait(lambda: filled.status.startswith("Previewed cells 0"))
    assert "objects" in filled.status
    layer = _named(viewer)["cells 0 · objects"]
    shown = np.array(layer.data)
    n = len(viewer.layers)
    filled.view.plan._preview.click()
    filled.wait(lambda: not filled.controller.previewing.is_busy)
    assert len(viewer.layers) == n
    assert _named(viewer)["cells 0 · objects"] is layer
    filled.run()
    with read_image(folder / "results" / "cells 0-objects.tif") as file:
        assert np.array_equal(shown, file.data)
    filled.controller.listing.opened.emit(filled.board.rows[0])
    filled.wait(lambda: "Opened" in filled.status)
    assert _named(viewer)["cells 0 · objects"] is layer
    assert set(_named(viewer)) >= {"cells 0", "cells 0 · classes"}


def test_a_preview_of_a_damaged_file_is_a_sentence(filled, folder):
    filled.view.plan._image.setCurrentIndex(0)
    (folder / "in" / "cells 0.tif").write_bytes(b"II*\0")
    filled.view.plan._preview.click()
    filled.wait(lambda: "Cannot read" in filled.status)
    filled.controller.listing.opened.emit(filled.board.rows[0])
    filled.wait(lambda: not filled.controller.opening.is_busy)
    assert "Cannot read" in filled.status


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals of POSIX")
def test_a_killed_run_is_resumed_to_the_same_bytes(filled, folder):
    make_images(folder / "in", 3, first=3)
    filled.state.recursive = True
    filled.planned()
    filled.start.click()
    filled.wait(lambda: "done" in filled.states())
    os.kill(filled.controller.running.process.pid, signal.SIGKILL)
    filled.wait(lambda: not filled.controller.running.is_busy)
    assert "was stopped by the system" in filled.status
    filled.wait(filled.start.isEnabled)
    assert filled.start.text() == "Resume"
    filled.run()
    assert set(filled.states()) <= {"done", "skipped"}
    assert "6 images done" in filled.status
    filled.state.out = str(folder / "again")
    filled.planned()
    filled.run()
    assert tree(folder / "results", hidden=False) == tree(folder / "again", hidden=False)


def test_choices_reach_the_files(filled, folder, viewer):
    for name in ("cells 1.tif", "cells 2.tif"):
        (folder / "in" / name).unlink()
    filled.view.results._saves["probabilities"].click()
    filled.view.results.image_format_chosen.emit("ome-zarr")
    filled.state.processes = True
    filled.planned()
    filled.run()
    assert filled.states() == ["done"], [row.why for row in filled.board.rows]
    assert set(filled.board.rows[0].outputs) == {"classes", "probabilities", "objects", "table"}
    filled.controller.listing.opened.emit(filled.board.rows[0])
    filled.wait(lambda: "Opened" in filled.status)
    layers = _named(viewer)
    assert {"cells 0 · classes", "cells 0 · objects", "cells 0 · P(disc)"} <= set(layers), layers
    assert np.allclose(layers["cells 0 · P(disc)"].scale[-2:], 0.5)
    assert filled.status == "Opened cells 0 with its results."


def test_the_recipe_is_saved_with_the_choices(filled, folder, monkeypatch):
    from qtpy.QtWidgets import QFileDialog

    from brushwood.batch.recipe import Recipe

    path = str(folder / "mine")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (path, "Recipe (*.json)"))
    filled.state.save = ("objects",)
    filled.view.what.save.click()
    filled.wait(lambda: "Saved mine.json" in filled.status)
    recipe = Recipe.load(f"{path}.json")
    assert recipe.outputs == ("objects",)
    assert all(model.data is not None for model in recipe.models)


def test_what_was_done_in_the_window_is_applied(new_desk, qtbot, folder, viewer):
    from qtpy.QtGui import QGuiApplication

    image, discs = picture()
    first = new_desk(np.asarray(image, np.float32))
    marks = np.where(discs, 2, 1).astype(np.uint8)
    marks[:, 20:] = 0
    shown = np.array(first.trained(marks).data)
    make_images(folder / "in", 1)
    from brushwood.io.images import write_image

    write_image(folder / "in" / "same.tif", np.asarray(image, np.float32), "yx")
    desk = BatchDesk(viewer, qtbot, folder)
    desk.state.out = str(folder / "results")
    desk.view.paths_dropped.emit((str(folder / "in"),))
    desk.planned()
    assert "Classify pixels" in desk.view.what._steps.text()
    desk.view.actions._copy.click()
    compile(QGuiApplication.clipboard().text(), "script", "exec")
    assert "Save recipe writes both" in desk.status
    desk.run()
    assert desk.states() == ["done", "done"]
    with read_image(folder / "results" / "same-classes.tif") as file:
        assert np.array_equal(file.data, shown)
