"""Do all steps to one image in a worker, and show it with its results."""

from collections.abc import Callable

from qtpy.QtCore import QObject, Signal

from brushwood.errors import BrushwoodError
from brushwood.gui._scene import NapariScene
from brushwood.gui._tasks import TaskRunner
from brushwood.gui.batch.opening import show_layers
from brushwood.jobs import Job
from brushwood.session.batch_choice import Choice
from brushwood.session.batch_layers import Opened
from brushwood.session.batch_preview import preview


class Previewing(QObject):
    """One preview at a time; the newest wins."""

    said = Signal(str)
    busy_changed = Signal(bool)
    progressed = Signal(float, str)

    def __init__(self, scene: NapariScene, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._scene = scene
        self._runner = TaskRunner(self, announced=True)
        self._runner.succeeded.connect(self._on_made)
        self._runner.failed.connect(self._on_failed)
        self._runner.cancelled.connect(lambda: self.said.emit("Stopped the preview."))
        self._runner.busy_changed.connect(self.busy_changed)
        self._runner.progressed.connect(self.progressed)

    @property
    def is_busy(self) -> bool:
        """Whether a preview is being made."""
        return self._runner.is_busy

    def make(self, path: str, choice: Choice, device: str | None) -> None:
        """Make a preview of an image."""
        recipe = choice.recipe
        if recipe is None:
            return

        def work(job: Job, publish: Callable[[object], None]) -> tuple[Opened, str]:
            return preview(path, recipe, choice.classes, choice.object_classes, device, job)

        self._runner.submit(work)

    def cancel(self) -> None:
        """Stop."""
        self._runner.cancel()

    def stop(self) -> None:
        """Stop, silently."""
        self._runner.drop()

    def _on_made(self, answer: tuple[Opened, str]) -> None:
        opened, said = answer
        if self._scene.is_alive:
            show_layers(self._scene, opened)
            self.said.emit(said)

    def _on_failed(self, error: Exception) -> None:
        said = str(error) or type(error).__name__
        known = isinstance(error, BrushwoodError | OSError | MemoryError)
        self.said.emit(said if known else f"The preview failed: {type(error).__name__}: {said}")
