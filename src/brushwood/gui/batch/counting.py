"""Count the images that were added, outside the GUI thread."""

from collections.abc import Callable

from qtpy.QtCore import QObject, Signal

from brushwood.gui._tasks import TaskRunner
from brushwood.jobs import Job
from brushwood.session.batch_inputs import Survey, survey
from brushwood.session.batching import BatchState


class Counting(QObject):
    """Tells the images after each change; `surveyed` carries a `Survey`."""

    surveyed = Signal(object)
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = TaskRunner(self)
        self._runner.succeeded.connect(self.surveyed)
        self._runner.failed.connect(self.failed)

    @property
    def is_busy(self) -> bool:
        """Whether an answer is still to come."""
        return self._runner.is_busy

    def count(self, state: BatchState) -> None:
        """Count."""
        sources, recursive, out = state.sources, state.recursive, state.out

        def work(job: Job, publish: Callable[[object], None]) -> Survey:
            return survey(sources, recursive=recursive, out=out, job=job)

        self._runner.submit(work)

    def stop(self) -> None:
        """Let go."""
        self._runner.drop()
