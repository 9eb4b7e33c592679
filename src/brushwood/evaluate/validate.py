"""How good is a classifier, measured on what it was not shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.evaluate.estimators import Estimator, ForestEstimator, decide
from brushwood.evaluate.examples import By, Examples
from brushwood.evaluate.folds import Fold, holdout, kfold
from brushwood.evaluate.pixels import compare_pixels
from brushwood.evaluate.scores import PixelScores
from brushwood.forest.params import ForestParams
from brushwood.jobs import IDLE, Job

Floats = npt.NDArray[np.float64]

#: Scores that a validation reports with their spread.
SCORES = (
    "accuracy",
    "balanced_accuracy",
    "jaccard",
    "precision",
    "recall",
    "specificity",
    "f1",
    "kappa",
    "matthews",
)


@dataclass(frozen=True, eq=False, slots=True)
class FoldResult:
    """One split: what was learned from, and how the rest came out.

    Attributes
    ----------
    fold : Fold
    test, train : PixelScores
        On held-out rows, and on the rows learned from, which is optimistic.
    probabilities : float64 (test row, class)
        In the order of `Validation.classes`; 0 for a class that the training part lacked.
    """

    fold: Fold
    test: PixelScores
    train: PixelScores
    probabilities: Floats


@dataclass(frozen=True, eq=False, slots=True)
class Validation:
    """Scores on held-out data, with their spread and what they were measured on.

    Attributes
    ----------
    by : {"stroke", "object", "image"}
        What was held out whole.
    classes : int64 (class,)
        Class ids.
    results : tuple of FoldResult
    scores : PixelScores
        Of all held-out rows together.
    out_of_bag : float or None
        Accuracy on rows that a tree was not shown, while their neighbours were: optimistic. None
        where trees are shown every row, as extremely randomised ones are.
    n_units : int
        Strokes, objects or images that were held out once.
    """

    by: By
    classes: npt.NDArray[np.int64]
    results: tuple[FoldResult, ...]
    scores: PixelScores
    out_of_bag: float | None
    n_units: int

    def mean(self, name: str) -> float:
        """Return the mean of a score over the folds."""
        return float(np.mean([getattr(r.test, name) for r in self.results]))

    def spread(self, name: str) -> float:
        """Return the standard deviation of a score over the folds, 0 for a single split."""
        values = [getattr(r.test, name) for r in self.results]
        return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0

    def held_out(self) -> tuple[npt.NDArray[np.intp], Floats]:
        """Return the positions of all held-out rows, and their probabilities (row, class)."""
        at = np.concatenate([r.fold.test for r in self.results])
        return at, np.concatenate([r.probabilities for r in self.results])

    def table(self) -> Any:
        """Return one row a score: held-out mean, spread, on the training rows, out of bag.

        Returns
        -------
        pandas.DataFrame
        """
        import pandas as pd

        rows = [
            {
                "score": name.replace("_", " "),
                f"held-out {self.by}s": self.mean(name),
                "spread": self.spread(name),
                "training (optimistic)": float(
                    np.mean([getattr(r.train, name) for r in self.results])
                ),
            }
            for name in SCORES
        ]
        return pd.DataFrame(rows)

    def sentence(self) -> str:
        """Say the result with what it was measured on."""
        n, folds = self.n_units, len(self.results)
        on = f"{n} held-out {self.by}{'s' * (n != 1)}"
        how = f"{folds} folds" if folds > 1 else "one split"
        parts = [
            f"accuracy {self.mean('accuracy'):.2f} ± {self.spread('accuracy'):.2f}",
            f"Jaccard {self.mean('jaccard'):.2f} ± {self.spread('jaccard'):.2f}",
        ]
        if folds == 1:
            parts = [f"accuracy {self.mean('accuracy'):.2f}", f"Jaccard {self.mean('jaccard'):.2f}"]
        bag = "" if self.out_of_bag is None else f" (out of bag, optimistic: {self.out_of_bag:.2f})"
        return f"{', '.join(parts)}, measured on {on} in {how}{bag}"

    def to_json(self) -> dict[str, Any]:
        """Return everything but probabilities as plain numbers and text."""
        return {
            "by": self.by,
            "n_units": self.n_units,
            "n_folds": len(self.results),
            "out_of_bag_accuracy_optimistic": self.out_of_bag,
            "held_out": self.scores.to_json(),
            "mean": {name: self.mean(name) for name in SCORES},
            "spread": {name: self.spread(name) for name in SCORES},
        }


def validate(
    examples: Examples,
    estimator: Estimator | None = None,
    *,
    by: By = "stroke",
    n_folds: int | None = 5,
    share: float = 0.25,
    seed: int = 0,
    job: Job = IDLE,
) -> Validation:
    """Learn from a part, test on the rest, whole strokes, objects or images at a time.

    Parameters
    ----------
    examples : Examples
    estimator : Estimator, optional
        Default: Brushwood's forest.
    by : {"stroke", "object", "image"}
        What is never split between training and test.
    n_folds : int or None
        Every unit is held out once; fewer folds where a class has fewer units. None: hold out
        `share` once.
    share : float
        0.1 to 0.5.
    seed : int

    Returns
    -------
    Validation

    Raises
    ------
    InputError
        If a class has too few units to be learned and tested.
    """
    estimator = estimator or ForestEstimator()
    if n_folds is None:
        folds: Sequence[Fold] = (holdout(examples, by, share, seed),)
    else:
        folds = kfold(examples, by, n_folds, seed)
    classes = np.unique(examples.classes)
    results = []
    for number, fold in enumerate(folds):
        part = job.part(number / len(folds), (number + 1) / len(folds))
        part.checkpoint(0.0, f"Testing, part {number + 1} of {len(folds)}")
        results.append(_tested(examples, fold, estimator, classes, part))
    at = np.concatenate([fold.test for fold in folds])
    probabilities = np.concatenate([r.probabilities for r in results])
    return Validation(
        by=by,
        classes=classes,
        results=tuple(results),
        scores=_scored(examples, at, decide(probabilities, classes)),
        out_of_bag=_out_of_bag(examples, estimator, job),
        n_units=sum(fold.n_test for fold in folds),
    )


def _tested(
    examples: Examples,
    fold: Fold,
    estimator: Estimator,
    classes: npt.NDArray[np.int64],
    job: Job,
) -> FoldResult:
    fitted = estimator.fit(examples.features[fold.train], examples.classes[fold.train], job)
    job.checkpoint(0.9, "Testing")
    found = fitted.predict_proba(examples.features[fold.test])
    probabilities = np.zeros((len(fold.test), len(classes)))
    probabilities[:, np.searchsorted(classes, fitted.classes)] = found
    shown = decide(fitted.predict_proba(examples.features[fold.train]), fitted.classes)
    return FoldResult(
        fold,
        _scored(examples, fold.test, decide(probabilities, classes)),
        _scored(examples, fold.train, shown),
        probabilities,
    )


def _scored(
    examples: Examples, at: npt.NDArray[np.intp], predicted: npt.NDArray[np.int64]
) -> PixelScores:
    return compare_pixels(examples.classes[at], predicted, ignore=None, names=examples.class_names)


def _out_of_bag(examples: Examples, estimator: Estimator, job: Job) -> float | None:
    """Return the out-of-bag accuracy of a random forest with the same parameters."""
    if not isinstance(estimator, ForestEstimator) or estimator.params.kind != "random":
        return None
    from sklearn.ensemble import RandomForestClassifier

    params: ForestParams = estimator.params
    job.checkpoint(0.99, "Out of bag")
    forest = RandomForestClassifier(
        params.n_trees,
        max_depth=params.max_depth,
        min_samples_leaf=params.min_leaf,
        max_features=None if params.max_features == "all" else params.max_features,
        class_weight="balanced" if params.balance else None,
        oob_score=True,
        random_state=params.seed,
    )
    # A few trees leave rows that every tree was shown; scikit-learn warns, we report none.
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        forest.fit(examples.features, examples.classes)
    return float(forest.oob_score_)
