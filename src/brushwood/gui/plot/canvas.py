"""The scatter plot: points, gates, hover and keyboard; it knows nothing of layers."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from qtpy.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QImage, QKeyEvent, QPainter, QPixmap, QPolygonF
from qtpy.QtSvg import QSvgGenerator
from qtpy.QtWidgets import QGraphicsPolygonItem, QWidget

from brushwood.errors import OutputError
from brushwood.explore.gates import Gate, Polygon, Rectangle
from brushwood.gui._charts import show_whole_label
from brushwood.gui._colouring import palette_of
from brushwood.gui.plot.cloud import PointCloud, colour_word
from brushwood.gui.plot.hover import HoverCard
from brushwood.gui.plot.view_box import Mode, PlotViewBox
from brushwood.io.atomic import replacing
from brushwood.session.column_colours import Coded, coded
from brushwood.session.plotting import Cloud, Look, nearest

#: Returns the text of a row's card, and its picture.
Describe = Callable[[int], tuple[str, QPixmap | None]]
#: Keys of the modes, which work while the plot has the focus.
KEYS: dict[Mode, str] = {"pan": "M", "rectangle": "R", "lasso": "L", "polygon": "P"}
#: The pointer is looked up at most so many times a second.
_HOVER_RATE = 30


class PlotCanvas(pg.PlotWidget):
    """Draws a cloud and tells what the user points at.

    Signals
    -------
    row_clicked : (row, bool)
        -1 beside all points; whether it adds to the selection.
    gate_drawn : (Gate)
    mode_changed : (str)
    undo_requested, delete_requested : ()
    """

    row_clicked = Signal(int, bool)
    gate_drawn = Signal(object)
    mode_changed = Signal(str)
    undo_requested = Signal()
    delete_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        self.box = PlotViewBox()
        super().__init__(parent, background=None, viewBox=self.box)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Scatter plot")
        self.cloud_item = PointCloud()
        self.box.addItem(self.cloud_item)
        self._cloud = Cloud(np.zeros(0), np.zeros(0))
        self._look: Look = "auto"
        self._describe: Describe | None = None
        self._hovered: int | None = None
        self._gates: list[QGraphicsPolygonItem] = []
        self._texts: list[pg.TextItem] = []
        self._sketch = self._polygon_item(QColor("#E69F00"), dashed=True)
        self._card = HoverCard(self)
        self._moves = pg.SignalProxy(
            self.scene().sigMouseMoved, rateLimit=_HOVER_RATE, slot=self._on_moved
        )
        self.getPlotItem().hideButtons()
        self.box.clicked.connect(self._on_clicked)
        self.box.shape_changed.connect(self._on_sketch)
        self.box.shape_drawn.connect(self._on_shape)
        self._recolour()

    def sizeHint(self) -> QSize:
        """Ask for room to see something."""
        side = 40 * self.fontMetrics().averageCharWidth()
        return QSize(side, side)

    @property
    def cloud(self) -> Cloud:
        """What is drawn."""
        return self._cloud

    @property
    def hovered(self) -> int | None:
        """The row under the pointer, or None."""
        return self._hovered

    def show_cloud(self, cloud: Cloud, *, keep_view: bool = False) -> None:
        """Draw other points; the view is fitted to them unless it is to stay."""
        self._cloud = cloud
        self._hide_card()
        self.cloud_item.set_cloud(cloud)
        self._apply_look()
        plot = self.getPlotItem()
        plot.setLabel("bottom", cloud.x_header or cloud.x_name)
        plot.setLabel("left", cloud.y_header or cloud.y_name)
        show_whole_label(self, bool(cloud.x_name))
        if not keep_view:
            self.fit()

    def fit(self) -> None:
        """Show all points."""
        x, y, width, height = self._cloud.bounds
        self.box.setRange(QRectF(x, y, width, height), padding=0.04)

    def show_colours(self, found: Coded | None, ramp: str = "viridis") -> None:
        """Colour the points by a column, None for one colour."""
        n = len(self._cloud.x)
        if found is None:
            table = np.full(256, colour_word(QColor("#56B4E9")), np.uint32)
            self.cloud_item.set_colours(np.zeros(n, np.uint8), table)
            return
        table = np.full(256, colour_word(QColor("gray")), np.uint32)
        words = [
            colour_word(QColor.fromRgbF(*map(float, rgba))) for rgba in palette_of(found, ramp)
        ]
        table[: len(words)] = words
        self.cloud_item.set_colours(found.codes, table)

    def show_radii(self, radii: npt.NDArray[np.uint8] | None) -> None:
        """Size the points, None for all alike."""
        self.cloud_item.set_radii(radii)

    def show_selected(self, selected: npt.NDArray[np.bool_] | None) -> None:
        """Make rows stand out."""
        self.cloud_item.set_selected(selected)

    def show_gates(self, gates: Sequence[tuple[str, Gate, str]]) -> None:
        """Draw gates of these two columns: name, shape, colour."""
        for item in (*self._gates, *self._texts):
            self.box.removeItem(item)
        self._gates, self._texts = [], []
        for name, gate, colour in gates:
            corners = corners_of(gate, self._cloud)
            if corners is None:
                continue
            item = self._polygon_item(QColor(colour))
            item.setPolygon(QPolygonF([QPointF(*c) for c in corners]))
            text = pg.TextItem(name, colour, anchor=(0, 0))  # inside, where it is never cut off
            text.setPos(min(x for x, _ in corners), max(y for _, y in corners))
            self.box.addItem(text, ignoreBounds=True)
            self._gates.append(item)
            self._texts.append(text)

    def set_describe(self, describe: Describe | None) -> None:
        """Say what is shown of the row under the pointer."""
        self._describe = describe

    def set_mode(self, mode: Mode) -> None:
        """Choose what dragging does."""
        if mode != self.box.mode:
            self.box.set_mode(mode)
            shape = Qt.CursorShape
            self.setCursor(shape.ArrowCursor if mode == "pan" else shape.CrossCursor)
            self.mode_changed.emit(mode)

    def set_look(self, look: Look) -> None:
        """Choose between points and density."""
        self._look = look
        self._apply_look()

    def save(self, path: Path, *, overwrite: bool = False) -> None:
        """Write the plot as PNG, twice as fine as the screen, or as SVG.

        Raises
        ------
        OutputExistsError, OutputError
            If a file stands there, or it cannot be written.
        """
        self._hide_card()
        with replacing(path, overwrite=overwrite) as temporary:
            if path.suffix.lower() == ".svg":
                self._save_svg(temporary)
            else:
                self._save_png(temporary, path)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Choose modes, finish or give up shapes, undo, fit."""
        key, text = event.key(), event.text().upper()
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        mode = next((m for m, letter in KEYS.items() if letter == text), None)
        if control and key == Qt.Key.Key_Z:
            self.undo_requested.emit()
        elif mode is not None and not control:
            self.set_mode(mode)
        elif key == Qt.Key.Key_Escape:
            self.box.give_up()
            self.set_mode("pan")
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.box.finish()
        elif key == Qt.Key.Key_Home:
            self.fit()
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.delete_requested.emit()
        else:
            super().keyPressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Take the card away with the pointer."""
        super().leaveEvent(event)
        self._hide_card()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        is_themed = event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange)
        if is_themed and hasattr(self, "cloud_item"):
            self._recolour()

    def _apply_look(self) -> None:
        ramp = None
        if self._cloud.shows_density(self._look):
            steps = coded("density", np.linspace(0.0, 1.0, 256))
            colours = palette_of(steps, "inferno")
            words = [colour_word(QColor.fromRgbF(*map(float, colours[c]))) for c in steps.codes]
            ramp = np.array(words, np.uint32)
        self.cloud_item.set_density(ramp)

    def _on_clicked(self, x: float, y: float, extend: bool) -> None:
        row = nearest(self._cloud, (x, y), self.box.viewPixelSize())
        self.row_clicked.emit(-1 if row is None else row, extend)

    def _on_sketch(self, corners: list[tuple[float, float]]) -> None:
        self._sketch.setPolygon(QPolygonF([QPointF(*c) for c in corners]))

    def _on_shape(self, kind: str, corners: list[tuple[float, float]]) -> None:
        names = self._cloud.x_name, self._cloud.y_name
        xs, ys = [c[0] for c in corners], [c[1] for c in corners]
        if kind == "rectangle":
            self.gate_drawn.emit(Rectangle(*names, (min(xs), max(xs)), (min(ys), max(ys))))
        else:
            self.gate_drawn.emit(Polygon(*names, tuple(corners)))

    def _on_moved(self, args: tuple[Any, ...]) -> None:
        position = args[0]
        if self._describe is None or not self.box.sceneBoundingRect().contains(position):
            self._hide_card()
            return
        at = self.box.mapSceneToView(position)
        row = nearest(self._cloud, (at.x(), at.y()), self.box.viewPixelSize())
        if row is None:
            self._hide_card()
            return
        self._hovered = row
        text, picture = self._describe(row)
        point = self.mapFromScene(position)
        self._card.show_at(QPoint(int(point.x()), int(point.y())), text, picture)

    def _hide_card(self) -> None:
        self._hovered = None
        self._card.hide()

    def _polygon_item(self, colour: QColor, *, dashed: bool = False) -> QGraphicsPolygonItem:
        item = QGraphicsPolygonItem()
        style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
        item.setPen(pg.mkPen(colour, width=2, style=style))
        fill = QColor(colour)
        fill.setAlpha(24)
        item.setBrush(fill)
        self.box.addItem(item, ignoreBounds=True)
        return item

    def _recolour(self) -> None:
        ink = self.palette().color(self.foregroundRole())
        self.cloud_item.set_ink(ink)
        for side in ("bottom", "left"):
            axis = self.getPlotItem().getAxis(side)
            axis.setPen(ink)
            axis.setTextPen(ink)
            axis.label.setDefaultTextColor(ink)
            axis.enableAutoSIPrefix(False)

    def _save_png(self, temporary: Path, path: Path) -> None:
        size = self.size()
        picture = QImage(size * 2, QImage.Format.Format_ARGB32)
        picture.setDevicePixelRatio(2.0)
        picture.fill(self.palette().color(self.backgroundRole()))
        painter = QPainter(picture)
        self.render(painter, QRectF(0, 0, size.width(), size.height()), self.rect())
        painter.end()
        if not picture.save(str(temporary), "PNG"):
            raise OutputError(
                f"The plot could not be written to {str(path)!r}. Try another folder."
            )

    def _save_svg(self, temporary: Path) -> None:
        file = QSvgGenerator()
        file.setFileName(str(temporary))
        file.setResolution(96)  # that of a browser, so that sizes are as on screen
        file.setSize(self.size())
        file.setViewBox(self.rect())
        painter = QPainter(file)
        painter.fillRect(self.rect(), self.palette().color(self.backgroundRole()))
        self.render(painter, QRectF(self.rect()), self.rect())
        painter.end()


def corners_of(gate: Gate, cloud: Cloud) -> list[tuple[float, float]] | None:
    """Return the corners of a gate in the present plot, None if it belongs to other columns."""
    if (gate.x, gate.y) != (cloud.x_name, cloud.y_name):
        return None
    if isinstance(gate, Polygon):
        return list(gate.vertices)
    x, y, width, height = cloud.bounds
    # An open end reaches far beyond the points.
    far = (x - 10 * width, x + 11 * width), (y - 10 * height, y + 11 * height)
    (x0, x1), (y0, y1) = (
        (max(low, ends[0]), min(high, ends[1]))
        for (low, high), ends in zip((gate.x_range, gate.y_range), far, strict=True)
    )
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
