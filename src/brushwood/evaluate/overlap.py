"""Which objects of truth and prediction overlap, and by how much: only pairs that do."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.errors import InputError
from brushwood.evaluate.inputs import added_up, check_pair, finest, pair_counts, pieces
from brushwood.jobs import IDLE, Job

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class Objects:
    """The objects of a label image.

    Attributes
    ----------
    frame : ndarray of int64, (n,)
        Frame of each, counted over all leading axes; 0 without frames.
    label : ndarray of int64, (n,)
        Sorted within a frame; gaps are fine.
    size : ndarray of int64, (n,)
        Pixels.
    """

    frame: Ints
    label: Ints
    size: Ints

    def __len__(self) -> int:
        return len(self.label)


@dataclass(frozen=True, eq=False, slots=True)
class Overlap:
    """Objects of truth and prediction, and the pixels that pairs of them share.

    Memory grows with the objects and the pairs that touch, never with their product.

    Attributes
    ----------
    truth, prediction : Objects
    at_truth, at_prediction : ndarray of int64, (pair,)
        Position of each pair's objects in `truth` and `prediction`.
    shared : ndarray of int64, (pair,)
        Pixels in both.
    """

    truth: Objects
    prediction: Objects
    at_truth: Ints
    at_prediction: Ints
    shared: Ints

    @property
    def iou(self) -> npt.NDArray[np.float64]:
        """Intersection over union of each pair."""
        either = self.truth.size[self.at_truth] + self.prediction.size[self.at_prediction]
        return self.shared / (either - self.shared)


def overlap(truth: Any, prediction: Any, *, ndim: int | None = None, job: Job = IDLE) -> Overlap:
    """Find the pairs of objects that share pixels.

    Parameters
    ----------
    truth, prediction : array-like of int, one shape (…frames, space)
        Labels, 0 for background. Read in pieces.
    ndim : int, optional
        Spatial dimensions; objects of different frames are different objects. Default: all axes,
        so that an object may extend over all of them.

    Raises
    ------
    ShapeMismatchError, InputError
        If the arrays cannot be compared, or labels are negative.
    """
    truth, prediction = finest(truth), finest(prediction)
    check_pair(truth, prediction, "labels")
    frames = int(np.prod(truth.shape[: len(truth.shape) - (ndim or len(truth.shape))]))
    parts = []
    if frames == 1:
        parts.append((0, _counted(truth, prediction, job)))
    else:
        lead = truth.shape[: len(truth.shape) - (ndim or 0)]
        for frame, index in enumerate(np.ndindex(*lead)):
            share = job.part(frame / frames, (frame + 1) / frames)
            parts.append((frame, _counted(truth[index], prediction[index], share)))
    return _joined(parts)


def _counted(truth: Any, prediction: Any, job: Job) -> tuple[Ints, Ints, Ints]:
    found = [pair_counts(t, p) for _, (t, p) in pieces((truth, prediction), job, "Overlapping")]
    a, b, counts = added_up(found)
    for name, ids in (("truth", a), ("prediction", b)):
        if ids.size and ids.min() < 0:
            raise InputError(
                f"The {name} holds the label {ids.min()}, but labels are 0 (background) or "
                "positive. Number the objects from 1."
            )
    return a, b, counts


def _joined(parts: list[tuple[int, tuple[Ints, Ints, Ints]]]) -> Overlap:
    frame = np.concatenate([np.full(len(p[0]), f, np.int64) for f, p in parts])
    a, b, counts = (np.concatenate([p[k] for _, p in parts]) for k in range(3))
    truth, at_truth = _objects(frame, a, counts)
    prediction, at_prediction = _objects(frame, b, counts)
    both = (a > 0) & (b > 0)
    return Overlap(truth, prediction, at_truth[both], at_prediction[both], counts[both])


def _objects(frame: Ints, label: Ints, counts: Ints) -> tuple[Objects, Ints]:
    """Sum pixels over objects; background gets position -1."""
    order = np.lexsort((label, frame))
    f, i = frame[order], label[order]
    is_new = np.r_[True, (np.diff(f) != 0) | (np.diff(i) != 0)] if len(f) else np.zeros(0, bool)
    is_object = i > 0
    rank = np.cumsum(is_new & is_object) - 1
    at = np.full(len(label), -1, np.int64)
    at[order] = np.where(is_object, rank, -1)
    first = is_new & is_object
    size = np.bincount(at[at >= 0], weights=counts[at >= 0], minlength=int(first.sum()))
    return Objects(f[first], i[first], size.astype(np.int64)), at
