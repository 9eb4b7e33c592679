"""The buttons under the sections, the progress bar with its cancel, and the status line."""

from qtpy.QtCore import QTimer, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from brushwood.gui._widgets import rule, wrapped_label

#: Progress shows after this time, so that quick work does not flicker.
_PATIENCE_MS = 300
#: Letters of a status that are shown; a driver's build log can be pages long.
_LONGEST = 300


class ActionBar(QWidget):
    """Buttons, progress and status; it emits wishes and shows what it is told."""

    live_toggled = Signal(bool)
    train_requested = Signal()
    apply_requested = Signal()
    save_requested = Signal()
    load_requested = Signal()
    copy_requested = Signal()
    help_requested = Signal()
    cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.live = QCheckBox("Live")
        self.live.setToolTip("Train at every stroke, and update what is in view.")
        self.live.toggled.connect(self.live_toggled)
        self.train = self._button("Train", self.train_requested)
        font = self.train.font()
        font.setBold(True)
        self.train.setFont(font)
        self.apply = self._button("Apply to whole image", self.apply_requested)
        self.save = self._button("Save…", self.save_requested)
        self.load = self._button("Load…", self.load_requested)
        self.load.setToolTip("Load a model from a .brushwood file.")
        self.copy = self._button("Copy as Python", self.copy_requested)
        self.help = self._button("Help", self.help_requested)
        self.help.setToolTip("Open the documentation of this widget.")
        self._progress = QProgressBar()
        self._progress.setRange(0, 1000)
        self._progress.setTextVisible(False)
        self._cancel = self._button("Cancel", self.cancel_requested)
        self._cancel.setToolTip("Stop the work that is running.")
        self._busy = QWidget()
        self.status = wrapped_label()
        self.status.setAccessibleName("Status")
        self.status.setToolTip("What happened last, or what to do next.")
        # Two lines are always there, so that the buttons do not jump.
        self.status.setMinimumHeight(2 * self.status.fontMetrics().lineSpacing() + 2)
        self._arrange()
        self._patience = QTimer(self, singleShot=True, interval=_PATIENCE_MS)
        self._patience.timeout.connect(self._on_patience)
        self._message = ""

    def _arrange(self) -> None:
        first = QHBoxLayout()
        first.setSpacing(6)
        first.addWidget(self.live)
        first.addWidget(self.train, 1)
        grid = QGridLayout()
        grid.setSpacing(4)
        grid.addWidget(self.apply, 0, 0, 1, 2)
        grid.addWidget(self.save, 1, 0)
        grid.addWidget(self.load, 1, 1)
        grid.addWidget(self.copy, 2, 0)
        grid.addWidget(self.help, 2, 1)
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
        layout.addLayout(first)
        layout.addLayout(grid)
        layout.addWidget(self._busy)
        layout.addWidget(self.status)

    @property
    def is_progress_shown(self) -> bool:
        """Whether the progress bar and its cancel button show."""
        return not self._busy.isHidden()

    def show_ready(
        self, *, train_reason: str, apply_reason: str, save_reason: str, live: bool
    ) -> None:
        """Enable what can run; a disabled button says why."""
        self.live.blockSignals(True)
        self.live.setChecked(live)
        self.live.blockSignals(False)
        _enable(self.train, train_reason, "Train on all strokes, and update what is in view.")
        _enable(self.apply, apply_reason, "Compute the results everywhere, not only in view.")
        _enable(self.save, save_reason, "Save the model as a .brushwood file.")
        _enable(self.copy, save_reason, "Put a script on the clipboard that does the same.")

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

    def _button(self, text: str, signal: object) -> QPushButton:
        button = QPushButton(text)
        button.clicked.connect(signal)
        return button


def _enable(button: QPushButton, reason: str, tooltip: str) -> None:
    button.setEnabled(not reason)
    button.setToolTip(reason or tooltip)
