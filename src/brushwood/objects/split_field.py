"""What objects are made from: a mask and a landscape, read region by region from an image."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from brushwood.arrays import ImageSource
from brushwood.blocks import Block
from brushwood.errors import InputError
from brushwood.objects.split_params import SplitParams

#: The Gaussian ends at this many standard deviations.
_TRUNCATE = 3.0


@dataclass(frozen=True, eq=False, slots=True)
class Masks:
    """A region: where objects are, where their cores are, and the highest probability."""

    above: npt.NDArray[np.bool_]
    cores: npt.NDArray[np.bool_] | None = None
    highest: float = float("nan")


@dataclass(frozen=True, eq=False, slots=True)
class Field:
    """One frame of the input.

    Results do not depend on which region is asked for: the Gaussian sees real neighbours
    everywhere, and the image mirrored at its border.

    Attributes
    ----------
    source : ImageSource
        Class ids, or probabilities.
    image : ImageSource or None
        What the landscape comes from, if not from probabilities.
    foreground : tuple of int, or None
        Class ids that are objects; None for all but 0.
    params : SplitParams
    spacing : three float
        Size of a pixel along (z, y, x), in the unit that lengths are in.
    frame : tuple of int
    """

    source: ImageSource
    image: ImageSource | None
    foreground: tuple[int, ...] | None
    params: SplitParams
    spacing: tuple[float, float, float]
    frame: tuple[int, ...] = ()

    @property
    def is_probability(self) -> bool:
        """Whether the input is a probability map."""
        return self.source.dtype.kind == "f"

    def masks(self, region: Block) -> "Masks":
        """Say where objects are, and for hysteresis where their cores are."""
        if not self.is_probability:
            ids = self.source.read(self.frame, region.start, region.stop)[0]
            if self.foreground is None:
                return Masks(ids != 0)
            if len(self.foreground) == 1:
                return Masks(ids == self.foreground[0])
            return Masks(np.isin(ids, self.foreground))
        chance = self.probability(region)
        # In single precision, as the map is: 0.7 must be reached by a stored 0.7.
        mask = chance >= np.float32(self.params.threshold)
        highest = float(chance.max(initial=0))
        if self.params.method != "hysteresis":
            return Masks(mask, None, highest)
        return Masks(mask, chance >= np.float32(self.params.core), highest)

    def probability(self, region: Block) -> npt.NDArray[np.float32]:
        """Return the smoothed probability map, NaN counted as 0."""
        sigma = self.sigma(self.params.smoothing)
        raw = _padded(self.source, self.frame, region, sigma)
        low, high = np.nanmin(raw, initial=0), np.nanmax(raw, initial=0)
        if low < -1e-3 or high > 1 + 1e-3:
            raise InputError(
                f"A map of floating-point numbers must hold probabilities from 0 to 1, but this "
                f"one holds {low:g} to {high:g}. For class ids pass whole numbers, for example "
                "classes.astype('uint8'); divide a map that goes to 255 by 255."
            )
        return _smoothed(np.nan_to_num(raw, copy=False), sigma)

    def landscape(self, region: Block) -> npt.NDArray[np.float32]:
        """Return what peaks in the middle of objects: an image or a probability, smoothed."""
        sigma = self.sigma(self.params.seed_smoothing)
        if self.image is None:
            own = self.sigma(self.params.smoothing)
            sigma = (
                float(np.hypot(own[0], sigma[0])),
                float(np.hypot(own[1], sigma[1])),
                float(np.hypot(own[2], sigma[2])),
            )
        raw = _padded(self.image or self.source, self.frame, region, sigma)
        return _smoothed(np.nan_to_num(raw, copy=False), sigma)

    def sigma(self, length: float) -> tuple[float, float, float]:
        """Return a length in pixels of each axis; 0 along axes of one pixel."""
        z, y, x = (
            length / step if n > 1 else 0.0
            for step, n in zip(self.spacing, self.source.shape3, strict=True)
        )
        return z, y, x


def _reach(sigma: Sequence[float]) -> tuple[int, int, int]:
    z, y, x = (int(_TRUNCATE * s + 0.5) for s in sigma)
    return z, y, x


def _padded(
    source: ImageSource, frame: tuple[int, ...], region: Block, sigma: Sequence[float]
) -> npt.NDArray[np.float32]:
    padded: npt.NDArray[np.float32]
    padded = source.read_padded(frame, region.start, region.stop, _reach(sigma))[0]
    return padded


def _smoothed(padded: npt.NDArray[Any], sigma: Sequence[float]) -> npt.NDArray[np.float32]:
    """Smooth and take the padding off, which hides how the filter continues beyond it."""
    for axis, (s, reach) in enumerate(zip(sigma, _reach(sigma), strict=True)):
        if reach:
            padded = ndimage.gaussian_filter1d(padded, s, axis, radius=reach)
            inner = slice(reach, padded.shape[axis] - reach)
            padded = padded[(slice(None),) * axis + (inner,)]
    smooth: npt.NDArray[np.float32] = np.ascontiguousarray(padded)
    return smooth
