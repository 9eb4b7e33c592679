"""Forests whose leaves weigh differently: on the device as in the reference."""

import numpy as np
import pytest

from brushwood.errors import InputError
from brushwood.features.spec import FeatureSet
from brushwood.forest.forest import Forest
from brushwood.forest.reference import predict_proba
from brushwood.pixels.classifier import PixelClassifier


def forest(values, thresholds=(3.0, 5.0)):
    """Trees of one question each about one feature."""
    n = len(thresholds)
    feature = np.tile([0, -1, -1], n).astype(np.int32)
    nodes = np.arange(3 * n, dtype=np.int32)
    inner = feature == 0
    return Forest(
        feature=feature,
        threshold=np.where(inner, np.repeat(thresholds, 3), 0).astype(np.float32),
        left=np.where(inner, nodes + 1, -1).astype(np.int32),
        right=np.where(inner, nodes + 2, -1).astype(np.int32),
        value=np.array(values, np.float32),
        roots=nodes[::3].copy(),
        classes=np.array([1, 2, 7], np.int32),
        n_features=1,
    )


NONE = (0, 0, 0)
WEIGHTED = [NONE, (0.5, 0.25, 0), (0, 0.125, 0), NONE, NONE, (0.25, 0, 0.75)]


def classifier(made):
    found = PixelClassifier("original", scaling="none", smoothing=0, ndim=2)
    found.forest_, found.features_ = made, FeatureSet.parse("original")
    found.ndim_, found.n_channels_ = 2, 1
    from brushwood.pixels.scaling import IntensityRange

    found.range_ = IntensityRange.identity(1)
    return found


def test_probabilities_are_shares_of_the_votes():
    made = forest(WEIGHTED)
    made.validate()
    assert made.is_weighted
    image = np.array([[2, 4, 6, 3, 5]], np.float32)
    p = classifier(made).predict_proba(image)
    expected = [[2 / 3, 1 / 3, 0], [0, 1, 0], [2 / 9, 1 / 9, 6 / 9], [2 / 3, 1 / 3, 0], [0, 1, 0]]
    assert np.allclose(p[:, 0].T, expected, atol=1e-6)
    assert np.allclose(predict_proba(made, image.reshape(-1, 1)), expected)
    assert classifier(made).predict(image).tolist() == [[1, 2, 7, 1, 2]]


def test_no_vote_at_all_is_the_lowest_class():
    made = forest([NONE, NONE, (0, 0.5, 0), NONE, NONE, (0, 0, 1)])
    image = np.array([[1.0]], np.float32)
    assert classifier(made).predict(image).tolist() == [[1]]
    assert classifier(made).predict_proba(image).ravel().tolist() == [0, 0, 0]
    assert classifier(made).uncertainty(image).tolist() == [[0]]


def test_equal_leaves_are_not_weighted():
    made = forest([NONE, (1, 0, 0), (0, 1, 0), NONE, (0.5, 0.5, 0), (0, 0, 1)])
    assert not made.is_weighted


@pytest.mark.parametrize("leaf", [(0.6, 0.6, 0), (-0.1, 0, 0), (np.nan, 0, 0)])
def test_leaves_beyond_one_are_refused(leaf):
    made = forest([NONE, leaf, (0, 1, 0), NONE, (1, 0, 0), (0, 0, 1)])
    with pytest.raises(InputError, match="not valid"):
        made.validate()


def test_a_forest_without_any_vote_is_refused():
    with pytest.raises(InputError, match="fractions"):
        forest([NONE] * 6).validate()
