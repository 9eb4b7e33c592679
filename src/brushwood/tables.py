"""Units of a table's columns: kept beside the numbers, shown in headers, read back from them.

A table is a `pandas.DataFrame` with one row an object. Its columns keep plain names (``area``), and
the unit of each stands in ``table.attrs``, so that numbers in pixels and in µm cannot be confused.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from brushwood.errors import InputError

if TYPE_CHECKING:
    from pandas import DataFrame

#: Columns that say which object a row is, and measure nothing.
KEYS = ("label", "index", "frame", "image", "parent", "label_a", "label_b")

#: Columns that classifying writes.
CLASS_RESULTS = (
    "class",
    "class_name",
    "class_probability",
    "class_uncertainty",
    "class_annotated",
)
#: Start of the names of columns that an embedding writes, and of all that an exploration does.
EMBEDDED = ("PCA ", "UMAP ", "t-SNE ")
EXPLORED = (*EMBEDDED, "cluster ", "agreement ")

#: Where an object is, and to whom it belongs, says nothing of what it is.
_PLACE = re.compile(r"(weighted_)?centroid(_weighted)?|bbox|parent|cluster|frame|z|y|x", re.ASCII)
_UNITS = "brushwood.units"
_MEASUREMENT = "brushwood.measurement"
_HEADER = re.compile(r"(?P<name>.*?\S)\s*\[(?P<unit>[^\[\]]*)\]\s*")


def units_of(table: "DataFrame") -> dict[str, str]:
    """Return the unit of every column that has one, "" for a column without dimension.

    Columns of which nothing is known are left out.
    """
    kept = table.attrs.get(_UNITS, {})
    return {str(name): kept[name] for name in table.columns if name in kept}


def with_units(table: "DataFrame", units: Mapping[str, str]) -> "DataFrame":
    """Return the same table, noting these units in addition to those that it has.

    Raises
    ------
    InputError
        If a column does not exist.
    """
    missing = [name for name in units if name not in table.columns]
    if missing:
        raise InputError(
            f"Units were given for columns that the table does not have: {', '.join(missing)}. "
            f"It has {', '.join(map(str, table.columns))}."
        )
    noted = table.copy(deep=False)
    noted.attrs = {**table.attrs, _UNITS: {**table.attrs.get(_UNITS, {}), **units}}
    return noted


def measurement_of(table: "DataFrame") -> dict[str, Any] | None:
    """Return how a table was measured, as `with_measurement` noted it; None if nobody knows."""
    kept = table.attrs.get(_MEASUREMENT)
    return None if kept is None else dict(kept)


def with_measurement(
    table: "DataFrame",
    ndim: int,
    channels: Sequence[str] | None = None,
    classes: Sequence[str] | None = None,
) -> "DataFrame":
    """Return the same table, noting what its columns need to be measured again elsewhere.

    Parameters
    ----------
    table : DataFrame
    ndim : int
        Spatial dimensions.
    channels, classes : sequence of str, optional
        Names of the image's channels and of the probabilities' classes, as they end columns; an
        image without channels has one that is named "". None: nothing of the kind was measured.
    """
    names = {"channels": channels, "classes": classes}
    note = {key: None if value is None else list(value) for key, value in names.items()}
    noted = table.copy(deep=False)
    noted.attrs = {**table.attrs, _MEASUREMENT: {"ndim": ndim, **note}}
    return noted


def header(name: str, unit: str) -> str:
    """Write a column's header: ``area [µm²]``, or the name alone without a unit."""
    return f"{name} [{unit}]" if unit else name


def parse_header(text: str) -> tuple[str, str | None]:
    """Take a header apart into name and unit; None where the header does not tell."""
    found = _HEADER.fullmatch(text)
    if found is None:
        return text.strip(), None
    return found["name"].strip(), found["unit"].strip()


def headers(table: "DataFrame", names: Iterable[Any] | None = None) -> list[str]:
    """Return the headers of columns, all by default, in order."""
    units = units_of(table)
    chosen = table.columns if names is None else names
    return [header(str(name), units.get(str(name), "")) for name in chosen]


def measured_columns(table: "DataFrame") -> list[str]:
    """Return the names of numeric columns that measure something: all but keys and text."""
    numeric = table.select_dtypes(include=["number", "bool"]).columns
    return [str(name) for name in numeric if name not in KEYS]


def describing_columns(table: "DataFrame") -> list[str]:
    """Return the measured columns that say what an object is.

    Left out are its place (``centroid-0`` …, ``bbox-0`` …), parents and clusters, what classifying
    and exploring wrote, and ``num_pixels`` beside ``area``, which is the same without a unit.
    """
    return [
        name
        for name in measured_columns(table)
        if not (
            _PLACE.fullmatch(name.partition("-")[0])
            or name.removesuffix("_before").partition("-")[0] in CLASS_RESULTS
            or name.startswith(EXPLORED)
            or (name == "num_pixels" and "area" in table.columns)
        )
    ]
