"""Perimeters, Euler number and circularity, from each object's own pixels and their neighbours."""

from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.arrays import AnyArray
from brushwood.jobs import IDLE, Job
from brushwood.measure.catalog import Calculation, Call, Measurement
from brushwood.measure.index import FloatArray, LabelIndex, add_to
from brushwood.measure.patterns import (
    crofton_counts,
    crofton_steps,
    euler_weights,
    sum_patterns,
)
from brushwood.measure.runs import Band

#: What starts and ends of objects are counted along, for Crofton's formula.
_CROFTON = ("along y", "along x", "slanted")


def compute(objects: LabelIndex, call: Call) -> dict[str, npt.NDArray[Any]]:
    """Measure outlines."""
    found: dict[str, npt.NDArray[Any]] = {}
    patterns = {}
    if "euler_number" in call.wanted:
        patterns["euler_number"] = euler_weights(objects.ndim)
    if "perimeter_crofton" in call.wanted:
        patterns |= dict(zip(_CROFTON, crofton_counts().T, strict=True))
    sums = sum_patterns(objects, patterns, call.job.part(0, 0.5)) if patterns else {}
    if "euler_number" in sums:
        found["euler_number"] = np.rint(sums["euler_number"])
    if "perimeter_crofton" in call.wanted:
        y, x, slanted = crofton_steps(*objects.spacing)
        ends = [sums[name] for name in _CROFTON]
        found["perimeter_crofton"] = ends[0] * y + ends[1] * x + ends[2] * slanted
    if call.wanted & {"perimeter", "circularity"}:
        length = perimeters(objects, call.job.part(0.5, 1))
        area = objects.n_pixels * float(np.prod(objects.spacing))
        found["perimeter"] = length
        found["circularity"] = 4 * np.pi * area / np.where(length > 0, length, np.nan) ** 2
    return found


def perimeters(objects: LabelIndex, job: Job = IDLE) -> FloatArray:
    """Return the length of each object's outline through the middles of its border pixels.

    A border pixel has a neighbour above, below, left or right that is not of the object. It adds a
    straight step, a slanted one or half of each, depending on how many of its neighbours are border
    pixels of the object. Where pixels are not square, a straight step has the mean length of those
    to these neighbours; scikit-image refuses there.

    Returns
    -------
    ndarray of float64, shape (n,)
        In units; 0 for one pixel.

    References
    ----------
    K. Benkrid, D. Crookes: Design and FPGA implementation of a perimeter estimator, as in
    `skimage.measure.perimeter` with 4 neighbours.
    """
    sy, sx = objects.spacing
    # Steps are counted in whole 24ths, so that sums are exact, whatever the order.
    straight, slant = np.zeros((2, len(objects))), np.zeros(len(objects))
    for band in objects.bands(2, job):
        border = _border(band)
        width = band.padded.shape[2]
        first = 2 * width
        at = np.flatnonzero(border[first:-first])
        own = border[first:-first][at]
        beside_x, beside_y, slanted = (
            sum((border[first + step :][at] == own).view(np.int8) for step in steps)
            for steps in (
                (-1, 1),
                (-width, width),
                (-width - 1, -width + 1, width - 1, width + 1),
            )
        )
        beside = beside_x + beside_y
        numbers, steps = objects.numbers(own), 24 * _STRAIGHT[beside, slanted]
        if sy == sx:
            add_to(straight[1], numbers, steps)
        else:
            for sums, along in zip(straight, (beside_y, beside_x), strict=True):
                add_to(sums, numbers, steps * along / np.maximum(beside, 1))
        add_to(slant, numbers, 24 * _SLANTED[beside, slanted])
    lengths: FloatArray = (straight[0] * sy + straight[1] * sx + slant * np.hypot(sy, sx)) / 24
    return lengths


def _border(band: Band) -> AnyArray:
    """Return the labels of a plane's border pixels and 0 elsewhere, flattened.

    In the flattened band the zeros at the ends of rows keep rows apart.
    """
    width = band.padded.shape[2]
    flat = band.padded.reshape(-1)
    middle = flat[width:-width]
    inner = middle == flat[: -2 * width]
    inner &= middle == flat[2 * width :]
    inner &= middle == flat[width - 1 : -width - 1]
    inner &= middle == flat[width + 1 : flat.size - width + 1]
    border = np.zeros_like(flat)
    np.multiply(middle, ~inner, out=border[width:-width])
    return border


#: Straight and slanted steps of a border pixel, by its straight and slanted border neighbours.
_STRAIGHT = np.zeros((5, 5))
_SLANTED = np.zeros((5, 5))
for _pair in ((2, 0), (3, 0), (2, 1), (3, 1), (2, 2), (3, 2)):
    _STRAIGHT[_pair] = 1
for _pair in ((0, 2), (1, 3)):
    _SLANTED[_pair] = 1
for _pair in ((1, 1), (1, 2)):
    _STRAIGHT[_pair] = _SLANTED[_pair] = 0.5


CALCULATIONS = (
    Calculation(
        compute,
        (
            Measurement(
                "perimeter",
                "shape",
                "Length of the outline through the middles of the border pixels",
                dimension="length",
                ndim=(2,),
                cost="medium",
                default=True,
            ),
            Measurement(
                "perimeter_crofton",
                "shape",
                "Length of the outline by Crofton's formula in 4 directions",
                dimension="length",
                ndim=(2,),
                cost="medium",
            ),
            Measurement(
                "circularity",
                "shape",
                "4 π area / perimeter²: 1 for a disk; objects of few pixels can exceed it",
                dimension="none",
                source="ImageJ, Shape descriptors: Circ.; with scikit-image's perimeter",
                ndim=(2,),
                cost="medium",
                default=True,
                undefined="objects with perimeter 0: one pixel",
            ),
            Measurement(
                "euler_number",
                "shape",
                "Parts minus holes; in 3-D parts plus cavities minus tunnels",
                dimension="none",
                cost="medium",
                integer=True,
            ),
        ),
        seconds_per_pixel=4e-8,
    ),
)
