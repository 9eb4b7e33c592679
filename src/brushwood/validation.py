"""Put a pixel or object classifier to an honest test: training and test data never touch."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.errors import InputError
from brushwood.evaluate.estimators import ForestEstimator
from brushwood.evaluate.examples import By, Examples
from brushwood.evaluate.validate import Validation, validate
from brushwood.forest.grow import sample_rows
from brushwood.forest.params import ForestParams
from brushwood.jobs import IDLE, Job
from brushwood.objects.classifier import TABLE_FOREST, ObjectClassifier
from brushwood.objects.rows import filled, filling, values_of
from brushwood.objects.training import aligned_classes, default_columns
from brushwood.pixels.checks import pairs_of, source_of, summed
from brushwood.pixels.classifier import PixelClassifier
from brushwood.pixels.groups import stroke_groups
from brushwood.pixels.strokes import Strokes, check_trainable

#: Pixels around a stroke that still count as it, because their filters see nearly the same.
GAP = 2


def pixel_examples(
    classifier: PixelClassifier,
    image: Any,
    annotation: Any,
    *,
    gap: int = GAP,
    job: Job = IDLE,
) -> Examples:
    """Return the features of all annotated pixels, with the stroke and image of each.

    Parameters
    ----------
    classifier : PixelClassifier
        Its features, scaling and cap on rows are used; it need not be fitted and stays as it is.
    image : array-like, or list of array-like
    annotation : array-like of int or Strokes, or list of them
        As in ``classifier.fit``.
    gap : int
        Annotated pixels at most this far apart belong to one stroke.
    job : Job

    Raises
    ------
    AnnotationError, ShapeMismatchError, FeatureMismatchError
        As ``classifier.fit``.
    """
    pairs = pairs_of(image, annotation)
    sources = [source_of(one, classifier.channel_axis, classifier.ndim) for one, _ in pairs]
    strokes = [
        Strokes.of(one, (*source.frames, *source.shape))
        for (_, one), source in zip(pairs, sources, strict=True)
    ]
    check_trainable(summed(strokes))
    groups = [
        stroke_groups(one, source.ndim, gap=gap)
        for one, source in zip(strokes, sources, strict=True)
    ]
    params = classifier.forest or ForestParams()
    strokes, groups, images = _capped(strokes, groups, params)
    training = classifier.new_training(sources[0].ndim, sources[0].n_channels)
    for source, one in zip(sources, strokes, strict=True):
        training.put(object(), source, one)
    rows = training.rows(sum(map(len, strokes)), params.seed, job=job)
    maker = training.maker
    return Examples(
        rows.features,
        rows.classes,
        np.concatenate(groups),
        images,
        "stroke",
        tuple(maker.features.names(ndim=maker.ndim, n_channels=maker.n_channels)),
        dict(classifier.class_names or {}),
    )


def object_examples(classifier: ObjectClassifier, table: Any, classes: Any) -> Examples:
    """Return the measurements of all annotated objects; each object is a group of its own.

    Parameters
    ----------
    classifier : ObjectClassifier
        Its columns are used; it need not be fitted and stays as it is.
    table : DataFrame, or list of DataFrame
    classes : Series or array of int (row,), or list of them
        0 for objects that are not annotated. As in ``classifier.fit``.

    Raises
    ------
    TableMismatchError, ShapeMismatchError
        As ``classifier.fit``.
    InputError
        If there are not as many tables as classes.
    """
    tables = list(table) if isinstance(table, list | tuple) else [table]
    given = list(classes) if isinstance(table, list | tuple) else [classes]
    if len(tables) != len(given) or not tables:
        raise InputError(
            f"Every table needs classes of its own: {len(tables)} tables came with {len(given)}. "
            "Pass two lists of one length."
        )
    columns = tuple(classifier.columns or default_columns(tables[0]))
    values, ids, images = [], [], []
    for number, (one, own) in enumerate(zip(tables, given, strict=True)):
        known = aligned_classes(one, own, f"table {number + 1}")
        rows = values_of(one, columns, {}, f"table {number + 1}")[known > 0]
        values.append(rows)
        ids.append(known[known > 0].astype(np.int64))
        images.append(np.full(len(rows), number, np.int64))
    all_values = np.concatenate(values)
    # Medians of all annotated rows stand in: they know nothing of classes, so nothing leaks.
    features = filled(all_values, filling(all_values)) if len(all_values) else all_values
    return Examples(
        features.astype(np.float32),
        np.concatenate(ids),
        np.arange(len(features)),
        np.concatenate(images),
        "object",
        columns,
        dict(classifier.class_names or {}),
    )


def estimator_of(classifier: PixelClassifier | ObjectClassifier) -> ForestEstimator:
    """Return what a classifier grows, for `brushwood.evaluate.validate.validate` and its like."""
    default = TABLE_FOREST if isinstance(classifier, ObjectClassifier) else ForestParams()
    return ForestEstimator(classifier.forest or default)


def validate_classifier(
    classifier: PixelClassifier | ObjectClassifier,
    data: Any,
    classes: Any,
    *,
    by: By | None = None,
    n_folds: int | None = 5,
    share: float = 0.25,
    seed: int = 0,
    job: Job = IDLE,
) -> Validation:
    """Say how good a classifier is on what it was not shown.

    Parameters
    ----------
    classifier : PixelClassifier or ObjectClassifier
        Its parameters are tested; it need not be fitted and stays as it is. A pixel classifier's
        smoothing of probabilities comes after the forest and is not part of the test.
    data : image, table, or list of them
    classes : annotation, Series, or list of them
        As in the classifier's ``fit``.
    by : {"stroke", "object", "image"}, optional
        What is held out whole. Default: strokes of a pixel, objects of an object classifier.
    n_folds : int or None
        None: hold out `share` once.
    share : float
        0.1 to 0.5.
    seed : int
    job : Job

    Returns
    -------
    Validation

    Raises
    ------
    InputError
        If a class has too few strokes, objects or images to be learned and tested.

    Examples
    --------
    >>> import brushwood as bw
    >>> from brushwood import samples
    >>> coins = samples.load("coins")
    >>> found = bw.validate_classifier(bw.PixelClassifier(), coins.image, coins.annotation)
    >>> found.by
    'stroke'
    """
    if isinstance(classifier, ObjectClassifier):
        examples = object_examples(classifier, data, classes)
    else:
        examples = pixel_examples(classifier, data, classes, job=job.part(0.0, 0.3))
    return validate(
        examples,
        estimator_of(classifier),
        by=by or examples.what,
        n_folds=n_folds,
        share=share,
        seed=seed,
        job=job.part(0.3, 1.0),
    )


def _capped(
    strokes: Sequence[Strokes], groups: Sequence[npt.NDArray[np.int64]], params: ForestParams
) -> tuple[list[Strokes], list[npt.NDArray[np.int64]], npt.NDArray[np.int64]]:
    """Leave out pixels beyond the forest's cap, before their features are computed."""
    classes = np.concatenate([one.classes for one in strokes])
    image = np.repeat(np.arange(len(strokes)), [len(one) for one in strokes])
    keep = sample_rows(classes, params.max_rows, params.seed)
    starts = np.cumsum([0, *(len(one) for one in strokes)])
    kept_strokes, kept_groups = [], []
    for k, (one, group) in enumerate(zip(strokes, groups, strict=True)):
        at = keep[(keep >= starts[k]) & (keep < starts[k + 1])] - starts[k]
        kept_strokes.append(Strokes(one.shape, one.index[at], one.classes[at]))
        kept_groups.append(group[at])
    return kept_strokes, kept_groups, image[keep].astype(np.int64)
