"""Run work of a library that cannot be interrupted, such that a cancel is obeyed at once.

UMAP, t-SNE, SHAP and a watershed take no job. They run in a thread of their own while the caller
looks every 40 ms whether the user has had enough; then the caller leaves at once and the answer is
dropped. The thread itself ends where the library lets it (`Watch.stop_here`), else when the library
is done.
"""

import threading
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, Generic, TypeVar, cast

from brushwood.jobs import Cancelled, Job

_LOOK = 0.04
T = TypeVar("T")


class Watch:
    """What the working thread tells, and is told: progress, and whether to go on."""

    def __init__(self) -> None:
        self.fraction = 0.0
        self.message = ""
        self._left = threading.Event()

    def leave(self) -> None:
        """Say that nobody waits for the answer any more."""
        self._left.set()

    def stop_here(self, fraction: float | None = None, message: str | None = None) -> None:
        """Note progress; end the working thread if nobody waits for its answer.

        Raises
        ------
        Cancelled
            In the working thread, where nobody sees it.
        """
        if self._left.is_set():
            raise Cancelled
        if fraction is not None:
            self.fraction = fraction
        if message is not None:
            self.message = message


class _Call(Generic[T]):
    """One piece of work; as a context it keeps whatever is raised for the thread that asked."""

    def __init__(self, work: Callable[[Watch], T], lock: "threading.Lock | None") -> None:
        self.watch = Watch()
        self.done = threading.Event()
        self.answer: T | None = None
        self.error: BaseException | None = None
        self._work, self._lock = work, lock

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> bool:
        self.error = error
        self.done.set()
        return True

    def run(self) -> None:
        with self, self._lock or nullcontext():
            self.watch.stop_here(0.0, "")
            self.answer = self._work(self.watch)


def run_aside(
    work: Callable[[Watch], T], job: Job, message: str, *, lock: "threading.Lock | None" = None
) -> T:
    """Run `work` in a thread of its own and return its answer.

    Parameters
    ----------
    work : callable (Watch) -> answer
        May note progress with `Watch.stop_here`, which also ends it after a cancel.
    job : Job
        Looked at every 40 ms.
    message : str
        Shown while `work` says nothing else.
    lock : threading.Lock, optional
        Held while `work` runs: a predecessor that was cancelled may still be at work.

    Raises
    ------
    Cancelled
        At once when the job is cancelled, even if `work` goes on for a while.
    """
    call: _Call[T] = _Call(work, lock)
    if lock is not None and lock.locked():
        call.watch.message = "Waiting for the run before to end"
    job.checkpoint(0.0, message)
    threading.Thread(target=call.run, name="brushwood aside", daemon=True).start()
    try:
        while not call.done.wait(_LOOK):
            job.checkpoint(call.watch.fraction, call.watch.message or message)
    except BaseException:
        call.watch.leave()
        raise
    if call.error is not None:
        raise call.error
    job.checkpoint(1.0, message)
    return cast("T", call.answer)
