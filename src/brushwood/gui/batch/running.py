"""Run a batch in a process of its own, note it on disk until it ends, and tell what it says."""

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from qtpy.QtCore import QLockFile, QObject, QStandardPaths, Signal

from brushwood.batch.recipe import Recipe
from brushwood.errors import BrushwoodError
from brushwood.gui._tasks import TaskRunner
from brushwood.gui.batch.process import LineProcess
from brushwood.jobs import Job
from brushwood.session import batch_record as record
from brushwood.session.batch_choice import write_recipe
from brushwood.session.batch_events import EndTold, FileTold, OverallTold, PlanTold, parse_line
from brushwood.session.batch_text import died_sentence
from brushwood.session.batching import RunRequest, arguments

#: How often the thread that stands for the process looks whether it goes on, s.
_LOOK_EVERY = 0.1
#: How often the note is renewed, s.
_NOTE_EVERY = 5.0


def notes_folder() -> Path:
    """Return where runs are noted that have not ended."""
    kind = QStandardPaths.StandardLocation.GenericDataLocation
    folder = Path(QStandardPaths.writableLocation(kind)) / "brushwood" / "batch"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:  # a home that is read-only
        return Path(tempfile.gettempdir()) / "brushwood-batch"
    return folder if os.access(folder, os.W_OK) else Path(tempfile.gettempdir()) / "brushwood-batch"


class _Presence:
    """Work that lasts as long as the process: napari asks before closing, and names this."""

    def __init__(self, title: str) -> None:
        self._title = title
        self.is_over = False

    def __call__(self, job: Job, publish: Callable[[object], None]) -> None:
        while not self.is_over:
            job.checkpoint()
            time.sleep(_LOOK_EVERY)

    def __str__(self) -> str:
        return self._title


class Running(QObject):
    """One run at a time.

    ``planned``, ``file_changed`` and ``overall`` carry what the process tells. ``ended`` comes once
    a run, with an `EndTold` or None, and a sentence if it died.
    """

    planned = Signal(object)
    file_changed = Signal(object)
    overall = Signal(object)
    ended = Signal(object, str)
    refused = Signal(str)
    busy_changed = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.request: RunRequest | None = None
        self._title, self._n, self._done, self._noted = "", 0, set(), 0.0
        self._end: EndTold | None = None
        self._lock: QLockFile | None = None
        self._environment: dict[str, str] = {}
        self._writer = TaskRunner(self)
        self._writer.succeeded.connect(self._launch)
        self._writer.failed.connect(self._on_unwritten)
        self._presence: _Presence | None = None
        self._keeper = TaskRunner(self, announced=True)
        self._keeper.cancelled.connect(self.cancel)
        self.process = LineProcess()
        self.process.line.connect(self._on_line)
        self.process.ended.connect(self._on_ended)

    @property
    def is_busy(self) -> bool:
        """Whether a run has not ended yet."""
        return self._writer.is_busy or self.process.is_running

    def start(
        self, recipe: Recipe, request: RunRequest, title: str, environment: dict[str, str]
    ) -> None:
        """Start a run; its recipe is put beside its note."""
        if self.is_busy:
            return
        folder = notes_folder()
        path = record.recipe_path(folder, request.out)
        if not self._take(folder, request.out):
            self.refused.emit(
                "Another window is filling this folder. Wait until it is done, or choose another "
                "folder."
            )
            return
        self.request = replace(request, recipe=str(path))
        self._title, self._n, self._done, self._noted = title, 0, set(), 0.0
        self._end, self._environment = None, environment

        def work(job: Job, publish: Callable[[object], None]) -> None:
            job.checkpoint()
            write_recipe(recipe, path)

        self._writer.submit(work)
        self.busy_changed.emit(True)

    def cancel(self) -> None:
        """Ask the run to stop; `ended` follows."""
        self.process.cancel()

    def stop(self) -> None:
        """Stop the run and hear no more of it; its note stays, so that it can be resumed."""
        if self.process.is_running:
            self._note()
        self._writer.drop()
        self.process.drop()
        self._leave()

    def _take(self, folder: Path, out: str) -> bool:
        """Lock a folder of results; a lock of a program that is gone counts for nothing."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            return True  # then nothing can be noted either; writing the recipe says why
        lock = QLockFile(str(record.note_path(folder, out).with_suffix(".lock")))
        lock.setStaleLockTime(0)
        if not lock.tryLock(0):
            return lock.error() != QLockFile.LockError.LockFailedError
        self._lock = lock
        return True

    def _launch(self, _: object = None) -> None:
        if self.request is None:
            return
        self._note()
        self._presence = _Presence(f"a batch of images into {self.request.out!r}")
        self._keeper.submit(self._presence)
        self.process.start(arguments(self.request), self._environment)

    def _on_unwritten(self, error: Exception) -> None:
        self._leave()
        self.busy_changed.emit(False)
        said = str(error) or type(error).__name__
        known = isinstance(error, BrushwoodError | OSError | MemoryError)
        self.refused.emit(said if known else f"{type(error).__name__}: {said}")

    def _on_line(self, line: str) -> None:
        told = parse_line(line)
        if isinstance(told, FileTold):
            if told.state in ("done", "skipped"):
                self._done.add(told.path)
                if time.monotonic() - self._noted > _NOTE_EVERY:
                    self._note()
            self.file_changed.emit(told)
        elif isinstance(told, OverallTold):
            self.overall.emit(told)
        elif isinstance(told, PlanTold):
            self._n = len(told.files)
            self._done = {file.path for file in told.files if file.state == "skipped"}
            self.planned.emit(told)
        elif isinstance(told, EndTold):
            self._end = told

    def _on_ended(self, code: int) -> None:
        end, request = self._end, self.request
        if request is not None:
            if end is not None and end.state in ("done", "failed"):
                record.forget(notes_folder(), request.out)
            else:
                self._note()
        self._leave()
        self.busy_changed.emit(False)
        self.ended.emit(end, "" if end is not None else died_sentence(code, [*self.process.log]))

    def _note(self) -> None:
        if self.request is not None:
            self._noted = time.monotonic()
            record.write_note(notes_folder(), self.request, self._title, self._n, len(self._done))

    def _leave(self) -> None:
        if self._presence is not None:
            self._presence.is_over = True
            self._presence = None
        self._keeper.drop()
        if self._lock is not None:
            self._lock.unlock()
            self._lock = None
