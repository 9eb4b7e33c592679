"""Sampled Gaussians, their derivatives, and tables of them as the kernels read them."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from brushwood.features.builtin import apoc_radius
from brushwood.features.filters import radius
from brushwood.features.scale import Scale

Half = npt.NDArray[np.float64]


def half_gaussian(sigma: float, order: int = 0, apoc: bool = False) -> Half:
    """Return the weights at distances 0, 1, …, radius of a derivative of a Gaussian.

    As `scipy.ndimage.gaussian_filter1d` with ``truncate=4``; the weight at distance −k of an odd
    order is minus the one at k. `apoc` takes APOC's radius.
    """
    r = apoc_radius(sigma) if apoc else radius(sigma)
    k = np.arange(r + 1, dtype=np.float64)
    phi = np.exp(-0.5 * (k / sigma) ** 2)
    phi /= phi[0] + 2.0 * phi[1:].sum()
    if order == 1:
        phi *= k / sigma**2
    elif order == 2:
        phi *= k**2 / sigma**4 - 1.0 / sigma**2
    return phi


def derivative_weights(scale: Scale, axis: int, order: int, apoc: bool = False) -> Half:
    """Return a filter's weights along one spatial axis, its factor included."""
    sigma = scale.derive[axis] if order else scale.smooth[axis]
    return half_gaussian(sigma, order, apoc) * scale.weight[axis] ** order


def table(columns: Sequence[Half]) -> npt.NDArray[np.float32]:
    """Return float32 (distance, column), shorter columns continued by zeros."""
    out = np.zeros((max(map(len, columns)), len(columns)), np.float32)
    for i, column in enumerate(columns):
        out[: len(column), i] = column
    return out


def jet_table(orders: Sequence[Half]) -> npt.NDArray[np.float32]:
    """Return float32 (distance, 3): weights of orders 0 to 2, those not given zero."""
    return table([*orders, *[orders[0][:0]] * (3 - len(orders))])
