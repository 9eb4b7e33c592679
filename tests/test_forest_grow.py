"""Growing: scikit-learn's trees, the same for any number of threads, and clear refusals."""

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier

from brushwood.errors import AnnotationError, BrushwoodError, InputError, ShapeMismatchError
from brushwood.forest import Forest, ForestParams, grow
from brushwood.forest.grow import sample_rows
from brushwood.forest.reference import predict_proba
from brushwood.jobs import Cancelled, Job

RNG = np.random.default_rng(0)
X = RNG.random((400, 7), dtype=np.float32)
Y = np.where(X[:, 0] + X[:, 1] ** 2 > 0.8, 9, np.where(X[:, 2] > 0.4, 3, 200))
SMALL = ForestParams(n_trees=9, seed=4, max_depth=None, max_features="sqrt")


def same(a: Forest, b: Forest) -> bool:
    """Whether two forests are equal, array by array."""
    first, second = a.to_arrays(), b.to_arrays()
    return all(np.array_equal(first[name], second[name]) for name in first)


def test_extra_trees_are_those_of_scikit_learn() -> None:
    forest = grow(X, Y, SMALL)
    peer = ExtraTreesClassifier(9, random_state=4).fit(X, Y)
    rows = RNG.random((500, 7), dtype=np.float32)
    assert forest.classes.tolist() == [3, 9, 200]
    np.testing.assert_allclose(predict_proba(forest, rows), peer.predict_proba(rows), atol=1e-6)
    np.testing.assert_allclose(forest.importances, peer.feature_importances_, atol=1e-6)


@pytest.mark.parametrize("kind", ["extra", "random"])
def test_threads_do_not_change_the_forest(kind: str) -> None:
    params = ForestParams(kind=kind, n_trees=9, seed=1, balance=True)
    once = grow(X, Y, params, n_jobs=1)
    assert same(once, grow(X, Y, params, n_jobs=3))
    assert not same(once, grow(X, Y, ForestParams(kind=kind, n_trees=9, seed=2, balance=True)))


def test_the_first_trees_of_a_larger_forest_are_the_smaller_forest() -> None:
    few, many = grow(X, Y, ForestParams(n_trees=4)), grow(X, Y, ForestParams(n_trees=9))
    n = few.n_nodes
    assert np.array_equal(few.threshold, many.threshold[:n])
    assert np.array_equal(few.roots, many.roots[:4])


@pytest.mark.parametrize("kind", ["extra", "random"])
def test_options_reach_the_trees(kind: str) -> None:
    shallow = grow(X, Y, ForestParams(kind=kind, n_trees=5, max_depth=2))
    assert shallow.depth == 2
    blunt = grow(X, Y, ForestParams(kind=kind, n_trees=5, min_leaf=40))
    assert blunt.n_nodes < grow(X, Y, ForestParams(kind=kind, n_trees=5)).n_nodes / 3
    every = grow(X, Y, ForestParams(kind=kind, n_trees=5, max_features="all"))
    assert every.feature[every.roots].tolist() != shallow.feature[shallow.roots].tolist()


def test_balance_lets_a_rare_class_count_as_much() -> None:
    rows = RNG.random((400, 3), dtype=np.float32)  # features that tell nothing
    target = np.where(np.arange(400) < 40, 1, 2)
    plain = grow(rows, target, ForestParams(n_trees=20, max_depth=1))
    even = grow(rows, target, ForestParams(n_trees=20, max_depth=1, balance=True))
    assert predict_proba(plain, rows)[:, 0].mean() < 0.15
    assert 0.4 < predict_proba(even, rows)[:, 0].mean() < 0.6


def test_rows_beyond_the_cap_are_sampled_in_proportion() -> None:
    y = np.repeat([1, 2, 7], [9000, 990, 10])
    rows = sample_rows(y, 1000, seed=3)
    assert np.bincount(y[rows]).tolist()[1:] == [900, 99, 0, 0, 0, 0, 1]
    assert (np.diff(rows) > 0).all()
    assert np.array_equal(rows, sample_rows(y, 1000, seed=3))
    assert not np.array_equal(rows, sample_rows(y, 1000, seed=4))
    capped = grow(X, Y, ForestParams(n_trees=3, max_rows=30))
    assert capped.n_nodes < grow(X, Y, ForestParams(n_trees=3)).n_nodes


@pytest.mark.parametrize(
    ("rows", "target", "error", "match"),
    [
        (X, Y[:-1], ShapeMismatchError, "do not fit"),
        (X[0], Y, ShapeMismatchError, "do not fit"),
        (X[:0], Y[:0], AnnotationError, "paint"),
        (X, np.full(400, 5), AnnotationError, "Only class 5"),
        (X, Y.astype(float), AnnotationError, "whole numbers"),
        (X, Y - 4, AnnotationError, "from 1"),
        (X, Y + 70000, AnnotationError, "65535"),
        (X, np.arange(400) + 1, AnnotationError, "255"),
        (np.where(X > 0.99, np.nan, X), Y, InputError, "NaN"),
    ],
)
def test_what_cannot_be_trained_on_says_why(
    rows: np.ndarray, target: np.ndarray, error: type[BrushwoodError], match: str
) -> None:
    with pytest.raises(error, match=match):
        grow(rows, target, SMALL)


def test_growing_reports_progress_and_stops_when_asked() -> None:
    seen: list[float] = []
    grow(X, Y, SMALL, Job(lambda fraction, _: seen.append(fraction)))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    job = Job()
    stopped: list[float] = []

    def stop(fraction: float, _: str) -> None:
        stopped.append(fraction)
        if fraction > 0:
            job.cancel()

    job.on_progress = stop
    with pytest.raises(Cancelled):
        grow(X, Y, ForestParams(n_trees=500), job)
    assert len(stopped) < 10
