"""``brushwood measure``: label images in, one table out."""

import argparse
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brushwood.cli.console import Progress, say
from brushwood.cli.options import spacing
from brushwood.errors import BrushwoodError, InputError
from brushwood.jobs import Job

if TYPE_CHECKING:
    from pandas import DataFrame

    from brushwood.io.inputs import InputRef


_EPILOG = """\
examples:
  brushwood measure cells-objects.tif --image cells.tif -o cells.csv
  brushwood measure objects/ -o all.csv --names size,shape,neighbours
  brushwood measure objects.tif --image cells.tif --names area,intensity_mean -o cells.parquet
  brushwood measure nuclei.tif --parents cells.tif -o nuclei.csv
  brushwood measure --list

Of a folder, the label images that end in -objects are taken; if there are none, every image.
Several label images make one table, with their names in the column image. Headers tell units, such
as "area [µm²]", by the pixel size in the file. The table's name is printed on stdout. A file that
fails is named, and the others go on.
"""


def add_parser(commands: Any) -> None:
    """Add this command's options."""
    parser = commands.add_parser(
        "measure",
        help="measure objects into a table",
        description="Measure the objects of label images into a table.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("labels", nargs="*", metavar="LABELS", help="label images, or folders")
    parser.add_argument(
        "-o", "--out", dest="output", metavar="TABLE", help=".csv, .tsv or .parquet file"
    )
    parser.add_argument(
        "--image", action="append", default=[], metavar="IMAGE",
        help="intensities: one a label image, in the same order",
    )  # fmt: skip
    parser.add_argument(
        "--probabilities", action="append", default=[], metavar="MAP",
        help="class probabilities: one a label image, in the same order",
    )  # fmt: skip
    parser.add_argument(
        "--parents", action="append", default=[], metavar="LABELS",
        help="larger objects, such as cells of nuclei: one a label image, in the same order",
    )  # fmt: skip
    parser.add_argument(
        "--names", type=_names, metavar="NAME,…",
        help="groups, measurements or columns; see --list (default: a useful choice)",
    )  # fmt: skip
    parser.add_argument("--ndim", type=int, choices=(2, 3), help="spatial dimensions of an object")
    parser.add_argument("--channel-axis", type=int, metavar="N", help="axis that holds channels")
    parser.add_argument("--channel-names", type=_names, metavar="NAME,…", help="of the image")
    parser.add_argument("--class-names", type=_names, metavar="NAME,…", help="of the probabilities")
    parser.add_argument(
        "--spacing", type=spacing, metavar="Z,Y,X", help="pixel size, in place of the files' own"
    )
    parser.add_argument("--unit", help="of --spacing, for example µm")
    parser.add_argument("--overwrite", action="store_true", help="replace an existing table")
    parser.add_argument("--list", action="store_true", help="show what can be measured, and stop")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, job: Job) -> int:
    """Measure every label image; 3 if any of them failed."""
    if options.list:
        return _show_catalog()
    _check_options(options)
    from brushwood.io.tables import check_table_target, write_table

    target = Path(options.output)
    paths = find_labels(options.labels)
    for name in ("image", "probabilities", "parents"):
        given = getattr(options, name)
        if given and len(given) != len(paths):
            raise argparse.ArgumentError(
                None, f"--{name} was given {len(given)} times for {len(paths)} label images"
            )
    check_table_target(target, overwrite=options.overwrite)
    _check_units(paths, options)
    start = time.perf_counter()
    tables, failed = _measure_all(paths, options, job)
    if tables:
        table = _joined(tables)
        write_table(table, target, overwrite=options.overwrite)
        rows = "1 object" if len(table) == 1 else f"{len(table):,} objects"
        seconds = time.perf_counter() - start
        images = f"{len(tables)} of {len(paths)} images"
        say(f"{rows} in {images}, {len(table.columns)} columns, {seconds:.1f} s")
        print(target)
    return 3 if failed else 0


def _check_options(options: argparse.Namespace) -> None:
    if not options.labels or options.output is None:
        raise argparse.ArgumentError(None, "label images and -o TABLE are needed")
    if options.unit and not options.spacing:
        raise argparse.ArgumentError(None, "--unit belongs to --spacing")
    if options.channel_names and not options.image:
        raise argparse.ArgumentError(None, "--channel-names belongs to --image")
    if options.class_names and not options.probabilities:
        raise argparse.ArgumentError(None, "--class-names belongs to --probabilities")


def find_labels(inputs: Sequence[str]) -> "list[InputRef]":
    """Return the label images named, and those in the folders named, each once.

    Raises
    ------
    InputError
        If a folder holds no image.
    """
    from brushwood.io.images import is_zarr
    from brushwood.io.inputs import list_inputs

    found: dict[InputRef, None] = {}
    for name in inputs:
        images = list_inputs(name, with_results=True)
        if Path(name).is_dir() and not is_zarr(Path(name)):
            images = [each for each in images if each.name.endswith("-objects")] or images
        found.update(dict.fromkeys(images))
    return list(found)


def _check_units(images: "Sequence[InputRef]", options: argparse.Namespace) -> None:
    """Refuse, before any work, images whose numbers cannot stand in one column.

    Raises
    ------
    InputError
        If pixel sizes are in one unit in one image and in another unit in the next.
    """
    from brushwood.cli.measure_work import calibration
    from brushwood.io.inputs import InputRef

    known: dict[str, InputRef] = {}
    for index, ref in enumerate(images):
        with ExitStack() as stack, suppress(BrushwoodError):
            labels = stack.enter_context(ref.open())
            image = options.image[index] if options.image else None
            pixels = None if image is None else stack.enter_context(InputRef.of(image).open())
            size, unit = calibration(options, options.ndim or labels.ndim, labels, pixels)
            known.setdefault("pixels" if size is None else unit or "an unknown unit", ref)
    if len(known) > 1:
        (one, first), (two, second) = list(known.items())[:2]
        raise InputError(
            f"Lengths are in {one} in {first.path.name!r}, but in {two} in {second.path.name!r}, "
            "and cannot stand in one table. Measure them into tables of their own, or give "
            "--spacing and --unit."
        )


def _measure_all(
    images: "Sequence[InputRef]", options: argparse.Namespace, job: Job
) -> "tuple[dict[str, DataFrame], int]":
    """Measure one label image after the other; return tables by file name, and how many failed."""
    from brushwood.cli.measure_work import measure_file

    names = _distinct(images)
    progress = Progress(len(images), "measuring")
    tables: dict[str, DataFrame] = {}
    try:
        for index, image in enumerate(images):
            part = progress.job(job, index)
            part.checkpoint(0.0, image.name)
            try:
                tables[names[index]] = measure_file(image, index, options, part)
            except BrushwoodError as error:
                progress.close()
                say(f"[{index + 1}/{len(images)}] {image} failed: {error}")
            else:
                progress.close()
                say(f"[{index + 1}/{len(images)}] {image}: {len(tables[names[index]]):,} objects")
    finally:
        progress.close()
    return tables, len(images) - len(tables)


def _joined(tables: "dict[str, DataFrame]") -> "DataFrame":
    """Join the tables of several images, with their names in a column."""
    import pandas as pd

    from brushwood.tables import units_of, with_units

    first, *others = tables.values()
    if not others:
        return first
    named = []
    for name, table in tables.items():
        plain = table.copy(deep=False)
        plain.attrs = {}
        plain.insert(0, "image", name)
        named.append(plain)
    joined = pd.concat(named, ignore_index=True)
    joined.attrs = first.attrs
    return with_units(joined, units_of(first))


def _distinct(images: "Sequence[InputRef]") -> list[str]:
    """Return the files' names and scenes, or their paths where two have one name."""
    names = [str(replace(image, path=Path(image.path.name))) for image in images]
    return names if len(set(names)) == len(names) else [str(image) for image in images]


def _show_catalog() -> int:
    from brushwood.measure.catalog import catalog

    for entry in catalog():
        need = "image" if entry.needs_image else ""
        need = "probabilities" if entry.needs_probabilities else need
        marks = ", ".join(
            part
            for part in (
                "" if len(entry.ndim) == 2 else f"{entry.ndim[0]}-D",
                f"needs {need}" if need else "",
                f"cost {entry.cost}",
            )
            if part
        )
        print(f"{entry.group:<12} {entry.name:<36} {entry.title} ({marks})")
    return 0


def _names(text: str) -> tuple[str, ...]:
    names = tuple(part.strip() for part in text.split(",") if part.strip())
    if not names:
        raise argparse.ArgumentTypeError(f"{text!r} names nothing")
    return names
