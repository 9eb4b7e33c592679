"""A ``.cl`` file as arrays: votes of nested questions, evaluated exactly as they are written."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from brushwood.errors import FeatureMismatchError
from brushwood.forest.forest import LEAF, ROUNDING, Forest
from brushwood.io.cl.header import ClHeader
from brushwood.jobs import IDLE, Job

Int32 = npt.NDArray[np.int32]
Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]

_ROWS = 65_536


@dataclass(frozen=True, eq=False, slots=True)
class ClModel:
    """Header and trees of a ``.cl`` file.

    At a question a row goes left when ``x[feature] < threshold``, x float32 and the threshold as
    written, as an OpenCL device with 64-bit floats compares; NaN goes right. Each leaf adds its
    weights to 32-bit sums, one a class, tree by tree.

    Attributes
    ----------
    header : ClHeader
    feature : int32 (node,)
        Feature that is asked for; -1 at a leaf.
    threshold : float64 (node,)
        0 at a leaf.
    left, right : int32 (node,)
        Children, always greater than the node itself; -1 at a leaf.
    weights : float64 (node, class)
        Votes as written: fractions, or counts in files from scikit-learn before 1.4.
    roots : int32 (tree,)
    n_features : int
        Inputs of the kernel.
    probability_class : int or None
        Class, from 1, whose probability the kernel writes; None if it writes the class.
    """

    header: ClHeader
    feature: Int32
    threshold: Float64
    left: Int32
    right: Int32
    weights: Float64
    roots: Int32
    n_features: int
    probability_class: int | None = None

    @property
    def n_classes(self) -> int:
        """Number of classes; the kernel writes 1 to this."""
        return int(self.weights.shape[1])

    @property
    def n_trees(self) -> int:
        """Number of trees. Trees of one leaf that stand side by side may count as one."""
        return len(self.roots)

    @property
    def n_nodes(self) -> int:
        """Number of questions and leaves."""
        return len(self.feature)

    @property
    def unit_of_votes(self) -> float:
        """What votes are divided by so that no leaf's exceed one: 1, or a power of two.

        A power of two keeps whole votes, and ties between their sums, exact.
        """
        heaviest = float(self.weights.sum(axis=1).max(initial=0.0))
        if heaviest < 1 + ROUNDING:
            return 1.0
        return float(2.0 ** np.ceil(np.log2(heaviest)))

    @classmethod
    def of_forest(cls, forest: Forest, header: ClHeader, unit_of_votes: float = 1.0) -> "ClModel":
        """Return the trees of a forest whose classes are 1, 2, …; `to_forest` turned round."""
        inner = forest.feature != LEAF
        return cls(
            header=header,
            feature=forest.feature,
            threshold=np.where(inner, above(forest.threshold), 0.0),
            left=forest.left,
            right=forest.right,
            weights=forest.value.astype(np.float64) * unit_of_votes,
            roots=forest.roots,
            n_features=forest.n_features,
        )

    def sums(self, X: npt.ArrayLike, job: Job = IDLE) -> Float32:
        """Add up the votes for each row, rounded as the kernel rounds.

        Parameters
        ----------
        X : float (row, feature)
            Taken as float32.

        Returns
        -------
        float32 (row, class)
        """
        X = np.ascontiguousarray(X, np.float32)
        if X.ndim != 2 or X.shape[1] != self.n_features:
            raise FeatureMismatchError(
                f"The classifier asks for {self.n_features} features, but a table of shape "
                f"{X.shape} came. Pass one column a feature, in the order of the file."
            )
        out = np.zeros((len(X), self.n_classes), np.float32)
        for first in range(0, len(X), _ROWS):
            part = slice(first, first + _ROWS)
            for number, root in enumerate(self.roots):
                if number % 16 == 0:
                    job.checkpoint(first / max(1, len(X)), "Classifying rows")
                leaf = self._leaves(X[part], int(root))
                with np.errstate(over="ignore"):
                    # A literal without suffix is a double: the sum is rounded after the addition.
                    out[part] = (out[part].astype(np.float64) + self.weights[leaf]).astype(
                        np.float32
                    )
        return out

    def predict(self, X: npt.ArrayLike, job: Job = IDLE) -> Int32:
        """Return the class of each row, from 1; ties go to the lowest."""
        best: Int32 = (np.argmax(self.sums(X, job), axis=1) + 1).astype(np.int32)
        return best

    def probability(self, X: npt.ArrayLike, class_: int, job: Job = IDLE) -> Float32:
        """Return the share of a class, from 1, in each row's votes, float32 (row,).

        NaN where nothing was voted for, as in the kernel.
        """
        sums = self.sums(X, job)
        total = sums[:, 0].copy()
        for one in range(1, self.n_classes):
            total += sums[:, one]
        with np.errstate(invalid="ignore", divide="ignore"):
            share: Float32 = sums[:, class_ - 1] / total
        return share

    def to_forest(self, classes: npt.ArrayLike | None = None) -> Forest:
        """Return the trees as a forest, which a device evaluates.

        Questions are the same for every float32 but NaN. Votes by count are divided by
        `unit_of_votes`, all by one number, so the winner is the same.

        Parameters
        ----------
        classes : int (class,), optional
            Ascending ids; default 1, 2, ….

        Raises
        ------
        InputError
            If it is beyond the limits of a forest.
        """
        ids = np.arange(1, self.n_classes + 1) if classes is None else np.asarray(classes)
        inner = self.feature != LEAF
        arrays = {
            "feature": self.feature,
            "threshold": np.where(inner, below(self.threshold), 0).astype(np.float32),
            "left": self.left,
            "right": self.right,
            "value": (self.weights / self.unit_of_votes).astype(np.float32),
            "roots": self.roots,
            "classes": ids.astype(np.int32),
            "importances": _importances(self),
            "n_features": np.asarray(self.n_features, np.int32),
        }
        return Forest.from_arrays(arrays)

    def _leaves(self, X: Float32, root: int) -> npt.NDArray[np.intp]:
        node = np.full(len(X), root, np.intp)
        rows = np.flatnonzero(self.feature[node] != LEAF)
        while rows.size:
            at = node[rows]
            goes_left = X[rows, self.feature[at]] < self.threshold[at]
            node[rows] = np.where(goes_left, self.left[at], self.right[at])
            rows = rows[self.feature[node[rows]] != LEAF]
        return node


def below(thresholds: Float64) -> Float32:
    """Return the largest float32 less than each threshold: ``x < t`` is ``x <= below(t)``."""
    near = thresholds.astype(np.float32)
    lower = np.nextafter(near, np.float32(-np.inf))
    return np.where(near.astype(np.float64) < thresholds, near, lower)


def above(thresholds: Float32) -> Float64:
    """Return the smallest float32 greater than each, as float64: ``x <= t`` is ``x < above(t)``."""
    higher: Float64 = np.nextafter(thresholds, np.float32(np.inf)).astype(np.float64)
    return higher


def _importances(model: ClModel) -> Float32:
    given = np.asarray(model.header.importances, np.float32)
    return given if given.shape == (model.n_features,) else np.zeros(model.n_features, np.float32)
