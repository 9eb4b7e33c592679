"""Match segmented objects with true ones, and count what is right, missed, extra, split, merged."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.errors import InputError
from brushwood.evaluate.assign import assign
from brushwood.evaluate.match_scores import MatchScores
from brushwood.evaluate.overlap import Ints, Objects, Overlap, overlap
from brushwood.jobs import IDLE, Job

#: Thresholds of the Data Science Bowl 2018.
DSB2018_THRESHOLDS = tuple(round(0.5 + 0.05 * k, 2) for k in range(10))
#: An object is split, or objects are merged, when parts overlap by more than this.
SPLIT_IOU = 0.1


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Matching(MatchScores):
    """A matching of two label images. Inherits the scores of `MatchScores`.

    Attributes
    ----------
    overlap : Overlap
        All objects and all pairs that share pixels.
    at : ndarray of int64, (match,)
        The matches, as positions in the pairs of `overlap`.
    """

    overlap: Overlap
    at: Ints

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """Matched labels, (truth, prediction)."""
        found = self.overlap
        a = found.truth.label[found.at_truth[self.at]]
        b = found.prediction.label[found.at_prediction[self.at]]
        return tuple(zip(a.tolist(), b.tolist(), strict=True))

    @property
    def pair_iou(self) -> npt.NDArray[np.float64]:
        """Intersection over union of each of `pairs`."""
        return self.overlap.iou[self.at]

    @property
    def best_iou(self) -> npt.NDArray[np.float64]:
        """Largest intersection over union of each true object with any found one, (n_truth,)."""
        return _best(self.overlap.at_truth, self.overlap.iou, self.n_truth)

    @property
    def mean_best_iou(self) -> float:
        """Recall-side score for sparse truth: mean of `best_iou`; extra objects cost nothing.

        For a truth in which only some objects were annotated. It says how well these were
        segmented, not how many objects are wrong elsewhere ("sparse Jaccard" in
        the-segmentation-game).
        """
        return float(self.best_iou.mean()) if self.n_truth else 0.0

    @property
    def missed(self) -> Ints:
        """Labels of true objects without a match."""
        return np.delete(self.overlap.truth.label, self.overlap.at_truth[self.at])

    @property
    def extra(self) -> Ints:
        """Labels of found objects without a match."""
        return np.delete(self.overlap.prediction.label, self.overlap.at_prediction[self.at])

    @property
    def split(self) -> Ints:
        """Labels of true objects that two or more found ones overlap by more than 0.1 IoU.

        The rule of Caicedo et al. 2019, doi:10.1002/cyto.a.23863.
        """
        return self.overlap.truth.label[self._shared(self.overlap.at_truth, self.n_truth)]

    @property
    def merged(self) -> Ints:
        """Labels of found objects that two or more true ones overlap by more than 0.1 IoU."""
        at = self._shared(self.overlap.at_prediction, self.n_prediction)
        return self.overlap.prediction.label[at]

    @property
    def aggregated_jaccard(self) -> float:
        """Aggregated Jaccard index (Kumar et al. 2017, doi:10.1109/TMI.2017.2677499)."""
        return _aggregated(self.overlap)

    def truth_table(self) -> Any:
        """Return one row a true object: label, frame, size, best IoU, partner, state.

        Returns
        -------
        pandas.DataFrame
            ``state`` is "matched", "split" or "missed"; ``partner`` the matched label, 0 if none.
        """
        partner = self._partners(self.overlap.at_truth, self.overlap.at_prediction)
        labels = self._labels_at(partner, self.overlap.prediction)
        split = self._shared(self.overlap.at_truth, self.n_truth)
        state = _states(partner >= 0, split, "split", "missed")
        return _rows(self.overlap.truth, self.best_iou, labels, state)

    def prediction_table(self) -> Any:
        """Return one row a found object; ``state`` is "matched", "merged" or "extra"."""
        partner = self._partners(self.overlap.at_prediction, self.overlap.at_truth)
        labels = self._labels_at(partner, self.overlap.truth)
        merged = self._shared(self.overlap.at_prediction, self.n_prediction)
        state = _states(partner >= 0, merged, "merged", "extra")
        best = _best(self.overlap.at_prediction, self.overlap.iou, self.n_prediction)
        return _rows(self.overlap.prediction, best, labels, state)

    def at_threshold(self, min_iou: float) -> "Matching":
        """Match the same objects at another threshold, without reading images again."""
        return match_overlap(self.overlap, min_iou)

    def _shared(self, at: Ints, n: int) -> npt.NDArray[np.bool_]:
        parts: npt.NDArray[np.bool_] = (
            np.bincount(at[self.overlap.iou > SPLIT_IOU], minlength=n) > 1
        )
        return parts

    def _partners(self, here: Ints, there: Ints) -> Ints:
        n = self.n_truth if here is self.overlap.at_truth else self.n_prediction
        partner = np.full(n, -1, np.int64)
        partner[here[self.at]] = there[self.at]
        return partner

    def _labels_at(self, partner: Ints, objects: Objects) -> Ints:
        labels = np.zeros(len(partner), np.int64)
        labels[partner >= 0] = objects.label[partner[partner >= 0]]
        return labels


def match_objects(
    truth: Any,
    prediction: Any,
    *,
    min_iou: float = 0.5,
    ndim: int | None = None,
    job: Job = IDLE,
) -> Matching:
    """Match segmented objects with true ones.

    Parameters
    ----------
    truth, prediction : array-like of int, one shape (…frames, space)
        Labels, 0 for background; gaps are fine. NumPy, dask or zarr, read in pieces.
    min_iou : float
        A pair can match from this intersection over union on, 0 < min_iou <= 1.
    ndim : int, optional
        Spatial dimensions; frames before them are matched one by one and counted together.
        Default: all axes are space.

    Returns
    -------
    Matching

    Raises
    ------
    ShapeMismatchError, InputError
        If the images cannot be compared, or the threshold makes no sense.

    Examples
    --------
    >>> import numpy as np
    >>> truth = np.array([[1, 1, 0, 5, 5, 0]])
    >>> found = match_objects(truth, np.array([[7, 7, 0, 0, 3, 2]]), min_iou=0.6)
    >>> found.tp, found.fp, found.fn, found.pairs
    (1, 2, 1, ((1, 7),))
    """
    check_threshold(min_iou)
    if ndim is not None and not 1 <= ndim <= np.ndim(truth):
        raise InputError(
            f"ndim must be from 1 to {np.ndim(truth)}, the number of axes, but is {ndim}. "
            "Give the number of spatial axes."
        )
    return match_overlap(overlap(truth, prediction, ndim=ndim, job=job), min_iou)


def match_overlap(found: Overlap, min_iou: float = 0.5) -> Matching:
    """Match objects whose overlap is known already.

    Parameters
    ----------
    found : Overlap
    min_iou : float

    Raises
    ------
    InputError
        If the threshold makes no sense.
    """
    check_threshold(min_iou)
    at = assign(found, min_iou)
    return Matching(
        min_iou=min_iou,
        n_truth=len(found.truth),
        n_prediction=len(found.prediction),
        tp=len(at),
        sum_iou=float(found.iou[at].sum()),
        overlap=found,
        at=at,
    )


def threshold_curve(
    found: Overlap, thresholds: Iterable[float] = DSB2018_THRESHOLDS
) -> tuple[MatchScores, ...]:
    """Return the scores at several thresholds.

    Parameters
    ----------
    found : Overlap
    thresholds : iterable of float
    """
    return tuple(match_overlap(found, t) for t in thresholds)


def dsb2018_score(found: Overlap) -> float:
    """Return the score of the Data Science Bowl 2018: mean average precision over thresholds.

    The thresholds are 0.50, 0.55 … 0.95; a pair matches from the threshold on (IoU >= t).
    """
    return float(np.mean([s.average_precision for s in threshold_curve(found)]))


def check_threshold(min_iou: float) -> None:
    """Refuse a threshold at which no match makes sense.

    Raises
    ------
    InputError
        Unless 0 < min_iou <= 1.
    """
    if not 0 < min_iou <= 1:
        raise InputError(f"min_iou must be above 0 and at most 1, but is {min_iou}. Usual is 0.5.")


def _best(at: Ints, iou: npt.NDArray[np.float64], n: int) -> npt.NDArray[np.float64]:
    best = np.zeros(n)
    np.maximum.at(best, at, iou)
    return best


def _states(
    is_matched: npt.NDArray[np.bool_], shared: npt.NDArray[np.bool_], several: str, none: str
) -> npt.NDArray[np.str_]:
    return np.where(is_matched, "matched", np.where(shared, several, none))


def _rows(
    objects: Objects, best: npt.NDArray[np.float64], partner: Ints, state: npt.NDArray[np.str_]
) -> Any:
    import pandas as pd

    columns: dict[str, Any] = {"label": objects.label, "index": objects.label}
    if objects.frame.any():
        columns["frame"] = objects.frame
    columns |= {"size": objects.size, "iou": best, "partner": partner, "state": state}
    return pd.DataFrame(columns)


def _aggregated(found: Overlap) -> float:
    """Sum of intersections over sum of unions, unused predictions added to the unions."""
    iou = found.iou
    order = np.lexsort((-iou, found.at_truth))
    first = order[np.unique(found.at_truth[order], return_index=True)[1]]
    shared = found.shared[first]
    union = found.prediction.size[found.at_prediction[first]] - shared
    used = np.zeros(len(found.prediction), bool)
    used[found.at_prediction[first]] = True
    total = found.truth.size.sum() + union.sum() + found.prediction.size[~used].sum()
    return float(shared.sum() / total) if total else 0.0
