"""Find the devices and test one, outside the GUI thread: the first look loads the runtime."""

from collections.abc import Callable

from qtpy.QtCore import QObject, Signal

from brushwood import opencl
from brushwood.gui._tasks import TaskRunner
from brushwood.jobs import Job
from brushwood.session.sentences import device_text, duration
from brushwood.session.session import Session


class Devices(QObject):
    """Keeps the session's list of devices, and runs self-tests."""

    found = Signal()
    tested = Signal(object)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._finder = TaskRunner(self)
        self._finder.succeeded.connect(self._on_found)
        self._tester = TaskRunner(self)
        self._tester.succeeded.connect(self.tested)

    def look(self) -> None:
        """Search, unless devices are known."""
        if self._session.devices:
            self.found.emit()
        else:
            self._finder.submit(_find)

    def test(self, name: str | None) -> None:
        """Test the device with this name, or the best; `tested` carries the verdict."""

        def work(job: Job, publish: Callable[[object], None]) -> str:
            job.checkpoint()
            device = opencl.choose_device(name)
            result = opencl.isolated_self_test(device)
            verdict = "passed the self-test" if result.ok else f"failed: {result.message}"
            return f"{device_text(str(device))} {verdict} in {duration(result.seconds)}."

        self._tester.submit(work)

    def stop(self) -> None:
        """Stop looking and testing."""
        self._finder.drop()
        self._tester.drop()

    def _on_found(self, answer: tuple[tuple[str, ...], str]) -> None:
        names, reason = answer
        self._session.devices = names
        self._session.state.device_problem = reason
        self.found.emit()


def _find(job: Job, publish: Callable[[object], None]) -> tuple[tuple[str, ...], str]:
    job.checkpoint()
    names = tuple(str(device) for device in opencl.devices())
    return names, "" if names else opencl.no_device_reason()
