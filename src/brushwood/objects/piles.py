"""Boxes of different sizes below each other in one array, so that one call serves them all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

AnyArray = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Pile:
    """Where each box begins along the first axis; along the others they all begin at 0.

    Attributes
    ----------
    shapes : tuple of tuple of int
        Of the boxes.
    starts : tuple of int
        First row of each.
    shape : tuple of int
        Of the whole.
    """

    shapes: tuple[tuple[int, ...], ...]
    starts: tuple[int, ...]
    shape: tuple[int, ...]

    @classmethod
    def of(cls, boxes: Sequence[AnyArray], gap: int = 1) -> "Pile":
        """Pile boxes with `gap` rows of background between them."""
        starts, row = [], 0
        for box in boxes:
            starts.append(row)
            row += len(box) + gap
        shapes = tuple(box.shape for box in boxes)
        others = (max(sizes) for sizes in list(zip(*shapes, strict=True))[1:])
        return cls(shapes, tuple(starts), (row - gap, *others))

    def stack(self, boxes: Sequence[AnyArray], fill: Any) -> AnyArray:
        """Return one array of all, `fill` between and beside them."""
        out = np.full(self.shape, fill, boxes[0].dtype)
        for box, view in zip(boxes, self.crops(out), strict=True):
            view[...] = box
        return out

    def crops(self, array: AnyArray) -> list[AnyArray]:
        """Return the part of each box, as views."""
        return [
            array[(slice(start, start + shape[0]), *map(slice, shape[1:]))]
            for start, shape in zip(self.starts, self.shapes, strict=True)
        ]

    def owner(self, rows: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
        """Return in which box rows lie."""
        found: npt.NDArray[np.int64] = np.searchsorted(self.starts, rows, side="right") - 1
        return found

    def counts(self, labels: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
        """Return how many labels there are in each box; none may be in two."""
        flat = np.flatnonzero(labels)
        box_of = np.full(int(labels.max(initial=0)) + 1, -1, np.int64)
        box_of[labels.ravel()[flat]] = self.owner(flat // max(1, labels[0].size))
        counts: npt.NDArray[np.int64] = np.bincount(box_of[box_of >= 0], minlength=len(self.shapes))
        return counts
