"""What the mouse does in a plot: move it, or draw a gate."""

from typing import Any, Literal

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import Qt, Signal

Mode = Literal["pan", "rectangle", "lasso", "polygon"]
#: A lasso keeps a corner every so many screen pixels.
_STEP = 3.0


class PlotViewBox(pg.ViewBox):
    """A view that pans and zooms, or collects the corners of a shape.

    Signals
    -------
    clicked : (x, y, bool)
        A click in pan mode, and whether it adds to the selection.
    shape_drawn : (kind, list of (x, y))
    shape_changed : (list of (x, y))
        The shape so far; empty when it was given up.
    """

    clicked = Signal(float, float, bool)
    shape_drawn = Signal(str, list)
    shape_changed = Signal(list)

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self._mode: Mode = "pan"
        self._corners: list[tuple[float, float]] = []

    @property
    def mode(self) -> Mode:
        """What dragging does."""
        return self._mode

    def set_mode(self, mode: Mode) -> None:
        """Choose what dragging does; a shape that is being drawn is given up."""
        self._mode = mode
        self.give_up()

    def give_up(self) -> None:
        """Forget the shape that is being drawn."""
        self._corners = []
        self.shape_changed.emit([])

    def finish(self) -> None:
        """Close the polygon that is being drawn."""
        corners, self._corners = self._corners, []
        self.shape_changed.emit([])
        if len(set(corners)) >= 3:
            self.shape_drawn.emit("polygon", corners)

    def mouseDragEvent(self, ev: Any, axis: int | None = None) -> None:
        """Pan, or draw a rectangle or a lasso."""
        if self._mode in ("pan", "polygon") or ev.button() != Qt.MouseButton.LeftButton:
            super().mouseDragEvent(ev, axis)
            return
        ev.accept()
        here = self._point(ev.pos())
        if ev.isStart():
            self._corners = [self._point(ev.buttonDownPos())]
        if self._mode == "rectangle":
            (x0, y0), (x1, y1) = self._corners[0], here
            shape = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
        else:
            if self._is_far(self._corners[-1], here):
                self._corners.append(here)
            shape = list(self._corners)
        if not ev.isFinish():
            self.shape_changed.emit(shape)
            return
        self._corners = []
        self.shape_changed.emit([])
        if len(set(shape)) >= 3:
            self.shape_drawn.emit("rectangle" if self._mode == "rectangle" else "polygon", shape)

    def mouseClickEvent(self, ev: Any) -> None:
        """Choose a point, or add a corner to a polygon; a double click closes it."""
        if ev.button() != Qt.MouseButton.LeftButton:
            super().mouseClickEvent(ev)
            return
        ev.accept()
        x, y = self._point(ev.pos())
        if self._mode != "polygon":
            keys = ev.modifiers()
            more = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier
            self.clicked.emit(x, y, bool(keys & more))
        elif ev.double():
            self.finish()
        else:
            self._corners.append((x, y))
            self.shape_changed.emit(list(self._corners))

    def _point(self, position: Any) -> tuple[float, float]:
        at = self.mapToView(position)
        return float(at.x()), float(at.y())

    def _is_far(self, a: tuple[float, float], b: tuple[float, float]) -> bool:
        width, height = self.viewPixelSize()
        return bool(np.hypot((a[0] - b[0]) / width, (a[1] - b[1]) / height) >= _STEP)
