"""Touching objects, pair by pair: what tells whether two are parts of one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from brushwood.arrays import AnyArray, ImageSource
from brushwood.jobs import IDLE, Job
from brushwood.measure.catalog import Dimension
from brushwood.measure.contacts import Contacts, find_contacts
from brushwood.measure.convex import convex_image, lines_of
from brushwood.measure.hull import Lines
from brushwood.measure.index import FloatArray, IntArray, LabelIndex
from brushwood.measure.inputs import check_shape, checked_spacing, label_source
from brushwood.measure.moments import centroids
from brushwood.measure.noting import noted_table
from brushwood.measure.values import grouped_values

if TYPE_CHECKING:
    from pandas import DataFrame

#: Pairs whose hulls are sought at once.
_AT_ONCE = 1 << 12
_DIMENSIONS: dict[str, Dimension] = {
    "touching_faces": "none",
    "border_area": "surface",
    "border_length": "length",
    "size_ratio": "none",
    "size_difference": "size",
    "centroid_distance": "length",
    "centroid_distance_relative": "none",
    "touching_portion_min": "none",
    "touching_portion_max": "none",
    "solidity_union": "none",
    "solidity_gain": "none",
}


def touching_pairs(
    labels: Any,
    image: Any = None,
    *,
    spacing: float | Sequence[float] | None = None,
    unit: str | None = None,
    channel_axis: int | None = None,
    channel_names: Sequence[str] | None = None,
    ndim: int | None = None,
    job: Job = IDLE,
) -> "DataFrame":
    """Describe every two objects that share an edge (2-D) or a face (3-D) of a pixel.

    Parameters
    ----------
    labels, image, spacing, unit, channel_axis, channel_names, ndim
        As in `measure`.
    job : Job
        Progress and cancel.

    Returns
    -------
    DataFrame
        One row a pair, in the order of labels. `label_a` < `label_b`; `frame`, only with frames;
        `touching_faces`, the number of shared edges or faces, and `border_length` (2-D) or
        `border_area` (3-D), their size; `touching_portion_min` and `_max`, the part of the smaller
        and the larger portion of an own border that this is, the image's edge left out;
        `size_ratio`, smaller to larger, and `size_difference`; `centroid_distance`, and
        `centroid_distance_relative` to the sum of the radii of circles or spheres of equal size;
        `solidity_union`, the size of both as a part of their common convex image's, and
        `solidity_gain`, that minus the solidity of the two apart, weighted by size: near 0 if both
        make one convex object. With an image, per channel: `intensity_mean_border`, the mean of
        the pixels on both sides of the shared border; `intensity_border_ratio`, that divided by
        the mean of both objects (NaN where this is 0); `intensity_mean_difference` and
        `intensity_std_difference`, absolute.

    Raises
    ------
    InputError, ShapeMismatchError
        As `measure`.
    """
    source = label_source(labels, ndim)
    pixels = endings = None
    if image is not None:
        pixels = ImageSource.of(image, channel_axis=channel_axis, ndim=source.ndim)
        check_shape(source, pixels, "image")
        endings = _endings(pixels, channel_names)
    size = checked_spacing(spacing, source.ndim)
    frames = list(source.iter_frames())
    parts = []
    for number, frame in enumerate(frames):
        part = job.part(number / len(frames), (number + 1) / len(frames))
        objects = LabelIndex.of(source, frame, size, part.part(0, 0.1))
        keys = {"frame": number} if source.frames else {}
        parts.append(_of_frame(objects, pixels, endings or (), keys, part.part(0.1, 1)))
    return noted_table(parts, _dimensions(endings or ()), unit, size is not None, source.ndim)


def _of_frame(
    objects: LabelIndex,
    image: ImageSource | None,
    endings: tuple[str, ...],
    keys: dict[str, int],
    job: Job,
) -> dict[str, AnyArray]:
    contacts = find_contacts(objects, image, job.part(0, 0.3))
    is_pair = contacts.second < len(objects)
    border = contacts.length(objects.spacing3, objects.ndim)
    a, b = contacts.first[is_pair], contacts.second[is_pair]
    out: dict[str, AnyArray] = {"label_a": objects.labels[a], "label_b": objects.labels[b]}
    out |= {name: np.full(a.size, number) for name, number in keys.items()}
    out["touching_faces"] = contacts.count[is_pair]
    out["border_length" if objects.ndim == 2 else "border_area"] = border[is_pair]
    out |= _portions(contacts, border, is_pair, len(objects))
    out |= _sizes(objects, a, b)
    out |= _unions(objects, a, b, job.part(0.3, 0.8))
    if image is not None:
        means = contacts.sums[is_pair] / contacts.count[is_pair, None]
        out |= _intensities(objects, image, endings, (a, b), means, job.part(0.8, 1))
    return out


def _portions(
    contacts: Contacts, border: FloatArray, is_pair: AnyArray, n: int
) -> dict[str, FloatArray]:
    both = np.concatenate([contacts.first, contacts.second])
    total = np.bincount(both, np.tile(border, 2), n + 1)
    shares = [border / total[side] for side in (contacts.first, contacts.second)]
    portions = np.sort(np.stack(shares)[:, is_pair], axis=0)
    return {"touching_portion_min": portions[0], "touching_portion_max": portions[1]}


def _sizes(objects: LabelIndex, a: IntArray, b: IntArray) -> dict[str, FloatArray]:
    size = objects.n_pixels * float(np.prod(objects.spacing))
    where = centroids(objects) * objects.spacing3
    where = where[:, -objects.ndim :]
    distance = np.linalg.norm(where[a] - where[b], axis=1)
    radius = np.sqrt(size / np.pi) if objects.ndim == 2 else np.cbrt(size * 3 / (4 * np.pi))
    return {
        "size_ratio": np.minimum(size[a], size[b]) / np.maximum(size[a], size[b]),
        "size_difference": np.abs(size[a] - size[b]),
        "centroid_distance": distance,
        "centroid_distance_relative": distance / (radius[a] + radius[b]),
    }


def _unions(objects: LabelIndex, a: IntArray, b: IntArray, job: Job) -> dict[str, FloatArray]:
    """Compare the convex images of pairs with those of their parts."""
    lines, depth = lines_of(objects, 0, len(objects))
    convex = _convex_sizes(lines, depth, len(objects), objects.ndim, job.part(0, 0.3))
    n_pixels = objects.n_pixels
    first = np.searchsorted(lines.item, np.arange(len(objects) + 1) * depth)
    union = np.zeros(a.size)
    for start in range(0, a.size, _AT_ONCE):
        job.checkpoint(0.3 + 0.7 * start / a.size, "convex hulls of pairs")
        here = slice(start, start + _AT_ONCE)
        joined = _join(lines, depth, first, a[here], b[here])
        part = job.part(0.3 + 0.7 * start / a.size, 0.3 + 0.7 * min(1, (start + _AT_ONCE) / a.size))
        union[here] = _convex_sizes(joined, depth, len(a[here]), objects.ndim, part)
    both = n_pixels[a] + n_pixels[b]
    solidity = both / union
    apart = n_pixels**2 / convex
    return {"solidity_union": solidity, "solidity_gain": solidity - (apart[a] + apart[b]) / both}


def _convex_sizes(lines: Lines, depth: int, n: int, ndim: int, job: Job) -> FloatArray:
    filled = convex_image(lines, depth, ndim, job)
    count = filled.right - filled.left + 1
    return np.asarray(np.bincount(filled.item // depth, count, n), dtype=np.float64)


def _join(lines: Lines, depth: int, first: IntArray, a: IntArray, b: IntArray) -> Lines:
    """Return the lines of pairs: from the first pixel of one of the two to the last."""
    side = np.concatenate([a, b])
    count = first[side + 1] - first[side]
    of = np.repeat(np.tile(np.arange(a.size), 2), count)
    chosen = np.arange(count.sum()) + np.repeat(first[side] - (np.cumsum(count) - count), count)
    item = of * depth + lines.item[chosen] % depth
    y, left, right = lines.y[chosen], lines.left[chosen], lines.right[chosen]
    order = np.lexsort((y, item))
    item, y, left, right = item[order], y[order], left[order], right[order]
    begin = np.ones(item.size, bool)
    begin[1:] = (item[1:] != item[:-1]) | (y[1:] != y[:-1])
    at = np.flatnonzero(begin)
    return Lines(item[at], y[at], np.minimum.reduceat(left, at), np.maximum.reduceat(right, at))


def _intensities(
    objects: LabelIndex,
    image: ImageSource,
    endings: tuple[str, ...],
    pair: tuple[IntArray, IntArray],
    border: FloatArray,
    job: Job,
) -> dict[str, FloatArray]:
    sums, std = _sums(objects, image, job)
    a, b = pair
    count = objects.n_pixels
    inside = (sums[a] + sums[b]) / (count[a] + count[b])[:, None]
    mean = sums / count[:, None]
    ratio = np.divide(border, inside, out=np.full(border.shape, np.nan), where=inside != 0)
    found = {
        "intensity_mean_border": border,
        "intensity_border_ratio": ratio,
        "intensity_mean_difference": np.abs(mean[a] - mean[b]),
        "intensity_std_difference": np.abs(std[a] - std[b]),
    }
    return {
        f"{name}{ending}": values[:, c]
        for c, ending in enumerate(endings)
        for name, values in found.items()
    }


def _sums(objects: LabelIndex, image: ImageSource, job: Job) -> tuple[FloatArray, FloatArray]:
    """Return sum and standard deviation of each object in each channel."""
    sums, std = (np.zeros((len(objects), image.n_channels)) for _ in range(2))
    for pixels, c, values in grouped_values(objects, image, job, "measuring intensities"):
        sums[pixels.objects.rows, c] = values.sum
        std[pixels.objects.rows, c] = values.std
    return sums, std


def _dimensions(endings: tuple[str, ...]) -> dict[str, Dimension]:
    ratios: dict[str, Dimension] = {f"intensity_border_ratio{ending}": "none" for ending in endings}
    return _DIMENSIONS | ratios


def _endings(image: ImageSource, names: Sequence[str] | None) -> tuple[str, ...]:
    if names is not None:
        return tuple(f"-{name}" for name in names)
    single = image.channel_axis is None
    return ("",) if single else tuple(f"-{c}" for c in range(image.n_channels))
