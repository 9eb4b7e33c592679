"""Workers of this machine: threads, or processes without sockets that survive losing one."""

import os
import threading
import warnings
import weakref
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from brushwood.batch.crossing import Parcel, dumps, loads, unpack_error
from brushwood.batch.engine import Outcomes, Watch, answers_of, outcomes_of, shares
from brushwood.batch.worker_process import WorkerGone, WorkerProcess
from brushwood.errors import InputError, WorkerLostError
from brushwood.jobs import IDLE, Job

Item = TypeVar("Item")
Answer = TypeVar("Answer")
#: How often an item is begun before it is taken for what ends its workers.
_ATTEMPTS = 3
_MOST = 256


class LocalThreads:
    """Threads of this process, on Dask's threaded scheduler.

    Parameters
    ----------
    n : int
        Items at once.
    """

    is_remote = False

    def __init__(self, n: int) -> None:
        self.n = checked_number(n)

    def outcomes(
        self,
        work: Callable[[Item, Job], Answer],
        items: Sequence[Item],
        job: Job = IDLE,
        message: str = "",
        weights: Sequence[float] | None = None,
        watch: Watch | None = None,
    ) -> Outcomes[Answer]:
        """Yield ``(position, answer or Failed)``: one bad item does not stop the others."""

        def do(position: int, part: Job) -> Answer:
            return work(items[position], part)

        return outcomes_of(do, self.n, shares(weights, len(items)), job, message, watch)

    def each(
        self,
        work: Callable[[Item, Job], Answer],
        items: Sequence[Item],
        job: Job = IDLE,
        message: str = "",
        weights: Sequence[float] | None = None,
    ) -> Iterator[tuple[int, Answer]]:
        """Yield answers as they come; see `brushwood.workers.Workers.each`."""
        return answers_of(self.outcomes(work, items, job, message, weights))

    def close(self) -> None:
        """Do nothing: threads end with their work."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class LocalProcesses(LocalThreads):
    """Processes of this machine; a thread of Dask's scheduler looks after each.

    They start with the first item and stay for the next call, until `close`, the end of a ``with``
    or of the program. One that ends in the middle of an item, because the system ran out of
    memory for instance, is replaced and the item begun again; the last attempt runs alone.

    Parameters
    ----------
    n : int
        Processes.
    threads : int, optional
        Threads of each for numerical libraries and OpenCL on the processor. Default: processors
        shared evenly.
    """

    is_remote = True

    def __init__(self, n: int, threads: int | None = None) -> None:
        super().__init__(n)
        self._threads = threads or max(1, processors() // self.n)
        self._idle: list[WorkerProcess] = []
        self._all: weakref.WeakSet[WorkerProcess] = weakref.WeakSet()
        self._turn = _Turn()
        self._lock = threading.Lock()
        self._end = weakref.finalize(self, _close_all, self._all)

    def outcomes(
        self,
        work: Callable[[Item, Job], Answer],
        items: Sequence[Item],
        job: Job = IDLE,
        message: str = "",
        weights: Sequence[float] | None = None,
        watch: Watch | None = None,
    ) -> Outcomes[Answer]:
        """Yield ``(position, answer or Failed)``: one bad item does not stop the others.

        An item that ends its worker three times fails with `WorkerLostError`.
        """
        parcel = Parcel.of(work)

        def do(position: int, part: Job) -> Answer:
            name = f"Item {position + 1} of {len(items)}" + (f" ({message})" if message else "")
            answer: Answer = self._do(parcel, dumps(items[position]), part, name)
            return answer

        return outcomes_of(do, self.n, shares(weights, len(items)), job, message, watch)

    def close(self) -> None:
        """End the processes. Another call of `each` starts new ones."""
        with self._lock:
            ended, self._idle = self._idle, []
        _close_all(ended)

    @property
    def pids(self) -> list[int]:
        """Ids of the processes there are now."""
        return [worker.pid for worker in list(self._all) if worker.is_alive]

    def __reduce__(self) -> Any:
        raise InputError(
            "Local workers cannot travel to other processes. Pass brushwood.workers.IN_TURN there."
        )

    def _do(self, work: Parcel, item: bytes, job: Job, name: str) -> Any:
        how: list[str] = []
        while len(how) < _ATTEMPTS:
            with self._turn.taken(alone=len(how) == _ATTEMPTS - 1, job=job):
                worker = self._take()
                try:
                    kind, data, warned = worker.ask(work, item, job)
                except WorkerGone as gone:
                    how.append(str(gone))
                    continue
                finally:
                    self._give_back(worker)
            if kind == "error":
                raise unpack_error(data)
            for category, text in warned:
                warnings.warn(text, category, stacklevel=2)
            return loads(data)
        raise lost(name, how)

    def _take(self) -> WorkerProcess:
        with self._lock:
            if self._idle:
                return self._idle.pop()
            try:
                worker = WorkerProcess(self._threads)
            except OSError as error:
                raise WorkerLostError(
                    f"A worker process cannot be started ({error}). Close other programs, or use "
                    "fewer workers."
                ) from error
            self._all.add(worker)
            return worker

    def _give_back(self, worker: WorkerProcess) -> None:
        if worker.is_alive:
            with self._lock:
                self._idle.append(worker)
        else:
            worker.close()


class _Turn:
    """Lets items run beside each other, or one of them alone."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running = 0
        self._alone = False

    def taken(self, alone: bool, job: Job) -> "_Taken":
        """Return a context in which an item runs."""
        return _Taken(self, alone, job)

    def enter(self, alone: bool, job: Job) -> None:
        with self._changed:
            while self._alone or (alone and self._running):
                self._changed.wait(0.05)
                job.checkpoint()
            self._running += 1
            self._alone = alone

    def leave(self) -> None:
        with self._changed:
            self._running -= 1
            self._alone = False
            self._changed.notify_all()


class _Taken:
    def __init__(self, turn: _Turn, alone: bool, job: Job) -> None:
        self._turn, self._alone, self._job = turn, alone, job

    def __enter__(self) -> None:
        self._turn.enter(self._alone, self._job)

    def __exit__(self, *_: object) -> None:
        self._turn.leave()


def local_workers(n: int, *, processes: bool = False) -> LocalThreads:
    """Return workers of this machine; use them in a ``with``.

    Parameters
    ----------
    n : int
        Items at once.
    processes : bool
        Processes instead of threads: for work that is more Python than libraries, and for several
        GPUs. Work and items must then be picklable, arrays in files. No port is opened.

    Raises
    ------
    InputError
        If `n` is no number of workers.

    See Also
    --------
    LocalThreads.outcomes : like `each`, but one bad item does not stop the others.
    """
    return LocalProcesses(n) if processes else LocalThreads(n)


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def checked_number(n: int) -> int:
    """Return a number of workers, or raise `InputError`."""
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= _MOST:
        raise InputError(f"Workers are a whole number from 1 to {_MOST}, not {n!r}. Choose one.")
    return n


def lost(name: str, how: Sequence[str]) -> WorkerLostError:
    """Return the error for an item whose workers ended each time."""
    return WorkerLostError(
        f"{name} failed: its worker process ended {len(how)} times in the middle of it, the last "
        f"time while nothing else was running ({'; '.join(dict.fromkeys(how))}). Most often the "
        "memory is too small: close other programs, or use fewer or smaller features. If it "
        "happens again, run it without --processes to see the error."
    )


def _close_all(workers: Any) -> None:
    for worker in list(workers):
        worker.close()
