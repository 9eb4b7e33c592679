"""A table as it is shown: columns to choose, rows sorted and filtered, cells written on demand.

Nothing is copied per row: sorting and filtering make one array of row numbers, so that a table of
100,000 rows answers at once.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from brushwood.session.table_filter import Filter, missing
from brushwood.tables import header

if TYPE_CHECKING:
    from pandas import DataFrame, Series

Rows = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]

#: What stands in a cell where nothing could be measured.
MISSING = "–"


class TableStore:
    """The rows and columns of a table that are shown, and their order.

    Parameters
    ----------
    table : pandas.DataFrame
        One row an object. It is not changed, and must not be changed while it is shown.
    units : mapping of str to str
        Unit of each column that has one.

    Attributes
    ----------
    names : tuple of str
        All columns.
    columns : tuple of str
        Columns that are shown, in the table's order.
    shown : array of intp
        Numbers of the rows that pass the filter, in the order of the sorting.
    """

    def __init__(self, table: "DataFrame", units: Mapping[str, str] | None = None) -> None:
        if table.shape[1] and not {"index", "label"} & set(table.columns):
            # napari's rule: without such a column, row i is label i.
            table = table.copy(deep=False)
            table.insert(0, "index", np.arange(len(table)))
        self.table = table
        self.units = dict(units or {})
        self.names = tuple(str(name) for name in table.columns)
        self._values: dict[str, npt.NDArray[Any]] = {}
        self._orders: dict[str, Rows] = {}
        self.labels = self._labels()
        self.columns = self._useful()
        self.sorted_by, self.descending = "", False
        self.filter_text = ""
        self._mask: Mask | None = None
        self._only: Mask | None = None
        self.shown: Rows = np.arange(len(table))

    @property
    def n_rows(self) -> int:
        """Rows of the whole table."""
        return len(self.table)

    def values(self, name: str) -> npt.NDArray[Any]:
        """Return a column as an array."""
        if name not in self._values:
            self._values[name] = _array(self.table.iloc[:, self.names.index(name)])
        return self._values[name]

    def header(self, name: str) -> str:
        """Return a column's header with its unit: ``area [µm²]``."""
        return header(name, self.units.get(name, ""))

    def choose(self, columns: Iterable[str]) -> None:
        """Show only these columns, in the table's order."""
        wanted = set(columns)
        self.columns = tuple(name for name in self.names if name in wanted)

    def sort(self, name: str, *, descending: bool = False) -> None:
        """Sort the rows by a column, "" for the table's own order. Missing values come last."""
        self.sorted_by, self.descending = (name if name in self.names else ""), descending
        self._arrange()

    def filter(self, text: str) -> None:
        """Show only rows for which a condition holds, "" for all.

        Raises
        ------
        InputError
            If the condition is not understood; the rows stay as they are.
        """
        mask = Filter.parse(text, self.names).mask(self) if text.strip() else None
        self.filter_text, self._mask = text, mask
        self._arrange()

    def only(self, mask: Mask | None) -> None:
        """Show only these rows among those that pass the filter, None for all."""
        self._only = mask
        self._arrange()

    def rows_of(self, labels: Iterable[int]) -> Mask:
        """Return for every row of the whole table whether it belongs to one of these objects."""
        wanted = np.fromiter(labels, np.int64)
        return np.isin(self.labels, wanted)

    def text(self, row: int, name: str) -> str:
        """Return what stands in a cell: four digits, or a dash where the value is missing."""
        return written(self.values(name)[row])

    def copied(self, rows: Iterable[int], columns: Iterable[str] | None = None) -> str:
        """Return rows as text for a spreadsheet: a line of headers, tabs, all digits."""
        names = list(self.columns if columns is None else columns)
        part = self.table.iloc[list(rows), [self.names.index(name) for name in names]]
        part = part.set_axis([self.header(name) for name in names], axis="columns")
        return str(part.to_csv(sep="\t", index=False, lineterminator="\n"))

    def part(self) -> "DataFrame":
        """Return what is shown as a table: its rows in their order, its columns."""
        at = [self.names.index(name) for name in self.columns]
        return self.table.iloc[self.shown, at].reset_index(drop=True)

    def position_of(self, row: int) -> int:
        """Return at which place a row is shown, -1 if it is not."""
        found = np.flatnonzero(self.shown == row)
        return int(found[0]) if found.size else -1

    def summary(self, name: str) -> str:
        """Describe the numbers of a column: ``12 … 340, median 51.2 µm², 3 missing``."""
        values = self.values(name)
        if values.dtype.kind not in "iuf":
            return ""
        finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values
        if not finite.size:
            return "all values are missing"
        unit = self.units.get(name, "")
        low, high, middle = finite.min(), finite.max(), np.median(finite)
        text = f"{written(low)} … {written(high)}, median {written(middle)}"
        absent = len(values) - len(finite)
        return f"{text} {unit}".strip() + (f", {absent:,} missing" if absent else "")

    def _labels(self) -> npt.NDArray[np.int64]:
        """Return the object that each row describes."""
        name = next((key for key in ("index", "label") if key in self.names), None)
        if name is None:
            return np.zeros(self.n_rows, np.int64)
        values = self.values(name)
        if values.dtype.kind not in "iu":
            return np.asarray([_whole(value) for value in values], np.int64)
        return values.astype(np.int64)

    def _useful(self) -> tuple[str, ...]:
        """Return all columns but napari's `index` where `label` says the same."""
        if "label" not in self.names:
            return self.names
        return tuple(name for name in self.names if name != "index")

    def _arrange(self) -> None:
        order = self._order()
        keep: Mask | None = self._mask
        if self._only is not None:
            keep = self._only if keep is None else keep & self._only
        self.shown = order if keep is None else order[keep[order]]

    def _order(self) -> Rows:
        if not self.sorted_by:
            return np.arange(self.n_rows)
        if self.sorted_by not in self._orders:
            self._orders[self.sorted_by] = _sorting(self.values(self.sorted_by))
        order = self._orders[self.sorted_by]
        if not self.descending:
            return order
        absent = missing(self.values(self.sorted_by))[order]
        # Equal values keep the table's order in both directions, as in a spreadsheet.
        return np.concatenate(
            [_reversed(self.values(self.sorted_by), order[~absent]), order[absent]]
        )


def written(value: Any) -> str:
    """Write one value: whole numbers in full, others with four digits."""
    if value is None or value != value:  # NaN, NaT
        return MISSING
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | np.integer):
        return str(value)
    if isinstance(value, float | np.floating):
        number = float(value)
        return f"{number:.0f}" if 1e4 <= abs(number) < 1e9 else f"{number:.4g}"
    return str(value)


def _array(column: "Series[Any]") -> npt.NDArray[Any]:
    """Return a column as an array of numbers, booleans or objects; missing values NaN or None."""
    if isinstance(column.dtype, np.dtype):
        return np.asarray(column.to_numpy())
    if column.dtype.kind in "iuf" and column.dtype.name != "category":
        return np.asarray(column.to_numpy(dtype=float, na_value=np.nan))
    return np.asarray(column.to_numpy(dtype=object, na_value=None))


def _whole(value: Any) -> int:
    """Return a label that came as another type, 0 where it is none."""
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0


def _key(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return what is compared: text without regard to capitals."""
    if values.dtype.kind in "iufb":
        return values
    return np.asarray(["" if v is None or v != v else str(v).casefold() for v in values], object)


def _sorting(values: npt.NDArray[Any]) -> Rows:
    order = np.argsort(_key(values), kind="stable")
    absent = missing(values)[order]
    return np.concatenate([order[~absent], order[absent]])


def _reversed(values: npt.NDArray[Any], order: Rows) -> Rows:
    """Turn a stable ascending order round, with equal values still in the table's order."""
    key = _key(values)[order]
    if not len(order):
        return order
    starts = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
    lengths = np.diff(np.append(starts, len(order)))
    begin = np.cumsum(np.append(0, lengths[::-1]))[:-1]
    where = np.repeat(starts[::-1] - begin, lengths[::-1]) + np.arange(len(order))
    turned: Rows = order[where]
    return turned
