"""Arrays of one frame kept in blocks, compressed, in memory or in files that workers share."""

import os
import shutil
import tempfile
import threading
import uuid
import weakref
import zlib
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from brushwood.arrays import Triple
from brushwood.blocks import Block, blocks_over
from brushwood.errors import OutputError

#: Bytes of arrays that are kept as they are; the rest is compressed.
_OPEN_BYTES = 128 << 20
#: Bytes of compressed arrays that are kept in memory; the rest goes to files.
_PACKED_BYTES = 256 << 20
AnyArray: TypeAlias = npt.NDArray[Any]


class Shelf(Protocol):
    """Keeps arrays of booleans or of numbers that are not negative, each under a name."""

    @property
    def is_shared(self) -> bool:
        """Whether other processes find what this one puts here."""
        ...

    def put(self, name: str, values: AnyArray) -> None:
        """Keep an array, which must not change any more."""
        ...

    def get(self, name: str, shape: tuple[int, ...], dtype: npt.DTypeLike) -> AnyArray | None:
        """Return an array, not to be written to, or None if there never was one."""
        ...

    def table(self, name: str, values: AnyArray) -> "Table":
        """Keep an array of which parts are read."""
        ...


@dataclass(frozen=True, eq=False, slots=True)
class Table:
    """A long list of numbers, of which a few are read at a time.

    Attributes
    ----------
    values : ndarray or Path
        The numbers, or a ``.npy`` file of them.
    """

    values: AnyArray | Path

    def __getitem__(self, index: slice | int) -> AnyArray:
        if isinstance(self.values, Path):
            return np.array(np.load(self.values, mmap_mode="r", allow_pickle=False)[index])
        return np.asarray(self.values[index])


class MemoryShelf:
    """Keeps arrays in memory; of those not used lately, only what compression leaves of them.

    Masks and labels consist of a few long runs, so that compressed they take far less than a bit
    or two a pixel; those of noise go to temporary files. Threads may share it.

    Parameters
    ----------
    open_bytes, packed_bytes : int
        Bytes of arrays that are kept as they are, and compressed; beyond, they are in files.
    """

    is_shared = False

    def __init__(self, open_bytes: int = _OPEN_BYTES, packed_bytes: int = _PACKED_BYTES) -> None:
        self._room, self._packed_room = open_bytes, packed_bytes
        self._open: OrderedDict[str, AnyArray] = OrderedDict()
        self._open_bytes = 0
        self._packed: dict[str, bytes | Path] = {}
        self._folder: Path | None = None
        self._n_files = 0
        self._lock = threading.RLock()

    def put(self, name: str, values: AnyArray) -> None:
        """Keep an array, which must not change any more."""
        with self._lock:
            self._unpack(name)
            self._drop(name)
            self._keep(name, values)

    def get(self, name: str, shape: tuple[int, ...], dtype: npt.DTypeLike) -> AnyArray | None:
        """Return an array, or None if there never was one."""
        with self._lock:
            known = self._open.get(name)
            if known is not None:
                self._open.move_to_end(name)
                return known
            packed = self._packed.get(name)
        if packed is None:
            return None
        if isinstance(packed, Path):
            packed = packed.read_bytes()
        values = unpacked(packed, shape, dtype)
        with self._lock:
            if name not in self._open:
                self._keep(name, values)
        return values

    def table(self, name: str, values: AnyArray) -> Table:
        """Keep an array of which parts are read."""
        return Table(values)

    def _keep(self, name: str, values: AnyArray) -> None:
        self._open[name] = values
        self._open_bytes += values.nbytes
        while self._open_bytes > self._room and len(self._open) > 1:
            oldest = next(iter(self._open))
            found = self._drop(oldest)
            if found is not None and oldest not in self._packed:
                self._pack(oldest, packed(found))

    def _pack(self, name: str, data: bytes) -> None:
        if len(data) <= self._packed_room:
            self._packed_room -= len(data)
            self._packed[name] = data
            return
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="brushwood-"))
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._n_files += 1
        path = self._folder / str(self._n_files)
        path.write_bytes(data)
        self._packed[name] = path

    def _unpack(self, name: str) -> None:
        """Forget what was packed before."""
        data = self._packed.pop(name, None)
        if isinstance(data, bytes):
            self._packed_room += len(data)
        elif data is not None:
            data.unlink()

    def _drop(self, name: str) -> AnyArray | None:
        values = self._open.pop(name, None)
        if values is not None:
            self._open_bytes -= values.nbytes
        return values


@dataclass(frozen=True, slots=True)
class FolderShelf:
    """Keeps each array in a file of its own, which is there as a whole or not at all.

    Attributes
    ----------
    folder : Path
        Only this shelf's, and there already. Whoever made it removes it.
    """

    folder: Path
    is_shared = True

    def put(self, name: str, values: AnyArray) -> None:
        """Keep an array."""
        path = self._path(name)
        # Two workers may do the same work, when one was thought lost.
        partial = path.with_name(f"{path.name}.{uuid.uuid4().hex[:12]}")
        partial.write_bytes(packed(values))
        os.replace(partial, path)

    def get(self, name: str, shape: tuple[int, ...], dtype: npt.DTypeLike) -> AnyArray | None:
        """Return an array.

        Raises
        ------
        OutputError
            If its file is gone, or not what was written.
        """
        try:
            return unpacked((self.folder / name).read_bytes(), shape, dtype)
        except (OSError, ValueError, zlib.error) as error:
            raise OutputError(
                f"An intermediate result in {self.folder} cannot be read ({error}). Nothing may be "
                "deleted there while objects are made, and all workers must see this folder."
            ) from error

    def table(self, name: str, values: AnyArray) -> Table:
        """Keep an array of which parts are read."""
        path = self._path(f"{name}.npy")
        np.save(path, values, allow_pickle=False)
        return Table(path)

    def _path(self, name: str) -> Path:
        path = self.folder / name
        # Not its parents: a worker that was left to itself must not make the folder anew.
        path.parent.mkdir(exist_ok=True)
        return path


class BlockStore:
    """An array (Z, Y, X) of zeros at first, read and written by regions.

    Parameters
    ----------
    shape, size : three int
        Shape of the whole and of one block.
    dtype : dtype
        bool or an integer type; no number may be negative.
    open_bytes : int
        Bytes of blocks that are kept uncompressed, where there is no `shelf`.
    shelf : Shelf, optional
        Where blocks are kept. Default: in memory.
    name : str
        What this array is called there.
    """

    def __init__(
        self,
        shape: Triple,
        size: Triple,
        dtype: npt.DTypeLike,
        open_bytes: int = _OPEN_BYTES,
        *,
        shelf: Shelf | None = None,
        name: str = "blocks",
    ) -> None:
        self.shape, self.size = shape, size
        self.dtype = np.dtype(dtype)
        self.shelf: Shelf = MemoryShelf(open_bytes) if shelf is None else shelf
        self.name = name

    def read(self, region: Block) -> AnyArray:
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

    def put(self, block: Block, values: AnyArray) -> None:
        """Set a block of the grid, whose array is kept as it is."""
        self.shelf.put(self._key(block), np.ascontiguousarray(values, self.dtype))

    def paste(self, region: Block, values: AnyArray) -> None:
        """Set the pixels of a region whose values are not 0."""
        where = values != 0
        for block in blocks_over(region, self.size, self.shape):
            part = region.overlap(block)
            if part is None or not where[part.within(region)].any():
                continue
            whole = np.array(self._get(block))
            inside = part.within(region)
            np.copyto(whole[part.within(block)], values[inside], where=where[inside])
            self.put(block, whole)

    def _get(self, block: Block) -> AnyArray:
        found = self.shelf.get(self._key(block), block.shape, self.dtype)
        return np.zeros(block.shape, self.dtype) if found is None else found

    def _key(self, block: Block) -> str:
        return f"{self.name}/" + ".".join(map(str, block.start))


def packed(values: AnyArray) -> bytes:
    """Compress booleans, or numbers that are not negative, in as few bytes as the largest needs."""
    if values.dtype == bool:
        return b"b" + zlib.compress(np.packbits(values).tobytes(), 1)
    small = values.astype(np.min_scalar_type(int(values.max(initial=0))), copy=False)
    return small.dtype.char.encode("ascii") + zlib.compress(small.tobytes(), 1)


def unpacked(data: bytes, shape: tuple[int, ...], dtype: npt.DTypeLike) -> AnyArray:
    """Return what `packed` was given.

    Raises
    ------
    ValueError, zlib.error
        If the bytes are damaged or hold another shape.
    """
    raw = bytearray(zlib.decompress(memoryview(data)[1:]))
    kind = data[:1].decode("ascii")
    if kind == "b":
        count = int(np.prod(shape))
        bits = np.unpackbits(np.frombuffer(raw, np.uint8), count=count)
        return bits.view(bool).reshape(shape)
    return np.frombuffer(raw, np.dtype(kind)).reshape(shape).astype(dtype, copy=False)
