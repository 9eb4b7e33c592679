"""Finding an OpenCL runtime, or saying what to do, in processes that start afresh."""

import os
import platform
import subprocess
import sys

import pytest

from brushwood.opencl import advice, runtime

HIDE_PIP = """
import importlib.metadata, sys
real = importlib.metadata.distribution
def distribution(name):
    if name == "intel-opencl-rt":
        raise importlib.metadata.PackageNotFoundError(name)
    return real(name)
importlib.metadata.distribution = distribution
from brushwood.opencl import runtime
runtime._FOLDERS = dict.fromkeys(runtime._FOLDERS, "no/such/folder")
"""


def python(script, **environment):
    """Run a script in a fresh interpreter, warnings as errors, without this process's choices."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("OCL_", "BRUSHWOOD_"))}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        env=env | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


needs_pip_runtime = pytest.mark.skipif(
    runtime.pip_runtime() is None, reason="the CPU runtime of the [cpu] extra is not installed"
)


@pytest.mark.parametrize("empty", ["/nonexistent"])
def test_no_icd_and_no_pip_runtime_gives_one_message_and_no_traceback(empty):
    done = python(
        HIDE_PIP + "import brushwood.opencl as o\n"
        "print(o.devices()); print(o.no_device_reason())\n"
        "try: o.choose_device()\nexcept RuntimeError as e: print(type(e).__name__, e)",
        OCL_ICD_VENDORS=empty,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    listing, reason, error = done.stdout.splitlines()
    assert listing == "[]"
    assert "OCL_ICD_VENDORS is set to '/nonexistent'" in reason
    assert error == f"NoDeviceError {reason}"


def test_a_machine_without_any_runtime_names_the_fix():
    # The folder stands for a system without any; the user did not choose it.
    script = "runtime.VENDORS = 'UNUSED'\nimport brushwood.opencl as o; print(o.no_device_reason())"
    done = python(HIDE_PIP + script, OCL_ICD_VENDORS="/nonexistent")
    assert done.stderr == ""
    assert "there is no OpenCL runtime on this machine" in done.stdout
    assert advice.install(sys.platform, platform.machine()) in done.stdout


def test_importing_brushwood_does_not_import_pyclesperanto():
    done = python("import sys, brushwood, brushwood.opencl; print('pyclesperanto' in sys.modules)")
    assert done.stdout.strip() == "False", done.stderr


@needs_pip_runtime
def test_the_pip_runtime_is_found_beside_the_system_s(tmp_path):
    done = python(
        "import os, brushwood.opencl as o\n"
        "print(len(o.devices())); print(os.environ['OCL_ICD_FILENAMES'])"
    )
    assert done.returncode == 0, done.stderr
    count, named = done.stdout.splitlines()
    assert int(count) >= 1
    assert str(runtime.pip_runtime()) in named.split(os.pathsep)


@needs_pip_runtime
def test_the_users_own_choice_is_not_overridden():
    done = python(
        "import os, brushwood.opencl as o\n"
        "print(o.devices()); print(os.environ['OCL_ICD_FILENAMES']); print(o.no_device_reason())",
        OCL_ICD_FILENAMES="/nonexistent/lib.so",
        OCL_ICD_VENDORS="/nonexistent",
    )
    listing, named, reason = done.stdout.splitlines()
    assert (listing, named) == ("[]", "/nonexistent/lib.so")
    assert "OCL_ICD_VENDORS is set to '/nonexistent'" in reason
    assert "Unset OCL_ICD_VENDORS" in reason


@needs_pip_runtime
def test_pyclesperanto_imported_first_without_a_device_says_what_to_do():
    script = (
        "import warnings\n"
        "with warnings.catch_warnings():\n"
        "    warnings.simplefilter('ignore'); import pyclesperanto\n"
        "import brushwood.opencl as o\n"
        "print(o.devices()); print(o.no_device_reason())"
    )
    done = python(script, OCL_ICD_VENDORS="/nonexistent")
    assert done.returncode == 0, done.stderr
    listing, reason = done.stdout.splitlines()
    assert listing == "[]"
    assert "another plugin imported pyclesperanto before" in reason
    # The advice works: follow it to the letter, in the same hopeless situation.
    named = f"OCL_ICD_FILENAMES={runtime.pip_runtime()}"
    assert named in reason
    repaired = python(
        script, OCL_ICD_VENDORS="/nonexistent", OCL_ICD_FILENAMES=str(runtime.pip_runtime())
    )
    assert repaired.stdout.splitlines()[0] != "[]", repaired.stderr


@needs_pip_runtime
def test_pyclesperanto_imported_first_with_a_device_is_used_as_it_is():
    done = python(
        "import pyclesperanto\nimport brushwood.opencl as o\n"
        "print(len(o.devices())); print(o.self_test(o.choose_device()).message)",
        OCL_ICD_FILENAMES=str(runtime.pip_runtime()),
    )
    assert done.stdout.splitlines()[1] == "passed", done.stderr


@needs_pip_runtime
def test_a_runtime_that_does_not_load_is_named_with_the_loaders_words(tmp_path):
    fake = tmp_path / runtime.pip_runtime().name
    fake.write_bytes(b"not a library")
    done = python(
        f"from pathlib import Path\nfrom brushwood.opencl import runtime\n"
        f"runtime.pip_runtime = lambda: Path({str(fake)!r})\n"
        "runtime.VENDORS = 'UNUSED'\n"  # the folder below stands for a system without any
        "import brushwood.opencl as o; print(o.no_device_reason())",
        OCL_ICD_VENDORS="/nonexistent",
    )
    assert "it does not load" in done.stdout, done.stderr
    assert "--force-reinstall" in done.stdout


def test_pyclesperanto_missing_or_half_installed_is_said():
    missing = python(
        "import sys; sys.modules['pyclesperanto'] = None\n"
        "import brushwood.opencl as o; print(o.devices(), o.no_device_reason())"
    )
    assert "pip install --upgrade pyclesperanto" in missing.stdout, missing.stderr
    half = python(
        "import sys; sys.modules['pyclesperanto_opencl'] = None\n"
        "import brushwood.opencl as o; print(o.devices(), o.no_device_reason())"
    )
    advice = "pip install --force-reinstall pyclesperanto pyclesperanto-opencl"
    assert advice in half.stdout, half.stderr


STUB = """
import sys, types
cle = types.ModuleType("pyclesperanto")
cle.list_available_backends = lambda: ["opencl", "cuda"]
cle.get_backend_name = lambda: "{backend}"
cle.native_execute = cle.get_device = cle.select_device = lambda *args: None
def listed():
    raise RuntimeError("clGetDeviceIDs failed with error code -30")
cle.list_available_devices = listed
sys.modules["pyclesperanto"] = cle
import brushwood.opencl as o
print(o.devices()); print(o.no_device_reason())
"""


def test_a_plugin_that_switched_pyclesperanto_to_cuda_is_named():
    listing, reason = python(STUB.format(backend="cuda")).stdout.splitlines()
    assert listing == "[]"
    assert "another plugin switched pyclesperanto to 'cuda'" in reason


def test_a_driver_that_fails_to_list_its_devices_is_no_crash():
    listing, reason = python(STUB.format(backend="opencl")).stdout.splitlines()
    assert listing == "[]"
    assert "failed while listing its devices (clGetDeviceIDs failed" in reason


def test_the_pip_runtime_is_found_through_the_list_of_installed_files(monkeypatch, tmp_path):
    """A --user or --target install lies far from `sys.prefix`."""
    name = runtime._LIBRARIES.get(sys.platform)
    if name is None:
        pytest.skip("there is no pip runtime for this platform")
    info = tmp_path / "site" / "intel_opencl_rt-1.0.dist-info"
    info.mkdir(parents=True)
    (tmp_path / name).write_bytes(b"")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: intel-opencl-rt\nVersion: 1.0\n")
    (info / "RECORD").write_text(f"../{name},,\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site"), *sys.path])
    assert runtime.pip_runtime() == tmp_path / name


def test_icd_files_of_the_environment_are_used_if_their_library_exists(monkeypatch, tmp_path):
    folder = tmp_path / "etc/OpenCL/vendors"
    folder.mkdir(parents=True)
    library = tmp_path / "libpocl.so"
    library.write_bytes(b"")
    (folder / "pocl.icd").write_text(f"{library}\n")
    (folder / "intel.icd").write_text("/a/placeholder/libintelocl.so\n")
    (folder / "odd.icd").write_bytes(b"\xff\xfe")
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert runtime.environment_icds() == [library]


@pytest.mark.parametrize(
    ("system", "machine", "fix"),
    [
        ("linux", "x86_64", 'pip install "napari-brushwood[cpu]"'),
        ("linux", "aarch64", "sudo apt install pocl-opencl-icd"),
        ("win32", "AMD64", 'pip install "napari-brushwood[cpu]"'),
        ("win32", "ARM64", "OpenCL Compatibility Pack"),
        ("darwin", "arm64", "macOS ships OpenCL"),
    ],
)
def test_every_platform_has_its_own_fix(system, machine, fix):
    message = advice.nothing_installed(system, machine)
    assert message.startswith("No OpenCL device was found")
    assert fix in message
    # The wheel exists for x86-64 Linux and Windows only; nobody else is sent to it.
    assert ("napari-brushwood[cpu]" in message) == (machine in ("x86_64", "AMD64"))
