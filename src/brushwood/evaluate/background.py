"""Accuracy against Jaccard: what background does to a score, shown instead of told."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.errors import InputError
from brushwood.evaluate.inputs import check_pair, finest, pieces
from brushwood.evaluate.scores import Counts, PixelScores
from brushwood.jobs import IDLE, Job

#: A warning is given from this accuracy on, and when Jaccard is lower by this much.
_HIGH, _GAP = 0.9, 0.15

#: Values of an outcome map.
TRUE_POSITIVE, FALSE_POSITIVE, FALSE_NEGATIVE, TRUE_NEGATIVE = 1, 2, 3, 4
#: What they are called, in the order of their values.
OUTCOMES = {
    TRUE_POSITIVE: "true positive",
    FALSE_POSITIVE: "false positive",
    FALSE_NEGATIVE: "false negative",
    TRUE_NEGATIVE: "true negative",
}


@dataclass(frozen=True, eq=False, slots=True)
class BackgroundCurve:
    """Accuracy and Jaccard of one class as more background around it is looked at.

    Attributes
    ----------
    margin : ndarray of int, (n,)
        Pixels of border around the box that holds everything of the class, ascending from 0. Up to
        `real` the border is the image itself; beyond, it is imagined as correct background.
    accuracy, jaccard : ndarray of float, (n,)
    true_negative_share : ndarray of float, (n,)
        Share of true negatives among the pixels looked at.
    real : int
        Largest margin that the image has.
    """

    margin: npt.NDArray[np.int64]
    accuracy: npt.NDArray[np.float64]
    jaccard: npt.NDArray[np.float64]
    true_negative_share: npt.NDArray[np.float64]
    real: int


def background_curve(
    truth: Any,
    prediction: Any,
    class_id: int,
    *,
    ignore: int | None = 0,
    beyond: float = 1.0,
    job: Job = IDLE,
) -> BackgroundCurve:
    """Show how accuracy rises with the border of background while Jaccard stays.

    Parameters
    ----------
    truth, prediction : ndarray of int, one shape
        Class ids.
    class_id : int
        The class that is sought; everything else is background.
    ignore : int or None
        Value of `truth` that means *unknown*.
    beyond : float
        Imagined border beyond the image, as a share of the image's longest side.

    Raises
    ------
    InputError
        If neither truth nor prediction has the class.
    """
    truth, prediction = finest(truth), finest(prediction)
    check_pair(truth, prediction, "class ids")
    low, high = _box(truth, prediction, class_id, ignore, job.part(0.0, 0.5))
    shape = np.array(truth.shape)
    real = int(max(0, *low, *(shape - high)))
    counts = np.zeros((4, real + 1), np.int64)  # outcome, distance from the box
    for index, (t, p) in pieces((truth, prediction), job.part(0.5, 1.0), "Growing the border"):
        distance = _distance(index, low, high)
        outcome = _outcomes(t, p, class_id, ignore)
        for value in OUTCOMES:
            found = np.bincount(distance[outcome == value], minlength=real + 1)
            counts[value - 1] += found
    tp, fp, fn, tn = np.cumsum(counts, axis=1)
    extra = np.unique(np.linspace(0, beyond * shape.max(), 32).astype(np.int64))[1:]
    size = (high - low) + 2 * real
    # Imagined border: the shell of a box that grows by one pixel a side.
    shell = np.array([np.prod(size + 2.0 * e) - np.prod(size.astype(float)) for e in extra])
    margin = np.r_[np.arange(real + 1), real + extra]
    tn_all = np.r_[tn, tn[-1] + shell]
    tp, fp, fn = (np.r_[x, np.full(len(extra), x[-1])].astype(float) for x in (tp, fp, fn))
    n = tp + fp + fn + tn_all
    either = np.maximum(tp + fp + fn, 1)
    return BackgroundCurve(margin, (tp + tn_all) / n, tp / either, tn_all / n, real)


def outcome_map(
    truth: Any, prediction: Any, class_id: int, *, ignore: int | None = 0
) -> npt.NDArray[np.uint8]:
    """Say for each pixel how one class came out.

    Parameters
    ----------
    truth, prediction : array-like of int, one shape
    class_id : int
    ignore : int or None
        Value of `truth` that means *unknown*.

    Returns
    -------
    ndarray of uint8, the same shape
        1 true positive, 2 false positive, 3 false negative, 4 true negative, 0 unknown.
    """
    truth, prediction = finest(truth), finest(prediction)
    check_pair(truth, prediction, "class ids")
    out = np.zeros(truth.shape, np.uint8)
    for index, (t, p) in pieces((truth, prediction), IDLE, ""):
        out[index] = _outcomes(t, p, class_id, ignore)
    return out


def background_warning(scores: PixelScores, class_id: int) -> str:
    """Say plainly when accuracy is high only because of background, "" when it is not."""
    found: Counts = scores.counts(class_id)
    if found.accuracy < _HIGH or found.accuracy - found.jaccard < _GAP:
        return ""
    name = scores.names.get(class_id, f"class {class_id}")
    return (
        f"Accuracy {found.accuracy:.2f} looks better than it is: {found.true_negative_share:.0%} "
        f"of the pixels are background that was left alone. Of what is or was called {name}, only "
        f"{found.jaccard:.0%} agrees (Jaccard {found.jaccard:.2f}). Judge by Jaccard."
    )


def _outcomes(
    truth: npt.NDArray[Any], prediction: npt.NDArray[Any], class_id: int, ignore: int | None
) -> npt.NDArray[np.uint8]:
    is_there, was_found = truth == class_id, prediction == class_id
    out = np.full(truth.shape, TRUE_NEGATIVE, np.uint8)
    out[is_there & was_found] = TRUE_POSITIVE
    out[~is_there & was_found] = FALSE_POSITIVE
    out[is_there & ~was_found] = FALSE_NEGATIVE
    if ignore is not None:
        out[truth == ignore] = 0
    return out


def _box(
    truth: Any, prediction: Any, class_id: int, ignore: int | None, job: Job
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the box around everything of a class in truth or prediction, start and stop."""
    low = np.array(truth.shape, np.int64)
    high = np.zeros(truth.ndim, np.int64)
    for index, (t, p) in pieces((truth, prediction), job, "Looking for the class"):
        seen = (t == class_id) | (p == class_id)
        if ignore is not None:
            seen &= t != ignore
        where = np.nonzero(seen)
        if where[0].size:
            start = np.array([part.start for part in index])
            low = np.minimum(low, start + [int(axis.min()) for axis in where])
            high = np.maximum(high, start + [int(axis.max()) + 1 for axis in where])
    if (high <= low).any():
        raise InputError(
            f"Neither truth nor prediction has class {class_id} where the truth is known. "
            "Choose a class that occurs."
        )
    return low, high


def _distance(
    index: tuple[slice, ...], low: npt.NDArray[np.int64], high: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Return how far each pixel of a piece lies outside the box, along its farthest axis."""
    far = np.zeros(tuple(part.stop - part.start for part in index), np.int64)
    for axis, part in enumerate(index):
        at = np.arange(part.start, part.stop)
        outside = np.maximum(np.maximum(low[axis] - at, at - (high[axis] - 1)), 0)
        far = np.maximum(far, outside.reshape([-1 if a == axis else 1 for a in range(far.ndim)]))
    return far
