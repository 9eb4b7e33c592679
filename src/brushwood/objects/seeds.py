"""Part one connected area at its necks: seeds at the peaks of a landscape, then a watershed.

Peaks follow the h-maxima transform (Soille 2003, Morphological Image Analysis, §6.3.4) with a step
that is a share of each peak's height, so that small and large objects are treated alike. An area is
always worked on by itself, in its own bounding box: nothing else can change what it becomes.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import cKDTree
from skimage.morphology import local_maxima, reconstruction
from skimage.segmentation import watershed

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class SeedRule:
    """Which peaks are seeds, lengths already in the unit of `spacing`.

    Attributes
    ----------
    height : float
        Share of its own height by which a peak must rise above the way to a higher one.
    distance : float
        Seeds closer than this to a higher one are dropped.
    smoothing : tuple of float
        Standard deviation of the Gaussian over a distance map, in pixels of each axis.
    spacing : tuple of float
        Size of a pixel along each axis.
    full : bool
        Whether pixels that touch at corners only are connected.
    """

    height: float
    distance: float
    smoothing: tuple[float, ...]
    spacing: tuple[float, ...]
    full: bool = True


@dataclass(frozen=True, eq=False, slots=True)
class Parted:
    """An area in pieces.

    Attributes
    ----------
    labels : ndarray of int32
        Pieces 1 … n in the order of their first pixels, 0 outside the area; None for one piece.
    seeds : ndarray of int64, shape (n, ndim)
        One pixel a seed, the highest.
    """

    labels: npt.NDArray[np.int32] | None
    seeds: npt.NDArray[np.int64]


def distance_landscape(area: Mask, rule: SeedRule) -> npt.NDArray[np.float32]:
    """Return the distance of each pixel of an area to the nearest pixel outside it, smoothed.

    The image's border is no wall: an object cut by it may go on outside.

    Parameters
    ----------
    area : ndarray of bool
        One connected area with at least one pixel around it where the image goes on.
    """
    if area.all():
        return np.zeros(area.shape, np.float32)
    distance: npt.NDArray[np.float32] = ndimage.distance_transform_edt(
        area, sampling=rule.spacing
    ).astype(np.float32)
    if any(rule.smoothing):
        # Around the area there is a row of zeros, except where the image ends.
        distance = ndimage.gaussian_filter(distance, rule.smoothing, mode="nearest", truncate=3)
    return distance


def part(area: Mask, landscape: Floats, rule: SeedRule, cores: Mask | None = None) -> Parted:
    """Part an area by a watershed.

    Parameters
    ----------
    area : ndarray of bool
        One connected area.
    landscape : ndarray of float, same shape
        High in the middle of objects. Its values outside the area are not used.
    cores : ndarray of bool, optional
        Seeds are the connected parts of these pixels instead of the landscape's peaks.
    """
    heights = np.where(area, landscape, np.float32(-1))
    if cores is None:
        markers = _peaks(heights, area, rule)
    else:
        markers, _ = ndimage.label(cores & area, np.ones((3,) * area.ndim))
    seeds = _positions(markers, heights)
    if cores is None and rule.distance > 0 and len(seeds) > 1:
        kept = _spread(seeds, heights[tuple(seeds.T)], rule)
        markers = np.where(np.isin(markers, 1 + np.flatnonzero(kept)), markers, 0)
        seeds = seeds[kept]
    if len(seeds) < 2:
        return Parted(None, seeds)
    connected = area.ndim if rule.full else 1
    pieces = watershed(-heights, markers, connectivity=connected, mask=area)
    return Parted(in_scan_order(pieces), seeds)


def _peaks(heights: Floats, area: Mask, rule: SeedRule) -> npt.NDArray[np.int32]:
    """Return the peaks that rise high enough, each with a number of its own."""
    markers, n = _tops(heights, area)
    if n < 2 or rule.height == 0:
        return markers  # lowering peaks can only join them
    lowered = np.where(area, heights * np.float32(1 - rule.height), heights)
    everywhere = np.ones((3,) * area.ndim)
    return _tops(reconstruction(lowered, heights, footprint=everywhere), area)[0]


def _tops(heights: Floats, area: Mask) -> tuple[npt.NDArray[np.int32], int]:
    tops = local_maxima(heights, connectivity=area.ndim, allow_borders=True)
    markers, n = ndimage.label(tops.astype(bool) & area, np.ones((3,) * area.ndim))
    return markers, n


def _positions(markers: npt.NDArray[np.int32], heights: Floats) -> npt.NDArray[np.int64]:
    """Return the highest pixel of each marker, the first in scan order among equals."""
    flat = np.flatnonzero(markers)
    owner = markers.ravel()[flat]
    order = np.lexsort((flat, -heights.ravel()[flat], owner))
    _, first = np.unique(owner[order], return_index=True)
    place = np.unravel_index(flat[order][first], markers.shape)
    return np.stack(place, axis=1).astype(np.int64)


def _spread(seeds: npt.NDArray[np.int64], peak: Floats, rule: SeedRule) -> npt.NDArray[np.bool_]:
    """Say which seeds stay when those closer than a distance to a higher one go."""
    places = seeds * np.asarray(rule.spacing)
    tree = cKDTree(places)
    kept = np.ones(len(seeds), bool)
    for i in np.argsort(-peak, kind="stable"):
        if kept[i]:
            near = np.asarray(tree.query_ball_point(places[i], rule.distance))
            gap = np.linalg.norm(places[near] - places[i], axis=1)
            kept[near[gap < rule.distance]] = False
            kept[i] = True
    return kept


def in_scan_order(labels: npt.NDArray[np.integer]) -> npt.NDArray[np.int32]:
    """Renumber labels 1 … n by their first pixels in scan order."""
    flat = labels.ravel()
    inside = np.flatnonzero(flat)
    values, first = np.unique(flat[inside], return_index=True)
    number = np.zeros(int(flat.max(initial=0)) + 1, np.int32)
    number[values[np.argsort(first, kind="stable")]] = np.arange(1, len(values) + 1)
    renumbered: npt.NDArray[np.int32] = number[labels]
    return renumbered
