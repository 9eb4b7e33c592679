"""How well classes agree with the truth, on pixels that were not painted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brushwood.errors import ShapeMismatchError


@dataclass(frozen=True, slots=True)
class PixelAgreement:
    """Agreement of two class maps.

    Attributes
    ----------
    jaccard : mapping of class id to float
        Pixels in both over pixels in either, for each class of the truth.
    accuracy : float
        Share of pixels whose class is right.
    n_pixels : int
        Pixels that were compared.
    """

    jaccard: Mapping[int, float]
    accuracy: float
    n_pixels: int

    @property
    def mean_jaccard(self) -> float:
        """Mean over the classes of the truth, each counting the same."""
        return float(np.mean(list(self.jaccard.values())))


def compare(
    truth: NDArray[Any], classes: NDArray[Any], annotation: NDArray[Any] | None = None
) -> PixelAgreement:
    """Compare a class map with the truth.

    Parameters
    ----------
    truth, classes : arrays of int of one shape
        Class ids; where `truth` is 0 nobody knows it, and nothing is compared.
    annotation : array of int of that shape, optional
        Painted pixels (not 0) are left out, because the forest was shown their class.

    Raises
    ------
    ShapeMismatchError
        If the shapes differ.
    """
    if truth.shape != classes.shape:
        raise ShapeMismatchError(
            f"Truth and classes cannot be compared: their shapes are {truth.shape} and "
            f"{classes.shape}. Both must belong to the same image."
        )
    known = truth > 0
    if annotation is not None:
        known &= annotation == 0
    t, c = truth[known], classes[known]
    jaccard = {
        int(k): float(((t == k) & (c == k)).sum() / ((t == k) | (c == k)).sum())
        for k in np.unique(t)
    }
    return PixelAgreement(jaccard, float((t == c).mean()), int(t.size))
