"""Lease a device and run kernels on it."""

import functools
import re
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from brushwood.errors import DeviceError, DeviceMemoryError
from brushwood.opencl import runtime
from brushwood.opencl.device import Device, memory_limit, native

#: pyclesperanto's device array, always one-dimensional here.
Buffer: TypeAlias = Any

#: OpenCL's own codes: memory object allocation, out of resources, out of host memory, buffer size.
_OUT_OF_MEMORY = frozenset({-4, -5, -6, -61})
_CODE = re.compile(r"\bCL_[A-Z0-9_]+ \((-\d+)\)|\berror code (-\d+)\b")


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


@dataclass
class _Account:
    """What one device owes: who holds it, and how much of it is filled."""

    lock: threading.RLock = field(default_factory=threading.RLock)
    bytes_held: int = 0

    def release(self, size: int) -> None:
        # Called by the garbage collector, in any thread and between any two bytecodes, possibly
        # while this thread is in `allocate`; the lock is re-entrant for that reason.
        with _guard:
            self.bytes_held -= size


_accounts: dict[int, _Account] = {}
_guard = threading.RLock()


class Queue:
    """A leased device: buffers, transfers and launches, in order."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self._cle = runtime.load()
        self._native = native(device.index)
        self._account = _account(device)

    def allocate(self, size: int, dtype: npt.DTypeLike = np.float32) -> Buffer:
        """Allocate an uninitialised buffer of `size` items.

        Raises
        ------
        DeviceMemoryError
            If the device refuses, or the limit in ``BRUSHWOOD_MEMORY`` would be exceeded.
        """
        n_bytes = int(size) * np.dtype(dtype).itemsize
        self._check_limit(n_bytes)
        with _translated(f"allocating {n_bytes / 2**20:.1f} MiB"):
            buffer = self._cle.create((int(size),), dtype=np.dtype(dtype).type, device=self._native)
        with _guard:
            self._account.bytes_held += n_bytes
        weakref.finalize(buffer, self._account.release, n_bytes).atexit = False
        return buffer

    def upload(self, array: npt.NDArray[Any]) -> Buffer:
        """Copy a host array, flattened, to a new buffer."""
        flat = np.ascontiguousarray(array).reshape(-1)
        buffer = self.allocate(flat.size, flat.dtype)
        with _translated(f"uploading {flat.nbytes / 2**20:.1f} MiB"):
            buffer.set(flat)
        return buffer

    def write(self, buffer: Buffer, array: npt.NDArray[Any], at: int = 0) -> None:
        """Copy a host array, flattened, into a buffer of its type from item `at` on."""
        flat = np.ascontiguousarray(array).reshape(-1)
        with _translated(f"uploading {flat.nbytes / 2**20:.1f} MiB"):
            buffer.set(flat, origin=(int(at),), region=(flat.size,))

    def launch(
        self,
        program: Program,
        kernel: str,
        size: tuple[int, int, int],
        /,
        group: tuple[int, int, int] = (0, 0, 0),
        **parameters: Any,
    ) -> None:
        """Run a kernel over `size` = (z, y, x) work-items; parameters in the kernel's own order.

        Python int and float become ``int`` and ``float``. `group` is the work-group's size; zeros
        leave it to the runtime.
        """
        with _translated(f"running kernel {kernel!r}"):
            self._cle.native_execute(
                kernel_source=program.source,
                kernel_name=kernel,
                global_size=size,
                local_size=group,
                parameters=parameters,
                device=self._native,
            )

    def download(self, buffer: Buffer, at: int = 0, size: int | None = None) -> npt.NDArray[Any]:
        """Wait for the queue and copy a buffer, or `size` items from `at` on, to the host, 1-D."""
        with _translated("reading a result"):
            if size is None and at == 0:
                return np.asarray(buffer.get()).reshape(-1)
            size = buffer.size - at if size is None else size
            return np.asarray(buffer.get((int(at),), (int(size),))).reshape(-1)

    def _check_limit(self, n_bytes: int) -> None:
        limit = memory_limit()
        if limit is not None and self._account.bytes_held + n_bytes > limit:
            held = self._account.bytes_held / 2**20
            raise DeviceMemoryError(
                f"Allocating {n_bytes / 2**20:.1f} MiB beside {held:.1f} MiB would exceed the "
                f"limit of {limit / 2**20:.1f} MiB set by BRUSHWOOD_MEMORY. Raise the limit, or "
                "work on smaller blocks or fewer features."
            )


@contextmanager
def lease(device: Device) -> Iterator[Queue]:
    """Hold a device: one thread works on it at a time; the same thread may lease it again."""
    with _account(device).lock:
        yield Queue(device)


def allocated_bytes(device: Device) -> int:
    """Return how many bytes of a device's memory Brushwood's live buffers hold."""
    return _account(device).bytes_held


def error_code(text: str) -> int | None:
    """Return the OpenCL error code in a runtime's message, e.g. -61, or None.

    Only the code itself counts: build logs and sizes hold other negative numbers.
    """
    match = _CODE.search(text)
    return int(match.group(1) or match.group(2)) if match else None


def _account(device: Device) -> _Account:
    with _guard:
        return _accounts.setdefault(device.index, _Account())


@contextmanager
def _translated(what: str) -> Iterator[None]:
    try:
        yield
    except MemoryError as error:
        raise DeviceMemoryError(f"The host ran out of memory while {what}.") from error
    except RuntimeError as error:
        text = str(error)
        if isinstance(error, DeviceError):
            raise
        if error_code(text) in _OUT_OF_MEMORY:
            raise DeviceMemoryError(
                f"The device ran out of memory while {what}: {text}. Close other programs that use "
                "it, lower BRUSHWOOD_MEMORY, or choose fewer features or another device."
            ) from error
        raise DeviceError(
            f"The device failed while {what}: {text}. Run `brushwood devices` for a self-test, "
            "update its driver, or choose another device."
        ) from error
