"""Brush strokes as a person makes them: few, curved, a few pixels wide, away from the edges."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import interpolate, ndimage

Mask = NDArray[np.bool_]


def _walk(
    rng: np.random.Generator, room: NDArray[np.float64], start: tuple[int, int], steps: int
) -> list[tuple[float, float]]:
    """Walk in steps of one pixel with slowly changing curvature, where `room` is at least 1."""
    point = np.array(start, float)
    angle, bend = rng.uniform(0, 2 * np.pi), rng.normal(0, 0.03)
    path = [(point[0], point[1])]
    for _ in range(steps):
        bend = np.clip(0.94 * bend + rng.normal(0, 0.012), -0.11, 0.11)
        # Try to go on, else turn as little as possible; a turn keeps bending the same way.
        side = 1.0 if bend >= 0 else -1.0
        for turn in (0, 0.15, -0.15, 0.3, -0.3, 0.45, -0.45):
            heading = angle + bend + side * turn
            ahead = point + 3 * np.array([np.sin(heading), np.cos(heading)])
            at = np.round(ahead).astype(int)
            if np.all(at >= 0) and np.all(at < room.shape) and room[tuple(at)] >= 1:
                break
        else:
            break
        angle, bend = heading, bend + 0.15 * side * turn
        point = point + np.array([np.sin(heading), np.cos(heading)])
        path.append((point[0], point[1]))
    return path


def brush(shape: tuple[int, int], path: list[tuple[float, float]], width: float) -> Mask:
    """Return the pixels that a round brush of `width` px covers along `path` (y, x)."""
    mask = np.zeros(shape, bool)
    reach = int(np.ceil(width / 2))
    dense = np.concatenate(
        [np.linspace(a, b, 4, endpoint=False) for a, b in pairwise(path)] or [np.array(path)]
    )
    for y, x in dense:
        y0, x0 = max(0, round(y) - reach), max(0, round(x) - reach)
        window = mask[y0 : round(y) + reach + 1, x0 : round(x) + reach + 1]
        yy, xx = np.ogrid[y0 : y0 + window.shape[0], x0 : x0 + window.shape[1]]
        window |= (yy - y) ** 2 + (xx - x) ** 2 <= (width / 2) ** 2
    return mask


def paint(
    rng: np.random.Generator,
    classes: NDArray[np.integer],
    class_id: int,
    *,
    count: int,
    length: tuple[int, int],
    width: float,
    margin: float,
    apart: float = 60.0,
    where: Mask | None = None,
) -> Mask:
    """Paint `count` strokes of one class into a 2-D class map.

    Parameters
    ----------
    classes : array of int, shape (Y, X)
        Truth; a stroke stays `margin` px inside its class.
    length : (int, int)
        Shortest and longest stroke in px.
    apart : float
        Least distance between two starting points in px, so that strokes spread over the image.
    where : array of bool, shape (Y, X), optional
        Where strokes may start.
    """
    inside = classes == class_id
    room = np.asarray(ndimage.distance_transform_edt(np.pad(inside, 1)))[1:-1, 1:-1]
    room = room - margin - width / 2
    starts = np.argwhere((room >= 1) & (True if where is None else where))
    mask = np.zeros(classes.shape, bool)
    chosen: list[NDArray[np.int_]] = []
    for _ in range(2000):
        if len(chosen) == count or len(starts) == 0:
            break
        start = starts[rng.integers(len(starts))]
        if any(np.hypot(*(start - other)) < apart for other in chosen):
            apart *= 0.99
            continue
        path = _walk(rng, room, (int(start[0]), int(start[1])), int(rng.integers(*length)))
        if len(path) < 0.6 * length[0]:
            continue
        chosen.append(start)
        mask |= brush(mask.shape, path, width + rng.choice([-0.5, 0, 0.5]))
    return mask & inside


def drawn(
    shape: tuple[int, int], strokes: Sequence[Sequence[tuple[float, float]]], width: float
) -> Mask:
    """Return strokes that were placed by hand: curves through points (x, y) read off the image."""
    mask = np.zeros(shape, bool)
    for points in strokes:
        xy = np.array(points, float)
        along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
        curve = interpolate.make_interp_spline(along, xy, k=min(3, len(xy) - 1))
        path = [(y, x) for x, y in curve(np.arange(0, along[-1], 1.0))]
        mask |= brush(shape, path, width)
    return mask
