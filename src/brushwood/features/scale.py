"""σ along each axis, from σ of a feature set and the spacing of an image."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Literal

from brushwood.errors import InputError
from brushwood.features.builtin import SMALLEST_DERIVATIVE_SIGMA
from brushwood.features.filters import Filter

Units = Literal["px", "world"]
#: Smallest and largest σ along the finest axis, pixels.
SMALLEST_SIGMA, LARGEST_SIGMA = 0.3, 256.0


@dataclass(frozen=True, slots=True)
class Scale:
    """σ along the axes of one filter.

    Attributes
    ----------
    sigma : float
        As the feature set says.
    smooth : tuple of float
        σ of smoothing along each spatial axis, pixels.
    derive : tuple of float
        σ of derivatives: the same, but no smaller than `SMALLEST_DERIVATIVE_SIGMA` where spacing
        made it smaller.
    weight : tuple of float
        Factor of a derivative along each axis, σ_axis / σ.
    """

    sigma: float
    smooth: tuple[float, ...]
    derive: tuple[float, ...]
    weight: tuple[float, ...]

    @property
    def ndim(self) -> int:
        """Spatial dimensions."""
        return len(self.smooth)


def checked_spacing(spacing: Sequence[float] | None, ndim: int) -> tuple[float, ...] | None:
    """Return spacing as floats, one a spatial axis, or complain."""
    if spacing is None:
        return None
    values = tuple(float(v) for v in spacing)
    if len(values) != ndim or not all(isfinite(v) and v > 0 for v in values):
        raise InputError(
            f"The spacing must be {ndim} positive numbers, one for each spatial axis, but is "
            f"{tuple(spacing)}. Correct it, or leave it out to work in pixels."
        )
    return values


def scale_of(
    filter_: Filter, sigma: float, units: Units, ndim: int, spacing: Sequence[float] | None
) -> Scale:
    """Return σ along each axis.

    In ``"px"``, σ counts pixels of the finest axis: σ · min(spacing) / spacing[axis]. In
    ``"world"``, it is a length: σ / spacing[axis]. A very coarse axis is smoothed by very little,
    below σ = 0.125 pixels not at all.

    Raises
    ------
    InputError
        If world units come without spacing, or σ is out of bounds in pixels.
    """
    values = checked_spacing(spacing, ndim)
    if units == "world" and values is None:
        raise InputError(
            "These features give σ in world units, but the image has no spacing. Give the pixel "
            "size along each axis (spacing=...), or use features in pixels."
        )
    if values is None or not filter_.follows_spacing or not filter_.takes_sigma:
        same = (sigma,) * ndim
        return Scale(sigma, same, same, (1.0,) * ndim)
    length = sigma if units == "world" else sigma * min(values)
    smooth = tuple(length / v for v in values)
    if not SMALLEST_SIGMA * 0.999 <= max(smooth) <= LARGEST_SIGMA:
        raise InputError(
            f"{filter_.name}={sigma:g} is {max(smooth):.3g} pixels along the finest axis, with "
            f"spacing {values}; it must be {SMALLEST_SIGMA} to {LARGEST_SIGMA:g} pixels. "
            "Choose another σ, or correct the spacing."
        )
    finest = max(smooth)
    floor = min(SMALLEST_DERIVATIVE_SIGMA, finest)
    derive = tuple(max(s, floor) for s in smooth)
    return Scale(sigma, smooth, derive, tuple(s / sigma for s in smooth))
