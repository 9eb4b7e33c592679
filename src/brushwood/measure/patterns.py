"""Sums over the small patterns (2 × 2 or 2 × 2 × 2 pixels) of objects: Crofton, Euler."""

from collections.abc import Mapping
from itertools import product

import numpy as np
import numpy.typing as npt

from brushwood.arrays import AnyArray
from brushwood.jobs import IDLE, Job
from brushwood.measure.index import FloatArray, IntArray, LabelIndex, add_to
from brushwood.measure.runs import Band


def crofton_counts() -> FloatArray:
    """Return how often each pattern of 2 × 2 pixels counts for each of `crofton_steps`, (16, 3).

    Whole numbers: their sums over an object are exact, whatever the order.
    """
    here, above, left, before = _members(2).T
    along_y, along_x = here & ~above, before & ~above
    slanted = (here & ~before).astype(int) + (above & ~left)
    return np.stack([along_y, along_x, slanted], axis=1).astype(np.float64)


def crofton_steps(sy: float, sx: float) -> tuple[float, float, float]:
    """Return what a start or end of an object along y, x and a diagonal adds to its perimeter.

    Each start or end of the object along one of 4 directions counts, weighted by the pixel's area,
    the step along the direction and the share of all directions that is nearest to it. For square
    pixels these are scikit-image's weights; scikit-image refuses others.

    Parameters
    ----------
    sy, sx : float
        Size of a pixel.

    References
    ----------
    S. Rivollier, thesis, Saint-Étienne 2010. D. Legland, K. Kiêu, M.-F. Devaux: Computation of
    Minkowski measures on 2D and 3D binary images, Image Anal. Stereol. 26 (2007).
    """
    slope, step = float(np.arctan2(sy, sx)), float(np.hypot(sy, sx))
    return (np.pi / 2 - slope) * sx, slope * sy, np.pi / 4 * sy * sx / step


def euler_weights(ndim: int) -> FloatArray:
    """Return what each pattern adds to the Euler number, shape (16,) or (256,).

    Pixels are closed squares or cubes, so that those that share a corner are connected:
    corners - edges + faces (- cubes), each divided among the patterns that see it.

    Parameters
    ----------
    ndim : {2, 3}

    References
    ----------
    J. Ohser, W. Nagel, K. Schladitz: The Euler number of discretized sets, LNP 600 (2002).
    """
    members = _members(ndim)
    places = [place[3 - ndim :] for place in _offsets(ndim)]
    weights = np.zeros(len(members))
    # A cell of the grid at the pattern's middle lies between pixels or reaches to one side.
    for sides in product((None, 0, -1), repeat=ndim):
        around = [
            all(side in (None, at) for side, at in zip(sides, place, strict=True))
            for place in places
        ]
        reach = ndim - sides.count(None)
        weights += (-1 / 2) ** reach * members[:, around].any(axis=1)
    return weights


def sum_patterns(
    objects: LabelIndex, tables: Mapping[str, FloatArray], job: Job = IDLE
) -> dict[str, FloatArray]:
    """Sum a weight of every 2 × 2 (in 3-D 2 × 2 × 2) pattern of each object's own pixels.

    Parameters
    ----------
    objects : LabelIndex
    tables : mapping of str to ndarray, shape (16,) or (256,)
        Weight by pattern. A pattern's bits are, from the lowest: a pixel, the one before it along
        y, along x, along both, and the same in the plane before.
    job : Job

    Returns
    -------
    dict of ndarray of float64, shape (n,)
    """
    sums: dict[str, FloatArray] = {name: np.zeros(len(objects)) for name in tables}
    for band in objects.bands(1, job):
        own, code = _codes(_mixed_corners(band, objects.end, objects.ndim))
        numbers = objects.numbers(own)
        for name, table in tables.items():
            add_to(sums[name], numbers, table[code])
    return sums


def _offsets(ndim: int) -> list[tuple[int, int, int]]:
    """Return the place (z, y, x) of each bit's pixel, 0 or -1 along each axis."""
    return [(-(bit >> 2), -(bit & 1), -(bit >> 1 & 1)) for bit in range(2**ndim)]


def _members(ndim: int) -> npt.NDArray[np.bool_]:
    """Return which pixels each pattern has, shape (patterns, pixels)."""
    pixels = 2**ndim
    members: npt.NDArray[np.bool_] = np.arange(2**pixels)[:, None] >> np.arange(pixels) & 1 > 0
    return members


def _mixed_corners(band: Band, end: tuple[int, ...], ndim: int) -> AnyArray:
    """Return the labels in all patterns of a band that hold more than one, shape (pixels, N).

    A pattern belongs to the band that has its last pixel; those beyond the end belong to the
    last band.
    """
    depth, height, width = (n - 2 * h for n, h in zip(band.padded.shape, band.halo, strict=True))
    row = width + 2 * band.halo[2]
    plane = row * (height + 2 * band.halo[1])
    more_z = int(ndim == 3 and band.start[0] + depth == end[0])
    more_y = int(band.start[1] + height == end[1])
    steps = [dz * plane + dy * row + dx for dz, dy, dx in _offsets(ndim)]
    # In the flattened band the zeros around rows, and around whole planes, keep their ends apart.
    flat = band.padded.reshape(-1)
    planes = depth + more_z
    at_once = planes if depth > 1 else 1  # bands of several planes have all their rows
    corners = []
    for z in range(0, planes, at_once):
        first = (band.halo[0] + z) * plane + row
        last = first + (at_once - 1) * plane + (height + more_y) * row
        views = [flat[max(0, first + step) : last + step] for step in steps]
        # The very first pattern of a band has nothing before it, and is empty.
        views = [v if v.size == last - first else np.append(flat[:1], v) for v in views]
        mixed = views[0] != views[1]
        for view in views[2:]:
            mixed |= views[0] != view
        at = np.flatnonzero(mixed)
        corners.append(np.stack([view[at] for view in views]))
    return np.concatenate(corners, axis=1)


def _codes(corners: AnyArray) -> tuple[AnyArray, IntArray]:
    """Return each label of each pattern once, and the bits of the pixels that have it."""
    labels, codes = [], []
    for bit, own in enumerate(corners):
        new = own != 0
        for earlier in corners[:bit]:
            new &= earlier != own
        chosen = np.flatnonzero(new)
        own = own[chosen]
        code = np.full(chosen.size, 1 << bit)
        for later in range(bit + 1, len(corners)):
            code |= (corners[later][chosen] == own).astype(np.int64) << later
        labels.append(own)
        codes.append(code)
    return np.concatenate(labels), np.concatenate(codes)
