"""Who does the parts of a piece of work: the calling thread, or many workers, here or elsewhere."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

from brushwood.jobs import IDLE, Job

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Workers(Protocol):
    """Does the same work on many items, several at a time.

    A result must not depend on how many workers there are, nor on the order in which they end.
    """

    @property
    def n(self) -> int:
        """How many items are worked on at once."""
        ...

    @property
    def is_remote(self) -> bool:
        """Whether work and items travel to other processes.

        Then functions must be at the top level of a module, items and answers small and picklable,
        and arrays must be in files.
        """
        ...

    def each(
        self,
        work: Callable[[Item, Job], Answer],
        items: Sequence[Item],
        job: Job = IDLE,
        message: str = "",
        weights: Sequence[float] | None = None,
    ) -> Iterator[tuple[int, Answer]]:
        """Yield ``(position, work(item, job))`` as answers come, in any order.

        Parameters
        ----------
        work : callable (item, Job) -> answer
            May be called again for an item whose worker was lost: doing it twice must do no harm.
        items : sequence
        job : Job
            Progress over all items, and cancel within a second, if `work` asks its own job often
            enough.
        message : str
            Shown with the progress.
        weights : sequence of float, optional
            What each item costs, for the progress and for starting the longest first. Default: all
            alike.

        Raises
        ------
        Cancelled
            When `job` is.
        BaseException
            The first error of `work`; items not begun are left.
        """
        ...


class InTurn:
    """The calling thread does one item after the other."""

    n = 1
    is_remote = False

    def each(
        self,
        work: Callable[[Item, Job], Answer],
        items: Sequence[Item],
        job: Job = IDLE,
        message: str = "",
        weights: Sequence[float] | None = None,
    ) -> Iterator[tuple[int, Answer]]:
        """Yield answers in the order of the items; see `Workers.each`."""
        shares = list(weights) if weights is not None else [1.0] * len(items)
        total, done = sum(shares) or 1.0, 0.0
        for position, (item, share) in enumerate(zip(items, shares, strict=True)):
            job.checkpoint(done / total, message)
            yield position, work(item, job.part(done / total, (done + share) / total))
            done += share
        job.checkpoint(1.0, message)


#: The calling thread.
IN_TURN = InTurn()
