"""Find out what recipe the choices of section 1 stand for, outside the GUI thread."""

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QObject, QTimer, Signal

from brushwood.batch.recipe import Recipe
from brushwood.gui._scene import NapariScene
from brushwood.gui._tasks import TaskRunner
from brushwood.jobs import Job
from brushwood.session.batch_choice import Choice, applied, choose_file, choose_window
from brushwood.session.batching import missing
from brushwood.session.recipe_facts import gather_facts
from brushwood.session.session import Session

#: A window that is worked in is looked at when it has been still this long.
_SETTLE_MS = 1000


class Choosing(QObject):
    """Tells the recipe after each change; `chosen` carries a `Choice`."""

    chosen = Signal(object)

    def __init__(self, session: Session, scene: NapariScene, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._scene = session, scene
        self._state = session.batching
        self.choice = Choice(problem="Looking at what there is …")
        self._is_live = self._is_stale = False
        self.is_watched = True
        self._settle = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._settle.timeout.connect(self.look)
        self._runner = TaskRunner(self)
        self._runner.succeeded.connect(self._on_chosen)
        self._runner.failed.connect(self._on_failed)

    @property
    def is_busy(self) -> bool:
        """Whether an answer is still to come."""
        return self._settle.isActive() or self._runner.is_busy

    @property
    def is_looking(self) -> bool:
        """Whether an answer is being worked out now."""
        return self._runner.is_busy

    @property
    def lacking(self) -> str:
        """What must be chosen before a run can be planned, "" if nothing is missing."""
        return missing(self._state, self.choice.problem)

    @property
    def recipe(self) -> Recipe | None:
        """The recipe with the choices of section 3, None while something is missing."""
        whole = self.choice.recipe
        return None if whole is None or self.lacking else applied(whole, self._state)

    def start(self) -> None:
        """Follow the window. Calling it again does nothing."""
        if self._is_live:
            return
        self._is_live = True
        for events in self._events():
            events.connect(self._on_window)
        self._scene.connect_layers(self._on_window)
        self.look()

    def stop(self) -> None:
        """Let go. Calling it again does nothing."""
        if not self._is_live:
            return
        self._is_live = False
        for events in self._events():
            events.disconnect(self._on_window)
        self._scene.disconnect_layers(self._on_window)
        self._settle.stop()
        self._runner.drop()

    def watch(self, is_watched: bool) -> None:
        """Say whether the user sees the choice; behind another dock the window is not followed."""
        self.is_watched = is_watched
        if is_watched and self._is_stale and self._is_live:
            self._settle.start()

    def look(self) -> None:
        """Find out, now."""
        self._settle.stop()
        self._is_stale = False
        if not self._scene.is_alive:
            return
        what, truth = self._state.what, self._state.truth
        path = {"recipe": self._state.recipe, "model": self._state.model}.get(what, "")
        facts = gather_facts(self._session, self._scene) if what == "window" else None

        def work(job: Job, publish: Callable[[object], None]) -> Choice:
            if facts is not None:
                return choose_window(facts, truth, job)
            return choose_file(what, path, truth, job)

        self._runner.submit(work)

    def _events(self) -> list[Any]:
        """Return what tells that the window has come further."""
        session = self._session
        states = (session.state, session.making, session.measuring, session.comparing)
        more = (session.exploring, session.object_classes.state)
        return [state.events for state in (*states, *more)]

    def _on_window(self, event: object = None) -> None:
        if self._state.what != "window":
            return
        self._is_stale = True
        if self.is_watched:
            self._settle.start()

    def _on_chosen(self, choice: Choice) -> None:
        self.choice = choice
        self.chosen.emit(choice)

    def _on_failed(self, error: Exception) -> None:
        self._on_chosen(Choice(problem=f"{type(error).__name__}: {error}"))
