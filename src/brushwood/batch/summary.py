"""The summary of a run: a row an image, and the tables of all images as one."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.batch.joined import heads_of, join_tables
from brushwood.batch.records import FileRecord, RunReport
from brushwood.batch.run_names import Names, calibration_of
from brushwood.errors import TableFileError
from brushwood.evaluate.dataset import COLUMNS
from brushwood.io.atomic import replacing, translated
from brushwood.io.csvfile import exactly
from brushwood.jobs import IDLE, Job
from brushwood.measure.catalog import catalog
from brushwood.measure.units import power_of
from brushwood.tables import CLASS_RESULTS, KEYS, header, parse_header

#: Names of the files, in a folder of results.
SUMMARY, OBJECTS = "summary.csv", "objects"
#: Measurements of which a summary has mean and median, at most.
_MOST = 12
#: Of the usual measurements, these say little of all objects of an image together.
_LEFT_OUT = ("intensity_min", "intensity_max")
#: Values of one image that are kept for charts, at most.
_SAMPLE = 20_000
#: Columns of scores that count, before those that judge.
_COUNTS = ("n_pixels", "n_truth", "n_prediction", "tp", "fp", "fn", "n_split", "n_merged")

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Summary:
    """What a run found, image by image.

    Attributes
    ----------
    columns : tuple of str
        Headers with units, `image`, `state` and `why` first, `notes` last.
    rows : tuple of dict
        One an input, in their order: values by header. What is unknown is missing.
    measured : tuple of str
        Headers of the measurements of which rows have mean and median.
    samples : mapping of str to ndarray
        Values of objects of all images by header, for charts; not all if there are many.
    n_objects : int
        Objects in tables; 0 if they have no measurements that are shown.
    """

    columns: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]
    measured: tuple[str, ...] = ()
    samples: Mapping[str, Values] = field(default_factory=dict)
    n_objects: int = 0


def summarise(run: RunReport, names: Names | None = None, *, job: Job = IDLE) -> Summary:
    """Collect what a run found, reading each image's table once.

    Parameters
    ----------
    run : RunReport
    names : Names, optional
        Of classes. Default: as the recipe's models have them.
    job : Job
    """
    names = names or Names.of(run.recipe)
    measured = main_columns([record.outputs["table"] for record in with_tables(run)])
    rows: list[dict[str, Any]] = []
    samples: dict[str, list[Values]] = {head: [] for head in measured}
    n_objects = 0
    for number, record in enumerate(run.files):
        job.checkpoint(number / len(run.files), "Summarising")
        row = _row(record, names)
        rows.append(row)
        if not record.is_complete or "table" not in record.outputs:
            continue
        found = _values(record.outputs["table"], measured)
        row |= _statistics(found)
        n_objects += max((len(values) for values in found.values()), default=0)
        for head, values in found.items():
            samples[head].append(values[:: 1 + len(values) // _SAMPLE])
    kept = {head: np.concatenate(some) for head, some in samples.items() if some}
    return Summary(_columns(rows), tuple(rows), measured, kept, n_objects)


def write_summary(
    run: RunReport, summary: Summary | None = None, *, overwrite: bool = False, job: Job = IDLE
) -> tuple[Path, Path | None]:
    """Write ``summary.csv``, and ``objects.csv`` or ``objects.parquet`` if there are tables.

    Their bytes depend on the inputs and the recipe only: not on time, nor on how often the run was
    interrupted.

    Parameters
    ----------
    run : RunReport
    summary : Summary, optional
        Of this run, if it is known already.
    overwrite : bool
        Replace what stands there.
    job : Job

    Returns
    -------
    summary, objects : path
        The second is None if no image has a table.

    Raises
    ------
    OutputExistsError, OutputError
        If something stands there, or cannot be written.
    TableFileError
        If a table was removed or damaged meanwhile.
    """
    summary = summary or summarise(run, job=job.part(0, 0.5))
    target = run.out / SUMMARY
    with replacing(target, overwrite=overwrite) as temporary, translated(target):
        temporary.write_text(_text(summary), "utf-8", newline="")
    tables = [record.outputs["table"] for record in with_tables(run)]
    if not tables:
        return target, None
    joined = run.out / f"{OBJECTS}{tables[0].suffix}"
    return target, join_tables(tables, joined, overwrite=overwrite, job=job.part(0.5, 1))


def with_tables(run: RunReport) -> list[FileRecord]:
    """Return the inputs whose tables were saved."""
    return [record for record in run.complete if "table" in record.outputs]


def main_columns(tables: Sequence[Path]) -> tuple[str, ...]:
    """Return headers of the measurements that a summary shows."""
    heads = list(dict.fromkeys(head for table in tables for head in heads_of(table)))
    usual = {
        m.name
        for m in catalog()
        if m.default and m.group not in ("position", "probability") and m.name not in _LEFT_OUT
    }
    chosen = [head for head in heads if parse_header(head)[0].partition("-")[0] in usual]
    return tuple((chosen or [head for head in heads if _describes(head)])[:_MOST])


def _describes(head: str) -> bool:
    """Whether a column says what an object is, not where, or which."""
    stem = parse_header(head)[0].partition("-")[0]
    by_name = {m.name: m for m in catalog()}
    known = by_name.get(stem) or by_name.get(stem.rpartition("_")[0])
    is_place = known is not None and known.group == "position"
    return known is not None and not is_place and stem not in (*KEYS, *CLASS_RESULTS)


def _values(table: Path, measured: Sequence[str]) -> dict[str, Values]:
    """Read the measured columns of a table, by their headers.

    Raises
    ------
    TableFileError
    """
    there = heads_of(table)
    heads = [head for head in measured if head in there]
    if table.suffix == ".parquet":
        import pyarrow.parquet as pq

        with pq.ParquetFile(table) as file:
            names = [file.schema_arrow.names[there.index(head)] for head in heads]
            columns = file.read(columns=names).columns
        return {h: c.to_numpy().astype(np.float64) for h, c in zip(heads, columns, strict=True)}
    import pandas as pd

    try:
        found = pd.read_csv(table, usecols=heads, dtype=np.float64, **exactly(pd.__version__))
    except (OSError, ValueError) as error:
        raise TableFileError(
            f"The table {str(table)!r} cannot be read ({str(error)[:200]}). Leave results alone "
            "while a run goes on, and start it again with --resume --overwrite."
        ) from error
    names = [str(name) for name in found.columns]
    return dict(zip(names, np.ascontiguousarray(found.to_numpy().T), strict=True))


def _row(record: FileRecord, names: Names) -> dict[str, Any]:
    """Return what is known of an input without its table."""
    # An input that was complete before is one that was done: a resumed run has the same summary.
    state = "done" if record.is_complete else record.state
    why = "" if record.is_complete else record.why
    row: dict[str, Any] = {"image": record.name, "state": state, "why": why}
    counts = record.counts
    row |= {"pixels": counts["pixels"]} if "pixels" in counts else {}
    row |= _class_areas(record, names)
    row |= {"objects": counts["objects"]} if "objects" in counts else {}
    for class_id, count in counts.get("object_classes", {}).items():
        row[f"objects of {names.of_object(class_id)}"] = count
    row["notes"] = " ".join(record.notes)
    return row | _scores(counts.get("scores") or {})


def _class_areas(record: FileRecord, names: Names) -> dict[str, Any]:
    classes: Mapping[str, int] = record.counts.get("classes", {})
    total = sum(classes.values())
    calibration = calibration_of(record) if classes else None
    found: dict[str, Any] = {}
    for class_id, count in classes.items():
        name = names.of_pixel(class_id)
        found[f"pixels of {name}"] = count
        found[f"share of {name}"] = count / total if total else None
        if calibration is not None:
            what = "area" if calibration.ndim == 2 else "volume"
            unit = power_of(calibration.unit, calibration.ndim)
            found[header(f"{what} of {name}", unit)] = count * calibration.pixel
    return found


def _scores(scores: Mapping[str, Any]) -> dict[str, Any]:
    if not scores:
        return {}
    wanted = (*_COUNTS, *COLUMNS["objects" if scores.get("what") == "objects" else "pixels"])
    found = {f"score {name}": scores[name] for name in wanted if scores.get(name) is not None}
    problem = scores.get("problem") or ""
    return found | ({"not compared": problem} if problem else {})


def _statistics(columns: Mapping[str, Values]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for head, every in columns.items():
        name, unit = parse_header(head)
        values = every[~np.isnan(every)]
        if values.size:
            found[header(f"mean {name}", unit or "")] = float(values.mean())
            found[header(f"median {name}", unit or "")] = float(np.median(values))
    return found


def _columns(rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the headers of all rows, each kind together, in the order of the steps."""
    found = dict.fromkeys(name for row in rows for name in row)
    kinds = ("pixels of ", "share of ", "area of ", "volume of ", "objects of ", "mean ", "score ")
    order = ["image", "state", "why", "pixels", *kinds[:4], "objects", *kinds[4:], "not compared"]

    def place(name: str) -> int:
        for i, kind in enumerate(order):
            if name == kind or (kind in kinds and name.startswith(kind)):
                return i
        return order.index("mean ") if name.startswith("median ") else len(order)

    return tuple(sorted(found, key=place)) or ("image", "state", "why", "notes")


def _text(summary: Summary) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([plain(name) for name in summary.columns])
    for row in summary.rows:
        values = [row.get(name) for name in summary.columns]
        writer.writerow(
            ["" if v is None else plain(v) if isinstance(v, str) else v for v in values]
        )
    return stream.getvalue()


def plain(text: str) -> str:
    """Return text on one line that every file can hold, whatever a file's name had in it."""
    text = "".join(c if c.isprintable() or "\ud800" <= c <= "\udfff" else " " for c in text)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
