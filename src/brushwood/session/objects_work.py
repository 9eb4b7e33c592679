"""Requests of *Make objects* to a worker, and the answers: values that name each other."""

import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.arrays import ImageSource, Triple
from brushwood.blocks import Block, iter_blocks
from brushwood.jobs import Job
from brushwood.objects.split_params import SplitParams
from brushwood.session.freshness import fingerprint
from brushwood.session.objects_stable import stable_ids
from brushwood.session.scene import LayerKey

#: Most pixels that a preview works on, and how far it looks beyond the view, in pixels.
_PREVIEW_PIXELS = {2: 4 << 20, 3: 3 << 20}
_MARGIN = 64
#: More class ids than this are not listed: the layer holds objects, not classes.
MOST_VALUES = 32


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


@dataclass(frozen=True, eq=False, slots=True)
class WholeObjects:
    """The end of making objects of a whole image.

    Attributes
    ----------
    levels : list of ndarray
        The labels, finest first.
    fingerprint : str
        Of the finest level, to see whether the user changed it later.
    """

    request: MakingRequest
    levels: list[npt.NDArray[Any]]
    sizes: npt.NDArray[np.int64]
    n_found: int
    n_above: int
    highest: float
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


def preview(
    request: MakingRequest, view: View, previous: Preview | None, job: Job
) -> Preview | None:
    """Make the objects of what is in view, with the numbers that they had before.

    Returns
    -------
    Preview or None
        None if the one before shows the same already.
    """
    from brushwood.objects.splitter import Splitter, block_size

    began = time.perf_counter()
    job.checkpoint(0.0, "Making objects of what is in view")
    crops = [
        None if a is None else _crop(a, request.ndim, view) for a in (request.data, request.image)
    ]
    token = 0
    for crop in crops:
        token = zlib.crc32(b"" if crop is None else crop.tobytes(), token)
    if previous is not None and _is_shown(previous, request, view, token):
        return None
    work = Splitter.of(
        crops[0],
        request.foreground,
        request.params,
        image=crops[1],
        spacing=request.spacing,
        ndim=request.ndim,
    )
    found = work.frame((), block_size(work.source), job, open_faces=view.open_faces)
    labels = found.read(Block((0, 0, 0), view.region.shape))
    last = len(found)
    if previous is not None and _goes_on(previous, request, view):
        before = (previous.labels, previous.view.region)
        numbers, last = stable_ids(before, (labels, view.region), len(found), previous.last)
        labels = numbers[labels]
    seeds = np.concatenate(
        [
            np.broadcast_to(np.asarray(view.frame, np.int64), (len(found.seeds), len(view.frame))),
            (found.seeds + np.asarray(view.region.start))[:, -request.ndim :],
        ],
        axis=1,
    )
    return Preview(
        request=request,
        view=view,
        labels=labels,
        sizes=found.size,
        n_found=found.n_found,
        n_above=found.n_above,
        highest=found.highest,
        seeds=seeds,
        last=last,
        seconds=time.perf_counter() - began,
        token=token,
    )


def seed_marks(shown: Preview) -> npt.NDArray[np.uint8]:
    """Draw the seeds of a preview as white balls (2) with a black rim (1).

    Returns
    -------
    ndarray of uint8, shape of the region
    """
    shape = shown.labels.shape
    radius = min(max(round(0.004 * max(shape)), 1), 12)
    spacing = np.ones(3)
    spacing[-len(shown.request.spacing) :] = shown.request.spacing
    reach = np.maximum((radius + 1) * spacing[2] / spacing, 0).astype(int) * (np.array(shape) > 1)
    near = np.stack(np.meshgrid(*(np.arange(-r, r + 1) for r in reach), indexing="ij"), -1)
    near = near.reshape(-1, 3)
    distance = np.sqrt(((near * spacing / spacing[2]) ** 2).sum(axis=1))
    marks = np.zeros(shape, np.uint8)
    ndim = shown.request.ndim
    seeds = np.zeros((len(shown.seeds), 3), np.int64)
    seeds[:, 3 - ndim :] = shown.seeds[:, -ndim:]
    seeds -= shown.view.region.start
    for value, most in ((1, radius + 1), (2, radius)):
        for step in near[distance <= most]:
            place = seeds + step
            inside = ((place >= 0) & (place < shape)).all(axis=1)
            marks[tuple(place[inside].T)] = value
    return marks


def make_whole(
    request: MakingRequest,
    levels: list[npt.NDArray[Any]],
    renew: Callable[[], None] | None,
    job: Job,
) -> WholeObjects:
    """Make the objects of the whole image.

    Parameters
    ----------
    levels : list of ndarray of int32
        Arrays to write, finest first.
    renew : callable, optional
        Fills the coarser levels from the finest.
    """
    from brushwood.objects.splitter import Splitter

    began = time.perf_counter()
    work = Splitter.of(
        request.data,
        request.foreground,
        request.params,
        image=request.image,
        spacing=request.spacing,
        ndim=request.ndim,
    )
    made = work.run(levels[0], job.part(0.0, 0.95))
    if renew is not None:
        renew()
    return WholeObjects(
        request=request,
        levels=levels,
        sizes=made.sizes,
        n_found=made.n_found,
        n_above=made.n_above,
        highest=made.highest,
        fingerprint=fingerprint(levels[0], job.part(0.95, 1.0)),
        seconds=time.perf_counter() - began,
    )


def class_values(data: Any, job: Job) -> tuple[int, ...] | None:
    """Return the values above 0 in a labels image, or None if there are more than can be listed."""
    source = ImageSource.of(data)
    size: Triple = (1, 2048, 2048)
    found: set[int] = set()
    for frame in source.iter_frames():
        for block in iter_blocks(source.shape3, size):
            job.checkpoint(0.0, "Looking for classes")
            values = np.unique(source.read(frame, block.start, block.stop))
            found.update(values[values > 0][: MOST_VALUES + 1].tolist())
            if len(found) > MOST_VALUES:
                return None
    return tuple(sorted(found))


def _crop(data: Any, ndim: int, view: View) -> npt.NDArray[Any]:
    source = ImageSource.of(data, ndim=ndim)
    part = source.read(view.frame, view.region.start, view.region.stop)[0]
    crop: npt.NDArray[Any] = part.reshape(part.shape[-ndim:])
    return crop


def _goes_on(previous: Preview, request: MakingRequest, view: View) -> bool:
    """Whether a preview shows the same frame of the same layer as the one before."""
    before = previous.request
    return (before.key, before.ndim, previous.view.frame) == (request.key, request.ndim, view.frame)


def _is_shown(previous: Preview, request: MakingRequest, view: View, token: int) -> bool:
    before = previous.request
    return (
        (before.key, before.foreground, before.ndim, before.params, before.spacing, before.unit)
        == (
            request.key,
            request.foreground,
            request.ndim,
            request.params,
            request.spacing,
            request.unit,
        )
        and previous.view == view
        and previous.token == token
    )
