"""Objects from a class map or a probability map, of any size, in pieces that touch or not."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import inf, prod
from typing import Any

import numpy as np

from brushwood.arrays import ImageSource, Triple
from brushwood.blocks import iter_blocks
from brushwood.errors import InputError, ShapeMismatchError
from brushwood.jobs import IDLE, Job
from brushwood.objects.seeds import SeedRule
from brushwood.objects.split_field import Field
from brushwood.objects.split_frame import FrameObjects, Limits, split_frame
from brushwood.objects.split_params import Method, SplitParams

#: Pixels of a block when nothing else is asked for.
_BLOCK_PIXELS = 1 << 20
#: Chunks larger than this are read in parts.
_LARGEST_CHUNK = 16 << 20
#: Bytes that parting one connected area may take: ``2G``, ``512M`` or a number.
MEMORY_VARIABLE = "BRUSHWOOD_OBJECT_MEMORY"


def split_objects(
    classes_or_probability: Any,
    foreground: int | Iterable[int] | None = 2,
    method: Method | None = None,
    *,
    image: Any = None,
    params: SplitParams | None = None,
    spacing: Sequence[float] | None = None,
    ndim: int | None = None,
    block: Sequence[int] | None = None,
    out: Any = None,
    job: Job = IDLE,
    **options: Any,
) -> Any:
    """Turn a class map or a probability map into objects, each with a number of its own.

    Parameters
    ----------
    classes_or_probability : array-like, shape (…frames, Y, X) or (…frames, Z, Y, X)
        Whole numbers are class ids (or labels), floating-point numbers are the probability of the
        objects' class, 0 to 1; NaN counts as 0. NumPy, dask, zarr or a multiscale pyramid.
    foreground : int, iterable of int, or None
        Class ids that are objects; None for all but 0. A probability map does not need it.
    method : str, optional
        `SplitParams.method`. Default: that of `params`, else "components".
    image : array-like, same shape, optional
        What ``method="intensity"`` (or "probability", on a class map) finds peaks in.
    params : SplitParams, optional
    spacing : sequence of float, optional
        Size of a pixel along the spatial axes. Distances, smoothing and, with ``units="world"``,
        sizes follow it. Default: 1.
    ndim : {2, 3}, optional
        Spatial dimensions; axes before them are frames, each worked on by itself. Default: all
        axes, at most 3.
    block : sequence of int, optional
        Size of a block along the spatial axes. The result does not depend on it.
    out : array-like, same shape, optional
        Integer array that is written by slices, for results larger than memory. Nothing is written
        to a frame before all its objects are known.
    job : Job
    **options
        Fields of `SplitParams` that differ from `params`.

    Returns
    -------
    ndarray of int32, or `out`
        0 is background; objects are 1, 2, … in the order of their first pixels, frame after frame,
        without gaps, so that no number occurs in two frames.

    Raises
    ------
    InputError
        If parameters or arrays do not fit, or one connected area is too large to be parted.
    ShapeMismatchError
        If `image` or `out` differ in shape.

    Notes
    -----
    1. Mask: pixels of the foreground classes, or ``probability >= threshold`` after smoothing.
    2. Holes, if asked for: background that does not reach the frame's border through faces of
       pixels, as `scipy.ndimage.binary_fill_holes`.
    3. Connected areas. Hysteresis keeps those that hold a pixel ``>= core`` (Canny 1986).
    4. Watershed (Beucher and Lantuéjoul 1979) of each area by itself, from seeds at peaks of the
       distance to the background, the image or the probability; see `brushwood.objects.seeds`.
    5. Size range and border rule, on finished objects.

    Examples
    --------
    >>> labels = split_objects(classes, foreground=2, method="distance", min_size=20)
    """
    chosen = replace(params or SplitParams(), **options)
    if method is not None:
        chosen = replace(chosen, method=method)
    source = ImageSource.of(classes_or_probability, ndim=ndim)
    image_source = None if image is None else ImageSource.of(image, ndim=source.ndim)
    _check(source, image_source, chosen, out)
    if chosen.method != "intensity" and source.dtype.kind == "f":
        image_source = None  # the probabilities themselves have peaks
    steps = spacing3(spacing, source.ndim)
    if chosen.units == "world" and spacing is None:
        raise InputError(
            "Sizes and lengths were given in the unit of the image, but no spacing was. Pass "
            "spacing=(…), the size of a pixel along each axis, or use units='px'."
        )
    ids = _class_ids(foreground)
    size = block_size(source, block, out)
    target = np.zeros((*source.frames, *source.shape), np.int32) if out is None else out
    last = 0
    frames = list(source.iter_frames())
    for n, frame in enumerate(frames):
        part = job.part(n / len(frames), (n + 1) / len(frames))
        found = frame_objects(source, image_source, frame, ids, chosen, steps, size, part)
        last += _write(found, target, frame, size, last, source, part.part(0.9, 1.0))
    return target


def frame_objects(
    source: ImageSource,
    image: ImageSource | None,
    frame: tuple[int, ...],
    foreground: tuple[int, ...] | None,
    params: SplitParams,
    spacing: tuple[float, float, float],
    size: Triple,
    job: Job,
    *,
    open_faces: int = 0,
) -> FrameObjects:
    """Find the objects of one frame.

    Parameters
    ----------
    open_faces : int
        Faces, as bits, at which the image goes on although the array ends: what touches them is
        not at the border.
    """
    flat = source.ndim == 2
    # Without a unit, lengths are in pixels of the last axis, and stretched along the others.
    steps = spacing
    if params.units == "px":
        steps = (spacing[0] / spacing[2], spacing[1] / spacing[2], 1.0)
    field = Field(source, image, foreground, params, steps, frame)
    voxel = 1.0
    if params.units == "world":
        voxel = prod(spacing[1:]) if flat else prod(spacing)
    border = {"keep": 0, "remove": 0b111111, "remove sides": 0b111100}[params.border]
    if flat:
        border &= 0b111100
    limits = Limits(
        smallest=max(1.0, params.min_size / voxel),
        largest=params.max_size / voxel if params.max_size else inf,
        border=border & ~open_faces,
        memory=memory_budget(),
    )
    rule = SeedRule(
        height=params.seed_height,
        distance=params.seed_distance,
        smoothing=field.sigma(params.seed_smoothing)[-source.ndim :],
        spacing=steps[-source.ndim :],
        full=params.connectivity == "full",
    )
    return split_frame(field, size, limits, rule, job)


def spacing3(spacing: Sequence[float] | None, ndim: int) -> tuple[float, float, float]:
    """Return the size of a pixel along (z, y, x), 1 where it is not known."""
    given = (1.0,) * ndim if spacing is None else tuple(float(s) for s in spacing)
    if len(given) != ndim or not all(0 < s < inf for s in given):
        raise InputError(
            f"spacing must be {ndim} positive numbers, one a spatial axis, not {spacing!r}. "
            "Pass the size of a pixel along each axis, or ndim."
        )
    z, y, x = (1.0,) * (3 - ndim) + given
    return z, y, x


def memory_budget() -> float:
    """Return how many bytes parting one area may take: half of the memory, or what is set."""
    text = os.environ.get(MEMORY_VARIABLE, "").strip().upper()
    if text:
        number, unit = (text[:-1], text[-1]) if text[-1] in "KMGT" else (text, "")
        try:
            return float(number) * 1024.0 ** " KMGT".index(unit or " ")
        except ValueError:
            raise InputError(
                f"{MEMORY_VARIABLE} must be a size such as 2G or 512M, not {text!r}."
            ) from None
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2)
    except (AttributeError, ValueError, OSError):  # not on this system
        return 4.0 * 2**30


def _check(source: ImageSource, image: ImageSource | None, params: SplitParams, out: Any) -> None:
    if source.dtype.kind not in "buif":
        raise InputError(
            f"Objects are made from class ids or probabilities, not from {source.dtype}. "
            "Pass whole numbers or floating-point numbers."
        )
    shape = (*source.frames, *source.shape)
    shapes = {} if image is None else {"image": (*image.frames, *image.shape)}
    if out is not None:
        shapes["out"] = tuple(out.shape)
    for name, other in shapes.items():
        if other != shape:
            raise ShapeMismatchError(
                f"{name} has the shape {other}, but the classes have {shape}. "
                "Pass arrays of one shape."
            )
    if out is not None and np.dtype(out.dtype).kind not in "iu":
        raise InputError(f"out must hold whole numbers, int32 for instance, not {out.dtype}.")
    probable = source.dtype.kind == "f"
    if params.method == "hysteresis" and not probable:
        raise InputError(
            "Hysteresis needs a probability map, floating-point numbers from 0 to 1, but class ids "
            f"came ({source.dtype}). Pass the class's probability, or choose another method."
        )
    if (params.method == "intensity" or (params.method == "probability" and not probable)) and (
        image is None
    ):
        raise InputError(
            f"Splitting by {params.method} needs an image to find peaks in. Pass image=…, or "
            "choose method='distance'."
        )


def _class_ids(foreground: int | Iterable[int] | None) -> tuple[int, ...] | None:
    if foreground is None:
        return None
    ids = (foreground,) if isinstance(foreground, int | np.integer) else tuple(foreground)
    if not ids or not all(isinstance(i, int | np.integer) for i in ids):
        raise InputError(
            f"foreground must be a class id, several, or None for all but 0, not {foreground!r}."
        )
    return tuple(int(i) for i in ids)


def block_size(source: ImageSource, block: Sequence[int] | None = None, out: Any = None) -> Triple:
    """Return the block that is asked for, or one that is quick: whole chunks, about a megapixel."""
    shape = source.shape3
    if block is not None:
        if len(block) != source.ndim or not all(isinstance(n, int) and n > 0 for n in block):
            raise InputError(f"block must be {source.ndim} positive whole numbers, not {block!r}.")
        given = [1] * (3 - source.ndim) + list(block)
    else:
        given = _chunks(source, out)
        if prod(given) > _LARGEST_CHUNK:
            given = [1, 16, 16]
        while 2 * prod(given) <= _BLOCK_PIXELS:
            short = [axis for axis in range(3) if given[axis] < shape[axis]]
            if not short:
                break
            given[min(short, key=lambda axis: (given[axis], -axis))] *= 2
    z, y, x = (max(1, min(n, g)) for n, g in zip(shape, given, strict=True))
    return z, y, x


def _chunks(source: ImageSource, out: Any) -> list[int]:
    """Return what is read and written at once, so that little is decoded or encoded twice."""
    known: list[Sequence[int]] = [source.chunks3 or (1, 16, 16)]
    theirs = getattr(out, "chunks", None)
    if theirs and len(theirs) == len(out.shape):
        space = [int(c) for c in theirs[-source.ndim :]]
        known.append((1, *space) if source.ndim == 2 else tuple(space))
    return [max(sizes) for sizes in zip(*known, strict=True)]


def _write(
    found: FrameObjects,
    target: Any,
    frame: tuple[int, ...],
    size: Triple,
    last: int,
    source: ImageSource,
    job: Job,
) -> int:
    """Write a frame's objects with numbers after `last`, and return how many there are."""
    if last + len(found) > np.iinfo(target.dtype).max:
        raise InputError(
            f"There are {last + len(found):,} objects, more than {target.dtype} can number. "
            "Pass an out of a larger type, or ask for larger objects."
        )
    blocks = list(iter_blocks(source.shape3, size))
    for n, block in enumerate(blocks):
        job.checkpoint(n / len(blocks), "Writing")
        ids = found.read(block)
        ids = np.where(ids > 0, ids + np.int32(last), 0).astype(target.dtype, copy=False)
        index = (*frame, *block.slices[-source.ndim :])
        target[index] = ids.reshape(ids.shape[-source.ndim :])
    return len(found)
