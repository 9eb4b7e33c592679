"""Does more annotation help? The score against the number of strokes or images."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from brushwood.errors import InputError
from brushwood.evaluate.estimators import Estimator, ForestEstimator, decide
from brushwood.evaluate.examples import By, Examples
from brushwood.evaluate.folds import Fold, kfold
from brushwood.evaluate.pixels import compare_pixels
from brushwood.jobs import IDLE, Job

Floats = npt.NDArray[np.float64]

#: A test score from here on is good enough, and a gain below this for twice the data is none.
_GOOD, _GAIN = 0.95, 0.01
#: A rise counts when it is this many times its standard error over the folds.
_SURE = 1.5
#: Folds that differ so much that a rise of this size would go unseen tell nothing.
_BLUR = 0.03


#: Scores that bear a name.
_TITLES = {"jaccard": "Jaccard", "f1": "F1", "kappa": "Cohen's kappa", "matthews": "Matthews"}


def score_title(name: str) -> str:
    """Return how a score is written in a sentence or a table."""
    return _TITLES.get(name, name.replace("_", " "))


@dataclass(frozen=True, eq=False, slots=True)
class LearningCurve:
    """Scores with growing shares of the training data.

    Attributes
    ----------
    by : {"stroke", "object", "image"}
    score : str
        Name of the score.
    n_units : float (size,)
        Mean number of strokes, objects or images learned from.
    train, test : float (size, fold)
        Score on what was learned from, and on what was held out; NaN where a share held one class
        only.
    verdict : {"annotate", "features", "enough", "unsure"}
    """

    by: By
    score: str
    n_units: Floats
    train: Floats
    test: Floats
    verdict: str

    def sentence(self) -> str:
        """Say what the curve means for the user."""
        last = float(np.nanmean(self.test[-1]))
        name = score_title(self.score)
        at = f"{name} {last:.2f} on held-out {self.by}s with {self.n_units[-1]:.0f} {self.by}s"
        return {
            "enough": f"Good enough: {at}, and the last {self.by}s changed little.",
            "annotate": f"More annotation helps: {at}, and the score still rises. "
            f"Annotate more {self.by}s of what is confused.",
            "features": f"Another feature set may help: {at}, and the score no longer rises. "
            "Try larger or more filters, or check that the classes differ in the image.",
            "unsure": f"Too little to tell: {at}, but the folds differ too much to see a trend. "
            f"Annotate more {self.by}s, then draw the curve again.",
        }[self.verdict]


def learning_curve(
    examples: Examples,
    estimator: Estimator | None = None,
    *,
    by: By = "stroke",
    score: str = "jaccard",
    n_sizes: int = 5,
    n_folds: int = 5,
    seed: int = 0,
    job: Job = IDLE,
) -> LearningCurve:
    """Learn from growing parts of the training data, and test each on the same held-out part.

    Parameters
    ----------
    examples : Examples
    estimator : Estimator, optional
        Default: Brushwood's forest.
    by : {"stroke", "object", "image"}
    score : str
        A score of `PixelScores`, such as "jaccard" or "accuracy".
    n_sizes : int
        Points of the curve.
    n_folds : int
    seed : int
        Of the folds and of the order in which units are added.

    Raises
    ------
    InputError
        If a class has too few units, or there are fewer than two sizes.
    """
    if n_sizes < 2:
        raise InputError(f"A curve needs at least 2 points, but {n_sizes} was asked for.")
    estimator = estimator or ForestEstimator()
    folds = kfold(examples, by, n_folds, seed)
    units = examples.units(by)
    rng = np.random.default_rng(seed)
    train, test = (np.full((n_sizes, len(folds)), np.nan) for _ in range(2))
    counts = np.zeros((n_sizes, len(folds)))
    for column, fold in enumerate(folds):
        order = _order(examples, units, fold, rng)
        for row in range(n_sizes):
            done = (column * n_sizes + row) / (len(folds) * n_sizes)
            job.checkpoint(done, "Drawing the learning curve")
            n = max(2, round(len(order) * (row + 1) / n_sizes))
            kept = fold.train[np.isin(units[fold.train], order[:n])]
            counts[row, column] = min(n, len(order))
            if len(np.unique(examples.classes[kept])) > 1:
                scores = _both(examples, estimator, kept, fold.test, score)
                train[row, column], test[row, column] = scores
    sizes = counts.mean(axis=1)
    return LearningCurve(by, score, sizes, train, test, _verdict(sizes, test))


def _order(
    examples: Examples, units: npt.NDArray[np.int64], fold: Fold, rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Return the training units in random order, the classes taking turns.

    So that even the smallest part holds every class.
    """
    found, first = np.unique(units[fold.train], return_index=True)
    classes = examples.classes[fold.train][first]
    shuffled = rng.permutation(len(found))
    turn = np.zeros(len(found), np.int64)
    for class_id in np.unique(classes):
        mine = shuffled[classes[shuffled] == class_id]
        turn[mine] = np.arange(len(mine))
    order: npt.NDArray[np.int64] = found[np.lexsort((classes, turn))]
    return order


def _both(
    examples: Examples,
    estimator: Estimator,
    train: npt.NDArray[np.intp],
    test: npt.NDArray[np.intp],
    score: str,
) -> tuple[float, float]:
    fitted = estimator.fit(examples.features[train], examples.classes[train])
    values = []
    for rows in (train, test):
        predicted = decide(fitted.predict_proba(examples.features[rows]), fitted.classes)
        scores = compare_pixels(examples.classes[rows], predicted, ignore=None)
        values.append(float(getattr(scores, score)))
    return values[0], values[1]


def _verdict(sizes: Floats, test: Floats) -> str:
    """Judge by what twice the data would bring, from the upper half of the curve.

    Training scores tell nothing here: a forest learns nearly every row by heart.
    """
    upper = slice(len(sizes) // 2 if len(sizes) > 3 else 0, None)
    slopes = [
        np.polyfit(np.log2(sizes[upper][ok]), column[upper][ok], 1)[0]
        for column in test.T
        if (ok := np.isfinite(column[upper])).sum() > 1
    ]
    gain = float(np.mean(slopes)) if slopes else np.inf
    error = float(np.std(slopes, ddof=1) / np.sqrt(len(slopes))) if len(slopes) > 1 else 0.0
    rises = gain > _GAIN and gain > _SURE * error
    if rises and float(np.nanmean(test[-1])) < _GOOD:
        return "annotate"
    if float(np.nanmean(test[-1])) >= _GOOD:
        return "enough"
    return "unsure" if _SURE * error > _BLUR else "features"
