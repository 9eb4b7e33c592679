"""Tables as rows of numbers that a forest takes: the right columns, in the right units, filled."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from brushwood.errors import TableMismatchError
from brushwood.tables import units_of

if TYPE_CHECKING:
    from pandas import DataFrame

#: Spellings of one unit.
_SAME = {"um": "µm", "μm": "µm", "micron": "µm", "microns": "µm", "micrometer": "µm",
         "micrometre": "µm", "pixel": "px", "pixels": "px"}  # fmt: skip
_POWERS = str.maketrans({"^": "", "²": "2", "³": "3"})


@dataclass(frozen=True, eq=False)
class ObjectRows:
    """Measured objects whose class is known.

    Attributes
    ----------
    values : float32 (row, column)
        NaN where a measure is undefined.
    classes : int64 (row,)
    """

    values: npt.NDArray[np.float32]
    classes: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.classes)

    @classmethod
    def joined(cls, parts: "Sequence[ObjectRows]") -> "ObjectRows":
        """Put rows of several tables together."""
        values = np.concatenate([part.values for part in parts])
        return cls(values, np.concatenate([part.classes for part in parts]))


def values_of(
    table: "DataFrame", columns: Sequence[str], units: Mapping[str, str], where: str
) -> npt.NDArray[np.float32]:
    """Return columns of a table as float32 (row, column), NaN where there is no finite number.

    Raises
    ------
    TableMismatchError
        If columns are missing, hold text, or are in other units than `units`.
    """
    check_columns(table, columns, where)
    check_units(table, columns, units, where)
    values = np.empty((len(table), len(columns)), np.float32)
    for k, name in enumerate(columns):
        with np.errstate(over="ignore"):
            values[:, k] = table[name].to_numpy(dtype=np.float64, na_value=np.nan)
    values[~np.isfinite(values)] = np.nan
    return values


def check_columns(table: "DataFrame", columns: Sequence[str], where: str) -> None:
    """Check that columns are there, once each, and hold numbers.

    Raises
    ------
    TableMismatchError
        Naming them.
    """
    from pandas.api.types import is_numeric_dtype

    missing = [name for name in columns if name not in table.columns]
    if missing:
        have = _listed([str(name) for name in table.columns])
        raise TableMismatchError(
            f"{_of(where)} lacks {_counted(missing)} that the classifier needs: "
            f"{_listed(missing)}. It has {have}. Measure these columns as well, or train a "
            "classifier on the columns that there are."
        )
    twice = [name for name in columns if list(table.columns).count(name) > 1]
    if twice:
        raise TableMismatchError(
            f"{_of(where)} has {_listed(twice)} more than once. Remove or rename the copies."
        )
    text = [name for name in columns if not is_numeric_dtype(table[name].dtype)]
    if text:
        raise TableMismatchError(
            f"{_of(where)} holds no numbers in {_listed(text)}. Choose columns that were measured."
        )


def check_units(
    table: "DataFrame", columns: Sequence[str], units: Mapping[str, str], where: str
) -> None:
    """Check that columns are in the units expected; columns of unknown unit are accepted.

    Raises
    ------
    TableMismatchError
        Naming the columns whose unit differs.
    """
    came = units_of(table)
    wrong = [
        name
        for name in columns
        if name in came and name in units and _plain(came[name]) != _plain(units[name])
    ]
    if wrong:
        name = wrong[0]
        others = f", and {len(wrong) - 1} more differ" if len(wrong) > 1 else ""
        raise TableMismatchError(
            f"{_of(where)} has other units than the classifier learned from: {name} is in "
            f"{came[name] or 'no unit'}, expected {units[name] or 'no unit'}{others}. Measure "
            f"again with the pixel size in the same unit, or train on tables in "
            f"{came[name] or 'these units'}."
        )


def shared_units(tables: "Iterable[DataFrame]", columns: Sequence[str]) -> dict[str, str]:
    """Return the unit of each column as far as a table knows it; the first that does decides."""
    found: dict[str, str] = {}
    for table in tables:
        for name, unit in units_of(table).items():
            if name in columns:
                found.setdefault(name, unit)
    return {name: found[name] for name in columns if name in found}


def filling(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the number that stands in for a missing one: the column's median."""
    return np.nanmedian(values, axis=0).astype(np.float32)


def filled(
    values: npt.NDArray[np.float32], fill: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Return values with missing ones replaced."""
    return np.where(np.isnan(values), fill, values)


def _plain(unit: str) -> str:
    """Write a unit in one way, so that um² and µm^2 are the same."""
    text = unit.strip().translate(_POWERS)
    stem = text.rstrip("0123456789")
    return _SAME.get(stem, stem) + text[len(stem) :]


def _of(where: str) -> str:
    return where[:1].upper() + where[1:]


def _counted(names: Sequence[Any]) -> str:
    return "1 column" if len(names) == 1 else f"{len(names)} columns"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:8])
    return f"{shown} and {len(names) - 8} more" if len(names) > 8 else shown or "none"
