"""Small charts in the colours of the theme."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import QEvent
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QSizePolicy, QWidget

#: Okabe and Ito's colours that stand out on light and dark grounds.
LINE_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")


#: Share of the width that names along the left axis may take.
_NAMES_SHARE = 0.4
#: Around labels of axes, pixels: as far as pyqtgraph moves them out of the axis.
_MARGIN = 5


@dataclass(frozen=True, eq=False, slots=True)
class Line:
    """One curve.

    Attributes
    ----------
    dashed : bool
        For what is imagined, or optimistic.
    """

    name: str
    x: Any
    y: Any
    colour: str
    dashed: bool = False
    points: bool = False


class Chart(pg.PlotWidget):
    """A chart that follows the theme and is as tall as a few lines of text."""

    def __init__(self, tooltip: str, lines: int = 11, parent: QWidget | None = None) -> None:
        super().__init__(parent, background=None)
        self.setToolTip(tooltip)
        self.setFixedHeight(lines * self.fontMetrics().lineSpacing())
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(120)
        self.getPlotItem().setMenuEnabled(False)
        self.getPlotItem().hideButtons()
        self.setMouseEnabled(False, False)
        self._legend: Any = None
        self._names: Sequence[tuple[float, str]] = []
        self._recolour()

    def show_lines(
        self,
        lines: Sequence[Line],
        x_label: str,
        y_label: str,
        *,
        y_range: tuple[float, float] | None = None,
        marks: Sequence[tuple[float, str]] = (),
    ) -> None:
        """Draw curves, and vertical marks with a text."""
        self._clear()
        plot = self.getPlotItem()
        if len(lines) > 1:
            offset = _free_corner(lines, y_range)
            self._legend = plot.addLegend(offset=offset, labelTextColor=self._ink())
        for line in lines:
            style = pg.QtCore.Qt.PenStyle.DashLine if line.dashed else None
            pen = pg.mkPen(line.colour, width=2, **({"style": style} if style else {}))
            dots = {"symbol": "o", "symbolSize": 6, "symbolBrush": line.colour, "symbolPen": None}
            plot.plot(
                np.asarray(line.x, float),
                np.asarray(line.y, float),
                pen=pen,
                name=line.name,
                **(dots if line.points else {}),
            )
        for at, text in marks:
            label = {"position": 0.08, "color": self._ink(), "movable": False}
            plot.addItem(pg.InfiniteLine(at, pen=self._ink(), label=text, labelOpts=label))
        self._set_labels(x_label, y_label)
        if y_range is not None:
            plot.setYRange(*y_range, padding=0.03)

    def show_matrix(self, values: Any, names: Sequence[str]) -> None:
        """Draw a matrix of shares from 0 to 1, rows true and columns predicted."""
        self._clear()
        plot = self.getPlotItem()
        values = np.asarray(values, float)
        n = len(values)
        image = pg.ImageItem(values, axisOrder="row-major", levels=(0, 1))
        image.setColorMap(pg.ColorMap([0.0, 1.0], [(240, 244, 250), (0, 90, 150)]))
        plot.addItem(image)
        plot.invertY(True)
        plot.setAspectLocked(False)
        if n <= 8:
            for (row, column), value in np.ndenumerate(values):
                text = pg.TextItem(
                    f"{value:.2f}", "white" if value > 0.6 else "black", anchor=(0.5, 0.5)
                )
                text.setPos(column + 0.5, row + 0.5)
                plot.addItem(text)
        ticks = [[(k + 0.5, name) for k, name in enumerate(names)]]
        plot.getAxis("bottom").setTicks(ticks)
        plot.getAxis("left").setTicks(ticks)
        self._set_labels("predicted", "true")
        plot.setRange(xRange=(0, n), yRange=(0, n), padding=0)

    def show_heat(self, values: Any, names: Sequence[str]) -> None:
        """Draw correlations from -1 (blue) over 0 (white) to 1 (red); names show in the axis."""
        self._clear()
        plot = self.getPlotItem()
        values = np.asarray(values, float)
        n = len(values)
        image = pg.ImageItem(np.nan_to_num(values), axisOrder="row-major", levels=(-1, 1))
        colours = [(33, 102, 172), (247, 247, 247), (178, 24, 43)]
        image.setColorMap(pg.ColorMap([0.0, 0.5, 1.0], colours))
        plot.addItem(image)
        plot.invertY(True)
        # More names than lines would run into each other.
        step = -(-n * self.fontMetrics().lineSpacing() // max(1, self.height() - 20))
        self._show_names([(k + 0.5, names[k]) for k in range(0, n, max(1, step))])
        plot.getAxis("bottom").setTicks([[]])
        self._set_labels("", "")
        plot.setRange(xRange=(0, n), yRange=(0, n), padding=0)

    def show_swarm(self, x: Any, y: Any, part: Any, names: Sequence[str], x_label: str) -> None:
        """Draw points in rows by name, coloured from low (blue) to high (orange)."""
        self._clear()
        plot = self.getPlotItem()
        part = np.asarray(part, float)
        ramp = pg.ColorMap([0.0, 1.0], [(0, 114, 178), (230, 159, 0)])
        brushes = [
            pg.mkBrush(c if known else QColor("gray"))
            for c, known in zip(
                ramp.map(np.nan_to_num(part), mode="qcolor"), np.isfinite(part), strict=True
            )
        ]
        dots = {"size": 4, "pen": None, "brush": brushes}
        plot.addItem(pg.ScatterPlotItem(np.asarray(x, float), np.asarray(y, float), **dots))
        plot.addItem(pg.InfiniteLine(0, pen=self._ink()))
        plot.invertY(True)
        self._show_names(list(enumerate(names)))
        self._set_labels(x_label, "")

    def show_regions(
        self,
        x: Any,
        y: Any,
        classes: Any,
        confidence: Any,
        points: tuple[Any, Any, Any] | None,
        colours: Mapping[int, str],
        names: tuple[str, str],
    ) -> None:
        """Draw which class is decided over two features, paler where it is unsure, and examples."""
        self._clear()
        plot = self.getPlotItem()
        picture = np.zeros((*classes.shape, 4), np.uint8)
        ids = np.unique(classes)
        for k, i in enumerate(ids):
            colour = QColor(colours.get(int(i), LINE_COLOURS[k % len(LINE_COLOURS)]))
            picture[classes == i, :3] = (colour.red(), colour.green(), colour.blue())
        floor = 1 / max(2, len(ids))
        sure = np.clip((confidence - floor) / (1 - floor), 0, 1)
        picture[..., 3] = (30 + 120 * sure).astype(np.uint8)
        image = pg.ImageItem(picture, axisOrder="row-major")
        image.setRect(float(x[0]), float(y[0]), float(x[-1] - x[0]), float(y[-1] - y[0]))
        plot.addItem(image)
        if points is not None:
            px, py, pc = points
            for k, i in enumerate(ids):
                colour = QColor(colours.get(int(i), LINE_COLOURS[k % len(LINE_COLOURS)]))
                mine = pc == i
                dots = {"size": 4, "pen": None, "brush": colour}
                plot.addItem(pg.ScatterPlotItem(px[mine], py[mine], **dots))
        self._set_labels(names[0], names[1])
        plot.setRange(xRange=(x[0], x[-1]), yRange=(y[0], y[-1]), padding=0)

    def _set_labels(self, bottom: str, left: str) -> None:
        plot = self.getPlotItem()
        plot.setLabel("bottom", bottom)
        plot.setLabel("left", left)
        show_whole_label(self, bool(bottom))

    def resizeEvent(self, event: Any) -> None:
        """Shorten names anew."""
        super().resizeEvent(event)
        # Qt resizes before there is a plot, and when it is gone.
        if getattr(self, "_names", None) and self.getPlotItem() is not None:
            self._show_names(self._names)

    def _show_names(self, names: Sequence[tuple[float, str]]) -> None:
        """Write names along the left axis, shortened so that more than half is left to draw in."""
        self._names = names
        room, cut = int(_NAMES_SHARE * self.width()), pg.QtCore.Qt.TextElideMode.ElideMiddle
        short = [(at, self.fontMetrics().elidedText(name, cut, room)) for at, name in names]
        self.getPlotItem().getAxis("left").setTicks([short])

    def _clear(self) -> None:
        self._names = []
        plot = self.getPlotItem()
        plot.clear()
        if self._legend is not None:
            self._legend.scene().removeItem(self._legend)
            self._legend = plot.legend = None  # or it would be taken again, and not be seen
        plot.invertY(False)
        for side in ("bottom", "left"):
            plot.getAxis(side).setTicks(None)
        plot.enableAutoRange()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        # Qt tells of the first palette before there is a plot.
        is_themed = event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange)
        if is_themed and self.getPlotItem() is not None:
            self._recolour()

    def _ink(self) -> QColor:
        return self.palette().color(self.foregroundRole())

    def _recolour(self) -> None:
        ink = self._ink()
        for side in ("bottom", "left"):
            axis = self.getPlotItem().getAxis(side)
            axis.setPen(ink)
            axis.setTextPen(ink)
            axis.label.setDefaultTextColor(ink)
            axis.enableAutoSIPrefix(False)


def show_whole_label(chart: pg.PlotWidget, has_label: bool) -> None:
    """Make the bottom axis high enough; pyqtgraph cuts the lowest fifth of its label off."""
    axis, line = chart.getPlotItem().getAxis("bottom"), chart.fontMetrics().lineSpacing()
    axis.label.document().setDocumentMargin(_MARGIN)
    axis.setHeight(2 * line + 14 if has_label else None)


def _free_corner(lines: Sequence[Line], y_range: tuple[float, float] | None) -> tuple[float, float]:
    """Return where names hide least of the curves: an offset from a corner."""
    x = np.concatenate([_between(line.x) for line in lines])
    y = np.concatenate([_between(line.y) for line in lines])
    known = np.isfinite(x) & np.isfinite(y)
    if not known.any():
        return -8, -8
    low, high = y_range or (y[known].min(), y[known].max())
    right = (x[known] - x[known].min()) / max(float(np.ptp(x[known])), 1e-12)
    up = (y[known] - low) / max(high - low, 1e-12)
    corners = {
        (-8, -8): (right > 0.4) & (up < 0.5),
        (-8, 4): (right > 0.4) & (up > 0.5),
        (8, -8): (right < 0.6) & (up < 0.5),
        (8, 4): (right < 0.6) & (up > 0.5),
    }
    return min(corners, key=lambda corner: int(corners[corner].sum()))


def _between(values: Any) -> Any:
    """Return a curve's values with more between them, so that its lines count, too."""
    values = np.asarray(values, float)
    steps = np.arange(0, max(len(values) - 1, 0) + 0.05, 0.1)
    return np.interp(steps, np.arange(len(values)), values) if len(values) else values
