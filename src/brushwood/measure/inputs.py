"""What measuring accepts: labels, images of their shape, sizes of a pixel."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from brushwood.arrays import ImageSource
from brushwood.errors import InputError, ShapeMismatchError


def label_source(labels: Any, ndim: int | None = None) -> ImageSource:
    """Wrap labels, refusing what cannot be labels.

    Raises
    ------
    InputError
        If they are not integers.
    """
    source = ImageSource.of(labels, ndim=ndim)
    if source.dtype.kind == "b":
        raise InputError(
            "Labels must be integers, one number an object, but a mask of booleans came. Make "
            "objects of it first, with brushwood.split_objects or skimage.measure.label."
        )
    if source.dtype.kind not in "ui":
        raise InputError(
            f"Labels must be integers, but {source.dtype} came. Convert them, for example with "
            "labels.astype('int32'), if they hold whole numbers."
        )
    return source


def check_shape(labels: ImageSource, other: ImageSource, name: str) -> None:
    """Refuse an image whose pixels are not those of the labels.

    Raises
    ------
    ShapeMismatchError
        If shapes differ.
    """
    if (labels.frames, labels.shape) == (other.frames, other.shape):
        return
    channel = "" if other.channel_axis is None else f" beside its axis {other.channel_axis}"
    raise ShapeMismatchError(
        f"Labels and {name} must have the same shape, but the labels have "
        f"{labels.frames + labels.shape} and the {name} has {other.frames + other.shape}"
        f"{channel}. Choose those that belong together, or name the channel_axis."
    )


def checked_spacing(spacing: float | Sequence[float] | None, ndim: int) -> tuple[float, ...] | None:
    """Return one pixel size an axis, or None.

    Raises
    ------
    InputError
        If there are too few or too many, or one is not a finite number above 0.
    """
    if spacing is None:
        return None
    sizes = np.ravel(np.asarray(spacing, float))
    sizes = np.full(ndim, sizes[0]) if np.ndim(spacing) == 0 else sizes
    if sizes.size != ndim or not (np.isfinite(sizes).all() and (sizes > 0).all()):
        raise InputError(
            f"Spacing must be {ndim} finite numbers above 0, one an axis of space, but "
            f"{spacing!r} came."
        )
    return tuple(float(size) for size in sizes)
