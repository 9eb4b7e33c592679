"""Arrays of one frame kept in blocks, of which those not in use are compressed in memory."""

import zlib
from collections import OrderedDict
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.arrays import Triple
from brushwood.blocks import Block, blocks_over

#: Bytes of blocks that are kept as they are; the rest is compressed.
_OPEN_BYTES = 128 << 20


class BlockStore:
    """An array (Z, Y, X) of zeros at first, read and written by regions.

    Masks and labels of an image larger than memory fit here: they consist of a few long runs, so
    that compressed they take far less than a bit or two a pixel.

    Parameters
    ----------
    shape, size : three int
        Shape of the whole and of one block.
    dtype : dtype
        bool or an integer type.
    open_bytes : int
        Bytes of blocks that are kept uncompressed.
    """

    def __init__(
        self, shape: Triple, size: Triple, dtype: npt.DTypeLike, open_bytes: int = _OPEN_BYTES
    ) -> None:
        self.shape, self.size = shape, size
        self.dtype = np.dtype(dtype)
        self._room = open_bytes
        self._open: OrderedDict[Triple, npt.NDArray[Any]] = OrderedDict()
        self._open_bytes = 0
        self._packed: dict[Triple, bytes] = {}

    def read(self, region: Block) -> npt.NDArray[Any]:
        """Return the values of a region; do not write to them."""
        blocks = list(blocks_over(region, self.size, self.shape))
        if len(blocks) == 1:
            return self._get(blocks[0])[region.within(blocks[0])]
        out = np.zeros(region.shape, self.dtype)
        for block in blocks:
            part = region.overlap(block)
            if part is not None:
                out[part.within(region)] = self._get(block)[part.within(block)]
        return out

    def put(self, block: Block, values: npt.NDArray[Any]) -> None:
        """Set a block of the grid, whose array is kept as it is."""
        self._forget(block.start)
        self._packed.pop(block.start, None)
        self._keep(block.start, np.ascontiguousarray(values, self.dtype))

    def paste(self, region: Block, values: npt.NDArray[Any]) -> None:
        """Set the pixels of a region whose values are not 0."""
        where = values != 0
        for block in blocks_over(region, self.size, self.shape):
            part = region.overlap(block)
            if part is None or not where[part.within(region)].any():
                continue
            whole = self._get(block, new=True)
            inside = part.within(region)
            np.copyto(whole[part.within(block)], values[inside], where=where[inside])

    def _get(self, block: Block, *, new: bool = False) -> npt.NDArray[Any]:
        known = self._open.get(block.start)
        if known is not None:
            self._open.move_to_end(block.start)
            return known
        packed = self._packed.get(block.start)
        if packed is None:
            if not new:
                return np.zeros(block.shape, self.dtype)
            values = np.zeros(block.shape, self.dtype)
        else:
            values = self._unpack(packed, block.shape)
        if new:  # it will be changed
            self._packed.pop(block.start, None)
        self._keep(block.start, values)
        return values

    def _keep(self, start: Triple, values: npt.NDArray[Any]) -> None:
        self._open[start] = values
        self._open_bytes += values.nbytes
        while self._open_bytes > self._room and len(self._open) > 1:
            self._forget(next(iter(self._open)), pack=True)

    def _forget(self, start: Triple, *, pack: bool = False) -> None:
        values = self._open.pop(start, None)
        if values is None:
            return
        self._open_bytes -= values.nbytes
        if pack and start not in self._packed:
            self._packed[start] = self._pack(values)

    def _pack(self, values: npt.NDArray[Any]) -> bytes:
        packed = np.packbits(values) if self.dtype == bool else values
        return zlib.compress(packed.tobytes(), 1)

    def _unpack(self, packed: bytes, shape: Triple) -> npt.NDArray[Any]:
        count = int(np.prod(shape))
        raw = bytearray(zlib.decompress(packed))
        if self.dtype == bool:
            bits = np.unpackbits(np.frombuffer(raw, np.uint8), count=count)
            return bits.view(bool).reshape(shape)
        return np.frombuffer(raw, self.dtype).reshape(shape)
