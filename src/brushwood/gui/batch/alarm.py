"""Text that says what stands in the way, in red as far as the theme lets it be read."""

from collections.abc import Sequence
from html import escape

from qtpy.QtCore import QEvent
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QLabel, QSizePolicy, QWidget

#: Okabe and Ito's vermillion: a red that colour-blind readers can tell from the text.
_RED = QColor("#D55E00")
#: Its share where it is mixed with the colour of the text.
_SHARE = 0.75
#: Texts that are listed; the tooltip holds all.
_MOST = 6


def alarm_colour(widget: QWidget) -> QColor:
    """Return a red that stands out from the widget's background in a dark and a light theme."""
    text = widget.palette().color(widget.foregroundRole())
    parts = zip(_RED.getRgb()[:3], text.getRgb()[:3], strict=True)
    return QColor(*(round(_SHARE * red + (1 - _SHARE) * ink) for red, ink in parts))


class AlarmLabel(QLabel):
    """Lists problems; hidden without any."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWordWrap(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self._texts: tuple[str, ...] = ()
        self.hide()

    @property
    def texts(self) -> tuple[str, ...]:
        """The problems."""
        return self._texts

    def show_texts(self, texts: Sequence[str]) -> None:
        """Show these problems."""
        self._texts = tuple(texts)
        self.setToolTip("\n".join(self._texts))
        self._write()
        self.setVisible(bool(self._texts))

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self._write()

    def _write(self) -> None:
        more = len(self._texts) - _MOST
        lines = [escape(text).replace("\n", "<br>") for text in self._texts[:_MOST]]
        lines += [f"… and {more} more"] if more > 0 else []
        colour = alarm_colour(self).name()
        html = "<br>".join(f'<span style="color:{colour}">▲ {line}</span>' for line in lines)
        if html != self.text():
            self.setText(html)
