"""Do probabilities mean what they say? Reliability and the Brier score."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from brushwood.errors import InputError, ShapeMismatchError
from brushwood.evaluate.examples import Examples
from brushwood.evaluate.validate import Validation

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Reliability:
    """Predicted probability against how often it came true, for one class.

    Attributes
    ----------
    predicted, observed : float (bin,)
        Mean probability in each bin that holds rows, and the share of rows of the class there.
    n : int (bin,)
        Rows in each bin.
    brier : float
        Mean squared difference of probability and truth; 0 is perfect (Brier 1950).
    expected_error : float
        Mean distance of `predicted` and `observed`, weighted by rows ("expected calibration
        error", Guo et al. 2017).
    """

    predicted: Floats
    observed: Floats
    n: npt.NDArray[np.int64]
    brier: float
    expected_error: float

    def sentence(self) -> str:
        """Say whether the probabilities can be taken at their word."""
        bias = float(np.average(self.predicted - self.observed, weights=self.n))
        off = f"They are off by {self.expected_error:.2f} on average (Brier {self.brier:.3f})."
        if self.expected_error < 0.05:
            return f"The probabilities can be taken at their word. {off}"
        if abs(bias) > self.expected_error / 2:
            return f"The probabilities are too {'high' if bias > 0 else 'low'}. {off}"
        certain = np.abs(self.predicted - 0.5) < np.abs(self.observed - 0.5)
        timid = np.average(certain, weights=self.n) > 0.5
        return f"The probabilities are too {'cautious' if timid else 'sure of themselves'}. {off}"


def reliability(
    probability: npt.ArrayLike, is_class: npt.ArrayLike, *, n_bins: int = 10
) -> Reliability:
    """Compare the probability of a class with how often it came true.

    Parameters
    ----------
    probability : float (row,)
        In [0, 1].
    is_class : bool (row,)
        Whether the row is of the class.
    n_bins : int
        Bins of equal width.

    Raises
    ------
    ShapeMismatchError, InputError
        If the arrays differ in length, are empty, or hold no probabilities.
    """
    p, truth = np.asarray(probability, np.float64), np.asarray(is_class, bool)
    if p.shape != truth.shape or p.ndim != 1:
        raise ShapeMismatchError(
            f"One probability a row is needed, but there are {p.shape} probabilities for "
            f"{truth.shape} rows."
        )
    if not p.size or not ((p >= 0) & (p <= 1)).all():
        raise InputError("Probabilities from 0 to 1 are needed, at least one.")
    if n_bins < 2:
        raise InputError(f"At least 2 bins are needed, but {n_bins} was asked for.")
    at = np.minimum((p * n_bins).astype(int), n_bins - 1)
    n = np.bincount(at, minlength=n_bins)
    used = n > 0
    predicted = np.bincount(at, p, n_bins)[used] / n[used]
    observed = np.bincount(at, truth, n_bins)[used] / n[used]
    error = float(np.average(np.abs(predicted - observed), weights=n[used]))
    return Reliability(predicted, observed, n[used], float(np.mean((p - truth) ** 2)), error)


def calibration(
    validation: Validation, examples: Examples, class_id: int, *, n_bins: int = 10
) -> Reliability:
    """Return the reliability of one class on the held-out rows of a validation.

    Parameters
    ----------
    validation : Validation
    examples : Examples
        What was validated on.
    class_id : int
    n_bins : int

    Raises
    ------
    InputError
        If there is no such class.
    """
    if class_id not in validation.classes:
        known = ", ".join(map(str, validation.classes))
        raise InputError(f"There is no class {class_id}; the classes are {known}.")
    at, probabilities = validation.held_out()
    column = int(np.searchsorted(validation.classes, class_id))
    return reliability(probabilities[:, column], examples.classes[at] == class_id, n_bins=n_bins)
