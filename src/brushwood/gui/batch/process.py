"""Run Brushwood in a process of its own, on Qt's event loop: lines come, nothing waits."""

import json
import os
import sys
import tempfile
from collections import deque
from collections.abc import Sequence

from qtpy.QtCore import QCoreApplication, QObject, QProcess, QProcessEnvironment, QTimer, Signal

#: Time that a process gets to stop by itself, and then to obey the system, ms.
_PATIENCE_MS, _LAST_PATIENCE_MS = 5_000, 2_000
#: The same when napari closes and waits.
_CLOSING_MS = 3_000
#: Lines of messages that are kept for an error report, and bytes of one line.
_LOG_LINES, _LONGEST = 200, 64 << 20
#: Letters that a command line may have everywhere; a longer one goes through a file.
_MOST_LETTERS = 24_000
_FROM_FILE = (
    "import json, os, sys; from brushwood.cli import main; path = sys.argv[1]; "
    "words = json.load(open(path, encoding='utf-8')); os.unlink(path); sys.exit(main(words))"
)

#: Processes that have not ended; they are kept here when their widget goes.
_LIVE: set["LineProcess"] = set()


class LineProcess(QObject):
    """One process at a time, told to stop in three steps: asked, terminated, killed.

    ``ended`` carries the exit code, or -1 when the process died or never began; `log` then holds
    what it said.
    """

    line = Signal(str)
    ended = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._process: QProcess | None = None
        self._rest = b""
        self.log: deque[str] = deque(maxlen=_LOG_LINES)
        self._ladder = QTimer(self, singleShot=True)
        self._ladder.timeout.connect(self._on_patience_lost)
        self._rung = 0

    @property
    def is_running(self) -> bool:
        """Whether a process has not ended yet."""
        return self._process is not None

    @property
    def is_stopping(self) -> bool:
        """Whether it was asked to stop."""
        return self._rung > 0

    @property
    def pid(self) -> int:
        """Number of the process, 0 without one."""
        return int(self._process.processId()) if self._process is not None else 0

    def start(self, words: Sequence[str], environment: dict[str, str] | None = None) -> None:
        """Run ``brushwood`` with these arguments."""
        self.run(sys.executable, command_line(words), environment)

    def run(
        self, program: str, words: Sequence[str], environment: dict[str, str] | None = None
    ) -> None:
        """Run a program. One that is still running is let go: it stops without a signal."""
        self.drop()
        process = QProcess(self)
        process.setProgram(program)
        process.setArguments(list(words))
        process.setProcessEnvironment(_environment(environment or {}))
        process.readyReadStandardOutput.connect(self._on_output)
        process.readyReadStandardError.connect(self._on_error_output)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        self._process, self._rest, self._rung = process, b"", 0
        self.log.clear()
        _LIVE.add(self)
        _watch_the_end()
        process.start()

    def cancel(self) -> None:
        """Ask the process to stop; sooner or later `ended` follows."""
        if self._process is not None and not self._rung:
            self._rung = 1
            self._process.write(b"cancel\n")
            self._process.closeWriteChannel()
            self._ladder.start(_PATIENCE_MS)

    def drop(self) -> None:
        """Stop the process and hear no more of it."""
        if self._process is None:
            return
        process, self._process = self._process, None
        _LIVE.discard(self)
        self._ladder.stop()
        for signal in (
            process.readyReadStandardOutput,
            process.readyReadStandardError,
            process.finished,
            process.errorOccurred,
        ):
            signal.disconnect()
        _Farewell(process)

    def finish_now(self) -> None:
        """Stop the process and wait until it has; for the end of napari."""
        process = self._process
        if process is None:
            return
        process.blockSignals(True)
        self.cancel()
        _wait(process)
        self._end(-1)

    def _on_patience_lost(self) -> None:
        process = self._process
        if process is None:
            return
        self._rung += 1
        if self._rung == 2:
            process.terminate()
            self._ladder.start(_LAST_PATIENCE_MS)
        else:
            process.kill()

    def _on_output(self) -> None:
        process = self._process
        if process is None:
            return
        *lines, self._rest = (self._rest + bytes(process.readAllStandardOutput())).split(b"\n")
        if len(self._rest) > _LONGEST:
            self._rest = b""
        for raw in lines:
            self.line.emit(raw.decode("utf-8", "replace").rstrip("\r"))
            if self._process is not process:  # a listener started another
                return

    def _on_error_output(self) -> None:
        if self._process is not None:
            text = bytes(self._process.readAllStandardError()).decode("utf-8", "replace")
            self.log.extend(line for line in text.splitlines() if line.strip())

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and self._process is not None:
            self.log.append(self._process.errorString())
            self._end(-1)

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._on_output()
        self._on_error_output()
        if self._process is not None:
            if self._rest:
                self.line.emit(self._rest.decode("utf-8", "replace"))
            self._end(code if status == QProcess.ExitStatus.NormalExit else -1)

    def _end(self, code: int) -> None:
        process, self._process = self._process, None
        self._ladder.stop()
        _LIVE.discard(self)
        if process is not None:
            process.deleteLater()
        self.ended.emit(code)


class _Farewell(QObject):
    """Sees off a process that nobody listens to any more."""

    def __init__(self, process: QProcess) -> None:
        super().__init__()
        self._process = process
        process.setParent(self)
        process.finished.connect(self._on_finished)
        self._ladder = QTimer(self, singleShot=True, interval=_PATIENCE_MS)
        self._ladder.timeout.connect(process.kill)
        _LEAVING.add(self)
        if process.state() == QProcess.ProcessState.NotRunning:
            self._on_finished()
            return
        process.write(b"cancel\n")
        process.closeWriteChannel()
        self._ladder.start()

    def finish_now(self) -> None:
        """Wait for the end."""
        self._process.blockSignals(True)
        _wait(self._process)
        _LEAVING.discard(self)

    def _on_finished(self, *_: object) -> None:
        _LEAVING.discard(self)
        self._ladder.stop()
        self.deleteLater()


_LEAVING: set[_Farewell] = set()


def command_line(words: Sequence[str]) -> list[str]:
    """Return the arguments of Python that run ``brushwood``; very many go through a file."""
    if sum(len(word) + 3 for word in words) <= _MOST_LETTERS:
        return ["-m", "brushwood", *words]
    handle, path = tempfile.mkstemp(prefix="brushwood-", suffix=".json")
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        json.dump(list(words), stream)
    return ["-c", _FROM_FILE, path]


def stop_all() -> None:
    """Stop every process and wait for it: napari is about to end."""
    for process in list(_LIVE):
        process.cancel()
    for one in (*_LIVE, *_LEAVING):
        one.finish_now()


def _watch_the_end() -> None:
    app = QCoreApplication.instance()
    if app is not None and not app.property("brushwood_stops"):
        app.setProperty("brushwood_stops", True)
        app.aboutToQuit.connect(stop_all)


def _wait(process: QProcess) -> None:
    process.waitForBytesWritten(500)
    if process.waitForFinished(_CLOSING_MS):
        return
    process.terminate()
    if not process.waitForFinished(_LAST_PATIENCE_MS):
        process.kill()
        process.waitForFinished(_LAST_PATIENCE_MS)


def _environment(more: dict[str, str]) -> QProcessEnvironment:
    environment = QProcessEnvironment.systemEnvironment()
    for name, value in {"PYTHONIOENCODING": "utf-8", "PYTHONUNBUFFERED": "1", **more}.items():
        environment.insert(name, value)
    return environment
