"""One picture that shows what the demo did: image, strokes, classes, probability, truth."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from brushwood.samples.demo_objects import ObjectResults
from brushwood.samples.sample import Sample

Rgb = NDArray[np.uint8]

#: Colours of objects: the label modulo their number, so that neighbours seldom share one.
_HUES = np.array([
    (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0),
    (204, 121, 167), (150, 90, 220), (120, 200, 80), (250, 130, 130), (90, 210, 210),
])  # fmt: skip

_PANEL = 420  # width of a panel, px
_GAP, _TITLE, _HEAD = 14, 26, 40
_INK, _PAPER = (34, 34, 34), (255, 255, 255)
#: Five colours of Matplotlib's viridis, from low to high.
_VIRIDIS = np.array(
    [(68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37)], float
)


def overview(
    sample: Sample,
    classes: NDArray[Any],
    probabilities: NDArray[Any],
    uncertainty: NDArray[Any],
    caption: str,
    objects: ObjectResults | None = None,
) -> Image.Image:
    """Draw six panels, and up to three more of objects.

    Parameters
    ----------
    classes, uncertainty : arrays, shape of the sample's annotation
    probabilities : array, shape (class, …)
        Shown for the last class.
    caption : str
        One line above the panels.
    objects : ObjectResults, optional
        Objects, and their classes where something was learned.

    Returns
    -------
    PIL image, RGB
        Stacks and time series show the plane with the most strokes.
    """
    at = _best_plane(sample.annotation)
    grey = _image(sample, at)
    names, colors = list(sample.class_names.values()), sample.class_colors
    panels = [
        ("image" + _where(sample, at), grey),
        ("strokes", _painted(grey, sample.annotation[at], colors, 1.0)),
        ("classes", _painted(grey, classes[at], colors, 0.5)),
        (f"probability of {names[-1]}, 0 to 1", _viridis(probabilities[-1][at])),
        ("uncertainty, 0 to 1", _viridis(uncertainty[at])),
    ]
    if sample.truth_classes is None:
        panels.append(("no truth: nobody outlined this image", np.full_like(grey, 235)))
    else:
        wrong = np.where(sample.truth_classes[at] == classes[at], 0, classes[at])
        panels.append(
            ("wrong pixels, in the class they got", _painted(_pale(grey), wrong, colors, 1.0))
        )
    legend = [(name, sample.class_colors[k]) for k, name in sample.class_names.items()]
    if objects is not None:
        panels += _object_panels(objects, grey, at)
        task = objects.task
        legend += [(name, task.class_colors[k]) for k, name in task.class_names.items()]
    return _sheet(panels, f"{sample.title}    {caption}", legend)


def _object_panels(objects: ObjectResults, grey: Rgb, at: tuple[int, ...]) -> list[tuple[str, Rgb]]:
    """Draw objects in colours that tell neighbours apart, their classes, and what is wrong."""
    labels = objects.labels[at]
    hues = np.random.default_rng(0).permutation(_HUES)
    colored = np.where((labels > 0)[..., None], hues[labels % len(hues)], grey)
    panels = [(f"{len(objects.table)} objects", colored.astype(np.uint8))]
    if objects.classes is None:
        return panels
    classes = objects.classes[at]
    wrong = np.where(np.isin(labels, objects.wrong), classes, 0)
    colors = objects.task.class_colors
    title = (
        "wrong objects, in the class they got" if objects.wrong else "no held-out object is wrong"
    )
    return [
        *panels,
        ("classes of objects", _painted(grey, classes, colors, 0.6)),
        (title, _painted(_pale(grey), wrong, colors, 1.0)),
    ]


def _pale(grey: Rgb) -> Rgb:
    return np.asarray((grey // 2 + 110).astype(np.uint8))


def _best_plane(annotation: NDArray[Any]) -> tuple[int, ...]:
    """Return the index of the 2-D plane with the most annotated pixels."""
    if annotation.ndim == 2:
        return ()
    counts = (annotation > 0).sum(axis=(-2, -1))
    return tuple(int(k) for k in np.unravel_index(int(counts.argmax()), counts.shape))


def _where(sample: Sample, at: tuple[int, ...]) -> str:
    """Say which plane is shown."""
    axes = [axis for axis in sample.axes if axis in "TZ"]
    return "".join(f", {axis.lower()} = {k}" for axis, k in zip(axes, at, strict=True))


def _image(sample: Sample, at: tuple[int, ...]) -> Rgb:
    """Return one plane in RGB; channels in blue, grey and purple."""
    if sample.rgb:
        return np.array(sample.image[at], np.uint8)
    if sample.channel_axis is None:
        return np.repeat(_stretched(sample.image[at])[..., None], 3, axis=-1)
    colors = np.array([(0.12, 0.45, 1.0), (0.7, 0.7, 0.7), (0.8, 0.2, 0.9)])
    channels = [
        sample.image.take(k, sample.channel_axis)[at] for k in range(len(sample.channel_names))
    ]
    mixed = sum(
        _stretched(c)[..., None] * color for c, color in zip(channels, colors, strict=False)
    )
    return np.asarray(np.clip(mixed, 0, 255).astype(np.uint8))


def _stretched(plane: NDArray[Any]) -> Rgb:
    """Stretch a plane between its 0.5 and 99.8 percentiles, with dark parts lifted a little."""
    low, high = np.percentile(plane, [0.5, 99.8])
    unit = np.clip((plane - low) / max(high - low, 1e-9), 0, 1)
    return np.asarray((255 * unit**0.7).astype(np.uint8))


def _painted(base: Rgb, classes: NDArray[Any], colors: Mapping[int, str], alpha: float) -> Rgb:
    """Lay class colours over an image where `classes` is not 0."""
    picture = base.astype(float)
    for class_id, color in colors.items():
        where = classes == class_id
        picture[where] = (1 - alpha) * picture[where] + alpha * np.array(_rgb(color))
    return np.asarray(picture.astype(np.uint8))


def _viridis(values: NDArray[Any]) -> Rgb:
    """Colour values between 0 and 1."""
    stops = np.linspace(0, 1, len(_VIRIDIS))
    rgb = [np.interp(values, stops, _VIRIDIS[:, k]) for k in range(3)]
    return np.stack(rgb, axis=-1).astype(np.uint8)


def _rgb(color: str) -> tuple[int, int, int]:
    """Return ``#RRGGBB`` as three numbers."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _sheet(
    panels: Sequence[tuple[str, Rgb]], head: str, legend: Sequence[tuple[str, str]]
) -> Image.Image:
    """Lay panels out in two or three rows, with a headline and a legend of names and colours."""
    height, width = panels[0][1].shape[:2]
    size = (_PANEL, round(_PANEL * height / width))
    rows = 2 if len(panels) <= 8 else 3
    columns = -(-len(panels) // rows)
    sheet_width = columns * (size[0] + _GAP) + _GAP
    sheet_height = _HEAD + rows * (size[1] + _TITLE + _GAP) + _HEAD
    sheet = Image.new("RGB", (sheet_width, sheet_height), _PAPER)
    draw = ImageDraw.Draw(sheet)
    text = ImageFont.load_default(size=16)
    draw.text((_GAP, 10), head, fill=_INK, font=text)
    for k, (title, picture) in enumerate(panels):
        x = _GAP + (k % columns) * (size[0] + _GAP)
        y = _HEAD + (k // columns) * (size[1] + _TITLE + _GAP)
        draw.text((x, y + 2), title, fill=_INK, font=text)
        # Small images are enlarged without blur, so that pixels stay pixels.
        how = Image.Resampling.NEAREST if width < _PANEL else Image.Resampling.LANCZOS
        sheet.paste(Image.fromarray(picture).resize(size, how), (x, y + _TITLE))
    x, y = _GAP, sheet_height - _HEAD + 4
    for name, color in legend:
        draw.rectangle((x, y, x + 16, y + 16), fill=_rgb(color))
        draw.text((x + 23, y - 2), name, fill=_INK, font=text)
        x += 50 + round(draw.textlength(name, font=text))
    return sheet
