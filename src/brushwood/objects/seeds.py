"""Part connected areas at their necks: seeds at the peaks of a landscape, then a watershed.

Peaks follow the h-maxima transform (Soille 2003, Morphological Image Analysis, §6.3.4) with a step
that is a share of each peak's height, so that small and large objects are treated alike. What an
area becomes depends on its own bounding box only. For what comes before the watershed, many areas
are laid below each other in one array with background between them, because calls cost more than
pixels; nothing passes from one to the next.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import cKDTree
from skimage.morphology import local_maxima, reconstruction
from skimage.segmentation import watershed

from brushwood.objects.piles import Pile

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.floating]
Markers = npt.NDArray[np.int32]
#: Called between long steps; raises to end the work.
Look = Callable[[], None]

#: The Gaussian over a distance map ends at this many standard deviations.
_TRUNCATE = 3.0


def _nothing() -> None:
    pass


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
        One pixel a seed, the highest; none if they were not asked for.
    """

    labels: npt.NDArray[np.int32] | None
    seeds: npt.NDArray[np.int64]


def distance_landscapes(
    areas: Sequence[Mask], cut: Sequence[bool], rule: SeedRule
) -> list[npt.NDArray[np.float32]]:
    """Return the distance of each pixel of an area to the nearest pixel outside it, smoothed.

    The image's border is no wall: an object cut by it may go on outside.

    Parameters
    ----------
    areas : sequence of ndarray of bool
        Connected areas, each with at least one pixel around it where the image goes on.
    cut : sequence of bool
        Whether the image ends at the box of an area.
    """
    # Other sizes of pixels make distances that are equal differ by rounding.
    together = [not c and all(s == 1 for s in rule.spacing) for c in cut]
    found = [np.zeros(0, np.float32)] * len(areas)
    piled = [n for n, is_piled in enumerate(together) if is_piled]
    if piled:
        # Beyond its box each area sees the zeros that the Gaussian would continue it with.
        gap = max(1, *(int(_TRUNCATE * s + 0.5) for s in rule.smoothing))
        pile = Pile.of([areas[n] for n in piled], gap)
        distance = _distance(pile.stack([areas[n] for n in piled], False), rule)
        for n, crop in zip(piled, pile.crops(distance), strict=True):
            found[n] = crop
    for n, area in enumerate(areas):
        if not together[n]:
            found[n] = _distance(area, rule)
    return found


def _distance(area: Mask, rule: SeedRule) -> npt.NDArray[np.float32]:
    if area.all():
        return np.zeros(area.shape, np.float32)
    distance: npt.NDArray[np.float32] = ndimage.distance_transform_edt(
        area, sampling=rule.spacing
    ).astype(np.float32)
    if any(rule.smoothing):
        # Around the area there is a row of zeros, except where the image ends.
        distance = ndimage.gaussian_filter(
            distance, rule.smoothing, mode="nearest", truncate=_TRUNCATE
        )
    return distance


def part(
    areas: Sequence[Mask],
    landscapes: Sequence[Floats],
    rule: SeedRule,
    cores: Sequence[Mask] | None = None,
    *,
    seeds: bool = True,
    look: Look = _nothing,
) -> list[Parted]:
    """Part areas, each by a watershed of its own.

    Parameters
    ----------
    areas : sequence of ndarray of bool
        Connected areas.
    landscapes : sequence of ndarray of float, same shapes
        High in the middle of objects. Values outside the area are not used; those inside must not
        be negative.
    cores : sequence of ndarray of bool, optional
        Seeds are the connected parts of these pixels instead of the landscape's peaks.
    seeds : bool
        Whether the places of seeds are wanted.
    look : callable
        Called between steps; may raise to end the work.
    """
    ndim = areas[0].ndim
    pile = Pile.of(areas)
    area = pile.stack(areas, False)
    look()
    heights = np.where(area, pile.stack(landscapes, 0), np.float32(-1))
    if cores is None:
        markers = _peaks(heights, area, rule, pile, look)
    else:
        markers = _labelled(pile.stack(cores, False) & area)
    places = [np.zeros((0, ndim), np.int64)] * len(areas)
    spread = cores is None and rule.distance > 0
    if seeds or spread:
        found = _Places.of(markers, heights, pile)
        if spread:
            found = found.spread(markers, rule)
        places = found.by_box(pile)
    labels: list[Markers | None] = [None] * len(areas)
    counts = pile.counts(markers)
    connected = ndim if rule.full else 1
    crops = zip(*(pile.crops(array) for array in (heights, markers, area)), strict=True)
    for n, (mine, theirs, within) in enumerate(crops):
        if counts[n] > 1:
            look()
            # By itself: which of several equal seed pixels floods first depends on all seeds.
            pieces = watershed(-mine, theirs, connectivity=connected, mask=within)
            labels[n] = in_scan_order(pieces)
    return [Parted(*both) for both in zip(labels, places, strict=True)]


def _only(
    chosen: Sequence[int], pile: Pile, *arrays: npt.NDArray[Any]
) -> tuple[Pile, list[npt.NDArray[Any]]]:
    """Return some of the boxes, closer together."""
    every = [pile.crops(array) for array in arrays]
    crops = [[crops[n] for n in chosen] for crops in every]
    below = Pile.of(crops[0])
    return below, [below.stack(some, _BETWEEN[some[0].dtype.kind]) for some in crops]


#: What stands between boxes: heights are float, markers int, masks bool.
_BETWEEN = {"f": -1, "i": 0, "b": False}


def _peaks(heights: Floats, area: Mask, rule: SeedRule, pile: Pile, look: Look) -> Markers:
    """Return the peaks that rise high enough, each with a number of its own."""
    markers = _tops(heights, area)
    # Lowering peaks can only join them.
    several = np.flatnonzero(pile.counts(markers) > 1).tolist()
    if not several or rule.height == 0:
        return markers
    look()
    below, (mine, within) = _only(several, pile, heights, area)
    lowered = np.where(within, mine * np.float32(1 - rule.height), mine)
    everywhere = np.ones((3,) * area.ndim)
    fewer = _tops(reconstruction(lowered, mine, footprint=everywhere), within)
    # Numbers that no other area uses.
    fewer[fewer > 0] += markers.max()
    views = pile.crops(markers)
    for n, crop in zip(several, below.crops(fewer), strict=True):
        views[n][...] = crop
    return markers


def _tops(heights: Floats, area: Mask) -> Markers:
    return _labelled(local_maxima(heights, connectivity=area.ndim).astype(bool) & area)


def _labelled(mask: Mask) -> Markers:
    markers: Markers = ndimage.label(mask, np.ones((3,) * mask.ndim))[0]
    return markers


@dataclass(frozen=True, eq=False, slots=True)
class _Places:
    """The highest pixel of each marker, the first in scan order among equals.

    Attributes
    ----------
    markers : ndarray of int
        Their numbers.
    boxes : ndarray of int
        In which boxes they lie, ascending.
    places : ndarray of int64, shape (n, ndim)
        Relative to the boxes.
    heights : ndarray of float
    """

    markers: npt.NDArray[np.integer]
    boxes: npt.NDArray[np.int64]
    places: npt.NDArray[np.int64]
    heights: Floats

    @classmethod
    def of(cls, markers: Markers, heights: Floats, pile: Pile) -> "_Places":
        flat = np.flatnonzero(markers)
        owner = markers.ravel()[flat]
        order = np.lexsort((flat, -heights.ravel()[flat], owner))
        known, first = np.unique(owner[order], return_index=True)
        chosen = flat[order][first]
        places = np.stack(np.unravel_index(chosen, markers.shape), axis=1).astype(np.int64)
        boxes = pile.owner(places[:, 0])
        places[:, 0] -= np.asarray(pile.starts)[boxes]
        order = np.argsort(boxes, kind="stable")
        return cls(known[order], boxes[order], places[order], heights.ravel()[chosen[order]])

    def spread(self, markers: Markers, rule: SeedRule) -> "_Places":
        """Drop those too close to a higher one, here and among the markers."""
        kept = np.ones(len(self.boxes), bool)
        bounds = np.flatnonzero(np.diff(self.boxes, prepend=-1, append=-1))
        for a, b in pairwise(bounds.tolist()):
            if b - a > 1:
                kept[a:b] = _spread(self.places[a:b], self.heights[a:b], rule)
        gone = np.zeros(int(markers.max(initial=0)) + 1, bool)
        gone[self.markers[~kept]] = True
        markers[gone[markers]] = 0
        return _Places(self.markers[kept], self.boxes[kept], self.places[kept], self.heights[kept])

    def by_box(self, pile: Pile) -> list[npt.NDArray[np.int64]]:
        """Return the places in each box."""
        counts = np.bincount(self.boxes, minlength=len(pile.shapes))
        return np.split(self.places, np.cumsum(counts)[:-1])


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
    first = np.full(int(flat.max(initial=0)) + 1, flat.size)
    # Of values assigned to one place the last remains.
    first[flat[inside][::-1]] = inside[::-1]
    order = np.argsort(first, kind="stable")
    order = order[first[order] < flat.size]
    number = np.zeros(len(first), np.int32)
    number[order] = np.arange(1, len(order) + 1)
    renumbered: npt.NDArray[np.int32] = number[labels]
    return renumbered
