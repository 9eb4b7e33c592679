"""Arrays behind result layers: in memory, or in a temporary file that grows as it is written."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterable
from math import prod
from typing import Any
from weakref import finalize

import numpy as np
import numpy.typing as npt

from brushwood.errors import OutputError
from brushwood.session.resident import relax

#: Larger arrays are backed by a temporary file.
MEMORY_LIMIT = 64 << 20
#: What is left free on the disk: a mapped file that finds no room ends the program.
_RESERVE = 64 << 20
#: Memory is given back each time that so many bytes were written to files.
_RESIDENT = 16 << 20


def zeros(shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Return an array of zeros that costs memory only where it is written.

    Beyond 64 MiB it lives in a sparse temporary file, which goes with the array.

    Raises
    ------
    OSError
        If the temporary folder is full or read-only.
    """
    size = prod(shape) * np.dtype(dtype).itemsize
    if size <= MEMORY_LIMIT:
        return np.zeros(shape, dtype)
    make_room(0)
    handle, path = tempfile.mkstemp(prefix="brushwood-", suffix=".dat")
    try:
        os.truncate(handle, size)
        mapped = np.memmap(path, dtype=dtype, mode="r+", shape=shape)
    except OSError:
        os.close(handle)
        os.unlink(path)
        raise
    os.close(handle)
    if os.name == "posix":
        os.unlink(path)  # the file lives on until the array is gone
    else:
        finalize(mapped, _remove, path)
    return mapped


def make_room(n_bytes: int) -> None:
    """Raise before results are written to a temporary folder that cannot take them.

    Raises
    ------
    OSError
        If fewer bytes are free.
    """
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if free < n_bytes + _RESERVE:
        raise OSError(
            errno.ENOSPC,
            f"{(n_bytes + _RESERVE) / 1e6:,.0f} MB are needed, {free / 1e6:,.0f} MB are free",
            folder,
        )


def no_room(error: Exception, what: str) -> OutputError:
    """Return what to tell the user when results find no room."""
    said = getattr(error, "strerror", None) or error
    return OutputError(
        f"There is no room for the {what}: {said}. Free some memory, or some space in the "
        f"temporary folder {tempfile.gettempdir()}."
    )


def on_disk(arrays: Iterable[object]) -> int:
    """Return the bytes of those arrays of `zeros` that live in files."""
    return sum(array.nbytes for array in arrays if isinstance(array, np.memmap))


class Guard:
    """Watches writes into arrays of `zeros`, called with the number of bytes before each.

    It raises when the disk is full, and gives back memory that holds what is in the file by now:
    a result may be larger than memory.
    """

    def __init__(self, arrays: Iterable[object]) -> None:
        self._mapped = [array for array in arrays if isinstance(array, np.memmap)]
        self._written = 0

    def __call__(self, n_bytes: int) -> None:
        """Check, before so many bytes are written.

        Raises
        ------
        OSError
            If there is no room for them.
        """
        if not self._mapped:
            return
        make_room(n_bytes)
        self._written += n_bytes
        if self._written >= _RESIDENT:
            self._written = 0
            for array in self._mapped:
                relax(array)


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:  # still mapped: the system's temporary folder is cleaned by the system
        return
