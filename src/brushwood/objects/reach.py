"""Arrays that workers in other processes can reach, and copies of those that they cannot."""

import pickle
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.arrays import ImageSource, Triple
from brushwood.blocks import iter_blocks
from brushwood.jobs import Job

#: What names a file is smaller than this when it is packed; what is larger holds pixels.
_HANDLE_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class Spilled:
    """An array in a ``.npy`` file, mapped for each access.

    Attributes
    ----------
    path : Path
    shape : tuple of int
    dtype : dtype
    """

    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def __getitem__(self, index: Any) -> npt.NDArray[Any]:
        return np.array(np.load(self.path, mmap_mode="r", allow_pickle=False)[index])


def travels(array: Any) -> bool:
    """Whether an array reaches other processes as a handle of the same pixels."""
    # A zarr array in memory would arrive as a copy, and what is written there would be lost.
    in_memory = type(getattr(array, "store", None)).__name__ == "MemoryStore"
    if isinstance(array, np.ndarray) or in_memory or hasattr(array, "__dask_graph__"):
        return False
    try:
        return len(pickle.dumps(array)) < _HANDLE_BYTES
    except (pickle.PicklingError, TypeError, AttributeError, ValueError, RuntimeError):
        return False  # an open file, for instance


def spilled(source: ImageSource, path: Path, size: Triple, job: Job) -> ImageSource:
    """Copy an image of one channel into a file.

    Parameters
    ----------
    source : ImageSource
    path : Path
        Ends with ``.npy``.
    size : three int
        What is read at once.
    """
    shape = (*source.frames, *source.shape)
    written = np.lib.format.open_memmap(path, "w+", source.dtype, shape)
    frames = list(source.iter_frames())
    for n, frame in enumerate(frames):
        for block in iter_blocks(source.shape3, size):
            job.checkpoint(n / len(frames), "Reading")
            pixels = source.read(frame, block.start, block.stop, [0])[0]
            region: tuple[Any, ...] = (*frame, *block.slices[-source.ndim :])
            written[region] = pixels.reshape(pixels.shape[-source.ndim :])
    written.flush()
    copied = Spilled(path, shape, source.dtype)
    return replace(source, data=copied, channel_axis=None, channels=(0,))
