"""The features in plain NumPy and SciPy, whole image at once: what the engine is tested against."""

from collections.abc import Callable, Sequence
from math import exp
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from brushwood.errors import UnknownFilterError
from brushwood.features.builtin import APOC_DOG_RATIOS, DOG_RATIO, STRUCTURE_RATIO, apoc_radius
from brushwood.features.scale import Scale
from brushwood.features.spec import FeatureSet

Array: TypeAlias = npt.NDArray[np.float64]


def compute(
    features: FeatureSet, image: npt.ArrayLike, spacing: Sequence[float] | None = None
) -> Array:
    """Compute the features of one channel in float64.

    Parameters
    ----------
    features : FeatureSet
    image : array-like, shape (Y, X) or (Z, Y, X)
    spacing : sequence of float, optional

    Returns
    -------
    ndarray of float64, shape (feature, …YX)
    """
    pixels = np.asarray(image).astype(np.float64)
    planes: list[Array] = []
    for filter_, scale in features.scales(pixels.ndim, spacing):
        if filter_.name not in _FORMULAS:
            raise UnknownFilterError(f"There is no reference for the filter {filter_.name!r}.")
        planes.extend(_FORMULAS[filter_.name](pixels, scale))
    return np.stack(planes)


def derivative(image: Array, scale: Scale, axes: Sequence[int]) -> Array:
    """Return the derivative of the smoothed image along some axes, one order for each mention."""
    order = [list(axes).count(a) for a in range(image.ndim)]
    sigma = [scale.derive[a] if n else scale.smooth[a] for a, n in enumerate(order)]
    out: Array = ndimage.gaussian_filter(image, sigma, order=order, mode="reflect", truncate=4.0)
    return out * np.prod([scale.weight[a] for a in axes])


def _smooth(image: Array, sigma: Sequence[float]) -> Array:
    out: Array = ndimage.gaussian_filter(image, sigma, mode="reflect", truncate=4.0)
    return out


def _eigenvalues(entry: Callable[[int, int], Array], ndim: int) -> list[Array]:
    matrix = np.stack([np.stack([entry(a, b) for b in range(ndim)], -1) for a in range(ndim)], -1)
    return list(np.moveaxis(np.linalg.eigvalsh(matrix)[..., ::-1], -1, 0))


def _original(image: Array, scale: Scale) -> list[Array]:
    return [image]


def _gaussian(image: Array, scale: Scale) -> list[Array]:
    return [_smooth(image, scale.smooth)]


def _gradient(image: Array, scale: Scale) -> list[Array]:
    parts = [derivative(image, scale, [a]) for a in range(image.ndim)]
    return [np.sqrt(sum(part**2 for part in parts))]


def _log(image: Array, scale: Scale) -> list[Array]:
    total: Any = sum(derivative(image, scale, [a, a]) for a in range(image.ndim))
    return [scale.sigma**2 * total]


def _dog(image: Array, scale: Scale) -> list[Array]:
    inner = [DOG_RATIO * s for s in scale.smooth]
    return [_smooth(image, scale.smooth) - _smooth(image, inner)]


def _hessian(image: Array, scale: Scale) -> list[Array]:
    return _eigenvalues(lambda a, b: derivative(image, scale, [a, b]), image.ndim)


def _structure(image: Array, scale: Scale) -> list[Array]:
    outer = [STRUCTURE_RATIO * s for s in scale.smooth]
    parts = [derivative(image, scale, [a]) for a in range(image.ndim)]
    return _eigenvalues(lambda a, b: _smooth(parts[a] * parts[b], outer), image.ndim)


def _apoc_blur(image: Array, sigma: float) -> Array:
    r = apoc_radius(sigma)
    weights = np.array([exp(-(k * k) / (2 * sigma * sigma)) for k in range(-r, r + 1)])
    weights /= weights.sum()
    for axis in range(image.ndim):
        image = ndimage.correlate1d(image, weights, axis, mode="nearest")
    return image


def _gaussian_blur(image: Array, scale: Scale) -> list[Array]:
    return [_apoc_blur(image, scale.sigma)]


def _difference_of_gaussian(image: Array, scale: Scale) -> list[Array]:
    one, two = (_apoc_blur(image, scale.sigma * ratio) for ratio in APOC_DOG_RATIOS)
    return [one - two]


def _laplace_box(image: Array, scale: Scale) -> list[Array]:
    weights = -np.ones((3,) * image.ndim)
    weights[(1,) * image.ndim] = 8 if image.ndim == 2 else 1
    return [ndimage.correlate(_apoc_blur(image, scale.sigma), weights, mode="nearest")]


def _sobel(image: Array, scale: Scale) -> list[Array]:
    blurred = _apoc_blur(image, scale.sigma)
    parts = [ndimage.sobel(blurred, axis, mode="nearest") for axis in range(image.ndim)]
    return [np.sqrt(sum(part**2 for part in parts))]


_FORMULAS: dict[str, Callable[[Array, Scale], list[Array]]] = {
    "original": _original,
    "gaussian": _gaussian,
    "gradient": _gradient,
    "log": _log,
    "dog": _dog,
    "hessian": _hessian,
    "structure": _structure,
    "gaussian_blur": _gaussian_blur,
    "difference_of_gaussian": _difference_of_gaussian,
    "laplace_box_of_gaussian_blur": _laplace_box,
    "sobel_of_gaussian_blur": _sobel,
}
