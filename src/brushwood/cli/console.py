"""What the commands share: messages and progress on stderr, and an orderly Ctrl-C."""

import signal
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType
from typing import Any

from brushwood.jobs import Job

_WIDTH = 24
_lock = threading.Lock()


def say(message: str) -> None:
    """Print a line on stderr, in place of a progress bar that may stand there."""
    with _lock:
        clear = "\r\033[K" if sys.stderr.isatty() else ""
        print(f"{clear}{message}", file=sys.stderr, flush=True)


class Progress:
    """Progress of several pieces of work as one bar on a terminal; silent elsewhere.

    Parameters
    ----------
    n : int
        Number of pieces.
    what : str
    """

    def __init__(self, n: int, what: str = "") -> None:
        self._parts = [0.0] * n
        self._what = what
        self._shown = 0.0

    def job(self, parent: Job, index: int) -> Job:
        """Return a job for one piece, cancelled with `parent`."""

        def report(fraction: float, message: str) -> None:
            self._parts[index] = fraction
            self._show(message)

        return replace(parent, on_progress=report)

    def _show(self, message: str) -> None:
        now = time.monotonic()
        if now - self._shown < 0.1 or not sys.stderr.isatty():
            return
        self._shown = now
        fraction = sum(self._parts) / len(self._parts)
        bar = ("█" * round(fraction * _WIDTH)).ljust(_WIDTH, "░")
        line = f"{bar} {fraction:4.0%}  {message or self._what}"
        with _lock:
            print(f"\r\033[K{line:.79}", end="", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Remove the bar."""
        if self._shown:
            with _lock:
                print("\r\033[K", end="", file=sys.stderr, flush=True)


@contextmanager
def interruptible() -> Iterator[Job]:
    """Yield a job that Ctrl-C cancels; a second Ctrl-C stops at once."""
    job = Job()

    def on_signal(number: int, frame: FrameType | None) -> None:
        if job.is_cancelled:
            raise KeyboardInterrupt
        job.cancel()
        say("Stopping … press Ctrl-C again to stop at once.")

    if threading.current_thread() is not threading.main_thread():
        yield job
        return
    before = signal.signal(signal.SIGINT, on_signal)
    try:
        yield job
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def showing_warnings() -> Iterator[None]:
    """Show what the core warns of as plain lines; other packages' warnings are not the user's.

    Within ``warnings.catch_warnings``, which restores what was.
    """
    warnings.simplefilter("ignore")
    warnings.simplefilter("always", UserWarning)

    def show(message: Warning | str, *rest: Any, **more: Any) -> None:
        say(f"Warning: {message}")

    warnings.showwarning = show
    yield


def format_bytes(size: float) -> str:
    """Return a size as people read it, for example ``"23.5 GiB"``."""
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"
