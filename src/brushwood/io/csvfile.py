"""Tables as text files: the separator found out, every row checked, numbers exact."""

import codecs
import csv
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from brushwood.arrays import AnyArray
from brushwood.io.tables import unreadable
from brushwood.jobs import Job
from brushwood.tables import KEYS, parse_header, units_of, with_units

if TYPE_CHECKING:
    from pandas import DataFrame

_SEPARATORS = (",", ";", "\t")
#: What stands for "no number" in other programs' files.
_NOTHING = ["", "nan", "NaN", "NAN", "NA", "N/A", "n/a", "#N/A", "null", "NULL"]
_MAX_COLUMNS = 100_000
#: Cells written at once.
_CELLS = 1 << 16
#: Characters of the start of a file from which its dialect is taken.
_SAMPLE = 1 << 16
_DECIMAL_COMMA = re.compile(r"(?:^|;)\s*-?\d+,\d+\s*(?=;|$)", re.M)
_DECIMAL_POINT = re.compile(r"(?:^|;)\s*-?\d+\.\d+\s*(?=;|$)", re.M)
_INTEGERS = frozenset(KEYS) - {"image"}


class _Dialect(NamedTuple):
    encoding: str
    separator: str
    decimal: str


def write_csv(table: "DataFrame", path: Path, separator: str, job: Job) -> None:
    """Write a table as UTF-8 text with units in the headers, some rows at a time."""
    units = units_of(table)
    names = [str(name) for name in table.columns]
    heads = [_head(name, units.get(name, "")) for name in names]
    columns = [table.iloc[:, i].to_numpy() for i in range(len(names))]
    step = max(1, _CELLS // max(1, len(names)))
    with path.open("x", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=separator, lineterminator="\n")
        writer.writerow(heads)
        for start in range(0, len(table), step):
            job.checkpoint(start / len(table), "writing the table")
            cells = [_cells(column[start : start + step]) for column in columns]
            writer.writerows(zip(*cells, strict=True))


def read_csv(path: Path) -> "DataFrame":
    """Read a table from text."""
    dialect = _dialect(path)
    heads, n_rows = _survey(path, dialect)
    names, units = _names(path, heads)
    table = _parse(path, dialect, names)
    if not n_rows:
        kinds = {name: "int64" if name in _INTEGERS else "float64" for name in names}
        table = table.astype(kinds)
    return with_units(table, units)


def _cells(column: AnyArray) -> list[Any]:
    """Return what is written: numbers with all their digits, nothing for what is missing."""
    import pandas as pd

    cells: list[Any] = column.tolist()
    if column.dtype.kind in "biu":
        return cells
    for at in np.flatnonzero(pd.isna(column)).tolist():
        cells[at] = ""
    return cells


def _head(name: str, unit: str) -> str:
    if not unit and parse_header(name)[1] is not None:
        return f"{name} []"  # or the name's own brackets would be read as a unit
    return f"{name} [{unit}]" if unit else name


def _dialect(path: Path) -> _Dialect:
    with path.open("rb") as stream:
        start = stream.read(4 * _SAMPLE)
    encoding = "utf-8-sig"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif b"\0" in start:
        raise unreadable(path, "it is no text", "Save the table as CSV.")
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        text = decoder.decode(start)[:_SAMPLE]
    except UnicodeDecodeError as error:
        raise _not_unicode(path) from error
    first = re.sub(r'"[^"]*"', "", text.partition("\n")[0])
    separator = max(_SEPARATORS, key=first.count)
    has_commas = separator == ";" and _DECIMAL_COMMA.search(text)
    decimal = "," if has_commas and not _DECIMAL_POINT.search(text) else "."
    return _Dialect(encoding, separator, decimal)


def _survey(path: Path, dialect: _Dialect) -> tuple[list[str], int]:
    """Return the headers and the number of rows, having checked that all rows are of one length."""
    n_rows = 0
    try:
        with path.open(encoding=dialect.encoding, newline="") as stream:
            rows = csv.reader(stream, delimiter=dialect.separator, strict=True)
            heads = next(rows, [])
            if not any(head.strip() for head in heads):
                raise unreadable(path, "it has no line of headers", "Save it with headers.")
            if len(heads) > _MAX_COLUMNS:
                raise unreadable(path, f"it has {len(heads):,} columns", "Leave some out.")
            for row in rows:
                if len(row) != len(heads) and row:
                    raise unreadable(
                        path,
                        f"line {rows.line_num} has {len(row)} cells, but there are {len(heads)} "
                        "headers",
                        "Check that line, or save the table again.",
                    )
                n_rows += bool(row)
    except UnicodeDecodeError as error:
        raise _not_unicode(path) from error
    except csv.Error as error:
        raise unreadable(path, f"line {rows.line_num}: {error}", "Save the table again.") from error
    return heads, n_rows


def _names(path: Path, heads: list[str]) -> tuple[list[str], dict[str, str]]:
    """Return names and units of columns."""
    stripped = [head.strip() for head in heads]
    if not stripped[0]:
        stripped[0] = "row"  # as other programs number their rows, without a header
    if not all(stripped):
        raise unreadable(
            path, f"column {stripped.index('') + 1} has no header", "Give each column a header."
        )
    if all(_is_number(head) for head in stripped):
        raise unreadable(path, "its first line holds numbers", "Add a line of headers.")
    head, count = Counter(stripped).most_common(1)[0]
    if count > 1:
        raise unreadable(path, f"two columns are headed {head!r}", "Rename one of them.")
    parsed = [parse_header(head) for head in stripped]
    counts = Counter(name for name, _ in parsed)
    names, units = [], {}
    for head, (name, unit) in zip(stripped, parsed, strict=True):
        is_alone = counts[name] == 1
        names.append(name if is_alone else head)
        if unit is not None and is_alone:
            units[name] = unit
    return names, units


def _parse(path: Path, dialect: _Dialect, names: list[str]) -> "DataFrame":
    """Read all cells; the second reading is for columns of text, so that they stay as written."""
    import pandas as pd

    options: dict[str, Any] = {
        "sep": dialect.separator,
        "encoding": dialect.encoding,
        "header": 0,
        "index_col": False,
        "keep_default_na": False,
        "names": names,
    }
    try:
        table: DataFrame = pd.read_csv(
            path,
            decimal=dialect.decimal,
            na_values=_NOTHING,
            low_memory=False,
            **exactly(pd.__version__),
            **options,
        )
        kinds = table.dtypes
        text = [name for name in names if not pd.api.types.is_numeric_dtype(kinds[name])]
        if text and len(table):
            written = pd.read_csv(path, usecols=text, dtype=str, **options)
            table[text] = written[text]
    except (pd.errors.ParserError, ValueError, OverflowError) as error:
        raise unreadable(path, str(error)[:200].strip(), "Save the table again.") from error
    return table


def exactly(version: str) -> dict[str, str]:
    """Return the option that makes pandas read every digit, which from 3.1 on it does unasked."""
    major, minor = (int(part) for part in version.split(".")[:2])
    return {} if (major, minor) >= (3, 1) else {"float_precision": "round_trip"}


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _not_unicode(path: Path) -> Exception:
    return unreadable(
        path, "its text is not in UTF-8", 'Save it as "CSV UTF-8", or with that encoding.'
    )
