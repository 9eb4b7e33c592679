"""Evaluate a forest on the rows of a table, on the processor: the reference's answer, sooner."""

import numpy as np
import numpy.typing as npt

from brushwood.forest.forest import LEAF, Forest
from brushwood.jobs import IDLE, Job

#: Rows whose walk stays in a processor's caches.
_CHUNK = 8192


def predict_rows(
    forest: Forest, X: npt.NDArray[np.float32], job: Job = IDLE
) -> npt.NDArray[np.float64]:
    """Return each row's class probabilities, to the bit those of `forest.reference`.

    Parameters
    ----------
    forest : Forest
    X : float32 (row, feature)
        NaN goes left at every question.
    job : Job
        Asked every few thousand rows.

    Returns
    -------
    float64 (row, class)
    """
    X = np.ascontiguousarray(X, np.float32)
    nodes = np.arange(forest.n_nodes, dtype=np.intp)
    leaf = forest.feature == LEAF
    # A leaf is its own child, so that all rows take the same number of steps without a mask.
    feature = np.where(leaf, 0, forest.feature).astype(np.intp)
    threshold = np.where(leaf, np.float32(np.inf), forest.threshold)
    child = np.stack(
        [np.where(leaf, nodes, forest.left), np.where(leaf, nodes, forest.right)], axis=1
    ).ravel()
    total = np.zeros((len(X), forest.n_classes))
    for start in range(0, len(X), _CHUNK):
        job.checkpoint(start / len(X), "Classifying objects")
        rows = X[start : start + _CHUNK]
        values, first = rows.ravel(), np.arange(len(rows)) * rows.shape[1]
        for root in forest.roots:
            node = np.full(len(rows), root, np.intp)
            while True:
                right = values[first + feature[node]] > threshold[node]
                below = child[2 * node + right]
                if np.array_equal(below, node):
                    break
                node = below
            total[start : start + _CHUNK] += forest.value[node]
    if forest.is_weighted:
        sums = total.sum(axis=1, keepdims=True)
        np.divide(total, sums, out=total, where=sums > 0)
        return total
    return total / forest.n_trees
