"""Ask a process what a run would do; the newest question wins."""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from qtpy.QtCore import QObject, QTimer, Signal

from brushwood.batch.recipe import Recipe
from brushwood.errors import BrushwoodError
from brushwood.gui._tasks import TaskRunner
from brushwood.gui.batch.process import LineProcess
from brushwood.jobs import Job
from brushwood.session.batch_choice import write_recipe
from brushwood.session.batch_events import EndTold, PlanTold, parse_line
from brushwood.session.batch_text import for_window, refused_sentence
from brushwood.session.batching import RunRequest, arguments

#: Choices that are made in a burst are planned once.
_SETTLE_MS = 400


class Planning(QObject):
    """Plans after each change of the choices.

    ``planned`` carries a `PlanTold`; ``refused`` a sentence if there can be no plan.
    """

    planned = Signal(object)
    refused = Signal(str)
    busy_changed = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._wanted: tuple[Recipe, RunRequest, dict[str, str]] | None = None
        self._plan: PlanTold | None = None
        self._why = ""
        self._folder: Path | None = None
        self._settle = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._settle.timeout.connect(self._prepare)
        self._runner = TaskRunner(self)
        self._runner.succeeded.connect(self._ask)
        self._runner.failed.connect(self._on_failed)
        self.process = LineProcess()
        self.process.line.connect(self._on_line)
        self.process.ended.connect(self._on_ended)

    @property
    def is_busy(self) -> bool:
        """Whether an answer is still to come."""
        return self._settle.isActive() or self._runner.is_busy or self.process.is_running

    def ask(self, recipe: Recipe, request: RunRequest, environment: dict[str, str]) -> None:
        """Plan soon; `request.recipe` is replaced by a file for the time being."""
        self.stop()
        self._wanted = recipe, request, environment
        self._settle.start()
        self.busy_changed.emit(True)

    def stop(self) -> None:
        """Drop the question."""
        self._settle.stop()
        self._runner.drop()
        self.process.drop()
        self._wanted = self._plan = None
        self._why = ""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _prepare(self) -> None:
        if self._wanted is None:
            return
        recipe, request, environment = self._wanted
        try:
            self._folder = Path(tempfile.mkdtemp(prefix="brushwood-plan-"))
        except OSError as error:
            self._on_failed(error)
            return
        path = self._folder / "recipe.json"

        def work(job: Job, publish: Callable[[object], None]) -> object:
            job.checkpoint()
            write_recipe(recipe, path)
            return replace(request, recipe=str(path)), environment

        self._runner.submit(work)

    def _ask(self, answer: tuple[RunRequest, dict[str, str]]) -> None:
        request, environment = answer
        self.process.start(arguments(request, dry_run=True), environment)

    def _on_line(self, line: str) -> None:
        told = parse_line(line)
        if isinstance(told, PlanTold):
            self._plan = told
        elif isinstance(told, EndTold) and told.problems:
            self._why = " ".join(told.problems)

    def _on_ended(self, code: int) -> None:
        plan, log = self._plan, list(self.process.log)
        why = for_window(self._why) or refused_sentence(code, log)
        self.stop()
        self.busy_changed.emit(False)
        if plan is not None:
            self.planned.emit(plan)
        else:
            self.refused.emit(why)

    def _on_failed(self, error: Exception) -> None:
        self.stop()
        self.busy_changed.emit(False)
        known = isinstance(error, BrushwoodError | OSError | MemoryError)
        said = str(error) or type(error).__name__
        self.refused.emit(said if known else f"{type(error).__name__}: {said}")
