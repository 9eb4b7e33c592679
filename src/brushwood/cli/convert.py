"""``brushwood convert``: from APOC's ``.cl`` files to ``.brushwood`` model files, and back."""

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brushwood.cli.console import say
from brushwood.errors import InputError
from brushwood.jobs import Job

if TYPE_CHECKING:
    from brushwood.apoc.files import Answers
    from brushwood.io.cl import ClModel

_KINDS = ("PixelClassifier", "ObjectSegmenter", "ProbabilityMapper")
_EPILOG = """\
examples:
  brushwood convert nuclei.cl nuclei.brushwood --classes 1=background,2=nuclei
  brushwood convert old.cl old.brushwood --ndim 2
  brushwood convert nuclei.brushwood nuclei.cl
  brushwood convert nuclei.brushwood objects.cl --kind ObjectSegmenter --class 2

APOC's files do not store names of classes, and number them 1, 2, ... whatever they were in the
annotation. With as many --classes as the file has, their ids take the place of these numbers:
--classes 1=background,3=nuclei for an annotation of 1 and 3. On a terminal, what a file does not
say is asked for. What the new file cannot express is printed as warnings.
"""


def add_parser(commands: Any) -> None:
    """Add this command's options."""
    parser = commands.add_parser(
        "convert",
        help="convert APOC's .cl files and back",
        description="Convert APOC's .cl files to .brushwood model files, and back.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", metavar="SOURCE", help="a .cl or a .brushwood file")
    parser.add_argument("target", metavar="TARGET", help="a .brushwood or a .cl file")
    parser.add_argument(
        "--classes",
        type=_classes,
        metavar="ID=NAME,...",
        help="ids and names of a .cl file's classes, in their order",
    )
    parser.add_argument(
        "--ndim", type=int, choices=(2, 3), help="planes or stacks, where a .cl file does not say"
    )
    parser.add_argument("--kind", choices=_KINDS, help="what a pixel classifier becomes as .cl")
    parser.add_argument(
        "--class",
        dest="chosen_class",
        type=int,
        metavar="ID",
        help="class of the objects, or whose probability is written",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace an existing file")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, job: Job) -> int:
    """Convert one file."""
    source, target = Path(options.source), Path(options.target)
    ways = {".cl": _to_brushwood, ".brushwood": _to_cl}
    if target.suffix.lower() not in ways or source.suffix.lower() not in ways:
        raise argparse.ArgumentError(None, "both files must end with .cl or .brushwood")
    if source.suffix.lower() == target.suffix.lower():
        raise argparse.ArgumentError(None, "one file must end with .cl, the other with .brushwood")
    written, notes = ways[source.suffix.lower()](source, target, options, job)
    for note in notes:
        say(f"Warning: {note}")
    print(written)
    return 0


def _to_brushwood(
    source: Path, target: Path, options: argparse.Namespace, job: Job
) -> tuple[Path, tuple[str, ...]]:
    from brushwood.apoc.files import load_model
    from brushwood.io.atomic import check_target
    from brushwood.io.cl import read_cl
    from brushwood.models import save

    if options.kind is not None or options.chosen_class is not None:
        raise argparse.ArgumentError(None, "--kind and --class belong to a .cl file as TARGET")
    check_target(target, overwrite=options.overwrite)
    contents = read_cl(source, job)
    model, notes = load_model(source, _answers(contents, options), contents=contents)
    return save(model, target, overwrite=options.overwrite), notes


def _to_cl(
    source: Path, target: Path, options: argparse.Namespace, job: Job
) -> tuple[Path, tuple[str, ...]]:
    from brushwood.apoc.files import save_model
    from brushwood.models import load

    if options.classes is not None or options.ndim is not None:
        raise argparse.ArgumentError(None, "--classes and --ndim belong to a .cl file as SOURCE")
    return save_model(
        load(source),
        target,
        kind=options.kind,
        chosen_class=options.chosen_class,
        overwrite=options.overwrite,
        job=job,
    )


def _answers(model: "ClModel", options: argparse.Namespace) -> "Answers":
    """Return what the file does not say, from the options or from the terminal."""
    from brushwood.apoc.files import Answers, class_of
    from brushwood.apoc.pixels import PixelClassifier

    names: dict[int, str] | None = options.classes
    of_pixels = issubclass(class_of(model.header), PixelClassifier)
    if names is None:
        names = _asked_names(model.n_classes)
    unknown = sorted(set(names) - set(range(1, model.n_classes + 1)))
    ids = None
    if unknown and of_pixels and len(names) == model.n_classes:
        ids = sorted(names)
    elif unknown:
        raise InputError(
            f"--classes names {', '.join(map(str, unknown))}, but the file has classes 1 to "
            f"{model.n_classes}. Name all {model.n_classes} to give them other ids."
        )
    ndim = options.ndim
    if of_pixels and model.header.ndim is None and ndim is None:
        ndim = _asked_ndim()
    return Answers(class_names={i: n for i, n in names.items() if n}, class_ids=ids, ndim=ndim)


def _asked_names(n_classes: int) -> dict[int, str]:
    if not sys.stdin.isatty():
        return {}
    say(f"The file has {n_classes} classes without names. Name them, or press Enter.")
    return {i: _ask(f"class {i}: ") for i in range(1, n_classes + 1)}


def _asked_ndim() -> int | None:
    if not sys.stdin.isatty():
        return None
    answer = _ask("Was it trained on planes (2) or on stacks (3)? ")
    return int(answer) if answer in ("2", "3") else None


def _ask(question: str) -> str:
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def _classes(text: str) -> dict[int, str]:
    found: dict[int, str] = {}
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,5})\s*(?:=\s*(.*?)\s*)?", part)
        if match is None or not 1 <= int(match[1]) <= 65535 or int(match[1]) in found:
            raise argparse.ArgumentTypeError(
                f"{part!r} is no class: write an id from 1 to 65535 and a name, as in 2=nuclei"
            )
        found[int(match[1])] = match[2] or ""
    return found
