"""Forests on rows of tables: the same bits as the plain reference."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brushwood.forest import Forest, ForestParams, grow
from brushwood.forest.reference import predict_proba
from brushwood.forest.rows import predict_rows
from brushwood.jobs import Cancelled, Job

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 6)).astype(np.float32)
FOREST = grow(X, RNG.choice([1, 4, 300], 300), ForestParams(n_trees=9, max_depth=None))


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(0, 40), st.sampled_from([None, 1, 3]))
def test_every_row_gets_the_reference_s_bits(seed, n, depth):
    rng = np.random.default_rng(seed)
    params = ForestParams(n_trees=4, max_depth=depth, kind=["extra", "random"][seed % 2])
    forest = grow(X[:50], 1 + (X[:50, 0] > 0), params)
    rows = rng.normal(size=(n, 6)).astype(np.float32)
    odd = rng.random(rows.shape) < 0.1
    rows[odd] = rng.choice([np.nan, np.inf, -np.inf, 0, *forest.threshold[:4]], odd.sum())
    np.testing.assert_array_equal(predict_rows(forest, rows), predict_proba(forest, rows))


def test_many_rows_are_the_same_as_few(monkeypatch):
    whole = predict_rows(FOREST, X)
    monkeypatch.setattr("brushwood.forest.rows._CHUNK", 7)
    np.testing.assert_array_equal(predict_rows(FOREST, X[:, ::1]), whole)
    np.testing.assert_array_equal(whole, predict_proba(FOREST, X))


def test_weighted_forests_share_their_votes():
    arrays = {name: array.copy() for name, array in FOREST.to_arrays().items()}
    arrays["value"][::3] *= np.float32(0.25)
    forest = Forest.from_arrays(arrays)
    assert forest.is_weighted
    np.testing.assert_array_equal(predict_rows(forest, X), predict_proba(forest, X))


def test_it_can_be_cancelled():
    job = Job(lambda fraction, message: job.cancel())
    with pytest.raises(Cancelled):
        predict_rows(FOREST, np.zeros((20_000, 6), np.float32), job)
