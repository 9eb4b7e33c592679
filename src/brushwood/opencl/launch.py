"""Lease a device and run kernels on it."""

import functools
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from brushwood.errors import DeviceError, DeviceMemoryError
from brushwood.opencl import runtime
from brushwood.opencl.device import Device, native

#: pyclesperanto's device array, always one-dimensional here.
Buffer: TypeAlias = Any

_LOCKS: defaultdict[int, threading.RLock] = defaultdict(threading.RLock)
_OUT_OF_MEMORY = ("MEM_OBJECT_ALLOCATION_FAILURE", "OUT_OF_RESOURCES", "OUT_OF_HOST_MEMORY",
                  "INVALID_BUFFER_SIZE", "-4", "-5", "-6", "-61")


@dataclass(frozen=True)
class Program:
    """OpenCL C source of this package with its compile-time constants."""

    source: str

    @classmethod
    @functools.cache
    def load(cls, *names: str, **defines: int) -> "Program":
        """Read ``kernels/<name>`` files, joined, behind ``#define`` lines."""
        folder = files("brushwood.opencl") / "kernels"
        head = "".join(f"#define {key} {value}\n" for key, value in sorted(defines.items()))
        return cls(head + "\n".join((folder / name).read_text("utf-8") for name in names))


class Queue:
    """A leased device: buffers, transfers and launches, in order."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self._cle = runtime.load()
        self._native = native(device.index)

    def allocate(self, size: int, dtype: npt.DTypeLike = np.float32) -> Buffer:
        """Allocate an uninitialised buffer of `size` items."""
        with _translated(f"allocating {size * np.dtype(dtype).itemsize / 2**20:.0f} MiB"):
            return self._cle.create((int(size),), dtype=np.dtype(dtype).type, device=self._native)

    def upload(self, array: npt.NDArray[Any]) -> Buffer:
        """Copy a host array, flattened, to a new buffer."""
        flat = np.ascontiguousarray(array).reshape(-1)
        buffer = self.allocate(flat.size, flat.dtype)
        buffer.set(flat)
        return buffer

    def launch(
        self, program: Program, kernel: str, size: tuple[int, int, int], **parameters: Any
    ) -> None:
        """Run a kernel over `size` = (z, y, x) work-items; parameters in the kernel's own order.

        Python int and float become ``int`` and ``float``.
        """
        with _translated(f"running kernel {kernel!r}"):
            self._cle.native_execute(
                kernel_source=program.source, kernel_name=kernel, global_size=size,
                parameters=parameters, device=self._native,
            )

    def download(self, buffer: Buffer) -> npt.NDArray[Any]:
        """Wait for the queue and copy a buffer to the host, one-dimensional."""
        with _translated("reading a result"):
            return np.asarray(buffer.get()).reshape(-1)


@contextmanager
def lease(device: Device) -> Iterator[Queue]:
    """Hold a device: one thread works on it at a time; the same thread may lease it again."""
    with _LOCKS[device.index]:
        yield Queue(device)


@contextmanager
def _translated(what: str) -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        text = str(error)
        if any(code in text for code in _OUT_OF_MEMORY):
            raise DeviceMemoryError(f"The device ran out of memory while {what}: {text}") from error
        raise DeviceError(f"The device failed while {what}: {text}") from error
