"""The tables of all images of a run as one table, copied piece by piece."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from brushwood.errors import TableFileError
from brushwood.io.atomic import replacing, translated
from brushwood.jobs import IDLE, Job
from brushwood.tables import header

#: Rows copied between two looks at the job.
_ROWS = 1 << 14
_UNIT = b"unit"


def join_tables(tables: Sequence[Path], target: Path, *, overwrite: bool, job: Job = IDLE) -> Path:
    """Write the rows of all tables below each other.

    Columns that not all tables have are empty elsewhere. A measurement whose unit differs between
    tables becomes one column a unit, so that numbers of different units never stand in one.

    Parameters
    ----------
    tables : sequence of path
        Of a run: all CSV, or all Parquet.
    target : path
        With their ending.
    overwrite : bool
    job : Job

    Raises
    ------
    OutputExistsError, OutputError
        If something stands there, or cannot be written.
    TableFileError
        If a table is gone or damaged.
    """
    write = _join_parquet if target.suffix == ".parquet" else _join_csv
    with replacing(target, overwrite=overwrite) as temporary, translated(target):
        write(tables, temporary, job)
    return target


def heads_of(table: Path) -> list[str]:
    """Return the headers of a table's columns, with units, in order.

    Raises
    ------
    TableFileError
    """
    if table.suffix == ".parquet":
        return [_head(field) for field in _schema(table)]
    with _opened(table) as stream:
        return next(csv.reader(stream), [])


def _opened(table: Path) -> Any:
    try:
        return table.open(encoding="utf-8", newline="")
    except OSError as error:
        raise _gone(table, error) from error


def _gone(table: Path, error: Exception) -> TableFileError:
    return TableFileError(
        f"The table {str(table)!r} cannot be read ({str(error)[:200]}). Leave results alone while "
        "a run goes on, and start it again with --resume --overwrite."
    )


def _join_csv(tables: Sequence[Path], target: Path, job: Job) -> None:
    heads = list(dict.fromkeys(head for table in tables for head in heads_of(table)))
    with target.open("x", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(heads)
        for number, table in enumerate(tables):
            with _opened(table) as source:
                rows = csv.reader(source)
                place = {head: i for i, head in enumerate(next(rows, []))}
                order = [place.get(head, -1) for head in heads]
                for i, row in enumerate(rows):
                    if i % _ROWS == 0:
                        job.checkpoint(number / len(tables), "Joining tables")
                    # The last cell stands for columns that this table does not have.
                    cells = [*row, ""]
                    writer.writerow([cells[at] for at in order])


def _schema(table: Path) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_schema(table)
    except (OSError, pa.ArrowException) as error:
        raise _gone(table, error) from error


def _unit(field: Any) -> str | None:
    unit = (field.metadata or {}).get(_UNIT)
    return None if unit is None else unit.decode("utf-8", "replace")


def _head(field: Any) -> str:
    return header(field.name, _unit(field) or "")


def _join_parquet(tables: Sequence[Path], target: Path, job: Job) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schemas = [_schema(table) for table in tables]
    joined = _joined_schema(schemas)
    renamed = {field.name for field in joined}
    with pq.ParquetWriter(target, joined) as writer:
        for number, (table, schema) in enumerate(zip(tables, schemas, strict=True)):
            place = {_name_in(renamed, field): i for i, field in enumerate(schema)}
            with pq.ParquetFile(table) as source:
                for batch in source.iter_batches(_ROWS):
                    job.checkpoint(number / len(tables), "Joining tables")
                    columns = [
                        batch.column(place[field.name]).cast(field.type)
                        if field.name in place
                        else pa.nulls(batch.num_rows, field.type)
                        for field in joined
                    ]
                    writer.write_table(pa.Table.from_arrays(columns, schema=joined))


def _name_in(names: set[str], field: Any) -> str:
    return _head(field) if _head(field) in names else field.name


def _joined_schema(schemas: Iterable[Any]) -> Any:
    """Return all columns; those of one name and different units are called with their unit."""
    import pyarrow as pa

    fields = [field for schema in schemas for field in schema]
    units: dict[str, set[str | None]] = {}
    for field in fields:
        units.setdefault(field.name, set()).add(_unit(field))
    found: dict[str, Any] = {}
    for field in fields:
        name = field.name if len(units[field.name]) == 1 else _head(field)
        kept = found.get(name)
        kind = field.type if kept is None else _common(kept.type, field.type)
        found[name] = pa.field(name, kind, metadata=field.metadata)
    return pa.schema(list(found.values()))


def _common(a: Any, b: Any) -> Any:
    """Return a type that holds both."""
    import pyarrow as pa

    if a.equals(b) or pa.types.is_null(b):
        return a
    if pa.types.is_null(a):
        return b
    is_number = [pa.types.is_integer(t) or pa.types.is_floating(t) for t in (a, b)]
    return pa.float64() if all(is_number) else pa.string()
