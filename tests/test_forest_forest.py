"""Flat forests: exact thresholds, arrays there and back, and strangers' arrays refused."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brushwood.errors import InputError
from brushwood.forest import Forest, ForestParams, grow
from brushwood.forest.forest import round_down

RNG = np.random.default_rng(0)
X = RNG.random((200, 5), dtype=np.float32)
FOREST = grow(X, RNG.choice([1, 4, 300], 200), ForestParams(n_trees=3, max_depth=5, min_leaf=3))


@settings(deadline=None, max_examples=200)
@given(st.floats(-1e30, 1e30), st.integers(-3, 3))
def test_a_rounded_threshold_answers_as_the_exact_one(threshold: float, steps: int) -> None:
    rounded = round_down(np.array([threshold]))[0]
    x = np.float32(threshold)
    for _ in range(abs(steps)):
        x = np.nextafter(x, np.float32(np.copysign(np.inf, steps)))
    assert (float(x) <= threshold) == (x <= rounded)


def test_arrays_go_there_and_back() -> None:
    again = Forest.from_arrays(FOREST.to_arrays())
    for name, array in FOREST.to_arrays().items():
        assert np.array_equal(array, again.to_arrays()[name])
    assert (again.n_trees, again.n_classes, again.n_features) == (3, 3, 5)
    assert again.depth == FOREST.depth <= 5
    assert again.importances.sum() == pytest.approx(1)
    with pytest.raises(ValueError, match="read-only"):
        again.threshold[0] = 0
    arrays = {name: array.copy() for name, array in FOREST.to_arrays().items()}
    Forest.from_arrays(arrays)
    arrays["threshold"][0] = 0  # the caller's own arrays stay writable


def put(name: str, index: object, value: object) -> Callable[[dict[str, np.ndarray]], None]:
    """Return a change that sets one item."""

    def change(arrays: dict[str, np.ndarray]) -> None:
        arrays[name][index] = value

    return change


def swap(name: str, make: Callable[[np.ndarray], np.ndarray]) -> Callable[[dict], None]:
    """Return a change that replaces one array."""

    def change(arrays: dict[str, np.ndarray]) -> None:
        arrays[name] = make(arrays[name])

    return change


INNER = int(np.flatnonzero(FOREST.feature >= 0)[1])
ENDS = int(np.flatnonzero(FOREST.feature < 0)[0])


@pytest.mark.parametrize(
    "change",
    [
        put("left", INNER, INNER),
        put("left", INNER, 0),
        put("left", INNER, -5),
        put("right", INNER, 2**31 - 1),
        put("right", INNER, FOREST.n_nodes - 1),
        put("right", INNER, FOREST.left[INNER]),
        put("left", ENDS, ENDS + 1),
        put("right", ENDS, ENDS + 1),
        put("feature", INNER, 5),
        put("feature", INNER, -7),
        put("feature", INNER, -1),
        put("threshold", INNER, np.nan),
        put("threshold", INNER, np.inf),
        put("value", (ENDS, 0), np.nan),
        put("value", (ENDS, slice(None)), [0.5, 0.9, 0.1]),
        put("value", (ENDS, slice(None)), [-0.5, 1.0, 0.5]),
        put("roots", 0, 1),
        put("roots", 2, FOREST.n_nodes),
        put("roots", 1, 2**31 - 1),
        put("roots", 1, 0),
        put("classes", 0, 4),
        put("classes", 0, 0),
        put("classes", 2, 70000),
        put("importances", 0, np.inf),
        swap("roots", lambda a: a[:0]),
        swap("roots", lambda a: np.arange(1001, dtype=np.int32)),
        swap("roots", lambda a: a[:, None]),
        swap("classes", lambda a: a[:2]),
        swap("classes", lambda a: np.arange(1, 257, dtype=np.int32)),
        swap("feature", lambda a: a[:-1]),
        swap("feature", lambda a: a[:0]),
        swap("feature", lambda a: a.astype(np.int64)),
        swap("threshold", lambda a: a.astype(np.float64)),
        swap("threshold", lambda a: a[:, None]),
        swap("value", lambda a: a.ravel()),
        swap("importances", lambda a: a[:2]),
        swap("n_features", lambda a: np.int32(0) * a),
        swap("n_features", lambda a: np.full_like(a, 2**31 - 1)),
        swap("n_features", lambda a: np.array([5, 5], np.int32)),
        lambda arrays: arrays.pop("left"),
    ],
)
def test_arrays_that_could_do_harm_are_refused(change: Callable[[dict], None]) -> None:
    arrays = {name: array.copy() for name, array in FOREST.to_arrays().items()}
    change(arrays)
    with pytest.raises(InputError):
        Forest.from_arrays(arrays)
