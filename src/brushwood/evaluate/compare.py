"""Compare kinds of classifiers on the same folds, and draw what they decide."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.errors import InputError
from brushwood.evaluate.estimators import Estimator, decide, lecture_models
from brushwood.evaluate.examples import By, Examples
from brushwood.evaluate.validate import Validation, validate
from brushwood.jobs import IDLE, Job


@dataclass(frozen=True, eq=False, slots=True)
class ModelComparison:
    """Several classifiers on the same folds.

    Attributes
    ----------
    validations : mapping of name to Validation
    seconds : mapping of name to float
        For learning and testing all folds.
    """

    validations: Mapping[str, Validation]
    seconds: Mapping[str, float]

    def table(self) -> Any:
        """Return one row a classifier, the best first.

        Returns
        -------
        pandas.DataFrame
            Columns model, jaccard, spread, accuracy, balanced_accuracy, f1, seconds.
        """
        import pandas as pd

        rows = [
            {
                "model": name,
                "jaccard": found.mean("jaccard"),
                "spread": found.spread("jaccard"),
                "accuracy": found.mean("accuracy"),
                "balanced_accuracy": found.mean("balanced_accuracy"),
                "f1": found.mean("f1"),
                "seconds": self.seconds[name],
            }
            for name, found in self.validations.items()
        ]
        return pd.DataFrame(rows).sort_values("jaccard", ascending=False, ignore_index=True)

    def sentence(self) -> str:
        """Say which is best, and whether the difference means anything."""
        table = self.table()
        best, own = table.iloc[0], self.validations.get("this forest")
        text = f"{best['model']} is best: Jaccard {best['jaccard']:.2f} ± {best['spread']:.2f}"
        if own is None or best["model"] == "this forest":
            return f"{text}."
        gap = best["jaccard"] - own.mean("jaccard")
        noise = max(best["spread"], own.spread("jaccard"))
        within = "which is within the spread of the folds" if gap <= noise else "more than chance"
        return f"{text}; this forest has {own.mean('jaccard'):.2f}, {gap:.2f} less, {within}."


def compare_models(
    examples: Examples,
    models: Mapping[str, Estimator] | None = None,
    *,
    by: By = "stroke",
    n_folds: int = 5,
    seed: int = 0,
    job: Job = IDLE,
) -> ModelComparison:
    """Validate several classifiers on the same folds.

    Parameters
    ----------
    examples : Examples
    models : mapping of name to Estimator, optional
        Default: `lecture_models`.
    by : {"stroke", "object", "image"}
    n_folds, seed : int

    Raises
    ------
    InputError
        If a class has too few units to be learned and tested.
    """
    models = models or lecture_models(seed=seed)
    validations, seconds = {}, {}
    for number, (name, model) in enumerate(models.items()):
        part = job.part(number / len(models), (number + 1) / len(models))
        part.checkpoint(0.0, f"Testing {name}")
        start = time.perf_counter()
        validations[name] = validate(examples, model, by=by, n_folds=n_folds, seed=seed, job=part)
        seconds[name] = time.perf_counter() - start
    return ModelComparison(validations, seconds)


@dataclass(frozen=True, eq=False, slots=True)
class DecisionRegions:
    """What a classifier decides over two features, as lectures draw it.

    Attributes
    ----------
    x, y : float (column,), (row,)
        Values of the two features.
    classes : int64 (row, column)
        Class id decided there.
    confidence : float (row, column)
        Probability of that class.
    """

    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]
    classes: npt.NDArray[np.int64]
    confidence: npt.NDArray[np.float64]


def decision_regions(
    examples: Examples,
    estimator: Estimator,
    features: tuple[int, int],
    *,
    resolution: int = 120,
    job: Job = IDLE,
) -> DecisionRegions:
    """Teach a classifier two of the features, and ask it everywhere between their extremes.

    Parameters
    ----------
    examples : Examples
    estimator : Estimator
    features : two int
        Columns of the features, x and y.
    resolution : int
        Points a side.

    Raises
    ------
    InputError
        If a feature does not exist or both are the same.
    """
    n = examples.features.shape[1]
    if len(set(features)) != 2 or not all(0 <= f < n for f in features):
        raise InputError(
            f"Choose two different features from 0 to {n - 1}, not {features[0]} and {features[1]}."
        )
    two = np.ascontiguousarray(examples.features[:, list(features)])
    fitted = estimator.fit(two, examples.classes, job)
    low, high = two.min(axis=0).astype(float), two.max(axis=0).astype(float)
    room = np.maximum(0.05 * (high - low), 1e-6)
    x, y = (np.linspace(low[k] - room[k], high[k] + room[k], resolution) for k in (0, 1))
    at = np.stack([axis.ravel() for axis in np.meshgrid(x, y)], axis=1)
    found = fitted.predict_proba(at.astype(np.float32))
    shape = (resolution, resolution)
    best = decide(found, fitted.classes).reshape(shape)
    return DecisionRegions(x, y, best, found.max(axis=1).reshape(shape))
