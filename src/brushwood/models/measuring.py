"""Measure on another image what an object classifier asks for."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from brushwood.errors import FeatureMismatchError
from brushwood.jobs import IDLE, Job
from brushwood.measure.table import measure
from brushwood.objects.classifier import ObjectClassifier

if TYPE_CHECKING:
    from pandas import DataFrame


def measured_for(
    classifier: ObjectClassifier,
    labels: Any,
    image: Any = None,
    *,
    spacing: Sequence[float] | None = None,
    unit: str | None = None,
    channel_axis: int | None = None,
    probabilities: Any = None,
    ndim: int | None = None,
    job: Job = IDLE,
) -> "DataFrame":
    """Measure the columns that a classifier learned from, as they were measured for it.

    Parameters
    ----------
    classifier : ObjectClassifier
        Fitted.
    labels, image, spacing, unit, channel_axis, probabilities
        As `brushwood.measure`.
    ndim : {2, 3}, optional
        Default: as in training.
    job : Job

    Returns
    -------
    DataFrame
        ``label``, ``index``, ``frame`` where there are frames, and the classifier's columns.

    Raises
    ------
    FeatureMismatchError
        If the image's channels or dimensions are not those of the training.
    TableMismatchError
        If the units are not those of the training.
    InputError
        If a column cannot be measured, for example because it needs an image.
    """
    classifier.fitted_forest()
    note = classifier.measurement_ or {}
    known = note.get("ndim")
    if ndim is not None and known is not None and ndim != known:
        raise FeatureMismatchError(
            f"The classifier learned from {known}-D objects, but these are {ndim}-D. Choose labels "
            "with as many dimensions, or train another classifier."
        )
    channels = note.get("channels")
    if image is not None and channels is not None:
        _check_channels(image, channels, channel_axis)
    options: dict[str, Any] = {
        "names": classifier.columns_,
        "spacing": spacing,
        "unit": unit,
        "channel_axis": channel_axis,
        "channel_names": None if channel_axis is None else channels,
        "ndim": ndim or known,
        "class_names": note.get("classes") if probabilities is not None else None,
    }
    # What does not fit is refused before the work: no objects give all columns with their units.
    nothing = _without_pixels(labels, image, channel_axis, probabilities)
    classifier.check(measure(**nothing, **options))
    return measure(labels, image, probabilities=probabilities, **options, job=job)


def _without_pixels(
    labels: Any, image: Any, channel_axis: int | None, probabilities: Any
) -> dict[str, Any]:
    """Return arrays of one pixel a frame and channel, without objects, with the same axes."""

    def small(array: Any, kept: int | None) -> Any:
        if array is None:
            return None
        if isinstance(array, Sequence) and array and hasattr(array[0], "shape"):
            array = array[0]  # a pyramid
        shape = np.ones(len(np.shape(array)), int)
        if kept is not None:
            shape[kept] = np.shape(array)[kept]
        return np.zeros(shape, np.uint8)

    return {
        "labels": small(labels, None),
        "image": small(image, channel_axis),
        "probabilities": small(probabilities, 0),
    }


def _check_channels(image: Any, channels: Sequence[str], axis: int | None) -> None:
    expected = 0 if list(channels) == [""] else len(channels)
    came = 0 if axis is None else image.shape[axis]
    if expected == came:
        return
    wanted = f"{expected} channels ({', '.join(channels)})" if expected else "one channel"
    raise FeatureMismatchError(
        f"The classifier learned from images with {wanted}, but this one has {came or 'one'}. "
        "Choose an image with the same channels, or name the axis that holds them."
    )
