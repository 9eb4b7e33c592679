"""Background of objects: a ring around each, or all of the image outside objects."""

from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.arrays import AnyArray, ImageSource
from brushwood.jobs import IDLE, Job
from brushwood.measure.catalog import Calculation, Call, Measurement
from brushwood.measure.index import FloatArray, LabelIndex, add_to
from brushwood.measure.intensity import channel_sums
from brushwood.measure.runs import Band

_RING = ("intensity_mean_ring", "intensity_mean_minus_ring", "intensity_sum_minus_ring")
_BACKGROUND = (
    "intensity_mean_background",
    "intensity_mean_minus_background",
    "intensity_sum_minus_background",
)


def compute(objects: LabelIndex, call: Call) -> dict[str, npt.NDArray[Any]]:
    """Measure intensities beside the background."""
    image = call.image
    assert image is not None
    wanted = call.wanted
    found: dict[str, npt.NDArray[Any]] = {}
    count = objects.n_pixels[:, None]
    sums: FloatArray = np.zeros((len(objects), image.n_channels))
    if any("minus" in name for name in wanted):
        sums = channel_sums(objects, image, call.job.part(0, 0.3))
    if wanted.intersection(_BACKGROUND):
        outside = background_means(objects, image, call.job.part(0.3, 0.5))
        found["intensity_mean_background"] = np.tile(outside, (len(objects), 1))
        found["intensity_mean_minus_background"] = sums / count - outside
        found["intensity_sum_minus_background"] = sums - count * outside
    if wanted.intersection(_RING):
        widths = sorted({int(n) for name in _RING for n in call.numbers.get(name, ())})
        job = call.job.part(0.5, 1)
        rings = {
            width: ring_means(
                objects, image, width, job.part(i / len(widths), (i + 1) / len(widths))
            )
            for i, width in enumerate(widths)
        }
        for name in wanted.intersection(_RING):
            chosen = np.stack([rings[int(n)] for n in call.numbers[name]], axis=1)
            found[name] = {
                "intensity_mean_ring": chosen,
                "intensity_mean_minus_ring": (sums / count)[:, None] - chosen,
                "intensity_sum_minus_ring": sums[:, None] - count[:, None] * chosen,
            }[name]
    return found


def background_means(objects: LabelIndex, image: ImageSource, job: Job = IDLE) -> FloatArray:
    """Return the mean of all pixels of the frame outside objects, shape (C,); NaN without any."""
    total, count = np.zeros(image.n_channels), 0
    for band in objects.bands(0, job):
        outside = band.core == 0
        count += int(np.count_nonzero(outside))
        values = _read(image, objects.frame, band)
        total += [float(channel[outside].sum(dtype=np.float64)) for channel in values]
    return total / count if count else np.full(image.n_channels, np.nan)


def ring_means(objects: LabelIndex, image: ImageSource, width: int, job: Job = IDLE) -> FloatArray:
    """Return the mean of the background around each object, shape (n, C).

    All objects grow into the background at the same pace: `width` times by the pixels that share a
    side or a corner, along axes with long pixels correspondingly less often. What an object has
    gained is its ring; a pixel that several reach at the same step goes to the largest label. NaN
    for objects that gain nothing.
    """
    total = np.zeros((image.n_channels, len(objects)))
    count = np.zeros(len(objects))
    for band in objects.bands(width, job):
        grown = _grown(band, width, objects)
        ring = (grown != 0) & (band.core == 0)
        numbers = objects.numbers(grown[ring])
        add_to(count, numbers, np.ones(numbers.size))
        for channel, values in enumerate(_read(image, objects.frame, band)):
            add_to(total[channel], numbers, values[ring].astype(np.float64))
    mean: FloatArray = (total / np.where(count > 0, count, np.nan)).T
    return mean


def _grown(band: Band, width: int, objects: LabelIndex) -> AnyArray:
    """Let the labels of a band grow into the background; labels of the band without its halo."""
    labels = band.padded.copy()
    shortest = min(objects.spacing)
    axes = range(3 - objects.ndim, 3)
    reach = {axis: shortest / objects.spacing3[axis] for axis in axes}
    for step in range(1, width + 1):
        near = labels
        for axis in axes:
            # An axis with long pixels takes part in some steps only.
            if int(step * reach[axis] + 1e-9) > int((step - 1) * reach[axis] + 1e-9):
                near = _max_along(near, axis)
        labels = np.where(labels == 0, near, labels)
    inside = tuple(slice(h, n - h) for h, n in zip(band.halo, labels.shape, strict=True))
    return labels[inside]


def _max_along(labels: AnyArray, axis: int) -> AnyArray:
    """Return the largest of each pixel and its two neighbours along an axis."""
    moved = np.moveaxis(labels, axis, 0)
    out = moved.copy()
    np.maximum(out[1:], moved[:-1], out=out[1:])
    np.maximum(out[:-1], moved[1:], out=out[:-1])
    return np.moveaxis(out, 0, axis)


def _read(image: ImageSource, frame: tuple[int, ...], band: Band) -> AnyArray:
    """Read the image's pixels of a band, shape (C, Z, Y, X)."""
    stop = [a + s for a, s in zip(band.start, band.core.shape, strict=True)]
    return image.read(frame, band.start, stop)


def _entry(name: str, title: str, **more: Any) -> Measurement:
    facts: dict[str, Any] = {"dimension": "intensity", "along": ("channel",), "cost": "medium"}
    return Measurement(name, "intensity", title, needs_image=True, **(facts | more))


_AROUND: dict[str, Any] = {
    "numbers": (5,),
    "number_range": (1, 100),
    "whole_numbers": True,
    "undefined": "objects without background that near",
    "source": "local background, see docs/measure.md",
}
_OUTSIDE: dict[str, Any] = {
    "undefined": "images without background",
    "source": "global background",
}
CALCULATIONS = (
    Calculation(
        compute,
        (
            _entry(_RING[0], "Mean of the background at most so many pixels around", **_AROUND),
            _entry(_RING[1], "Mean minus the mean of the background around", **_AROUND),
            _entry(
                _RING[2], "Sum minus the mean of the background around, pixel by pixel", **_AROUND
            ),
            _entry(_BACKGROUND[0], "Mean of all pixels outside objects in the frame", **_OUTSIDE),
            _entry(_BACKGROUND[1], "Mean minus the mean of all pixels outside objects", **_OUTSIDE),
            _entry(
                _BACKGROUND[2],
                "Sum minus the mean of all pixels outside objects, pixel by pixel",
                **_OUTSIDE,
            ),
        ),
        seconds_per_pixel=1e-7,
        scope="frame",
    ),
)
