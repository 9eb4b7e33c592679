"""Footprints: the pixels that an object covers, kept apart from the label image they came from."""

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.errors import InputError
from brushwood.jobs import IDLE, Job

#: Pixels of a label image that are looked at together.
_BLOCK = 1 << 22
_NEAR = 32

#: An object: its frame and its label.
Key = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Footprint:
    """Where an object is: a small mask and its place.

    Attributes
    ----------
    frame : int
        Number of the frame, counted in C order over the axes before space; 0 without frames.
    start, shape : tuple of int
        First pixel and size of the mask along the spatial axes.
    packed : bytes
        The mask as bits, in C order (`numpy.packbits`).
    n_pixels : int
        Pixels that are set.
    """

    frame: int
    start: tuple[int, ...]
    shape: tuple[int, ...]
    packed: bytes
    n_pixels: int

    @classmethod
    def of(cls, frame: int, start: tuple[int, ...], mask: npt.NDArray[np.bool_]) -> "Footprint":
        """Pack a mask, cut to the pixels that are set.

        Raises
        ------
        InputError
            If no pixel is set.
        """
        box = _box(mask)
        if box is None:
            raise InputError(
                "An object without pixels has no footprint. Choose a label that occurs."
            )
        cut = mask[box]
        at = tuple(int(a + s.start) for a, s in zip(start, box, strict=True))
        return cls(int(frame), at, cut.shape, np.packbits(cut).tobytes(), int(cut.sum()))

    @property
    def stop(self) -> tuple[int, ...]:
        """One past the last pixel along the spatial axes."""
        return tuple(a + n for a, n in zip(self.start, self.shape, strict=True))

    @property
    def mask(self) -> npt.NDArray[np.bool_]:
        """The mask, bool of `shape`."""
        bits = np.unpackbits(np.frombuffer(self.packed, np.uint8), count=math.prod(self.shape))
        return bits.reshape(self.shape).astype(bool)

    @property
    def centre(self) -> tuple[float, ...]:
        """Mean position of its pixels along the spatial axes."""
        where = np.nonzero(self.mask)
        return tuple(float(a + w.mean()) for a, w in zip(self.start, where, strict=True))

    def overlap(self, other: "Footprint") -> int:
        """Return how many pixels two footprints share."""
        if self.frame != other.frame or len(self.start) != len(other.start):
            return 0
        low = tuple(map(max, self.start, other.start))
        high = tuple(map(min, self.stop, other.stop))
        if any(a >= b for a, b in zip(low, high, strict=True)):
            return 0
        return int((self.within(low, high) & other.within(low, high)).sum())

    def within(self, low: tuple[int, ...], high: tuple[int, ...]) -> npt.NDArray[np.bool_]:
        """Return the part of the mask in a box that lies inside its own."""
        box = tuple(slice(a - s, b - s) for a, b, s in zip(low, high, self.start, strict=True))
        return self.mask[box]


class LabelView:
    """A label image read frame by frame and box by box.

    Parameters
    ----------
    labels : array-like of int, shape (…frames, space)
        NumPy, dask or zarr, or a pyramid of these; 0 is background.
    ndim : int, optional
        Number of spatial axes. Default: all, at most the last 3.

    Raises
    ------
    InputError
        If it does not hold whole numbers, or has fewer axes than `ndim`.
    """

    def __init__(self, labels: Any, ndim: int | None = None) -> None:
        if isinstance(labels, Sequence) and labels and hasattr(labels[0], "shape"):
            labels = labels[0]  # a pyramid: its first level has all pixels
        data = labels if hasattr(labels, "shape") else np.asarray(labels)
        dtype = np.dtype(data.dtype)
        if dtype.kind not in "iu":
            raise InputError(
                f"Labels must be whole numbers, one an object and 0 for background, not {dtype}. "
                "Convert the layer to labels, or make objects from classes first."
            )
        ndim = min(data.ndim, 3) if ndim is None else ndim
        if not 1 <= ndim <= data.ndim:
            raise InputError(
                f"Labels of shape {tuple(data.shape)} do not have {ndim} spatial axes. Give the "
                "label image that belongs to the marks."
            )
        self._data = data
        self.ndim = ndim
        self.frames: tuple[int, ...] = tuple(int(n) for n in data.shape[: data.ndim - ndim])
        self.shape: tuple[int, ...] = tuple(int(n) for n in data.shape[data.ndim - ndim :])

    @property
    def n_frames(self) -> int:
        """Number of frames, 1 without frames."""
        return math.prod(self.frames)

    def read(
        self, frame: int, start: tuple[int, ...], stop: tuple[int, ...]
    ) -> npt.NDArray[np.integer[Any]]:
        """Return a box of one frame in memory."""
        return np.asarray(self._data[self.index(frame, start, stop)])

    def index(self, frame: int, start: tuple[int, ...], stop: tuple[int, ...]) -> tuple[Any, ...]:
        """Return the index of a box of one frame in the array."""
        at = np.unravel_index(frame, self.frames) if self.frames else ()
        index: list[Any] = [int(i) for i in at]
        index += [slice(a, b) for a, b in zip(start, stop, strict=True)]
        return tuple(index)

    def blocks(self) -> Iterator[tuple[int, tuple[int, ...], tuple[int, ...]]]:
        """Yield frame, start and stop of boxes that cover the image."""
        step = _steps(self.shape)
        corners = [range(0, n, s) for n, s in zip(self.shape, step, strict=True)]
        for frame in range(self.n_frames):
            for start in product(*corners):
                ends = (min(a + s, n) for a, s, n in zip(start, step, self.shape, strict=True))
                yield frame, start, tuple(ends)

    def split(self, position: tuple[float, ...]) -> tuple[int, tuple[int, ...]]:
        """Take a position in the array apart into frame and the pixel in space."""
        whole = tuple(int(np.floor(p + 0.5)) for p in position)
        lead = len(self.frames)
        size = (*self.frames, *self.shape)
        if len(whole) != len(size) or any(not 0 <= w < n for w, n in zip(whole, size, strict=True)):
            raise InputError(
                f"The position {position} is not inside labels of shape {size}. Click on an object."
            )
        frame = int(np.ravel_multi_index(whole[:lead], self.frames)) if lead else 0
        return frame, whole[lead:]


def footprints(
    view: LabelView, wanted: Collection[int] | None = None, job: Job = IDLE
) -> dict[Key, Footprint]:
    """Find where objects are, in one pass over the labels.

    Parameters
    ----------
    view : LabelView
    wanted : collection of int, optional
        Labels to look for; all by default.
    job : Job

    Returns
    -------
    dict of (frame, label) to Footprint
        A label that occurs in several frames has one footprint in each.
    """
    sought = None if wanted is None else np.unique(np.asarray(sorted(wanted), np.int64))
    pieces: dict[Key, list[tuple[tuple[int, ...], npt.NDArray[np.bool_]]]] = {}
    if sought is not None and not sought.size:
        return {}
    boxes = list(view.blocks())
    for number, (frame, start, stop) in enumerate(boxes):
        job.checkpoint(number / len(boxes), "Finding objects")
        block = view.read(frame, start, stop)
        for label, box, mask in _objects(block, sought):
            at = tuple(a + s.start for a, s in zip(start, box, strict=True))
            pieces.setdefault((frame, label), []).append((at, mask))
    return {key: _joined(key[0], parts) for key, parts in sorted(pieces.items())}


def footprint_at(view: LabelView, label: int, position: tuple[float, ...]) -> tuple[int, Footprint]:
    """Return the frame and the footprint of the object at a position, reading only around it.

    Parts of the object that lie apart are found as far as the box read reaches.

    Raises
    ------
    InputError
        If the position is outside, or holds another label.
    """
    frame, pixel = view.split(position)
    reach = _NEAR
    while True:
        low = tuple(max(0, p - reach) for p in pixel)
        high = tuple(min(n, p + reach + 1) for p, n in zip(pixel, view.shape, strict=True))
        mask = view.read(frame, low, high) == label
        if not mask[tuple(p - a for p, a in zip(pixel, low, strict=True))]:
            raise InputError(
                f"The pixel {pixel} of frame {frame} does not belong to object {label}. The labels "
                "may have changed: click again."
            )
        if not touches(mask, low, high, view.shape):
            return frame, Footprint.of(frame, low, mask)
        reach *= 2


def size_of(view: LabelView, frame: int, label: int, low: Any, high: Any, limit: int) -> int:
    """Return an object's size, reading outwards from a box; stops counting beyond `limit`."""
    while True:
        mask = view.read(frame, low, high) == label
        n = int(mask.sum())
        if n > limit or not touches(mask, low, high, view.shape):
            return n
        sizes = [max(8, b - a) for a, b in zip(low, high, strict=True)]
        low = tuple(max(0, a - s) for a, s in zip(low, sizes, strict=True))
        high = tuple(min(n, b + s) for b, s, n in zip(high, sizes, view.shape, strict=True))


def touches(mask: npt.NDArray[np.bool_], low: Any, high: Any, shape: tuple[int, ...]) -> bool:
    """Whether set pixels lie on a side of a box behind which the image goes on."""
    for axis, (a, b, n) in enumerate(zip(low, high, shape, strict=True)):
        if a > 0 and mask.take(0, axis).any():
            return True
        if b < n and mask.take(-1, axis).any():
            return True
    return False


def _steps(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the size of blocks: whole rows, then planes, as far as the memory allowed reaches."""
    room, steps = _BLOCK, []
    for n in reversed(shape):
        step = max(1, min(n, room))
        steps.append(step)
        room = max(1, room // step)
    return tuple(reversed(steps))


def _objects(
    block: npt.NDArray[np.integer[Any]], sought: npt.NDArray[np.int64] | None
) -> Iterator[tuple[int, tuple[slice, ...], npt.NDArray[np.bool_]]]:
    """Yield label, box and mask of each object in a block."""
    from scipy import ndimage

    if sought is None:
        found, compact = np.unique(block, return_inverse=True)
        compact = compact.reshape(block.shape)
        shift = 0 if found.size and found[0] > 0 else 1
        # find_objects counts from one and passes over zero, the background here.
        compact, found = compact + (1 - shift), found[shift:]
    else:
        # Compared as int64, because uint64 and a negative label have no common integer type.
        values = block.astype(np.int64, copy=False)
        at = np.minimum(np.searchsorted(sought, values), len(sought) - 1)
        compact = np.where(sought[at] == values, at + 1, 0)
        found = sought
    for number, box in enumerate(ndimage.find_objects(compact), 1):
        if box is not None and found[number - 1] > 0:
            yield int(found[number - 1]), box, compact[box] == number


def _joined(frame: int, parts: list[tuple[tuple[int, ...], npt.NDArray[np.bool_]]]) -> Footprint:
    if len(parts) == 1:
        return Footprint.of(frame, *parts[0])
    low = tuple(min(start[k] for start, _ in parts) for k in range(len(parts[0][0])))
    high = [max(start[k] + mask.shape[k] for start, mask in parts) for k in range(len(low))]
    whole = np.zeros([b - a for a, b in zip(low, high, strict=True)], bool)
    for start, mask in parts:
        box = tuple(slice(s - a, s - a + n) for s, a, n in zip(start, low, mask.shape, strict=True))
        whole[box] |= mask
    return Footprint.of(frame, low, whole)


def _box(mask: npt.NDArray[np.bool_]) -> tuple[slice, ...] | None:
    box = []
    for axis in range(mask.ndim):
        others = tuple(k for k in range(mask.ndim) if k != axis)
        hit = np.flatnonzero(mask.any(axis=others))
        if not hit.size:
            return None
        box.append(slice(int(hit[0]), int(hit[-1]) + 1))
    return tuple(box)
