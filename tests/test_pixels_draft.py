"""A draft answers what a smaller forest would, from the same features."""

import numpy as np
import pytest

from brushwood.arrays import ImageSource
from brushwood.forest.params import ForestParams
from brushwood.pixels.classifier import PixelClassifier
from brushwood.pixels.draft import draft_of, first_trees
from brushwood.pixels.stacks import FeatureCache

IMAGE = np.random.default_rng(0).normal(100, 30, (50, 60)).astype(np.float32)
MARKS = ((IMAGE > 110) + 1) * (np.random.default_rng(1).random(IMAGE.shape) < 0.1)


@pytest.fixture(autouse=True)
def _small_forests_may_have_drafts(monkeypatch):
    monkeypatch.setattr("brushwood.pixels.draft.CHEAP_NODES", 1)


def fitted(n_trees):
    return PixelClassifier("original gaussian=1", ForestParams(n_trees=n_trees)).fit(IMAGE, MARKS)


def test_a_draft_equals_the_smaller_forest():
    model, small = fitted(20), fitted(6)
    draft = draft_of(model, 6)
    draft.forest_.validate()
    np.testing.assert_array_equal(draft.predict_proba(IMAGE), small.predict_proba(IMAGE))
    assert model.forest_.n_trees == 20
    assert not np.array_equal(model.predict_proba(IMAGE), small.predict_proba(IMAGE))


def test_a_draft_uses_the_features_of_the_model():
    model = fitted(20)
    source, cache = ImageSource.of(IMAGE), FeatureCache(1 << 28)
    draft = draft_of(model, 5)
    for one in (draft, model, draft):
        one.predict_region(source, (), (0, 0, 0), (1, 50, 60), cache=cache)
    assert len(cache) == 1


def test_small_forests_have_no_draft(monkeypatch):
    model = fitted(9)
    assert draft_of(model, 5) is None
    assert draft_of(model, 4) is not None
    monkeypatch.setattr("brushwood.pixels.draft.CHEAP_NODES", model.forest_.n_nodes + 1)
    assert draft_of(model, 4) is None
    assert first_trees(model.forest_, 9) is model.forest_
