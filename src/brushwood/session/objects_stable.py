"""Keep the numbers, and so the colours, of objects that are still there."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from brushwood.blocks import Block

#: Labels of a region, and where it lies.
Placed: TypeAlias = tuple[npt.NDArray[np.int32], Block]
#: Numbers start again before they reach the largest that a label can have.
_MOST = 2**31 - 2**27


def stable_ids(before: Placed, now: Placed, n: int, last: int) -> tuple[npt.NDArray[np.int32], int]:
    """Choose numbers for objects so that one that was there before keeps its own.

    Two objects are the same if no other of either time overlaps them better (intersection over
    union, within what both regions show).

    Parameters
    ----------
    before, now : (ndarray of int32, Block)
        Objects now are numbered from 1.
    n : int
        How many there are now.
    last : int
        Largest number given so far; new objects get larger ones.

    Returns
    -------
    numbers : ndarray of int32, shape (n + 1,)
        New number of each object, 0 for 0.
    last : int
    """
    if last > _MOST - n:
        return np.arange(n + 1, dtype=np.int32), n
    numbers = np.zeros(n + 1, np.int32)
    old, new = _shared(before, now)
    pairs, counts = np.unique(old.astype(np.int64) * (n + 1) + new, return_counts=True)
    kept, found = np.divmod(pairs, n + 1)
    both = (kept > 0) & (found > 0)
    of_old = np.bincount(kept, counts, minlength=last + 1) if len(kept) else np.zeros(last + 1)
    of_new = np.bincount(found, counts, minlength=n + 1)
    kept, found, counts = kept[both], found[both], counts[both]
    score = counts / (of_old[kept] + of_new[found] - counts)
    taken: set[int] = set()
    for i in np.argsort(-score, kind="stable").tolist():
        a, b = int(kept[i]), int(found[i])
        if not numbers[b] and a not in taken:
            numbers[b] = a
            taken.add(a)
    fresh = np.flatnonzero(numbers[1:] == 0) + 1
    numbers[fresh] = last + 1 + np.arange(len(fresh))
    return numbers, last + len(fresh)


def _shared(before: Placed, now: Placed) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return what both show of the pixels that lie in both, flat."""
    common = before[1].overlap(now[1])
    if common is None:
        return np.zeros(0, np.int32), np.zeros(0, np.int32)
    old, new = (labels[common.within(region)].ravel() for labels, region in (before, now))
    return old, new
