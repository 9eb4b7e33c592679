"""Work that turns one input into objects: checked once, then run frame by frame, block by block."""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import inf, nan, prod
from typing import Any

import numpy as np

from brushwood.arrays import ImageSource, Triple
from brushwood.errors import InputError, ShapeMismatchError
from brushwood.jobs import Job
from brushwood.objects.areas import Ints
from brushwood.objects.numbering import Limits
from brushwood.objects.seeds import SeedRule
from brushwood.objects.split_field import Field
from brushwood.objects.split_frame import Desk, FrameObjects, split_frame
from brushwood.objects.split_params import SplitParams
from brushwood.objects.split_store import MemoryShelf
from brushwood.objects.split_write import Target, Writing, check_count, check_out, write
from brushwood.workers import IN_TURN, Workers

#: Pixels of a block when nothing else is asked for.
_BLOCK_PIXELS = 1 << 20
#: Chunks larger than this are read in parts.
_LARGEST_CHUNK = 16 << 20
#: Bytes that parting one connected area may take: ``2G``, ``512M`` or a number.
MEMORY_VARIABLE = "BRUSHWOOD_OBJECT_MEMORY"
_BORDERS = {"keep": 0, "remove": 0b111111, "remove sides": 0b111100}


@dataclass(frozen=True, eq=False, slots=True)
class SplitSummary:
    """What was made.

    Attributes
    ----------
    sizes : ndarray of int64
        Pixels of each object, in the order of their numbers.
    n_found : int
        Objects before sizes and border were looked at.
    n_above : int
        Pixels above the threshold, or of the classes asked for.
    highest : float
        Highest probability, after smoothing; NaN for a class map.
    """

    sizes: Ints
    n_found: int
    n_above: int
    highest: float

    def __len__(self) -> int:
        return len(self.sizes)


@dataclass(frozen=True, eq=False, slots=True)
class Splitter:
    """An input and what is asked of it. Make one with `of`, which checks that they fit.

    Attributes
    ----------
    source : ImageSource
        Class ids or probabilities.
    image : ImageSource or None
        What the landscape comes from, if not from the distance or the probabilities.
    foreground : tuple of int, or None
        Class ids that are objects; None for all but 0.
    params : SplitParams
    spacing : three float
        Size of a pixel along (z, y, x).
    """

    source: ImageSource
    image: ImageSource | None
    foreground: tuple[int, ...] | None
    params: SplitParams
    spacing: tuple[float, float, float]

    @classmethod
    def of(
        cls,
        classes_or_probability: Any,
        foreground: int | Iterable[int] | None,
        params: SplitParams,
        *,
        image: Any = None,
        spacing: Sequence[float] | None = None,
        ndim: int | None = None,
    ) -> "Splitter":
        """Check the input; see `brushwood.objects.split.split_objects` for parameters and errors.

        Nothing is read yet.
        """
        source = ImageSource.of(classes_or_probability, ndim=ndim)
        other = None if image is None else ImageSource.of(image, ndim=source.ndim)
        _check(source, other, params)
        if params.units == "world" and spacing is None:
            raise InputError(
                "Sizes and lengths were given in the unit of the image, but no spacing was. Pass "
                "spacing=(…), the size of a pixel along each axis, or use units='px'."
            )
        uses_image = params.method == "intensity" or (
            params.method == "probability" and source.dtype.kind != "f"
        )
        return cls(
            source,
            other if uses_image else None,
            # A mask has no classes: what is true is an object.
            None if source.dtype.kind == "b" else _class_ids(foreground),
            params,
            _spacing3(spacing, source.ndim),
        )

    @property
    def pixel_size(self) -> float:
        """Area or volume of a pixel in the unit of the spacing."""
        return prod(self.spacing[-self.source.ndim :])

    def frame(
        self,
        frame: tuple[int, ...],
        size: Triple,
        job: Job,
        *,
        open_faces: int = 0,
        desk: Desk | None = None,
    ) -> FrameObjects:
        """Find the objects of one frame.

        Parameters
        ----------
        frame : tuple of int
            Index of the axes before space.
        size : three int
            Shape of a block; the result does not depend on it.
        open_faces : int
            Faces, as bits of `Components.faces`, at which the image goes on although the array
            ends: what touches them is not at the border.
        desk : Desk, optional
            Where and by whom it is worked on. Default: in memory, by the calling thread.
        """
        params, ndim = self.params, self.source.ndim
        # Without a unit, lengths are in pixels of the last axis, and stretched along the others.
        steps = self.spacing
        if params.units == "px":
            steps = (steps[0] / steps[2], steps[1] / steps[2], 1.0)
        field = Field(self.source, self.image, self.foreground, params, steps, frame)
        voxel = self.pixel_size if params.units == "world" else 1.0
        border = _BORDERS[params.border] & (0b111100 if ndim == 2 else 0b111111)
        limits = Limits(
            # Half a thousandth of a pixel forgives rounding in the unit.
            smallest=max(1.0, params.min_size / voxel - 5e-4),
            largest=params.max_size / voxel + 5e-4 if params.max_size else inf,
            hole=params.max_hole / voxel + 5e-4 if params.max_hole else inf,
            border=border & ~open_faces,
            memory=memory_budget(),
        )
        rule = SeedRule(
            height=params.seed_height,
            distance=params.seed_distance,
            smoothing=field.sigma(params.seed_smoothing)[-ndim:],
            spacing=steps[-ndim:],
            full=params.connectivity == "full",
        )
        return split_frame(field, size, limits, rule, desk or Desk(MemoryShelf()), job)

    def run(self, out: Any, job: Job, block: Sequence[int] | None = None) -> SplitSummary:
        """Find the objects of all frames and write them.

        Parameters
        ----------
        out : array-like
            Integers, shape of the input. A frame is written when all its objects are known.
        block : sequence of int, optional
            Size of a block along the spatial axes.
        """
        size = block_size(self.source, block, out)
        return self.run_at(lambda frame: Desk(MemoryShelf(), seeds=False), out, size, size, job)

    def run_at(
        self,
        desk_for: Callable[[tuple[int, ...]], Desk],
        out: Any,
        size: Triple,
        written: Triple,
        job: Job,
        writers: Workers = IN_TURN,
    ) -> SplitSummary:
        """Find the objects of all frames, one after the other, and write them.

        Parameters
        ----------
        desk_for : callable (frame) -> Desk
            Where and by whom a frame is worked on.
        out : array-like
            See `run`.
        size, written : three int
            Shape of a block, and of what is written at once; nothing depends on them.
        writers : Workers
            Who writes.
        """
        source = self.source
        check_out(out, (*source.frames, *source.shape))
        frames = list(source.iter_frames())
        sizes: list[Ints] = []
        last = n_found = n_above = 0
        highest = nan
        for n, frame in enumerate(frames):
            part = job.part(n / len(frames), (n + 1) / len(frames))
            desk = desk_for(frame)
            found = self.frame(frame, size, part.part(0.0, 0.9), desk=desk)
            check_count(last + len(found), out)
            writing = Writing(found.numbered, Target(out, source.ndim), frame, last)
            write(writing, source.shape3, written, writers, part.part(0.9, 1.0))
            last += len(found)
            sizes.append(found.size)
            n_found += found.n_found
            n_above += found.n_above
            highest = float(np.fmax(highest, found.highest))
        job.checkpoint(1.0, "Writing")
        every = np.concatenate([np.zeros(0, np.int64), *sizes])
        return SplitSummary(every, n_found, n_above, highest)


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
        known.append([1] * (3 - source.ndim) + space)
    return [max(sizes) for sizes in zip(*known, strict=True)]


def _spacing3(spacing: Sequence[float] | None, ndim: int) -> tuple[float, float, float]:
    given = (1.0,) * ndim if spacing is None else tuple(float(s) for s in spacing)
    if len(given) != ndim or not all(0 < s < inf for s in given):
        raise InputError(
            f"spacing must be {ndim} positive numbers, one a spatial axis, not {spacing!r}. "
            "Pass the size of a pixel along each axis, or ndim."
        )
    z, y, x = (1.0,) * (3 - ndim) + given
    return z, y, x


def _class_ids(foreground: int | Iterable[int] | None) -> tuple[int, ...] | None:
    if foreground is None:
        return None
    ids = (foreground,) if isinstance(foreground, int | np.integer) else tuple(foreground)
    if not ids or not all(isinstance(i, int | np.integer) for i in ids):
        raise InputError(
            f"foreground must be a class id, several, or None for all but 0, not {foreground!r}."
        )
    return tuple(int(i) for i in ids)


def _check(source: ImageSource, image: ImageSource | None, params: SplitParams) -> None:
    if params.problem:
        raise InputError(params.problem)
    if source.dtype.kind not in "buif":
        raise InputError(
            f"Objects are made from class ids or probabilities, not from {source.dtype}. "
            "Pass whole numbers or floating-point numbers."
        )
    shape = (*source.frames, *source.shape)
    if image is not None and (*image.frames, *image.shape) != shape:
        raise ShapeMismatchError(
            f"image has the shape {(*image.frames, *image.shape)}, but the classes have {shape}. "
            "Pass arrays of one shape."
        )
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
