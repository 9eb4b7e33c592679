"""Points as one picture: drawn by NumPy, so that 100,000 of them follow the mouse."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QImage, QPainter
from qtpy.QtSvg import QSvgGenerator

from brushwood.session.plotting import LARGEST, RADIUS, Cloud

#: Screen pixels of a cell in which points are counted, in the density look.
_CELL = 3
#: Room around the picture, so that points at its edge need no clipping.
_PAD = LARGEST + 2
#: Opacity of points that are not selected while others are.
_DIM = 100


def colour_word(colour: QColor, alpha: int = 255) -> int:
    """Return a colour as Qt stores it: premultiplied alpha, red, green, blue."""
    red, green, blue = (c * alpha // 255 for c in (colour.red(), colour.green(), colour.blue()))
    return (alpha << 24) | (red << 16) | (green << 8) | blue


class PointCloud(pg.GraphicsObject):
    """Draws a cloud; colours come as a code a row and a table of colours."""

    def __init__(self) -> None:
        super().__init__()
        self._cloud = Cloud(np.zeros(0), np.zeros(0))
        self._known = np.zeros(0, np.intp)
        self._codes = np.zeros(0, np.uint8)
        self._table = np.full(256, 0xFF888888, np.uint32)
        self._radii: npt.NDArray[np.uint8] | None = None
        self._selected: npt.NDArray[np.bool_] | None = None
        self._ink = QColor("white")
        self._density: npt.NDArray[np.uint32] | None = None
        self._cache: tuple[Any, QImage] | None = None
        self._version = 0

    def set_cloud(self, cloud: Cloud) -> None:
        """Show other points."""
        self.prepareGeometryChange()
        self._cloud, self._known = cloud, np.flatnonzero(cloud.known)
        self._codes = np.zeros(len(cloud.x), np.uint8)
        self._radii = self._selected = None
        self._changed()

    def set_colours(self, codes: npt.NDArray[np.uint8], table: npt.NDArray[np.uint32]) -> None:
        """Colour the points: a code a row, and a colour (`colour_word`) for each code."""
        self._codes, self._table = codes, table
        self._changed()

    def set_radii(self, radii: npt.NDArray[np.uint8] | None) -> None:
        """Size the points, None for all alike."""
        self._radii = radii
        self._changed()

    def set_selected(self, selected: npt.NDArray[np.bool_] | None) -> None:
        """Make these rows stand out, None for none."""
        self._selected = selected if selected is not None and selected.any() else None
        self._changed()

    def set_ink(self, ink: QColor) -> None:
        """Outline selected points in the colour of the text."""
        self._ink = ink
        self._changed()

    def set_density(self, ramp: npt.NDArray[np.uint32] | None) -> None:
        """Draw how many points lie where, in these 256 colours; None draws points."""
        self._density = ramp
        self._changed()

    def boundingRect(self) -> QRectF:
        """Return the range of the points."""
        return QRectF(*self._cloud.bounds)

    def paint(self, painter: QPainter, *args: Any) -> None:
        """Draw what is in view."""
        if not self._known.size:
            return
        view = self.getViewBox()
        transform = painter.worldTransform()
        frame = transform.mapRect(self.mapRectFromItem(view, view.boundingRect()))
        if isinstance(painter.device(), QSvgGenerator):
            self._paint_vectors(painter, transform, frame)
            return
        ratio = painter.device().devicePixelRatio() if painter.device() is not None else 1.0
        key = (
            self._version, transform.m11(), transform.m22(), transform.dx(), transform.dy(),
            frame.width(), frame.height(), ratio,
        )  # fmt: skip
        if self._cache is None or self._cache[0] != key:
            self._cache = key, self._picture(transform, frame, ratio)
        picture = self._cache[1]
        painter.save()
        painter.resetTransform()
        pad = _PAD
        target = QRectF(
            frame.x() - pad / ratio,
            frame.y() - pad / ratio,
            picture.width() / ratio,
            picture.height() / ratio,
        )
        painter.setClipRect(frame)
        painter.drawImage(target, picture)
        painter.restore()

    def _changed(self) -> None:
        self._version += 1
        self.update()

    def _positions(
        self, transform: Any, frame: QRectF, ratio: float
    ) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Return the rows in view, and where they lie on screen."""
        known = self._known
        # Rounded only after clipping: far points would overflow.
        px = ((transform.m11() * self._cloud.x[known] + transform.dx()) - frame.x()) * ratio
        py = ((transform.m22() * self._cloud.y[known] + transform.dy()) - frame.y()) * ratio
        width, height = frame.width() * ratio, frame.height() * ratio
        inside = (px > -1) & (py > -1) & (px < width + 1) & (py < height + 1)
        return known[inside], px[inside].astype(np.int32), py[inside].astype(np.int32)

    def _picture(self, transform: Any, frame: QRectF, ratio: float) -> QImage:
        rows, px, py = self._positions(transform, frame, ratio)
        width = int(np.ceil(frame.width() * ratio)) + 2 * _PAD + 2
        height = int(np.ceil(frame.height() * ratio)) + 2 * _PAD + 2
        buffer = np.zeros(height * width, np.uint32)
        at = (py + _PAD) * width + px + _PAD
        if self._density is not None:
            self._draw_density(buffer.reshape(height, width), px, py)
        elif self._selected is None:
            self._draw(buffer, width, rows, at, self._table, ratio)
        else:
            chosen = self._selected[rows]
            self._draw(buffer, width, rows[~chosen], at[~chosen], _dimmed(self._table), ratio)
        if self._selected is not None:
            chosen = self._selected[rows]
            ink = np.full(256, colour_word(self._ink), np.uint32)
            self._draw(buffer, width, rows[chosen], at[chosen], ink, ratio, grow=1)
            self._draw(buffer, width, rows[chosen], at[chosen], self._table, ratio)
        kind = QImage.Format.Format_ARGB32_Premultiplied
        # A copy, so that the picture owns its memory.
        return QImage(buffer.data, width, height, 4 * width, kind).copy()

    def _draw(
        self,
        buffer: npt.NDArray[np.uint32],
        width: int,
        rows: npt.NDArray[np.intp],
        at: npt.NDArray[np.int32],
        table: npt.NDArray[np.uint32],
        ratio: float,
        grow: int = 0,
    ) -> None:
        """Write discs into the picture, all points at once, one pixel of the disc at a time."""
        if not rows.size:
            return
        words = table[self._codes[rows]]
        for radius, part in self._by_radius(rows):
            here, colour = (at, words) if part is None else (at[part], words[part])
            for dy, dx in _disc(min(_PAD - 1, round(radius * ratio) + grow)):
                buffer[here + (dy * width + dx)] = colour

    def _by_radius(
        self, rows: npt.NDArray[np.intp]
    ) -> Iterator[tuple[int, npt.NDArray[np.intp] | None]]:
        if self._radii is None:
            yield RADIUS, None
            return
        radii = self._radii[rows]
        for radius in np.unique(radii)[::-1]:  # small points stay visible on large ones
            yield int(radius), np.flatnonzero(radii == radius)

    def _draw_density(
        self, picture: npt.NDArray[np.uint32], px: npt.NDArray[np.int32], py: npt.NDArray[np.int32]
    ) -> None:
        ramp = self._density
        if ramp is None or not px.size:
            return
        height, width = picture.shape
        rows, columns = -(-height // _CELL), -(-width // _CELL)
        cell = ((py + _PAD) // _CELL) * columns + (px + _PAD) // _CELL
        counts = np.bincount(cell, minlength=rows * columns).reshape(rows, columns)
        part = np.log1p(counts) / np.log1p(max(int(counts.max()), 1))
        words = np.where(counts > 0, ramp[(part * 255).astype(np.uint8)], 0).astype(np.uint32)
        large = np.repeat(np.repeat(words, _CELL, axis=0), _CELL, axis=1)
        picture[...] = large[:height, :width]

    def _paint_vectors(self, painter: QPainter, transform: Any, frame: QRectF) -> None:
        """Draw real circles, for a file that is enlarged without loss."""
        rows, px, py = self._positions(transform, frame, 1.0)
        words = self._table[self._codes[rows]]
        painter.save()
        painter.resetTransform()
        painter.setPen(Qt.PenStyle.NoPen)
        for row, x, y, word in zip(rows, px, py, words, strict=True):
            radius = float(RADIUS if self._radii is None else self._radii[row])
            painter.setBrush(QColor.fromRgba(int(word)))
            painter.drawEllipse(QPointF(frame.x() + x, frame.y() + y), radius, radius)
        painter.restore()


def _disc(radius: int) -> list[tuple[int, int]]:
    reach = range(-radius, radius + 1)
    limit = (radius + 0.3) ** 2
    return [(dy, dx) for dy in reach for dx in reach if dy * dy + dx * dx <= limit]


def _dimmed(table: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """Return the colours of points that step back: premultiplied, so all parts are scaled."""
    parts = table[:, None].view(np.uint8).astype(np.uint16) * _DIM // 255
    return np.ascontiguousarray(parts.astype(np.uint8)).view(np.uint32).ravel()
