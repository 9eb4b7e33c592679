"""Which OpenCL devices there are, which one to use, and how much of its memory."""

import functools
import os
import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from brushwood.errors import InputError, NoDeviceError
from brushwood.opencl import advice, runtime

#: Names the device to use when nobody asked for one.
DEVICE_VARIABLE = "BRUSHWOOD_DEVICE"
#: Bytes of device memory to use at most: ``2G``, ``512M`` or a number.
MEMORY_VARIABLE = "BRUSHWOOD_MEMORY"
#: Overrides the pixels a work-item computes: 1, 4 or 16. For tests and measurements.
VECTOR_VARIABLE = "BRUSHWOOD_VECTOR_WIDTH"

_WIDTHS = (1, 4, 16)
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Device:
    """One OpenCL device.

    Attributes
    ----------
    index : int
        Position in the runtime's list.
    name : str
    kind : {"gpu", "cpu"}
        An accelerator that is neither counts as ``"cpu"``.
    memory_bytes, max_buffer_bytes : int
        Total memory, and the largest single buffer.
    compute_units : int
    """

    index: int
    name: str
    kind: Literal["gpu", "cpu"]
    memory_bytes: int
    max_buffer_bytes: int
    compute_units: int

    @property
    def vector_width(self) -> int:
        """Pixels a work-item computes: 16 on a CPU, 1 on a GPU, where neighbours coalesce."""
        wish = os.environ.get(VECTOR_VARIABLE)
        if wish is None:
            return 16 if self.kind == "cpu" else 1
        if wish not in map(str, _WIDTHS):
            raise InputError(f"{VECTOR_VARIABLE} must be one of {_WIDTHS}, got {wish!r}.")
        return int(wish)

    def __str__(self) -> str:
        return f"{self.name} ({self.kind.upper()})"


def devices() -> list[Device]:
    """List the OpenCL devices, GPUs first. Empty when there is none; never raises.

    See Also
    --------
    no_device_reason : why the list is empty, and what to do.
    """
    try:
        found = [_describe(index, item) for index, item in enumerate(_natives())]
    except NoDeviceError:
        return []
    return sorted(found, key=lambda device: device.kind != "gpu")


def no_device_reason() -> str:
    """Say why `devices` is empty and what to do on this machine; empty when it is not."""
    try:
        _natives()
    except NoDeviceError as error:
        return str(error)
    return ""


def choose_device(wish: str | None = None) -> Device:
    """Return the device asked for, or the best there is.

    Parameters
    ----------
    wish : str, optional
        ``"cpu"``, ``"gpu"``, an index as in `Device.index`, or part of a device's name. Default:
        the environment variable ``BRUSHWOOD_DEVICE``, then the first GPU, then the first CPU.

    Raises
    ------
    NoDeviceError
        If there is no device, or none that fits the wish.
    """
    found = devices()
    if not found:
        raise NoDeviceError(no_device_reason())
    asked_by = "" if wish else f" (asked for by {DEVICE_VARIABLE})"
    wish = (wish or os.environ.get(DEVICE_VARIABLE) or "").strip()
    low = wish.lower()
    for fits in (
        lambda device: low in ("", device.kind),
        lambda device: low == str(device.index),
        lambda device: low == device.name.lower(),
        lambda device: low in device.name.lower(),
    ):
        for device in found:
            if fits(device):
                return device
    there = "; ".join(f"{device.index}: {device}" for device in found)
    raise NoDeviceError(
        f"No OpenCL device matches {wish!r}{asked_by}. There are: {there}. "
        "Ask for one by its index, by part of its name, or by 'cpu' or 'gpu'."
    )


def budget_bytes(device: Device) -> int:
    """Return how many bytes of a device's memory Brushwood may fill.

    ``BRUSHWOOD_MEMORY`` if set (then `Queue.allocate` refuses more); otherwise half of a GPU's
    memory and a quarter of a CPU's, which is the host's and shared with everything else.
    """
    limit = memory_limit()
    if limit is not None:
        return limit
    if device.kind == "gpu":
        return device.memory_bytes // 2
    return min(device.memory_bytes, _container_bytes() or device.memory_bytes) // 4


def memory_limit() -> int | None:
    """Return the limit set by ``BRUSHWOOD_MEMORY`` in bytes, or None.

    Raises
    ------
    InputError
        If the variable is not a positive size such as ``2G``, ``512M`` or ``1000000``.
    """
    text = os.environ.get(MEMORY_VARIABLE, "").strip()
    if not text:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)i?B?", text, re.IGNORECASE)
    size = int(float(match.group(1)) * _UNITS[match.group(2).upper()]) if match else 0
    if size <= 0:
        raise InputError(
            f"{MEMORY_VARIABLE} must be a positive size such as '2G' or '512M', got {text!r}."
        )
    return size


def native(index: int) -> Any:
    """Return pyclesperanto's device object without making it the current one."""
    return _natives()[index]


def _natives() -> list[Any]:
    cle = runtime.load()
    with _lock:
        return _native_list(cle)


@functools.cache
def _native_list(cle: Any) -> list[Any]:
    """Fetch every device once, and leave the current one as other plugins know it."""
    try:
        current = cle.get_device()
        found = [cle.select_device(index) for index in range(len(cle.list_available_devices()))]
        for index, item in enumerate(found):
            if item is current:
                cle.select_device(index)
    except RuntimeError as error:
        raise NoDeviceError(advice.broken_driver(error)) from error
    return found


def _container_bytes() -> int:
    """Return the memory that a container or batch system grants this process, 0 if unlimited."""
    for file in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            text = Path(file).read_text("ascii").strip()
        except OSError:
            continue
        return int(text) if text.isdigit() else 0
    return 0


def _describe(index: int, device: Any) -> Device:
    info = device.info

    def number(label: str) -> int:
        match = re.search(rf"{label}:\s*(\d+)", info)
        return int(match.group(1)) if match else 0

    return Device(
        index=index,
        name=device.name.strip(),
        kind="gpu" if re.search(r"Device Type:\s*GPU", info) else "cpu",
        memory_bytes=number("Global Memory Size") << 20,
        max_buffer_bytes=number("Maximum Buffer Size") << 20,
        compute_units=number("Compute Units"),
    )
