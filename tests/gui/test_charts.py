"""Charts: names that fit, legends that stay and hide nothing."""

import numpy as np
import pytest

from brushwood.gui._charts import Chart, Line


@pytest.fixture
def chart(qtbot):
    """Return a chart as wide as in a narrow dock."""
    found = Chart("A chart.", lines=14)
    qtbot.addWidget(found)
    found.resize(260, found.height())
    found.show()
    return found


def _lines(values):
    x = np.linspace(0.5, 0.95, 10)
    return [Line("one", x, values, "#0072B2"), Line("two", x, values, "#E69F00")]


def _ticks(chart):
    (ticks,) = chart.getPlotItem().getAxis("left")._tickLevels
    return [text for _, text in ticks]


def test_the_legend_is_there_each_time(chart):
    for _ in range(3):
        chart.show_lines(_lines(np.ones(10)), "x", "y")
        legend = chart.getPlotItem().legend
        assert legend is not None
        assert legend.scene() is chart.scene()
        assert [label.text for _, label in legend.items] == ["one", "two"]


@pytest.mark.parametrize("high", [True, False])
def test_the_legend_of_falling_curves_stands_where_they_are_not(chart, high):
    x = np.linspace(0, 1, 10)
    values = 1 - x**6 if high else 0.6 * (1 - x) ** 4
    chart.show_lines(_lines(values), "x", "y", y_range=(0, 1))
    chart.grab()
    at = chart.getPlotItem().legend.pos()
    below = at.y() > chart.getPlotItem().vb.height() / 2
    assert below == high


def test_the_legend_finds_the_free_corner(chart):
    x = np.linspace(0, 1, 10)
    for y, free in (
        (1 - x, (-8, 4)),
        (1 - x**9, (8, -8)),
        (np.ones(10), (-8, -8)),
        (np.zeros(10), (-8, 4)),
    ):
        lines = [Line("a", x, y, "#0072B2"), Line("b", x, y**3, "#0072B2")]
        chart.show_lines(lines, "x", "y", y_range=(0, 1))
        assert chart.getPlotItem().legend.offset == free


def test_long_names_leave_room_and_grow_with_the_dock(chart):
    names = [f"intensity_mean_minus_background_{k}" for k in range(5)]
    chart.show_swarm(np.zeros(5), np.arange(5), np.zeros(5), names, "speaks")
    chart.grab()
    short = _ticks(chart)
    assert all("…" in text for text in short)
    assert chart.getPlotItem().vb.width() > 0.4 * chart.width()
    chart.resize(900, chart.height())
    assert _ticks(chart) == names
    assert [len(text) for text in short] < [len(text) for text in names]


def test_a_large_heat_map_names_only_as_many_as_there_are_lines(chart):
    n = 60
    chart.show_heat(np.eye(n), [f"column {k}" for k in range(n)])
    lines = chart.height() / chart.fontMetrics().lineSpacing()
    assert lines / 3 < len(_ticks(chart)) <= lines


def test_the_label_below_is_not_cut_off(chart, qtbot):
    chart.show_lines(_lines(np.ones(10)), "pixels, g", "y")
    axis = chart.getPlotItem().getAxis("bottom")
    qtbot.wait(50)
    label = axis.label
    margin = label.document().documentMargin()
    bottom = label.pos().y() + label.boundingRect().height() - margin
    assert bottom <= axis.size().height()
    assert axis.size().height() > 2 * chart.fontMetrics().lineSpacing()
