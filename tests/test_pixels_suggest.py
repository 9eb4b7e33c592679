"""The next place to annotate is unsure, or new, and never one that was annotated or shown."""

import numpy as np
import pytest

import brushwood as bw
from brushwood.errors import InputError
from brushwood.forest.params import ForestParams
from brushwood.pixels.suggest import STRATEGIES, suggest_places

SMALL = ForestParams(n_trees=30)


def _three_kinds(shape=(160, 240), seed=0):
    """Dark left third, bright middle, and a striped right third that nobody annotated."""
    rng = np.random.default_rng(seed)
    image = rng.normal(0, 0.05, shape)
    image[:, 80:160] += 1
    image[:, 160:] += 3 + 2 * (np.arange(shape[0]) % 4 < 2)[:, None]
    annotation = np.zeros(shape, np.uint8)
    annotation[20, 10:60], annotation[20, 90:140] = 1, 2
    return image.astype(np.float32), annotation


@pytest.fixture(scope="module")
def trained():
    image, annotation = _three_kinds()
    classifier = bw.PixelClassifier("original gaussian=1,3", SMALL, scaling="none")
    return classifier.fit(image, annotation), image, annotation


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_places_keep_their_distance(trained, strategy):
    classifier, image, annotation = trained
    places = suggest_places(classifier, image, annotation, strategy=strategy, n=6, distance=20)
    assert len(places) == 6
    rows, columns = np.nonzero(annotation)
    for k, place in enumerate(places):
        _, y, x = place.position
        assert np.hypot(rows - y, columns - x).min() >= 20
        for other in places[:k]:
            assert np.linalg.norm(np.subtract(place.position, other.position)) >= 20
    scores = [place.score for place in places]
    assert scores == sorted(scores, reverse=True)
    again = suggest_places(classifier, image, annotation, strategy=strategy, n=6, distance=20)
    assert again == places
    more = suggest_places(
        classifier, image, annotation, strategy=strategy, n=3, distance=20, avoid=places
    )
    assert not set(more) & set(places)


def test_uncertainty_and_margin_look_at_the_border_of_the_classes(trained):
    classifier, image, annotation = trained
    for strategy in ("uncertainty", "margin"):
        (place,) = suggest_places(classifier, image, annotation, strategy=strategy, n=1)
        assert abs(place.position[2] - 80) < 12
        assert place.uncertainty > 0.2


def test_diversity_finds_what_nobody_annotated(trained):
    classifier, image, annotation = trained
    (place,) = suggest_places(classifier, image, annotation, strategy="diversity", n=1)
    assert place.position[2] >= 150


def test_several_images_frames_and_stacks():
    image, annotation = _three_kinds((64, 240))
    series = np.stack([image, image[::-1]])
    strokes = np.stack([annotation, 0 * annotation])
    flat = bw.PixelClassifier("original gaussian=1", SMALL, ndim=2).fit(series, strokes)
    places = suggest_places(
        flat, [series, series], [strokes, 0 * strokes], strategy="random", n=12, distance=10
    )
    assert {p.image for p in places} == {0, 1}
    assert {p.frame for p in places} == {(0,), (1,)}
    assert len(places[0].index(2)) == 3
    stack = np.stack([image] * 6)
    strokes = np.stack([annotation] + [0 * annotation] * 5)
    deep = bw.PixelClassifier("original gaussian=1", SMALL, ndim=3).fit(stack, strokes)
    places = suggest_places(deep, stack, strokes, strategy="random", n=8, distance=5)
    assert len({p.position[0] for p in places}) > 2
    assert all(stack[p.index(3)].shape == () for p in places)


def test_an_image_without_room_gives_fewer_and_mistakes_are_said(trained):
    classifier, image, annotation = trained
    assert suggest_places(classifier, image, annotation, distance=10_000) == ()
    with pytest.raises(InputError, match="no strategy 'luck'"):
        suggest_places(classifier, image, strategy="luck")
    with pytest.raises(InputError, match="2 images but 1"):
        suggest_places(classifier, [image, image], [annotation])
