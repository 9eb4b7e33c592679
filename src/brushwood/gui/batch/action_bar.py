"""The buttons of the batch."""

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QWidget

from brushwood.gui._work_bar import WorkBar, enable


class BatchActions(WorkBar):
    """Start or resume, copy, help; progress and status."""

    start_requested = Signal()
    copy_requested = Signal()
    help_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._start = self.button("Start", self.start_requested)
        self._start.setDefault(True)
        self._copy = self.button("Copy as Python", self.copy_requested)
        self._help = self.button("Help", self.help_requested)
        self._help.setToolTip("Read how to apply a recipe to folders.")
        self._cancel.setToolTip("Stop within a second; what is done is kept, Resume goes on.")
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self._start, 1)
        row.addWidget(self._copy)
        row.addWidget(self._help)
        self.arrange(row)

    def show_ready(self, reason: str, copy_reason: str, *, resumes: bool) -> None:
        """Enable what can run; the primary button says whether something is done already."""
        self._start.setText("Resume" if resumes else "Start")
        tooltip = (
            "Do the images that are not done yet; complete results stay."
            if resumes
            else "Do this to all images, in a process of its own: napari stays quick."
        )
        enable(self._start, reason, tooltip)
        enable(self._copy, copy_reason, "Copy a script that does the same, and its command line.")

    def show_run_progress(self, fraction: float, sentence: str) -> None:
        """Move the bar, with a sentence that has its own numbers."""
        self._progress.setValue(round(1000 * fraction))
        self._message = sentence
        self.show_status(sentence)

    def show_stopping(self) -> None:
        """Say that the process was asked to stop."""
        self._cancel.setEnabled(False)
        self.show_status("Stopping …")

    def show_busy(self, busy: bool) -> None:
        """Show or hide progress and cancel."""
        self._cancel.setEnabled(True)
        super().show_busy(busy)
