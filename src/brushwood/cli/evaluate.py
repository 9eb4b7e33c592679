"""``brushwood evaluate``: compare predictions with ground truth."""

import argparse
from pathlib import Path
from typing import Any

from brushwood.cli.console import Progress
from brushwood.jobs import Job

_EPILOG = """\
examples:
  brushwood evaluate truth/ results/ -o scores
  brushwood evaluate truth.tif objects.tif --objects --min-iou 0.7
  brushwood evaluate truth/ masks/ --pixels --zero-is-a-class --classes 255=1

Files of two folders are matched by name; endings and words such as _mask do not matter.
With -o three files are written: scores.csv, scores.json and report.html.
"""


def add_parser(commands: Any) -> None:
    """Add this command's options."""
    parser = commands.add_parser(
        "evaluate",
        help="compare predictions with ground truth",
        description="Compare class maps or objects with ground truth, for two images or folders.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("truth", metavar="TRUTH", help="image or folder that is right")
    parser.add_argument("prediction", metavar="PREDICTION", help="image or folder to judge")
    parser.add_argument("-o", "--out", metavar="DIR", help="write scores and a report here")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument(
        "--pixels", dest="what", action="store_const", const="pixels", help="compare class ids"
    )
    kind.add_argument(
        "--objects", dest="what", action="store_const", const="objects", help="match objects"
    )
    parser.add_argument(
        "--min-iou",
        type=float,
        default=0.5,
        metavar="IOU",
        help="objects match from this intersection over union on (default 0.5)",
    )
    parser.add_argument(
        "--zero-is-a-class",
        action="store_true",
        help="compare pixels where the truth is 0 as well; otherwise 0 means unknown",
    )
    parser.add_argument(
        "--classes",
        metavar="OLD=NEW,...",
        default="",
        help="renumber the prediction's classes before comparing, for example 255=1",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace existing results")
    parser.set_defaults(run=run, what="auto")


def run(options: argparse.Namespace, job: Job) -> int:
    """Compare, print the main numbers, and write the files."""
    from brushwood.batch.evaluation import (
        check_evaluation_targets,
        evaluate_files,
        write_evaluation,
    )

    classes = _classes(options.classes)
    if options.out:
        check_evaluation_targets(Path(options.out), overwrite=options.overwrite)
    progress = Progress(1, "Comparing")
    try:
        found = evaluate_files(
            options.truth,
            options.prediction,
            what=options.what,
            min_iou=options.min_iou,
            ignore=None if options.zero_is_a_class else 0,
            classes=classes,
            job=progress.job(job, 0),
        )
    finally:
        progress.close()
    print(found.text())
    if options.out:
        for path in write_evaluation(found, options.out, overwrite=options.overwrite):
            print(f"  wrote {path}")
    return 0


def _classes(text: str) -> dict[int, int]:
    pairs = [part.split("=") for part in text.split(",") if part.strip()]
    try:
        return {int(old): int(new) for old, new in pairs}
    except ValueError:
        raise argparse.ArgumentError(
            None, f"--classes takes pairs such as 255=1,0=2, but came as {text!r}"
        ) from None
