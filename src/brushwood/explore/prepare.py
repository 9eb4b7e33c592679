"""From a table to a matrix without gaps, and back: what was left out is counted and named."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from brushwood.errors import InputError
from brushwood.explore.options import Options
from brushwood.explore.report import Report, listed
from brushwood.forest.params import option
from brushwood.tables import KEYS, describing_columns

if TYPE_CHECKING:
    from pandas import DataFrame

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]
Scaling = Literal["standard", "robust", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareParams(Options):
    """How columns are made comparable.

    Attributes
    ----------
    scaling : {"standard", "robust", "none"}
        Subtract the mean and divide by the standard deviation; or the median and the interquartile
        range, which outliers do not move; or leave the numbers as they are.
    """

    scaling: Scaling = option(  # noqa: RUF009 - a field, as its siblings
        "standard",
        label="Standardise",
        help="Makes columns comparable: an area in px² must not outweigh a ratio. Robust: by "
        "median and quartiles, which outliers do not move.",
        choices=get_args(Scaling),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A matrix without gaps, and where its rows stand in the table.

    Attributes
    ----------
    matrix : float64 (used row, column)
        Scaled.
    values : float64 (used row, column)
        The same in the columns' own units.
    columns : tuple of str
    rows : intp (used row,)
        Row numbers of the table, ascending.
    n_rows : int
        Rows of the table.
    images : array (used row,) or None
        The column ``image``, if the table has one.
    center, scale : float64 (column,)
        ``matrix = (values - center) / scale``.
    report : Report
    """

    matrix: Floats
    values: Floats
    columns: tuple[str, ...]
    rows: Rows
    n_rows: int
    images: npt.NDArray[Any] | None
    center: Floats
    scale: Floats
    report: Report

    def put_back(self, values: npt.NDArray[Any], missing: Any) -> npt.NDArray[Any]:
        """Return one value, or row of values, for each row of the table; `missing` elsewhere."""
        full = np.full((self.n_rows, *values.shape[1:]), missing, values.dtype)
        full[self.rows] = values
        return full


def combine(tables: Mapping[str, "DataFrame"]) -> "DataFrame":
    """Stack the tables of several images into one, with a key column ``image``.

    Columns that are missing in some of them are kept, with NaN there: `prepare` names them.

    Parameters
    ----------
    tables : mapping of image name to DataFrame

    Returns
    -------
    DataFrame
        Rows in the given order, numbered from 0; ``image`` is the first column. Units are kept
        (`brushwood.tables.units_of`).

    Raises
    ------
    InputError
        If there is no table, or two tables give a column in different units.
    """
    import pandas as pd

    from brushwood.tables import units_of, with_units

    if not tables:
        raise InputError("There is no table to explore. Measure objects first.")
    units: dict[str, str] = {}
    for name, table in tables.items():
        for column, unit in units_of(table).items():
            if units.setdefault(column, unit) != unit:
                raise InputError(
                    f"The column {column!r} is in {unit or 'no unit'} for {name!r} but in "
                    f"{units[column] or 'no unit'} for an image before. Measure both with the same "
                    "pixel size and unit."
                )
    parts = []
    for name, table in tables.items():
        part = table.drop(columns="image", errors="ignore")
        part.attrs = {}
        part.insert(0, "image", name)
        parts.append(part)
    return with_units(pd.concat(parts, ignore_index=True), units)


def prepare(
    table: "DataFrame",
    columns: Sequence[str] | None = None,
    params: PrepareParams | None = None,
) -> Prepared:
    """Choose columns of a table, leave out rows with gaps, and scale.

    Parameters
    ----------
    table : DataFrame
        One row an object.
    columns : sequence of str, optional
        By default all that describe objects in every image, see `usable_columns`.
    params : PrepareParams, optional

    Raises
    ------
    InputError
        If a column does not exist or stands twice, a chosen one holds text, no column is left, or
        no row is.
    """
    params = params or PrepareParams()
    names, text = _chosen(table, columns)
    values = _numbers(table, names)
    images = table["image"].to_numpy() if "image" in table.columns else None
    partial = _partial(values, names, images) if columns is None else ()
    keep = [i for i, name in enumerate(names) if name not in partial]
    names, values, empty = _without_empty([names[i] for i in keep], values[:, keep])
    rows, gaps = _full_rows(names, values)
    values = values[rows]
    names, values, constant = _without_constant(names, values)
    matrix, center, scale = _scaled(values, params.scaling)
    report = Report(
        n_rows=len(table),
        n_used=len(rows),
        n_duplicates=_n_duplicates(values),
        columns=tuple(names),
        constant=constant,
        empty=empty,
        text=text,
        partial=partial,
        gaps=gaps,
    )
    return Prepared(
        matrix=matrix,
        values=values,
        columns=tuple(names),
        rows=rows,
        n_rows=len(table),
        images=None if images is None else images[rows],
        center=center,
        scale=scale,
        report=report,
    )


def columns_as_floats(
    table: "DataFrame", columns: Sequence[str] | None = None
) -> tuple[list[str], Floats]:
    """Return names and values of columns as they are: float64 (row, column), with their gaps.

    Parameters
    ----------
    table : DataFrame
    columns : sequence of str, optional
        By default `usable_columns`.

    Raises
    ------
    InputError
        If a column does not exist, stands twice or holds text, or none is left.
    """
    names, _ = _chosen(table, columns)
    return names, _numbers(table, names)


def usable_columns(table: "DataFrame") -> list[str]:
    """Return the columns that `prepare` takes by default.

    See `brushwood.tables.describing_columns`. Left out as well are columns of yes and no, because
    gates and borders make groups of their own, and ``orientation``, an angle that jumps at its end
    and so would part objects that point the same way.
    """
    left_out = {*map(str, table.select_dtypes(include="bool").columns), "orientation"}
    return [name for name in describing_columns(table) if name not in left_out]


def _chosen(table: "DataFrame", columns: Sequence[str] | None) -> tuple[list[str], tuple[str, ...]]:
    """Return the columns to use, and those of text that are passed over."""
    if not len(table):
        raise InputError("The table has no rows. Measure objects first.")
    present = [str(name) for name in table.columns]
    if isinstance(columns, str):
        columns = [columns]
    names = usable_columns(table) if columns is None else [str(name) for name in columns]
    twice = sorted({n for n in names if names.count(n) > 1 or present.count(n) > 1})
    if twice:
        raise InputError(f"{listed(twice)} stands twice. Every column needs a name of its own.")
    missing = [name for name in names if name not in present]
    if missing:
        raise InputError(
            f"The table has no column {listed(missing)}. It has: {', '.join(present)}."
        )
    text = _of_text(table, names if columns is not None else present)
    if columns is not None and text:
        raise InputError(
            f"{listed(text)}: text or dates cannot be compared as numbers. Leave such columns out."
        )
    if not names:
        raise InputError(
            f"There is no column of numbers to explore among: {', '.join(present)}. Measure the "
            "objects first."
        )
    return names, tuple(name for name in text if name not in KEYS)


def _of_text(table: "DataFrame", names: Sequence[str]) -> list[str]:
    from pandas.api.types import is_complex_dtype, is_numeric_dtype

    kinds = {str(name): dtype for name, dtype in table.dtypes.items()}
    return [n for n in names if not is_numeric_dtype(kinds[n]) or is_complex_dtype(kinds[n])]


def _numbers(table: "DataFrame", names: Sequence[str]) -> Floats:
    """Return columns as float64; missing values of any kind become NaN."""
    columns = [table[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in names]
    return np.stack(columns, axis=1)


def _partial(
    values: Floats, names: Sequence[str], images: npt.NDArray[Any] | None
) -> tuple[str, ...]:
    """Return the columns that have numbers in some images and none in others."""
    if images is None:
        return ()
    _, group = np.unique(images.astype(str), return_inverse=True)
    finite = np.isfinite(values)
    measured = np.stack([finite[group == g].any(axis=0) for g in range(group.max() + 1)])
    some = np.any(measured, axis=0) & ~np.all(measured, axis=0)
    return tuple(name for name, is_partial in zip(names, some, strict=True) if is_partial)


def _without_empty(
    names: Sequence[str], values: Floats
) -> tuple[list[str], Floats, tuple[str, ...]]:
    some = np.any(np.isfinite(values), axis=0)
    kept, empty = _parted(names, some)
    if not kept:
        raise InputError(
            f"Not one number is finite in {listed(empty)}. Choose other columns, or measure again."
            if empty
            else "No column was measured in every image. Measure the same columns in all of them."
        )
    return kept, values[:, some], tuple(empty)


def _full_rows(names: Sequence[str], values: Floats) -> tuple[Rows, tuple[tuple[str, int], ...]]:
    """Return the rows without gaps, and the number of gaps of each column that has any."""
    finite = np.isfinite(values)
    counts = zip(names, (~finite).sum(axis=0).tolist(), strict=True)
    gaps = tuple(sorted(((n, c) for n, c in counts if c), key=lambda item: -item[1]))
    rows = np.flatnonzero(finite.all(axis=1))
    if not rows.size:
        raise InputError(
            f"None of the {len(values):,} rows has a finite number in every chosen column. Leave "
            f"out the columns with most gaps: {listed([name for name, _ in gaps])}."
        )
    return rows, gaps


def _without_constant(
    names: Sequence[str], values: Floats
) -> tuple[list[str], Floats, tuple[str, ...]]:
    varying = values.max(axis=0) > values.min(axis=0)
    kept, constant = _parted(names, varying)
    if not kept:
        what = "There is only one row left" if len(values) == 1 else "All rows are equal"
        raise InputError(f"{what} in {listed(constant)}: there are no groups to find.")
    return kept, values[:, varying], tuple(constant)


def _n_duplicates(values: Floats) -> int:
    import pandas as pd

    return int(pd.DataFrame(values).duplicated().sum())


def _parted(names: Sequence[str], keep: npt.NDArray[np.bool_]) -> tuple[list[str], list[str]]:
    kept = [name for name, good in zip(names, keep, strict=True) if good]
    return kept, [name for name, good in zip(names, keep, strict=True) if not good]


def _scaled(values: Floats, scaling: Scaling) -> tuple[Floats, Floats, Floats]:
    """Return the scaled values, and the centre and scale of each column, the scale never 0."""
    if scaling == "none":
        n = values.shape[1]
        return values.copy(), np.zeros(n), np.ones(n)
    # Numbers near the largest that float64 holds must not overflow on the way.
    size = np.abs(values).max(axis=0)
    small = values / size
    center, spread = small.mean(axis=0), small.std(axis=0)
    if scaling == "robust":
        center = np.median(small, axis=0)
        low, high = np.percentile(small, (25, 75), axis=0)
        # 1.349 makes it the standard deviation of a normal distribution. More than half of the
        # values may be equal; then only the others tell the spread.
        spread = np.where(high > low, (high - low) / 1.349, spread)
    spread = np.where(spread > 0, spread, 1.0)
    return (small - center) / spread, center * size, spread * size
