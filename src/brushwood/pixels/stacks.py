"""From image to feature stack on the device, and a cache of the stacks that are in view."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from brushwood.arrays import AnyArray, ImageSource, clipped, pad_region
from brushwood.blocks import Block
from brushwood.features.compute import FeatureEngine, FeatureStack, gather
from brushwood.features.spec import FeatureSet
from brushwood.opencl import Device, Queue, lease
from brushwood.pixels.scaling import IntensityRange

Float32 = npt.NDArray[np.float32]
_KEPT_RANGES = 32
_RESULT_BYTES = 128 << 20


@dataclass(frozen=True, eq=False, slots=True)
class Window:
    """Pixels that were read ahead: a box of one frame, stored type.

    Attributes
    ----------
    box : Block
    pixels : ndarray, shape (C, Z, Y, X)
    """

    box: Block
    pixels: AnyArray


@dataclass(frozen=True, eq=False, slots=True)
class View:
    """One frame of an image with the constants that its intensities are scaled by.

    Attributes
    ----------
    source : ImageSource
    range_ : IntensityRange
    frame : tuple of int
    invalid : list of int
        Grows by a number for every block in which NaN or infinite pixels were met.
    """

    source: ImageSource
    range_: IntensityRange
    frame: tuple[int, ...] = ()
    invalid: list[int] = field(default_factory=list)

    def read(self, block: Block, window: Window | None = None) -> AnyArray:
        """Return the pixels of a block (C, Z, Y, X), from `window` if it holds them."""
        if window is None or block.overlap(window.box) != block:
            return self.source.read(self.frame, block.start, block.stop)
        return window.pixels[(slice(None), *block.within(window.box))]

    @property
    def token(self) -> Hashable:
        """Identity for caches."""
        return (self.source.token, self.frame, self.range_)


class StackMaker:
    """Computes the feature stacks of blocks on one device.

    Parameters
    ----------
    features : FeatureSet
    ndim, n_channels : int
    spacing : sequence of float or None
    device : Device
    """

    def __init__(
        self,
        features: FeatureSet,
        ndim: int,
        n_channels: int,
        spacing: Sequence[float] | None,
        device: Device,
    ) -> None:
        self.features, self.ndim, self.n_channels = features, ndim, n_channels
        self.device = device
        self.engine = FeatureEngine(features, ndim, n_channels, spacing, device)
        self.key = (features, ndim, n_channels, None if spacing is None else tuple(spacing))

    @property
    def n_planes(self) -> int:
        """Features of a pixel."""
        return int(self.engine.n_planes)

    def prepare(self, view: View, block: Block, window: Window | None = None) -> dict[str, Float32]:
        """Read, scale and pad what the features of a block need; no device is used.

        Returns
        -------
        dict of border to float32 (C, Z + 2 hz, Y + 2 hy, X + 2 hx)
        """
        halo, shape = self.engine.halo, view.source.shape3
        low, high = clipped(block.start, block.stop, halo, shape)
        core = view.range_.apply(view.read(Block(low, high), window), view.invalid)
        return {
            border: pad_region(core, low, block.start, block.stop, halo, shape, border)
            for border in self.engine.borders
        }

    def compute(
        self, queue: Queue, padded: dict[str, Float32], view: View, block: Block
    ) -> FeatureStack:
        """Compute the stack of a prepared block."""
        return self.engine.compute(queue, padded, block.start, view.source.shape3)

    def stack(self, view: View, block: Block, cache: "FeatureCache | None" = None) -> FeatureStack:
        """Return the stack of a block, from the cache if it is there.

        The device is leased for the computing only, not while pixels are read.
        """
        origin = self.origin(view)
        stack = None if cache is None else cache.get(origin, block)
        if stack is None:
            padded = self.prepare(view, block)
            if cache is not None:
                cache.make_room(block.n_pixels * self.n_planes * 4)
            with lease(self.device) as queue:
                stack = self.compute(queue, padded, view, block)
            if cache is not None:
                cache.put(origin, block, stack, view.source.data)
        return stack

    def rows(
        self, view: View, at: npt.NDArray[np.int64], cache: "FeatureCache | None" = None
    ) -> Float32:
        """Return the features of single pixels.

        Parameters
        ----------
        at : int64 (pixel, 3)
            Positions (z, y, x), close together: the features of their bounding box are computed
            unless a stack in the cache holds them.

        Returns
        -------
        ndarray of float32, shape (pixel, feature)
        """
        low, high = at.min(axis=0).tolist(), (at.max(axis=0) + 1).tolist()
        block = Block((low[0], low[1], low[2]), (high[0], high[1], high[2]))
        found = None if cache is None else cache.covering(self.origin(view), block)
        block, stack = found or (block, self.stack(view, block))
        local = at - np.array(block.start)
        _, height, _ = stack.shape
        index = (local[:, 0] * height + local[:, 1]) * stack.pitch + local[:, 2]
        with lease(self.device) as queue:
            return gather(queue, stack, index.astype(np.int32))

    def origin(self, view: View) -> Hashable:
        """Name what a stack was computed from, and where."""
        return (self.device.index, self.key, view.token)


_Key: TypeAlias = tuple[Hashable, Block]


@dataclass(frozen=True, eq=False, slots=True)
class _Entry:
    stack: FeatureStack
    size: int
    owner: Any


class FeatureCache:
    """Feature stacks on the device, the least recently used dropped first. Thread-safe.

    Parameters
    ----------
    budget_bytes : int
        Device memory that the stacks together may take. A stack larger than that is not kept.
    """

    def __init__(self, budget_bytes: int) -> None:
        self.budget_bytes = int(budget_bytes)
        self._entries: OrderedDict[_Key, _Entry] = OrderedDict()
        self._bytes = 0
        self._ranges: OrderedDict[Hashable, tuple[IntensityRange, Any]] = OrderedDict()
        self._results: OrderedDict[Hashable, tuple[dict[str, AnyArray], Any]] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def bytes_held(self) -> int:
        """Device memory that the stacks take."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, origin: Hashable, block: Block) -> FeatureStack | None:
        """Return the stack of exactly this block and mark it as used, or None."""
        with self._lock:
            entry = self._entries.get((origin, block))
            if entry is None:
                return None
            self._entries.move_to_end((origin, block))
            return entry.stack

    def covering(self, origin: Hashable, block: Block) -> tuple[Block, FeatureStack] | None:
        """Return a stack that holds all of a block, and the block that it was computed for."""
        with self._lock:
            for (kin, outer), entry in self._entries.items():
                if kin == origin and outer.overlap(block) == block:
                    return outer, entry.stack
        return None

    def put(self, origin: Hashable, block: Block, stack: FeatureStack, owner: Any) -> None:
        """Keep a stack, and `owner`, the image's data, whose identity is part of `origin`."""
        size = 4 * stack.n_planes * int(stack.plane)
        if size > self.budget_bytes:
            return
        self.make_room(size)
        with self._lock:
            if (origin, block) not in self._entries:
                self._entries[origin, block] = _Entry(stack, size, owner)
                self._bytes += size

    def make_room(self, size: int) -> None:
        """Drop stacks until `size` more bytes fit, or none is left."""
        with self._lock:
            while self._entries and self._bytes + size > self.budget_bytes:
                _, dropped = self._entries.popitem(last=False)
                self._bytes -= dropped.size

    def clear(self) -> None:
        """Drop all stacks: after pixels changed in place, or when the widget closes."""
        with self._lock:
            self._entries.clear()
            self._ranges.clear()
            self._results.clear()
            self._bytes = 0

    def result(self, key: Hashable) -> dict[str, AnyArray] | None:
        """Return maps that were kept, or None."""
        with self._lock:
            return self._results[key][0] if key in self._results else None

    def keep_result(self, key: Hashable, maps: dict[str, AnyArray], owner: Any) -> None:
        """Keep maps on the host, and `owner`, whose identity is part of `key`."""
        with self._lock:
            self._results[key] = (maps, owner)
            sizes = [sum(v.nbytes for v in kept.values()) for kept, _ in self._results.values()]
            while sum(sizes) > _RESULT_BYTES:
                self._results.popitem(last=False)
                sizes.pop(0)

    def range_of(
        self, source: ImageSource, key: Hashable, measure: Callable[[], IntensityRange]
    ) -> IntensityRange:
        """Return the constants of an image, measured the first time and kept with its stacks."""
        full = (source.token, key)
        with self._lock:
            if full in self._ranges:
                return self._ranges[full][0]
        measured = measure()
        with self._lock:
            self._ranges[full] = (measured, source.data)
            while len(self._ranges) > _KEPT_RANGES:
                self._ranges.popitem(last=False)
        return measured
