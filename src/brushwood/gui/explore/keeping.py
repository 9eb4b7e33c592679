"""Keep the classifier of an exploration: save it, apply it to all layers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QFileDialog

from brushwood.errors import BrushwoodError
from brushwood.gui._scene import key_of
from brushwood.gui._tasks import TaskRunner
from brushwood.jobs import Job
from brushwood.objects.classifier import ObjectClassifier
from brushwood.session.explore_work import Kept
from brushwood.session.exploring import ObjectRows

#: Column that the classifier fills.
COLUMN = "cluster by classifier"


class Keeping(QObject):
    """Holds the classifier, and works in a thread."""

    said = Signal(str)

    def __init__(self, controller: Any) -> None:
        super().__init__(controller)
        self._controller = controller
        self.kept: Kept | None = None
        self._runner = TaskRunner(self, announced=True)
        self._runner.succeeded.connect(self._on_done)
        self._runner.failed.connect(self._on_failed)
        self._runner.cancelled.connect(lambda: self.said.emit("Cancelled."))

    def take(self, kept: Kept) -> None:
        """Keep a classifier."""
        self.kept = kept
        self._controller.state.learned = kept.classifier

    @property
    def classifier(self) -> ObjectClassifier | None:
        """The classifier, None before it was trained."""
        return self.kept.classifier if self.kept is not None else None

    def forget(self) -> None:
        """Drop the classifier."""
        self.kept = None
        self._controller.state.learned = None

    def stop(self) -> None:
        """Stop, silently."""
        self._runner.drop()

    def ask_save(self) -> None:
        """Ask for a file, and save."""
        classifier = self.classifier
        if classifier is None:
            return
        path, _ = QFileDialog.getSaveFileName(
            self._controller.view, "Save the classifier", "groups.brushwood",
            "Brushwood model (*.brushwood)",
        )  # fmt: skip
        if path:
            self.save(Path(path))

    def save(self, path: Path) -> None:
        """Save in a worker; the dialog has asked before replacing a file."""
        classifier = self.classifier

        def work(job: Job, publish: Callable[[object], None]) -> str:
            classifier.save(path, overwrite=True)
            return f"Saved as {path.name}. Open it in the object classifier on other images."

        self._runner.submit(work)

    def apply(self) -> None:
        """Give the objects of every measured layer their group."""
        classifier, source = self.classifier, self._controller.source
        if classifier is None:
            return
        keys = tuple(key_of(layer) for layer in source.layers())
        tables = []
        for key in keys:
            try:
                rows = source.rows((key,))
                classifier.check(rows.table)
            except BrushwoodError:
                continue
            tables.append(rows)
        if not tables:
            self.said.emit("No other layer has the columns that the classifier needs.")
            return

        def work(job: Job, publish: Callable[[object], None]) -> list[tuple[ObjectRows, Any]]:
            return [(rows, classifier.predict(rows.table, job=job)) for rows in tables]

        self._runner.submit(work)

    def _on_done(self, done: str | list[tuple[ObjectRows, Any]]) -> None:
        if isinstance(done, str):
            self.said.emit(done)
            return
        n = 0
        for rows, ids in done:
            now = self._controller.source.rows(rows.keys)
            if now.same_objects(rows):
                self._controller.source.write(rows, {COLUMN: np.asarray(ids)})
                n += len(rows)
        layers = f"{len(done)} layer{'s' * (len(done) != 1)}"
        self.said.emit(f"{n:,} objects of {layers} have their group, in the column {COLUMN!r}.")

    def _on_failed(self, error: Exception) -> None:
        self.said.emit(str(error) or type(error).__name__)
