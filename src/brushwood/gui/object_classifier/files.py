"""Save and load object models, outside the GUI thread."""

from collections.abc import Callable
from pathlib import Path

from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QFileDialog, QWidget

from brushwood.gui._tasks import TaskRunner
from brushwood.jobs import Job
from brushwood.session.object_session import ObjectSession
from brushwood.session.object_work import LoadedObjectModel, ObjectRequest

_FILTER = "Brushwood model (*.brushwood)"


class ObjectModelFiles(QObject):
    """Asks for a path, then reads or writes in a worker."""

    said = Signal(str)
    loaded = Signal(object)
    failed = Signal(object)
    cancelled = Signal()
    busy_changed = Signal(bool)
    progressed = Signal(float, str)

    def __init__(
        self,
        session: ObjectSession,
        request: Callable[[], ObjectRequest | None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._request = session, request
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
        dialog = QFileDialog(parent, "Save the object model", "", _FILTER)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("brushwood")
        dialog.fileSelected.connect(self.save)
        dialog.exec()

    def ask_load(self, parent: QWidget) -> None:
        """Ask for a file, then load it."""
        dialog = QFileDialog(parent, "Load an object model", "", _FILTER)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.load)
        dialog.exec()

    def save(self, path: str, *, overwrite: bool = True) -> None:
        """Save the present model. The dialog has asked before it named an existing file."""
        engine, classes = self._session.engine, self._session.state.classes
        request = self._request()
        inputs = request.inputs if request is not None else ()

        def work(job: Job, publish: Callable[[object], None]) -> str:
            job.checkpoint()
            engine.save(Path(path), classes, overwrite=overwrite, inputs=inputs, job=job)
            return f"Saved {Path(path).name}."

        self._runner.submit(work)

    def load(self, path: str) -> None:
        """Load a model; `loaded` carries what it brings."""
        engine = self._session.engine

        def work(job: Job, publish: Callable[[object], None]) -> LoadedObjectModel:
            job.checkpoint()
            return engine.load(Path(path))

        self._runner.submit(work)

    def cancel(self) -> None:
        """Stop."""
        self._runner.cancel()

    def stop(self) -> None:
        """Stop, silently."""
        self._runner.drop()

    def _on_succeeded(self, answer: str | LoadedObjectModel) -> None:
        if isinstance(answer, str):
            self.said.emit(answer)
        else:
            self.loaded.emit(answer)
