"""Run work in a thread: the newest request wins, and every request ends exactly once."""

import time
from collections.abc import Callable
from typing import Any

from napari.qt.threading import create_worker
from qtpy.QtCore import QObject, Signal, Slot
from superqt.utils import WorkerBase

from brushwood.jobs import Cancelled, Job

#: Progress arrives at most this often, so that a quick loop does not flood the window.
_PROGRESS_EVERY = 0.05

#: Work that runs in a thread: takes a job and a function that publishes partial results.
Work = Callable[[Job, Callable[[object], None]], Any]


class _JobSignals(QObject):
    """What superqt's worker base emits, and two more."""

    started = Signal()
    finished = Signal()
    _finished = Signal(object)
    returned = Signal(object)
    errored = Signal(object)
    warned = Signal(tuple)
    progressed = Signal(float, str)
    published = Signal(object)


class JobWorker(WorkerBase):
    """A worker whose `quit`, which napari calls at exit, cancels its job."""

    def __init__(self, work: Work) -> None:
        super().__init__(SignalsClass=_JobSignals)
        self._work: Work | None = work
        self._last = 0.0
        self.job = Job(self._report)

    def quit(self) -> None:
        """Cancel the job."""
        self.job.cancel()
        super().quit()

    def work(self) -> Any:
        """Run once. The request is let go, because napari keeps workers in its task list."""
        run, self._work = self._work, None
        if run is None or self.job.is_cancelled:
            raise Cancelled
        return run(self.job, self.signals.published.emit)

    def _report(self, fraction: float, message: str) -> None:
        now = time.perf_counter()
        if now - self._last >= _PROGRESS_EVERY:
            self._last = now
            self.signals.progressed.emit(fraction, message)


class _Ticket(QObject):
    """One request. Its slots live in the GUI thread and go when the runner goes."""

    def __init__(self, runner: "TaskRunner", worker: JobWorker) -> None:
        super().__init__(runner)
        self.worker = worker
        worker.progressed.connect(self._on_progressed)
        worker.published.connect(self._on_published)
        worker.returned.connect(self._on_returned)
        worker.errored.connect(self._on_errored)
        worker.finished.connect(self._on_finished)

    def _is_current(self) -> bool:
        return self.parent().ticket is self and not self.worker.job.is_cancelled

    @Slot(float, str)
    def _on_progressed(self, fraction: float, message: str) -> None:
        if self._is_current():
            self.parent().progressed.emit(fraction, message)

    @Slot(object)
    def _on_published(self, part: object) -> None:
        if self._is_current():
            self.parent().published.emit(part)

    @Slot(object)
    def _on_returned(self, value: object) -> None:
        self.parent().settle(self, self.parent().succeeded, value)

    @Slot(object)
    def _on_errored(self, error: Exception) -> None:
        if isinstance(error, Cancelled):
            self.parent().settle(self, self.parent().cancelled)
        else:
            self.parent().settle(self, self.parent().failed, error)

    @Slot()
    def _on_finished(self) -> None:
        # quit() hides `returned`: then this is the end.
        self.parent().settle(self, self.parent().cancelled)
        self.deleteLater()


class TaskRunner(QObject):
    """Runs one kind of work.

    A new request cancels the one before, which ends silently. Otherwise each request ends with one
    of `succeeded`, `failed` or `cancelled`. `published` carries parts on the way; parts of a
    request that was cancelled or superseded are dropped.

    Parameters
    ----------
    announced : bool
        Tell napari, which then asks before closing. For work that the user would miss; napari keeps
        a line for each such task, so not for work that runs at every stroke.
    """

    progressed = Signal(float, str)
    published = Signal(object)
    succeeded = Signal(object)
    failed = Signal(object)
    cancelled = Signal()
    busy_changed = Signal(bool)

    def __init__(self, parent: QObject | None = None, *, announced: bool = False) -> None:
        super().__init__(parent)
        self._announced = announced
        self.ticket: _Ticket | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a request has not ended yet."""
        return self.ticket is not None

    def submit(self, work: Work) -> None:
        """Start work, and cancel what is running."""
        was_busy = self.is_busy
        self._quit()
        if self._announced:
            worker = create_worker(
                work, _worker_class=JobWorker, _start_thread=False, _ignore_errors=True
            )
        else:
            worker = JobWorker(work)
        self.ticket = _Ticket(self, worker)
        if not was_busy:
            self.busy_changed.emit(True)
        worker.start()

    def cancel(self) -> None:
        """Ask the running work to stop; `cancelled` follows when it has."""
        if self.ticket is not None:
            self.ticket.worker.quit()

    def drop(self) -> None:
        """Stop the running work and forget it, without a signal."""
        self._quit()
        if self.ticket is not None:
            self.ticket = None
            self.busy_changed.emit(False)

    def _quit(self) -> None:
        if self.ticket is not None:
            self.ticket.worker.quit()

    def settle(self, ticket: _Ticket, signal: Any, *payload: object) -> None:
        """End a request, unless it was superseded. Called by tickets."""
        if ticket is not self.ticket:
            return
        self.ticket = None
        self.busy_changed.emit(False)
        signal.emit(*payload)
