"""Workers of a Dask cluster: the scheduler that the user named, on this machine or many."""

import contextlib
import os
import socket
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from brushwood import __version__
from brushwood.batch.cluster_task import do_item
from brushwood.batch.crossing import Parcel, dumps, loads, unpack_error
from brushwood.batch.engine import Board, Failed, Outcomes, Watch, answers_of, longest_first, shares
from brushwood.errors import BrushwoodError, MissingPackageError, SchedulerError, WorkerLostError
from brushwood.jobs import IDLE, Job

Item = TypeVar("Item")
Answer = TypeVar("Answer")
#: Seconds without a scheduler after which a run gives up.
_PATIENCE = 15.0
#: Seconds between looks whether there are workers at all.
_LOOK = 2.0
_GROUP = "brushwood"
#: Answers that are brought at once.
_FETCHERS = 4


class ClusterWorkers:
    """Workers of a cluster, through a client of ``dask.distributed``.

    Files must be visible to all workers under the same names.

    Parameters
    ----------
    client : distributed.Client
        Stays open.

    Raises
    ------
    MissingPackageError
        If ``distributed`` is not installed.
    SchedulerError
        If the client is closed, or asynchronous.
    """

    is_remote = True

    def __init__(self, client: Any) -> None:
        self._distributed = distributed_or_error()
        if getattr(client, "asynchronous", False) or not hasattr(client, "submit"):
            raise SchedulerError(
                f"A client of dask.distributed was expected, made without asynchronous=True, but "
                f"{client!r} was given. Make one with distributed.Client(address)."
            )
        self._client = client
        self._check_open()

    @property
    def n(self) -> int:
        """How many items are worked on at once now; workers come and go."""
        return max(1, int(sum(self._client.nthreads().values())))

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

        An item is begun again when its worker is lost. One that ends its workers again and again
        fails with `WorkerLostError`; how often is the cluster's ``allowed-failures``.

        Raises
        ------
        Cancelled
            When `job` is; items under way stop at their next checkpoint.
        SchedulerError
            If the scheduler is gone.
        """
        board: Board[Answer] = Board(shares(weights, len(items)), job, message, watch)
        topic = f"{_GROUP}-{uuid.uuid4().hex}"
        self._check_open()
        self._client.subscribe_topic(topic, lambda event: board.note(*event[1]))
        futures: dict[int, Any] = {}
        fetch = ThreadPoolExecutor(_FETCHERS, "brushwood-fetch")
        try:
            futures = self._submitted(Parcel.of(work), items, topic, board.weights)
            self._fetched(futures, board, fetch)
            guard = _Watch(self._client, board)
            for _ in items:
                while (outcome := board.take()) is None:
                    guard.look()
                yield _checked(outcome)
            board.report()
        finally:
            self._give_up(topic, list(futures.values()))
            fetch.shutdown(wait=False, cancel_futures=True)

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

    def check(self, *folders: Path) -> None:
        """Check that all workers there are now have this version, and see folders.

        Parameters
        ----------
        *folders : Path
            Existing folders that may be written to.

        Raises
        ------
        SchedulerError
            Naming a worker that does not.
        """
        found = self._client.run(_version_teller(), on_error="return")
        for address, version in found.items():
            if version != __version__:
                came = version if isinstance(version, str) else "none"
                raise SchedulerError(
                    f"The worker {address} cannot do the work: Brushwood {__version__} was "
                    f"expected there, but {came} is installed. Install the same version on "
                    "every worker."
                )
        for folder in folders:
            self._check_folder(folder.absolute())

    def close(self) -> None:
        """Do nothing: the client is the caller's."""

    def _check_folder(self, folder: Path) -> None:
        probe = folder / f".brushwood-{uuid.uuid4().hex}"
        probe.touch()
        try:
            seen = self._client.run(os.path.exists, str(probe), on_error="return")
        finally:
            probe.unlink()
        blind = [address for address, sees in seen.items() if sees is not True]
        if blind:
            raise SchedulerError(
                f"The worker {blind[0]} does not see the folder {str(folder)!r}. Inputs and "
                "results must be in folders that all machines share; mount it there under the "
                "same name."
            )

    def _check_open(self) -> None:
        if self._client.status not in ("running", "connecting"):
            raise SchedulerError(
                "The client has no connection to its scheduler any more (it is "
                f"{self._client.status}). Start the scheduler, and make a new client."
            )

    def _submitted(
        self, work: Parcel, items: Sequence[Any], topic: str, weights: Sequence[float]
    ) -> dict[int, Any]:
        """Hand items in, the longest first; return a future a position."""
        # Not a dependency of the tasks: they would all go to the worker that holds it.
        self._distributed.Variable(topic, client=self._client).set(work.data)
        return {
            position: self._client.submit(
                do_item,
                work.digest,
                dumps(items[position]),
                topic,
                position,
                key=f"{topic}-{position}",
                priority=-rank,
                pure=False,
            )
            for rank, position in enumerate(longest_first(weights))
        }

    def _fetched(self, futures: dict[int, Any], board: Board[Any], pool: Executor) -> None:
        """Have outcomes brought to the board as they are there, beside the caller's thread."""
        count = len(futures)

        def begin(position: int, future: Any) -> None:
            def hand_in(got: Future[Any]) -> None:
                if not got.cancelled():
                    # Forgotten by the cluster, too: it would compute what it loses once more.
                    futures.pop(position, None)
                    board.put(position, _outcome(got, f"Item {position + 1} of {count}"))

            # The pool is closed when the run was stopped.
            with contextlib.suppress(RuntimeError):
                pool.submit(future.result).add_done_callback(hand_in)

        for position, future in list(futures.items()):
            future.add_done_callback(partial(begin, position))

    def _give_up(self, topic: str, futures: list[Any]) -> None:
        if self._client.status != "running":
            return
        with contextlib.suppress(OSError, TimeoutError):
            self._client.unsubscribe_topic(topic)
            if futures:
                self._client.cancel(futures)
            self._distributed.Variable(topic, client=self._client).delete()


class _Watch:
    """Notices that a scheduler is gone, and says that there is no worker yet."""

    def __init__(self, client: Any, board: Board[Any]) -> None:
        self._client, self._board = client, board
        self._seen = self._looked = time.monotonic()

    def look(self) -> None:
        """Raise `SchedulerError` after some time without a scheduler."""
        now = time.monotonic()
        if self._client.status == "running":
            self._seen = now
            if now - self._looked > _LOOK:
                self._looked = now
                self._board.waits_for = "" if self._client.nthreads() else "Waiting for workers"
        elif self._client.status == "closed" or now - self._seen > _PATIENCE:
            raise SchedulerError(
                "The connection to the scheduler was lost in the middle of the run, and it did not "
                "come back. Start it again, and resume the run: what is complete stays."
            )


def connect(address: str, timeout: float = 5.0) -> Any:
    """Return a client of a scheduler.

    Parameters
    ----------
    address : str
        For example ``"tcp://10.0.0.5:8786"``, or the path of a scheduler file (``.json``).
    timeout : float
        Seconds to wait for an answer.

    Raises
    ------
    MissingPackageError
        If ``distributed`` is not installed.
    SchedulerError
        If there is no scheduler at that address.
    """
    distributed = distributed_or_error()
    is_file = address.endswith(".json")
    options = {"scheduler_file": address} if is_file else {"address": address}
    try:
        if is_file and not Path(address).is_file():
            raise FileNotFoundError("there is no such file")
        if not is_file:
            _knock(address, timeout)
        return distributed.Client(**options, timeout=timeout, set_as_default=False)
    except (OSError, TimeoutError, ValueError, TypeError) as error:
        raise SchedulerError(
            f"There is no Dask scheduler at {address!r} ({error}). Check the address, and that the "
            "scheduler runs and can be reached from this machine; see docs/cluster.md."
        ) from error


def _knock(address: str, timeout: float) -> None:
    """Raise `OSError` if nobody listens; a client that cannot connect is hard to get rid of."""
    from distributed.comm import get_address_host_port, parse_address

    protocol, rest = parse_address(address)
    if protocol in ("tcp", "tls", "ws", "wss"):
        with socket.create_connection(get_address_host_port(f"{protocol}://{rest}"), timeout):
            pass


def distributed_or_error() -> Any:
    """Import ``distributed``, or raise `MissingPackageError` that says how to install it."""
    try:
        import distributed
    except ImportError as error:
        raise MissingPackageError(
            "Clusters need the package distributed, which is not installed. Run `pip install "
            "'napari-brushwood[cluster]'`, or use --workers on this machine."
        ) from error
    return distributed


def _outcome(got: Future[Any], name: str) -> Any:
    """Return what came of an item: an answer, or what failed."""
    error = got.exception()
    if error is not None:
        return Failed(_translated(error, name))
    kind, data = got.result()
    return loads(data) if kind == "answer" else Failed(unpack_error(data))


def _checked(outcome: tuple[int, Any]) -> tuple[int, Any]:
    """Return an outcome, or raise what is not the fault of one item."""
    failure = outcome[1]
    if isinstance(failure, Failed) and (
        not isinstance(failure.error, BrushwoodError) or isinstance(failure.error, SchedulerError)
    ):
        raise failure.error
    return outcome


def _translated(error: BaseException, name: str) -> BaseException:
    """Return our error for what the cluster says of a task that it could not run."""
    from distributed import KilledWorker

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


def _version_teller() -> Callable[[], str]:
    # Inside a function, so that it travels itself: a worker may have no Brushwood to import from.
    def tell() -> str:
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("napari-brushwood")
        except PackageNotFoundError:
            return "none"

    return tell
