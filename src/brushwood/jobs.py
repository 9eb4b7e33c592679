"""A job token: cooperative cancellation and progress for one piece of long work."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field


class Cancelled(Exception):
    """The user has had enough; raised by `Job.checkpoint`."""


def _ignore(fraction: float, message: str) -> None:
    pass


@dataclass(slots=True)
class Job:
    """Cooperative cancellation and progress for one piece of work.

    Core functions accept a job and call `checkpoint` at least every 100 ms.

    Attributes
    ----------
    on_progress : callable (fraction, message) -> None
        Called in the working thread, `fraction` in [0, 1].
    """

    on_progress: Callable[[float, str], None] = _ignore
    _stop: threading.Event = field(default_factory=threading.Event, repr=False)

    def cancel(self) -> None:
        """Ask the work to stop at its next checkpoint. Safe from any thread."""
        self._stop.set()

    @property
    def is_cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._stop.is_set()

    def checkpoint(self, fraction: float = 0.0, message: str = "") -> None:
        """Report progress, or raise `Cancelled` when the user has had enough."""
        if self._stop.is_set():
            raise Cancelled
        self.on_progress(fraction, message)

    def part(self, start: float, stop: float) -> "Job":
        """Return a job that reports into ``[start, stop]`` of this one and shares its cancel."""

        def report(fraction: float, message: str) -> None:
            self.on_progress(start + (stop - start) * fraction, message)

        return Job(report, self._stop)


#: A job that nobody watches. It must never be cancelled.
IDLE = Job()
