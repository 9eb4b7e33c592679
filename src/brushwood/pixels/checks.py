"""Do an image, an annotation and a model belong together? Each no says what to do."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from brushwood.arrays import ImageSource
from brushwood.errors import FeatureMismatchError, InputError
from brushwood.pixels.strokes import Strokes


def pairs_of(image: Any, annotation: Any) -> list[tuple[Any, Any]]:
    """Pair images with annotations. A list of annotations means several images.

    Raises
    ------
    InputError
        If there are not as many images as annotations, or none.
    """
    if not isinstance(annotation, list | tuple) or not hasattr(_first(annotation), "shape"):
        return [(image, annotation)]
    images = list(image) if isinstance(image, list | tuple) else [image]
    if len(images) != len(annotation):
        raise InputError(
            f"Every image needs an annotation of its own: {len(images)} images came with "
            f"{len(annotation)} annotations. Pass two lists of one length."
        )
    return list(zip(images, annotation, strict=True))


def source_of(
    image: Any,
    channel_axis: int | None,
    ndim: int | None,
    expected_channels: int | None = None,
) -> ImageSource:
    """Wrap an image as a model sees it.

    Parameters
    ----------
    image : array-like or ImageSource
    channel_axis, ndim : int or None
        The model's.
    expected_channels : int, optional
        Channels of a trained model, which the image is checked against.

    Raises
    ------
    FeatureMismatchError
        If a trained model was made for other channels or dimensions.
    InputError
        If the image cannot be worked with at all.
    """
    if expected_channels is None:
        return ImageSource.of(image, channel_axis=channel_axis, ndim=ndim)
    ndim = ndim or 2
    if not isinstance(image, ImageSource):
        shape = _shape(image)
        needed = ndim + (channel_axis is not None)
        looks_rgb = channel_axis is None and len(shape) == ndim + 1 and shape[-1] in (3, 4)
        if len(shape) < needed or looks_rgb:
            raise FeatureMismatchError(
                f"The model cannot be applied to this image: it was trained on {ndim}-D images "
                f"with {_channels(expected_channels, channel_axis)}, but the image has the shape "
                f"{shape}{', which looks like RGB' if looks_rgb else ''}. Pass images like those "
                "of the training, or train a new model."
            )
    source = ImageSource.of(image, channel_axis=channel_axis, ndim=ndim)
    check_source(source, ndim, expected_channels)
    return source


def check_source(source: ImageSource, ndim: int, n_channels: int) -> None:
    """Raise if a source does not have the dimensions and channels of a trained model."""
    if (source.ndim, source.n_channels) != (ndim, n_channels):
        raise FeatureMismatchError(
            f"The model cannot be applied to this image: it was trained on {ndim}-D images with "
            f"{n_channels} channel{'s' * (n_channels > 1)}, but the image is {source.ndim}-D with "
            f"{source.n_channels}. Choose the same channels in the same order, or train a new "
            "model."
        )


def summed(strokes: Sequence[Strokes]) -> dict[int, int]:
    """Add the pixels of each class over several images."""
    total: dict[int, int] = {}
    for one in strokes:
        for class_id, n in one.counts.items():
            total[class_id] = total.get(class_id, 0) + n
    return total


def warn_of_invalid(share: float) -> None:
    """Warn the caller's caller that pixels were NaN or infinite, `share` of a sample of them."""
    how_many = f"About {share:.2%} of" if share else "Some of"
    warnings.warn(
        f"{how_many} the image's pixels are NaN or infinite; they were taken for the darkest "
        "intensity. Replace them first if they mean something else.",
        stacklevel=4,
    )


def _first(values: Any) -> Any:
    return values[0] if len(values) else None


def _shape(image: Any) -> tuple[int, ...]:
    if isinstance(image, list | tuple) and hasattr(_first(image), "shape"):
        image = image[0]
    return tuple(int(n) for n in np.shape(image))


def _channels(n: int, axis: int | None) -> str:
    return "one channel" if axis is None else f"{n} channels along axis {axis}"
