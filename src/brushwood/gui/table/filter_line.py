"""The line for a condition on rows: it completes names of columns."""

import re
from collections.abc import Sequence

from qtpy.QtCore import QStringListModel, Qt, QTimer, Signal
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QCompleter, QLineEdit

_TYPING_MS = 250
#: Letters after which names of columns are offered.
_OFFERED_AFTER = 2
_WORD = re.compile(r"[^\W\d][\w.\-]*$")
_HELP = (
    "Show only rows for which a condition holds, such as: area > 50 and circularity < 0.8. "
    "Words: and, or, not, in (…), is missing, contains. A number alone finds this label."
)


class FilterLine(QLineEdit):
    """A line whose text counts when typing pauses; Escape empties it."""

    settled = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setPlaceholderText("Filter: area > 50 and solidity < 0.9")
        self.setToolTip(_HELP)
        self.setAccessibleName("Filter")
        self.setClearButtonEnabled(True)
        self._names = QStringListModel(self)
        self.offers = QCompleter(self._names, self)
        self.offers.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.offers.setFilterMode(Qt.MatchFlag.MatchContains)
        self.offers.setWidget(self)
        self.offers.activated.connect(self._on_offer)
        self._pause = QTimer(self, singleShot=True, interval=_TYPING_MS)
        self._pause.timeout.connect(self._on_pause)
        self.textChanged.connect(self._on_text)
        self.textEdited.connect(self._on_edited)
        self.returnPressed.connect(self._on_pause)

    def set_names(self, names: Sequence[str]) -> None:
        """Complete these names of columns."""
        self._names.setStringList(list(names))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Empty the line with Escape; keys that choose an offer belong to the offers."""
        if self.offers.popup().isVisible() and event.key() in (
            Qt.Key.Key_Return,
            Qt.Key.Key_Enter,
            Qt.Key.Key_Tab,
            Qt.Key.Key_Escape,
        ):
            event.ignore()
        elif event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        else:
            super().keyPressEvent(event)

    def _on_text(self, text: str) -> None:
        self._pause.start()

    def _on_pause(self) -> None:
        self._pause.stop()
        self.settled.emit(self.text())

    def _on_edited(self, text: str) -> None:
        found = _WORD.search(text[: self.cursorPosition()])
        word = found[0] if found else ""
        self.offers.setCompletionPrefix(word)
        known = word in self._names.stringList()
        if len(word) < _OFFERED_AFTER or known or not self.offers.completionCount():
            self.offers.popup().hide()
        else:
            self.offers.complete()

    def _on_offer(self, name: str) -> None:
        before = self.text()[: self.cursorPosition()]
        after = self.text()[self.cursorPosition() :]
        start = _WORD.sub("", before)
        self.setText(f"{start}{name} {after}")
        self.setCursorPosition(len(start) + len(name) + 1)
