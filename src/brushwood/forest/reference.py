"""NumPy reference of what the device computes for forests and maps: slow, plain, exact."""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from brushwood.forest.forest import LEAF, Forest


def predict_proba(
    forest: Forest,
    X: npt.NDArray[np.float32],
) -> npt.NDArray[np.float64]:
    """Return each row's class probabilities, the mean of its leaves' fractions.

    In a weighted forest they are divided by their sum; 0 where nothing was voted for.

    Parameters
    ----------
    forest : Forest
    X : float32 (row, feature)

    Returns
    -------
    float64 (row, class)
    """
    X = np.asarray(X, np.float32)
    total = np.zeros((len(X), forest.n_classes))
    for root in forest.roots:
        node = np.full(len(X), root)
        rows = np.arange(len(X))
        while rows.size:
            at = node[rows]
            rows, at = rows[forest.feature[at] != LEAF], at[forest.feature[at] != LEAF]
            right = X[rows, forest.feature[at]] > forest.threshold[at]
            node[rows] = np.where(right, forest.right[at], forest.left[at])
        total += forest.value[node]
    if forest.is_weighted:
        sums = total.sum(axis=1, keepdims=True)
        np.divide(total, sums, out=total, where=sums > 0)
        return total
    return total / forest.n_trees


def classify(
    probabilities: npt.NDArray[np.floating[Any]], classes: npt.NDArray[np.int32]
) -> npt.NDArray[Any]:
    """Return the id of the most probable class; ties go to the lowest id.

    `probabilities` has the classes first; the answer is uint8, or uint16 if an id needs it.
    """
    dtype = np.uint8 if classes.max() <= 255 else np.uint16
    best = np.argmax(np.nan_to_num(probabilities, nan=-1.0), axis=0)
    ids: npt.NDArray[Any] = classes.astype(dtype)[best]
    return ids


def uncertainty(probabilities: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float64]:
    """Return the normalised entropy, ``-sum(p log p) / log(classes)``, in [0, 1].

    Shannon (1948); 0 where one class is certain, 1 where all are equal, 0 for a single class.
    """
    p = np.asarray(probabilities, np.float64)
    if len(p) < 2:
        return np.zeros(p.shape[1:])
    terms = np.where(p > 0, -p * np.log(np.where(p > 0, p, 1)), 0)
    entropy: npt.NDArray[np.float64] = terms.sum(axis=0) / np.log(len(p))
    return np.clip(entropy, 0, 1)


def smooth(
    probabilities: npt.NDArray[np.floating[Any]], sigma: tuple[float, float, float]
) -> npt.NDArray[np.float64]:
    """Smooth planes (class, Z, Y, X) by a Gaussian cut at 3 σ, image mirrored at its borders."""
    planes = np.asarray(probabilities, np.float64)
    for axis, s in enumerate(sigma, 1):
        if s > 0:
            radius = int(3 * s + 0.5)
            kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / s) ** 2)
            planes = ndimage.correlate1d(planes, kernel / kernel.sum(), axis, mode="reflect")
    return planes
