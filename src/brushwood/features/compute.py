"""The feature stack of one block, computed on an OpenCL device."""

import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from brushwood.arrays import Triple
from brushwood.errors import DeviceMemoryError, InputError, ShapeMismatchError
from brushwood.features.host import host_planes
from brushwood.features.passes import ALIGN, SLACK, Region, Signs, Tile, aligned
from brushwood.features.plan import make_plan
from brushwood.features.spec import FeatureSet, check_ndim
from brushwood.opencl import Buffer, Device, Program, Queue

Float32 = npt.NDArray[np.float32]
#: Pixels of a tile along (z, y, x), so that intermediate results stay in a CPU's cache.
_CPU_TILE = {2: (1, 512, 512), 3: (64, 64, 256)}
#: Stacks whose memory is kept for the next one: fresh memory costs more than the filters.
_MOST_POOLED = 2


@dataclass(frozen=True, eq=False)
class FeatureStack:
    """Features of a block, planar, on the device.

    Keep the stack as long as its buffer is in use: the memory of dropped stacks is used again.

    Attributes
    ----------
    buffer : Buffer
        Float32; plane p's pixel (z, y, x) is at ``p * plane + (z * Y + y) * pitch + x``. At least
        64 floats more follow the last plane.
    n_planes : int
    shape : three int
        (Z, Y, X).
    pitch : int
        Floats from one row to the next, a multiple of 16. What lies beyond X is undefined.
    plane : int
        Floats from one plane to the next, a multiple of 16.
    """

    buffer: Buffer
    n_planes: int
    shape: Triple
    pitch: int
    plane: int

    def to_numpy(
        self, queue: Queue, out: Float32 | None = None, shift: Sequence[float] | None = None
    ) -> Float32:
        """Return the features on the host.

        Parameters
        ----------
        queue : Queue
        out : ndarray of float32, shape (n_planes, Z, Y, X), optional
            Where to write them.
        shift : sequence of float, optional
            Added to each plane.
        """
        z, y, x = self.shape
        if out is None:
            out = np.empty((self.n_planes, *self.shape), np.float32)
        # Plane by plane: what was read is still in a cache when it is copied.
        for plane, target in enumerate(out):
            rows = queue.download(self.buffer, plane * self.plane, z * y * self.pitch)
            pixels = rows.reshape(z, y, self.pitch)[..., :x]
            np.add(pixels, np.float32(shift[plane] if shift is not None else 0.0), out=target)
        return out


def gather(queue: Queue, stack: FeatureStack, index: npt.NDArray[np.int32]) -> Float32:
    """Return the features of single pixels.

    Parameters
    ----------
    queue : Queue
    stack : FeatureStack
    index : ndarray of int32, shape (n,)
        ``(z * Y + y) * pitch + x`` of each pixel.

    Returns
    -------
    ndarray of float32, shape (n, n_planes)
    """
    n = len(index)
    if n == 0:
        return np.empty((0, stack.n_planes), np.float32)
    if index.min() < 0 or index.max() >= stack.plane:
        raise InputError("An index of a pixel lies outside the feature stack.")
    out = queue.allocate(n * stack.n_planes)
    queue.launch(
        Program.load("features.cl", "features_stencil.cl", VEC=1, DIM=2),
        "gather",
        (1, n, stack.n_planes),
        stack=stack.buffer,
        dst=out,
        index=queue.upload(np.ascontiguousarray(index, np.int32)),
        planes=stack.n_planes,
        plane=stack.plane,
    )
    return queue.download(out).reshape(n, stack.n_planes)


class FeatureEngine:
    """Computes the features of blocks, for one feature set, kind of image and device.

    Results do not depend on the block: a pixel's features are equal, bit for bit, in any block that
    holds it. Use one engine from one thread at a time, under a lease of its device.

    Parameters
    ----------
    features : FeatureSet
    ndim : {2, 3}
        Spatial dimensions.
    n_channels : int
    spacing : sequence of float, optional
        Pixel size along each spatial axis.
    device : Device

    Attributes
    ----------
    n_planes : int
        Of all channels, channel-major.
    halo : three int
        Pixels (z, y, x) needed beyond each side of a block.
    borders : tuple of {"reflect", "nearest"}
        The kinds of padding that `compute` needs.
    """

    def __init__(
        self,
        features: FeatureSet,
        ndim: int,
        n_channels: int,
        spacing: Sequence[float] | None,
        device: Device,
    ) -> None:
        check_ndim(ndim)
        self.features, self.ndim, self.n_channels, self.device = features, ndim, n_channels, device
        self._plan = make_plan(features, ndim, spacing)
        self.n_planes = n_channels * self._plan.n_planes
        self.halo = features.halo(ndim, spacing)
        self.borders = self._plan.borders
        self.vector_width = device.vector_width
        self.tile: Triple | None = _CPU_TILE[ndim] if device.kind == "cpu" else None
        self._buffers: dict[str, Buffer] = {}
        self._pool: list[Buffer] = []

    def compute(
        self, queue: Queue, padded: Mapping[str, Float32], start: Triple, image_shape: Triple
    ) -> FeatureStack:
        """Compute the features of one block.

        Parameters
        ----------
        queue : Queue
            A lease of the engine's device.
        padded : mapping of border to ndarray of float32, shape (C, Z + 2 hz, Y + 2 hy, X + 2 hx)
            The block's pixels with `halo` more on each side, continued beyond the image.
        start : three int
            The block's first pixel in the image (z, y, x).
        image_shape : three int

        Returns
        -------
        FeatureStack

        Raises
        ------
        DeviceMemoryError
            If the block is too large for the device: try a smaller one.
        """
        shape = self._block_shape(padded)
        try:
            return self._compute(queue, padded, start, image_shape, shape)
        except DeviceMemoryError:
            self.release()
            raise

    def release(self) -> None:
        """Free the device memory that is kept for the next block."""
        self._buffers.clear()
        self._pool.clear()

    def _compute(
        self,
        queue: Queue,
        padded: Mapping[str, Float32],
        start: Triple,
        image_shape: Triple,
        shape: Triple,
    ) -> FeatureStack:
        stack = self._new_stack(queue, shape)
        sources = {name: self._upload(queue, name, padded[name]) for name in self.borders}
        signs = self._signs(queue, start, shape, image_shape)
        tiles = list(_tiles(shape, self.tile))
        scratch = self._scratch(queue, tiles)
        for group in self._plan.groups:
            group.upload(queue)
        low = [-a for a in start]
        high = [n - 1 - a for n, a in zip(image_shape, start, strict=True)]
        planes = self._plan.n_planes
        for channel, (first, size) in product(range(self.n_channels), tiles):
            tile = Tile(
                queue, self.vector_width, self.ndim, first, size,
                _minus(low, first), _minus(high, first),
                {name: _shifted(src, channel, first) for name, src in sources.items()},
                _shifted(Region(stack.buffer, channel * planes * stack.plane, stack.pitch,
                                stack.pitch * shape[1], stack.plane), 0, first),
                scratch, signs,
            )  # fmt: skip
            for group in self._plan.groups:
                tile.used = SLACK
                group.run(tile)
        if self._plan.host:
            host_planes(queue, self._plan, padded, self.halo, self.ndim, stack)
        return stack

    def _block_shape(self, padded: Mapping[str, Float32]) -> Triple:
        missing = [name for name in self.borders if name not in padded]
        if missing:
            raise InputError(f"The block's pixels with border {missing[0]!r} are missing.")
        shapes = {padded[name].shape for name in self.borders}
        if len(shapes) != 1:
            raise ShapeMismatchError("The paddings of a block must have one shape.")
        channels, *space = shapes.pop()
        z, y, x = (n - 2 * h for n, h in zip(space, self.halo, strict=True))
        if channels != self.n_channels or min(z, y, x) < 1:
            raise ShapeMismatchError(
                f"A block of {self.n_channels} channels with a halo of {self.halo} pixels was "
                f"expected, but it is {channels} channels of {tuple(space)} pixels."
            )
        return z, y, x

    def _new_stack(self, queue: Queue, shape: Triple) -> FeatureStack:
        z, y, x = shape
        pitch = aligned(x)
        plane = z * y * pitch
        # Planes at multiples of a large power of two would share cache sets.
        if plane % 1024 == 0:
            plane += ALIGN
        size = _indexable(self.n_planes * plane + SLACK)
        # Buffers compare pixel by pixel, so that none may be looked for with == or `remove`.
        place = next((i for i, b in enumerate(self._pool) if b.size == size), None)
        found = queue.allocate(size) if place is None else self._pool.pop(place)
        stack = FeatureStack(found, self.n_planes, shape, pitch, plane)
        weakref.finalize(stack, _give_back, self._pool, found).atexit = False
        return stack

    def _buffer(self, queue: Queue, name: str, size: int) -> Buffer:
        """Return a buffer of at least `size` floats that is kept between blocks."""
        found = self._buffers.get(name)
        if found is None or found.size < size:
            self._buffers.pop(name, None)
            found = self._buffers[name] = queue.allocate(_indexable(size))
            found.fill(0.0)
        return found

    def _upload(self, queue: Queue, name: str, pixels: Float32) -> Region:
        pixels = np.ascontiguousarray(pixels, np.float32)
        _, nz, ny, nx = pixels.shape
        buffer = self._buffer(queue, name, pixels.size + 2 * SLACK)
        queue.write(buffer, pixels, SLACK)
        first = Region(buffer, SLACK, nx, nx * ny, nx * ny * nz)
        return _shifted(first, 0, self.halo)

    def _scratch(self, queue: Queue, tiles: Sequence[tuple[Triple, Triple]]) -> Buffer:
        sizes = {size for _, size in tiles}
        floats = max((g.scratch(size) for g in self._plan.groups for size in sizes), default=0)
        return self._buffer(queue, "scratch", floats + 2 * SLACK)

    def _signs(self, queue: Queue, start: Triple, shape: Triple, image: Triple) -> Signs | None:
        if all(feature.filter != "structure" for feature in self.features.features):
            return None
        parts, at, used = [], [], 0
        for first, n, whole, halo in zip(start, shape, image, self.halo, strict=True):
            reach = halo + SLACK
            position = np.arange(first - reach, first + n + reach)
            parts.append(np.where((position // whole) % 2, -1.0, 1.0).astype(np.float32))
            at.append(used + reach)
            used += len(position)
        buffer = self._buffer(queue, "signs", used + SLACK)
        queue.write(buffer, np.concatenate(parts), 0)
        return Signs(buffer, (at[0], at[1], at[2]))


def _indexable(size: int) -> int:
    """Return a buffer's size, if kernels can count its floats in an int."""
    if size >= 2**31:
        raise DeviceMemoryError(
            f"The features of this block take {4 * size / 2**30:.0f} GiB in one piece, but at most "
            "8 GiB can be worked on at once. Use smaller blocks or fewer features."
        )
    return size


def _give_back(pool: list[Buffer], buffer: Buffer) -> None:
    if len(pool) >= _MOST_POOLED:
        pool.pop(0)
    pool.append(buffer)


def _tiles(shape: Triple, size: Triple | None) -> list[tuple[Triple, Triple]]:
    """Cut a block into tiles: first pixel and shape of each."""
    if size is None:
        return [((0, 0, 0), shape)]
    found = []
    for z, y, x in product(*(range(0, n, s) for n, s in zip(shape, size, strict=True))):
        nz, ny, nx = (min(s, n - a) for a, s, n in zip((z, y, x), size, shape, strict=True))
        found.append(((z, y, x), (nz, ny, nx)))
    return found


def _minus(a: Sequence[int], b: Sequence[int]) -> Triple:
    z, y, x = (p - q for p, q in zip(a, b, strict=True))
    return z, y, x


def _shifted(region: Region, channel: int, first: Triple) -> Region:
    """Return a region whose pixel (0, 0, 0) is `first` of a channel."""
    offset = region.at(*first) + channel * region.slot
    return Region(region.buffer, offset, region.row, region.slab, region.slot)
