"""How well a classifier reproduces groups on rows that it has not seen."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from brushwood.explore.prepare import Floats, Rows
from brushwood.jobs import IDLE, Job

Ints = npt.NDArray[np.int64]
#: Learn from (row, column) and class ids, then classify other rows.
Learner = Callable[[Floats, Ints, Floats, Job], Ints]


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """Agreement between groups and what was predicted for rows that were held out.

    Attributes
    ----------
    agreement : float
        Share of rows that got their own group.
    balanced : float
        The same, each group counting alike.
    by_fold : tuple of float
        Agreement in each fold.
    confusion : int64 (group, predicted group)
    classes : tuple of int
        Group ids, the order of `confusion`.
    scheme : {"images", "rows"}
        What was held out: whole images, or rows drawn in proportion to the groups.
    n_rows : int
        Rows that were predicted.
    """

    agreement: float
    balanced: float
    by_fold: tuple[float, ...]
    confusion: Ints
    classes: tuple[int, ...]
    scheme: Literal["images", "rows"]
    n_rows: int

    @property
    def sentence(self) -> str:
        """What the number means, and what it was measured on."""
        what = (
            f"images that it has not seen ({len(self.by_fold)} folds)"
            if self.scheme == "images"
            else f"objects that it has not seen ({len(self.by_fold)} folds, one image)"
        )
        return (
            f"The classifier gives {self.agreement:.1%} of the objects their group on {what}. This "
            "says that the groups can be repeated, not that they are true."
        ).replace("%", " %")

    def to_json(self) -> dict[str, Any]:
        """Return all of it as JSON values."""
        return {
            "agreement": self.agreement,
            "balanced": self.balanced,
            "by_fold": list(self.by_fold),
            "confusion": self.confusion.tolist(),
            "classes": list(self.classes),
            "scheme": self.scheme,
            "n_rows": self.n_rows,
            "sentence": self.sentence,
        }


def held_out(
    values: Floats,
    ids: Ints,
    images: npt.NDArray[Any] | None,
    learn: Learner,
    *,
    n_folds: int = 5,
    seed: int = 0,
    job: Job = IDLE,
) -> HeldOut:
    """Predict every row by a classifier that has not seen it.

    With several images whole images are held out, because objects of one image are alike; with one
    image rows are, in proportion to the groups.

    Parameters
    ----------
    values : float64 (row, column)
    ids : int64 (row,)
    images : array (row,) or None
    learn : callable
    n_folds : int
        Fewer if there are fewer images, or fewer rows in the smallest group; at least 2.
    seed : int
    job : Job
    """
    several = images is not None and len(np.unique(images.astype(str))) > 1
    folds = list(_folds(ids, images if several else None, n_folds, seed))
    predicted = np.zeros(len(ids), np.int64)
    shares = []
    for k, (train, test) in enumerate(folds):
        part = job.part(k / len(folds), (k + 1) / len(folds))
        if len(np.unique(ids[train])) < 2:
            predicted[test] = ids[train][0]
        else:
            predicted[test] = learn(values[train], ids[train], values[test], part)
        shares.append(float((predicted[test] == ids[test]).mean()))
    classes = np.unique(ids)
    confusion = np.zeros((len(classes), len(classes)), np.int64)
    at, guess = np.searchsorted(classes, ids), np.searchsorted(classes, predicted)
    np.add.at(confusion, (at, guess), 1)
    recall = np.diag(confusion) / confusion.sum(axis=1)
    return HeldOut(
        agreement=float(np.trace(confusion) / confusion.sum()),
        balanced=float(recall.mean()),
        by_fold=tuple(shares),
        confusion=confusion,
        classes=tuple(classes.tolist()),
        scheme="images" if several else "rows",
        n_rows=len(ids),
    )


def _folds(
    ids: Ints, images: npt.NDArray[Any] | None, n_folds: int, seed: int
) -> Iterator[tuple[Rows, Rows]]:
    """Yield row numbers to learn from and to predict."""
    from sklearn.model_selection import GroupKFold, StratifiedKFold

    if images is not None:
        _, group = np.unique(images.astype(str), return_inverse=True)
        n = min(n_folds, int(group.max()) + 1)
        yield from GroupKFold(n).split(ids, ids, group)
        return
    smallest = int(np.unique(ids, return_counts=True)[1].min())
    n = max(2, min(n_folds, smallest))
    yield from StratifiedKFold(n, shuffle=True, random_state=seed).split(ids, ids)
