"""Parse the command line, run a command, and turn errors into messages and exit codes."""

import argparse
import os
import sys
import warnings
from collections.abc import Sequence

from brushwood import __version__
from brushwood.cli import (
    apply,
    classify,
    convert,
    demo,
    devices,
    evaluate,
    explore,
    info,
    measure,
    objects,
    recipe,
    run,
    train,
    train_objects,
)
from brushwood.cli.console import interruptible, say, showing_warnings
from brushwood.errors import BrushwoodError, DeviceError
from brushwood.jobs import Cancelled

USAGE, BAD_INPUT, DEVICE, CANCELLED = 2, 3, 4, 130

_EPILOG = """\
examples:
  brushwood devices
  brushwood demo --out results
  brushwood train cells.tif strokes.tif -o cells.brushwood
  brushwood apply cells.brushwood folder/ -o results --save classes,probabilities
  brushwood objects results/ -o objects --method distance
  brushwood measure objects/ -o table.csv
  brushwood explore table.csv -o exploration
  brushwood evaluate truth/ results/ -o scores
  brushwood run cells.json folder/ -o results
  brushwood info cells.brushwood
  brushwood convert nuclei.cl nuclei.brushwood --classes 1=background,2=nuclei

exit codes: 0 done, 2 usage, 3 bad input, 4 device, 130 cancelled, 1 anything else
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments without the program's name. Default: those of the process.

    Returns
    -------
    int
        0 done, 2 usage, 3 bad input, 4 device, 130 cancelled. Anything else raises, which ends a
        process with 1 and a traceback to report.
    """
    parser = build_parser()
    try:
        options = parser.parse_args(argv)
    except SystemExit as stop:  # argparse has said why
        return int(stop.code or 0)
    with warnings.catch_warnings(), showing_warnings(), interruptible() as job:
        try:
            return int(options.run(options, job))
        except argparse.ArgumentError as error:
            say(f"brushwood {options.command}: {error}. See `brushwood {options.command} --help`.")
            return USAGE
        except (Cancelled, KeyboardInterrupt):
            say("Cancelled. Finished files were kept, unfinished ones removed.")
            return CANCELLED
        except BrokenPipeError:  # as in `brushwood info model | head -1`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        except BrushwoodError as error:
            say(f"brushwood {options.command}: {error}")
            return exit_code(error)


def exit_code(error: BrushwoodError) -> int:
    """Return the exit code for an error."""
    return DEVICE if isinstance(error, DeviceError) else BAD_INPUT


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="brushwood",
        description="Interactive image segmentation: paint a few strokes, grow a forest.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"brushwood {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in (
        devices,
        demo,
        train,
        apply,
        objects,
        measure,
        train_objects,
        classify,
        explore,
        info,
        convert,
        evaluate,
        recipe,
        run,
    ):
        command.add_parser(commands)
    return parser
