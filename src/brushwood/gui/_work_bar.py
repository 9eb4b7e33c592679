"""The foot of a dock: buttons, the progress bar with its cancel, and the status line."""

from qtpy.QtCore import QTimer, Signal
from qtpy.QtWidgets import QHBoxLayout, QLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from brushwood.gui._widgets import rule, wrapped_label

#: Progress shows after this time, so that quick work does not flicker.
_PATIENCE_MS = 300
#: Letters of a status that are shown; a driver's build log can be pages long.
_LONGEST = 300


class WorkBar(QWidget):
    """Progress and status; a subclass puts its buttons on top with `arrange`."""

    cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._progress = QProgressBar()
        self._progress.setRange(0, 1000)
        self._progress.setTextVisible(False)
        self._cancel = self.button("Cancel", self.cancel_requested)
        self._cancel.setToolTip("Stop the work that is running.")
        self._busy = QWidget()
        self.status = wrapped_label()
        self.status.setAccessibleName("Status")
        self.status.setToolTip("What happened last, or what to do next.")
        # Two lines are always there, so that the buttons do not jump.
        self.status.setMinimumHeight(2 * self.status.fontMetrics().lineSpacing() + 2)
        self._patience = QTimer(self, singleShot=True, interval=_PATIENCE_MS)
        self._patience.timeout.connect(self._on_patience)
        self._message = ""

    def arrange(self, *rows: QLayout) -> None:
        """Lay out rows of buttons above progress and status. Call once."""
        line = QHBoxLayout(self._busy)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(6)
        line.addWidget(self._progress, 1)
        line.addWidget(self._cancel)
        self._busy.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2, 2, 2, 2)
        layout.setSpacing(4)
        layout.addWidget(rule())
        for row in rows:
            layout.addLayout(row)
        layout.addWidget(self._busy)
        layout.addWidget(self.status)

    @property
    def is_progress_shown(self) -> bool:
        """Whether the progress bar and its cancel button show."""
        return not self._busy.isHidden()

    def show_busy(self, busy: bool) -> None:
        """Show progress and cancel, after a moment so that quick work does not flicker; or hide."""
        self._progress.setValue(0)
        if not busy:
            self._message = ""
            self._patience.stop()
            self._busy.hide()
        elif self._busy.isHidden() and not self._patience.isActive():
            self._patience.start()

    def show_progress(self, fraction: float, message: str) -> None:
        """Move the bar, and say what is being done once the bar shows."""
        self._progress.setValue(round(1000 * fraction))
        self._message = message or self._message
        if self.is_progress_shown and self._message:
            self.show_status(f"{self._message} … {fraction:.0%}")

    def _on_patience(self) -> None:
        self._busy.show()
        if self._message:
            self.show_status(f"{self._message} …")

    def show_status(self, sentence: str) -> None:
        """Say what happened, or what to do next; a long report stands in the tooltip."""
        short = sentence.strip().split("\n")[0]
        if len(short) > _LONGEST:
            short = f"{short[:_LONGEST].rsplit(' ', 1)[0]} …"
        self.status.setText(short)
        self.status.setToolTip(sentence)

    def button(self, text: str, signal: object) -> QPushButton:
        """Return a button that emits a signal."""
        button = QPushButton(text)
        button.clicked.connect(signal)
        return button


def enable(button: QPushButton, reason: str, tooltip: str) -> None:
    """Enable a button unless there is a reason not to, which then is its tooltip."""
    button.setEnabled(not reason)
    button.setToolTip(reason or tooltip)
