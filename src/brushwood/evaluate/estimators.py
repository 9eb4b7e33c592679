"""Classifiers that can be put to the test: our forest, and the ones that lectures compare."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from brushwood.forest.params import ForestParams
from brushwood.jobs import IDLE, Job

Features = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Estimator(Protocol):
    """What can be tested."""

    def fit(self, features: Features, classes: Ints, job: Job = IDLE) -> "Fitted":
        """Learn from rows, shape (row, feature), and their class ids."""
        ...


class Fitted(Protocol):
    """What has learned."""

    @property
    def classes(self) -> Ints:
        """Class ids, ascending."""
        ...

    def predict_proba(self, features: Features) -> Floats:
        """Return probabilities (row, class)."""
        ...


Maker: TypeAlias = Callable[[], Estimator]


class ForestEstimator:
    """Brushwood's own forest, as both classifiers use it.

    Parameters
    ----------
    params : ForestParams
    """

    def __init__(self, params: ForestParams | None = None) -> None:
        self.params = params or ForestParams()

    def fit(self, features: Features, classes: Ints, job: Job = IDLE) -> "FittedForest":
        """Grow the forest."""
        from brushwood.forest.grow import grow

        return FittedForest(grow(features, classes, self.params, job))


class FittedForest:
    """A grown forest, evaluated without a device."""

    def __init__(self, forest: Any) -> None:
        self._forest = forest

    @property
    def classes(self) -> Ints:
        """Class ids, ascending."""
        return np.asarray(self._forest.classes, np.int64)

    @property
    def importances(self) -> Floats:
        """Share of each feature in the trees' decisions, (feature,)."""
        return np.asarray(self._forest.importances, np.float64)

    def predict_proba(self, features: Features) -> Floats:
        """Return probabilities (row, class)."""
        from brushwood.forest.reference import predict_proba

        return predict_proba(self._forest, features)


class ScikitEstimator:
    """A scikit-learn classifier, standardised first where it compares distances.

    Parameters
    ----------
    make : callable
        Returns a fresh classifier.
    standardise : bool
    """

    def __init__(self, make: Callable[[], Any], *, standardise: bool) -> None:
        self._make = make
        self._standardise = standardise

    def fit(self, features: Features, classes: Ints, job: Job = IDLE) -> "FittedScikit":
        """Learn."""
        import warnings

        from sklearn.exceptions import ConvergenceWarning
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        job.checkpoint()
        model = self._make()
        if self._standardise:
            model = make_pipeline(StandardScaler(), model)
        with warnings.catch_warnings():
            # Not converging after the iterations allowed shows in the score, where it belongs.
            warnings.simplefilter("ignore", ConvergenceWarning)
            return FittedScikit(model.fit(features, classes))


class FittedScikit:
    """A scikit-learn classifier that has learned."""

    def __init__(self, model: Any) -> None:
        self._model = model

    @property
    def classes(self) -> Ints:
        """Class ids, ascending."""
        return np.asarray(self._model.classes_, np.int64)

    def predict_proba(self, features: Features) -> Floats:
        """Return probabilities (row, class)."""
        return np.asarray(self._model.predict_proba(features), np.float64)


def lecture_models(params: ForestParams | None = None, *, seed: int = 0) -> Mapping[str, Estimator]:
    """Return the classifiers that lectures compare, by name, with scikit-learn's defaults.

    Parameters
    ----------
    params : ForestParams, optional
        Of the user's own forest, which comes first.
    seed : int
    """
    from sklearn.ensemble import (
        ExtraTreesClassifier,
        HistGradientBoostingClassifier,
        RandomForestClassifier,
    )
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.neural_network import MLPClassifier
    from sklearn.tree import DecisionTreeClassifier

    def plain(make: Callable[[], Any]) -> Estimator:
        return ScikitEstimator(make, standardise=False)

    def scaled(make: Callable[[], Any]) -> Estimator:
        return ScikitEstimator(make, standardise=True)

    return {
        "this forest": ForestEstimator(params),
        "decision tree": plain(lambda: DecisionTreeClassifier(random_state=seed)),
        "random forest": plain(lambda: RandomForestClassifier(random_state=seed)),
        "extra trees": plain(lambda: ExtraTreesClassifier(random_state=seed)),
        "logistic regression": scaled(lambda: LogisticRegression(max_iter=1000)),
        "k nearest neighbours": scaled(lambda: KNeighborsClassifier()),
        "gradient boosting": plain(lambda: HistGradientBoostingClassifier(random_state=seed)),
        "multilayer perceptron": scaled(lambda: MLPClassifier(random_state=seed)),
    }


def decide(probabilities: Floats, classes: Ints) -> Ints:
    """Return the most probable class of each row; ties go to the lowest id."""
    best: Ints = classes[np.argmax(probabilities, axis=1)]
    return best
