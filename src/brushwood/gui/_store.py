"""Arrays behind result layers: in memory, or in a temporary file that grows as it is written."""

import os
import tempfile
from math import prod
from typing import Any
from weakref import finalize

import numpy as np
import numpy.typing as npt

#: Larger arrays are backed by a temporary file.
MEMORY_LIMIT = 512 << 20


def zeros(shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Return an array of zeros that costs memory only where it is written.

    Beyond 512 MiB it lives in a sparse temporary file, which goes with the array.

    Raises
    ------
    OSError
        If the temporary folder is full or read-only.
    """
    size = prod(shape) * np.dtype(dtype).itemsize
    if size <= MEMORY_LIMIT:
        return np.zeros(shape, dtype)
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


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:  # still mapped: the system's temporary folder is cleaned by the system
        return
