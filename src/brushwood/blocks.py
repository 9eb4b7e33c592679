"""Blocks of an image: the grid that work goes over, and how large a block may be."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import ceil, prod
from typing import Literal

from brushwood.arrays import Triple

#: Pixels of a block that keep a CPU's caches warm, and that keep a GPU busy, measured in
#: benchmarks/RESULTS.md.
_BEST_PIXELS = {"cpu": 512 * 512, "gpu": 4096 * 4096}
#: Rows of a block start on multiples of this many pixels, so that vectors stay whole.
_STEP = 16
_SMALLEST = (1, 8, 16)


@dataclass(frozen=True, slots=True, order=True)
class Block:
    """A box of pixels, from `start` to before `stop`, both (z, y, x)."""

    start: Triple
    stop: Triple

    @property
    def shape(self) -> Triple:
        """Size along (z, y, x)."""
        (a, b, c), (d, e, f) = self.start, self.stop
        return d - a, e - b, f - c

    @property
    def n_pixels(self) -> int:
        """Number of pixels."""
        return prod(self.shape)

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        """Index of the block in an array of shape (Z, Y, X)."""
        z, y, x = (slice(a, b) for a, b in zip(self.start, self.stop, strict=True))
        return z, y, x

    def grown(self, margin: Sequence[int], shape: Triple) -> "Block":
        """Return the block with `margin` more pixels a side, cut at an image of `shape`."""
        low = tuple(max(0, a - m) for a, m in zip(self.start, margin, strict=True))
        high = tuple(min(n, b + m) for b, m, n in zip(self.stop, margin, shape, strict=True))
        return Block((low[0], low[1], low[2]), (high[0], high[1], high[2]))

    def overlap(self, other: "Block") -> "Block | None":
        """Return the pixels that two blocks share, or None."""
        low = tuple(map(max, self.start, other.start))
        high = tuple(map(min, self.stop, other.stop))
        if any(a >= b for a, b in zip(low, high, strict=True)):
            return None
        return Block((low[0], low[1], low[2]), (high[0], high[1], high[2]))

    def within(self, outer: "Block") -> tuple[slice, slice, slice]:
        """Index of this block in an array that holds `outer`."""
        z, y, x = (
            slice(a - o, b - o) for a, b, o in zip(self.start, self.stop, outer.start, strict=True)
        )
        return z, y, x


def whole(shape: Triple) -> Block:
    """Return the block that covers an image of `shape`."""
    return Block((0, 0, 0), shape)


def iter_blocks(shape: Triple, size: Triple) -> Iterator[Block]:
    """Yield blocks of at most `size` that cover `shape`, row by row."""
    yield from blocks_in(whole(shape), size)


def blocks_in(region: Block, size: Triple) -> Iterator[Block]:
    """Yield blocks of at most `size` that cover a region exactly, row by row."""
    axes = [range(a, b, s) for a, b, s in zip(region.start, region.stop, size, strict=True)]
    for z, y, x in product(*axes):
        stop = tuple(min(p + s, b) for p, s, b in zip((z, y, x), size, region.stop, strict=True))
        yield Block((z, y, x), (stop[0], stop[1], stop[2]))


def blocks_over(region: Block, size: Triple, shape: Triple) -> Iterator[Block]:
    """Yield the blocks of the image's grid that touch a region, uncut.

    Parameters
    ----------
    region : Block
    size, shape : three int
        Grid step and image shape. The grid starts at pixel (0, 0, 0).
    """
    axes = [
        range(a // s * s, b, s) for a, b, s in zip(region.start, region.stop, size, strict=True)
    ]
    for z, y, x in product(*axes):
        stop = tuple(min(p + s, n) for p, s, n in zip((z, y, x), size, shape, strict=True))
        yield Block((z, y, x), (stop[0], stop[1], stop[2]))


def from_centre(blocks: Iterable[Block], centre: Sequence[float]) -> list[Block]:
    """Order blocks by the distance of their middle from `centre`, nearest first."""

    def distance(block: Block) -> float:
        middle = ((a + b) / 2 for a, b in zip(block.start, block.stop, strict=True))
        return sum((m - c) ** 2 for m, c in zip(middle, centre, strict=True))

    return sorted(blocks, key=lambda block: (distance(block), block))


def choose_block_size(
    shape: Triple,
    halo: Sequence[int],
    bytes_per_pixel: float,
    budget_bytes: float,
    kind: Literal["cpu", "gpu"] = "cpu",
    bytes_per_padded: float = 64,
) -> Triple:
    """Choose the block that suits the device and fits the memory budget with its halo.

    The block is cut along the axis where halves cost least extra halo, until it has at most the
    number of pixels that suits the device and its padded size fits the budget; blocks are then made
    equal along each axis, so that none is a sliver.

    Parameters
    ----------
    shape : three int
        Image shape (Z, Y, X).
    halo : three int
        Pixels needed beyond each side.
    bytes_per_pixel : float
        Device memory that one pixel of a block needs: its features and results.
    budget_bytes : float
        Memory that one block may take.
    kind : {"cpu", "gpu"}
    bytes_per_padded : float
        Device memory that one pixel of the block with its halo needs: input and intermediates.

    Returns
    -------
    three int
        At least 1 × 8 × 16, or the image where it is smaller, even if the budget says less.
    """
    size = list(shape)
    while prod(size) > _BEST_PIXELS[kind] or budget_bytes < (
        prod(size) * bytes_per_pixel
        + prod(s + 2 * h for s, h in zip(size, halo, strict=True)) * bytes_per_padded
    ):
        axis = _axis_to_cut(size, halo)
        if axis is None:
            break
        size[axis] = ceil(size[axis] / 2)
    return _evened(shape, size)


def halved(size: Triple) -> Triple | None:
    """Return a block of half the size, or None when it is at the minimum already."""
    axis = _axis_to_cut(size, (0, 0, 0))
    if axis is None:
        return None
    out = list(size)
    out[axis] = ceil(out[axis] / 2)
    return out[0], out[1], out[2]


def _axis_to_cut(size: Sequence[int], halo: Sequence[int]) -> int | None:
    """Return the axis along which a cut adds the smallest share of halo."""
    possible = [axis for axis in range(3) if size[axis] > _SMALLEST[axis]]
    # Ties, a square plane for instance, go to the slowest axis: rows stay long.
    return min(possible, key=lambda axis: (halo[axis] / size[axis], -size[axis]), default=None)


def _evened(shape: Triple, size: Sequence[int]) -> Triple:
    out = []
    for axis in range(3):
        parts = ceil(shape[axis] / size[axis])
        even = ceil(shape[axis] / parts)
        step = _STEP if axis == 2 and parts > 1 else 1
        out.append(min(shape[axis], ceil(even / step) * step))
    return out[0], out[1], out[2]
