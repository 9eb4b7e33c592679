"""``brushwood objects``: class maps or probabilities in, label images of objects out."""

import argparse
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from brushwood.arrays import ImageSource
from brushwood.cli.apply import check_targets, targets
from brushwood.cli.console import say
from brushwood.cli.many import run_many
from brushwood.cli.options import spacing
from brushwood.errors import BrushwoodError, InputError
from brushwood.io.atomic import check_target, is_full, output_error, translated
from brushwood.jobs import Job
from brushwood.objects.split_params import NEED_PROBABILITY, SplitParams

if TYPE_CHECKING:
    from brushwood.io.images import ImageFile
    from brushwood.io.inputs import InputRef
_ENDINGS = {"tiff": ".tif", "ome-zarr": ".ome.zarr"}
_MAPS = ("classes", "probabilities")
_EPILOG = """\
examples:
  brushwood objects results/cells-classes.tif -o objects
  brushwood objects results/ -o objects --method distance --min-size 20 --fill-holes
  brushwood objects results/ -o objects --method hysteresis --core 0.9 --foreground 2
  brushwood objects results/cells-classes.tif -o cells.ome.zarr/labels

A class map holds class ids; --foreground says which are objects. A probability map holds one number
from 0 to 1 a pixel, or one a class along an axis of channels, of which that of the foreground class
is taken. Of a folder, the maps that end in -classes are taken, or those in -probabilities where the
method needs them; if there are none, every image. Objects are written as NAME-objects and numbered
from 1; the files written are listed on stdout. The folder IMAGE.ome.zarr/labels puts them into an
OME-Zarr image.
"""


def add_parser(commands: Any) -> None:
    """Add this command's options."""
    parser = commands.add_parser(
        "objects",
        help="turn class maps or probabilities into objects",
        description="Tell objects apart and number them; large maps are worked on in pieces.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("inputs", nargs="+", metavar="MAP", help="maps, or folders of maps")
    parser.add_argument(
        "-o", "--out", dest="output", required=True, metavar="DIR", help="folder for results"
    )
    parser.add_argument(
        "--foreground", type=ids, default=(2,), metavar="ID,…",
        help="classes that are objects, or 'all' but 0 (default: 2)",
    )  # fmt: skip
    parser.add_argument(
        "--image", action="append", default=[], metavar="IMAGE",
        help="for --method intensity: one a map, in the same order",
    )  # fmt: skip
    parser.add_argument(
        "--channel", type=_channel, metavar="N",
        help="of a probability map or image, from 0 (default: that of the foreground class)",
    )  # fmt: skip
    parser.add_argument("--ndim", type=int, choices=(2, 3), help="spatial dimensions of an object")
    parser.add_argument("--spacing", type=spacing, metavar="Z,Y,X", help="if the maps have none")
    add_params(parser.add_argument_group("splitting"))
    parser.add_argument(
        "--format", choices=tuple(_ENDINGS), default="tiff", help="of the results (default: tiff)"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace existing results")
    parser.set_defaults(run=run)


def add_params(group: Any) -> None:
    """Add an option a field of the parameters, so that window and command line know the same."""
    for field in fields(SplitParams):
        flag = "--" + field.name.replace("_", "-")
        text = str(field.metadata["tooltip"])
        if isinstance(field.default, bool):
            group.add_argument(flag, action="store_true", default=None, help=text)
        elif field.metadata.get("choices"):
            default = f" (default: {field.default})"
            group.add_argument(flag, choices=field.metadata["choices"], help=text + default)
        else:
            default = f" (default: {field.default:g})"
            group.add_argument(flag, type=float, metavar="NUMBER", help=text + default)


def run(options: argparse.Namespace, job: Job) -> int:
    """Make objects of every map; 3 if any of them failed."""
    from brushwood.io.images import is_label_target
    from brushwood.io.inputs import InputRef

    given = {f.name: getattr(options, f.name) for f in fields(SplitParams)}
    params = SplitParams(**{name: value for name, value in given.items() if value is not None})
    out = Path(options.output)
    maps = find_maps(options.inputs, out, params)
    if options.image and len(options.image) != len(maps):
        raise argparse.ArgumentError(
            None, f"--image was given {len(options.image)} times for {len(maps)} maps"
        )
    images = [InputRef.of(name) for name in options.image]
    is_within = is_label_target(out / "objects")
    ending = "" if is_within else _ENDINGS[options.format]
    tasks = [Task(each, {"objects": _target(each, out, ending)}) for each in maps]
    paths = [each.path for each in (*maps, *images)]
    check_targets(tasks, paths, overwrite=options.overwrite)
    with translated(out):
        out.mkdir(parents=True, exist_ok=True)
    check_target(tasks[0].targets["objects"], overwrite=True)
    start = time.perf_counter()

    def make(index: int, part: Job) -> Iterable[Path]:
        image = images[index] if images else None
        count = tasks[index].run(params, options, image, part)
        say(f"{maps[index].path.name}: {count:,} objects")
        return tasks[index].targets.values()

    failures = run_many(list(map(str, maps)), make, job, what="making objects")
    seconds = time.perf_counter() - start
    say(f"{len(maps) - len(failures)} of {len(maps)} maps in {seconds:.1f} s")
    return 3 if failures else 0


def find_maps(inputs: Sequence[str], out: Path, params: SplitParams) -> "list[InputRef]":
    """Return the maps named, and those in the folders named that the method needs."""
    from brushwood.io.images import is_zarr
    from brushwood.io.inputs import list_inputs

    wanted = _MAPS[params.method in NEED_PROBABILITY]
    found: dict[InputRef, None] = {}
    for name in inputs:
        images = list_inputs(name, exclude=out, with_results=True)
        if Path(name).is_dir() and not is_zarr(Path(name)):
            fitting = [each for each in images if each.name.endswith(f"-{wanted}")]
            images = fitting or [each for each in images if not each.name.endswith("-objects")]
        found.update(dict.fromkeys(images))
    return list(found)


@dataclass(frozen=True)
class Task:
    """A map and where its objects go."""

    image: "InputRef"
    targets: dict[str, Path]

    def run(
        self, params: SplitParams, options: argparse.Namespace, beside: "InputRef | None", job: Job
    ) -> int:
        """Make the objects and return their number. The file appears when it is complete.

        Raises
        ------
        BrushwoodError
            Naming what is wrong with this map.
        Cancelled
        """
        try:
            with ExitStack() as stack:
                file = stack.enter_context(self.image.open())
                image = None if beside is None else stack.enter_context(beside.open())
                return self._split(file, image, params, options, job)
        except BrushwoodError:
            raise
        except MemoryError as error:
            raise BrushwoodError(
                "There is not enough memory for this map. Save it as OME-Zarr or uncompressed "
                "TIFF, which are read piece by piece."
            ) from error
        except OSError as error:
            if is_full(error):
                raise output_error(self.targets["objects"], error) from error
            raise BrushwoodError(f"Reading or writing failed: {error}. Try again.") from error

    def _split(
        self,
        file: "ImageFile",
        image: "ImageFile | None",
        params: SplitParams,
        options: argparse.Namespace,
        job: Job,
    ) -> int:
        from brushwood.io.images import create_image
        from brushwood.objects.splitter import Splitter

        ndim = options.ndim or file.ndim
        source = source_of(file, ndim, options.channel, options.foreground)
        with create_image(
            self.targets["objects"], (*source.frames, *source.shape), np.int32,
            file.axes_of_maps(), file.scale, file.unit, time_step=file.time_step,
            time_unit=file.time_unit, labels=True, overwrite=options.overwrite,
            job=job.part(0.95, 1.0),
        ) as out:  # fmt: skip
            beside = None if image is None else source_of(image, ndim, options.channel or 0, None)
            work = Splitter.of(
                source,
                options.foreground,
                params,
                image=beside,
                spacing=options.spacing or file.spacing_of(ndim),
                ndim=ndim,
            )
            return len(work.run(out, job.part(0.0, 0.95)))


def source_of(
    file: "ImageFile", ndim: int, channel: int | None, foreground: Sequence[int] | None
) -> ImageSource:
    """Return the one channel of a file that is worked on.

    Raises
    ------
    InputError
        If the file has no such channel, or it is not clear which one is meant.
    """
    axis = file.channel_axis
    if axis is None:
        return file.source(ndim)
    count = file.data.shape[axis]
    if channel is None and foreground is not None and len(foreground) == 1:
        channel = foreground[0] - 1
    if channel is None or not 0 <= channel < count:
        asked = "several classes are" if channel is None else f"channel {channel} is"
        raise InputError(
            f"This file has {count} channels, but {asked} asked for. Name the channel of the "
            f"objects' class with --channel, 0 to {count - 1}."
        )
    return ImageSource.of(file.data, channel_axis=axis, ndim=ndim, channels=[channel])


def _target(image: "InputRef", out: Path, ending: str) -> Path:
    """Return where the objects of a map go: cells-classes.tif becomes cells-objects.tif."""
    name = image.name
    for kind in _MAPS:
        name = name.removesuffix(f"-{kind}")
    (target,) = targets(name, out, ("objects",), ending).values()
    return target


def ids(text: str) -> tuple[int, ...] | None:
    """Return class ids, None for all."""
    if text.strip().lower() == "all":
        return None
    parts = text.split(",")
    if not all(part.strip().isdecimal() and int(part) > 0 for part in parts):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a list of class ids from 1 on, separated by commas, nor 'all'"
        )
    return tuple(int(part) for part in parts)


def _channel(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a channel's number, counted from 0")
    return int(text)
