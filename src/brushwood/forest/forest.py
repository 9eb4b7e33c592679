"""A grown forest as flat arrays: what is saved, uploaded and evaluated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.errors import InputError

Int32 = npt.NDArray[np.int32]
Float32 = npt.NDArray[np.float32]

#: Limits that a forest from a stranger's file must keep.
MAX_TREES, MAX_CLASSES, MAX_FEATURES, MAX_NODES = 1000, 255, 4096, 50_000_000
MAX_CLASS_ID = 65535

#: How far from one a row of fractions may sum by rounding.
ROUNDING = 1e-3

#: `feature` of a leaf.
LEAF = -1

_ARRAYS: dict[str, type] = {
    "feature": np.int32,
    "threshold": np.float32,
    "left": np.int32,
    "right": np.int32,
    "value": np.float32,
    "roots": np.int32,
    "classes": np.int32,
    "importances": np.float32,
}


@dataclass(frozen=True, eq=False)
class Forest:
    """Decision trees, one after the other, in flat arrays.

    At an inner node a pixel goes right when ``x[feature] > threshold``, both float32, else left, so
    NaN goes left. A pixel's probabilities are the mean over the trees of its leaves' rows. Where
    leaves weigh differently, in forests that vote by count, the sums are divided by their total.

    Attributes
    ----------
    feature : int32 (node,)
        Feature an inner node asks for; -1 at a leaf.
    threshold : float32 (node,)
        0 at a leaf.
    left, right : int32 (node,)
        Children, always greater than the node itself; -1 at a leaf.
    value : float32 (node, class)
        Fractions of the training pixels of each class; zeros at inner nodes. A row may sum to less
        than one: then its leaf weighs less, see `is_weighted`.
    roots : int32 (tree,)
        First node of each tree. Trees lie one after the other.
    classes : int32 (class,)
        Class ids, ascending: the annotation's values.
    n_features : int
    importances : float32 (feature,)
        Mean decrease in impurity, summing to one, or zeros if no tree could split.
    """

    feature: Int32
    threshold: Float32
    left: Int32
    right: Int32
    value: Float32
    roots: Int32
    classes: Int32
    n_features: int
    importances: Float32 = field(default_factory=lambda: np.zeros(0, np.float32))

    def __post_init__(self) -> None:
        if self.importances.size == 0:
            object.__setattr__(self, "importances", np.zeros(self.n_features, np.float32))
        for name in _ARRAYS:
            # A view, so that the caller's own array stays writable.
            view = getattr(self, name).view()
            view.setflags(write=False)
            object.__setattr__(self, name, view)

    @property
    def n_trees(self) -> int:
        """Number of trees."""
        return len(self.roots)

    @property
    def n_nodes(self) -> int:
        """Number of nodes in all trees, leaves included."""
        return len(self.feature)

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.classes)

    @property
    def ends(self) -> Int32:
        """One past the last node of each tree, int32 (tree,)."""
        return np.append(self.roots[1:], np.int32(self.n_nodes)).astype(np.int32)

    @cached_property
    def levels(self) -> list[Int32]:
        """Inner nodes by the number of questions asked before them, from the roots down."""
        found = [self.roots[self.feature[self.roots] != LEAF]]
        while found[-1].size:
            below = np.concatenate((self.left[found[-1]], self.right[found[-1]]))
            found.append(below[self.feature[below] != LEAF])
        return found[:-1]

    @property
    def depth(self) -> int:
        """Most questions that any tree asks in a row."""
        return len(self.levels)

    @cached_property
    def is_weighted(self) -> bool:
        """Whether the rows of some leaves do not sum to one."""
        rows = self.value[self.feature == LEAF]
        return bool((np.abs(rows.sum(axis=1, dtype=np.float64) - 1) >= ROUNDING).any())

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays by name, `n_features` as a 0-d int32, ready for ``np.savez``."""
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        return {**arrays, "n_features": np.asarray(self.n_features, np.int32)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> "Forest":
        """Build from `to_arrays`'s answer and validate it.

        Raises
        ------
        InputError
            If an array is missing or has another dtype, or the forest is not valid.
        """
        wanted = {**_ARRAYS, "n_features": np.int32}
        for name, dtype in wanted.items():
            if name not in arrays:
                raise InputError(f"The forest lacks the array {name!r}; the file is incomplete.")
            came = arrays[name].dtype
            if came != dtype:
                raise InputError(f"The forest's {name} must be {np.dtype(dtype)}, not {came}.")
        if arrays["n_features"].ndim:
            raise InputError("The forest's n_features must be a single number.")
        copies = {name: np.ascontiguousarray(arrays[name]) for name in _ARRAYS}
        forest = cls(**copies, n_features=int(arrays["n_features"]))
        forest.validate()
        return forest

    def validate(self) -> None:
        """Check everything that evaluation relies on, so that a stranger's arrays are safe.

        Raises
        ------
        InputError
            If a shape, index, threshold, fraction or limit is wrong.
        """
        _check_shapes(self)
        _check_classes(self.classes)
        _check_trees(self)
        _check_leaves(self)

    @classmethod
    def from_sklearn(cls, trees: Sequence[Any], classes: npt.ArrayLike) -> "Forest":
        """Flatten fitted scikit-learn classification trees.

        Parameters
        ----------
        trees : sequence of fitted tree classifiers (``estimators_`` of a forest)
        classes : int (class,)
            Class ids, in the order of the trees' own classes.
        """
        parts = [tree.tree_ for tree in trees]
        sizes = np.array([part.node_count for part in parts])
        roots = (np.cumsum(sizes) - sizes).astype(np.int32)
        inner = np.concatenate([part.children_left >= 0 for part in parts])
        shift = np.repeat(roots, sizes)

        def joined(name: str, dtype: type) -> npt.NDArray[Any]:
            return np.concatenate([getattr(part, name) for part in parts]).astype(dtype)

        threshold = round_down(np.concatenate([part.threshold for part in parts]))
        value = np.concatenate([part.value[:, 0, :] for part in parts]).astype(np.float32)
        value[inner] = 0
        importances = np.mean([part.compute_feature_importances() for part in parts], axis=0)
        return cls(
            feature=np.where(inner, joined("feature", np.int32), LEAF).astype(np.int32),
            threshold=np.where(inner, threshold, 0).astype(np.float32),
            left=np.where(inner, joined("children_left", np.int32) + shift, -1).astype(np.int32),
            right=np.where(inner, joined("children_right", np.int32) + shift, -1).astype(np.int32),
            value=value,
            roots=roots,
            classes=np.asarray(classes, np.int32),
            n_features=int(parts[0].n_features),
            importances=(importances / max(importances.sum(), 1e-30)).astype(np.float32),
        )


def round_down(thresholds: npt.NDArray[np.float64]) -> Float32:
    """Return the largest float32 not above each threshold.

    For any float32 x, ``x <= threshold`` holds exactly if ``x <= round_down(threshold)`` does, so a
    tree grown with float64 thresholds gives the same answers with these.
    """
    with np.errstate(over="ignore"):
        near = thresholds.astype(np.float32)
    below = np.nextafter(near, np.float32(-np.inf))
    return np.where(near.astype(np.float64) > thresholds, below, near)


def _check(good: bool | np.bool_, what: str) -> None:
    if not good:
        raise InputError(f"The forest is not valid: {what}. The file may be damaged.")


def _check_shapes(forest: Forest) -> None:
    n, c = forest.n_nodes, forest.n_classes
    for name, dtype in _ARRAYS.items():
        array = getattr(forest, name)
        _check(array.dtype == dtype, f"{name} must be {np.dtype(dtype)}, not {array.dtype}")
    _check(1 <= n <= MAX_NODES, f"it has {n} nodes, expected 1 to {MAX_NODES}")
    _check(1 <= forest.n_features <= MAX_FEATURES, f"it asks for {forest.n_features} features")
    for name in ("feature", "threshold", "left", "right"):
        _check(getattr(forest, name).shape == (n,), f"{name} must have {n} items")
    _check(forest.classes.ndim == 1, "classes must be a list")
    _check(forest.value.shape == (n, c), f"value must be ({n}, {c}), not {forest.value.shape}")
    _check(forest.roots.ndim == 1, "roots must be a list")
    _check(1 <= forest.n_trees <= MAX_TREES, f"it has {forest.n_trees} trees")
    _check(forest.importances.shape == (forest.n_features,), "importances do not match features")
    _check(np.isfinite(forest.importances).all(), "importances must be finite")


def _check_classes(classes: Int32) -> None:
    _check(1 <= classes.size <= MAX_CLASSES, f"it has {classes.size} classes")
    _check((np.diff(classes.astype(np.int64)) > 0).all(), "class ids must ascend")
    _check(classes.min() >= 1 and classes.max() <= MAX_CLASS_ID, "class ids must be 1 to 65535")


def _check_trees(forest: Forest) -> None:
    roots = forest.roots.astype(np.int64)
    rising = roots[0] == 0 and (np.diff(roots) > 0).all() and roots[-1] < forest.n_nodes
    _check(rising, "roots must ascend from zero")
    nodes = np.arange(forest.n_nodes)
    inner = forest.feature != LEAF
    end = np.repeat(forest.ends, np.diff(np.append(roots, forest.n_nodes)))[inner]
    asked = forest.feature[inner]
    _check((asked >= 0).all() and (asked < forest.n_features).all(), "a feature is out of range")
    _check(np.isfinite(forest.threshold).all(), "a threshold is not finite")
    left, right = forest.left[inner], forest.right[inner]
    for child in (left, right):
        _check((child > nodes[inner]).all() and (child < end).all(), "a child is out of range")
    # Each node but a root is the child of one node only: then no walk is longer than its tree.
    parents = np.bincount(np.concatenate((left, right)), minlength=forest.n_nodes)
    parents[roots] += 1
    _check((parents == 1).all(), "a node must have one parent")
    _check((forest.left[~inner] == -1).all(), "a leaf must not have children")
    _check((forest.right[~inner] == -1).all(), "a leaf must not have children")


def _check_leaves(forest: Forest) -> None:
    leaf = forest.feature == LEAF
    rows = forest.value[leaf]
    _check(not forest.value[~leaf].any(), "an inner node has fractions")
    _check(np.isfinite(rows).all(), "a leaf's fraction is not finite")
    _check((rows >= 0).all() and (rows <= 1).all(), "a leaf's fraction is not in 0 to 1")
    total = rows.sum(axis=1, dtype=np.float64)
    _check((total < 1 + ROUNDING).all() and total.any(), "fractions must sum to 1, or to less")
