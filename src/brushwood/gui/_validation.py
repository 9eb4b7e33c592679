"""Test a classifier in the background, and show the answer in its section."""

from collections.abc import Callable

from qtpy.QtCore import QObject, Signal

from brushwood.errors import BrushwoodError
from brushwood.gui._tasks import TaskRunner
from brushwood.gui._validation_section import ValidationSection
from brushwood.jobs import Job
from brushwood.session.validating import (
    Validated,
    ValidateRequest,
    ValidatingState,
    run_validation,
)

#: Returns the request for the present choices, or a sentence that says what is missing.
MakeRequest = Callable[[ValidatingState], ValidateRequest | str]


class Validator(QObject):
    """Answers one question at a time; the newest wins.

    Parameters
    ----------
    state : ValidatingState
    section : ValidationSection
    make : callable
        Gathers everything that a worker needs, in the GUI thread.
    colours : callable
        Returns the colour of each class.
    bys : tuple of str
        What can be held out here.
    """

    said = Signal(str)
    failed = Signal(object)
    cancelled = Signal()
    busy_changed = Signal(bool)
    progressed = Signal(float, str)

    def __init__(
        self,
        state: ValidatingState,
        section: ValidationSection,
        make: MakeRequest,
        colours: Callable[[], dict[int, str]],
        bys: tuple[str, ...],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._state, self._section, self._make = state, section, make
        self._colours, self._bys = colours, bys
        self.done: Validated | None = None
        self._runner = TaskRunner(self, announced=True)
        self._runner.succeeded.connect(self._on_done)
        self._runner.failed.connect(self._on_failed)
        self._runner.cancelled.connect(self.cancelled)
        self._runner.busy_changed.connect(self.busy_changed)
        self._runner.progressed.connect(self.progressed)
        section.test_requested.connect(self.run)
        section.choice_made.connect(self._on_choice)

    @property
    def is_running(self) -> bool:
        """Whether a question is being answered."""
        return self._runner.is_busy

    def refresh(self, reason: str) -> None:
        """Show the choices; `reason` says why nothing can be tested, "" if it can."""
        self._section.show_choices(self._state, self._bys, reason)

    def run(self) -> None:
        """Answer the question that is chosen."""
        request = self._make(self._state)
        if isinstance(request, str):
            self.said.emit(request)
            return

        def work(job: Job, publish: Callable[[object], None]) -> Validated:
            return run_validation(request, job)

        self._runner.submit(work)

    def cancel(self) -> None:
        """Stop; the last answer stays."""
        self._runner.cancel()

    def stop(self) -> None:
        """Stop, silently."""
        self._runner.drop()

    def forget(self) -> None:
        """Take an answer away that no longer belongs to what is shown."""
        self.done = None
        self._section.show_nothing()

    def _on_choice(self, name: str, value: object) -> None:
        setattr(self._state, name, value)
        self._section.show_choices(self._state, self._bys, "")

    def _on_failed(self, error: Exception) -> None:
        # Live results may take the status line at once, so the section says it as well.
        if isinstance(error, BrushwoodError):
            self._section.show_problem(str(error))
        self.failed.emit(error)

    def _on_done(self, done: Validated) -> None:
        self.done = done
        self._section.show_answer(done, self._colours())
        self._section.set_open(True)
        self.said.emit(done.sentence)
