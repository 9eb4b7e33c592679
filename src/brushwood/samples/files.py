"""Find and read the sample files, in an installed package and in a checkout."""

import csv
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from brushwood.errors import ImageFileError

Array = NDArray[Any]


def folder() -> Path:
    """Return the folder of the sample data.

    A wheel carries it inside the package; in a checkout (also an editable installation) it stands
    at the root of the repository, two folders above the package.

    Raises
    ------
    ImageFileError
        If neither is there.
    """
    package = Path(str(resources.files("brushwood")))
    for place in (package / "sample_data", package.parents[1] / "sample_data"):
        if place.is_dir():
            return place
    raise ImageFileError(
        f"The sample data of Brushwood is missing: expected a folder {package / 'sample_data'}. "
        "Install napari-brushwood again, or run `python scripts/make_samples.py` in a checkout."
    )


def read_array(key: str, name: str) -> Array | None:
    """Read one TIFF of a sample, None if the sample has no such file."""
    path = folder() / key / f"{name}.tif"
    return np.asarray(tifffile.imread(path)) if path.exists() else None


def read_table(key: str) -> dict[str, list[Any]] | None:
    """Read the table of a sample as columns of int, float or str, None if it has none."""
    path = folder() / key / "truth_table.csv"
    if not path.exists():
        return None
    with path.open(newline="", encoding="utf-8") as file:
        names, *rows = csv.reader(file)
    columns = [_typed(list(column)) for column in zip(*rows, strict=True)]
    return dict(zip(names, columns, strict=True))


def _typed(column: list[str]) -> list[Any]:
    """Return a column as int or float where every entry is one."""
    for kind in (int, float):
        try:
            return [kind(entry) for entry in column]
        except ValueError:
            continue
    return column
