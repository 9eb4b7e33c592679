"""Where an object lies: by the columns of its row, or by looking for it in the labels."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.jobs import IDLE, Job

#: Pixels that are looked at between two checkpoints.
_CHUNK = 1 << 24


@dataclass(frozen=True, slots=True)
class Place:
    """Where an object lies in its layer, in pixels.

    Attributes
    ----------
    center : tuple of float
        One number an axis of the layer.
    size : tuple of float
        Extent along each axis; 0 where it is not known.
    """

    center: tuple[float, ...]
    size: tuple[float, ...]


def place_from_row(
    row: Mapping[str, Any],
    n_axes: int,
    spacing: Sequence[float] | None = None,
    frame: Sequence[int] = (),
) -> Place | None:
    """Return where the object of a table's row lies, None if its columns do not tell.

    Parameters
    ----------
    row : mapping of column to value
        Uses ``centroid-0 …`` and, for the size, ``bbox-0 …`` or ``area``.
    n_axes : int
        Axes of the layer.
    spacing : sequence of float, optional
        Size of a pixel along the axes of space that the centroid was multiplied by.
    frame : sequence of int
        Position along the axes before space.
    """
    names = [f"centroid-{axis}" for axis in range(3) if f"centroid-{axis}" in row]
    n = len(names)
    if not n or len(frame) + n != n_axes:
        return None
    sizes = np.ones(n) if spacing is None else np.asarray(spacing, float)[-n:]
    center = np.asarray([row[name] for name in names], float) / sizes
    if not np.isfinite(center).all():
        return None
    box = [row.get(f"bbox-{i}") for i in range(2 * n)]
    size = np.zeros(n)
    if all(edge is not None for edge in box):
        size = np.asarray(box[n:], float) - np.asarray(box[:n], float)
    elif row.get("area") is not None and np.isfinite(row["area"]):
        size[:] = (float(row["area"]) / sizes.prod()) ** (1 / n)
    return Place((*map(float, frame), *center.tolist()), (*(0.0 for _ in frame), *size.tolist()))


def find_label(labels: Any, label: int, frame: Sequence[int] = (), job: Job = IDLE) -> Place | None:
    """Look for an object in the labels, plane by plane; None if it is not there.

    Parameters
    ----------
    labels : array
        NumPy, or anything that is sliced as such.
    frame : sequence of int
        Look only here along the first axes.
    """
    low: npt.NDArray[np.int64] | None = None
    high: npt.NDArray[np.int64] | None = None
    part = labels[tuple(frame)] if len(frame) else labels
    shape = tuple(part.shape)
    pieces = list(_pieces(shape))
    for n, (start, stop) in enumerate(pieces):
        job.checkpoint(n / len(pieces), "Looking for the object")
        found = np.nonzero(np.asarray(part[start:stop]) == label)
        if found[0].size:
            first = np.asarray([axis.min() for axis in found])
            last = np.asarray([axis.max() for axis in found])
            first[0] += start
            last[0] += start
            low = first if low is None else np.minimum(low, first)
            high = last if high is None else np.maximum(high, last)
    if low is None or high is None:
        return None
    center = ((low + high) / 2).tolist()
    size = (high - low + 1).astype(float).tolist()
    return Place((*map(float, frame), *center), (*(0.0 for _ in frame), *size))


def _pieces(shape: tuple[int, ...]) -> Iterable[tuple[int, int]]:
    rows = max(1, _CHUNK // max(1, int(np.prod(shape[1:]))))
    return [(at, min(at + rows, shape[0])) for at in range(0, shape[0], rows)]
