"""``brushwood train``: image and annotation files in, a model file out."""

import argparse
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brushwood.cli.console import Progress, say
from brushwood.cli.options import class_names, depth_of, spacing
from brushwood.errors import AnnotationError, InputError
from brushwood.jobs import Job

if TYPE_CHECKING:
    from brushwood.arrays import ImageSource
    from brushwood.io.images import ImageFile
    from brushwood.pixels.classifier import PixelClassifier
    from brushwood.pixels.strokes import Strokes

_EPILOG = """\
examples:
  brushwood train cells.tif strokes.tif -o cells.brushwood
  brushwood train a.tif a-strokes.tif b.tif b-strokes.tif -o cells.brushwood \\
      --class-name 1=background --class-name 2=nuclei --preset small --trees 200
  brushwood train stack.ome.zarr strokes.tif -o stack.brushwood --ndim 3 \\
      --features "original gaussian=1,2,4 hessian=2"

An annotation has the image's shape without channels: 0 where nothing was painted, else the class.
"""


def add_parser(commands: Any) -> None:
    """Add this command's options."""
    parser = commands.add_parser(
        "train",
        help="train a model from images and annotations",
        description="Train a pixel classifier from pairs of an image and an annotation.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "pairs", nargs="+", metavar="IMAGE ANNOTATION", help="files, an image and its annotation"
    )
    parser.add_argument(
        "-o", "--out", dest="output", required=True, metavar="MODEL", help=".brushwood file"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace an existing model")
    parser.add_argument(
        "--include-rows", action="store_true", help="store the training pixels, to go on later"
    )
    parser.add_argument("--device", help="index, part of a name, 'cpu' or 'gpu'")
    _add_features(parser.add_argument_group("features"))
    _add_forest(parser.add_argument_group("forest"))
    parser.set_defaults(run=run)


def _add_features(group: Any) -> None:
    which = group.add_mutually_exclusive_group()
    which.add_argument("--features", metavar="LINE", help='such as "original gaussian=1,2 log=2"')
    which.add_argument("--preset", metavar="NAME", help="by object size: tiny to large")
    group.add_argument("--ndim", type=int, choices=(2, 3), help="spatial dimensions of the filters")
    group.add_argument("--channel-axis", type=int, metavar="N", help="axis that holds channels")
    group.add_argument(
        "--spacing", type=spacing, metavar="Z,Y,X", help="pixel size, if the image has none"
    )
    group.add_argument("--scaling", choices=("image", "training", "none"), help="of intensities")
    group.add_argument(
        "--smoothing", type=_sigma, metavar="SIGMA", help="of probabilities, in pixels"
    )
    group.add_argument(
        "--class-name", action="append", default=[], metavar="ID=NAME", help="may be repeated"
    )


def _add_forest(group: Any) -> None:
    group.add_argument("--kind", choices=("extra", "random"), help="of trees")
    group.add_argument("--trees", type=int, metavar="N", help="number of trees")
    group.add_argument("--depth", metavar="N", help="deepest question, or 'unlimited'")
    group.add_argument("--balance", action="store_true", default=None, help="weigh classes alike")
    group.add_argument("--seed", type=int, metavar="N", help="same seed, same model")


def run(options: argparse.Namespace, job: Job) -> int:
    """Train and save."""
    if len(options.pairs) % 2:
        raise argparse.ArgumentError(
            None, f"images and annotations come in pairs, but {len(options.pairs)} files were given"
        )
    from brushwood.io.atomic import check_target
    from brushwood.models import model_path, save

    target = model_path(options.output)
    check_target(target, overwrite=options.overwrite)
    classifier = _classifier(options)
    start = time.perf_counter()
    progress = Progress(1, "training")
    with ExitStack() as files:
        pairs = list(zip(options.pairs[::2], options.pairs[1::2], strict=True))
        images = [files.enter_context(_read(path)) for path, _ in pairs]
        _set_axes(classifier, options, images)
        sources = [_source(image, options, classifier.ndim or 2) for image in images]
        strokes = [_strokes(path, s) for (_, path), s in zip(pairs, sources, strict=True)]
        try:
            classifier.fit(sources, strokes, job=progress.job(job, 0))
        finally:
            progress.close()
        save(classifier, target, overwrite=options.overwrite, include_rows=options.include_rows)
    for class_id, name in sorted((classifier.class_names or {}).items()):
        if class_id not in classifier.classes_:
            say(f"Warning: class {class_id} ({name}) has no strokes, so no pixel becomes {name}.")
    say(_summary(classifier, strokes, time.perf_counter() - start))
    print(target)
    return 0


def _classifier(options: argparse.Namespace) -> "PixelClassifier":
    from brushwood.features.spec import FeatureSet
    from brushwood.forest.params import ForestParams
    from brushwood.opencl import choose_device
    from brushwood.pixels.classifier import PixelClassifier

    features = None
    if options.features is not None:
        features = FeatureSet.parse(options.features)
    elif options.preset is not None:
        features = FeatureSet.preset(options.preset)
    forest: dict[str, Any] = {
        "kind": options.kind,
        "n_trees": options.trees,
        "balance": options.balance,
        "seed": options.seed,
    }
    forest = {name: value for name, value in forest.items() if value is not None}
    if options.depth is not None:
        forest["max_depth"] = depth_of(options.depth)
    others = {"scaling": options.scaling, "smoothing": options.smoothing}
    others = {name: value for name, value in others.items() if value is not None}
    return PixelClassifier(
        features,
        ForestParams(**forest),
        class_names=class_names(options.class_name) or None,
        device=choose_device(options.device),
        **others,
    )


def _sigma(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of pixels from 0 to 1000")
    return value


def _read(path: str) -> "ImageFile":
    from brushwood.io.images import read_image

    return read_image(path)


def _set_axes(
    classifier: "PixelClassifier", options: argparse.Namespace, images: "list[ImageFile]"
) -> None:
    """Store in the model what the first image says about dimensions, channels and pixel size."""
    first = images[0]
    ndim = options.ndim or first.ndim
    axis = first.channel_axis if options.channel_axis is None else options.channel_axis
    if axis is not None and axis == len(first.axes) - 1:
        axis = -1  # as RGB images of any number of dimensions have it
    spacing = options.spacing or first.spacing_of(ndim)
    if spacing is not None and len(spacing) != ndim:
        raise argparse.ArgumentError(
            None, f"--spacing needs {ndim} numbers for a {ndim}-D model, but got {len(spacing)}"
        )
    classifier.set_params(ndim=ndim, channel_axis=axis, spacing=spacing)


def _source(image: "ImageFile", options: argparse.Namespace, ndim: int) -> "ImageSource":
    try:
        return image.source(ndim, options.channel_axis)
    except InputError as error:
        raise type(error)(f"{image.name}: {error}") from error


def _strokes(path: str, source: "ImageSource") -> "Strokes":
    """Read an annotation; errors name the file."""
    import numpy as np

    from brushwood.pixels.strokes import Strokes

    shape = (*source.frames, *source.shape)
    with _read(path) as image:
        if image.channel_axis is not None and image.data.ndim != len(shape):
            raise AnnotationError(
                f"{Path(path).name}: an annotation has one number a pixel, but this file has "
                f"{image.data.shape[image.channel_axis]} channels. Save it as a label image."
            )
        data = image.data
        if data.shape != shape and np.squeeze(np.empty(data.shape, "V0")).shape == tuple(
            n for n in shape if n > 1
        ):
            data = np.asarray(data[...]).reshape(shape)  # axes of length one do not matter
        try:
            return Strokes.of(data, shape)
        except InputError as error:
            raise type(error)(f"{Path(path).name}: {error}") from error


def _summary(classifier: "PixelClassifier", strokes: "list[Strokes]", seconds: float) -> str:
    counts: dict[int, int] = {}
    for marks in strokes:
        for class_id, n in marks.counts.items():
            counts[class_id] = counts.get(class_id, 0) + n
    names = classifier.class_names or {}
    painted = ", ".join(f"{names.get(k, f'class {k}')} {n} px" for k, n in sorted(counts.items()))
    forest = classifier.forest_
    return (
        f"Trained in {seconds:.2f} s on {classifier.device}: {painted}; "
        f"{forest.n_features} features, {forest.n_trees} trees, {forest.n_nodes:,} nodes"
    )
