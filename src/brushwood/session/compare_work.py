"""Compare two layers: the request that goes to a worker, and what comes back."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.evaluate.background import BackgroundCurve, background_curve, outcome_map
from brushwood.evaluate.inputs import finest
from brushwood.evaluate.match import Matching, dsb2018_score, match_objects, threshold_curve
from brushwood.evaluate.match_scores import MatchScores
from brushwood.evaluate.pixels import compare_pixels
from brushwood.evaluate.scores import PixelScores
from brushwood.jobs import Job
from brushwood.session.comparing import CompareWhat
from brushwood.session.scene import LayerKey

#: Values of an objects map, and what they mean.
FOUND, EXTRA, MISSED, SHARED = 1, 2, 3, 4


@dataclass(frozen=True, eq=False, slots=True)
class CompareRequest:
    """Two layers to compare.

    Attributes
    ----------
    truth, prediction : array-like of int, one shape
    region : ndarray of bool or None
    ndim : int
        Spatial dimensions; objects of other frames are other objects.
    names : tuple of (class id, name)
    """

    truth_key: LayerKey
    prediction_key: LayerKey
    truth: Any
    prediction: Any
    what: CompareWhat
    region: npt.NDArray[Any] | None = None
    ndim: int = 2
    zero_is_unknown: bool = True
    class_id: int | None = None
    min_iou: float = 0.5
    is_sparse: bool = False
    names: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class PixelsCompared:
    """Class maps, compared.

    Attributes
    ----------
    class_id : int
        The class that is shown in detail.
    curve : BackgroundCurve or None
        None where only the class itself occurs.
    outcome : ndarray of uint8
        True and false positives and negatives of `class_id`.
    """

    request: CompareRequest
    scores: PixelScores
    class_id: int
    curve: BackgroundCurve | None
    outcome: npt.NDArray[np.uint8]
    seconds: float


@dataclass(frozen=True, eq=False, slots=True)
class Finding:
    """An object worth a look.

    Attributes
    ----------
    kind : {"missed", "extra", "split", "merged"}
    side : {"truth", "prediction"}
        Layer that the label belongs to.
    """

    kind: str
    side: str
    label: int
    size: int
    iou: float


@dataclass(frozen=True, eq=False, slots=True)
class ObjectsCompared:
    """Objects, matched.

    Attributes
    ----------
    curve : tuple of MatchScores
        At thresholds from 0.5 to 0.95.
    dsb2018 : float
    findings : tuple of Finding
        Everything that is not a plain match, the largest first.
    outcome : ndarray of uint8
        1 found, 2 extra, 3 missed, 4 split or merged.
    truth_table, prediction_table : DataFrame
        Best IoU, partner and state of every object.
    """

    request: CompareRequest
    matching: Matching
    curve: tuple[MatchScores, ...]
    dsb2018: float
    findings: tuple[Finding, ...]
    outcome: npt.NDArray[np.uint8]
    truth_table: Any
    prediction_table: Any
    seconds: float


def run_comparison(request: CompareRequest, job: Job) -> PixelsCompared | ObjectsCompared:
    """Compare. Pure: same request, same answer.

    Raises
    ------
    InputError, ShapeMismatchError
        If the layers cannot be compared.
    Cancelled
    """
    start = time.perf_counter()
    compare = _pixels if request.what == "pixels" else _objects
    return compare(request, job, start)


def _pixels(request: CompareRequest, job: Job, start: float) -> PixelsCompared:
    ignore = 0 if request.zero_is_unknown else None
    truth = finest(request.truth)
    scores = compare_pixels(
        request.truth,
        request.prediction,
        ignore=ignore,
        region=request.region,
        names=dict(request.names),
        job=job.part(0.0, 0.4),
    )
    class_id = request.class_id if request.class_id in scores.classes else _sought(scores)
    has_background = len(scores.ids) > 1
    curve = None
    if has_background and request.region is None:
        curve = background_curve(
            truth, request.prediction, class_id, ignore=ignore, job=job.part(0.4, 0.8)
        )
    job.checkpoint(0.9, "Drawing the map")
    outcome = outcome_map(truth, request.prediction, class_id, ignore=ignore)
    if request.region is not None:
        outcome[np.asarray(request.region) == 0] = 0
    seconds = time.perf_counter() - start
    return PixelsCompared(request, scores, class_id, curve, outcome, seconds)


def _sought(scores: PixelScores) -> int:
    """Return the class that a user most likely looks for: the rarest of the truth."""
    sizes = {i: scores.counts(i).tp + scores.counts(i).fn for i in scores.classes}
    present = {i: n for i, n in sizes.items() if n and i} or sizes
    return min(present, key=lambda i: (present[i], -i))


def _objects(request: CompareRequest, job: Job, start: float) -> ObjectsCompared:
    truth, prediction = finest(request.truth), finest(request.prediction)
    if request.region is not None:
        inside = np.asarray(request.region) != 0
        truth, prediction = np.where(inside, truth, 0), np.where(inside, prediction, 0)
    ndim = request.ndim if request.ndim < len(truth.shape) else None
    matching = match_objects(
        truth, prediction, min_iou=request.min_iou, ndim=ndim, job=job.part(0.0, 0.6)
    )
    job.checkpoint(0.7, "Drawing the map")
    outcome = _object_outcome(truth, prediction, matching, sparse=request.is_sparse)
    return ObjectsCompared(
        request,
        matching,
        threshold_curve(matching.overlap),
        dsb2018_score(matching.overlap),
        _findings(matching, sparse=request.is_sparse),
        outcome,
        matching.truth_table(),
        matching.prediction_table(),
        time.perf_counter() - start,
    )


def _object_outcome(
    truth: Any, prediction: Any, found: Matching, *, sparse: bool
) -> npt.NDArray[np.uint8]:
    t, p = np.asarray(truth), np.asarray(prediction)
    out = np.zeros(t.shape, np.uint8)
    if not sparse:
        out[np.isin(p, found.extra) & (p > 0)] = EXTRA
    out[np.isin(t, found.missed) & (t > 0)] = MISSED
    out[np.isin(t, [a for a, _ in found.pairs])] = FOUND
    merged = np.isin(p, found.merged) & (p > 0)
    out[(np.isin(t, found.split) & (t > 0)) | merged] = SHARED
    return out


def _findings(found: Matching, *, sparse: bool) -> tuple[Finding, ...]:
    truth, prediction = found.truth_table(), found.prediction_table()
    rows: list[Finding] = []
    parts = (
        ("split", "truth", truth[np.isin(truth["label"], found.split)]),
        ("merged", "prediction", prediction[np.isin(prediction["label"], found.merged)]),
        ("missed", "truth", truth[truth["state"] == "missed"]),
        ("extra", "prediction", prediction[prediction["state"] == "extra"]),
    )
    for kind, side, table in parts:
        if kind == "extra" and sparse:  # nobody says that it is not there
            continue
        rows += [
            Finding(kind, side, int(label), int(size), float(iou))
            for label, size, iou in zip(table["label"], table["size"], table["iou"], strict=True)
        ]
    return tuple(sorted(rows, key=lambda row: -row.size))
