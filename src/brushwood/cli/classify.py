"""``brushwood classify``: an object classifier applied to a table, or to labels and their image."""

import argparse
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brushwood.cli.console import Progress, say
from brushwood.cli.options import spacing
from brushwood.jobs import Job

if TYPE_CHECKING:
    from pandas import DataFrame

    from brushwood.io.images import ImageFile
    from brushwood.objects.classifier import ObjectClassifier

_ENDINGS = {"tiff": ".tif", "ome-zarr": ".ome.zarr"}
_EPILOG = """\
examples:
  brushwood classify shapes.brushwood objects.csv -o classified.csv
  brushwood classify shapes.brushwood --labels objects.tif --image cells.tif -o results

A table gets the columns class, class_name, class_probability and class_uncertainty. From labels,
the columns that the model asks for are measured first; NAME-table.csv and NAME-classes.tif, the
class of each object painted over its pixels, are written into the folder. Files written are listed
on stdout.
"""


def add_parser(commands: Any) -> None:
    """Add this command's options."""
    parser = commands.add_parser(
        "classify",
        help="classify objects: a table, or labels and their image",
        description="Apply an object classifier to measured objects, or measure and classify them.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", metavar="MODEL", help="a .brushwood file of an object classifier")
    parser.add_argument("table", nargs="?", metavar="TABLE", help=".csv, .tsv or .parquet")
    parser.add_argument("--labels", metavar="FILE", help="objects to measure and classify")
    parser.add_argument("--image", metavar="FILE", help="intensities of these objects")
    parser.add_argument(
        "-o", "--out", dest="output", required=True, metavar="OUT",
        help="file for the table; with --labels a folder for table and class map",
    )  # fmt: skip
    parser.add_argument(
        "--spacing", type=spacing, metavar="Z,Y,X", help="pixel size, if the files have none"
    )
    parser.add_argument("--unit", help="unit of --spacing, for example µm")
    parser.add_argument("--channel-axis", type=int, metavar="N", help="axis that holds channels")
    parser.add_argument(
        "--format", choices=tuple(_ENDINGS), default="tiff", help="of the class map (default: tiff)"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace existing results")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, job: Job) -> int:
    """Classify a table, or labels."""
    if (options.table is None) == (options.labels is None):
        raise argparse.ArgumentError(None, "give either a TABLE, or --labels with the objects")
    if options.image and not options.labels:
        raise argparse.ArgumentError(None, "--image belongs to --labels")
    if options.unit and not options.spacing:
        raise argparse.ArgumentError(None, "--unit belongs to --spacing")
    from brushwood.models import load
    from brushwood.objects.classifier import ObjectClassifier

    model = load(options.model, ObjectClassifier)
    if options.labels is None:
        _classify_table(model, options, job)
    else:
        _classify_labels(model, options, job)
    return 0


def _classify_table(model: "ObjectClassifier", options: argparse.Namespace, job: Job) -> None:
    from brushwood.errors import InputError
    from brushwood.io.atomic import check_target
    from brushwood.io.tables import read_table, write_table

    target = Path(options.output)
    if target.resolve() == Path(options.table).resolve():
        raise InputError(f"{str(target)!r} is the input. Choose another name for the result.")
    check_target(target, overwrite=options.overwrite)
    table = _classified(model, read_table(options.table), job)
    write_table(table, target, overwrite=options.overwrite)
    print(target)


def _classify_labels(model: "ObjectClassifier", options: argparse.Namespace, job: Job) -> None:
    from brushwood.cli.apply import targets
    from brushwood.io.atomic import check_target, translated
    from brushwood.io.inputs import InputRef
    from brushwood.io.tables import write_table

    out = Path(options.output)
    with translated(out):
        out.mkdir(parents=True, exist_ok=True)
    # Both files are named as `brushwood apply` names its maps.
    ref = InputRef.of(options.labels)
    files = targets(ref.name, out, ("classes",), _ENDINGS[options.format])
    files |= targets(ref.name, out, ("table",), ".csv")
    for path in files.values():
        check_target(path, overwrite=options.overwrite)
    progress = Progress(3, "measuring")
    with ExitStack() as stack:
        labels = stack.enter_context(ref.open())
        beside = InputRef.of(options.image).open() if options.image else None
        image = None if beside is None else stack.enter_context(beside)
        try:
            table = _measured(model, labels, image, options, progress.job(job, 0))
            table = _classified(model, table, progress.job(job, 1))
            _write_classes(labels, table, files["classes"], options, progress.job(job, 2))
        finally:
            progress.close()
    write_table(table, files["table"], overwrite=options.overwrite)
    print(*files.values(), sep="\n")


def _measured(
    model: "ObjectClassifier",
    labels: "ImageFile",
    image: "ImageFile | None",
    options: argparse.Namespace,
    job: Job,
) -> "DataFrame":
    from brushwood.models.measuring import measured_for

    ndim = _ndim(model, labels)
    size, unit = options.spacing, options.unit
    if size is None:
        sized = next((f for f in (labels, image) if f and f.spacing_of(ndim)), None)
        if sized is not None:
            size, unit = sized.spacing_of(ndim), sized.unit
    axis = options.channel_axis
    if axis is None and image is not None:
        axis = image.channel_axis
    return measured_for(
        model,
        labels.data,
        None if image is None else image.data,
        spacing=size,
        unit="µm" if unit == "um" else unit,
        channel_axis=axis,
        ndim=ndim,
        job=job,
    )


def _ndim(model: "ObjectClassifier", labels: "ImageFile") -> int:
    """Return the spatial dimensions: as the model's where the file leaves it open."""
    known = (model.measurement_ or {}).get("ndim")
    is_open = "q" in labels.axes and labels.data.ndim > 2
    return int(known) if known is not None and is_open else labels.ndim


def _classified(model: "ObjectClassifier", table: "DataFrame", job: Job) -> "DataFrame":
    from brushwood.objects.results import classified
    from brushwood.objects.training import CLASS

    start = time.perf_counter()
    found = classified(model, table, job=job)
    for column, n in model.missing(table).items():
        objects = "1 object has" if n == 1 else f"{n:,} objects have"
        say(f"Warning: {objects} no number in {column}; the median of the training stands in.")
    names = model.class_names or {}
    counts = found[CLASS].value_counts()
    said = ", ".join(f"{names.get(k, f'class {k}')} {counts.get(k, 0):,}" for k in model.classes_)
    say(f"{len(found):,} objects in {time.perf_counter() - start:.2f} s: {said}")
    return found


def _write_classes(
    labels: "ImageFile", table: "DataFrame", path: Path, options: argparse.Namespace, job: Job
) -> None:
    from brushwood.io.images import create_image
    from brushwood.objects.painting import paint_objects, paint_type

    ndim = table_ndim(labels, table)
    with create_image(
        path, labels.data.shape, paint_type(table["class"]), labels.axes, labels.scale,
        labels.unit, time_step=labels.time_step, time_unit=labels.time_unit,
        overwrite=options.overwrite, job=job.part(0.95, 1.0),
    ) as out:  # fmt: skip
        paint_objects(labels.data, table, ndim=ndim, out=out, job=job.part(0.0, 0.95))


def table_ndim(labels: "ImageFile", table: "DataFrame") -> int:
    """Return the spatial dimensions that a table was measured with."""
    from brushwood.tables import measurement_of

    note = measurement_of(table)
    return labels.ndim if note is None else int(note["ndim"])
