"""Small widgets that every Brushwood dock is made of."""

from collections.abc import Iterable

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QColor, QIcon, QPainter, QPixmap
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from superqt import QElidingLabel


class Section(QWidget):
    """A numbered part of a dock that folds to one line with its summary.

    Parameters
    ----------
    title : str
        For example ``"1  Image"``.
    tooltip : str
        What the section is for, one sentence.
    """

    folded = Signal(bool)

    def __init__(self, title: str, tooltip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._header = QToolButton(text=title, checkable=True, checked=True)
        self._header.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._header.setAutoRaise(True)
        self._header.setToolTip(f"{tooltip} Click to fold or unfold.")
        self._header.setArrowType(Qt.ArrowType.DownArrow)
        font = self._header.font()
        font.setBold(True)
        self._header.setFont(font)
        self._summary = QElidingLabel("")
        self._summary.setToolTip(tooltip)
        self._summary.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._full_summary = ""
        self._body = QWidget()
        self.box = QVBoxLayout(self._body)
        self.box.setContentsMargins(12, 0, 2, 6)
        self.box.setSpacing(4)
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addWidget(self._header)
        line.addWidget(self._summary, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(line)
        layout.addWidget(self._body)
        self._header.toggled.connect(self._on_toggled)

    @property
    def is_open(self) -> bool:
        """Whether the body shows."""
        return self._header.isChecked()

    def set_open(self, value: bool) -> None:
        """Fold or unfold."""
        self._header.setChecked(value)

    @property
    def summary(self) -> str:
        """The choice in one line, shown while folded."""
        return self._full_summary

    def set_summary(self, text: str) -> None:
        """Set the line that is shown while folded."""
        self._full_summary = text
        self._summary.setText("" if self.is_open else text)
        self._summary.setToolTip(text)

    def _on_toggled(self, is_open: bool) -> None:
        arrow = Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow
        self._header.setArrowType(arrow)
        self._body.setVisible(is_open)
        self.set_summary(self._full_summary)
        self.folded.emit(not is_open)


class KeyedCombo(QComboBox):
    """A combo box whose choice is a key that survives when entries come and go.

    ``key_chosen`` is emitted when the user chooses, never when the entries change.
    """

    key_chosen = Signal(object)

    def __init__(self, tooltip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setToolTip(tooltip)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(2)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(9 * self.fontMetrics().averageCharWidth())
        self.activated.connect(self._on_activated)

    @property
    def key(self) -> object:
        """The key of the current entry, or None."""
        return self.currentData()

    def set_entries(self, entries: Iterable[tuple[object, str]], key: object) -> None:
        """Show these (key, text) entries, with `key` chosen if it is among them."""
        wanted = list(entries)
        have = [(self.itemData(i), self.itemText(i)) for i in range(self.count())]
        if wanted != have:
            self.clear()
            for data, text in wanted:
                self.addItem(text, data)
        keys = [data for data, _ in wanted]
        self.setCurrentIndex(keys.index(key) if key in keys else -1)

    def wheelEvent(self, event: object) -> None:
        """Leave the wheel to the scroll area: a choice must not change in passing."""
        event.ignore()

    def _on_activated(self, index: int) -> None:
        self.key_chosen.emit(self.itemData(index))


def swatch(colour: str, widget: QWidget) -> QIcon:
    """Return a square icon of one colour, framed in the widget's text colour."""
    side = max(10, widget.fontMetrics().height())
    pixmap = QPixmap(QSize(side, side))
    pixmap.fill(QColor(colour))
    painter = QPainter(pixmap)
    painter.setPen(widget.palette().color(widget.foregroundRole()))
    painter.drawRect(0, 0, side - 1, side - 1)
    painter.end()
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)  # Qt would tint it in a selected row
    return icon


def layer_box(name: str, tooltip: str) -> QCheckBox:
    """Return a check box for a layer; a long name is cut off rather than widening the dock."""
    box = QCheckBox(name)
    box.setToolTip(tooltip)
    box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    return box


def labelled(text: str, *widgets: QWidget, tooltip: str = "") -> QHBoxLayout:
    """Return a row: a text and the widgets that it names."""
    row = QHBoxLayout()
    row.setSpacing(6)
    label = QLabel(text)
    label.setToolTip(tooltip or (widgets[0].toolTip() if widgets else ""))
    if widgets:
        label.setBuddy(widgets[0])
    row.addWidget(label)
    for widget in widgets:
        row.addWidget(widget)
    return row


def wrapped_label(text: str = "") -> QLabel:
    """Return a label that breaks lines instead of widening the dock."""
    label = QLabel(text)
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def rule() -> QFrame:
    """Return a thin horizontal line."""
    line = QFrame()
    line.setFrameShape(QFrame.Shape.HLine)
    return line


def scrolled(content: QWidget) -> QScrollArea:
    """Return a scroll area that shows `content` as wide as the dock."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(content)
    return area
