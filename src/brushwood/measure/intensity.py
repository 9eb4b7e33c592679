"""Intensities of objects, channel by channel, and the centroid weighted by them."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.arrays import ImageSource
from brushwood.jobs import Job
from brushwood.measure.catalog import Calculation, Call, Measurement
from brushwood.measure.giants import GiantPixels
from brushwood.measure.index import FloatArray, IntArray, LabelIndex, Pixels
from brushwood.measure.moments import centroids
from brushwood.measure.statistics import Grouped
from brushwood.measure.values import Values, grouped_values

_SIMPLE: dict[str, Callable[[Values], FloatArray]] = {
    "intensity_min": lambda values: values.min,
    "intensity_max": lambda values: values.max,
    "intensity_mean": lambda values: values.mean,
    "intensity_std": lambda values: values.std,
    "intensity_sum": lambda values: values.sum,
    "intensity_median": lambda values: values.percentiles((50,))[:, 0],
}
_WEIGHTED = ("centroid_weighted", "mass_displacement")
_PERCENTILE = "intensity_percentile"


def compute(objects: LabelIndex, call: Call) -> dict[str, npt.NDArray[Any]]:
    """Measure intensities of all pixels, and the centroids that they weigh."""
    image = _given(call)
    n, channels = len(objects), image.n_channels
    found: dict[str, npt.NDArray[Any]] = {
        name: np.empty((n, channels)) for name in _SIMPLE if name in call.wanted
    }
    percents = call.numbers.get(_PERCENTILE, ())
    if percents:
        found[_PERCENTILE] = np.empty((n, len(percents), channels))
    weighted = np.empty((n, 3, channels))
    for pixels, channel, values in _grouped(objects, image, call.job):
        rows = pixels.objects.rows
        for name, statistic in _SIMPLE.items():
            if name in call.wanted:
                found[name][rows, channel] = statistic(values)
        if percents:
            found[_PERCENTILE][rows, :, channel] = values.percentiles(percents)
        if call.wanted.intersection(_WEIGHTED):
            weighted[rows, :, channel] = weighted_centroids(pixels, channel, values)
    if call.wanted.intersection(_WEIGHTED):
        weighted *= np.asarray(objects.spacing3)[:, None]
        plain = centroids(objects) * objects.spacing3
        found["centroid_weighted"] = weighted[:, -objects.ndim :]
        found["mass_displacement"] = np.linalg.norm(weighted - plain[:, :, None], axis=1)
    return found


def compute_edge(objects: LabelIndex, call: Call) -> dict[str, npt.NDArray[Any]]:
    """Measure intensities of the pixels at the objects' borders."""
    image = _given(call)
    found = {name: np.empty((len(objects), image.n_channels)) for name in _EDGE}
    for pixels, channel, values in _grouped(objects, image, call.job):
        some = _at_edge(pixels, channel, values)
        for name, simple in _EDGE.items():
            found[name][pixels.objects.rows, channel] = _SIMPLE[simple](some)
    return found


def _at_edge(pixels: Pixels | GiantPixels, channel: int, values: Values) -> Values:
    """Return the values at the borders."""
    if isinstance(pixels, GiantPixels):
        return pixels.grouped_edge(channel)
    assert isinstance(values, Grouped)
    first = np.concatenate([[0], np.cumsum(pixels.edge)])[pixels.first]
    return Grouped(values.values[pixels.edge], first)


_EDGE = {
    f"intensity_{name}_edge": f"intensity_{name}" for name in ("min", "max", "mean", "std", "sum")
}


def weighted_centroids(pixels: Pixels | GiantPixels, channel: int, values: Values) -> FloatArray:
    """Return the mean position of each object's pixels weighted by a channel, in pixels.

    Returns
    -------
    ndarray of float64, shape (n, 3)
        (z, y, x). NaN where the values sum to 0.
    """
    objects = pixels.objects
    if not len(objects):
        return np.zeros((0, 3))
    if isinstance(pixels, GiantPixels):
        local: FloatArray = np.zeros((1, 3))
        for piece in pixels.pieces():
            some = Grouped(piece.values(channel), piece.first)
            local += _weighted_sums(piece, some, objects.low)
    else:
        assert isinstance(values, Grouped)
        local = _weighted_sums(pixels, values, objects.low)
    with np.errstate(divide="ignore", invalid="ignore"):
        local /= np.where(values.sum != 0, values.sum, np.nan)[:, None]
    mean: FloatArray = objects.low + local
    return mean


def _weighted_sums(pixels: Pixels, values: Grouped, low: IntArray) -> FloatArray:
    """Sum positions, counted from each object's box, times values, shape (n, 3)."""
    objects = pixels.objects
    begin = np.cumsum(objects.run_length, dtype=np.int64) - objects.run_length
    run_sums = np.add.reduceat(values.floats, begin)
    start = objects.run_start - low[objects.run_object]
    local: FloatArray = np.empty((len(objects), 3))
    for axis in (0, 1):
        local[:, axis] = objects.sum_runs(run_sums * start[:, axis])
    local[:, 2] = objects.sum_runs(run_sums * start[:, 2])
    local[:, 2] += values.total(values.floats * pixels.step)
    return local


def channel_sums(objects: LabelIndex, image: ImageSource, job: Job) -> FloatArray:
    """Return the sum of each object's values in each channel, shape (n, C)."""
    sums = np.empty((len(objects), image.n_channels))
    for pixels, channel, values in _grouped(objects, image, job):
        sums[pixels.objects.rows, channel] = values.sum
    return sums


def _grouped(
    objects: LabelIndex, image: ImageSource, job: Job
) -> Iterator[tuple[Pixels | GiantPixels, int, Values]]:
    return grouped_values(objects, image, job, "measuring intensities")


def _given(call: Call) -> ImageSource:
    if call.image is None:
        raise AssertionError("intensities were asked for without an image")
    return call.image


def _entry(name: str, title: str, **more: Any) -> Measurement:
    facts: dict[str, Any] = {"dimension": "intensity", "along": ("channel",), "cost": "medium"}
    return Measurement(name, "intensity", title, needs_image=True, **(facts | more))


CALCULATIONS = (
    Calculation(
        compute,
        (
            _entry("intensity_min", "Smallest value", default=True),
            _entry("intensity_max", "Largest value", default=True),
            _entry("intensity_mean", "Mean value", default=True),
            _entry("intensity_median", "Median value"),
            _entry("intensity_std", "Standard deviation of the values"),
            _entry(
                "intensity_sum", "Sum of the values", source="CellProfiler, IntegratedIntensity"
            ),
            _entry(
                _PERCENTILE,
                "Value below which so many percent of the pixels are, interpolated linearly",
                source="numpy.percentile",
                numbers=(5, 25, 75, 95),
                number_range=(0, 100),
            ),
            Measurement(
                "centroid_weighted",
                "position",
                "Mean position of the pixels weighted by their values",
                dimension="length",
                cost="medium",
                along=("space", "channel"),
                needs_image=True,
                undefined="objects whose values sum to 0",
            ),
            Measurement(
                "mass_displacement",
                "position",
                "Distance between centroid and weighted centroid",
                dimension="length",
                source="CellProfiler, MassDisplacement",
                cost="medium",
                along=("channel",),
                needs_image=True,
                undefined="objects whose values sum to 0",
            ),
        ),
        seconds_per_object=1e-6,
        seconds_per_pixel=3e-8,
    ),
    Calculation(
        compute_edge,
        tuple(
            _entry(
                f"intensity_{name}_edge",
                f"{title} of the pixels with a side on the outside",
                source="CellProfiler, MeasureObjectIntensity",
            )
            for name, title in (
                ("min", "Smallest value"),
                ("max", "Largest value"),
                ("mean", "Mean value"),
                ("std", "Standard deviation"),
                ("sum", "Sum"),
            )
        ),
        seconds_per_pixel=4e-8,
    ),
)
