"""Tables as Parquet files, through pyarrow where it is installed."""

import importlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brushwood.errors import MissingPackageError, TableFileError
from brushwood.io.tables import unreadable
from brushwood.tables import measurement_of, units_of, with_measurement, with_units

if TYPE_CHECKING:
    from pandas import DataFrame

_UNIT = b"unit"
_NOTE = b"brushwood.measurement"
_MAX_COLUMNS = 100_000


def require_pyarrow(path: Path) -> None:
    """Check that pyarrow is there.

    Raises
    ------
    MissingPackageError
    """
    try:
        importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise MissingPackageError(
            f"{path.name!r} is a Parquet file, which needs the package pyarrow. Run "
            "`pip install pyarrow`, or use a file that ends in .csv."
        ) from error


def write_parquet(table: "DataFrame", path: Path) -> None:
    """Write a table with the unit of each column in the column's metadata."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    plain = table.copy(deep=False)
    plain.attrs = {}
    plain.columns = [str(name) for name in plain.columns]
    arrow = pa.Table.from_pandas(plain, preserve_index=False)
    units = units_of(table)
    fields = [
        field.with_metadata({_UNIT: units[field.name].encode()}) if field.name in units else field
        for field in arrow.schema
    ]
    schema = pa.schema(fields, {**(arrow.schema.metadata or {}), **_note_of(table)})
    pq.write_table(arrow.cast(schema), path)


def read_parquet(path: Path, max_bytes: int) -> "DataFrame":
    """Read a table with its units; columns that hold neither numbers nor text are refused."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            _check(path, file, max_bytes)
            arrow = file.read()
        table: DataFrame = arrow.to_pandas(ignore_metadata=True)
    except TableFileError:
        raise
    except (pa.ArrowException, ValueError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise unreadable(
            path, f"it is no valid Parquet file ({str(error)[:200]})", "Get a fresh copy."
        ) from error
    units = {}
    for field in arrow.schema:
        unit = (field.metadata or {}).get(_UNIT)
        if unit is not None:
            units[field.name] = unit.decode("utf-8", "replace")[:64]
    return _with_note(with_units(table, units), arrow.schema.metadata or {})


def _note_of(table: "DataFrame") -> dict[bytes, bytes]:
    note = measurement_of(table)
    return {} if note is None else {_NOTE: json.dumps(note).encode()}


def _with_note(table: "DataFrame", metadata: Mapping[bytes, bytes]) -> "DataFrame":
    """Note how a table was measured, unless what the file says of that makes no sense."""
    try:
        note = json.loads(metadata.get(_NOTE, b"null"))
    except (ValueError, RecursionError):
        return table
    if not isinstance(note, dict) or note.get("ndim") not in (2, 3):
        return table
    names = [note.get("channels"), note.get("classes")]
    for each in names:
        is_list = isinstance(each, list) and all(isinstance(name, str) for name in each)
        if each is not None and not is_list:
            return table
    return with_measurement(table, note["ndim"], *names)


def _check(path: Path, file: Any, max_bytes: int) -> None:
    """Look at what a file announces before anything of it is unpacked."""
    import pyarrow as pa

    schema = file.schema_arrow
    if len(set(schema.names)) < len(schema.names):
        raise unreadable(path, "two columns have one name", "Rename one of them.")
    if len(schema.names) > _MAX_COLUMNS:
        raise unreadable(path, f"it has {len(schema.names):,} columns", "Leave some out.")
    for field in schema:
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if not _is_plain(kind):
            raise unreadable(
                path, f"the column {field.name!r} holds {field.type}", "Keep numbers and text only."
            )
    groups = range(file.metadata.num_row_groups)
    unpacked = sum(file.metadata.row_group(i).total_byte_size for i in groups)
    needed = max(unpacked, 8 * file.metadata.num_rows * len(schema.names))
    if needed > max_bytes:
        raise unreadable(
            path,
            f"it unpacks to {needed:,} bytes, more than the limit of {max_bytes:,}",
            "Raise max_bytes if you trust it, or split it.",
        )


def _is_plain(kind: Any) -> bool:
    import pyarrow as pa

    checks = ("is_integer", "is_floating", "is_boolean", "is_string", "is_large_string", "is_null")
    return any(getattr(pa.types, check)(kind) for check in checks)
