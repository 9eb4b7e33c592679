"""What to tell a user whose machine shows no OpenCL device: a message a cause, with the repair."""

import ctypes
from pathlib import Path

_CPU = 'pip install "napari-brushwood[cpu]"'
_X86 = {"x86_64", "amd64", "x64", "i386", "i686"}


def install(system: str, machine: str) -> str:
    """Return how to get a device on this platform, as one sentence or two.

    Parameters
    ----------
    system : str
        ``sys.platform``.
    machine : str
        ``platform.machine()``.
    """
    is_x86 = machine.lower() in _X86
    if system == "darwin":
        return (
            "macOS ships OpenCL with every Mac, so this points at a remote session without a GPU "
            "or a damaged installation: log in on the desktop, then reinstall with "
            "`pip install --force-reinstall pyclesperanto pyclesperanto-opencl`."
        )
    if system == "win32":
        cpu = f"To use the processor run `{_CPU}`. " if is_x86 else ""
        return cpu + (
            "To use a GPU install its driver from NVIDIA, AMD, Intel or Qualcomm"
            + ("." if is_x86 else ", or the 'OpenCL Compatibility Pack' from the Microsoft Store.")
        )
    if is_x86:
        return (
            f"To use the processor run `{_CPU}`, which needs no root and serves AMD and Intel. "
            "To use a GPU install its driver (NVIDIA: nvidia-driver; AMD: ROCm OpenCL; "
            "Intel: `sudo apt install intel-opencl-icd`)."
        )
    return (
        "To use the processor run `sudo apt install pocl-opencl-icd` "
        "(or `conda install -c conda-forge pocl`). To use a GPU install its driver."
    )


def nothing_installed(system: str, machine: str) -> str:
    """No runtime was found anywhere."""
    return (
        "No OpenCL device was found: there is no OpenCL runtime on this machine. "
        f"{install(system, machine)} Then start Python or napari again."
    )


def hidden_by_user(variable: str, value: str, system: str, machine: str) -> str:
    """The user's own environment variable leads nowhere."""
    return (
        f"No OpenCL device was found: {variable} is set to {value!r}, and no runtime answers "
        f"there. Unset {variable}, or point it at a runtime, and start again. "
        f"{install(system, machine)}"
    )


def imported_first(library: Path, variable: str) -> str:
    """Another package imported pyclesperanto, without the CPU runtime that is installed here."""
    return (
        "No OpenCL device was found: another plugin imported pyclesperanto before Brushwood could "
        f"show it the CPU runtime at {library}, and that cannot be repeated in a running program. "
        f"Start again with the environment variable {variable}={library}, "
        "or open a Brushwood widget before the other plugin's."
    )


def broken_runtime(library: Path) -> str:
    """The CPU runtime was named to the loader, and gave no device."""
    try:
        ctypes.CDLL(str(library))
    except OSError as error:
        cause = f"it does not load ({error})"
    else:
        cause = "it loads, but offers no device on this processor"
    return (
        f"No OpenCL device was found: the CPU runtime at {library} is of no use: {cause}. "
        f"Reinstall it with `{_CPU} --force-reinstall`, or install a GPU driver or, on Linux, "
        "`sudo apt install pocl-opencl-icd`."
    )


def broken_driver(error: RuntimeError) -> str:
    """A runtime is there, and fails when it is asked about its devices."""
    return (
        f"No OpenCL device can be used: the runtime failed while listing its devices ({error}). "
        "Update the driver of the GPU, or name a working runtime in OCL_ICD_FILENAMES, and start "
        "again."
    )


def not_importable(error: ImportError) -> str:
    """Python cannot import pyclesperanto."""
    return (
        f"No OpenCL device can be used: pyclesperanto does not import ({error}). "
        "Run `pip install --upgrade pyclesperanto` and start again."
    )


def no_backend(notes: list[str]) -> str:
    """The package pyclesperanto is there without its OpenCL half."""
    cause = notes[0] if notes else "pyclesperanto-opencl is not installed"
    return (
        f"No OpenCL device can be used: {cause}. "
        "Run `pip install --force-reinstall pyclesperanto pyclesperanto-opencl` and start again."
    )


def other_backend(name: str | None) -> str:
    """Another package switched pyclesperanto to CUDA or Metal."""
    return (
        f"No OpenCL device can be used: another plugin switched pyclesperanto to {name!r}, and "
        "Brushwood's kernels are OpenCL. Switch back with "
        '`pyclesperanto.select_backend("opencl")` and start again, or open Brushwood first.'
    )
