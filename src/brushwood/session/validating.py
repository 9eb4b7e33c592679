"""How good is a classifier: the question that goes to a worker, and its answer in words."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np
from psygnal import SignalGroupDescriptor

from brushwood.evaluate.calibration import Reliability, calibration
from brushwood.evaluate.compare import (
    DecisionRegions,
    ModelComparison,
    compare_models,
    decision_regions,
)
from brushwood.evaluate.estimators import ForestEstimator, lecture_models
from brushwood.evaluate.examples import By, Examples
from brushwood.evaluate.learning import LearningCurve, learning_curve, score_title
from brushwood.evaluate.validate import Validation, validate
from brushwood.jobs import Job

Question: TypeAlias = Literal["test", "curve", "models", "regions"]
#: The questions, in words.
QUESTIONS: dict[Question, str] = {
    "test": "test on held-out data",
    "curve": "does more annotation help?",
    "models": "compare with other classifiers",
    "regions": "draw what it decides",
}
#: Rows that decision regions are drawn with; more would hide each other.
_MOST_POINTS = 1500
Rows: TypeAlias = tuple[tuple[str, ...], ...]


@dataclass
class ValidatingState:
    """How a classifier is tested, one a classifier and viewer.

    Attributes
    ----------
    question : {"test", "curve", "models", "regions"}
    by : {"stroke", "object", "image"}
        What is held out whole.
    n_folds : int
        0 holds out `share` once.
    share : float
        0.1 to 0.5.
    features : two int
        Columns of the features that regions are drawn in; -1 for the most important ones.
    model : str
        Which of the compared classifiers is drawn.
    """

    question: Question = "test"
    by: By = "stroke"
    n_folds: int = 5
    share: float = 0.25
    features: tuple[int, int] = (-1, -1)
    model: str = "this forest"

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()


@dataclass(frozen=True, eq=False, slots=True)
class ValidateRequest:
    """One question.

    Attributes
    ----------
    examples : callable taking a Job
        Computes the examples, in the worker.
    estimator : ForestEstimator
        The user's forest.
    """

    question: Question
    examples: Callable[[Job], Examples]
    estimator: ForestEstimator
    by: By
    n_folds: int | None = 5
    share: float = 0.25
    features: tuple[int, int] = (-1, -1)
    model: str = "this forest"


@dataclass(frozen=True, eq=False, slots=True)
class Validated:
    """One answer.

    Attributes
    ----------
    sentence : str
        What came out, and what it was measured on.
    header, rows : tuples of str
        A table; empty for none.
    found : Validation, LearningCurve, ModelComparison or DecisionRegions
    reliabilities : tuple of (class name, Reliability)
    names : tuple of str
        Names of all features.
    points : tuple of arrays or None
        x, y and class of some examples, to draw over the regions.
    class_names : mapping of class id to str
    """

    question: Question
    sentence: str
    header: tuple[str, ...]
    rows: Rows
    found: Validation | LearningCurve | ModelComparison | DecisionRegions
    seconds: float
    reliabilities: tuple[tuple[str, Reliability], ...] = ()
    names: tuple[str, ...] = ()
    points: tuple[Any, Any, Any] | None = None
    features: tuple[int, int] = (-1, -1)
    class_names: dict[int, str] = field(default_factory=dict)


def run_validation(request: ValidateRequest, job: Job) -> Validated:
    """Answer a question. Pure: same request, same answer.

    Raises
    ------
    BrushwoodError
        Saying what is missing.
    Cancelled
    """
    start = time.perf_counter()
    examples = request.examples(job.part(0.0, 0.2))
    answer = {"test": _test, "curve": _curve, "models": _models, "regions": _regions}
    done = answer[request.question](request, examples, job.part(0.2, 1.0))
    return replace(done, seconds=time.perf_counter() - start, names=examples.names)


def _test(request: ValidateRequest, examples: Examples, job: Job) -> Validated:
    found = validate(
        examples,
        request.estimator,
        by=request.by,
        n_folds=request.n_folds,
        share=request.share,
        job=job,
    )
    table = found.table()
    rows = tuple(
        (score_title(str(row[0])), *(f"{value:.3f}" for value in row[1:]))
        for row in table.itertuples(index=False)
    )
    curves = tuple(
        (examples.class_name(int(i)), calibration(found, examples, int(i))) for i in found.classes
    )
    briers = ", ".join(f"{name} {c.brier:.3f}" for name, c in curves)
    worst = max((c for _, c in curves), key=lambda c: c.expected_error)
    sentence = f"{_upper(found.sentence())}. {worst.sentence()} Brier score: {briers}."
    header = ("score", f"held-out {request.by}s", "spread", "training (optimistic)")
    return Validated("test", sentence, header, rows, found, 0.0, curves)


def _curve(request: ValidateRequest, examples: Examples, job: Job) -> Validated:
    found = learning_curve(
        examples, request.estimator, by=request.by, n_folds=request.n_folds or 5, job=job
    )
    header = (f"{request.by}s", "held-out", "training (optimistic)")
    rows = tuple(
        (f"{n:.0f}", f"{_mean(test):.3f}", f"{_mean(train):.3f}")
        for n, test, train in zip(found.n_units, found.test, found.train, strict=True)
    )
    return Validated("curve", found.sentence(), header, rows, found, 0.0)


def _models(request: ValidateRequest, examples: Examples, job: Job) -> Validated:
    models = lecture_models(request.estimator.params)
    found = compare_models(examples, models, by=request.by, n_folds=request.n_folds or 5, job=job)
    rows = tuple(
        (row.model, f"{row.jaccard:.3f}", f"{row.spread:.3f}", f"{row.accuracy:.3f}",
         f"{row.seconds:.1f} s")
        for row in found.table().itertuples()
    )  # fmt: skip
    header = ("classifier", "Jaccard", "spread", "accuracy", "time")
    sentence = f"{found.sentence()} Measured on held-out {request.by}s, the same for all."
    return Validated("models", sentence, header, rows, found, 0.0)


def _regions(request: ValidateRequest, examples: Examples, job: Job) -> Validated:
    x, y = request.features
    n = examples.features.shape[1]
    if not (0 <= x < n and 0 <= y < n and x != y):
        x, y = _most_important(request.estimator, examples, job.part(0.0, 0.5))
    model = lecture_models(request.estimator.params)[request.model]
    found = decision_regions(examples, model, (x, y), job=job.part(0.5, 1.0))
    keep = np.random.default_rng(0).permutation(len(examples))[:_MOST_POINTS]
    points = (examples.features[keep, x], examples.features[keep, y], examples.classes[keep])
    names = {int(i): examples.class_name(int(i)) for i in np.unique(examples.classes)}
    sentence = (
        f"What {request.model} decides when it sees only {_name(examples, x)} and "
        f"{_name(examples, y)}. The real classifier sees all {n} features."
    )
    return Validated(
        "regions", sentence, (), (), found, 0.0, points=points, features=(x, y), class_names=names
    )


def _most_important(estimator: ForestEstimator, examples: Examples, job: Job) -> tuple[int, int]:
    """Return the two features that the forest asks most."""
    importances = estimator.fit(examples.features, examples.classes, job).importances
    if len(importances) < 2:
        return 0, 0  # refused, with a sentence
    order = np.argsort(-importances, kind="stable")
    return int(order[0]), int(order[1])


def _name(examples: Examples, column: int) -> str:
    return examples.names[column] if column < len(examples.names) else f"feature {column}"


def _mean(values: Any) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
