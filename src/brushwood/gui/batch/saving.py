"""Save the recipe with the choices of the batch, outside the GUI thread."""

import re
from collections.abc import Callable
from pathlib import Path

from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QFileDialog, QWidget

from brushwood.batch.recipe import Recipe
from brushwood.errors import BrushwoodError
from brushwood.gui._tasks import TaskRunner
from brushwood.jobs import Job

_UNFIT = re.compile(r"[^\w.-]+")
_KINDS = "Recipe (*.json);;Python script with its models (*.py)"


class Saving(QObject):
    """Asks for a file name, then writes in a worker."""

    said = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = TaskRunner(self, announced=True)
        self._runner.succeeded.connect(lambda sentence: self.said.emit(sentence))
        self._runner.failed.connect(self._on_failed)

    @property
    def is_busy(self) -> bool:
        """Whether a file is being written."""
        return self._runner.is_busy

    def ask(self, recipe: Recipe, parent: QWidget) -> None:
        """Ask for a file name, and whether to replace an existing file; then save."""
        stem = _UNFIT.sub("_", recipe.name).strip("._")
        name = f"{stem or 'recipe'}.json"
        path, kind = QFileDialog.getSaveFileName(parent, "Save recipe", name, _KINDS)
        if path:
            ending = ".py" if "(*.py)" in kind else ".json"
            self.save(recipe, Path(path if Path(path).suffix else f"{path}{ending}"))

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

    def stop(self) -> None:
        """Stop, silently."""
        self._runner.drop()

    def _on_failed(self, error: Exception) -> None:
        said = str(error) or type(error).__name__
        known = isinstance(error, BrushwoodError | OSError | MemoryError)
        self.said.emit(said if known else f"It could not be saved: {type(error).__name__}: {said}")
