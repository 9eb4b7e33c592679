"""Devices for worker processes: those of one machine take different GPUs."""

import os
import tempfile
from pathlib import Path
from typing import IO

from brushwood.opencl.device import DEVICE_VARIABLE, devices

#: Workers beyond this many a GPU share the last place.
_PLACES = 16
#: Locks that are held as long as the process lives.
_held: list[IO[bytes]] = []
_is_done = False


def pin_device(folder: Path | None = None) -> str | None:
    """Choose a GPU that no other worker of this machine has, for the rest of the process.

    Nothing happens where ``BRUSHWOOD_DEVICE`` is set, or with fewer than two GPUs. A place is a
    locked file, which the system frees when the process ends, however it ends.

    Parameters
    ----------
    folder : Path, optional
        Where the files are. Default: the machine's temporary folder.

    Returns
    -------
    str or None
        The index of the device, as `brushwood.opencl.choose_device` takes it.
    """
    global _is_done  # a process is pinned once
    if _is_done:
        return os.environ.get(DEVICE_VARIABLE)
    _is_done = True
    if os.environ.get(DEVICE_VARIABLE):
        return os.environ[DEVICE_VARIABLE]
    gpus = [device.index for device in devices() if device.kind == "gpu"]
    if len(gpus) < 2:
        return None
    chosen = take_place(gpus, folder or _folder())
    os.environ[DEVICE_VARIABLE] = str(chosen)
    return str(chosen)


def take_place(gpus: list[int], folder: Path) -> int:
    """Lock a place on a GPU, the emptiest first, and return the GPU."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for place in range(_PLACES):
            for gpu in gpus:
                if _lock(folder / f"gpu-{gpu}-{place}.lock"):
                    return gpu
    except OSError:
        pass  # no folder for locks: spread by process id instead
    return gpus[os.getpid() % len(gpus)]


def _folder() -> Path:
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    return Path(tempfile.gettempdir()) / f"brushwood-{user}"


def _lock(path: Path) -> bool:
    """Lock a file for this process, unless another holds it."""
    stream = path.open("ab")
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined, unused-ignore]
        else:
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        stream.close()
        return False
    _held.append(stream)
    return True
