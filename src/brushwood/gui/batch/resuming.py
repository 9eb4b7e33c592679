"""Offer to go on with a run of before that did not end."""

from qtpy.QtCore import QLockFile, QObject, Signal

from brushwood.gui.batch import running
from brushwood.gui.batch.resume_bar import ResumeBar
from brushwood.session import batch_record as record
from brushwood.session.batch_record import Unfinished


class Resuming(QObject):
    """Looks for such runs; `wanted` carries the `Unfinished` that the user goes on with."""

    wanted = Signal(object)

    def __init__(self, bar: ResumeBar, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bar = bar
        self.offered: Unfinished | None = None
        bar.go_on_requested.connect(self._on_go_on)
        bar.forget_requested.connect(self._on_forget)

    def look(self) -> None:
        """Offer the latest run that no window is working on."""
        folder = running.notes_folder()
        self.offered = next(
            (run for run in record.unfinished(folder) if not self._is_held(run)), None
        )
        if self.offered is None:
            self._bar.show_run("")
        else:
            self._bar.show_run(record.offer_text(self.offered), self.offered.request.out)

    def hide(self) -> None:
        """Offer nothing, while something else is running."""
        self.offered = None
        self._bar.show_run("")

    def _is_held(self, run: Unfinished) -> bool:
        lock = QLockFile(str(run.path.with_suffix(".lock")))
        lock.setStaleLockTime(0)
        if lock.tryLock(0):
            lock.unlock()
            return False
        return lock.error() == QLockFile.LockError.LockFailedError

    def _on_go_on(self) -> None:
        run, self.offered = self.offered, None
        self._bar.show_run("")
        if run is not None:
            self.wanted.emit(run)

    def _on_forget(self) -> None:
        if self.offered is not None:
            record.forget(running.notes_folder(), self.offered.request.out)
        self.look()
