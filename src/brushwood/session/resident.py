"""Give back memory that holds what is in a file by now."""

import mmap

import numpy as np

#: Modes of mapped arrays whose pixels are in the file. Those of "c" are in memory alone.
_IN_FILE = ("r", "r+", "w+")


def relax(array: object) -> None:
    """Let the system take back the memory of an array that is mapped from a file.

    Nothing is lost: what was written is in the file or on its way there, and is read again when it
    is needed. Other arrays stay as they are.
    """
    if not isinstance(array, np.memmap) or array.mode not in _IN_FILE:
        return
    mapping = getattr(array, "_mmap", None)
    if mapping is not None and hasattr(mmap, "MADV_DONTNEED"):
        mapping.madvise(mmap.MADV_DONTNEED)
