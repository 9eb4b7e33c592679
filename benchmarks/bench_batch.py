"""A folder of images end to end: read, features, forest, objects, measurements, write.

Brushwood's batch beside APOC in a plain loop over the same folder, beside its own computing alone
(arrays in memory, nothing read or written) and its engine alone, and with two workers beside one.
APOC and Brushwood use the same 16 features (`object_size_1_to_5_px`), strokes and forest (100 trees
of depth 4); both save labels and a table of each image. `benchmarks/setup.sh` prepares the
environment; without APOC its row is left out.

Run: ``python benchmarks/bench_batch.py [--cases 2d,3d,workers] [--images N] [--size N]``
"""

import argparse
import shutil
import tempfile
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
from bench_peers import DEPTH, RUNTIMES, TREES, choose_runtime, in_temporary_folder
from common import cells, interleave, machine, median, strokes, table, versions

VERSIONS = (
    "napari-brushwood", "pyclesperanto", "apoc", "pyclesperanto-prototype", "tifffile", "dask",
    "intel-opencl-rt", "numpy", "pandas",
)  # fmt: skip
#: What both measure, in Brushwood's words.
NAMES = (
    "area", "bbox", "centroid", "intensity_mean", "intensity_min", "intensity_max",
    "intensity_std", "intensity_sum",
)  # fmt: skip
APOC = "APOC, a plain loop"
BATCH = "Brushwood, `brushwood run`"
PAIR = "Brushwood, `brushwood run --workers 2`"
COMPUTE = "Brushwood, the same computing on arrays in memory"
ENGINE = "Brushwood, features and forest alone"
TARGETS = {"2d": "at least 8x APOC", "3d": "at least 8x APOC"}


@dataclass
class Desk:
    """A folder of images, and classifiers trained on the first."""

    folder: Path
    images: list[npt.NDArray[np.uint16]]
    annotation: npt.NDArray[np.uint8]

    @classmethod
    def make(cls, folder: Path, shape: tuple[int, ...], n: int) -> "Desk":
        """Write `n` different images."""
        from brushwood.io.images import write_image

        (folder / "in").mkdir(parents=True)
        images = [cells(shape, seed) for seed in range(n)]
        for number, image in enumerate(images):
            axes = "zyx"[-image.ndim :]
            write_image(folder / "in" / f"image {number:03}.tif", image, axes)
        return cls(folder, images, strokes(images[0]))

    @property
    def megapixels(self) -> float:
        """Pixels of all images, in millions."""
        return sum(image.size for image in self.images) / 1e6

    def out(self) -> Path:
        """Return the folder of results, empty."""
        target = self.folder / "out"
        shutil.rmtree(target, ignore_errors=True)
        return target


def recipe_for(desk: Desk, device: Any) -> Any:
    """Return the recipe, with its classifier."""
    import brushwood as bw
    from brushwood.batch.steps import MeasureStep, ObjectStep, PixelStep

    classifier = bw.PixelClassifier(
        features=bw.FeatureSet.preset("object_size_1_to_5_px"),
        forest=bw.ForestParams(kind="random", n_trees=TREES, max_depth=DEPTH, seed=0),
        scaling="none",
        smoothing=0.0,
        device=device,
        ndim=desk.annotation.ndim,
    ).fit(desk.images[0], desk.annotation)
    return bw.Recipe(
        PixelStep(classifier),
        objects=ObjectStep(bw.SplitParams(method="components")),
        measure=MeasureStep(NAMES),
        outputs=("objects", "table"),
    )


def apoc_loop(desk: Desk, n: int) -> Callable[[], None]:
    """Return the loop that APOC's users write, with a trained classifier, over `n` images."""
    import apoc
    import pandas as pd
    import pyclesperanto_prototype as prototype
    import tifffile

    segmenter = apoc.ObjectSegmenter(
        "peer.cl", max_depth=DEPTH, num_ensembles=TREES, positive_class_identifier=2
    )
    features = apoc.PredefinedFeatureSet.object_size_1_to_5_px.value
    segmenter.train(features, desk.annotation, desk.images[0])

    def loop() -> None:
        out = desk.out()
        out.mkdir()
        for path in sorted((desk.folder / "in").iterdir())[:n]:
            image = tifffile.imread(path)
            labels = segmenter.predict(image=image)
            found = prototype.statistics_of_labelled_pixels(image, labels)
            tifffile.imwrite(out / f"{path.stem}-objects.tif", np.asarray(labels).astype(np.int32))
            pd.DataFrame(found).to_csv(out / f"{path.stem}-table.csv", index=False)

    return loop


def batch(desk: Desk, recipe: Any, device: Any, **options: Any) -> Callable[[], None]:
    """Return a whole run, with its summary and report."""
    import brushwood as bw

    def run() -> None:
        report = bw.batch.run(recipe, desk.folder / "in", desk.out(), device=device, **options)
        if report.state != "done":
            raise RuntimeError([file.why for file in report.failed] or report.problems)

    return run


def computing(desk: Desk, recipe: Any, device: Any) -> Callable[[], None]:
    """Return all steps of the recipe on arrays in memory."""
    from brushwood.batch.chain import planned_outputs, run_chain
    from brushwood.batch.models import Models
    from brushwood.io.images import ImageFile

    models = Models(recipe, device)
    files = [ImageFile(i, "zyx"[-i.ndim :], f"image {n}") for n, i in enumerate(desk.images)]

    def compute() -> None:
        for file in files:
            specs = planned_outputs(recipe, file, models)
            arrays = {name: np.zeros(spec.shape, spec.dtype) for name, spec in specs.items()}
            run_chain(recipe, file, models, arrays)

    return compute


def engine(desk: Desk, recipe: Any, device: Any) -> Callable[[], None]:
    """Return the prediction of classes alone."""
    from brushwood.batch.models import Models

    classifier = Models(recipe, device).pixels

    def predict() -> None:
        for image in desk.images:
            classifier.predict(image)

    return predict


def peers(name: str, desk: Desk, device: Any, repeats: int, n_apoc: int) -> str:
    """Compare with APOC, with computing alone, and with the engine alone."""
    recipe = recipe_for(desk, device)
    runs: dict[str, Callable[[], None]] = {}
    with suppress(ImportError):  # in an environment without it
        runs[APOC] = apoc_loop(desk, n_apoc)
    runs[BATCH] = batch(desk, recipe, device)
    runs[PAIR] = batch(desk, recipe, device, workers=2)
    runs[COMPUTE] = computing(desk, recipe, device)
    runs[ENGINE] = engine(desk, recipe, device)
    text, times = _measured(desk, runs, repeats, next(iter(runs)), {APOC: n_apoc})
    lines = [text]
    for name_of_run in (BATCH, PAIR):
        pairs = zip(times[name_of_run], times[COMPUTE], strict=True)
        cost = median([whole / part - 1 for whole, part in pairs])
        lines.append(
            f"{name_of_run}: reading, writing and everything around cost {cost:.0%} of the "
            "computing."
        )
    if APOC in runs:
        lines.append(f"Target: {TARGETS[name]}, and less than 20 % around the computing.")
    return "\n\n".join(lines)


def workers(desk: Desk, device: Any, repeats: int) -> str:
    """Compare two workers with one, starting them included."""
    recipe = recipe_for(desk, device)
    runs = {
        "one thread": batch(desk, recipe, device),
        "two threads": batch(desk, recipe, device, workers=2),
        "one process": batch(desk, recipe, device, processes=True),
        "two processes": batch(desk, recipe, device, workers=2, processes=True),
    }
    text, times = _measured(desk, runs, repeats, "one thread")
    pair = zip(times["one process"], times["two processes"], strict=True)
    gain = median([one / two for one, two in pair])
    return f"{text}\n\nTwo processes do {gain:.2f} times the work of one. Target: 1.7."


def _measured(
    desk: Desk,
    runs: dict[str, Callable[[], None]],
    repeats: int,
    reference: str,
    counts: Mapping[str, int] = MappingProxyType({}),
) -> tuple[str, dict[str, list[float]]]:
    """Time runs in turn; `counts` says how many images a run does that does not do all."""
    times, first = interleave(runs, repeats)
    share = {name: counts.get(name, len(desk.images)) / len(desk.images) for name in runs}
    rows = []
    for name in runs:
        # Of each round by itself: what else the machine does in a round hits all its runs.
        pairs = zip(times[reference], times[name], strict=True)
        ratio = median([slow / fast for slow, fast in pairs]) * share[name] / share[reference]
        seconds = median(times[name])
        rate = desk.megapixels * share[name] / seconds
        rows.append(
            (name, f"{seconds:.2f} s", f"{min(times[name]):.2f} s", f"{first[name]:.2f} s",
             f"{rate:.2f}", f"{ratio:.2f}x")
        )  # fmt: skip
    header = ("", "median", "best", "first", "megapixels a second", "speed")
    return table(header, rows), times


def main() -> None:
    """Run the cases asked for and print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runtime", choices=sorted(RUNTIMES), default="intel")
    parser.add_argument("--cases", default="2d,3d,workers")
    parser.add_argument("--images", type=int, default=24, help="of a folder")
    parser.add_argument(
        "--apoc-images", type=int, default=1, help="that APOC does, whose time an image is the same"
    )
    parser.add_argument("--size", type=int, default=2048, help="edge of an image, a quarter in 3-D")
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    choose_runtime(args.runtime)
    warnings.filterwarnings("ignore")

    from brushwood.opencl.device import choose_device

    device = choose_device(RUNTIMES[args.runtime][1] or None)
    print(f"### {args.runtime}: {device}\n\n{machine()}\n\n{versions(*VERSIONS)}\n", flush=True)
    with tempfile.TemporaryDirectory() as folder, in_temporary_folder():
        for name in args.cases.split(","):
            edge = args.size
            shape: tuple[int, ...] = (edge, edge)
            if name == "3d":
                shape = (64, edge // 4, edge // 4)
            desk = Desk.make(Path(folder) / name, shape, args.images)
            title = f"#### {name}: {args.images} images of {' x '.join(map(str, shape))}"
            if name == "workers":
                made = workers(desk, device, args.repeats)
            else:
                made = peers(name, desk, device, args.repeats, args.apoc_images)
            print(title, made, sep="\n\n", end="\n\n", flush=True)


if __name__ == "__main__":
    main()
