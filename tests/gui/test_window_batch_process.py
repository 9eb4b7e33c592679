"""The process of a batch, with a stand-in for it: noisy, dead, deaf, left behind, resumed."""

import json
import os
import sys

import pytest

from batch_desk import PATIENCE, BatchDesk, ended, fake_process, planned, told, words_of_runs
from brushwood import opencl
from brushwood.batch.recipe import Recipe
from model_files import good_model

pytestmark = pytest.mark.skipif(not opencl.devices(), reason="needs an OpenCL device")

FILES = [planned("a"), planned("b"), planned("c")]
LINES = [
    told("a", "running", message="classifying"),
    {"event": "overall", "fraction": 0.3, "left": 61},
    told("a", "done", seconds=2.0, objects=12, outputs={"classes": "/none/a.tif"}),
    told("b", "failed", why="Cannot read 'b.tif': it is cut off. Get a fresh copy."),
    told("c", "done", seconds=1.0, objects=1200),
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder with a recipe; runs are noted in it."""
    from brushwood.gui.batch import process, running

    monkeypatch.setattr(running, "notes_folder", lambda: tmp_path / "notes")
    model, _ = good_model(tmp_path)
    Recipe.of_model(model).save(tmp_path / "recipe.json")
    yield tmp_path
    process.stop_all()


@pytest.fixture
def desk(viewer, qtbot, folder):
    return BatchDesk(viewer, qtbot, folder)


@pytest.fixture
def filled(desk, folder, monkeypatch):
    """Return a desk where all is chosen and planned, and the script of the stand-in."""
    script = fake_process(monkeypatch, folder, files=FILES, lines=[*LINES, ended(2, 1)])
    desk.choose(folder / "recipe.json", folder)
    desk.script = script
    return desk


def test_garbage_lines_are_passed_over(filled):
    noise = ["", "no JSON", "[1, 2]", "{", '{"event": "file"}', '{"event": 5}', "\ufffd\x07 ünï"]
    noise += ['{"event": "file", "path": "/data/a.tif", "state": "mad"}', "null", "[" * 5000]
    noise += ['{"event": "overall", "fraction": "NaN", "left": -Infinity}', "x" * 200_000]
    filled.script(lines=[*noise, *LINES, *noise, ended(2, 1)], noise=noise)
    filled.state.workers += 1
    filled.planned()
    filled.run()
    assert filled.states() == ["done", "failed", "done"]


def test_a_process_that_dies_is_a_sentence_and_can_be_resumed(filled, folder, viewer, qtbot):
    filled.script(lines=LINES[:1], dies=True)
    filled.run()
    assert "ended with code 1" in filled.status
    assert "Segmentation fault in the driver" in filled.status
    assert "Resume" in filled.status
    assert filled.states()[0] == "cancelled"
    other = BatchDesk(viewer, qtbot, folder)
    assert "A run into 'results' did not end" in other.view.resume._text.text()


def test_a_process_that_hears_nothing_is_killed(filled, monkeypatch):
    from brushwood.gui.batch import process

    monkeypatch.setattr(process, "_PATIENCE_MS", 100)
    monkeypatch.setattr(process, "_LAST_PATIENCE_MS", 100)
    filled.script(lines=LINES[:1], hangs=True, is_deaf=True)
    filled.start.click()
    filled.wait(lambda: filled.states()[0] == "running")
    filled.controller.cancel()
    filled.wait(lambda: not filled.controller.running.is_busy)
    assert "was stopped by the system" in filled.status


def test_a_program_that_is_missing_is_a_sentence(qtbot):
    from brushwood.gui.batch.process import LineProcess

    process = LineProcess()
    with qtbot.waitSignal(process.ended, timeout=PATIENCE) as caught:
        process.run(os.path.join("no", "such", "program"), [])
    assert caught.args == [-1]
    assert process.log
    assert not process.is_running


def test_more_arguments_than_a_command_line_holds_go_through_a_file(qtbot):
    from brushwood.gui.batch import process

    words = process.command_line(["run", *(f"image {i}.tif" for i in range(5000))])
    assert sum(map(len, words)) < 1000
    one = process.LineProcess()
    lines = []
    one.line.connect(lines.append)
    with qtbot.waitSignal(one.ended, timeout=PATIENCE) as caught:
        one.start(["--version", *("x" * 50 for _ in range(1000))])
    assert caught.args == [0]
    assert lines[0].startswith("brushwood ")
    with open(words[-1], encoding="utf-8") as stream:
        assert len(json.load(stream)) == 5001
    os.unlink(words[-1])


def test_a_run_anew_that_was_interrupted_goes_on_where_it_was(filled, folder):
    filled.script(lines=LINES[:1], dies=True)
    filled.state.existing = "replace"
    filled.planned()
    filled.run()
    first = words_of_runs(folder)[-1]
    assert "--overwrite" in first
    assert "--resume" not in first
    filled.run()
    again = words_of_runs(folder)[-1]
    assert {"--overwrite", "--resume"} <= set(again)


def test_closing_the_dock_stops_the_run_and_the_next_one_offers_to_go_on(
    filled, folder, viewer, qtbot
):
    filled.script(lines=LINES[:3], hangs=True)
    filled.start.click()
    filled.wait(lambda: filled.states()[0] == "done")
    process = filled.controller.running.process._process
    viewer.window.remove_dock_widget(filled.widget)
    assert not filled.controller.running.is_busy
    other = BatchDesk(viewer, qtbot, folder)
    assert "1 of 3 images are done" in other.view.resume._text.text()
    qtbot.waitUntil(lambda: _is_over(process), timeout=PATIENCE)
    filled.script(
        files=[planned("a", state="skipped"), planned("b"), planned("c")],
        lines=[told("b", "done"), told("c", "done"), ended(2)],
        hangs=False,
    )
    other.view.resume.go_on.click()
    other.wait(lambda: other.controller.running.is_busy)
    other.wait(lambda: not other.controller.running.is_busy)
    other.controller.listing.flush()
    assert other.states() == ["skipped", "done", "done"]
    words = words_of_runs(folder)[-1]
    assert str(folder) in words
    assert "--resume" in words
    assert not list((folder / "notes").glob("*.json"))


def _is_over(process):
    try:
        return process.state().value == 0
    except RuntimeError:  # the object is gone with its process
        return True


def test_a_run_that_is_not_wanted_any_more_is_forgotten(filled, folder, viewer, qtbot):
    filled.script(lines=LINES[:1], dies=True)
    filled.run()
    other = BatchDesk(viewer, qtbot, folder)
    assert not other.view.resume.isHidden()
    other.view.resume.forget.click()
    assert other.view.resume.isHidden()
    assert BatchDesk(viewer, qtbot, folder).view.resume.isHidden()


def test_two_docks_do_not_disturb_each_other(filled, folder, viewer, qtbot, make_napari_viewer):
    filled.script(lines=LINES[:1], hangs=True)
    filled.start.click()
    filled.wait(lambda: filled.states()[0] == "running")
    second = BatchDesk(make_napari_viewer(), qtbot, folder)
    assert second.view.resume.isHidden(), "a run that goes on was offered to be resumed"
    second.choose(folder / "recipe.json", folder)
    second.start.click()
    second.wait(lambda: "Another window is filling this folder" in second.status)
    assert filled.controller.running.is_busy
    second.state.out = str(folder / "elsewhere")
    second.planned()
    filled.script(lines=[*LINES, ended(2, 1)], hangs=False)
    second.run()
    assert second.states() == ["done", "failed", "done"]
    assert filled.states()[0] == "running"
    assert filled.controller.running.is_busy
    filled.controller.cancel()
    filled.wait(lambda: not filled.controller.running.is_busy)


def test_the_end_of_napari_stops_every_process_and_waits(filled):
    from brushwood.gui.batch import process

    filled.script(lines=LINES[:1], hangs=True)
    filled.start.click()
    filled.wait(lambda: filled.states()[0] == "running")
    pid = filled.controller.running.process.pid
    process.stop_all()
    assert not process._LIVE
    if sys.platform != "win32":
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
