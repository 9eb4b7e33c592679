"""``brushwood apply``: a model and images in, maps with the images' calibration out."""

import argparse
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from brushwood.cli.console import say
from brushwood.cli.many import run_many
from brushwood.errors import BrushwoodError, DeviceError, InputError
from brushwood.jobs import Job

if TYPE_CHECKING:
    from brushwood.cli.work import Task
    from brushwood.io.inputs import InputRef

_OUTPUTS = ("classes", "probabilities", "uncertainty")
_ENDINGS = {"tiff": ".tif", "ome-zarr": ".ome.zarr"}
_EPILOG = """\
examples:
  brushwood apply cells.brushwood image.tif -o results
  brushwood apply cells.brushwood folder/ -o results --save classes,probabilities --workers 4
  brushwood apply cells.brushwood slide.ome.zarr -o results --format ome-zarr
  brushwood apply cells.brushwood plate.ome.zarr::A/1 -o results

A plate is its fields, a file of a microscope its scenes; FILE::SCENE names one of them. Each map is
written as NAME-classes, NAME-probabilities or NAME-uncertainty with the image's pixel
size. The files written are listed on stdout. A file that fails is named, and the others go on.
"""


def add_parser(commands: Any) -> None:
    """Add this command's options."""
    parser = commands.add_parser(
        "apply",
        help="apply a model to files and folders",
        description="Apply a model to images; large ones are read and written piece by piece.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", metavar="MODEL", help="a .brushwood file")
    parser.add_argument(
        "inputs", nargs="+", metavar="INPUT", help="images, plates, or folders of images"
    )
    parser.add_argument(
        "-o", "--out", dest="output", required=True, metavar="DIR", help="folder for results"
    )
    parser.add_argument(
        "--save",
        default=("classes",),
        type=_outputs,
        metavar="MAPS",
        help=f"any of {','.join(_OUTPUTS)} (default: classes)",
    )
    parser.add_argument(
        "--format", choices=tuple(_ENDINGS), default="tiff", help="of the results (default: tiff)"
    )
    parser.add_argument(
        "--workers", type=_workers, default=1, metavar="N", help="images in flight (default: 1)"
    )
    parser.add_argument("--channel-axis", type=int, metavar="N", help="axis that holds channels")
    parser.add_argument("--device", help="index, part of a name, 'cpu' or 'gpu'")
    parser.add_argument("--overwrite", action="store_true", help="replace existing results")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, job: Job) -> int:
    """Apply the model to every input; 3 or 4 if any of them failed."""
    from brushwood.cli.work import Models, Task
    from brushwood.io.inputs import list_inputs
    from brushwood.opencl import choose_device

    models = Models(options.model, choose_device(options.device))
    out = Path(options.output)
    images = list_inputs(options.inputs, exclude=out)
    ending = _ENDINGS[options.format]
    tasks = [Task(image, targets(image.name, out, options.save, ending)) for image in images]
    paths = [image.path for image in images]
    check_targets(tasks, [Path(options.model), *paths], overwrite=options.overwrite)
    _make_folder(out, next(iter(tasks[0].targets.values())))
    start = time.perf_counter()
    failures = _run_all(tasks, models, options, job)
    done = len(tasks) - len(failures)
    seconds = time.perf_counter() - start
    say(f"{done} of {len(tasks)} images in {seconds:.1f} s on {models.device}")
    if not failures:
        return 0
    return 4 if any(isinstance(error, DeviceError) for error in failures) else 3


def _run_all(
    tasks: "Sequence[Task]", models: Any, options: argparse.Namespace, job: Job
) -> list[BrushwoodError]:
    def classify(index: int, part: Job) -> Iterable[Path]:
        tasks[index].run(
            models, channel_axis=options.channel_axis, overwrite=options.overwrite, job=part
        )
        return tasks[index].targets.values()

    return run_many(
        [str(task.image) for task in tasks],
        classify,
        job,
        workers=options.workers,
        what="classifying",
    )


class Writes(Protocol):
    """A piece of work that says where its results go."""

    @property
    def image(self) -> "InputRef":
        """The image."""
        ...

    @property
    def targets(self) -> Mapping[str, Path]:
        """Files by output."""
        ...


def targets(name: str, out: Path, outputs: Sequence[str], ending: str) -> dict[str, Path]:
    """Return where each map of an image goes, by the image's name."""
    return {output: out / f"{name}-{output}{ending}" for output in outputs}


def check_targets(tasks: "Sequence[Writes]", inputs: Sequence[Path], *, overwrite: bool) -> None:
    """Check before any work that no result meets another, an input, or what is there already.

    Raises
    ------
    InputError
        If two images would have results of one name, or a result would replace an input.
    OutputExistsError
        If results exist, and overwriting was not asked for.
    """
    from brushwood.errors import OutputExistsError

    owners: dict[str, InputRef] = {}
    known = {str(path.resolve()) for path in inputs}
    existing = []
    for task in tasks:
        for target in task.targets.values():
            # Some file systems take capital and small letters for the same.
            other = owners.setdefault(target.name.lower(), task.image)
            if other is not task.image:
                raise InputError(
                    f"{str(other)!r} and {str(task.image)!r} would both be written to "
                    f"{target.name!r}. Give each a folder of its own."
                )
            if str(target.resolve()) in known:
                raise InputError(
                    f"{str(target)!r} is an input and would be replaced by a result. Choose "
                    "another folder for results."
                )
            if target.exists():
                existing.append(str(target))
    if existing and not overwrite:
        more = f" and {len(existing) - 3} more" if len(existing) > 3 else ""
        raise OutputExistsError(
            f"Results exist already and were left as they are: {', '.join(existing[:3])}{more}. "
            "Choose another folder, or add --overwrite."
        )


def _make_folder(out: Path, first: Path) -> None:
    from brushwood.io.atomic import check_target, translated

    with translated(out):
        out.mkdir(parents=True, exist_ok=True)
    check_target(first, overwrite=True)


def _outputs(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    unknown = [name for name in names if name not in _OUTPUTS]
    if unknown or not names:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a list of {', '.join(_OUTPUTS)}, separated by commas"
        )
    return names


def _workers(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 64:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 64")
    return int(text)
