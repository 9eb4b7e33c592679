"""Brushwood beside APOC, scikit-image and scikit-learn, in one process, runs interleaved.

Every row is NumPy in, NumPy out. APOC and Brushwood use the same 16 features
(`object_size_1_to_5_px`), the same strokes and the same forest: 100 trees of depth 4.
`benchmarks/setup.sh` prepares the environment.

Run: ``python benchmarks/bench_peers.py [--runtime intel|pocl] [--cases 2d,3d,forest,skimage]``
"""

import argparse
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from common import cells, interleave, machine, median, strokes, table, versions

TREES, DEPTH = 100, 4
#: Library of each CPU runtime, and how its device calls itself.
RUNTIMES = {"intel": ("libintelocl.so", ""), "pocl": ("libpocl.so.2", "pthread")}
VERSIONS = (
    "napari-brushwood", "pyclesperanto", "apoc", "pyclesperanto-prototype", "pyopencl",
    "intel-opencl-rt", "scikit-image", "scikit-learn", "numpy",
)  # fmt: skip

Run = Callable[[], npt.NDArray[Any]]


@dataclass
class Case:
    """One comparison: named runs, and the one that the others are measured against."""

    title: str
    runs: dict[str, Run]
    reference: str
    target: str = ""


def choose_runtime(name: str) -> None:
    """Point both OpenCL loaders (pyopencl's and pyclesperanto's) at one CPU runtime."""
    library = RUNTIMES[name][0]
    inside = Path(sys.prefix) / "lib" / library
    folder = Path(tempfile.mkdtemp(prefix="bench-icd-"))
    (folder / f"{name}.icd").write_text(f"{inside if inside.exists() else library}\n", "utf-8")
    os.environ["OCL_ICD_VENDORS"] = str(folder)


@contextmanager
def in_temporary_folder() -> Iterator[None]:
    """Work where APOC may write its classifier files."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


def apoc_run(image: npt.NDArray[Any], annotation: npt.NDArray[Any]) -> tuple[Run, str]:
    """Train APOC; return its prediction and its device's name."""
    import apoc
    import pyclesperanto_prototype as prototype

    features = apoc.PredefinedFeatureSet.object_size_1_to_5_px.value
    classifier = apoc.PixelClassifier("peer.cl", max_depth=DEPTH, num_ensembles=TREES)
    classifier.train(features, annotation, image)
    return lambda: np.asarray(classifier.predict(image=image)), prototype.get_device().name


def brushwood_run(
    image: npt.NDArray[Any], annotation: npt.NDArray[Any], device: Any, *, like_apoc: bool
) -> tuple[Run, str]:
    """Train Brushwood, with APOC's features and forest or with its own defaults."""
    import brushwood as bw

    if like_apoc:
        classifier = bw.PixelClassifier(
            features=bw.FeatureSet.preset("object_size_1_to_5_px"),
            forest=bw.ForestParams(kind="random", n_trees=TREES, max_depth=DEPTH, seed=0),
            scaling="none",
            smoothing=0.0,
            device=device,
        )
    else:
        classifier = bw.PixelClassifier(device=device)
    classifier.fit(image, annotation)
    about = f"{classifier.features_}; {classifier.forest or bw.ForestParams()}"
    return lambda: classifier.predict(image), about


def skimage_run(image: npt.NDArray[Any], annotation: npt.NDArray[Any]) -> Run:
    """Train scikit-image's filters (sigma 1 to 8) with the same forest from scikit-learn."""
    from skimage.feature import multiscale_basic_features
    from skimage.future import fit_segmenter, predict_segmenter
    from sklearn.ensemble import RandomForestClassifier

    def features() -> npt.NDArray[Any]:
        return multiscale_basic_features(image, sigma_min=1, sigma_max=8)

    forest = RandomForestClassifier(TREES, max_depth=DEPTH, n_jobs=-1, random_state=0)
    fit_segmenter(annotation, features(), forest)
    return lambda: predict_segmenter(features(), forest)


def features_case(shape: tuple[int, ...], device: Any, target: str) -> tuple[Case, list[str]]:
    """Image in, classes out: Brushwood, APOC and, in 2-D, scikit-image."""
    image = cells(shape)
    annotation = strokes(image)
    apoc, apoc_device = apoc_run(image, annotation)
    same, _ = brushwood_run(image, annotation, device, like_apoc=True)
    runs = {"APOC, its 16 features": apoc, "Brushwood, APOC's 16 features": same}
    notes = [f"APOC's device: {apoc_device}"]
    if len(shape) == 2:
        runs["Brushwood, its defaults"], about = brushwood_run(
            image, annotation, device, like_apoc=False
        )
        notes.append(f"Brushwood's defaults: {about}")
        runs["scikit-image 20 features + scikit-learn"] = skimage_run(image, annotation)
    title = " x ".join(map(str, shape)) + ", image in, classes out"
    return Case(title, runs, "APOC, its 16 features", target), notes


def forest_case(shape: tuple[int, int], device: Any, target: str) -> Case:
    """Features in, classes out: Brushwood's evaluator against scikit-learn, the same forest."""
    from sklearn.ensemble import RandomForestClassifier

    import brushwood as bw
    from brushwood.features.compute import FeatureStack
    from brushwood.forest import maps
    from brushwood.forest.evaluate import ForestEvaluator
    from brushwood.forest.forest import Forest
    from brushwood.opencl import lease

    image = cells(shape)
    annotation = strokes(image)
    planes = bw.FeatureSet.preset("object_size_1_to_5_px").compute(image, device=device)
    rows = np.ascontiguousarray(planes.reshape(len(planes), -1).T)
    forest = RandomForestClassifier(TREES, max_depth=DEPTH, n_jobs=-1, random_state=0)
    where = annotation.ravel() > 0
    forest.fit(rows[where], annotation.ravel()[where])
    grown = Forest.from_sklearn(forest.estimators_, forest.classes_)
    evaluator = ForestEvaluator(grown, device)
    window = maps.Window(
        start=(0, 0, 0), shape=(1, *shape), pitch=shape[1], image_shape=(1, *shape)
    )

    def on_device() -> FeatureStack:
        with lease(device) as queue:
            flat = np.concatenate([planes.ravel(), np.zeros(64, np.float32)])
            buffer = queue.upload(flat)
        return FeatureStack(buffer, len(planes), (1, *shape), shape[1], shape[0] * shape[1])

    def classes(stack: FeatureStack) -> npt.NDArray[Any]:
        with lease(device) as queue:
            chances = evaluator.probabilities(queue, stack)
            found = maps.finish(queue, chances, evaluator.forest.classes, window)
        return found["classes"].ravel()

    kept = on_device()
    reference = "scikit-learn, all cores"
    runs: dict[str, Run] = {
        reference: lambda: forest.predict(rows),
        "Brushwood, features on the device": lambda: classes(kept),
        "Brushwood, features in NumPy": lambda: classes(on_device()),
    }
    title = " x ".join(map(str, shape)) + ", 16 features there already, classes out"
    return Case(title, runs, reference, target)


def report(case: Case, repeats: int) -> str:
    """Run a case and return its table."""
    times, first = interleave(case.runs, repeats)
    base = times[case.reference]
    reference = case.runs[case.reference]()
    rows = []
    for name, run in case.runs.items():
        # Of each round by itself: what else the machine does in a round hits all its runs.
        ratio = median([slow / fast for slow, fast in zip(base, times[name], strict=True)])
        differing = float(np.mean(np.asarray(run()) != reference))
        seconds = (median(times[name]), min(times[name]), first[name])
        rows.append((name, *(f"{s:.3f} s" for s in seconds), f"{ratio:.1f}x", f"{differing:.4%}"))
    header = ("", "median", "best", "first call", "speed", "pixels that differ")
    target = f"\n\nTarget: {case.target}." if case.target else ""
    return f"#### {case.title}\n\n{table(header, rows)}{target}"


def main() -> None:
    """Run the cases asked for and print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runtime", choices=sorted(RUNTIMES), default="intel")
    parser.add_argument("--cases", default="2d,3d,forest")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--size", type=int, default=2048, help="edge of the 2-D image")
    args = parser.parse_args()
    choose_runtime(args.runtime)
    warnings.filterwarnings("ignore")

    from brushwood.opencl.device import choose_device

    device = choose_device(RUNTIMES[args.runtime][1] or None)
    edge = (args.size, args.size)
    print(f"### {args.runtime}: {device}\n\n{machine()}\n\n{versions(*VERSIONS)}\n")
    target_2d = {"intel": "at least 10x APOC", "pocl": "at least 40x APOC"}[args.runtime]
    with in_temporary_folder():
        for name in args.cases.split(","):
            if name == "forest":
                case, notes = forest_case(edge, device, "at least 15x scikit-learn"), []
            else:
                shape = edge if name == "2d" else (64, 512, 512)
                target = target_2d if name == "2d" else "at least 15x APOC"
                case, notes = features_case(shape, device, target)
            print(report(case, args.repeats), *notes, sep="\n\n", end="\n\n", flush=True)


if __name__ == "__main__":
    main()
