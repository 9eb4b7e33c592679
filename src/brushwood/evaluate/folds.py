"""Split labelled rows into training and test, whole strokes or whole images at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from brushwood.errors import InputError
from brushwood.evaluate.examples import By, Examples

#: Shares of the data that a test may hold.
SMALLEST_SHARE, LARGEST_SHARE = 0.1, 0.5


@dataclass(frozen=True, eq=False, slots=True)
class Fold:
    """One split; no unit has rows on both sides.

    Attributes
    ----------
    train, test : int (row,)
        Positions of rows.
    n_train, n_test : int
        Strokes, objects or images on each side.
    """

    train: npt.NDArray[np.intp]
    test: npt.NDArray[np.intp]
    n_train: int
    n_test: int


def kfold(examples: Examples, by: By, n_folds: int = 5, seed: int = 0) -> tuple[Fold, ...]:
    """Split into folds, each of which is the test once, with the classes spread evenly.

    Parameters
    ----------
    examples : Examples
    by : {"stroke", "object", "image"}
        What stays together.
    n_folds : int
        2 or more. Fewer are made where a class has fewer units than that.
    seed : int

    Returns
    -------
    tuple of Fold
        Only splits whose training rows have at least two classes.

    Raises
    ------
    InputError
        If a class has one unit only, so that it cannot be both learned and tested.

    Notes
    -----
    scikit-learn's ``StratifiedGroupKFold``.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    if n_folds < 2:
        raise InputError(f"At least 2 folds are needed, but {n_folds} was asked for. Usual is 5.")
    units = examples.units(by)
    fewest = _fewest(examples, units, by)
    n_folds = min(n_folds, fewest)
    splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    folds = []
    for train, test in _quietly(splitter, examples, units):
        if len(np.unique(examples.classes[train])) > 1 and len(test):
            n = len(np.unique(units[train])), len(np.unique(units[test]))
            folds.append(Fold(train, test, *n))
    if not folds:
        raise InputError(_missing(examples, by, "their classes cannot be spread over two parts"))
    return tuple(folds)


def holdout(examples: Examples, by: By, share: float = 0.25, seed: int = 0) -> Fold:
    """Hold out about this share of the rows as a test, whole units at a time.

    Parameters
    ----------
    examples : Examples
    by : {"stroke", "object", "image"}
    share : float
        0.1 to 0.5.
    seed : int

    Raises
    ------
    InputError
        If the share is out of range, or as `kfold`.
    """
    if not SMALLEST_SHARE <= share <= LARGEST_SHARE:
        raise InputError(
            f"The share to hold out must be from {SMALLEST_SHARE:.0%} to {LARGEST_SHARE:.0%}, but "
            f"is {share:.0%}. Usual is 25 %."
        )
    folds = kfold(examples, by, max(2, round(1 / share)), seed)
    return min(folds, key=lambda fold: abs(len(fold.test) / len(examples) - share))


def _fewest(examples: Examples, units: npt.NDArray[np.int64], by: By) -> int:
    """Return how many units the rarest class has, or say which class has too few."""
    ids = np.unique(examples.classes)
    if len(ids) < 2:
        raise InputError(_missing(examples, by, "there is one class only"))
    counts = {int(i): len(np.unique(units[examples.classes == i])) for i in ids}
    short = [i for i, n in counts.items() if n < 2]
    if short:
        raise InputError(_missing(examples, by, _have(examples, short, by)))
    return min(counts.values())


def _have(examples: Examples, ids: Sequence[int], by: By) -> str:
    names = ", ".join(examples.class_name(i) for i in ids)
    return f"{names} {'has' if len(ids) == 1 else 'have'} one {by} only"


def _missing(examples: Examples, by: By, why: str) -> str:
    n = len(np.unique(examples.units(by)))
    advice = {
        "stroke": "Paint at least two separate strokes of every class, better five.",
        "object": "Mark at least two objects of every class, better ten.",
        "image": "Annotate at least two images with every class, or split by stroke.",
    }[by]
    return f"The classifier cannot be tested on {n} {by}{'s' * (n != 1)}: {why}. {advice}"


def _quietly(
    splitter: object, examples: Examples, units: npt.NDArray[np.int64]
) -> list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]:
    """Split without the warning about few members: units are counted above, rows do not matter."""
    import warnings

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        return list(splitter.split(examples.features, examples.classes, units))  # type: ignore[attr-defined]
