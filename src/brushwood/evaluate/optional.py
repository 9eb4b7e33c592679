"""Packages that only reports need."""

import importlib
from types import ModuleType

from brushwood.errors import MissingPackageError


def need(name: str, what: str) -> ModuleType:
    """Import a package of the extra "report".

    Raises
    ------
    MissingPackageError
        If it is not installed, saying what to do.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise MissingPackageError(
            f"{what} needs the package {package}, which is not installed. Install it with: "
            'pip install "napari-brushwood[report]"'
        ) from error
