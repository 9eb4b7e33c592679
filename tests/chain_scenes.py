"""Small models, images and recipes for tests of the chain: bright and dim discs on noise."""

import numpy as np

from brushwood.batch.recipe import Recipe
from brushwood.batch.steps import ClassifyStep, MeasureStep, ObjectStep, PixelStep
from brushwood.io.images import ImageFile
from brushwood.measure.table import measure
from brushwood.objects.classifier import ObjectClassifier
from brushwood.objects.split import split_objects
from brushwood.objects.split_params import SplitParams
from pixel_scenes import new, picture, strokes

PARAMS = SplitParams(method="distance", min_size=8, fill_holes=True)
NAMES = ("area", "centroid", "intensity_mean", "extent")
CLASSES = {1: "background", 2: "disc"}


def image_file(data, axes, *, name="cells", size=None, unit="um", channels=()):
    """An image in memory, as a file describes it."""
    scale = dict(zip("zyx"[-len(size) :], size, strict=True)) if size else {}
    return ImageFile(data, axes, name, scale, unit if size else None, channel_names=tuple(channels))


def flat():
    """A picture of 60 × 70 pixels with its classifier."""
    image, discs = picture()
    return image, new(class_names=CLASSES).fit(image, strokes(discs))


def series(n=3):
    """Frames of a time series, the second without any disc, and a 2-D classifier."""
    frames = [picture(seed=seed)[0] for seed in range(n)]
    frames[1] = np.full_like(frames[1], 100.0)
    _, discs = picture()
    return np.stack(frames), new(class_names=CLASSES).fit(frames[0], strokes(discs))


def stack():
    """A stack of 8 planes with a 3-D classifier."""
    image, discs = picture((8, 40, 50))
    return image, new(ndim=3, class_names=CLASSES).fit(image, strokes(discs))


def coloured():
    """Three channels, the last without information, and a classifier of the first two."""
    image, discs = picture()
    rng = np.random.default_rng(5)
    more = rng.normal(100, 10, (2, *image.shape)).astype(np.float32)
    more[0] += 50 * discs
    data = np.stack([image, *more])
    classifier = new(class_names=CLASSES, channel_axis=0)
    return data, classifier.fit(data[:2], strokes(discs))


def object_model(image, classifier, names=("area", "intensity_mean"), **options):
    """An object classifier that tells bright objects from dim ones."""
    objects = split_objects(classifier.predict(image), 2, params=PARAMS, ndim=classifier.ndim_)
    table = measure(objects, image, ndim=classifier.ndim_, names=names, **options)
    bright = table["intensity_mean"] > table["intensity_mean"].median()
    model = ObjectClassifier(class_names={1: "dim", 2: "bright"})
    return model.fit(table, np.where(bright, 2, 1))


def recipe(classifier, model=None, **changes):
    """The whole chain, with everything saved."""
    saved = ["classes", "probabilities", "uncertainty", "objects", "table"]
    options = {
        "objects": ObjectStep(PARAMS),
        "measure": MeasureStep(NAMES),
        "classify": None if model is None else ClassifyStep(model),
        "outputs": tuple(saved + (["object_classes"] if model is not None else [])),
        "name": "discs",
    } | changes
    return Recipe(PixelStep(classifier, options.pop("channels", None)), **options)
