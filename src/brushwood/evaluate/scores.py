"""The scores of a class map: all that follows from one confusion matrix."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.errors import InputError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class PixelScores:
    """Agreement of a class map with the truth, on the pixels that were compared.

    Scores of one class stand in mappings from class id to value, such as `jaccard_by_class`; the
    plain name is their mean over the classes, each counting the same ("macro" in scikit-learn). A
    score whose denominator is zero is 0, as scikit-learn's with ``zero_division=0``.

    Attributes
    ----------
    ids : tuple of int
        Values of the rows and columns of `confusion`, ascending: every value that occurs.
    confusion : ndarray of int64, (truth, prediction)
        Pixels with a value of the truth (row) and of the prediction (column).
    classes : tuple of int
        Ids that scores are averaged over: all in truth or prediction but the ignored one.
    names : mapping of class id to str
        Names, where they are known.
    n_ignored : int
        Pixels that were left out, because the truth is unknown there or they lie outside the
        region.

    References
    ----------
    Formulas as in scikit-learn's ``sklearn.metrics`` ("Classification metrics", user guide 3.4.2).
    """

    ids: tuple[int, ...]
    confusion: npt.NDArray[np.int64]
    classes: tuple[int, ...]
    names: Mapping[int, str] = field(default_factory=dict)
    n_ignored: int = 0

    @property
    def n_pixels(self) -> int:
        """Pixels that were compared."""
        return int(self.confusion.sum())

    def counts(self, class_id: int) -> "Counts":
        """Return true and false positives and negatives when one class is sought.

        Raises
        ------
        InputError
            If neither truth nor prediction has this class.
        """
        if class_id not in self.ids:
            known = ", ".join(map(str, self.classes)) or "none"
            raise InputError(
                f"Neither truth nor prediction has class {class_id}; they have {known}. "
                "Choose one of these."
            )
        at = self.ids.index(class_id)
        tp = int(self.confusion[at, at])
        fp = int(self.confusion[:, at].sum()) - tp
        fn = int(self.confusion[at].sum()) - tp
        return Counts(tp=tp, fp=fp, fn=fn, tn=self.n_pixels - tp - fp - fn)

    @property
    def accuracy(self) -> float:
        """Share of pixels whose class is right. Background counts as much as anything else."""
        return _ratio(int(np.trace(self.confusion)), self.n_pixels)

    @property
    def balanced_accuracy(self) -> float:
        """Mean recall of the classes that the truth has."""
        have = self.confusion.sum(axis=1) > 0
        recalls = [self.counts(i).recall for i, has in zip(self.ids, have, strict=True) if has]
        return _mean(recalls)

    @property
    def jaccard_by_class(self) -> dict[int, float]:
        """Pixels in both over pixels in either, TP / (TP + FP + FN)."""
        return {i: self.counts(i).jaccard for i in self.classes}

    @property
    def precision_by_class(self) -> dict[int, float]:
        """Share of what was found that is right, TP / (TP + FP)."""
        return {i: self.counts(i).precision for i in self.classes}

    @property
    def recall_by_class(self) -> dict[int, float]:
        """Share of what is there that was found, TP / (TP + FN)."""
        return {i: self.counts(i).recall for i in self.classes}

    @property
    def specificity_by_class(self) -> dict[int, float]:
        """Share of what is not there that was left alone, TN / (TN + FP)."""
        return {i: self.counts(i).specificity for i in self.classes}

    @property
    def f1_by_class(self) -> dict[int, float]:
        """Harmonic mean of precision and recall, the Dice coefficient, 2 TP / (2 TP + FP + FN)."""
        return {i: self.counts(i).f1 for i in self.classes}

    @property
    def jaccard(self) -> float:
        """Mean of `jaccard_by_class`."""
        return _mean(self.jaccard_by_class.values())

    @property
    def precision(self) -> float:
        """Mean of `precision_by_class`."""
        return _mean(self.precision_by_class.values())

    @property
    def recall(self) -> float:
        """Mean of `recall_by_class`."""
        return _mean(self.recall_by_class.values())

    @property
    def specificity(self) -> float:
        """Mean of `specificity_by_class`."""
        return _mean(self.specificity_by_class.values())

    @property
    def f1(self) -> float:
        """Mean of `f1_by_class`; Dice is another name for it."""
        return _mean(self.f1_by_class.values())

    @property
    def dice(self) -> float:
        """The same as `f1`."""
        return self.f1

    @property
    def weighted(self) -> dict[str, float]:
        """Means over the classes, each weighted by its pixels in the truth."""
        sizes = [float(self.counts(i).tp + self.counts(i).fn) for i in self.classes]
        total = sum(sizes)
        columns = ("jaccard", "precision", "recall", "specificity", "f1")
        return {
            name: sum(
                size * getattr(self.counts(i), name)
                for i, size in zip(self.classes, sizes, strict=True)
            )
            / total
            if total
            else 0.0
            for name in columns
        }

    @property
    def kappa(self) -> float:
        """Cohen's kappa: agreement beyond what the class sizes alone would bring.

        0 where both maps hold one and the same class, for which it is not defined.
        """
        n = self.n_pixels
        rows, columns = self._margins()
        chance = float(rows @ columns) / n**2 if n else 0.0
        return (self.accuracy - chance) / (1 - chance) if chance < 1 and n else 0.0

    @property
    def matthews(self) -> float:
        """Matthews' correlation coefficient for any number of classes (Gorodkin 2004)."""
        n = float(self.n_pixels)
        rows, columns = self._margins()
        right = float(np.trace(self.confusion))
        spread = (n**2 - float(rows @ rows)) * (n**2 - float(columns @ columns))
        return (right * n - float(rows @ columns)) / float(np.sqrt(spread)) if spread > 0 else 0.0

    def table(self) -> Any:
        """Return the scores of every class, one row a class, with the means below.

        Returns
        -------
        pandas.DataFrame
            Columns class, name, pixels, jaccard, precision, recall, specificity, f1.
        """
        import pandas as pd

        columns = ("jaccard", "precision", "recall", "specificity", "f1")
        rows: list[dict[str, Any]] = []
        for i in self.classes:
            found = self.counts(i)
            row = {"class": str(i), "name": self.names.get(i, ""), "pixels": found.tp + found.fn}
            rows.append({**row, **{name: getattr(found, name) for name in columns}})
        means = {name: getattr(self, name) for name in columns}
        rows.append({"class": "mean", "name": "", "pixels": self.n_pixels, **means})
        return pd.DataFrame(rows)

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain numbers and text."""
        summary = ("accuracy", "balanced_accuracy", "jaccard", "precision", "recall")
        more = ("specificity", "f1", "kappa", "matthews")
        return {
            "n_pixels": self.n_pixels,
            "n_ignored": self.n_ignored,
            **{name: getattr(self, name) for name in (*summary, *more)},
            "weighted": self.weighted,
            "classes": self.table().to_dict("records"),
            "ids": list(self.ids),
            "confusion": self.confusion.tolist(),
        }

    def _margins(self) -> tuple[Floats, Floats]:
        # As floats: squares of pixel counts would overflow integers.
        return (
            self.confusion.sum(axis=1).astype(np.float64),
            self.confusion.sum(axis=0).astype(np.float64),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """True and false positives and negatives of one class, and what follows from them."""

    tp: int
    fp: int
    fn: int
    tn: int

    @property
    def jaccard(self) -> float:
        """TP / (TP + FP + FN)."""
        return _ratio(self.tp, self.tp + self.fp + self.fn)

    @property
    def precision(self) -> float:
        """TP / (TP + FP)."""
        return _ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float:
        """TP / (TP + FN)."""
        return _ratio(self.tp, self.tp + self.fn)

    @property
    def specificity(self) -> float:
        """TN / (TN + FP)."""
        return _ratio(self.tn, self.tn + self.fp)

    @property
    def f1(self) -> float:
        """2 TP / (2 TP + FP + FN)."""
        return _ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    @property
    def accuracy(self) -> float:
        """(TP + TN) / all."""
        return _ratio(self.tp + self.tn, self.tp + self.fp + self.fn + self.tn)

    @property
    def true_negative_share(self) -> float:
        """Share of all pixels that are true negatives: what accuracy gets for nothing."""
        return _ratio(self.tn, self.tp + self.fp + self.fn + self.tn)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _mean(values: Any) -> float:
    found = list(values)
    return float(np.mean(found)) if found else 0.0
