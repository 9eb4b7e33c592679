"""The object table in a real napari window at 100,000 rows, beside napari's own features table.

``xvfb-run -a -s "-screen 0 1400x900x24" python benchmarks/bench_table.py``

Every time runs until the window is drawn. napari's table is measured at `--peer-rows` rows,
because sorting and selecting 100,000 take it more than a minute each.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from common import machine, table, versions

#: Side of a cell of the grid of objects, pixels; objects are three pixels smaller.
CELL = 13
#: Seconds within which objects must be coloured by a column.
TARGET = 1.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--columns", type=int, default=18)
    parser.add_argument("--peer-rows", type=int, default=10_000, help="0 leaves napari's table out")
    options = parser.parse_args()
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        print("bench_table: skipped, there is no display. Run it under xvfb-run.")
        return
    os.environ.setdefault("QT_API", "pyqt6")
    ours = measure_ours(options.rows, options.columns)
    theirs = measure_napari(options.peer_rows, options.columns) if options.peer_rows else {}
    print(machine())
    print(versions("napari", "PyQt6", "pandas", "numpy"))
    names = dict.fromkeys([*ours, *theirs])
    rows = [[name, _text(ours.get(name)), _text(theirs.get(name))] for name in names]
    head = ["seconds", f"Brushwood, {options.rows:,} rows", f"napari, {options.peer_rows:,} rows"]
    print(table(head, rows))
    slowest = max(ours["colour by a column"], ours["colour by another"])
    verdict = "met" if slowest <= TARGET else f"missed by {slowest - TARGET:.2f} s"
    print(f"colour {options.rows:,} objects: {slowest:.3f} s (target {TARGET} s: {verdict})")


def _text(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds:.3f}"


def grid(n: int, n_columns: int) -> tuple[npt.NDArray[np.int32], Any]:
    """Return labels of `n` squares and their table."""
    import pandas as pd

    side = int(np.ceil(np.sqrt(n)))
    at = np.arange(side * CELL)
    rows, inside = at // CELL, at % CELL < CELL - 3
    labels = rows[:, None] * side + rows[None] + 1
    labels = np.where(inside[:, None] & inside[None] & (labels <= n), labels, 0).astype(np.int32)
    rng = np.random.default_rng(0)
    ids = np.arange(1, n + 1)
    center = CELL * np.stack([(ids - 1) // side, (ids - 1) % side]) + (CELL - 4) / 2
    columns = {f"feature_{i}": rng.random(n) for i in range(n_columns - 4)}
    frame = {"label": ids, "index": ids, "centroid-0": center[0], "centroid-1": center[1]}
    return labels, pd.DataFrame({**frame, **columns})


class Clock:
    """A viewer with labels, and the time until what was done is drawn."""

    def __init__(self, n: int, n_columns: int) -> None:
        import napari

        self.labels, self.features = grid(n, n_columns)
        self.viewer = napari.Viewer()
        self.viewer.window.resize(1400, 900)
        self.layer = self.viewer.add_labels(self.labels, name="grid · objects")
        self.layer.features = self.features
        self.times: dict[str, float] = {}
        self.draw()

    def draw(self) -> None:
        """Draw what is waiting to be drawn, the canvas too."""
        from qtpy.QtWidgets import QApplication

        for _ in range(3):
            QApplication.processEvents()
        self.viewer.screenshot(flash=False)

    def time(self, name: str, run: Callable[[], Any]) -> Any:
        """Time one step."""
        start = time.perf_counter()
        result = run()
        self.draw()
        self.times[name] = time.perf_counter() - start
        return result


def measure_ours(n: int, n_columns: int) -> dict[str, float]:
    """Time Brushwood's table."""
    from brushwood.gui.table import ObjectTableWidget

    clock = Clock(n, n_columns)
    viewer, key = clock.viewer, str(clock.layer.unique_id)

    def show() -> ObjectTableWidget:
        widget = ObjectTableWidget(viewer)
        viewer.window.add_dock_widget(widget, name="Object table", area="bottom")
        return widget

    widget = clock.time("open", show)
    control, view = widget.controller, widget.face.rows
    clock.time("sort", lambda: control.sort_by("feature_1"))
    clock.time("sort downwards", lambda: control.sort_by("feature_1"))
    condition = "feature_0 > 0.25 and not feature_1 > 0.75"
    clock.time("filter", lambda: control.filter_by(condition))
    clock.time("no filter", lambda: control.filter_by(""))
    bar = view.verticalScrollBar()
    clock.time("scroll, a page", lambda: bar.setValue(bar.maximum() // 2))
    clock.time("select a row (first outlines)", lambda: view.choose(n // 2))
    clock.time("select another row", lambda: view.choose(n // 2 + 7))
    half = frozenset(clock.features["label"][::2].tolist())
    select = control.session.selection.select
    clock.time("select half of the objects", lambda: select(key, half, 1))
    clock.time("select all rows", view.choose_all)
    clock.time("select one object in the image", lambda: select(key, frozenset({5}), 5))
    clock.time("go to an object", lambda: control.go_to(n // 3))
    clock.time("colour by a column", lambda: control.colours.choose("feature_2"))
    clock.time("colour by another", lambda: control.colours.choose("feature_3"))
    clock.time("restore colours", lambda: control.colours.choose(None))
    viewer.window.remove_dock_widget(widget)
    viewer.close()
    return clock.times


def measure_napari(n: int, n_columns: int) -> dict[str, float]:
    """Time napari's features table, where this napari has one."""
    try:
        from napari_builtins._qt.features_table import FeaturesTable
    except ImportError:
        return {}
    from qtpy.QtCore import Qt

    clock = Clock(n, n_columns)
    clock.viewer.layers.selection.active = clock.layer

    def show() -> FeaturesTable:
        widget = FeaturesTable(clock.viewer)
        clock.viewer.window.add_dock_widget(widget, name="Features table", area="bottom")
        return widget

    widget = clock.time("open", show)
    up, down = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder
    clock.time("sort", lambda: widget.table.sortByColumn(3, up))
    clock.time("sort downwards", lambda: widget.table.sortByColumn(3, down))
    bar = widget.table.verticalScrollBar()
    clock.time("scroll, a page", lambda: bar.setValue(bar.maximum() // 2))
    clock.time("select another row", lambda: widget.table.selectRow(7))
    clock.time("select all rows", widget.table.selectAll)
    colours = {int(i): (0.5, 0.5, i / n, 1.0) for i in clock.features["label"]}
    colours |= {None: (0, 0, 0, 0), 0: (0, 0, 0, 0)}

    def colour() -> None:
        from napari.utils.colormaps import DirectLabelColormap

        clock.layer.colormap = DirectLabelColormap(color_dict=colours)

    clock.time("colour by a column", colour)
    clock.viewer.close()
    return clock.times


if __name__ == "__main__":
    main()
