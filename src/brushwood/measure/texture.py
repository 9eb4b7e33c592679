"""Texture of each object: Haralick's statistics of how grey levels lie side by side.

The definitions are those of Haralick, Shanmugam and Dinstein 1973 (IEEE Trans. Syst. Man Cybern. 3,
610–621), as scikit-image's `graycoprops` has them where it has one, with natural logarithms. Pairs
of neighbouring pixels that both belong to the object are counted in all directions, four in a plane
and thirteen in a stack, at a distance of one pixel, into one symmetric matrix. Grey levels divide
the range of the object's own values into 32 equal parts (the fixed bin number of the Image
Biomarker Standardisation Initiative, arXiv:1612.07003, 2.7 and 3.6), so that texture depends
neither on the rest of the image nor on brightness or contrast.
"""

from functools import cache
from itertools import product
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from brushwood.arrays import AnyArray
from brushwood.jobs import Job
from brushwood.measure.catalog import Calculation, Call, Measurement
from brushwood.measure.giants import GiantPixels
from brushwood.measure.index import FloatArray, IntArray, LabelIndex, Pixels
from brushwood.measure.texture_giant import count_pairs

LEVELS = 32
#: Objects whose matrices are held at once.
_MATRICES = 1 << 11

_NAMES = {
    "texture_asm": "angular second moment: how uniform the texture is",
    "texture_contrast": "mean squared difference of neighbouring grey levels",
    "texture_correlation": "correlation of neighbouring grey levels",
    "texture_variance": "variance of grey levels",
    "texture_homogeneity": "inverse difference moment: how alike neighbours are",
    "texture_sum_average": "mean of the sum of neighbouring grey levels",
    "texture_sum_variance": "variance of the sum of neighbouring grey levels",
    "texture_sum_entropy": "entropy of the sum of neighbouring grey levels",
    "texture_entropy": "entropy of pairs of grey levels",
    "texture_difference_variance": "variance of the difference of neighbouring grey levels",
    "texture_difference_entropy": "entropy of the difference of neighbouring grey levels",
    "texture_information_1": "information on a grey level in its neighbour's, first measure",
    "texture_information_2": "information on a grey level in its neighbour's, second measure",
    "texture_dissimilarity": "mean difference of neighbouring grey levels",
}


def compute(objects: LabelIndex, call: Call) -> dict[str, FloatArray]:
    """Measure the texture of all objects in each channel."""
    assert call.image is not None
    found = {n: np.full((len(objects), call.image.n_channels), np.nan) for n in sorted(call.wanted)}
    done, n_channels = 0, call.image.n_channels
    for pixels in objects.portions(call.image):
        n = len(pixels.objects)
        for channel in range(n_channels):
            job = call.job.part(
                (done + n * channel / n_channels) / max(1, len(objects)),
                (done + n * (channel + 1) / n_channels) / max(1, len(objects)),
            )
            if isinstance(pixels, GiantPixels):
                pairs = count_pairs(
                    pixels.watched(job), channel, _levels, LEVELS, _directions(objects.ndim)
                )
                found_giant = statistics((pairs + pairs.T)[None], call.wanted)
                for name, values in found_giant.items():
                    found[name][pixels.objects.rows, channel] = values
                continue
            lattice = _Lattice.of(pixels, grey_levels(pixels, channel))
            for start in range(0, n, _MATRICES):
                job.checkpoint(start / n, "texture")
                stop = min(start + _MATRICES, n)
                part = job.part(start / n, stop / n)
                has_pairs, counted = _matrices(lattice, start, stop, part)
                rows = pixels.objects.rows[start:stop][has_pairs]
                for name, values in statistics(counted, call.wanted).items():
                    found[name][rows, channel] = values
        done += n
    return found


def grey_levels(pixels: Pixels, channel: int) -> npt.NDArray[np.int16]:
    """Return the grey level of each pixel, 0 to `LEVELS` - 1; -1 for NaN and infinite values."""
    values = pixels.values(channel)
    is_float = values.dtype.kind == "f"
    known = np.isfinite(values) if is_float else np.ones(values.shape, bool)
    scaled = values.astype(np.float64)
    first = pixels.first[:-1]
    if not first.size:
        return np.zeros(0, np.int16)
    low = np.minimum.reduceat(np.where(known, scaled, np.inf), first)
    high = np.maximum.reduceat(np.where(known, scaled, -np.inf), first)
    return _levels(values, low[pixels.object], high[pixels.object])


def _levels(
    values: AnyArray, low: FloatArray | float, high: FloatArray | float
) -> npt.NDArray[np.int16]:
    """Return grey levels in a range; -1 for NaN and infinite values."""
    known = np.isfinite(values)
    scaled = values.astype(np.float64)
    with np.errstate(invalid="ignore"):
        scaled -= low
        scaled *= LEVELS
        scaled /= np.where(np.greater(high, low), np.subtract(high, low), 1.0)
    levels = np.where(known, np.minimum(scaled, LEVELS - 1), -1)
    return levels.astype(np.int16)


class _Lattice(NamedTuple):
    """Pixels of objects in their places, with a margin so that each has all its neighbours.

    Attributes
    ----------
    codes : ndarray of int32, shape (places,)
        ``object * LEVELS + level``; -1 where no object is, or no level.
    place : ndarray of int64, shape (P,)
        Place of each pixel that has a level, object after object.
    first : ndarray of int64, shape (n + 1,)
        Object ``i`` has the pixels ``first[i]`` to before ``first[i + 1]``.
    steps : tuple of int
        From a pixel to half of its neighbours; the others are opposite.
    """

    codes: npt.NDArray[np.int32]
    place: IntArray
    first: IntArray
    steps: tuple[int, ...]

    @classmethod
    def of(cls, pixels: Pixels, levels: npt.NDArray[np.int16]) -> "_Lattice":
        """Lay out the pixels of some objects."""
        known = levels >= 0
        number = pixels.object[known]
        first = np.searchsorted(number, np.arange(len(pixels.objects) + 1))
        where = pixels.coordinates[known].astype(np.int64)
        if not number.size:
            return cls(np.zeros(0, np.int32), np.zeros(0, np.int64), first, ())
        where -= where.min(axis=0) - 1
        depth, height, width = (where.max(axis=0) + 2).tolist()
        place = (where[:, 0] * height + where[:, 1]) * width + where[:, 2]
        codes = np.full(depth * height * width, -1, np.int32)
        codes[place] = number * LEVELS + levels[known]
        offsets = _directions(pixels.objects.ndim)
        return cls(codes, place, first, tuple((z * height + y) * width + x for z, y, x in offsets))


@cache
def _directions(ndim: int) -> tuple[tuple[int, int, int], ...]:
    """Return half of the offsets to a pixel's neighbours; the others are their opposites."""
    depth = (-1, 0, 1) if ndim == 3 else (0,)
    return tuple(d for d in product(depth, (-1, 0, 1), (-1, 0, 1)) if d > (0, 0, 0))


def _matrices(
    lattice: _Lattice, start: int, stop: int, job: Job
) -> tuple[npt.NDArray[np.bool_], FloatArray]:
    """Return which of some objects have pairs, and the matrices of these, in whole numbers."""
    place = lattice.place[lattice.first[start] : lattice.first[stop]]
    own = lattice.codes[place]
    counted = np.zeros((stop - start) * LEVELS**2, np.int64)
    for i, step in enumerate(lattice.steps):
        job.checkpoint(i / len(lattice.steps), "texture")
        other = lattice.codes[place + step]
        pair = own // LEVELS == other // LEVELS
        code = (own[pair] - start * LEVELS) * LEVELS + other[pair] % LEVELS
        counted += np.bincount(code, minlength=counted.size)
    shaped = counted.reshape(-1, LEVELS, LEVELS)
    count = shaped.sum(axis=(1, 2))
    has_pairs = count > 0
    shaped = shaped[has_pairs]
    return has_pairs, (shaped + shaped.transpose(0, 2, 1)).astype(np.float64)


def statistics(counted: FloatArray, wanted: frozenset[str]) -> dict[str, FloatArray]:
    """Return the statistics of symmetric matrices.

    Parameters
    ----------
    counted : ndarray of float64, shape (n, levels, levels)
        How often each pair was met, in whole numbers. Grey levels count from 0.
    wanted : set of str

    Returns
    -------
    dict of str to ndarray, shape (n,)
        The correlation of a constant texture is 1, as in scikit-image, and its information 0.

    Notes
    -----
    Products of matrices hold whole numbers, which are exact: the library that makes them adds in an
    order that depends on how many there are.
    """
    whole = counted.reshape(len(counted), counted.shape[1] * counted.shape[2])
    total = whole.sum(axis=1)
    flat = whole / total[:, None]
    i, j = (axis.reshape(-1) for axis in np.indices(counted.shape[1:], dtype=np.float64))
    apart = np.abs(i - j)
    sums = whole @ _indicator(i + j) / total[:, None]
    differences = whole @ _indicator(apart) / total[:, None]
    mean = whole @ i / total
    variance = np.maximum(whole @ i**2 / total - mean**2, 0)
    covariance = whole @ (i * j) / total - mean**2
    contrast, dissimilarity = whole @ apart**2 / total, whole @ apart / total
    nearness = 1 / (1 + np.arange(counted.shape[1], dtype=np.float64) ** 2)
    entropy, side = _entropy(flat), _entropy(counted.sum(axis=2) / total[:, None])
    has_range = variance > 1e-12
    safe = np.where(has_range, variance, 1)
    found = {
        "texture_asm": (flat**2).sum(axis=1),
        "texture_contrast": contrast,
        "texture_correlation": np.where(has_range, covariance / safe, 1.0),
        "texture_variance": variance,
        "texture_homogeneity": (differences * nearness).sum(axis=1),
        "texture_sum_average": 2 * mean,
        "texture_sum_variance": 2 * (variance + covariance),
        "texture_sum_entropy": _entropy(sums),
        "texture_entropy": entropy,
        "texture_difference_variance": np.maximum(contrast - dissimilarity**2, 0),
        "texture_difference_entropy": _entropy(differences),
        "texture_information_1": (entropy - 2 * side) / np.where(side > 0, side, 1),
        "texture_information_2": np.sqrt(1 - np.exp(np.minimum(2 * (entropy - 2 * side), 0))),
        "texture_dissimilarity": dissimilarity,
    }
    return {name: values for name, values in found.items() if name in wanted}


def _indicator(value: FloatArray) -> FloatArray:
    """Return a matrix that sums over all pairs of one value, shape (pairs, values)."""
    return np.asarray(value[:, None] == np.arange(value.max() + 1), dtype=np.float64)


def _entropy(probabilities: AnyArray) -> FloatArray:
    logarithms = np.log(probabilities, out=np.zeros(probabilities.shape), where=probabilities > 0)
    found: FloatArray = -(probabilities * logarithms).sum(axis=1)
    return found


CALCULATIONS = (
    Calculation(
        compute,
        tuple(
            Measurement(
                name,
                "texture",
                title,
                dimension="none",
                source=(
                    "scikit-image, graycoprops"
                    if name == "texture_dissimilarity"
                    else "Haralick et al. 1973"
                ),
                cost="high",
                along=("channel",),
                needs_image=True,
                undefined="objects without two neighbouring pixels",
            )
            for name, title in _NAMES.items()
        ),
        seconds_per_object=3e-5,
        seconds_per_pixel=2e-7,
    ),
)
