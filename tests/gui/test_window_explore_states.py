"""The exploration while things change: bad input, cancel, closing, themes, narrow docks."""

import ast
import time

import numpy as np
import pandas as pd
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QAbstractScrollArea, QScrollArea, QWidget

from brushwood.explore.embed import EmbedParams
from brushwood.explore.grouping import ClusterParams
from brushwood.jobs import Cancelled
from explore_desk import ExploreDesk, measured, squares

CLUSTER = "cluster k-means on PCA"


@pytest.fixture
def desk(viewer, qtbot):
    """Return a desk without layers; the widget is not open yet."""
    return ExploreDesk(viewer, qtbot)


@pytest.fixture
def slow(monkeypatch):
    """Make work wait until the test lets it go on, or it is cancelled."""
    from threading import Event

    from brushwood.gui.explore import controller

    go = Event()

    def waiting(real):
        def run(request, job):
            found = real(request, job)
            while not go.wait(0.02):
                job.checkpoint(0.5, "waiting")
            return found

        return run

    for name in ("run_explore", "run_trust"):
        monkeypatch.setattr(controller, name, waiting(getattr(controller, name)))
    return go


def test_without_a_table_it_says_what_to_do(desk):
    desk.open()
    assert not desk.view.actions.run.isEnabled()
    assert "Measure objects first" in desk.status
    desk.controller.run()
    desk.controller.repeat()
    desk.view.actions.copy_requested.emit()
    assert "Measure objects first" in desk.status
    desk.add()
    desk.wait(desk.view.actions.run.isEnabled)
    assert desk.status == "Press Run."
    assert not desk.view.trust.run.isEnabled()


def _duplicates(table):
    for name in ("area", "perimeter", "solidity", "noise"):
        table[name] = 1.0 + (table[name] > table[name].median())
    return table.assign(perimeter=table["area"], solidity=table["area"], noise=table["area"])


BAD = {
    "one column": (lambda t: t[["label", "index", "area"]], "pca", "PCA cannot make 2 components"),
    "too few rows": (lambda t: t[:8], "umap", "needs more than 15 rows"),
    "all NaN": (lambda t: t.assign(**dict.fromkeys(t.columns[4:8], np.nan)), "pca", ""),
    "text only": (lambda t: t[["label", "index", "gene"]], "pca", "Measure objects first"),
    "duplicates": (_duplicates, "tsne", "duplicate"),
    "fewer rows than groups": (lambda t: t[:1], "pca", ""),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_tables_are_sentences(desk, name):
    spoil, method, expected = BAD[name]
    layer = desk.add(table=spoil(measured(squares())).reset_index(drop=True))
    before = list(layer.features.columns)
    desk.open()
    desk.state.embed = EmbedParams(method=method)
    desk.controller.run()
    desk.idle()
    assert expected in desk.status
    assert desk.status.endswith(".")
    assert "unexpected" not in desk.status
    assert desk.status != "Press Run."
    assert list(layer.features.columns) == before
    assert desk.controller.explored is None


def test_rows_with_gaps_come_back_without_a_group_and_are_told(desk):
    table = measured(squares())
    table.loc[4, "area"] = np.nan
    layer = desk.add(table=table)
    desk.open().run()
    assert layer.features[CLUSTER][4] == 0
    assert np.isnan(layer.features["PCA 1"][4])
    assert "Section 1" in desk.status
    assert "area" in desk.view.table._notes.text()
    assert "none" in desk.view.plot._legend.text()


def test_cancel_changes_nothing(desk, slow):
    layer = desk.add()
    desk.open()
    desk.view.actions.run.click()
    desk.qtbot.wait(50)
    desk.view.actions.cancel_requested.emit()
    desk.idle()
    assert desk.status == "Cancelled. Nothing was changed."
    assert CLUSTER not in layer.features


def _paint(desk, layer):
    layer.data_setitem((np.array([4]), np.array([4])), 5)


def _segment_again(desk, layer):
    layer.data = np.roll(layer.data, 10, axis=1)


def _delete(desk, layer):
    desk.viewer.layers.remove(layer)


@pytest.mark.parametrize("change", [_paint, _segment_again, _delete])
def test_nothing_lands_on_other_objects(desk, slow, change):
    layer = desk.add()
    desk.open()
    desk.view.actions.run.click()
    desk.qtbot.wait(100)
    change(desk, layer)
    slow.set()
    desk.idle()
    assert CLUSTER not in layer.features
    assert "cells · objects changed" in desk.status
    assert desk.controller.explored is None


def test_answers_about_another_table_are_dropped(desk, slow):
    layer = desk.add()
    slow.set()
    desk.open().run()
    slow.clear()
    desk.view.trust.run.click()
    layer.features = layer.features.drop(columns=CLUSTER)[:40]
    desk.wait(lambda: desk.controller.explored is None)
    slow.set()
    desk.idle()
    assert "agreement k-means on PCA" not in layer.features
    assert "table changed" in desk.status


def test_a_run_survives_a_new_column_and_other_order(desk, slow):
    layer = desk.add()
    desk.open()
    desk.view.actions.run.click()
    desk.qtbot.wait(100)
    layer.features = layer.features[::-1].reset_index(drop=True).assign(mine=7)
    slow.set()
    desk.idle()
    assert layer.features["mine"].eq(7).all()
    groups = layer.features.set_index("index")[CLUSTER]
    assert groups[3] != groups[121]
    assert groups[3] == groups[5]


@pytest.mark.parametrize("what", ["warming", "work"])
def test_closing_leaves_no_thread_behind(desk, slow, monkeypatch, what):
    """The viewer's fixture waits for threads at the end."""
    from brushwood.gui.explore import warming

    seen = []

    def warm(job):
        try:
            for _ in range(2000):
                time.sleep(0.01)
                job.checkpoint(0.1, "compiling")
        except Cancelled:
            seen.append("cancelled")
            raise

    monkeypatch.setattr(warming, "is_warm", lambda: False)
    monkeypatch.setattr(warming, "is_there", lambda name: True)
    monkeypatch.setattr(warming, "warm_up", warm)
    desk.add()
    desk.open()
    if what == "warming":
        desk.view.reduce.edited.emit(EmbedParams())
        assert desk.controller.warming.is_running
        assert "Preparing UMAP" in desk.status
        desk.qtbot.wait(50)
        desk.close()
        desk.wait(lambda: seen == ["cancelled"])
    else:
        desk.view.actions.run.click()
        desk.qtbot.wait(50)
        desk.close()
    assert not desk.controller._runner.is_busy


def test_another_method_needs_no_umap(desk, monkeypatch):
    from brushwood.gui.explore import warming

    monkeypatch.setattr(warming, "is_warm", lambda: False)
    monkeypatch.setattr(warming, "is_there", lambda name: True)
    monkeypatch.setattr(warming, "warm_up", lambda job: None)
    desk.add()
    desk.open()
    desk.view.reduce.edited.emit(EmbedParams())
    desk.view.reduce.edited.emit(EmbedParams(method="tsne"))
    assert desk.status == "Press Run."


def test_the_script_runs_on_a_csv(desk, tmp_path, monkeypatch, capsys):
    from qtpy.QtGui import QGuiApplication

    from brushwood.io.tables import read_table, write_table

    layer = desk.add()
    desk.open()
    desk.controller._set("clusters", ClusterParams(method="gaussian", seed=3))
    desk.view.actions.copy_requested.emit()
    assert "clipboard" in desk.status
    text = QGuiApplication.clipboard().text()
    ast.parse(text)
    monkeypatch.chdir(tmp_path)
    write_table(pd.DataFrame(layer.features), tmp_path / "objects.csv")
    exec(compile(text, "copied.py", "exec"), {"__name__": "copied"})
    assert "These groups are stable" in capsys.readouterr().out
    desk.run()
    name = "cluster Gaussian mixture on PCA"
    assert read_table(tmp_path / "explored.csv")[name].tolist() == layer.features[name].tolist()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_plot_follows_the_theme(desk, theme):
    desk.viewer.theme = theme
    desk.add()
    desk.open()
    desk.viewer.window.show()
    desk.qtbot.wait(50)
    ink = desk.canvas.getPlotItem().getAxis("left").textPen().color()
    assert (ink.lightness() < 128) == (theme == "light")


def test_a_narrow_dock_cuts_nothing_off(desk):
    desk.add("a layer with a name that is far longer than a narrow dock is wide, as names are")
    desk.open()
    desk.viewer.window.resize(1100, 900)
    desk.viewer.window.show()
    desk.run()
    for section in (desk.view.trust, desk.view.why, desk.view.keep):
        desk.ask(section.run)
    desk.viewer.window._qt_window.resizeDocks([desk.dock], [320], Qt.Orientation.Horizontal)
    desk.qtbot.wait(100)
    assert desk.widget.width() <= 330
    seen = [w for w in desk.view.findChildren(QWidget) if w.isVisibleTo(desk.view)]
    assert len(seen) > 60
    for widget in seen:
        right = widget.mapTo(desk.view, widget.rect().topRight()).x()
        assert _scrolls(widget) or right <= desk.view.width(), widget


def _scrolls(widget):
    """Whether a widget is part of a list, table or chart, which scrolls or clips by itself."""
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QAbstractScrollArea) and not isinstance(parent, QScrollArea):
            return True
        parent = parent.parentWidget()
    return False
