"""Tables as files: CSV with units in its headers, and Parquet with units beside its columns."""

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from brushwood.errors import InputError, TableFileError
from brushwood.io.atomic import check_target, replacing, translated
from brushwood.jobs import IDLE, Job

if TYPE_CHECKING:
    from pandas import DataFrame

#: Endings of files that `write_table` writes and `read_table` reads.
SUFFIXES = (".csv", ".tsv", ".txt", ".parquet")
#: Larger files are refused, unless the caller raises the limit.
MAX_BYTES = 4 << 30


def write_table(
    table: "DataFrame",
    path: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    job: Job = IDLE,
) -> Path:
    """Write a table, completely or not at all; `read_table` returns the same numbers and units.

    Parameters
    ----------
    table : DataFrame
        One row an object, with units as `brushwood.tables.with_units` notes them. The index is
        written as a column only if it has a name.
    path : path
        ``.csv`` and ``.tsv`` are UTF-8 text with headers such as ``area [µm²]``; ``.parquet`` needs
        the optional package pyarrow and keeps units in the metadata of columns.
    overwrite : bool
        Replace a file that stands there.
    job : Job
        Progress and cancel.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        If two columns have one name, or the ending is not known.
    MissingPackageError
        If pyarrow is needed and not installed.
    OutputExistsError, OutputError
        If something stands there, or the folder is missing, read-only or full.
    """
    target = Path(path)
    write = _writer(target)
    check_target(target, overwrite=overwrite)
    if any(name is not None for name in table.index.names):
        table = table.reset_index()
    names = [str(name) for name in table.columns]
    for name, count in Counter(names).items():
        if count > 1 or not name.strip():
            what = f"{count} columns have" if count > 1 else "A column has"
            raise InputError(
                f"{what} the name {name!r}, so that the file could not be read back. Rename it."
            )
    with replacing(target, overwrite=overwrite) as temporary, translated(target):
        write(table, temporary, job)
    return target


def read_table(path: str | os.PathLike[str], *, max_bytes: int = MAX_BYTES) -> "DataFrame":
    """Read a table of one's own or a stranger's. Nothing in it is executed.

    Parameters
    ----------
    path : path
        ``.csv``, ``.tsv`` or ``.txt``: text in UTF-8, or UTF-16 with its mark, with one line of
        headers; separated by commas, semicolons or tabs; with semicolons, numbers may have decimal
        commas. ``.parquet``: needs the optional package pyarrow.
    max_bytes : int
        Refuse a larger file.

    Returns
    -------
    DataFrame
        Columns have plain names, ``area [µm²]`` becomes ``area`` with its unit noted. If two
        headers differ only in their unit, both are kept as they are. Empty cells of columns of
        numbers are NaN. A column with anything else than numbers is text, cell by cell as written.

    Raises
    ------
    TableFileError
        If the file is missing, too large, damaged, ragged, or has missing or double headers.
    MissingPackageError
        If pyarrow is needed and not installed.
    """
    source = Path(path)
    read = _reader(source)
    try:
        size = source.stat().st_size
    except OSError as error:
        raise unreadable(source, "there is no such file", "Check the path.") from error
    if not source.is_file():
        raise unreadable(source, "it is a folder", "Name a file.")
    if size > max_bytes:
        raise unreadable(
            source,
            f"it holds {size:,} bytes, more than the limit of {max_bytes:,}",
            "Raise max_bytes if you trust it, or split it.",
        )
    try:
        return read(source, max_bytes)
    except OSError as error:
        raise unreadable(source, str(error.strerror or error), "Try again.") from error
    except MemoryError as error:
        raise unreadable(source, "there is not enough memory for it", "Split it.") from error


def check_table_target(path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Check that a table could be written to `path`, before any work is done for it.

    Raises
    ------
    InputError, MissingPackageError, OutputExistsError, OutputError
        As `write_table`.
    """
    _writer(Path(path))
    check_target(path, overwrite=overwrite)


def unreadable(path: Path, what: str, advice: str) -> TableFileError:
    """Return the error for a file that cannot be read as a table."""
    return TableFileError(f"Cannot read {str(path)!r} as a table: {what}. {advice}")


def _writer(path: Path) -> "Callable[[DataFrame, Path, Job], None]":
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        from brushwood.io.parquet import require_pyarrow, write_parquet

        require_pyarrow(path)
        return lambda table, target, _: write_parquet(table, target)
    if suffix in SUFFIXES:
        from brushwood.io.csvfile import write_csv

        separator = "," if suffix == ".csv" else "\t"
        return lambda table, target, job: write_csv(table, target, separator, job)
    raise InputError(
        f"Cannot write {path.name!r}: tables are written as {', '.join(SUFFIXES)}. Choose one of "
        "these endings."
    )


def _reader(path: Path) -> "Callable[[Path, int], DataFrame]":
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        from brushwood.io.parquet import read_parquet, require_pyarrow

        require_pyarrow(path)
        return read_parquet
    if suffix in SUFFIXES:
        from brushwood.io.csvfile import read_csv

        return lambda source, _: read_csv(source)
    raise unreadable(
        path, "files of this kind are not known", f"Use one of: {', '.join(SUFFIXES)}."
    )
