"""Choose a column to colour objects by, with a legend whose range can be edited."""

import math
from collections.abc import Sequence
from html import escape

from napari.utils.colormaps import ensure_colormap
from qtpy.QtCore import Signal
from qtpy.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent
from qtpy.QtWidgets import QBoxLayout, QDoubleSpinBox, QHBoxLayout, QSizePolicy, QWidget

from brushwood.gui._colouring import RAMPS
from brushwood.gui._widgets import KeyedCombo, labelled, wrapped_label
from brushwood.session.column_colours import Coded

#: Ranges of the ramp: without the tails, all, or as typed.
ROBUST, FULL, OWN = "robust", "full", "own"
_LARGEST = 1e300
#: Names that a legend of classes lists.
_LISTED = 12


class _Ramp(QWidget):
    """A strip in the colours of a ramp."""

    def __init__(self) -> None:
        super().__init__()
        self.name = RAMPS[0]
        self.setMinimumSize(30, self.fontMetrics().height())
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setToolTip("Colours from the low to the high end; grey has no value.")

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the strip."""
        gradient = QLinearGradient(0, 0, self.width(), 0)
        places = [i / 16 for i in range(17)]
        for place, rgba in zip(places, ensure_colormap(self.name).map(places), strict=True):
            gradient.setColorAt(place, QColor.fromRgbF(*(float(part) for part in rgba)))
        painter = QPainter(self)
        painter.fillRect(self.rect().adjusted(0, 3, 0, -3), gradient)
        painter.end()


class ColourBar(QWidget):
    """Emits what the user wants, shows what is shown."""

    column_chosen = Signal(object)
    look_chosen = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.column = KeyedCombo("Colour the objects by their values in this column.")
        self.column.key_chosen.connect(self.column_chosen)
        self.ramp = KeyedCombo("The colours from low to high.")
        self.ramp.set_entries([(name, name) for name in RAMPS], RAMPS[0])
        self.ramp.key_chosen.connect(self._on_look)
        self.extent = KeyedCombo("Which values the colours span.")
        self.extent.set_entries([(ROBUST, "1 – 99 %"), (FULL, "full range"), (OWN, "own")], ROBUST)
        self.extent.key_chosen.connect(self._on_look)
        self.low = self._spin("The value of the first colour.")
        self.high = self._spin("The value of the last colour.")
        self._strip = _Ramp()
        self._names = wrapped_label()
        self._names.setToolTip("The colours of the classes; grey has none.")
        self._choices = QWidget()
        self._scale = QWidget()
        self._arrange()
        self.show_coded(None)

    def _arrange(self) -> None:
        choices = QHBoxLayout(self._choices)
        scale = QHBoxLayout(self._scale)
        for row in (choices, scale):
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(4)
        choices.addWidget(self.ramp)
        choices.addWidget(self.extent)
        scale.addWidget(self.low)
        scale.addWidget(self._strip, 1)
        scale.addWidget(self.high)
        #: Its direction follows the width of the dock.
        self.line = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self.line.setContentsMargins(0, 0, 0, 0)
        self.line.setSpacing(4)
        self.line.addLayout(labelled("Colour by", self.column), 1)
        self.line.addWidget(self._choices, 1)
        self.line.addWidget(self._scale, 1)
        self.line.addWidget(self._names, 2)

    def _spin(self, tooltip: str) -> QDoubleSpinBox:
        spin = QDoubleSpinBox(minimum=-_LARGEST, maximum=_LARGEST)
        spin.setToolTip(tooltip)
        spin.setKeyboardTracking(False)
        spin.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
        spin.setMinimumWidth(10 * self.fontMetrics().averageCharWidth())
        spin.setMaximumWidth(16 * self.fontMetrics().averageCharWidth())
        spin.valueChanged.connect(self._on_typed)
        return spin

    @property
    def limits(self) -> tuple[float, float] | None:
        """The range as typed, or None."""
        if self.extent.key != OWN:
            return None
        return self.low.value(), self.high.value()

    def show_columns(self, columns: Sequence[tuple[str, str]], chosen: str | None) -> None:
        """Show (name, header) of the columns to choose from; None is the layer's own colours."""
        self.column.set_entries([(None, "the layer's own colours"), *columns], chosen)
        self.column.setEnabled(bool(columns))

    def show_coded(self, coded: Coded | None) -> None:
        """Show the legend of what objects are coloured by."""
        numbers = coded is not None and not coded.is_classes
        self._choices.setVisible(numbers)
        self._scale.setVisible(numbers)
        self._names.setVisible(coded is not None and coded.is_classes)
        if coded is None:
            return
        if coded.is_classes:
            self._names.setText(_named(coded))
            return
        self._strip.name = str(self.ramp.key)
        self._strip.update()
        span = abs(coded.high - coded.low) or max(abs(coded.high), 1.0)
        decimals = min(9, max(0, 2 - math.floor(math.log10(span)))) if span > 0 else 2
        for spin, value in ((self.low, coded.low), (self.high, coded.high)):
            spin.blockSignals(True)
            spin.setDecimals(decimals)
            spin.setSingleStep(span / 50)
            spin.setValue(value)
            spin.blockSignals(False)

    def _on_look(self, value: object = None) -> None:
        self.look_chosen.emit()

    def _on_typed(self, value: float) -> None:
        self.extent.setCurrentIndex(self.extent.findData(OWN))
        self.look_chosen.emit()


def _named(coded: Coded) -> str:
    pairs = list(zip(coded.classes, coded.colours, strict=True))
    parts = [f'<font color="{colour}">■</font>&nbsp;{escape(name)}' for name, colour in pairs]
    more = f" … {len(parts) - _LISTED} more" if len(parts) > _LISTED else ""
    return " &nbsp; ".join(parts[:_LISTED]) + more
