"""Find out in a thread which class ids a labels layer holds."""

from qtpy.QtCore import QObject, Signal

from brushwood.gui._scene import NapariScene, full_data
from brushwood.gui._tasks import TaskRunner
from brushwood.jobs import Job
from brushwood.session.objects_compute import class_values


class Looker(QObject):
    """Looks at one layer at a time; the newest wins."""

    found = Signal(str, object)
    failed = Signal(object)

    def __init__(self, scene: NapariScene, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._scene = scene
        self._runner = TaskRunner(self)
        self._runner.succeeded.connect(self._on_succeeded)
        self._runner.failed.connect(self.failed)

    @property
    def is_running(self) -> bool:
        """Whether a layer is being looked at."""
        return self._runner.is_busy

    def look(self, key: str) -> None:
        """Start."""
        layer = self._scene.layer(key)
        if layer is None:
            return
        data = full_data(layer)

        def work(job: Job, publish: object) -> tuple[str, tuple[int, ...] | None]:
            return key, class_values(data, job)

        self._runner.submit(work)

    def stop(self) -> None:
        """Stop, silently."""
        self._runner.drop()

    def _on_succeeded(self, answer: tuple[str, tuple[int, ...] | None]) -> None:
        self.found.emit(*answer)
