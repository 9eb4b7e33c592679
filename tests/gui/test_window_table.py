"""The table: rows and image select as one; sort, filter, columns, copy, export, colours."""

import gc
import weakref

import numpy as np
import pandas as pd
import pytest
from qtpy.QtCore import QPoint, Qt, QThreadPool
from qtpy.QtGui import QGuiApplication
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QFileDialog, QMenu

from brushwood.gui._camera import camera_of
from brushwood.gui._scene import META, key_of
from brushwood.io.tables import read_table
from brushwood.tables import units_of
from measure_desk import MeasureDesk, blobs, rows

LEFT = Qt.MouseButton.LeftButton
NONE, CTRL, SHIFT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


@pytest.fixture
def desk(viewer, qtbot):
    desk = MeasureDesk(viewer, qtbot)
    desk.objects.metadata[META]["units"] = {"area": "px²"}
    desk.objects.features = rows()
    desk.open_table()
    return desk


def press(desk, position, keys=NONE, double=False):
    """Click on a row where it is drawn."""
    view = desk.face.rows
    at = view.visualRect(desk.face.model.index(position, 0)).center()
    if double:
        QTest.mouseDClick(view.viewport(), LEFT, keys, at)
    else:
        QTest.mouseClick(view.viewport(), LEFT, keys, at)


def texts(desk, column):
    model = desk.face.model
    at = model.store.columns.index(column)
    return [model.data(model.index(row, at)) for row in range(model.rowCount())]


def header_texts(desk):
    model = desk.face.model
    return [model.headerData(i, Qt.Orientation.Horizontal) for i in range(model.columnCount())]


def test_without_centroids_the_object_is_looked_for(desk):
    desk.objects.features = pd.DataFrame({"index": [5, 77], "x": [1.0, 2.0]})
    desk.table.controller.go_to(0)
    desk.wait(lambda: np.allclose(camera_of(desk.viewer).center[-2:], (69.5, 79.5)))
    desk.table.controller.go_to(1)
    desk.wait(lambda: "Object 77 is not in the labels" in desk.face.status.text())


def menu_of(desk, title):
    """Choose in the menu that is open."""
    menu = next(
        m
        for m in desk.face.findChildren(QMenu)
        if any(action.text() == title for action in m.actions())
    )
    next(action for action in menu.actions() if action.text() == title).trigger()
    menu.close()


def test_an_empty_scene_and_a_layer_without_a_table(viewer, qtbot):
    from brushwood.gui.table import ObjectTableWidget

    table = ObjectTableWidget(viewer)
    viewer.window.add_dock_widget(table, name="Object table")
    assert "no table yet" in table.face.status.text()
    table.face.export_all.trigger()
    assert "nothing to export" in table.face.status.text()
    layer = viewer.add_labels(blobs()[1], name="labels")
    table.face.objects.key_chosen.emit(key_of(layer))
    assert "press Measure" in table.face.status.text()
    layer.features = rows()
    assert table.face.model.rowCount() == 3
    layer.name = "other"
    assert table.face.objects.currentText() == "other"
    viewer.layers.remove(layer)
    assert table.face.model.rowCount() == 0


def test_closing_the_window_with_a_selection(desk, qtbot, capsys):
    desk.show()
    desk.select(5, current=5)
    desk.viewer.close()
    qtbot.wait(50)
    assert "Traceback" not in capsys.readouterr().err


def test_a_narrow_dock_and_tooltips(desk, qtbot):
    desk.viewer.theme = "light"
    assert desk.table.minimumSizeHint().width() <= 320
    desk.face.colours.column_chosen.emit("area")
    desk.face.resize(300, 600)
    qtbot.wait(20)
    assert desk.face.layout().minimumSize().width() <= 310
    for kind in (QAbstractButton, QAbstractSpinBox, QComboBox):
        for control in desk.face.findChildren(kind):
            inner = control.objectName().startswith("qt_") or "Corner" in type(control).__name__
            assert inner or control.toolTip() or control.parent() in (
                desk.face.rows, desk.face.filter, desk.face.columns.search
            ), control  # fmt: skip


def test_rows_are_sorted_filtered_and_columns_chosen(desk, qtbot):
    assert texts(desk, "label") == ["2", "5", "9"]
    assert texts(desk, "area") == ["400", "1600", "–"]
    assert header_texts(desk)[:2] == ["label", "area [px²]"]
    tip = desk.face.model.headerData(1, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)
    assert "Area" in tip
    assert "1 missing" in tip
    cell = desk.face.model.index(2, 1)
    assert "not defined" in desk.face.model.data(cell, Qt.ItemDataRole.ToolTipRole)
    assert desk.face.status.text() == "3 rows"
    header = desk.face.rows.horizontalHeader()
    at = desk.face.model.store.columns.index("area")
    orders = []
    for _ in range(3):
        header.sectionClicked.emit(at)
        orders.append(texts(desk, "label"))
    assert orders == [["2", "5", "9"], ["5", "2", "9"], ["2", "5", "9"]]
    assert not header.isSortIndicatorShown()
    header.sectionClicked.emit(at)
    header.sectionClicked.emit(at)
    desk.select(9, current=9)
    assert desk.face.rows.currentIndex().row() == 2
    desk.table.controller.sort_by("area")
    desk.session.selection.clear()
    desk.face.filter.setText("area > 500")
    desk.wait(lambda: texts(desk, "label") == ["5"])
    assert desk.face.status.text() == "1 of 3 rows"
    desk.face.filter.setText("aera > 500")
    desk.wait(lambda: "Did you mean 'area'" in desk.face.status.text())
    assert texts(desk, "label") == ["5"]
    QTest.keyClick(desk.face.filter, Qt.Key.Key_Escape)
    desk.wait(lambda: texts(desk, "label") == ["2", "5", "9"])
    desk.face.filter.clear()
    QTest.keyClicks(desk.face.filter, "centr")
    assert desk.face.filter.offers.completionCount() == 2
    desk.face.filter.offers.activated.emit("centroid-1")
    QTest.keyClicks(desk.face.filter, "< 100")
    assert desk.face.filter.text() == "centroid-1 < 100"
    desk.wait(lambda: texts(desk, "label") == ["2", "5"])
    desk.face.filter.clear()
    desk.wait(lambda: texts(desk, "label") == ["2", "5", "9"])
    desk.select(2, 9)
    desk.face.only_selected.setChecked(True)
    assert texts(desk, "label") == ["2", "9"]
    desk.select(5)
    assert texts(desk, "label") == ["5"]
    desk.face.only_selected.setChecked(False)
    assert len(texts(desk, "label")) == 3
    menu = desk.face.columns
    menu.search.setText("centroid")
    menu.none.click()
    assert not any("centroid" in text for text in header_texts(desk))
    desk.objects.features = rows().assign(more=1.0)
    assert not any("centroid" in text for text in header_texts(desk))
    assert "more" in header_texts(desk)
    menu.every.click()
    assert "centroid-0" in header_texts(desk)
    menu.search.setText("")
    assert menu.ticked() == tuple(n for n in desk.face.model.store.names if n != "index")


def test_rows_and_objects_select_each_other(desk):
    desk.show()
    press(desk, 1)
    assert (desk.selected.labels, desk.selected.current) == ({5}, 5)
    press(desk, 0, CTRL)
    assert desk.selected.labels == {2, 5}
    press(desk, 1, CTRL)
    assert desk.selected.labels == {2}
    desk.table.controller.sort_by("name")
    desk.table.controller.sort_by("name")
    press(desk, 0)
    press(desk, 1, SHIFT)
    assert desk.selected.labels == {9, 5}
    desk.table.controller.sort_by("name")
    press(desk, 0)
    press(desk, 2, SHIFT)
    assert desk.selected.labels == {2, 5, 9}
    assert "3 selected" in desk.face.status.text()
    assert np.asarray(desk.outlines.data).any()
    QTest.keyClick(desk.face.rows, Qt.Key.Key_Escape)
    assert not desk.selected.labels
    press(desk, 0)
    QTest.keyClick(desk.face.rows, Qt.Key.Key_Down)
    assert desk.selected.labels == {5}
    QTest.keyClick(desk.face.rows, Qt.Key.Key_Down, SHIFT)
    assert desk.selected.labels == {5, 9}
    QTest.keyClick(desk.face.rows, Qt.Key.Key_A, CTRL)
    assert desk.selected.labels == {2, 5, 9}
    QTest.keyClick(desk.face.rows, Qt.Key.Key_Return)
    np.testing.assert_allclose(camera_of(desk.viewer).center[-2:], (104.5, 142))
    desk.select(2, 9, current=9)
    assert desk.chosen_labels() == [2, 9]
    assert desk.face.rows.currentIndex().row() == 2
    desk.click((70, 80))
    assert desk.chosen_labels() == [5]
    desk.click((3, 3))
    assert desk.chosen_labels() == []
    desk.session.selection.select("another layer", frozenset({5}))
    assert desk.chosen_labels() == []
    desk.session.selection.clear()
    seen = []
    desk.session.selection.events.selected.connect(lambda value: seen.append(value))
    press(desk, 1)
    press(desk, 1)
    desk.select(2, current=2)
    desk.select(2, current=2)
    assert len(seen) == 2
    press(desk, 2, double=True)
    np.testing.assert_allclose(camera_of(desk.viewer).center[-2:], (104.5, 142))
    desk.session.selection.clear()
    desk.face.go.click()
    assert "Select an object first" in desk.face.status.text()
    desk.select(2, current=2)
    desk.face.go.click()
    np.testing.assert_allclose(camera_of(desk.viewer).center[-2:], (19.5, 19.5))


def test_menus_and_copying(desk):
    desk.show()
    header = desk.face.rows.header_menu_requested
    header.emit("area", QPoint(5, 5))
    menu_of(desk, "Sort downwards")
    assert texts(desk, "label") == ["5", "2", "9"]
    header.emit("area", QPoint(5, 5))
    menu_of(desk, "Hide")
    assert "area [px²]" not in header_texts(desk)
    desk.face.rows.menu_requested.emit(QPoint(5, 5))
    menu_of(desk, "Select all that are shown")
    assert desk.selected.labels == {2, 5, 9}
    desk.session.selection.clear()
    desk.face.copy.click()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0].split("\t")[:2] == ["label", "centroid-0"]
    assert len(lines) == 4
    desk.select(5)
    desk.face.copy.click()
    assert len(QGuiApplication.clipboard().text().splitlines()) == 2
    assert "Copied 1 rows" in desk.face.status.text()


def test_exporting(desk, tmp_path, monkeypatch):
    target = [None]
    monkeypatch.setattr(QFileDialog, "exec", lambda self: self.fileSelected.emit(str(target[0])))
    for suffix in ("csv", "parquet", "tsv"):
        target[0] = path = tmp_path / f"cells.{suffix}"
        desk.face.export_all.trigger()
        desk.wait(lambda: "Wrote 3 rows" in desk.face.status.text())
        written = read_table(path)
        assert written["label"].tolist() == [2, 5, 9]
        assert units_of(written)["area"] == "px²"
        desk.table.controller.filter_by("area > 500")
        desk.face.export_shown.trigger()
        desk.wait(lambda: "Wrote 1 rows" in desk.face.status.text())
        assert read_table(path)["label"].tolist() == [5]
        desk.table.controller.filter_by("")
    export = desk.table.controller.export
    export.write(desk.face.model.store.table, {}, tmp_path / "no folder" / "x.csv")
    desk.wait(lambda: "no folder" in desk.face.status.text())
    there = tmp_path / "x.csv"
    there.write_text("mine")
    export.write(desk.face.model.store.table, {}, there)
    desk.wait(lambda: "exists" in desk.face.status.text() or "already" in desk.face.status.text())
    assert there.read_text() == "mine"
    seen = []

    def look(dialog):
        option = QFileDialog.Option.DontConfirmOverwrite
        seen.append((dialog.testOption(option), dialog.acceptMode(), dialog.nameFilters()))

    monkeypatch.setattr(QFileDialog, "exec", look)
    desk.face.export_all.trigger()
    ((silent, mode, filters),) = seen
    assert not silent
    assert mode == QFileDialog.AcceptMode.AcceptSave
    assert any("parquet" in text for text in filters)


def test_closing_opening_again_and_closing_for_good(desk, qtbot, capsys):
    desk.face.colours.column_chosen.emit("area")
    desk.viewer.window.remove_dock_widget(desk.table)
    desk.open_table()
    assert texts(desk, "label") == ["2", "5", "9"]
    assert desk.face.colours.column.key == "area"
    desk.select(5, current=5)
    reference = weakref.ref(desk.table)
    desk.viewer.window.remove_dock_widget(desk.table)
    assert [layer.name for layer in desk.viewer.layers] == ["im", "im · objects"]
    desk.objects.features = rows()
    desk.select(2)
    desk.table = desk.face = None
    qtbot.wait(50)
    for _ in range(3):
        gc.collect()
        qtbot.wait(10)
    assert reference() is None
    assert "Traceback" not in capsys.readouterr().err
    assert QThreadPool.globalInstance().waitForDone(5000)
