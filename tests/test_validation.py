"""Both classifiers can be put to an honest test."""

import numpy as np
import pandas as pd
import pytest

import brushwood as bw
from brushwood import samples
from brushwood.errors import InputError
from brushwood.forest.params import ForestParams
from brushwood.validation import (
    estimator_of,
    object_examples,
    pixel_examples,
    validate_classifier,
)

SMALL = ForestParams(n_trees=20)


@pytest.fixture(scope="module")
def coins():
    return samples.load("coins")


def test_pixel_examples_are_the_classifier_s_own_rows(coins):
    classifier = bw.PixelClassifier("original gaussian=2", SMALL, class_names=coins.class_names)
    examples = pixel_examples(classifier, coins.image, coins.annotation)
    classifier.fit(coins.image, coins.annotation)
    np.testing.assert_array_equal(examples.features, classifier.stored_rows_.features)
    np.testing.assert_array_equal(examples.classes, classifier.stored_rows_.classes)
    assert examples.names == classifier.feature_names_
    assert not classifier.__class__().is_fitted


def test_no_held_out_pixel_is_near_a_training_pixel(coins):
    classifier = bw.PixelClassifier("original", SMALL)
    found = validate_classifier(classifier, coins.image, coins.annotation, n_folds=3)
    rows, columns = np.nonzero(coins.annotation)
    for result in found.results:
        train, test = (
            np.stack([rows[at], columns[at]], axis=1).astype(float)
            for at in (result.fold.train, result.fold.test)
        )
        nearest = np.abs(test[:, None] - train[None]).max(axis=2).min()
        assert nearest > 2
    assert found.n_units > 4
    assert "held-out strokes" in found.sentence()
    assert found.mean("accuracy") > 0.7


def test_several_images_are_held_out_whole(coins):
    other = samples.load("nuclei_2d")
    images = [coins.image, other.image, coins.image[::-1]]
    strokes = [coins.annotation, other.annotation, coins.annotation[::-1]]
    classifier = bw.PixelClassifier("original gaussian=2", SMALL)
    found = validate_classifier(classifier, images, strokes, by="image", n_folds=3)
    assert found.n_units == 3
    assert "3 held-out images in 3 folds" in found.sentence()
    with pytest.raises(InputError, match="one image only"):
        validate_classifier(classifier, coins.image, coins.annotation, by="image")


def test_a_cap_on_rows_keeps_every_stroke_s_number(coins):
    capped = bw.PixelClassifier("original", ForestParams(n_trees=5, max_rows=300))
    examples = pixel_examples(capped, coins.image, coins.annotation)
    whole = pixel_examples(bw.PixelClassifier("original", SMALL), coins.image, coins.annotation)
    assert len(examples) <= 302 < len(whole)
    assert set(examples.groups) <= set(whole.groups)


def _table(n=60, seed=0):
    rng = np.random.default_rng(seed)
    classes = 1 + np.arange(n) % 2
    table = pd.DataFrame(
        {
            "label": np.arange(1, n + 1),
            "area": rng.normal(100, 5, n),
            "circularity": rng.normal(0.9, 0.05, n) - 0.3 * (classes == 2),
        }
    )
    table.loc[3, "area"] = np.nan
    return table, np.where(np.arange(n) < 40, classes, 0)


def test_objects_are_held_out_one_by_one_or_by_image():
    table, classes = _table()
    other, others = _table(seed=1)
    classifier = bw.ObjectClassifier(class_names={1: "round", 2: "elongated"})
    found = validate_classifier(classifier, table, classes)
    assert found.by == "object"
    assert found.n_units == 40
    assert found.mean("accuracy") > 0.95
    assert found.out_of_bag is not None  # the default for tables is a random forest
    both = validate_classifier(classifier, [table, other], [classes, others], by="image", n_folds=2)
    assert both.n_units == 2
    examples = object_examples(classifier, [table, other], [classes, others])
    assert examples.names == ("area", "circularity")
    assert np.isfinite(examples.features).all()
    assert estimator_of(classifier).params.kind == "random"
    with pytest.raises(InputError, match="classes of its own"):
        object_examples(classifier, [table, other], [classes])


def test_one_stroke_only_is_not_enough_and_said():
    image = np.random.default_rng(0).random((40, 40))
    annotation = np.zeros((40, 40), int)
    annotation[5, 5:15], annotation[25, 5:15] = 1, 2
    with pytest.raises(InputError, match=r"one stroke only.*at least two separate strokes"):
        validate_classifier(bw.PixelClassifier("original", SMALL), image, annotation)
