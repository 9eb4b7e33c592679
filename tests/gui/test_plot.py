"""The scatter plot in a window: drawing, clicking, gates, hover, keyboard, files."""

import numpy as np
import pytest
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QColor, QImage

from brushwood.errors import OutputExistsError
from brushwood.explore.gates import Polygon, Rectangle
from brushwood.gui.plot.canvas import PlotCanvas
from brushwood.session.column_colours import coded
from brushwood.session.plotting import Cloud


@pytest.fixture
def canvas(qtbot):
    """Return a plot of four points in the corners of a square, and one without a number."""
    canvas = PlotCanvas()
    qtbot.addWidget(canvas)
    canvas.resize(500, 400)
    canvas.show()
    qtbot.waitExposed(canvas)
    x, y = np.array([0.0, 10.0, 0.0, 10.0, np.nan]), np.array([0.0, 0.0, 10.0, 10.0, 5.0])
    canvas.show_cloud(Cloud(x, y, "area", "length", "area [µm²]", "length [µm]"))
    canvas.show_colours(coded("cluster", np.array([1, 2, 1, 2, 1])))
    return canvas


def _at(canvas, x, y):
    """Return where a position lies in the widget."""
    scene = canvas.box.mapViewToScene(QPointF(x, y))
    point = canvas.mapFromScene(scene)
    return QPoint(int(point.x()), int(point.y()))


def _colour(canvas, x, y):
    return canvas.grab().toImage().pixelColor(_at(canvas, x, y))


def test_points_are_drawn_in_their_colours(canvas):
    first, second = _colour(canvas, 0, 0), _colour(canvas, 10, 10)
    assert first.name() == "#0072b2"
    assert second.name() == "#e69f00"
    assert _colour(canvas, 5, 5) not in (first, second)
    canvas.show_colours(None)
    assert _colour(canvas, 0, 0).name() == "#56b4e9"


def test_selected_points_stand_out_and_others_step_back(canvas):
    canvas.show_selected(np.array([True, False, False, False, False]))
    assert _colour(canvas, 0, 0).name() == "#0072b2"
    assert _colour(canvas, 10, 10).name() != "#e69f00"
    canvas.show_selected(np.zeros(5, bool))
    assert _colour(canvas, 10, 10).name() == "#e69f00"


def test_sizes_and_density(canvas):
    near = QPoint(4, 0)
    before = canvas.grab().toImage().pixelColor(_at(canvas, 0, 0) + near)
    canvas.show_radii(np.array([6, 1, 1, 1, 1], np.uint8))
    assert canvas.grab().toImage().pixelColor(_at(canvas, 0, 0) + near) != before
    canvas.set_look("density")
    picture, at = canvas.grab().toImage(), _at(canvas, 0, 0)
    around = [picture.pixelColor(at + QPoint(dx, dy)) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
    dense = {colour.name() for colour in around} - {before.name()}  # a cell is three pixels wide
    assert dense
    assert "#0072b2" not in dense


def test_a_click_chooses_the_point_under_it(canvas, qtbot):
    heard = []
    canvas.row_clicked.connect(lambda row, extend: heard.append((row, extend)))
    view = canvas.viewport()
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=_at(canvas, 10, 0))
    qtbot.waitUntil(lambda: heard == [(1, False)])
    shift = Qt.KeyboardModifier.ShiftModifier
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, shift, pos=_at(canvas, 0, 10))
    qtbot.waitUntil(lambda: heard[1:] == [(2, True)])
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=_at(canvas, 5, 5))
    qtbot.waitUntil(lambda: heard[2:] == [(-1, False)])


def _drag(qtbot, canvas, corners):
    view = canvas.viewport()
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=corners[0])
    for corner in corners[1:]:
        qtbot.mouseMove(view, corner)
        qtbot.wait(30)
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=corners[-1])


def test_shapes_become_gates_of_the_two_columns(canvas, qtbot):
    drawn = []
    canvas.gate_drawn.connect(drawn.append)
    corners = [(-1, -1), (5, -1), (5, 11), (-1, 11)]
    canvas.box.shape_drawn.emit("rectangle", corners)
    assert drawn[0] == Rectangle("area", "length", (-1, 5), (-1, 11))
    mask = drawn[0].inside(canvas.cloud.x, canvas.cloud.y)
    assert mask.tolist() == [True, False, True, False, False]
    canvas.set_mode("polygon")
    view = canvas.viewport()
    for corner in ((8, -0.3), (10.3, -0.3), (10.3, 3)):
        qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=_at(canvas, *corner))
        qtbot.wait(450)  # two quick clicks would be a double click
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(drawn) == 2)
    assert isinstance(drawn[1], Polygon)
    assert drawn[1].inside(canvas.cloud.x, canvas.cloud.y).tolist()[:4] == [
        False, True, False, False,
    ]  # fmt: skip


def test_a_rectangle_is_dragged(canvas, qtbot):
    drawn = []
    canvas.gate_drawn.connect(drawn.append)
    canvas.set_mode("rectangle")
    _drag(qtbot, canvas, [_at(canvas, *p) for p in ((3, 3), (6, 6), (10.3, 10.3))])
    qtbot.waitUntil(lambda: len(drawn) == 1)
    assert drawn[0].inside(canvas.cloud.x, canvas.cloud.y).tolist()[:4] == [
        False, False, False, True,
    ]  # fmt: skip
    assert canvas.box.mode == "rectangle"


def test_the_keyboard_chooses_modes_fits_and_undoes(canvas, qtbot):
    for key, mode in (("R", "rectangle"), ("L", "lasso"), ("P", "polygon"), ("M", "pan")):
        qtbot.keyClick(canvas, key)
        assert canvas.box.mode == mode
    qtbot.keyClick(canvas, "L")
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas.box.mode == "pan"
    canvas.box.setRange(xRange=(100, 200), yRange=(100, 200))
    qtbot.keyClick(canvas, Qt.Key.Key_Home)
    assert canvas.box.viewRect().contains(5, 5)
    with qtbot.waitSignal(canvas.undo_requested):
        qtbot.keyClick(canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)


def test_the_pointer_shows_the_row(canvas, qtbot):
    from qtpy.QtGui import QPixmap

    picture = QPixmap(8, 8)
    picture.fill(QColor("red"))
    canvas.set_describe(lambda row: (f"row {row}", picture))
    canvas._on_moved((canvas.box.mapViewToScene(QPointF(10, 10)),))
    assert canvas.hovered == 3
    assert canvas._card.text.text() == "row 3"
    assert canvas._card.isVisible()
    assert canvas.rect().contains(canvas._card.geometry())
    canvas._on_moved((canvas.box.mapViewToScene(QPointF(5, 5)),))
    assert canvas.hovered is None
    assert not canvas._card.isVisible()


def test_gates_of_other_columns_are_not_drawn(canvas):
    here = Rectangle("area", "length", (2, float("inf")), (2, 8))
    elsewhere = Rectangle("area", "mean", (0, 1), (0, 1))
    canvas.show_gates([("big", here, "#E69F00"), ("bright", elsewhere, "#009E73")])
    assert len(canvas._gates) == 1
    assert canvas._texts[0].toPlainText() == "big"
    canvas.show_gates([])
    assert canvas._gates == []


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_the_plot_is_saved_and_nothing_overwritten(canvas, tmp_path, ending):
    path = tmp_path / f"plot.{ending}"
    canvas.save(path)
    with pytest.raises(OutputExistsError):
        canvas.save(path)
    canvas.save(path, overwrite=True)
    if ending == "png":
        assert QImage(str(path)).width() == 2 * canvas.width()
    else:
        assert path.read_text("utf-8").lower().count("#0072b2") >= 1
