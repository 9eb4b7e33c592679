"""Find out what recipe the choices of section 1 stand for, outside the GUI thread."""

from collections.abc import Callable

from qtpy.QtCore import QObject, QTimer, Signal

from brushwood.gui._scene import NapariScene
from brushwood.gui._tasks import TaskRunner
from brushwood.jobs import Job
from brushwood.session.batch_choice import Choice, choose_file
from brushwood.session.session import Session

#: A window that is worked in is looked at when it has been still this long.
_SETTLE_MS = 800


class Choosing(QObject):
    """Tells the recipe after each change; `chosen` carries a `Choice`."""

    chosen = Signal(object)

    def __init__(self, session: Session, scene: NapariScene, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._scene = session, scene
        self._state = session.batching
        self.choice = Choice(problem="Looking at what there is …")
        self._settle = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._settle.timeout.connect(self.look)
        self._runner = TaskRunner(self)
        self._runner.succeeded.connect(self._on_chosen)
        self._runner.failed.connect(self._on_failed)

    @property
    def is_busy(self) -> bool:
        """Whether an answer is still to come."""
        return self._settle.isActive() or self._runner.is_busy

    def look(self) -> None:
        """Find out, now."""
        self._settle.stop()
        what = self._state.what
        path = {"recipe": self._state.recipe, "model": self._state.model}.get(what, "")

        def work(job: Job, publish: Callable[[object], None]) -> Choice:
            return choose_file(what, path, job)

        self._runner.submit(work)

    def stop(self) -> None:
        """Let go."""
        self._settle.stop()
        self._runner.drop()

    def _on_chosen(self, choice: Choice) -> None:
        self.choice = choice
        self.chosen.emit(choice)

    def _on_failed(self, error: Exception) -> None:
        self._on_chosen(Choice(problem=f"{type(error).__name__}: {error}"))
