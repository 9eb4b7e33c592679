"""Workers of a Dask cluster: the scheduler that the user named, on this machine or many."""

import os
import socket
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from brushwood import __version__
from brushwood.batch.cluster_run import ClusterRun
from brushwood.batch.crossing import Parcel, dumps
from brushwood.batch.engine import Board, Failed, Outcomes, Watch, answers_of, longest_first, shares
from brushwood.errors import MissingPackageError, SchedulerError, WorkerLostError
from brushwood.jobs import IDLE, Job

Item = TypeVar("Item")
Answer = TypeVar("Answer")


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
        self._check_open()
        with ClusterRun(self._client, board, Parcel.of(work)) as run:
            packed = {p: dumps(items[p]) for p in longest_first(board.weights)}
            run.submit(packed)
            suspects = []
            for _ in items:
                position, outcome = run.take()
                if len(items) > 1 and _is_lost(outcome):
                    suspects.append(position)
                else:
                    yield position, outcome
            # The cluster suspects all that waited on a worker that ended. Each alone shows which.
            for position in suspects:
                run.submit({position: packed[position]})
                yield run.take()
            board.report()

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


def _is_lost(outcome: Any) -> bool:
    return isinstance(outcome, Failed) and isinstance(outcome.error, WorkerLostError)


def _version_teller() -> Callable[[], str]:
    # Inside a function, so that it travels itself: a worker may have no Brushwood to import from.
    def tell() -> str:
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("napari-brushwood")
        except PackageNotFoundError:
            return "none"

    return tell
