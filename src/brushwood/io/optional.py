"""Packages that reading some kinds of files needs, and what to say when they are missing."""

from importlib import import_module
from typing import Any

from brushwood.errors import MissingPackageError

#: What to import for a package, where it is more than the package itself.
_MODULES = {"pylibCZIrw": ("pylibCZIrw", "pylibCZIrw.czi")}


def needed(package: str, what: str, extra: str) -> Any:
    """Import an optional package.

    Parameters
    ----------
    package : str
    what : str
        What it is needed for, for example ``"CZI files"``.
    extra : str
        Of Brushwood, that installs it.

    Raises
    ------
    MissingPackageError
        If it is not installed.
    """
    try:
        modules = [import_module(name) for name in _MODULES.get(package, (package,))]
    except ImportError as error:
        raise MissingPackageError(
            f"{what} are read by the package {package}, which is not installed or does not work "
            f"({error}). Run `pip install {package.replace('_', '-')}`, or `pip install "
            f"'napari-brushwood[{extra}]'` for all kinds of files."
        ) from error
    return modules[0]
