"""What the pixel classifier refuses, and that it says what to do."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from brushwood.arrays import ImageSource
from brushwood.errors import (
    AnnotationError,
    FeatureMismatchError,
    ShapeMismatchError,
)
from pixel_scenes import new, picture, strokes


@pytest.fixture(scope="module")
def fitted():
    image, discs = picture()
    return new().fit(image, strokes(discs)), image, discs


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((3, 60, 70), "1 channel.*2-D with 3|one channel"),
        ((60, 70, 3), "looks like RGB"),
        ((60,), "one channel"),
    ],
)
def test_an_image_that_does_not_fit_the_model(fitted, shape, message):
    image = np.zeros(shape, np.float32)
    if shape == (3, 60, 70):
        image = ImageSource.of(image, channel_axis=0)
    with pytest.raises(FeatureMismatchError, match=message):
        fitted[0].predict(image)


def test_a_channel_is_missing():
    image, discs = picture()
    rgb = np.stack([image] * 3, axis=-1)
    model = new(channel_axis=-1).fit(rgb, strokes(discs))
    with pytest.raises(FeatureMismatchError, match=r"3 channels.*with 2.*Choose the same"):
        model.predict(rgb[..., :2])
    with pytest.raises(FeatureMismatchError, match="3 channels along axis -1"):
        model.predict(image)
    with pytest.raises(FeatureMismatchError, match="2-D with 3 channels was expected"):
        new(channel_axis=-1).fit([rgb, rgb[..., :2]], [strokes(discs)] * 2)


@pytest.mark.parametrize(
    ("annotation", "error"),
    [
        (np.zeros((60, 70), int), AnnotationError),
        (np.ones((60, 70), int), AnnotationError),
        (np.zeros((70, 60), int), ShapeMismatchError),
        (np.zeros((60, 70)), AnnotationError),
        (np.full((60, 70), -1), AnnotationError),
        (np.arange(4200).reshape(60, 70), AnnotationError),
    ],
)
def test_annotations_that_cannot_be_trained_on(annotation, error):
    with pytest.raises(error):
        new().fit(picture()[0], annotation)


def test_a_constant_image_can_be_trained_on():
    _, discs = picture()
    model = new().fit(np.full((60, 70), 3, np.uint8), strokes(discs))
    assert model.predict(np.full((60, 70), 3, np.uint8)).shape == (60, 70)


def test_before_fit():
    model = new()
    for use in (model.predict, model.predict_proba, model.uncertainty):
        with pytest.raises(NotFittedError, match="Call fit"):
            use(picture()[0])
    with pytest.raises(NotFittedError):
        _ = model.classes_
    with pytest.raises(NotFittedError):
        model.to_state()
