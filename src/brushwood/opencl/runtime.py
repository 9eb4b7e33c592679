"""Find an OpenCL runtime before pyclesperanto is first imported, then import it.

The ICD loader that pyclesperanto ships reads ``OCL_ICD_FILENAMES`` and ``OCL_ICD_VENDORS`` once, so
a CPU runtime that pip installed must be named there first.
"""

import functools
import os
import sys
import warnings
from pathlib import Path
from types import ModuleType

from brushwood.errors import NoDeviceError

_LIBRARIES = {
    "linux": ("lib", "libintelocl.so"),
    "win32": ("Library/bin", "intelocl64.dll"),
}


def pip_runtime() -> Path | None:
    """Return the CPU runtime that pip installed into this environment, if there is one."""
    folder, name = _LIBRARIES.get(sys.platform, ("", ""))
    path = Path(sys.prefix) / folder / name
    return path if name and path.is_file() else None


@functools.cache
def load() -> ModuleType:
    """Import pyclesperanto with a runtime in reach.

    Raises
    ------
    NoDeviceError
        If pyclesperanto finds no OpenCL platform.
    """
    library = pip_runtime()
    if library is not None and "pyclesperanto" not in sys.modules:
        named = os.environ.get("OCL_ICD_FILENAMES", "")
        if str(library) not in named.split(os.pathsep):
            os.environ["OCL_ICD_FILENAMES"] = os.pathsep.join(filter(None, [named, str(library)]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pyclesperanto as cle
    if not hasattr(cle, "native_execute"):
        raise NoDeviceError("No OpenCL device was found.")
    return cle
