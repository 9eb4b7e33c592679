"""What a worker process does: read items from its owner, do them, and end when the owner does."""

import os
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from brushwood.batch.crossing import dumps, loads, noted_warnings, pack_error
from brushwood.batch.pins import pin_device
from brushwood.batch.worker_process import receive, send
from brushwood.jobs import Job

#: Pieces of work that are kept ready, with what they loaded.
_KEPT = 4
#: Seconds between messages on progress, and between looks at the owner.
_PAUSE = 0.1
_WATCH = 0.5


class Desk:
    """Does one item at a time in a thread, while the main thread listens.

    Parameters
    ----------
    up : binary stream
        Where messages to the owner go.
    """

    def __init__(self, up: IO[bytes]) -> None:
        self._up, self._lock = up, threading.Lock()
        self._works: OrderedDict[str, Any] = OrderedDict()
        self._pool = ThreadPoolExecutor(1, "brushwood-work")
        self._jobs: dict[int, Job] = {}

    def begin(self, number: int, digest: str, work: bytes | None, item: bytes) -> None:
        """Begin an item; its outcome is sent when there is one.

        Work comes when it is asked for: the owner need not know what is kept here.
        """
        if work is None and digest not in self._works:
            self._tell(("wanted", number, None, None))
            return
        said = [0.0]

        def report(fraction: float, message: str) -> None:
            now = time.monotonic()
            if now - said[0] >= _PAUSE:
                said[0] = now
                self._tell(("progress", number, fraction, message))

        job = self._jobs[number] = Job(report)
        future = self._pool.submit(self._do, digest, work, item, job)
        future.add_done_callback(lambda done: self._hand_in(number, done))

    def stop(self, number: int) -> None:
        """Have an item end at its next checkpoint."""
        job = self._jobs.get(number)
        if job is None:
            self._tell(("error", number, b"", []))  # it never began, or has ended
        else:
            job.cancel()

    def _do(self, digest: str, work: bytes | None, item: bytes, job: Job) -> tuple[bytes, Any]:
        pin_device()
        do = self._ready(digest, work)
        with noted_warnings() as warned:
            answer = do(loads(item), job)
        return dumps(answer), warned

    def _ready(self, digest: str, work: bytes | None) -> Callable[[Any, Job], Any]:
        if work is not None:
            self._works[digest] = loads(work)
            while len(self._works) > _KEPT:
                self._works.popitem(last=False)
        self._works.move_to_end(digest)
        do: Callable[[Any, Job], Any] = self._works[digest]
        return do

    def _hand_in(self, number: int, done: Future[tuple[bytes, Any]]) -> None:
        self._jobs.pop(number, None)
        try:
            error = done.exception()
        except CancelledError:
            return
        if error is not None:
            self._tell(("error", number, pack_error(error), []))
            return
        answer, warned = done.result()
        self._tell(("answer", number, answer, warned))

    def _tell(self, message: tuple[Any, ...]) -> None:
        with self._lock, suppress(OSError, ValueError):
            send(self._up, dumps(message))


def main() -> None:
    """Listen until the owner hangs up or is gone."""
    down, up = _streams()
    _volunteer()
    threading.Thread(target=_watch, args=(os.getppid(),), daemon=True).start()
    desk = Desk(up)
    while (data := receive(down)) is not None:
        kind, *rest = loads(data)
        if kind == "item":
            desk.begin(*rest)
        else:
            desk.stop(*rest)
    # Whatever is under way is of no use to anybody: no waiting for threads.
    os._exit(0)


def _streams() -> tuple[IO[bytes], IO[bytes]]:
    """Take the pipes for ourselves: what libraries print goes to the standard error."""
    down = os.fdopen(os.dup(0), "rb")
    up = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    try:
        os.dup2(2, 1)
    except OSError:  # a program without a console has no standard error
        os.dup2(nothing, 1)
    os.close(nothing)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - until the end
    sys.stdout = sys.stderr
    return down, up


def _watch(owner: int) -> None:
    """End when the owner is gone, even if somebody else holds the other end of the pipe."""
    while os.name == "posix":
        time.sleep(_WATCH)
        if os.getppid() != owner:
            os._exit(1)


def _volunteer() -> None:
    """When memory runs out, let the system end a worker rather than its owner; Linux only."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500", "ascii")
