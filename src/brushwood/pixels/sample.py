"""Which annotated pixels are trained on when there are more than the cap allows."""

import numpy as np
import numpy.typing as npt


def chosen(
    classes: npt.NDArray[np.integer],
    keys: npt.NDArray[np.uint64],
    max_rows: int,
    seed: int,
) -> npt.NDArray[np.bool_]:
    """Choose at most `max_rows` pixels, stratified by class.

    Every pixel has a random number that follows from its key and the seed alone, and of each class
    those with the smallest are kept. The choice therefore does not depend on the order in which
    strokes were drawn, and one more stroke changes little of it.

    Parameters
    ----------
    classes : int (pixel,)
        Class ids.
    keys : uint64 (pixel,)
        Distinct numbers that name the pixels.
    max_rows : int
    seed : int

    Returns
    -------
    bool (pixel,)
        True for pixels that are trained on. Classes keep their proportions, except that a rare
        one keeps up to a quarter of an equal share.
    """
    keep = np.ones(classes.size, bool)
    if classes.size <= max_rows:
        return keep
    _, inverse, counts = np.unique(classes, return_inverse=True, return_counts=True)
    priority = _mixed(keys ^ np.uint64(seed * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF))
    for i, quota in enumerate(_quotas(counts, max_rows)):
        mine = np.flatnonzero(inverse == i)
        if quota < mine.size:
            # Equal priorities, one in 2**64, are told apart by the position.
            order = np.lexsort((keys[mine], priority[mine]))
            keep[mine[order[quota:]]] = False
    return keep


def _quotas(counts: npt.NDArray[np.integer], max_rows: int) -> list[int]:
    least = np.minimum(counts, max(1, max_rows // (4 * counts.size)))
    rest = counts - least
    share = (max_rows - least.sum()) / max(1, rest.sum())
    return [int(n) for n in least + np.floor(rest * max(0.0, share)).astype(np.int64)]


def _mixed(keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Scramble 64-bit numbers one to one (the finaliser of splitmix64, Steele et al., 2014)."""
    with np.errstate(over="ignore"):
        z = keys + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
