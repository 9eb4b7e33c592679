"""Boxes of pixels that are read at once, and where the pixels of runs are in them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from brushwood.arrays import AnyArray, ImageSource

IntArray: TypeAlias = npt.NDArray[np.signedinteger[Any]]


@dataclass(frozen=True, slots=True)
class Region:
    """A box of pixels (z, y, x), which may reach beyond the image."""

    low: tuple[int, ...]
    high: tuple[int, ...]

    def grown(self, ndim: int) -> "Region":
        """Return the box with a pixel more on each side of each axis of the image."""
        more = (0,) * (3 - ndim) + (1,) * ndim
        low = tuple(a - m for a, m in zip(self.low, more, strict=True))
        return Region(low, tuple(b + m for b, m in zip(self.high, more, strict=True)))

    @property
    def shape(self) -> tuple[int, ...]:
        """Size along (z, y, x)."""
        return tuple(b - a for a, b in zip(self.low, self.high, strict=True))

    def slabs(self, pixels: int) -> Iterator[tuple["Region", int]]:
        """Yield boxes of whole rows that fill this one, and their first pixel's position in it."""
        depth, height, width = self.shape
        rows = min(height, max(1, pixels // width))
        planes = max(1, pixels // (width * height))
        z0, y0, x0 = self.low
        for z in range(0, depth, planes):
            for y in range(0, height, rows):
                high = z0 + min(z + planes, depth), y0 + min(y + rows, height), self.high[2]
                yield Region((z0 + z, y0 + y, x0), high), (z * height + y) * width

    def neighbours(self, ndim: int) -> tuple[int, ...]:
        """Return the distance of the next pixel along each axis in the flattened box."""
        _, height, width = self.shape
        return (height * width, width, 1)[3 - ndim :]

    def flat(
        self,
        start: npt.NDArray[np.int32],
        length: npt.NDArray[np.int32],
        step: IntArray,
    ) -> IntArray:
        """Return the position of every pixel of runs in the flattened box."""
        _, height, width = self.shape
        z, y, x = (start.astype(np.int64) - np.asarray(self.low)).T
        at: IntArray = np.repeat((z * height + y) * width + x, length) + step
        return at


def read_region(
    source: ImageSource, frame: tuple[int, ...], region: Region, channel: int
) -> AnyArray:
    """Read one channel of a box, flattened, with zeros beyond the image."""
    first = [max(0, a) for a in region.low]
    last = [min(n, b) for b, n in zip(region.high, source.shape3, strict=True)]
    inside: AnyArray = source.read(frame, first, last, [channel])[0]
    if inside.shape == region.shape:
        return inside.reshape(-1)
    out = np.zeros(region.shape, inside.dtype)
    window = zip(first, last, region.low, strict=True)
    out[tuple(slice(f - a, e - a) for f, e, a in window)] = inside
    return out.reshape(-1)


def spacing3_of(spacing: tuple[float, ...] | None, ndim: int) -> tuple[float, float, float]:
    """Return the size of a pixel along (z, y, x)."""
    z, y, x = (1.0,) * (3 - ndim) + tuple(spacing or (1.0,) * ndim)
    return z, y, x
