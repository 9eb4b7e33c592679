"""What is measured of the objects of an image, as the recipe says and as its model asks."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from brushwood.arrays import ImageSource
from brushwood.batch.chain_fit import Fit
from brushwood.batch.misfits import named_classes
from brushwood.errors import FeatureMismatchError
from brushwood.measure.table import measure

if TYPE_CHECKING:
    from pandas import DataFrame


def measures(fit: Fit) -> bool:
    """Whether a table is made."""
    return fit.recipe.measure is not None or fit.recipe.classify is not None


def options_of(fit: Fit) -> dict[str, Any]:
    """Return what `brushwood.measure` is asked for, but the pixels, after trying it on none.

    Returns
    -------
    dict
        Keywords ``names``, ``spacing``, ``unit``, ``channel_axis``, ``channel_names``, ``ndim``
        and ``class_names``.

    Raises
    ------
    FeatureMismatchError, TableMismatchError, InputError
        If something cannot be measured, or an object classifier cannot work with it.
    """
    unit = "µm" if fit.image.unit == "um" else fit.image.unit
    size: dict[str, Any] = {"spacing": fit.spacing, "unit": unit}
    # Images of one kind are asked the same; trying takes longer than a small image.
    image = fit.image
    kind = (
        fit.recipe.measure, image.axes, image.channel_names, _n_channels(fit), fit.ndim, unit,
        fit.spacing is None,
    )  # fmt: skip
    known = fit.models.options.get(kind)
    if known is None:
        known = fit.models.options[kind] = _tried(fit, size)
    return {**known, **size}


def _tried(fit: Fit, size: dict[str, Any]) -> dict[str, Any]:
    options: dict[str, Any] = {
        "names": _names(fit),
        "channel_axis": _axis(fit),
        "channel_names": _channel_names(fit),
        "ndim": fit.ndim,
        "class_names": _class_names(fit),
    }
    tried = measure(**_nothing(fit), **options, **size)
    if fit.models.objects is not None:
        fit.models.objects.check(tried)
    return options


def _n_channels(fit: Fit) -> int:
    axis = fit.image.channel_axis
    return 1 if axis is None else int(fit.image.data.shape[axis])


def image_of(fit: Fit) -> ImageSource | None:
    """Return the image in which intensities are measured, None for none."""
    model = fit.models.objects
    if fit.recipe.measure is None and model is not None:
        note = model.measurement_ or {}
        if note and note.get("channels") is None:
            return None
    return ImageSource.of(
        fit.image.data,
        channel_axis=fit.image.channel_axis,
        ndim=fit.ndim,
        channels=fit.channels(_chosen(fit)),
    )


def without_pixels(fit: Fit) -> "DataFrame":
    """Return the table of an image without objects: all columns with their units."""
    return measure(**_nothing(fit), **options_of(fit))


def _chosen(fit: Fit) -> Any:
    return None if fit.recipe.measure is None else fit.recipe.measure.channels


def _axis(fit: Fit) -> int | None:
    """Return the axis of channels; one channel that was chosen is an image without."""
    chosen = _chosen(fit)
    return None if chosen is not None and len(chosen) == 1 else fit.image.channel_axis


def _names(fit: Fit) -> tuple[str, ...] | None:
    """Return what is measured: what the recipe says, then what the classifier lacks."""
    step, model = fit.recipe.measure, fit.models.objects
    if model is None:
        return None if step is None else step.names
    if step is None:
        return model.columns_
    if step.names is not None:
        return tuple(dict.fromkeys([*step.names, *model.columns_]))
    options: dict[str, Any] = {
        "channel_axis": _axis(fit),
        "channel_names": _channel_names(fit),
        "ndim": fit.ndim,
        "class_names": _class_names(fit),
    }
    usual = measure(**_nothing(fit), **options).columns
    return tuple(dict.fromkeys([*_measured(usual), *model.columns_]))


def _measured(columns: Sequence[str]) -> list[str]:
    return [name for name in columns if name not in ("label", "index", "frame")]


def _channel_names(fit: Fit) -> tuple[str, ...] | None:
    if _axis(fit) is None or image_of(fit) is None:
        return None
    step, model = fit.recipe.measure, fit.models.objects
    if step is not None and step.channel_names is not None:
        return step.channel_names
    known = None if model is None else (model.measurement_ or {}).get("channels")
    if known is None:
        return None
    source = image_of(fit)
    count = 0 if source is None else source.n_channels
    if len(known) != count or list(known) == [""]:
        raise FeatureMismatchError(
            f"The object classifier learned from images with the channels "
            f"{', '.join(known) or 'none'}, but {fit.image.name!r} has {count}. Choose images with "
            "the same channels, or say in the recipe's measure.channels which ones to measure."
        )
    return tuple(known)


def _class_names(fit: Fit) -> tuple[str, ...] | None:
    if not fit.measures_probabilities:
        return None
    step, model = fit.recipe.measure, fit.models.objects
    if step is not None and step.class_names is not None:
        return step.class_names
    known = None if model is None else (model.measurement_ or {}).get("classes")
    if known is not None:
        return tuple(known)
    return named_classes(fit.classifier)


def _nothing(fit: Fit) -> dict[str, Any]:
    """Return arrays of one pixel without objects, with the axes of the image."""
    frames = tuple(1 for _ in range(len(fit.shape) - fit.ndim))
    labels = np.zeros((*frames, *(1,) * fit.ndim), np.uint8)
    source = image_of(fit)
    axis = _axis(fit)
    image = None
    if source is not None:
        shape = list(labels.shape)
        if axis is not None:
            shape.insert(axis, source.n_channels)
        image = np.zeros(shape, np.uint8)
    classes = len(fit.classifier.classes_)
    chances = np.zeros((classes, *labels.shape), np.float32) if fit.measures_probabilities else None
    return {"labels": labels, "image": image, "probabilities": chances}
