"""Requests of *Make objects* to a worker, and the answers: values that name each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.blocks import Block
from brushwood.objects.split_params import SplitParams
from brushwood.session.scene import LayerKey

#: Most pixels that a preview works on, and how far it looks beyond the view, in pixels.
_PREVIEW_PIXELS = {2: 4 << 20, 3: 3 << 20}
_MARGIN = 64


@dataclass(frozen=True, eq=False, slots=True)
class MakingRequest:
    """What objects are made from, and how.

    Attributes
    ----------
    key, name : str
        The source layer.
    data : array-like, shape (…frames, space)
        Full resolution.
    image : array-like or None
        Same shape; its intensity parts objects.
    spacing : tuple of float
        Size of a pixel along the spatial axes.
    unit : str
        Unit of `spacing`, "px" for none.
    written : tuple of array-like
        Arrays that a pixel classifier fills together. Where all hold 0 it has not been yet.
    image_key : LayerKey or None
        The layer of `image`.
    model : int
        Version of the pixel classifier that all of the source shows, 0 if there is none.
    """

    key: LayerKey
    name: str
    data: Any
    image: Any
    foreground: tuple[int, ...] | None
    ndim: int
    params: SplitParams
    spacing: tuple[float, ...]
    unit: str = "px"
    written: tuple[Any, ...] = ()
    image_key: LayerKey | None = None
    model: int = 0

    def note(self, blank: float) -> dict[str, Any]:
        """Return plain values that say how the objects were made, for a recipe."""
        return {
            "foreground": None if self.foreground is None else list(self.foreground),
            "ndim": self.ndim,
            "image": self.image_key,
            "model": self.model,
            "blank": blank,
        }

    @property
    def pixel_size(self) -> float:
        """Area or volume of a pixel in the unit, 1 without a unit."""
        return 1.0 if self.unit == "px" else prod(self.spacing)


@dataclass(frozen=True, slots=True)
class View:
    """The part of one frame that a preview works on.

    Attributes
    ----------
    frame : tuple of int
    region : Block
        In (z, y, x).
    is_whole : bool
        Whether it is the whole image.
    open_faces : int
        Faces of the region, as bits, at which the image goes on.
    """

    frame: tuple[int, ...]
    region: Block
    is_whole: bool
    open_faces: int

    def start(self, ndim: int) -> tuple[int, ...]:
        """Return the first pixel, one number an axis of the layer."""
        return (*self.frame, *self.region.start[-ndim:])


@dataclass(frozen=True, eq=False, slots=True)
class Preview:
    """Objects of what is in view.

    Attributes
    ----------
    labels : ndarray of int32, shape of the region
        Objects that were there before keep their numbers.
    sizes : ndarray of int64
        Pixels of each object.
    seeds : ndarray of int64, shape (n, axes of the layer)
    last : int
        Largest number that was ever given.
    token : int
        Of the pixels that it was made from.
    crops : tuple of ndarray or None
        Those pixels: of the source, and of the image if that is used.
    """

    request: MakingRequest
    view: View
    labels: npt.NDArray[np.int32]
    sizes: npt.NDArray[np.int64]
    n_found: int
    n_above: int
    highest: float
    seeds: npt.NDArray[np.int64]
    last: int
    seconds: float
    token: int
    crops: tuple[npt.NDArray[Any] | None, ...]


@dataclass(frozen=True, eq=False, slots=True)
class WholeObjects:
    """The end of making objects of a whole image.

    Attributes
    ----------
    levels : list of ndarray
        The labels, finest first.
    blank : float
        Share of the image that the pixel classifier has not computed yet.
    fingerprint : str
        Of the finest level, to see whether the user changed it later.
    """

    request: MakingRequest
    levels: list[npt.NDArray[Any]]
    sizes: npt.NDArray[np.int64]
    n_found: int
    n_above: int
    highest: float
    blank: float
    fingerprint: str
    seconds: float


def view_of(start: Sequence[int], stop: Sequence[int], shape: Sequence[int], ndim: int) -> View:
    """Return what a preview of a box works on: the whole image if that is small.

    Parameters
    ----------
    start, stop : sequence of int
        The visible box, one number an axis of the layer.
    shape : sequence of int
        Shape of the layer.
    ndim : {2, 3}
        Spatial dimensions.
    """
    n = len(shape) - ndim
    frame = tuple((a + b - 1) // 2 for a, b in zip(start[:n], stop[:n], strict=True))
    pad = (0,) * (3 - ndim)
    full = (1,) * (3 - ndim) + tuple(shape[n:])
    low = [*pad, *(max(0, a - _MARGIN) for a in start[n:])]
    high = [*(1 for _ in pad), *stop[n:]]
    high = [min(s, b + _MARGIN) for b, s in zip(high, full, strict=True)]
    if ndim == 3 and stop[n] - start[n] == 1:  # one plane of a stack: objects reach further
        low[0], high[0] = 0, full[0]
    if prod(full) <= _PREVIEW_PIXELS[ndim]:
        low, high = [0, 0, 0], list(full)
    middle = [(a + b) // 2 for a, b in zip([*pad, *start[n:]], [*pad, *stop[n:]], strict=True)]
    while prod(b - a for a, b in zip(low, high, strict=True)) > _PREVIEW_PIXELS[ndim]:
        axis = max(range(3), key=lambda i: high[i] - low[i])
        half = max(1, (high[axis] - low[axis]) * 7 // 16)
        at = min(max(middle[axis], low[axis] + half), high[axis] - half)
        low[axis], high[axis] = at - half, at + half
    faces = 0
    for axis in range(3):
        faces |= (low[axis] > 0) << (2 * axis) | (high[axis] < full[axis]) << (2 * axis + 1)
    region = Block((low[0], low[1], low[2]), (high[0], high[1], high[2]))
    return View(frame, region, faces == 0 and prod(shape[:n]) == 1, faces)
