"""The work of *Make objects*, for a thread: previews, whole images, and what is worth knowing."""

import tempfile
import time
import zlib
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from brushwood.arrays import ImageSource, Triple
from brushwood.blocks import Block, iter_blocks
from brushwood.jobs import Job
from brushwood.session.freshness import fingerprint
from brushwood.session.objects_stable import stable_ids
from brushwood.session.objects_work import MakingRequest, Preview, View, WholeObjects
from brushwood.session.pyramid import Pyramid

if TYPE_CHECKING:
    from brushwood.objects.splitter import SplitSummary, Splitter

#: More class ids than this are not listed: the layer holds objects, not classes.
MOST_VALUES = 32
#: Images of more pixels are worked on in parts, so that memory stays bounded.
LARGE_PIXELS = 64 << 20
_BLOCK: Triple = (1, 2048, 2048)


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
    crops = _crops(request, view, previous)
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
        crops=crops,
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
    before: Callable[[int], None] | None,
    job: Job,
) -> WholeObjects:
    """Make the objects of the whole image; a large one is worked on in parts.

    Parameters
    ----------
    levels : list of ndarray of int32
        Arrays to write, finest first.
    before : callable, optional
        Called with the number of bytes before each write; see `Pyramid`.
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
    made = _split(work, Pyramid(levels, before), job.part(0.0, 0.9))
    return WholeObjects(
        request=request,
        levels=levels,
        sizes=made.sizes,
        n_found=made.n_found,
        n_above=made.n_above,
        highest=made.highest,
        blank=blank_share(request.written, job.part(0.9, 0.95)),
        fingerprint=fingerprint(levels[0], job.part(0.95, 1.0)),
        seconds=time.perf_counter() - began,
    )


def _split(work: "Splitter", out: Pyramid, job: Job) -> "SplitSummary":
    if prod(out.shape) <= LARGE_PIXELS:
        return work.run(out, job)
    from brushwood.objects.parts import split_in_parts

    # What is found on the way stands in files: memory does not grow with the image.
    with tempfile.TemporaryDirectory(prefix="brushwood-") as folder:
        return split_in_parts(work, out, scratch=Path(folder), job=job)


def blank_share(arrays: tuple[Any, ...], job: Job) -> float:
    """Return the share of pixels at which all arrays hold 0; 0 without arrays."""
    if not arrays:
        return 0.0
    sources = [ImageSource.of(array) for array in arrays]
    first = sources[0]
    blocks = list(iter_blocks(first.shape3, _BLOCK))
    blank = total = 0
    for frame in first.iter_frames():
        for block in blocks:
            job.checkpoint(0.0, "Looking for what is not classified yet")
            empty = np.ones(block.shape, bool)
            for source in sources:
                if not empty.any():
                    break
                empty &= source.read(frame, block.start, block.stop)[0] == 0
            blank += int(empty.sum())
            total += block.n_pixels
    return blank / total


def class_values(data: Any, job: Job) -> tuple[int, ...] | None:
    """Return the values above 0 in a labels image, or None if there are more than can be listed."""
    source = ImageSource.of(data)
    found: set[int] = set()
    for frame in source.iter_frames():
        for block in iter_blocks(source.shape3, _BLOCK):
            job.checkpoint(0.0, "Looking for classes")
            values = np.unique(source.read(frame, block.start, block.stop))
            found.update(values[values > 0][: MOST_VALUES + 1].tolist())
            if len(found) > MOST_VALUES:
                return None
    return tuple(sorted(found))


def _crops(
    request: MakingRequest, view: View, previous: Preview | None
) -> tuple[npt.NDArray[Any] | None, ...]:
    """Read what is in view; what is computed when it is read, dask, is not computed again."""
    known: dict[int, npt.NDArray[Any] | None] = {}
    if previous is not None and previous.view == view and previous.request.ndim == request.ndim:
        before = (previous.request.data, previous.request.image)
        known = {id(a): crop for a, crop in zip(before, previous.crops, strict=True)}
    crops: list[npt.NDArray[Any] | None] = []
    for array in (request.data, request.image):
        if hasattr(array, "dask") and id(array) in known:
            crops.append(known[id(array)])
        else:
            crops.append(None if array is None else _crop(array, request.ndim, view))
    return tuple(crops)


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
