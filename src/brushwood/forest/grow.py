"""Grow a forest from annotated pixels with scikit-learn's trees."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.errors import AnnotationError, InputError, ShapeMismatchError
from brushwood.forest.forest import MAX_CLASS_ID, MAX_CLASSES, MAX_FEATURES, Forest
from brushwood.forest.params import ForestParams
from brushwood.jobs import IDLE, Job


def grow(
    X: npt.NDArray[np.float32],
    y: npt.NDArray[np.integer[Any]],
    params: ForestParams | None = None,
    job: Job = IDLE,
    *,
    n_jobs: int | None = None,
) -> Forest:
    """Grow a forest.

    Every tree has a seed of its own, drawn as scikit-learn's forests draw it: the answer depends on
    the data and `params`, not on the number of threads, and the first trees of a larger forest are
    those of a smaller one. With ``kind="extra"`` and no balance the trees are the ones that
    ``sklearn.ensemble.ExtraTreesClassifier(random_state=seed)`` grows.

    Parameters
    ----------
    X : float32 (row, feature)
        Features of the annotated pixels.
    y : int (row,)
        Their class ids, 1 to 65535.
    params : ForestParams, optional
    job : Job
        Asked before each tree whether to go on.
    n_jobs : int, optional
        Threads; by default as many as there are cores.

    Returns
    -------
    Forest

    Raises
    ------
    AnnotationError
        If there are no rows, one class only, more than 255, or an id out of range.
    ShapeMismatchError
        If X and y do not fit together.
    InputError
        If X is not finite or has too many features.
    Cancelled
    """
    params = params or ForestParams()
    X, y = _checked(X, y)
    keep = sample_rows(y, params.max_rows, params.seed)
    X, y = np.ascontiguousarray(X[keep]), y[keep]
    classes, target = np.unique(y, return_inverse=True)
    plant = _planter(X, target, params, len(classes))
    seeds = np.random.RandomState(params.seed).randint(np.iinfo(np.int32).max, size=params.n_trees)
    trees = _plant_all(plant, seeds.tolist(), job, n_jobs or os.cpu_count() or 1)
    return Forest.from_sklearn(trees, classes)


def sample_rows(y: npt.NDArray[Any], max_rows: int, seed: int) -> npt.NDArray[np.intp]:
    """Return ascending row numbers: all, or `max_rows` of them drawn in proportion to the classes.

    Every class keeps at least one row (so slightly more than `max_rows` may come back).
    """
    if len(y) <= max_rows:
        return np.arange(len(y))
    rng = np.random.default_rng(seed)
    kept = []
    for class_id in np.unique(y):
        rows = np.flatnonzero(y == class_id)
        share = max(1, int(len(rows) * max_rows / len(y)))
        kept.append(rng.choice(rows, share, replace=False))
    return np.sort(np.concatenate(kept))


def _checked(
    X: npt.NDArray[Any],
    y: npt.NDArray[Any],
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    X, y = np.asarray(X, np.float32), np.asarray(y)
    if X.ndim != 2 or y.shape != X.shape[:1]:
        raise ShapeMismatchError(
            f"Features {X.shape} and class ids {y.shape} do not fit: expected (row, feature) and "
            "(row,)."
        )
    if not 1 <= X.shape[1] <= MAX_FEATURES:
        raise InputError(f"A forest needs 1 to {MAX_FEATURES} features, not {X.shape[1]}.")
    if y.dtype.kind not in "iu":
        raise AnnotationError(f"Class ids must be whole numbers, not {y.dtype}.")
    if not len(y):
        raise AnnotationError("There are no annotated pixels: paint a stroke for each class.")
    if y.min() < 1 or y.max() > MAX_CLASS_ID:
        raise AnnotationError(
            f"Class ids must be from 1 to {MAX_CLASS_ID}, but there are {y.min()} to {y.max()}."
        )
    found = np.unique(y)
    if len(found) == 1:
        raise AnnotationError(
            f"Only class {found[0]} is annotated: paint a stroke for at least one other class."
        )
    if len(found) > MAX_CLASSES:
        raise AnnotationError(f"At most {MAX_CLASSES} classes can be told apart, not {len(found)}.")
    if not np.isfinite(X).all():
        raise InputError("Some features of the annotated pixels are NaN or infinite.")
    return X, y.astype(np.int64)


def _planter(
    X: npt.NDArray[np.float32],
    target: npt.NDArray[np.intp],
    params: ForestParams,
    n_classes: int,
) -> Callable[[int], Any]:
    """Return a function that grows one tree from its seed."""
    from sklearn.tree import DecisionTreeClassifier, ExtraTreeClassifier

    rows = len(target)
    counts = np.bincount(target, minlength=n_classes)
    weight = (rows / (n_classes * counts))[target] if params.balance else None
    features = None if params.max_features == "all" else params.max_features
    make = ExtraTreeClassifier if params.kind == "extra" else DecisionTreeClassifier

    def plant(seed: int) -> Any:
        tree = make(
            max_features=features,
            max_depth=params.max_depth,
            min_samples_leaf=params.min_leaf,
            random_state=seed,
        )
        drawn: npt.NDArray[Any] | None = weight
        if params.kind == "random":
            bootstrap = np.random.RandomState(seed).randint(0, rows, rows, dtype=np.int32)
            counted = np.bincount(bootstrap, minlength=rows)
            drawn = counted if weight is None else counted * weight
        return tree.fit(X, target, sample_weight=drawn, check_input=False)

    return plant


def _plant_all(plant: Callable[[int], Any], seeds: list[int], job: Job, n_jobs: int) -> list[Any]:
    """Grow the trees in threads (scikit-learn releases the GIL), in the order of their seeds."""
    from sklearn import set_config

    def trust() -> None:
        # The rows were checked once for all trees. Settings belong to a thread: to the pool's only.
        set_config(assume_finite=True, skip_parameter_validation=True)

    job.checkpoint(0.0, "Growing trees")
    trees = []
    with ThreadPoolExecutor(min(n_jobs, len(seeds)), initializer=trust) as pool:
        waiting = [pool.submit(plant, seed) for seed in seeds]
        try:
            for number, future in enumerate(waiting, 1):
                trees.append(future.result())
                job.checkpoint(number / len(seeds), "Growing trees")
        finally:
            for future in waiting:
                future.cancel()
    return trees
