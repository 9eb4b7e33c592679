"""Make the device ready for a setup, and measure what its features cost."""

from collections.abc import Callable

from qtpy.QtCore import QObject, QTimer, Signal

from brushwood.features.spec import FeatureSet
from brushwood.gui._tasks import TaskRunner
from brushwood.jobs import Job
from brushwood.session.feature_preview import seconds_a_megapixel
from brushwood.session.live import warm_up
from brushwood.session.state import SessionState
from brushwood.session.work import Setup

#: Ticks that follow each other are measured once.
_DEBOUNCE_MS = 400


class CostMeter(QObject):
    """Builds the kernels for the present features before the first stroke, and times them."""

    measured = Signal(float)

    def __init__(self, state: SessionState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._known: dict[tuple[FeatureSet, int, int, str | None], float] = {}
        self._wanted: tuple[FeatureSet, int, int, str | None] | None = None
        self._runner = TaskRunner(self)
        self._runner.succeeded.connect(self._on_succeeded)
        self._debounce = QTimer(self, singleShot=True, interval=_DEBOUNCE_MS)
        self._debounce.timeout.connect(self._submit)

    def schedule(self, n_channels: int) -> None:
        """Measure soon, or answer at once from memory."""
        state = self._state
        wanted = (state.features, state.ndim, n_channels, state.device)
        if wanted == self._wanted:
            return
        self._wanted = wanted
        if wanted in self._known:
            self.measured.emit(self._known[wanted])
        elif not state.device_problem:
            self._debounce.start()

    def stop(self) -> None:
        """Stop measuring."""
        self._debounce.stop()
        self._runner.drop()
        self._wanted = None

    def _submit(self) -> None:
        wanted = self._wanted
        if wanted is None:
            return

        features, ndim, n_channels, device = wanted
        state = self._state
        setup = Setup(features, state.forest, state.finish, ndim, n_channels, device)

        def work(job: Job, publish: Callable[[object], None]) -> tuple[object, float]:
            warm_up(setup, job)
            return wanted, seconds_a_megapixel(*wanted, job)

        self._runner.submit(work)

    def _on_succeeded(self, answer: tuple[object, float]) -> None:
        wanted, seconds = answer
        self._known[wanted] = seconds
        if wanted == self._wanted:
            self.measured.emit(seconds)
