"""Compile UMAP in the background, so that its first layout does not take half a minute longer."""

from collections.abc import Callable

from qtpy.QtCore import QObject, Signal

from brushwood.explore.manifold import is_warm, warm_up
from brushwood.explore.optional import is_there
from brushwood.gui._tasks import TaskRunner
from brushwood.jobs import Job


class Warming(QObject):
    """Runs once a process, and says so."""

    said = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = TaskRunner(self)
        self._runner.succeeded.connect(lambda _: self.said.emit("UMAP is ready. Press Run."))

    @property
    def is_running(self) -> bool:
        """Whether UMAP is being compiled for this widget."""
        return self._runner.is_busy

    def begin(self) -> None:
        """Begin, unless it was done or UMAP is missing."""
        if is_warm() or not is_there("umap") or self._runner.is_busy:
            return
        self.said.emit("Preparing UMAP in the background; the first time takes half a minute.")

        def work(job: Job, publish: Callable[[object], None]) -> None:
            warm_up(job)

        self._runner.submit(work)

    def stop(self) -> None:
        """Stop waiting for it."""
        self._runner.drop()
