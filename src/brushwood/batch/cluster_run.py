"""Items that are under way on a Dask cluster: handed in, brought back, given up."""

import contextlib
import time
import uuid
from collections.abc import Mapping
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from functools import partial
from typing import Any, Self

from brushwood.batch.cluster_task import do_item
from brushwood.batch.crossing import Parcel, loads, unpack_error
from brushwood.batch.engine import Board, Failed
from brushwood.errors import BrushwoodError, SchedulerError, WorkerLostError

#: Seconds without a scheduler after which a run gives up.
_PATIENCE = 15.0
#: Seconds between looks whether there are workers at all.
_LOOK = 2.0
#: Answers that are brought at once.
_FETCHERS = 4


class ClusterRun:
    """What one call of a cluster's workers has under way.

    Parameters
    ----------
    client : distributed.Client
    board : Board
        Where progress and outcomes go.
    work : Parcel
    """

    def __init__(self, client: Any, board: Board[Any], work: Parcel) -> None:
        self._client, self._board, self._digest = client, board, work.digest
        self._topic = f"brushwood-{uuid.uuid4().hex}"
        self._futures: dict[int, Any] = {}
        self._fetchers = ThreadPoolExecutor(_FETCHERS, "brushwood-fetch")
        self._round, self._is_over = 0, False
        self._seen = self._looked = time.monotonic()
        client.subscribe_topic(self._topic, lambda event: board.note(*event[1]))
        # A variable of the scheduler, not a dependency of the tasks: they would all go to the
        # worker that holds it.
        self._variable().set(work.data)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over = True
        self._fetchers.shutdown(wait=False, cancel_futures=True)
        if self._client.status != "running":
            return
        with contextlib.suppress(OSError, TimeoutError):
            self._client.unsubscribe_topic(self._topic)
            if self._futures:
                self._client.cancel(list(self._futures.values()))
            self._variable().delete()

    def submit(self, items: Mapping[int, bytes]) -> None:
        """Hand in packed items by position, in the order in which they should begin."""
        self._round += 1
        for rank, (position, item) in enumerate(items.items()):
            self._futures[position] = self._client.submit(
                do_item,
                self._digest,
                item,
                self._topic,
                position,
                key=f"{self._topic}-{self._round}-{position}",
                priority=-rank,
                pure=False,
            )
        for position in items:
            self._futures[position].add_done_callback(partial(self._fetch, position))

    def take(self) -> tuple[int, Any]:
        """Wait for an outcome.

        Returns
        -------
        position : int
        outcome : answer or Failed

        Raises
        ------
        Cancelled
            When the caller's job is.
        SchedulerError
            If the scheduler is gone, or workers cannot do any of the work.
        BaseException
            What the work raised beside `BrushwoodError`.
        """
        while (outcome := self._board.take()) is None:
            self._look()
        failure = outcome[1]
        if isinstance(failure, Failed) and (
            not isinstance(failure.error, BrushwoodError)
            or isinstance(failure.error, SchedulerError)
        ):
            raise failure.error
        return outcome

    def _fetch(self, position: int, future: Any) -> None:
        """Have an answer brought to the board, beside the caller's thread."""

        def hand_in(got: Future[Any]) -> None:
            if not got.cancelled():
                # Forgotten by the cluster, too: what it loses it would compute once more.
                self._futures.pop(position, None)
                future.release()
                name = f"Item {position + 1} of {len(self._board.weights)}"
                self._board.put(position, _outcome(got, name))

        # The fetchers are gone when the run was stopped.
        with contextlib.suppress(RuntimeError):
            self._fetchers.submit(self._answer, future).add_done_callback(hand_in)

    def _answer(self, future: Any) -> Any:
        """Return what a task gave; a client that is closed meanwhile never would."""
        while not self._is_over:
            with contextlib.suppress(TimeoutError):
                return future.result(timeout=_LOOK)
            if self._client.status == "closed":
                break
        raise CancelledError

    def _look(self) -> None:
        """Say that there is no worker yet; raise after some time without a scheduler."""
        now = time.monotonic()
        if self._client.status == "running":
            self._seen = now
            if now - self._looked > _LOOK:
                self._looked = now
                self._fetchers.submit(self._count)  # a busy scheduler must not keep us waiting
        elif self._client.status == "closed" or now - self._seen > _PATIENCE:
            raise _broken_off()

    def _count(self) -> None:
        # As `Client.nthreads`, which has no limit of time.
        with contextlib.suppress(OSError, TimeoutError):
            ask = self._client.scheduler.ncores
            found = self._client.sync(ask, workers=None, callback_timeout=_LOOK)
            self._board.waits_for = "" if found else "Waiting for workers"

    def _variable(self) -> Any:
        from distributed import Variable

        return Variable(self._topic, client=self._client)


def _outcome(got: Future[Any], name: str) -> Any:
    """Return what came of an item: an answer, or what failed."""
    error = got.exception()
    if error is not None:
        return Failed(_translated(error, name))
    kind, data = got.result()
    return loads(data) if kind == "answer" else Failed(unpack_error(data))


def _translated(error: BaseException, name: str) -> BaseException:
    """Return our error for what the cluster says of a task that it could not run."""
    from distributed import KilledWorker

    if isinstance(error, CancelledError):
        return _broken_off()
    if isinstance(error, KilledWorker):
        return WorkerLostError(
            f"{name} failed: {error.allowed_failures + 1} workers ended in the middle of it. Most "
            "often the memory is too small: give workers more, or use fewer or smaller features. "
            f"The last was {getattr(error.last_worker, 'address', error.last_worker)}."
        )
    return SchedulerError(
        f"A worker of the cluster could not run the work ({type(error).__name__}: {error}). Check "
        "that the same versions of Brushwood, Python and Dask are installed on every worker."
    )


def _broken_off() -> SchedulerError:
    return SchedulerError(
        "The connection to the scheduler was lost in the middle of the run, and it did not come "
        "back. Start it again, and resume the run: what is complete stays."
    )
