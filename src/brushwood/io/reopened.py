"""An image that travels between processes by name: each opens its file again and reads from it."""

import os
import threading
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.errors import ImageFileError
from brushwood.io.images import ImageFile, read_image

#: Files that stay open in a process, the least recently read closed first.
_KEPT = 8


@dataclass(frozen=True, slots=True)
class ReopenedArray:
    """The pixels of an image file, read only; small and picklable.

    Make one with `of`. A process that reads opens the file the first time and keeps it open, so
    many processes may read one file, wherever its folder is mounted under the same name.

    Attributes
    ----------
    path : Path
        Absolute.
    scene : str
        As `brushwood.io.images.read_image` takes it.
    shape : tuple of int
    dtype : dtype
    axes : str
        As in `ImageFile.axes`.
    chunks : tuple of int or None
        What is decoded at once, where the file says so.
    """

    path: Path
    scene: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    axes: str
    chunks: tuple[int, ...] | None = field(default=None)

    @classmethod
    def of(
        cls, path: str | os.PathLike[str], scene: str = "", image: ImageFile | None = None
    ) -> "ReopenedArray":
        """Describe an image file.

        Parameters
        ----------
        path : path
        scene : str
        image : ImageFile, optional
            The file, if it is open already.

        Raises
        ------
        ImageFileError
            If the file cannot be read.
        """
        file = Path(path).absolute()
        if image is not None:
            return cls._described(file, scene, image)
        with read_image(file, scene) as opened:
            return cls._described(file, scene, opened)

    @classmethod
    def _described(cls, file: Path, scene: str, image: ImageFile) -> "ReopenedArray":
        data = image.data
        chunks = getattr(data, "chunks", None)
        return cls(
            file,
            scene,
            tuple(int(n) for n in data.shape),
            np.dtype(data.dtype),
            image.axes,
            None if chunks is None else tuple(int(n) for n in chunks),
        )

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of pixels, all channels and frames together."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def nbytes(self) -> int:
        """Bytes of all pixels, decoded."""
        return self.size * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> npt.NDArray[Any]:
        with _opened(self) as data:
            return np.array(data[index])

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        return np.asarray(self[...], dtype=dtype)


@dataclass(slots=True)
class _Entry:
    """An open file, and how many are reading from it."""

    image: ImageFile
    users: int = 0
    is_dropped: bool = False


_open_files: OrderedDict[tuple[Any, ...], _Entry] = OrderedDict()
_lock = threading.RLock()


def close_files() -> None:
    """Close the files that this process keeps open, those that are being read from a little later.

    Windows neither renames nor deletes open files.
    """
    with _lock:
        while _open_files:
            _drop()


@contextmanager
def _opened(wanted: ReopenedArray) -> Any:
    entry = _entry(wanted)
    try:
        yield entry.image.data
    finally:
        with _lock:
            entry.users -= 1
            if entry.is_dropped and not entry.users:
                entry.image.close()


def _entry(wanted: ReopenedArray) -> _Entry:
    with _lock:
        key = (wanted.path, wanted.scene, *_stamp(wanted.path))
        entry = _open_files.get(key)
        if entry is None:
            entry = _Entry(_checked(wanted))
            _open_files[key] = entry
            while len(_open_files) > _KEPT:
                _drop()
        _open_files.move_to_end(key)
        entry.users += 1
        return entry


def _drop() -> None:
    _, entry = _open_files.popitem(last=False)
    entry.is_dropped = True
    if not entry.users:
        entry.image.close()


def _checked(wanted: ReopenedArray) -> ImageFile:
    image = read_image(wanted.path, wanted.scene)
    found = tuple(image.data.shape), np.dtype(image.data.dtype), image.axes
    if found != (wanted.shape, wanted.dtype, wanted.axes):
        image.close()
        raise ImageFileError(
            f"{str(wanted.path)!r} changed while it was worked on: {wanted.dtype} {wanted.shape} "
            f"was expected, but it now holds {found[1]} {found[0]}. Leave inputs alone and start "
            "again."
        )
    return image


def _stamp(path: Path) -> tuple[int, int]:
    """Tell versions of a file apart, so that a replaced one is opened anew."""
    try:
        found = path.stat()
    except OSError as error:
        raise ImageFileError(
            f"Cannot read {str(path)!r} any more ({error.strerror or error}). Check that its "
            "folder is mounted on every machine that works on it."
        ) from error
    return found.st_mtime_ns, found.st_size
