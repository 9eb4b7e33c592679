"""What a scatter plot draws: points, their colours and sizes, and which one is meant."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Radii = npt.NDArray[np.uint8]

#: From this many points on a plot shows density unless the user wants points.
DENSE = 50_000
#: Radius of points on screen, pixels: without a size column, and the range with one.
RADIUS, SMALLEST, LARGEST = 2, 1, 6

Look = Literal["auto", "points", "density"]


@dataclass(frozen=True, eq=False, slots=True)
class Cloud:
    """Points of two columns; rows without numbers are not drawn.

    Attributes
    ----------
    x, y : float64 (row,)
        NaN where a row has no number.
    x_name, y_name : str
        Columns.
    x_header, y_header : str
        With units.
    """

    x: Floats
    y: Floats
    x_name: str = ""
    y_name: str = ""
    x_header: str = ""
    y_header: str = ""

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Rows that are drawn."""
        found: npt.NDArray[np.bool_] = np.isfinite(self.x) & np.isfinite(self.y)
        return found

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Smallest x, smallest y, width and height of what is drawn."""
        known = self.known
        if not known.any():
            return 0.0, 0.0, 1.0, 1.0
        x, y = self.x[known], self.y[known]
        return (
            float(x.min()),
            float(y.min()),
            max(float(np.ptp(x)), 1e-12),
            max(float(np.ptp(y)), 1e-12),
        )

    def shows_density(self, look: Look) -> bool:
        """Whether density is drawn instead of points."""
        return look == "density" or (look == "auto" and int(self.known.sum()) > DENSE)


def radii(values: npt.NDArray[Any]) -> tuple[Radii, tuple[tuple[float, int], ...]]:
    """Turn a column into radii, so that areas grow with values.

    Parameters
    ----------
    values : array of numbers (row,)

    Returns
    -------
    radii : uint8 (row,)
        `SMALLEST` to `LARGEST` pixels; `SMALLEST` where a value is missing.
    legend : tuple of (value, radius)
        Three values to show beside the plot; empty when all are the same.
    """
    numbers = np.asarray(values, float)
    known = np.isfinite(numbers)
    if not known.any():
        return np.full(len(numbers), SMALLEST, np.uint8), ()
    low, high = np.percentile(numbers[known], [1, 99])
    if low == high:
        return np.where(known, RADIUS, SMALLEST).astype(np.uint8), ()
    part = np.clip((np.where(known, numbers, low) - low) / (high - low), 0, 1)
    sizes = np.sqrt(SMALLEST**2 + part * (LARGEST**2 - SMALLEST**2))
    legend = tuple((float(low + p * (high - low)), _radius(p)) for p in (0.0, 0.5, 1.0))
    return np.where(known, np.rint(sizes), SMALLEST).astype(np.uint8), legend


def _radius(part: float) -> int:
    return round(float(np.sqrt(SMALLEST**2 + part * (LARGEST**2 - SMALLEST**2))))


def nearest(
    cloud: Cloud, at: tuple[float, float], pixel: tuple[float, float], reach: float = 8.0
) -> int | None:
    """Return the row of the point under the pointer.

    Parameters
    ----------
    cloud : Cloud
    at : (x, y)
        The pointer, in the units of the columns.
    pixel : (width, height)
        Size of a screen pixel in those units.
    reach : float
        Screen pixels.

    Returns
    -------
    int or None
        None where no point is near.
    """
    dx, dy = (cloud.x - at[0]) / pixel[0], (cloud.y - at[1]) / pixel[1]
    with np.errstate(invalid="ignore"):
        near = np.flatnonzero((np.abs(dx) <= reach) & (np.abs(dy) <= reach))
    if not near.size:
        return None
    distance = dx[near] ** 2 + dy[near] ** 2
    best = int(np.argmin(distance))
    return int(near[best]) if distance[best] <= reach**2 else None
