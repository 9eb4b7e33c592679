"""A fixed sample of an image's pixels, from which intensity constants are measured out of core.

Which pixels belong to the sample follows from the shape of the image alone, never from chunks,
blocks or the kind of array, so that the constants come out the same for all of them. Images of up
to half a million pixels are taken whole; larger ones every k-th pixel; very large ones every k-th
pixel of 256 planar patches spread over frames, planes and space: a lazy stack is not read whole.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import ceil, prod

import numpy as np
import numpy.typing as npt

from brushwood.arrays import AnyArray, ImageSource, Triple
from brushwood.jobs import IDLE, Job

PATCH = 512
MAX_PATCHES = 256
#: Pixels of the sample, a channel.
MAX_PIXELS = 1 << 19
#: Read at once, at most, unless one patch is larger.
_READ_BYTES = 64 << 20
#: Side of the bins whose means tell structure from noise.
BIN = 4


@dataclass(frozen=True, slots=True)
class Patch:
    """A planar box of the image: its frame, and its corners (z, y, x)."""

    frame: tuple[int, ...]
    start: Triple
    stop: Triple


@dataclass(eq=False, slots=True)
class ChannelSample:
    """What is known of one channel.

    Attributes
    ----------
    values : ndarray, shape (n,)
        Pixels on the lattice, stored type.
    differences : ndarray of float32, shape (m,)
        Second differences along rows, a − 2 b + c, of neighbouring pixels.
    bins : ndarray of float32, shape (k,)
        Means of 4 × 4 pixels, without the brightest and the darkest of their rows.
    """

    values: list[AnyArray] = field(default_factory=list)
    differences: list[npt.NDArray[np.float32]] = field(default_factory=list)
    bins: list[npt.NDArray[np.float32]] = field(default_factory=list)


def survey(source: ImageSource, job: Job = IDLE) -> list[ChannelSample]:
    """Sample the pixels of an image.

    Parameters
    ----------
    source : ImageSource
        All its frames count.
    job : Job
        Cancelled between reads.

    Returns
    -------
    list of ChannelSample
        One a channel.
    """
    patches = _patches(source)
    n_pixels = sum(prod(b - a for a, b in zip(p.start, p.stop, strict=True)) for p in patches)
    step = max(1, ceil((n_pixels / MAX_PIXELS) ** 0.5))
    samples = [ChannelSample() for _ in range(source.n_channels)]
    groups = _grouped(source, patches)
    for i, group in enumerate(groups):
        job.checkpoint(i / len(groups), "Measuring intensities")
        for patch, pixels in _read(source, group):
            for channel, sample in enumerate(samples):
                _add(sample, pixels[channel, 0], patch, step)
    return samples


def _add(sample: ChannelSample, plane: AnyArray, patch: Patch, step: int) -> None:
    _, y, x = patch.start
    # The lattice is anchored to the image, and patches start on multiples of 512.
    sample.values.append(plane[-y % step :: step, -x % step :: step].reshape(-1))
    # One band of four rows in every 4 * step serves both measures of noise.
    height, width = (n // BIN * BIN for n in plane.shape)
    bands = plane[:height].reshape(height // BIN, BIN, plane.shape[1])[::step]
    bands = bands.astype(np.float32)
    rows = bands[:, 0]
    with np.errstate(invalid="ignore", over="ignore"):
        sample.differences.append((rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:]).reshape(-1))
        parts = bands[:, :, :width].reshape(bands.shape[0], BIN, width // BIN, BIN).mean(axis=3)
        # The two middle rows of each bin: a hot pixel is no structure.
        middle = np.sort(parts, axis=1)[:, 1:3].mean(axis=1)
    sample.bins.append(middle.reshape(-1))


def _patches(source: ImageSource) -> list[Patch]:
    """Choose the patches: all of them, or one from each of 256 equal parts of their sequence."""
    nz, ny, nx = source.shape3
    counts = (*source.frames, nz, ceil(ny / PATCH), ceil(nx / PATCH))
    total = prod(counts)
    chosen: Iterator[int] = iter(range(total))
    if total > MAX_PATCHES:
        chosen = (_pick(i, total) for i in range(MAX_PATCHES))
    patches = []
    for position in chosen:
        *frame, z, row, column = (int(i) for i in np.unravel_index(position, counts))
        y, x = row * PATCH, column * PATCH
        stop = (z + 1, min(y + PATCH, ny), min(x + PATCH, nx))
        patches.append(Patch(tuple(frame), (z, y, x), stop))
    return patches


def _pick(part: int, total: int) -> int:
    """Return a position in one of 256 parts, scattered so that no column of patches is missed."""
    first, last = part * total // MAX_PATCHES, (part + 1) * total // MAX_PATCHES
    return first + (part * 2654435761 & 0xFFFFFFFF) % (last - first)


def _grouped(source: ImageSource, patches: list[Patch]) -> list[list[Patch]]:
    """Collect patches that lie in the same chunk, which is then read once."""
    chunks = source.chunks3 or source.shape3
    groups = defaultdict(list)
    for patch in patches:
        key = tuple(a // max(1, c) for a, c in zip(patch.start, chunks, strict=True))
        groups[patch.frame, key].append(patch)
    return list(groups.values())


def _read(source: ImageSource, group: list[Patch]) -> Iterator[tuple[Patch, AnyArray]]:
    """Yield patches and their pixels (C, 1, Y, X), read together where that is not too much."""
    low = np.min([p.start for p in group], axis=0)
    high = np.max([p.stop for p in group], axis=0)
    size = int(np.prod(high - low)) * source.n_channels * source.dtype.itemsize
    together = None
    if size <= _READ_BYTES or isinstance(source.data, np.ndarray):
        together = source.read(group[0].frame, low.tolist(), high.tolist())
    for patch in group:
        if together is None:
            yield patch, source.read(patch.frame, patch.start, patch.stop)
            continue
        z, y, x = (
            slice(a - o, b - o)
            for a, b, o in zip(patch.start, patch.stop, low.tolist(), strict=True)
        )
        yield patch, together[:, z, y, x]
