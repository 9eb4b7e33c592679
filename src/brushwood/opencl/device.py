"""Which OpenCL devices there are, and which one to use."""

import os
import re
from dataclasses import dataclass
from typing import Any, Literal

from brushwood.errors import NoDeviceError
from brushwood.opencl import runtime


@dataclass(frozen=True, slots=True)
class Device:
    """One OpenCL device.

    Attributes
    ----------
    index : int
        Position in the runtime's list.
    name : str
    kind : {"gpu", "cpu"}
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
        return 16 if self.kind == "cpu" else 1

    def __str__(self) -> str:
        return f"{self.name} ({self.kind.upper()})"


def devices() -> list[Device]:
    """List the OpenCL devices, GPUs first. Empty when there is none; never raises."""
    try:
        cle = runtime.load()
    except NoDeviceError:
        return []
    found = [_describe(i, native(i)) for i in range(len(cle.list_available_devices()))]
    return sorted(found, key=lambda device: device.kind != "gpu")


def choose_device(wish: str | None = None) -> Device:
    """Return the device asked for, or the best there is.

    Parameters
    ----------
    wish : str, optional
        Part of a device's name, ``"cpu"``, ``"gpu"`` or an index. Default: the environment variable
        ``BRUSHWOOD_DEVICE``, then the first GPU, then the CPU.

    Raises
    ------
    NoDeviceError
        If there is no device, or none that fits the wish.
    """
    found = devices()
    wish = wish or os.environ.get("BRUSHWOOD_DEVICE") or None
    if not found:
        raise NoDeviceError("No OpenCL device was found.")
    if wish is None:
        return found[0]
    low = wish.lower()
    for device in found:
        if low == device.kind or low == str(device.index) or low in device.name.lower():
            return device
    raise NoDeviceError(f"No OpenCL device matches {wish!r}; there are: {', '.join(map(str, found))}.")


def native(index: int) -> Any:
    """Return pyclesperanto's device object without making it the current one."""
    cle = runtime.load()
    backend = cle._backend._get_backend()._BackendManager.get_backend()  # noqa: SLF001
    return backend.getDeviceFromIndex(index, "all")


def _describe(index: int, device: Any) -> Device:
    info = device.info

    def number(label: str) -> int:
        match = re.search(rf"{label}:\s*(\d+)", info)
        return int(match.group(1)) if match else 0

    kind = "gpu" if re.search(r"Device Type:\s*GPU", info) else "cpu"
    return Device(
        index=index,
        name=device.name.strip(),
        kind=kind,
        memory_bytes=number("Global Memory Size") << 20,
        max_buffer_bytes=number("Maximum Buffer Size") << 20,
        compute_units=number("Compute Units"),
    )
