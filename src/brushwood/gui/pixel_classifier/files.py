"""Save and load models, outside the GUI thread."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from napari.utils.notifications import show_warning
from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QFileDialog, QWidget

from brushwood.gui._tasks import TaskRunner
from brushwood.jobs import Job
from brushwood.session.classes import named_classes
from brushwood.session.session import Session
from brushwood.session.state import ModelInfo
from brushwood.session.work import LoadedModel

_OURS, _APOC = "Brushwood model (*.brushwood)", "APOC classifier (*.cl)"
_EITHER = "Models (*.brushwood *.cl)"


@dataclass(frozen=True, slots=True)
class Saved:
    """A model file that was written, and what it cannot hold."""

    name: str
    notes: tuple[str, ...]


class ModelFiles(QObject):
    """Asks for a path, then reads or writes in a worker."""

    said = Signal(str)
    loaded = Signal()
    failed = Signal(object)
    cancelled = Signal()
    busy_changed = Signal(bool)
    progressed = Signal(float, str)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._runner = TaskRunner(self, announced=True)
        self._runner.succeeded.connect(self._on_succeeded)
        self._runner.failed.connect(self.failed)
        self._runner.cancelled.connect(self.cancelled)
        self._runner.busy_changed.connect(self.busy_changed)
        self._runner.progressed.connect(self.progressed)

    @property
    def is_running(self) -> bool:
        """Whether a file is being read or written."""
        return self._runner.is_busy

    def ask_save(self, parent: QWidget) -> None:
        """Ask for a file name, and whether to replace an existing file; then save."""
        dialog = QFileDialog(parent, "Save the model", "", f"{_OURS};;{_APOC}")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("brushwood")
        dialog.filterSelected.connect(
            lambda chosen: dialog.setDefaultSuffix("cl" if chosen == _APOC else "brushwood")
        )
        dialog.fileSelected.connect(self.save)
        dialog.exec()

    def ask_load(self, parent: QWidget) -> None:
        """Ask for a file, then load it."""
        dialog = QFileDialog(parent, "Load a model", "", f"{_EITHER};;{_OURS};;{_APOC}")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.load)
        dialog.exec()

    def save(self, path: str, *, overwrite: bool = True) -> None:
        """Save the present model. The dialog has asked before it named an existing file."""
        engine, classes = self._session.engine, self._session.state.classes

        def work(job: Job, publish: Callable[[object], None]) -> Saved:
            job.checkpoint()
            notes = engine.save(Path(path), classes, overwrite=overwrite)
            return Saved(Path(path).name, notes)

        self._runner.submit(work)

    def load(self, path: str) -> None:
        """Load a model and take over its features, classes, names and colours."""
        engine, state = self._session.engine, self._session.state
        device, ndim = state.device, state.ndim

        def work(job: Job, publish: Callable[[object], None]) -> LoadedModel:
            job.checkpoint()
            return engine.load(Path(path), device, ndim)

        self._runner.submit(work)

    def cancel(self) -> None:
        """Stop."""
        self._runner.cancel()

    def stop(self) -> None:
        """Stop, silently."""
        self._runner.drop()

    def _on_succeeded(self, answer: Saved | LoadedModel) -> None:
        if answer.notes:
            # A sentence in the status line may be gone before it is read.
            show_warning(" ".join((f"{answer.name}:", *answer.notes)))
        if isinstance(answer, Saved):
            self.said.emit(" ".join((f"Saved {answer.name}.", *answer.notes)))
            return
        state = self._session.state
        state.features, state.forest, state.finish = answer.features, answer.forest, answer.finish
        state.classes = named_classes(dict(answer.names), dict(answer.colours))
        state.current_class = state.classes[0].id
        state.ndim = answer.ndim
        state.model = ModelInfo(
            answer.name,
            answer.ndim,
            answer.n_channels,
            answer.class_ids,
            answer.version,
            answer.stored,
        )
        names = ", ".join(c.name for c in state.classes)
        self.said.emit(" ".join((f"Loaded {answer.name}: {names}.", *answer.notes)))
        self.loaded.emit()
