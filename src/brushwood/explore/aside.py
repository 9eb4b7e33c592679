"""Work of libraries aside, on as many threads as it deserves."""

from collections.abc import Callable
from typing import TypeVar

from brushwood.aside import Watch, run_aside

__all__ = ["Watch", "in_step", "run_aside"]

#: Rows below which one thread is the fastest.
_SHORT = 5_000
T = TypeVar("T")


def in_step(work: Callable[[Watch], T], n_rows: int) -> Callable[[Watch], T]:
    """Let short work of scikit-learn run on one thread.

    Several threads that wait for each other at every step take many times longer than one.
    """

    def limited(watch: Watch) -> T:
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1 if n_rows < _SHORT else None, user_api="openmp"):
            return work(watch)

    return limited
