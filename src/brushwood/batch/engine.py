"""Dask's threaded scheduler as the engine: many items, several at a time, answers as they come."""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from brushwood.errors import BrushwoodError
from brushwood.jobs import Cancelled, Job

Answer = TypeVar("Answer")
#: Seconds between looks at the caller's job.
_TICK = 0.05


@dataclass(frozen=True, slots=True)
class Failed:
    """What came of an item instead of an answer.

    Attributes
    ----------
    error : BrushwoodError
        Something that the user can repair, where `outcomes` of workers yield it.
    """

    error: BaseException


Outcomes: TypeAlias = Iterator[tuple[int, Answer | Failed]]
#: Told in any thread how far an item is: its position, the fraction and what it says.
Watch: TypeAlias = Callable[[int, float, str], None]


class Board(Generic[Answer]):
    """What is known of all items: how far each is, and outcomes that nobody has fetched yet.

    Parameters
    ----------
    weights : sequence of float
        What each item costs.
    job : Job
        The caller's.
    message : str
        Shown with the progress. Default: what the items say.
    watch : callable, optional
    """

    def __init__(
        self,
        weights: Sequence[float],
        job: Job,
        message: str = "",
        watch: Watch | None = None,
    ) -> None:
        self.halt = threading.Event()
        self._watch = watch
        self.weights, self._job, self._message = list(weights), job, message
        #: Shown instead of the message while there is nobody to do the work.
        self.waits_for = ""
        self._total = sum(self.weights) or 1.0
        self._parts = [0.0] * len(self.weights)
        self._said = ""
        self._found: queue.SimpleQueue[tuple[int, Answer | Failed]] = queue.SimpleQueue()

    def job_of(self, position: int) -> Job:
        """Return the job of one item; it is cancelled with the caller's."""

        def note(fraction: float, message: str) -> None:
            if self._job.is_cancelled:
                raise Cancelled
            self.note(position, fraction, message)

        return Job(note, self.halt)

    def note(self, position: int, fraction: float, message: str = "") -> None:
        """Remember how far an item is."""
        self._parts[position] = min(1.0, max(0.0, fraction)) * self.weights[position]
        self._said = message or self._said
        if self._watch is not None:
            self._watch(position, fraction, message)

    def put(self, position: int, outcome: Answer | Failed) -> None:
        """Hand in what came of an item."""
        self._parts[position] = self.weights[position]
        self._found.put((position, outcome))

    def take(self, seconds: float = _TICK) -> tuple[int, Answer | Failed] | None:
        """Return an outcome, or None if there was none for some time.

        Raises
        ------
        Cancelled
            When the caller's job is.
        """
        try:
            outcome = self._found.get(timeout=seconds)
        except queue.Empty:
            outcome = None
        self.report()
        return outcome

    def report(self) -> None:
        """Tell the caller's job how far all items are together."""
        fraction = min(1.0, sum(self._parts) / self._total)
        self._job.checkpoint(fraction, self.waits_for or self._message or self._said)


def shares(weights: Sequence[float] | None, count: int) -> list[float]:
    """Return what each item costs; all alike by default."""
    found = [1.0] * count if weights is None else [float(weight) for weight in weights]
    if len(found) != count:
        raise ValueError(f"{count} items need as many weights, but there are {len(found)}.")
    return found


def longest_first(weights: Sequence[float]) -> list[int]:
    """Return positions, the dearest first, equal ones in their order."""
    return sorted(range(len(weights)), key=lambda position: -weights[position])


def outcomes_of(
    work: Callable[[int, Job], Answer],
    n: int,
    weights: Sequence[float],
    job: Job,
    message: str,
    watch: Watch | None = None,
) -> Outcomes[Answer]:
    """Do items in `n` threads of Dask's local scheduler.

    Parameters
    ----------
    work : callable (position, Job) -> answer
    n : int
    weights : sequence of float
        One an item.
    job : Job
    message : str
    watch : callable, optional

    Yields
    ------
    position : int
    outcome : answer or Failed

    Raises
    ------
    Cancelled
        When `job` is. Threads have ended then.
    BaseException
        What `work` raises beside `BrushwoodError`.
    """
    board: Board[Answer] = Board(weights, job, message, watch)
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for position in longest_first(weights):
        waiting.put(position)

    def next_item() -> None:
        # Which item a task does is decided when it begins: the longest first, whatever order
        # the scheduler keeps.
        position = waiting.get_nowait()
        part = board.job_of(position)
        try:
            part.checkpoint(0.0)
            board.put(position, work(position, part))
        except BrushwoodError as error:
            board.put(position, Failed(error))
        except BaseException:
            board.halt.set()
            raise

    with ThreadPoolExecutor(1, "brushwood-engine") as driver:
        running = driver.submit(_schedule, next_item, len(weights), n)
        try:
            left = len(weights)
            while left:
                has_ended = running.done()  # asked first: afterwards nothing more is handed in
                outcome = board.take()
                if outcome is not None:
                    left -= 1
                    yield outcome
                elif has_ended:
                    break  # with an error
            running.result()
            board.report()
        finally:
            board.halt.set()


def answers_of(outcomes: Outcomes[Answer]) -> Iterator[tuple[int, Answer]]:
    """Yield answers; raise the first failure."""
    with closing(outcomes) as found:  # type: ignore[type-var]
        for position, outcome in found:
            if isinstance(outcome, Failed):
                raise outcome.error
            yield position, outcome


def _schedule(task: Callable[[], None], count: int, n: int) -> None:
    import dask.threaded

    if not count:
        return
    graph = {("brushwood", number): (task,) for number in range(count)}
    with ThreadPoolExecutor(min(n, count), "brushwood-worker") as pool:
        dask.threaded.get(graph, list(graph), pool=pool)
