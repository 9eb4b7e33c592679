"""Is the plot smooth with 100,000 points? Pan, zoom, recolour and select, drawn on screen.

Run on a screen, or: ``xvfb-run -a python benchmarks/bench_plot.py [--points 100000]``

Beside ours stands pyqtgraph's own scatter item with the same points in the same window.
"""

import argparse
import sys
import time
from collections.abc import Callable

import numpy as np
import pyqtgraph as pg
from common import machine, median, table, versions
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QApplication

from brushwood.gui.plot.canvas import PlotCanvas
from brushwood.session.column_colours import coded
from brushwood.session.plotting import Cloud

#: What a user should not have to wait longer for, ms.
TARGETS = {"pan": 33, "zoom": 33, "recolour": 150, "select": 100}


def timed(widget: pg.PlotWidget, change: Callable[[int], object], rounds: int) -> str:
    """Return median and 95th percentile of the time until a change is drawn, ms."""
    spent = []
    for number in range(rounds):
        start = time.perf_counter()
        change(number)
        widget.viewport().repaint()
        QApplication.processEvents()
        spent.append(1000 * (time.perf_counter() - start))
    return f"{median(spent):.1f} / {np.percentile(spent, 95):.1f}"


def shown(widget: pg.PlotWidget) -> pg.PlotWidget:
    """Show a plot in a window."""
    widget.resize(700, 600)
    widget.show()
    QApplication.processEvents()
    return widget


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    app = QApplication.instance() or QApplication([])
    rng = np.random.default_rng(0)
    half = options.points // 2
    x = np.r_[rng.normal(0, 1, half), rng.normal(4, 0.7, options.points - half)]
    y = np.r_[rng.normal(0, 1, half), rng.normal(2, 1.2, options.points - half)]
    print(machine(), versions("pyqtgraph", "PyQt6"), f"{options.points:,} points", sep="\n")
    rows = []

    ours = shown(PlotCanvas())
    ours.show_cloud(Cloud(x, y, "x", "y"))
    ours.show_colours(coded("area", np.hypot(x, y)))
    changes = {
        "pan": lambda k: ours.box.translateBy(x=0.02),
        "zoom": lambda k: ours.box.scaleBy((0.97, 0.97)),
        "recolour": lambda k: ours.show_colours(coded("area", np.hypot(x - k, y))),
        "select": lambda k: ours.show_selected(np.hypot(x - 0.1 * k, y) < 1),
    }
    found = {}
    for look in ("points", "density"):
        ours.set_look(look)
        for name, change in changes.items():
            ours.fit()
            ours.show_selected(None)
            found[look, name] = timed(ours, change, options.rounds)

    plain = shown(pg.PlotWidget())
    item = pg.ScatterPlotItem(x, y, size=4, pen=None, brush=QColor("#56B4E9"))
    plain.addItem(item)
    box = plain.getPlotItem().getViewBox()
    colours = [pg.mkBrush(QColor.fromHsv(h, 200, 220)) for h in range(0, 360, 36)]
    theirs = {
        "pan": timed(plain, lambda k: box.translateBy(x=0.02), 5),
        "zoom": timed(plain, lambda k: box.scaleBy((0.97, 0.97)), 5),
        "recolour": timed(plain, lambda k: item.setBrush(
            [colours[(i + k) % 10] for i in range(len(x))]), 3),
        "select": "-",
    }  # fmt: skip
    for name, target in TARGETS.items():
        cells = [found["points", name], found["density", name], theirs[name]]
        rows.append([name, f"{target}", *cells])
    header = ["median / 95 %, ms", "target", "ours, points", "ours, density", "ScatterPlotItem"]
    print(table(header, rows))
    app.quit()
    return 0


if __name__ == "__main__":
    sys.exit(main())
