"""Convex image of each object: its size, solidity and the maximum Feret diameter."""

from collections.abc import Iterator

import numpy as np

from brushwood.jobs import Job
from brushwood.measure.catalog import Calculation, Call, Measurement
from brushwood.measure.hull import Lines, convex_lines, corners
from brushwood.measure.hull3d import convex_lines_3d, corners_3d
from brushwood.measure.index import FloatArray, IntArray, LabelIndex

#: Runs whose hulls are sought at once, and pairs of corners compared at once.
_RUNS = 1 << 16
_PAIRS = 1 << 16


def compute(objects: LabelIndex, call: Call) -> dict[str, FloatArray]:
    """Measure the convex images of all objects, some objects at a time."""
    n_pixels = np.zeros(len(objects))
    feret = np.zeros(len(objects))
    for start, stop in _parts(objects):
        job = call.job.part(start / len(objects), stop / len(objects))
        job.checkpoint(0.0, "convex hulls")
        lines, depth = lines_of(objects, start, stop)
        filled = convex_image(lines, depth, objects.ndim, job.part(0, 0.5))
        count = filled.right - filled.left + 1
        n_pixels[start:stop] = np.bincount(filled.item // depth, count, stop - start)
        if "feret_diameter_max" in call.wanted:
            number, points = _corners(filled, depth, objects.ndim, job.part(0.5, 1))
            feret[start:stop] = _diameters(number, points, objects.spacing, stop - start)
    found = {
        "area_convex": n_pixels * float(np.prod(objects.spacing)),
        "solidity": objects.n_pixels / n_pixels,
        "feret_diameter_max": feret,
    }
    return {name: values for name, values in found.items() if name in call.wanted}


def _parts(objects: LabelIndex) -> Iterator[tuple[int, int]]:
    """Yield ranges of objects that have about as many runs as are worked on at once."""
    start = 0
    while start < len(objects):
        goal = objects.run_first[start] + _RUNS
        stop = max(start + 1, int(np.searchsorted(objects.run_first, goal, side="right")) - 1)
        yield start, stop
        start = stop


def lines_of(objects: LabelIndex, start: int, stop: int) -> tuple[Lines, int]:
    """Return the lines of some objects, and the depth: items are ``(object - start) * depth + z``.

    Positions are as in the image.
    """
    first, last = objects.run_first[[start, stop]]
    depth = objects.source.shape3[0]
    where = objects.run_start[first:last].astype(np.int64)
    item = (objects.run_object[first:last] - start) * depth + where[:, 0]
    length = objects.run_length[first:last].astype(np.int64)
    return Lines.of_runs(item, where[:, 1], where[:, 2], length), depth


def convex_image(lines: Lines, depth: int, ndim: int, job: Job) -> Lines:
    """Return the lines of the convex images of planar or solid objects."""
    return convex_lines(lines) if ndim == 2 else convex_lines_3d(lines, depth, job)


def _corners(filled: Lines, depth: int, ndim: int, job: Job) -> tuple[IntArray, IntArray]:
    if ndim == 3:
        return corners_3d(filled, depth, job)
    item, y, x = corners(filled)
    return item, np.stack([y, x], axis=1)


def _diameters(
    number: IntArray, points: IntArray, spacing: tuple[float, ...], n: int
) -> FloatArray:
    """Return the largest distance between middles of faces of the corners of each object.

    The middles of two pixels are farthest apart when both lie along one axis, one pixel farther
    apart than the centres.
    """
    out = np.zeros(n)
    columns = np.ascontiguousarray(points.T)  # sums along an axis of two or three are slow
    count = np.bincount(number, minlength=n)
    end = np.cumsum(count[number])  # a pair a corner and corner of the same object
    first = (np.cumsum(count) - count)[number]
    start = 0
    while start < number.size:
        before = end[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(end, before + _PAIRS, side="right")))
        here = np.repeat(np.arange(start, stop), count[number[start:stop]])
        other = np.arange(here.size) + np.repeat(
            first[start:stop] - (end[start:stop] - count[number[start:stop]] - before),
            count[number[start:stop]],
        )
        squared, face = np.zeros(here.size), np.zeros(here.size)
        for step, at in zip(spacing, columns, strict=True):
            apart = np.abs(at[here] - at[other])
            squared += (apart * step) ** 2
            np.maximum(face, (2 * apart + 1) * step**2, out=face)
        squared += face
        of = number[here]
        begin = np.flatnonzero(np.append(True, of[1:] != of[:-1]))
        np.maximum.at(out, of[begin], np.maximum.reduceat(squared, begin))
        start = stop
    return np.sqrt(out)


CALCULATIONS = (
    Calculation(
        compute,
        (
            Measurement(
                "area_convex",
                "size",
                "size of the convex image",
                dimension="size",
                cost="medium",
            ),
            Measurement(
                "solidity",
                "shape",
                "size as a part of the convex image's",
                dimension="none",
                cost="medium",
                default=True,
            ),
            Measurement(
                "feret_diameter_max",
                "shape",
                "largest distance between two points of the convex image's outline",
                dimension="length",
                cost="medium",
            ),
        ),
        seconds_per_object=2e-5,
        seconds_per_pixel=2e-8,
    ),
)
