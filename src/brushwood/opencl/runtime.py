"""Find an OpenCL runtime before pyclesperanto is first imported, then import it.

The ICD loader that pyclesperanto ships reads ``OCL_ICD_FILENAMES`` and ``OCL_ICD_VENDORS`` once,
when its first call is made, so whatever pip or conda installed must be named there before.
"""

import importlib
import importlib.metadata
import os
import platform
import sys
import threading
import warnings
from pathlib import Path
from types import ModuleType

from brushwood.errors import NoDeviceError
from brushwood.opencl import advice

#: Libraries named one by one, in addition to the system's.
FILENAMES = "OCL_ICD_FILENAMES"
#: A folder of ``.icd`` files, in place of the system's.
VENDORS = "OCL_ICD_VENDORS"

_DISTRIBUTION = "intel-opencl-rt"
_LIBRARIES = {"linux": "libintelocl.so", "win32": "intelocl64.dll"}
_FOLDERS = {"linux": "lib", "win32": "Library/bin"}

_lock = threading.RLock()
_verdict: tuple[ModuleType | None, str] | None = None


def pip_runtime() -> Path | None:
    """Return the CPU runtime that pip installed, wherever pip put it, if there is one.

    The distribution's own list of files knows it for environments, ``--user`` and ``--target``
    installs alike; the usual place under `sys.prefix` serves installers that keep no such list.
    """
    name = _LIBRARIES.get(sys.platform)
    if name is None:
        return None
    try:
        listed = importlib.metadata.distribution(_DISTRIBUTION).files or []
    except importlib.metadata.PackageNotFoundError:
        listed = []
    candidates = [Path(str(file.locate())) for file in listed if file.name == name]
    candidates.append(Path(sys.prefix) / _FOLDERS[sys.platform] / name)
    return next((path.resolve() for path in candidates if path.is_file()), None)


def environment_icds() -> list[Path]:
    """Return the libraries named by ``.icd`` files of this environment, as conda writes them.

    pyclesperanto's own loader looks in ``/etc/OpenCL/vendors`` only, so ``conda install pocl``
    would go unseen. Files that name no existing library (pip's Intel runtime leaves
    some) are skipped.
    """
    found = []
    for file in sorted((Path(sys.prefix) / "etc/OpenCL/vendors").glob("*.icd")):
        try:
            library = Path(file.read_text("utf-8").strip())
        except (OSError, UnicodeDecodeError):
            continue
        if library.is_absolute() and library.is_file():
            found.append(library)
    return found


def installed_runtimes() -> list[Path]:
    """Return the runtimes of this environment, which the ICD loader would not find by itself."""
    library = pip_runtime()
    return ([library] if library else []) + environment_icds()


def prepare() -> None:
    """Name this environment's runtimes to the ICD loader, unless the user chose some already.

    Runtimes are added to the system's, so a GPU never disappears. Has no effect once pyclesperanto
    is imported, nor where ``OCL_ICD_FILENAMES`` or ``OCL_ICD_VENDORS`` is set, even to nothing.
    """
    if "pyclesperanto" in sys.modules or FILENAMES in os.environ or VENDORS in os.environ:
        return
    named = installed_runtimes()
    if named:
        os.environ[FILENAMES] = os.pathsep.join(map(str, named))


def load() -> ModuleType:
    """Import pyclesperanto with a runtime in reach. Safe from any thread.

    Raises
    ------
    NoDeviceError
        If pyclesperanto finds no OpenCL platform; the message says how to repair that here.
    """
    global _verdict  # one process has one ICD loader, and it looks around once
    with _lock:
        if _verdict is None:
            _verdict = _import()
    module, reason = _verdict
    if module is None:
        raise NoDeviceError(reason)
    return module


def _import() -> tuple[ModuleType | None, str]:
    """Return pyclesperanto, or None and the reason why it is of no use."""
    was_imported = "pyclesperanto" in sys.modules
    prepare()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            cle = importlib.import_module("pyclesperanto")
        except ImportError as error:
            return None, advice.not_importable(error)
        notes = [str(warning.message) for warning in caught]
        if "opencl" not in cle.list_available_backends():
            return None, advice.no_backend([note for note in notes if "failed to load" in note])
        if cle.get_backend_name() not in (None, "opencl"):
            return None, advice.other_backend(cle.get_backend_name())
        try:
            if hasattr(cle, "native_execute") and cle.list_available_devices():
                return cle, ""
        except RuntimeError as error:
            return None, advice.broken_driver(error)
    return None, _why_no_platform(was_imported)


def _why_no_platform(was_imported: bool) -> str:
    libraries = installed_runtimes()
    named = os.pathsep.join(map(str, libraries))
    if was_imported and libraries and os.environ.get(FILENAMES) != named:
        return advice.imported_first(libraries[0], FILENAMES)
    for variable in (VENDORS, FILENAMES):
        value = os.environ.get(variable)
        if value is not None and value != named:
            return advice.hidden_by_user(variable, value, sys.platform, platform.machine())
    if libraries:
        return advice.broken_runtime(libraries[0])
    return advice.nothing_installed(sys.platform, platform.machine())
