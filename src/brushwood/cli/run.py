"""``brushwood run``: a recipe and images in; results, a table of what became of each, a report."""

import argparse
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brushwood.cli.console import say
from brushwood.cli.run_events import JsonLines, Narrator, listening, terminable
from brushwood.errors import BrushwoodError
from brushwood.jobs import Cancelled, Job

if TYPE_CHECKING:
    from brushwood.batch.planning import Order
    from brushwood.batch.records import RunReport

_EPILOG = """\
examples:
  brushwood run cells.json folder/ -o results
  brushwood run cells.json folder/ -o results --dry-run
  brushwood run cells.json folder/ -o results --workers 4 --processes
  brushwood run cells.json folder/ -o results --resume
  brushwood run cells.json /data/plate.ome.zarr -o /data/results --scheduler tcp://head:8786
  brushwood run cells.brushwood folder/ -o results       # a pixel classifier alone

Each input's results appear when all of them are complete. An input that cannot be done is named in
status.csv, and the others go on. A run that was ended goes on with --resume.

exit codes: 0 all done, 2 usage, 3 an input failed or the run could not start, 4 device,
130 cancelled
"""
_MOST_WORKERS = 256


def add_parser(commands: Any) -> None:
    """Add this command's options."""
    parser = commands.add_parser(
        "run",
        help="run a recipe over files and folders",
        description="Run a recipe over many images: pixels, objects, measurements, classes.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "recipe", metavar="RECIPE", help="a recipe (.json), or a pixel classifier (.brushwood)"
    )
    parser.add_argument(
        "inputs", nargs="+", metavar="INPUT", help="images, folders, plates, or path::scene"
    )
    parser.add_argument(
        "-o", "--out", dest="output", required=True, metavar="DIR", help="folder for results"
    )
    parser.add_argument("--recursive", action="store_true", help="look into folders of folders")
    parser.add_argument(
        "--resume", action="store_true", help="keep what an earlier run has done, do the rest"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace existing results")
    parser.add_argument(
        "--workers", type=_workers, default=1, metavar="N", help="images at once (default: 1)"
    )
    parser.add_argument(
        "--processes", action="store_true", help="workers are processes rather than threads"
    )
    parser.add_argument(
        "--scheduler", metavar="ADDRESS", help="a running dask.distributed scheduler does the work"
    )
    parser.add_argument("--device", help="index, part of a name, 'cpu' or 'gpu'")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
    parser.add_argument(
        "--progress",
        choices=("bar", "json"),
        default="bar",
        help="json: an event a line on stdout; `cancel` or the end of stdin cancels",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, job: Job) -> int:
    """Run the recipe; 3 if an input failed."""
    is_json = options.progress == "json"
    teller: JsonLines | Narrator = JsonLines() if is_json else Narrator()
    with ExitStack() as stack:
        stack.enter_context(terminable(job))
        if is_json:
            stack.enter_context(listening(job))
        try:
            order = stack.enter_context(_order(options))
            return _planned(order, teller, job) if options.dry_run else _run(order, teller, job)
        except BrushwoodError as error:
            teller.refused("failed", str(error))
            raise
        except Cancelled:
            teller.refused("cancelled", "Cancelled before the start.")
            raise
        finally:
            teller.close()


def _planned(order: "Order", teller: "JsonLines | Narrator", job: Job) -> int:
    from brushwood.batch.events import PlanMade
    from brushwood.batch.planning import check_order, prepare

    check_order(order)
    plan = prepare(order, job).plan
    teller.event(PlanMade(plan))
    if isinstance(teller, Narrator):
        print(plan.text())
    return 0 if plan.can_start and not any(file.problem for file in plan.files) else 3


def _run(order: "Order", teller: "JsonLines | Narrator", job: Job) -> int:
    from brushwood.batch.running import carry_out

    report = carry_out(order, teller.job(job), teller.event)
    teller.close()
    for line in _last_words(report):
        say(line)
    return report.exit_code


def _last_words(report: "RunReport") -> Iterator[str]:
    from brushwood.batch.plan_text import duration

    parts = [f"{len(report.done)} done"]
    parts += [f"{len(report.skipped)} complete before"] if report.skipped else []
    parts += [f"{len(report.failed)} failed"] if report.failed else []
    n_rest = len(report.files) - len(report.complete) - len(report.failed)
    parts += [f"{n_rest} not done"] if n_rest else []
    yield f"{', '.join(parts)} in {duration(report.seconds)}."
    yield from report.problems
    yield f"Status of each input: {report.status}"
    if report.report is not None:
        yield f"Report: {report.report}"
    if report.state == "cancelled":
        yield "Cancelled. What is complete was kept; go on with --resume."


@contextmanager
def _order(options: argparse.Namespace) -> "Iterator[Order]":
    """Yield what was asked for; a client of a scheduler is closed at the end."""
    from brushwood.batch.planning import Order, check_order, recipe_of

    with ExitStack() as stack:
        client = None
        if options.scheduler:
            from brushwood.batch.workers_cluster import connect

            client = connect(options.scheduler)
            stack.callback(client.close)
        order = Order(
            recipe_of(options.recipe),
            options.inputs,
            Path(options.output).absolute(),
            options.workers,
            options.processes,
            client,
            options.resume,
            options.overwrite,
            options.recursive,
            options.device,
        )
        check_order(order)
        yield order


def _workers(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_WORKERS:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a whole number from 1 to {_MOST_WORKERS}"
        )
    return int(text)
