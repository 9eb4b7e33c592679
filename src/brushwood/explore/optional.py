"""Packages that only an exploration needs: imported when asked for, missed with advice."""

import importlib
import importlib.util
import warnings
from typing import Any

from brushwood.errors import MissingPackageError

#: What each import name is called on the package index, and what it is for.
_PACKAGES = {"umap": ("umap-learn", "UMAP"), "shap": ("shap", "SHAP values")}


def need(name: str) -> Any:
    """Import an optional package.

    Raises
    ------
    MissingPackageError
        If it is not installed, with the command that installs it.
    """
    quieten()
    package, what = _PACKAGES[name]
    try:
        return importlib.import_module(name)
    except ImportError as error:
        missing = error.name or name
        raise MissingPackageError(
            f"{what} needs the package {package}, which cannot be imported (missing: {missing}). "
            f"Install it with `pip install {package}` or `pip install 'napari-brushwood[explore]'` "
            "and start again."
        ) from error


def is_there(name: str) -> bool:
    """Whether an optional package is installed, without importing it."""
    return importlib.util.find_spec(name) is not None


def quieten() -> None:
    """Keep what these packages say to their own developers away from users.

    Their warnings are about threads, compilation and coming versions, and nothing that a user could
    act on. The filters are set for the process: `warnings.catch_warnings` is not safe in a thread.
    """
    for module in ("umap", "numba", "pynndescent", "shap"):
        warnings.filterwarnings("ignore", module=rf"{module}(\.|$)")
    warnings.filterwarnings("ignore", message=".*Tensorflow.*")
    warnings.filterwarnings("ignore", message=".*TBB threading layer.*")
    warnings.filterwarnings("ignore", message=".*Graph is not fully connected.*")
