"""The scores that follow from the numbers of matched, missed and extra objects."""

from collections.abc import Sequence
from dataclasses import dataclass

from brushwood.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchScores:
    """Numbers of matched objects, and the scores that follow from them.

    Every score is 0 when nothing matches, as in StarDist.

    Attributes
    ----------
    min_iou : float
        Threshold on intersection over union.
    n_truth, n_prediction : int
        Objects.
    tp : int
        True objects that were found.
    sum_iou : float
        Sum of the intersection over union of all matches.

    References
    ----------
    Formulas as in StarDist's ``matching.py``; panoptic quality: Kirillov et al. 2019, eq. 1,
    doi:10.1109/CVPR.2019.00963.
    """

    min_iou: float
    n_truth: int
    n_prediction: int
    tp: int
    sum_iou: float

    @property
    def fp(self) -> int:
        """Objects that are not there."""
        return self.n_prediction - self.tp

    @property
    def fn(self) -> int:
        """Objects that were missed."""
        return self.n_truth - self.tp

    @property
    def precision(self) -> float:
        """Share of found objects that are right, TP / (TP + FP)."""
        return self.tp / self.n_prediction if self.tp else 0.0

    @property
    def recall(self) -> float:
        """Share of true objects that were found, TP / (TP + FN)."""
        return self.tp / self.n_truth if self.tp else 0.0

    @property
    def f1(self) -> float:
        """2 TP / (2 TP + FP + FN)."""
        return 2 * self.tp / (self.n_truth + self.n_prediction) if self.tp else 0.0

    @property
    def average_precision(self) -> float:
        """TP / (TP + FP + FN): what DSB 2018, StarDist ("accuracy") and Cellpose report."""
        return self.tp / (self.n_truth + self.n_prediction - self.tp) if self.tp else 0.0

    @property
    def accuracy(self) -> float:
        """The same as `average_precision`, by StarDist's name."""
        return self.average_precision

    @property
    def mean_matched_score(self) -> float:
        """Mean intersection over union of the matches."""
        return self.sum_iou / self.tp if self.tp else 0.0

    @property
    def mean_true_score(self) -> float:
        """Sum of the matches' intersection over union, over the number of true objects."""
        return self.sum_iou / self.n_truth if self.tp else 0.0

    @property
    def panoptic_quality(self) -> float:
        """Sum of the matches' intersection over union / (TP + FP/2 + FN/2)."""
        return 2 * self.sum_iou / (self.n_truth + self.n_prediction) if self.tp else 0.0

    def scores(self) -> dict[str, float]:
        """Return all counts and scores by name."""
        names = ("min_iou", "n_truth", "n_prediction", "tp", "fp", "fn", "precision", "recall")
        more = ("f1", "average_precision", "mean_matched_score", "mean_true_score")
        return {name: getattr(self, name) for name in (*names, *more, "panoptic_quality")}


def pooled(scores: Sequence[MatchScores]) -> MatchScores:
    """Add the objects of several images, so that every object counts the same.

    Parameters
    ----------
    scores : sequence of MatchScores
        At one threshold.

    Raises
    ------
    InputError
        If there are none, or their thresholds differ.
    """
    thresholds = {s.min_iou for s in scores}
    if len(thresholds) != 1:
        raise InputError(
            "Scores of several images are pooled at one threshold, but these have "
            f"{', '.join(map(str, sorted(thresholds))) or 'none'}. Match all at the same one."
        )
    return MatchScores(
        min_iou=thresholds.pop(),
        n_truth=sum(s.n_truth for s in scores),
        n_prediction=sum(s.n_prediction for s in scores),
        tp=sum(s.tp for s in scores),
        sum_iou=float(sum(s.sum_iou for s in scores)),
    )
