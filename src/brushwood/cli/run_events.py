"""A run on a terminal or for another program: its events as lines, and how it is stopped."""

import json
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType
from typing import TYPE_CHECKING

from brushwood.cli.console import Progress, say
from brushwood.jobs import Job

if TYPE_CHECKING:
    from brushwood.batch.events import Event


class JsonLines:
    """Prints each event as a line of JSON on stdout; nothing else goes there."""

    def job(self, job: Job) -> Job:
        """Return the job of the run: progress is told by events."""
        return job

    def event(self, event: "Event") -> None:
        """Print an event."""
        from brushwood.batch.events import to_json

        print(to_json(event), flush=True)

    def refused(self, state: str, why: str) -> None:
        """Print the end of a run that did not start."""
        end = {"event": "end", "state": state, "done": 0, "failed": 0, "skipped": 0}
        print(json.dumps({**end, "problems": [why]}), flush=True)

    def close(self) -> None:
        """Do nothing."""


class Narrator:
    """Shows a bar, names each input that ends on stderr, and its results on stdout."""

    def __init__(self) -> None:
        self._bar = Progress(1, "running")
        self._n, self._ended = 0, 0
        self._left: float | None = None

    def job(self, job: Job) -> Job:
        """Return the job of the run, whose progress moves the bar."""
        from brushwood.batch.plan_text import duration

        bar = self._bar.job(job, 0)

        def report(fraction: float, message: str) -> None:
            left = "" if self._left is None else f"{duration(self._left)} left  "
            bar.on_progress(fraction, left + message)

        return replace(bar, on_progress=report)

    def event(self, event: "Event") -> None:
        """Show an event."""
        from brushwood.batch.events import FileChanged, OverallChanged, PlanMade

        if isinstance(event, PlanMade):
            self._n = len(event.plan.files)
            for problem in event.plan.problems:
                # Inputs that cannot be done are named when their turn comes.
                if not problem.stops and problem.path is None:
                    self._say(f"Warning: {problem.text}")
        elif isinstance(event, OverallChanged):
            self._left = event.left
        elif isinstance(event, FileChanged) and event.record.state in ("done", "failed"):
            record = event.record
            self._ended += 1
            what = f" failed: {record.why}" if record.state == "failed" else ""
            self._say(f"[{self._ended}/{self._n}] {record.source}{what}")
            for note in record.notes:
                self._say(f"  {note}")
            for path in record.outputs.values():
                print(path, flush=True)
        elif isinstance(event, FileChanged) and event.record.state == "skipped":
            self._ended += 1

    def refused(self, state: str, why: str) -> None:
        """Do nothing: the command line says why."""

    def close(self) -> None:
        """Remove the bar."""
        self._bar.close()

    def _say(self, text: str) -> None:
        self._bar.close()
        say(text)


@contextmanager
def listening(job: Job) -> Iterator[None]:
    """Cancel a job when a line ``cancel`` comes on stdin, or when it ends with its program."""

    def listen() -> None:
        try:
            for line in sys.stdin:
                if line.strip() == "cancel":
                    break
        except (OSError, ValueError):
            pass  # there is no stdin, or it was closed
        job.cancel()

    threading.Thread(target=listen, name="brushwood-stdin", daemon=True).start()
    yield


@contextmanager
def terminable(job: Job) -> Iterator[None]:
    """Cancel a job when the system asks the process to end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def on_signal(number: int, frame: FrameType | None) -> None:
        job.cancel()

    before = signal.signal(signal.SIGTERM, on_signal)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
