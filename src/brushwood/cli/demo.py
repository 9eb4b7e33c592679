"""``brushwood demo``: the main job on a sample, with files and numbers or in the window."""

import argparse
from typing import Any

from brushwood.cli.console import Progress, say
from brushwood.jobs import Job

_EPILOG = """\
examples:
  brushwood demo --out results
  brushwood demo --out results --sample nuclei_2d --overwrite
  brushwood demo --gui
"""


def add_parser(commands: Any) -> None:
    """Add this command's options."""
    parser = commands.add_parser(
        "demo",
        help="segment sample images, or open one in napari",
        description=(
            "Train on the strokes of sample images, write classes, probabilities, uncertainty, "
            "objects, a table, classes of objects and a PNG overview, and compare with the truth. "
            "With --gui, open a sample in napari."
        ),
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--out", metavar="DIR", help="folder for the results")
    where.add_argument("--gui", action="store_true", help="open napari, ready to paint")
    parser.add_argument("--sample", metavar="KEY", help="this sample only")
    parser.add_argument("--device", help="index, part of a name, 'cpu' or 'gpu'")
    parser.add_argument("--overwrite", action="store_true", help="replace earlier results")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, job: Job) -> int:
    """Run the demo and print its report."""
    if options.gui:
        return _open_window()
    from brushwood.samples.demo import DEMO_SAMPLES, run_demo

    samples = (options.sample,) if options.sample else DEMO_SAMPLES
    progress = Progress(len(samples), "demo")
    try:
        for index, sample in enumerate(samples):
            report = run_demo(
                options.out,
                options.device,
                sample,
                overwrite=options.overwrite,
                job=progress.job(job, index),
            )
            progress.close()
            print(report.text(), flush=True)
    finally:
        progress.close()
    return 0


def _open_window() -> int:
    try:
        from brushwood.gui.demo import open_demo
    except ImportError as error:
        say(
            f"brushwood demo: the window cannot be opened ({error}). Install napari with a Qt "
            'binding: `pip install "napari-brushwood[all]"`.'
        )
        return 1
    open_demo()
    return 0
