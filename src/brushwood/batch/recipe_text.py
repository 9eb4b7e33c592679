"""A recipe in words: one line a step, for a terminal, a plan and a report."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING

from brushwood.batch.misfits import compared_of
from brushwood.batch.steps import Channel, MeasureStep, ObjectStep, PixelStep
from brushwood.objects.split_params import SplitParams

if TYPE_CHECKING:
    from brushwood.batch.model_ref import ModelRef
    from brushwood.batch.recipe import Recipe

_NAMES = {"object_classes": "classes of objects"}
_FORMATS = {"tiff": "TIFF", "ome-zarr": "OME-Zarr", "csv": "CSV", "parquet": "Parquet"}


def describe(recipe: "Recipe") -> str:
    """Return what a recipe does, a line a step; see `Recipe.describe`."""
    lines = [recipe.name] if recipe.name else []
    steps = [_pixels(recipe.pixels)]
    if recipe.objects is not None:
        steps.append(_objects(recipe.objects))
    if recipe.measure is not None:
        steps.append(_measure(recipe.measure))
    if recipe.classify is not None:
        steps.append(f"Classify objects with {_model(recipe.classify.model)}.")
    if recipe.evaluate is not None:
        step = recipe.evaluate
        how = f"pixels; {step.ignore} is unknown" if step.ignore is not None else "pixels"
        if compared_of(recipe) == "objects":
            how = f"objects, which match from IoU {step.min_iou:g} on"
        steps.append(f"Compare with the truth in {step.truth}: {how}.")
    steps.append(_saved(recipe))
    lines += [f"{number}. {step}" for number, step in enumerate(steps, 1)]
    return "\n".join(lines)


def listed(names: Iterable[object], most: int = 12) -> str:
    """Return names as a list in a sentence."""
    every = [str(name) for name in names]
    shown = every[:most]
    rest = f" and {len(every) - most} more" if len(every) > most else ""
    return f"{', '.join(shown)}{rest}"


def _pixels(step: PixelStep) -> str:
    text = f"Classify pixels with {_model(step.model)}"
    if step.channels is not None:
        text += f", {_channels(step.channels)}"
    if step.channel_axis is not None:
        text += f" along axis {step.channel_axis}"
    return f"{text}."


def _objects(step: ObjectStep) -> str:
    ids = step.foreground
    if ids is None:
        what = "all classes"
    else:
        what = f"class {listed(ids)}" if len(ids) == 1 else f"classes {listed(ids)}"
    if step.source == "probability":
        what = f"the probability of {what}"
    text = f"Make objects of {what}: {_params(step.params)}"
    if step.image_channel is not None:
        text += f"; parted by {_channels((step.image_channel,))}"
    if step.ndim is not None:
        text += f"; in {step.ndim}-D"
    return f"{text}."


def _params(params: SplitParams) -> str:
    method = SplitParams.__dataclass_fields__["method"].metadata["texts"][params.method]
    changed = [
        f"{f.name.replace('_', ' ')} {_value(getattr(params, f.name))}"
        for f in fields(params)
        if f.name != "method" and getattr(params, f.name) != f.default
    ]
    return "; ".join([f"{params.method} ({method})", *changed])


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _measure(step: MeasureStep) -> str:
    what = "the usual measurements" if step.names is None else listed(step.names)
    text = f"Measure {what}"
    if step.channels is not None:
        text += f" in {_channels(step.channels)}"
    if step.with_probabilities:
        text += ", also in the probabilities"
    return f"{text}."


def _channels(channels: Sequence[Channel]) -> str:
    return f"channel{'s' * (len(channels) != 1)} {listed(channels)}"


def _model(model: "ModelRef") -> str:
    inside = " (embedded)" if model.data is not None else ""
    return f"{model.name}{inside}"


def _saved(recipe: "Recipe") -> str:
    images = [_NAMES.get(name, name) for name in recipe.outputs if name != "table"]
    parts = []
    if images:
        parts.append(f"{listed(images)} as {_FORMATS[recipe.image_format]}")
    if "table" in recipe.outputs:
        parts.append(f"the table as {_FORMATS[recipe.table_format]}")
    return f"Save {' and '.join(parts)}."
