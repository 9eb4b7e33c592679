"""Save the recipe, copy a script, and open what a run has written in other programs."""

import os
import re
from collections.abc import Callable
from pathlib import Path

from qtpy.QtCore import QObject, QUrl, Signal
from qtpy.QtGui import QDesktopServices, QGuiApplication
from qtpy.QtWidgets import QFileDialog

from brushwood.batch.recipe import Recipe
from brushwood.errors import BrushwoodError
from brushwood.gui._tasks import TaskRunner
from brushwood.gui.batch.choosing import Choosing
from brushwood.gui.batch.view import BatchView
from brushwood.jobs import Job
from brushwood.session.batch_choice import applied
from brushwood.session.batch_script import WINDOW_COPIED, batch_script
from brushwood.session.batching import BatchState

_UNFIT = re.compile(r"[^\w.-]+")
_KINDS = "Recipe (*.json);;Python script with its models (*.py)"


class Exporting(QObject):
    """Takes the choices out of the window."""

    said = Signal(str)

    def __init__(
        self,
        state: BatchState,
        choosing: Choosing,
        view: BatchView,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._state, self._choosing, self._view = state, choosing, view
        view.what.save_requested.connect(self.ask_save)
        view.actions.copy_requested.connect(self.copy)
        self._runner = TaskRunner(self, announced=True)
        self._runner.succeeded.connect(lambda sentence: self.said.emit(sentence))
        self._runner.failed.connect(self._on_failed)

    @property
    def is_busy(self) -> bool:
        """Whether a file is being written."""
        return self._runner.is_busy

    def ask_save(self) -> None:
        """Ask for a file name, and whether to replace an existing file; then save."""
        whole = self._choosing.choice.recipe
        if whole is None or not self._state.save:
            return
        stem = _UNFIT.sub("_", whole.name).strip("._")
        name = f"{stem or 'recipe'}.json"
        path, kind = QFileDialog.getSaveFileName(self._view, "Save recipe", name, _KINDS)
        if path:
            ending = ".py" if "(*.py)" in kind else ".json"
            target = Path(path if Path(path).suffix else f"{path}{ending}")
            self.save(applied(whole, self._state), target)

    def save(self, recipe: Recipe, path: Path) -> None:
        """Write a recipe or a script; the dialog has asked before it named an existing file."""

        def work(job: Job, publish: Callable[[object], None]) -> str:
            job.checkpoint()
            if path.suffix.lower() == ".py":
                files = recipe.write_script(path, overwrite=path.exists())
                return f"Saved {', '.join(file.name for file in files)}."
            recipe.save(path, overwrite=True)
            return f"Saved {path.name}, with its models inside."

        self._runner.submit(work)

    def copy(self) -> None:
        """Put a script that makes the same files on the clipboard."""
        recipe = self._choosing.recipe
        if recipe is None:
            return
        if self._state.what == "window":
            text, said = recipe.to_script(), WINDOW_COPIED
        else:
            text = batch_script(self._state, self._choosing.choice.title)
            said = "A script that makes the same files is on the clipboard."
        QGuiApplication.clipboard().setText(text)
        self.said.emit(said)

    def open(self, path: str) -> None:
        """Open a file or folder with the program that the system has for it."""
        if not os.path.exists(path):
            self.said.emit(f"{path} is not there any more.")
        elif not QDesktopServices.openUrl(QUrl.fromLocalFile(path)):
            self.said.emit(f"No program answers. Open it yourself: {path}")

    def stop(self) -> None:
        """Stop, silently."""
        self._runner.drop()

    def _on_failed(self, error: Exception) -> None:
        said = str(error) or type(error).__name__
        known = isinstance(error, BrushwoodError | OSError | MemoryError)
        self.said.emit(said if known else f"It could not be saved: {type(error).__name__}: {said}")
