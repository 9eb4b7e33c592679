"""The batch in a window, with a stand-in for the process that does the work."""

import pytest

from batch_desk import BatchDesk, ended, fake_process, planned, told, words_of_runs
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


def test_each_empty_state_says_the_next_step(desk, folder, monkeypatch, qtbot):
    fake_process(monkeypatch, folder, files=FILES)
    desk.planned()
    assert "no pixel classifier yet" in desk.status
    assert not desk.start.isEnabled()
    assert desk.start.toolTip() == desk.status
    desk.view.what._train.click()
    assert any(name.startswith("Pixel classifier") for name in desk.viewer.window.dock_widgets)
    desk.state.what = "recipe"
    desk.planned()
    assert desk.status.startswith("No recipe is chosen.")
    desk.view.paths_dropped.emit((str(folder / "recipe.json"),))
    desk.planned()
    assert desk.status.startswith("No images yet.")
    desk.view.paths_dropped.emit((str(folder),))
    desk.planned()
    assert desk.state.out == f"{folder}-results"
    assert desk.status.startswith("Ready: 3 of 3 images to do · needs up to 1000 B")
    desk.view.results._saves["classes"].click()
    assert desk.status.startswith("Nothing would be saved.")
    assert not desk.start.isEnabled()


def test_a_run_shows_every_file_and_says_how_it_ended(filled, folder):
    filled.run()
    assert filled.states() == ["done", "failed", "done"]
    assert filled.status.startswith("2 of 3 images done, 1 failed: the list says why.")
    assert filled.state.said == "2 done, 1 failed"
    model = filled.view.files.model
    shown = [model.index(1, column).data() for column in range(model.columnCount())]
    assert shown[:2] == ["b", "failed"]
    assert shown[4].startswith("Cannot read 'b.tif'")
    assert model.index(2, 2).data() == "1,200"
    assert not filled.view.actions.is_progress_shown
    dry, real = words_of_runs(folder)[-2:]
    assert "--dry-run" in dry
    assert real[:1] == ["run"]
    assert "--resume" in real
    assert str(folder / "results") in real
    assert not list((folder / "notes").glob("*.json")), "a run that ended was not forgotten"


def test_progress_and_time_left_show_while_it_runs(filled, qtbot):
    filled.script(hangs=True, lines=LINES[:2])
    filled.start.click()
    filled.wait(lambda: "about 1 min 1 s left" in filled.status)
    filled.wait(lambda: filled.view.actions.is_progress_shown)
    assert filled.view.actions._progress.value() == 300
    assert not filled.start.isEnabled()
    assert filled.states() == ["running", "waiting", "waiting"]
    assert filled.view.files.model.index(0, 1).data() == "50%"
    filled.view.actions._cancel.click()
    assert filled.status == "Stopping …"
    filled.wait(lambda: not filled.controller.running.is_busy)
    assert filled.states()[0] == "cancelled"
    assert "Resume goes on" in filled.status


def test_what_stands_in_the_way_is_red_and_stops_the_start(filled):
    text = "Results exist already: x. Choose another folder, or add --overwrite."
    filled.script(
        problems=[{"text": text, "stops": True}, {"text": "Mixed sizes.", "stops": False}]
    )
    filled.state.workers += 1
    filled.planned()
    assert not filled.start.isEnabled()
    (stop,) = filled.view.plan.stops.texts
    assert "--overwrite" not in stop
    assert "section 3" in stop
    assert filled.view.plan.notes.texts == ("Mixed sizes.",)
    assert filled.status == stop
    assert filled.view.plan.stops.text().startswith("<span")


def test_what_the_process_refuses_is_said(filled):
    filled.script(refuse="The model 'm' is missing. Put it back.")
    filled.state.workers += 1
    filled.planned()
    assert filled.status == "The model 'm' is missing. Put it back."
    assert not filled.board.rows
    assert not filled.start.isEnabled()


def test_files_that_came_are_found_when_looked_for_again(filled):
    filled.script(files=[*FILES, planned("d")])
    filled.view.plan._look.click()
    filled.planned()
    assert len(filled.board.rows) == 4


def test_choices_changed_during_a_run_are_planned_when_it_has_ended(filled, folder):
    filled.script(hangs=True, lines=LINES[:2])
    filled.start.click()
    filled.wait(lambda: filled.states()[0] == "running")
    filled.state.recursive = True
    assert filled.states()[0] == "running"
    filled.script(hangs=False, lines=[], files=FILES[:2])
    filled.controller.cancel()
    filled.wait(lambda: not filled.controller.running.is_busy)
    filled.planned()
    assert filled.states() == ["waiting", "waiting"]
    assert "--recursive" in words_of_runs(folder)[-1]


def test_the_button_says_resume_when_something_is_done_already(filled):
    filled.script(files=[planned("a", state="skipped"), planned("b")])
    filled.state.workers += 1
    filled.planned()
    assert filled.start.text() == "Resume"
    assert "1 done before" in filled.status
    filled.state.existing = "replace"
    filled.planned()
    assert filled.start.text() == "Start"
    filled.script(files=[planned("a", state="skipped")])
    filled.state.existing = "keep"
    filled.planned()
    assert not filled.start.isEnabled()
    assert "done already" in filled.status


def test_the_list_filters_sorts_and_stays_quick(filled, qtbot):
    n = 5000
    files = [planned(f"{i:04}") for i in range(n)]
    lines = [told(f"{i:04}", "done" if i % 10 else "failed", objects=n - i) for i in range(n)]
    filled.script(files=files, lines=[*lines, ended(4500, 500)])
    filled.state.workers += 1
    filled.planned()
    filled.run()
    section = filled.view.files
    assert section.board.counts == {"failed": 500, "done": 4500}
    section.filter_chosen.emit("failed")
    assert section.model.rowCount() == 500
    assert section.model.index(1, 0).data() == "0010"
    section.table.sort_requested.emit(2)
    assert section.model.index(0, 0).data() == "4990"
    section.table.sort_requested.emit(2)
    assert section.model.index(0, 0).data() == "0000"
    section.table.sort_requested.emit(2)
    section.filter_chosen.emit("")
    assert section.model.index(1, 0).data() == "0001"


def test_rows_keep_their_selection_while_they_move(filled):
    section = filled.view.files
    section.table.sort_requested.emit(1)
    section.table.selectRow(2)
    assert section.model.row_at(2).name == "c"
    filled.run()
    assert section.model.row_at(section.table.currentIndex().row()).name == "c"


def test_the_menu_of_a_row_copies_the_error_and_opens_the_folder(filled, folder, monkeypatch):
    from qtpy.QtGui import QDesktopServices, QGuiApplication

    filled.run()
    table, opened = filled.view.files.table, []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url) or True)
    titles = {action.text(): action for action in table.menu_for(1).actions()}
    titles["Copy the error"].trigger()
    assert "it is cut off" in QGuiApplication.clipboard().text()
    titles["Show in its folder"].trigger()
    assert "not there any more" in filled.status
    filled.script(files=[planned("a") | {"path": str(folder / "good.brushwood")}])
    filled.state.workers += 1
    filled.planned()
    table.folder_requested.emit(0)
    assert [url.toLocalFile() for url in opened] == [str(folder)]
    assert not {a.text(): a for a in table.menu_for(0).actions()}["Copy the error"].isEnabled()


def test_the_report_and_the_folder_open_when_they_are_there(filled, folder, monkeypatch):
    from qtpy.QtGui import QDesktopServices

    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url) or True)
    section = filled.view.files
    assert not section._report.isEnabled()
    assert not section._folder.isEnabled()
    (folder / "results").mkdir()
    report = folder / "results" / "report.html"
    report.write_text("<html>")
    filled.script(lines=[*LINES, ended(2, 1, report=str(report))])
    filled.run()
    section._report.click()
    section._folder.click()
    assert [url.toLocalFile() for url in opened] == [str(report), str(folder / "results")]
    report.unlink()
    section._report.click()
    assert "not there any more" in filled.status


def test_files_are_dropped_removed_and_counted(desk, folder, monkeypatch, qtbot):
    import numpy as np
    from qtpy.QtCore import QMimeData, QPointF, Qt, QUrl
    from qtpy.QtGui import QDropEvent

    from brushwood.io.images import write_image

    fake_process(monkeypatch, folder, files=FILES)
    (folder / "in" / "deep").mkdir(parents=True)
    for name in ("in/one.tif", "in/deep/two.tif"):
        write_image(folder / name, np.zeros((8, 9), np.uint8), "yx")
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(folder / "in")), QUrl("https://example.org/a.tif")])
    where, nothing = QPointF(5, 5), Qt.KeyboardModifier.NoModifier
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    for target in (desk.view.images.list, desk.view):
        desk.state.sources = ()
        target.dropEvent(QDropEvent(where, copy, mime, left, nothing))
        assert desk.state.sources == (str(folder / "in"),)
    desk.planned()
    section = desk.view.images
    assert section._count.text().startswith("1 image, ")
    section._recursive.click()
    desk.planned()
    assert section._count.text().startswith("2 images, ")
    assert section.list.item(0).text().endswith("in — 2 images")
    desk.view.images.paths_added.emit((str(folder / "gone.tif"),))
    desk.planned()
    assert "1 cannot be read" in section._count.text()
    assert "no such file" in section.list.item(1).toolTip()
    section.list.item(1).setSelected(True)
    section._remove.click()
    assert desk.state.sources == (str(folder / "in"),)


def test_the_script_is_put_on_the_clipboard(filled, folder):
    from qtpy.QtGui import QGuiApplication

    filled.view.actions._copy.click()
    text = QGuiApplication.clipboard().text()
    compile(text, "script", "exec")
    assert f"bw.Recipe.load({str(folder / 'recipe.json')!r})" in text
    filled.state.what = "window"
    filled.planned()
    assert not filled.view.actions._copy.isEnabled()
    assert "no pixel classifier yet" in filled.view.actions._copy.toolTip()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_everything_fits_a_narrow_dock_and_has_a_tooltip(filled, viewer, theme, qtbot):
    from qtpy.QtWidgets import QAbstractButton, QAbstractItemView, QAbstractSpinBox, QComboBox

    viewer.theme = theme
    filled.run()
    view = filled.view
    for section in (view.what, view.images, view.results, view.plan, view.files):
        section.set_open(True)
    qtbot.wait(50)
    assert filled.widget.minimumSizeHint().width() <= 320
    assert view.what.parent().minimumSizeHint().width() <= 280
    for kind in (QAbstractButton, QAbstractSpinBox, QComboBox, QAbstractItemView):
        for control in filled.widget.findChildren(kind):
            inner = control.objectName().startswith("qt_") or isinstance(
                control.parent(), QAbstractItemView
            )
            inner = inner or control.metaObject().className().startswith("QComboBox")
            inner = inner or control.parent().metaObject().className().startswith("QComboBoxP")
            assert inner or control.toolTip(), (type(control), getattr(control, "text", str)())
