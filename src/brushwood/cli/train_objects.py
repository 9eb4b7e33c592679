"""``brushwood train-objects``: tables with a column of classes in, an object classifier out."""

import argparse
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brushwood.cli.console import Progress, say
from brushwood.cli.options import class_names, depth_of
from brushwood.jobs import Job

if TYPE_CHECKING:
    from pandas import DataFrame

    from brushwood.forest.params import ForestParams
    from brushwood.objects.classifier import ObjectClassifier

_EPILOG = """\
examples:
  brushwood train-objects objects.csv --classes annotated -o shapes.brushwood
  brushwood train-objects a.csv b.csv --classes annotated -o shapes.brushwood \\
      --columns area,solidity,eccentricity --class-name 1=round --class-name 2=elongated

The column of classes holds ids, 0 or nothing where an object is not annotated; or names, which get
ids in alphabetic order unless --class-name gives them one.
"""


def add_parser(commands: Any) -> None:
    """Add this command's options."""
    parser = commands.add_parser(
        "train-objects",
        help="train an object classifier from tables",
        description="Train an object classifier from tables of measurements with annotated rows.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("tables", nargs="+", metavar="TABLE", help=".csv, .tsv or .parquet")
    parser.add_argument(
        "--classes", required=True, metavar="COLUMN", help="column with the class of some rows"
    )
    parser.add_argument(
        "-o", "--out", dest="output", required=True, metavar="MODEL", help=".brushwood file"
    )
    parser.add_argument(
        "--columns", type=_names, metavar="A,B", help="to learn from (default: all but positions)"
    )
    parser.add_argument(
        "--class-name", action="append", default=[], metavar="ID=NAME", help="may be repeated"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace an existing model")
    group = parser.add_argument_group("forest")
    group.add_argument("--kind", choices=("extra", "random"), help="of trees")
    group.add_argument("--trees", type=int, metavar="N", help="number of trees")
    group.add_argument("--depth", metavar="N", help="deepest question, or 'unlimited'")
    group.add_argument("--seed", type=int, metavar="N", help="same seed, same model")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, job: Job) -> int:
    """Train and save."""
    from brushwood.errors import InputError
    from brushwood.io.atomic import check_target
    from brushwood.io.tables import read_table
    from brushwood.models import model_path, save
    from brushwood.objects.classifier import ObjectClassifier
    from brushwood.objects.training import class_ids

    target = model_path(options.output)
    check_target(target, overwrite=options.overwrite)
    names: dict[int, str] = class_names(options.class_name)
    tables, classes = [], []
    for path in options.tables:
        table = read_table(path)
        if options.classes not in table:
            raise InputError(
                f"{Path(path).name} has no column {options.classes!r}. It has "
                f"{', '.join(map(str, table.columns))}. Name the column that holds the classes."
            )
        ids, names = class_ids(table[options.classes], names)
        tables.append(table.drop(columns=[options.classes]))
        classes.append(ids)
    start = time.perf_counter()
    classifier = ObjectClassifier(options.columns, _forest(options), class_names=names or None)
    progress = Progress(1, "training")
    try:
        classifier.fit(tables, classes, job=progress.job(job, 0))
    finally:
        progress.close()
    save(classifier, target, overwrite=options.overwrite, include_rows=True)
    _report(classifier, tables, time.perf_counter() - start)
    print(target)
    return 0


def _forest(options: argparse.Namespace) -> "ForestParams":
    from brushwood.objects.classifier import TABLE_FOREST

    given: dict[str, Any] = {
        "kind": options.kind,
        "n_trees": options.trees,
        "seed": options.seed,
    }
    given = {name: value for name, value in given.items() if value is not None}
    if options.depth is not None:
        given["max_depth"] = depth_of(options.depth)
    return replace(TABLE_FOREST, **given)


def _report(classifier: "ObjectClassifier", tables: "list[DataFrame]", seconds: float) -> None:
    names = classifier.class_names or {}
    counts = classifier.counts_
    for class_id, name in sorted(names.items()):
        if class_id not in counts:
            say(f"Warning: no object is annotated as class {class_id} ({name}).")
    said = ", ".join(f"{names.get(k, f'class {k}')} {n}" for k, n in counts.items())
    top = ", ".join(f"{name} {share:.0%}" for name, share in classifier.importances_[:3].items())
    n = sum(len(table) for table in tables)
    say(
        f"Trained in {seconds:.2f} s on {len(classifier.rows_)} of {n:,} objects: {said}; "
        f"{len(classifier.columns_)} columns, most telling {top}"
    )


def _names(text: str) -> tuple[str, ...]:
    names = tuple(part.strip() for part in text.split(",") if part.strip())
    if not names:
        raise argparse.ArgumentTypeError(f"{text!r} names no column")
    return names
