"""The arrow points one way: core <- session <- gui, core <- cli."""

import subprocess
import sys

import pytest

from house import SOURCE, imports, sources, unit

_BASE = {"errors", "jobs", "aside", "arrays", "workers"}
_ENGINE = _BASE | {"blocks", "opencl", "features", "forest"}
#: Domains beside each other; none imports another.
_DOMAINS = {"objects", "measure", "explore", "evaluate"}
#: What composes them.
_WHOLES = {"apoc", "models", "validation", "batch"}
_CORE = _ENGINE | _DOMAINS | _WHOLES | {"pixels", "io", "samples", "tables"}

#: What each unit may import while it is itself imported.
ALLOWED = {
    "errors": set(),
    "jobs": set(),
    "aside": {"jobs"},
    "workers": {"jobs"},
    "arrays": {"errors", "jobs"},
    "blocks": _BASE,
    "opencl": _BASE,
    "features": _BASE | {"blocks", "opencl"},
    "forest": _BASE | {"blocks", "opencl", "features"},
    "pixels": _ENGINE,
    "tables": {"errors"},
    "objects": _ENGINE | {"pixels", "tables"},
    "measure": _ENGINE | {"tables"},
    "explore": _BASE | {"blocks", "forest", "tables"},
    "evaluate": _ENGINE | {"tables"},
    "io": _ENGINE | {"pixels", "tables"},
    "models": _CORE - {"batch", "models", "validation"},
    "validation": _CORE - {"batch", "apoc", "validation"},
    "apoc": _CORE - {"batch", "apoc"},
    "batch": _CORE - {"batch"},
    "samples": _BASE,
    "session": _CORE,
    "gui": _CORE | {"session"},
    "cli": _CORE,
    "__init__": set(),
    "__main__": {"cli"},
}
#: What may in addition be imported inside a function, when the work is asked for.
ON_DEMAND = {
    "pixels": {"io", "models"},
    "objects": {"models"},
    "cli": {"gui"},
    "samples": _CORE - {"batch"},
}

WINDOW = {
    "napari",
    "qtpy",
    "PyQt5",
    "PyQt6",
    "PySide2",
    "PySide6",
    "magicgui",
    "pyqtgraph",
    "superqt",
    "vispy",
}


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_follow_the_arrow(path):
    here = unit(path)
    assert here in ALLOWED, f"{here!r} is new: say in ALLOWED what it may import"
    for found in imports(path):
        root, _, rest = found.target.partition(".")
        if root == "brushwood" and rest:
            there = rest.split(".")[0]
            if there == here or there not in ALLOWED:
                continue
            fine = ALLOWED[here] if found.at_import else ALLOWED[here] | ON_DEMAND.get(here, set())
            assert there in fine, f"{found.file} must not import brushwood.{there}"
        elif root in WINDOW:
            assert here == "gui", f"{found.file} must not import {root}: only gui may"
        elif root == "pyclesperanto":
            assert here == "opencl", f"{found.file}: only opencl may import pyclesperanto"
            assert not found.at_import, f"{found.file}: import pyclesperanto inside a function"


def _loaded_after(code: str) -> set[str]:
    """Top-level modules that a fresh interpreter holds after `code`."""
    script = f"{code}\nimport sys; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(run.stdout.splitlines()[-1].split())


def test_importing_brushwood_loads_nothing_heavy():
    heavy = WINDOW | {"pyclesperanto", "umap", "sklearn", "skimage", "dask", "zarr"}
    assert not _loaded_after("import brushwood; dir(brushwood)") & heavy


def test_every_module_outside_the_window_imports_without_a_window_or_a_device():
    names = [
        ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__")
        for path in sources()
        if unit(path) not in {"gui", "__main__"}
    ]
    loaded = _loaded_after("\n".join(f"import {name}" for name in names))
    assert not loaded & (WINDOW | {"pyclesperanto"})
