"""Growing and evaluating a forest beside scikit-learn, in one run, with ratios.

Run ``python benchmarks/bench_forest.py`` (add ``--device pocl`` to choose a device). The features
are SciPy's, computed before anything is timed; one million pixels of a natural image are classified
from features that are on the device already, as in the live view.
"""

import argparse
from dataclasses import dataclass
from typing import Any

import numpy as np
from common import cells, interleave, machine, median, strokes
from scipy import ndimage
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier

from brushwood.forest import Forest, ForestEvaluator, ForestParams, grow
from brushwood.opencl import Device, choose_device, lease

SIZE = 1024


@dataclass(frozen=True)
class Stack:
    """Features on the device, as `brushwood.features` leaves them."""

    buffer: Any
    n_planes: int
    shape: tuple[int, int, int]
    pitch: int
    plane: int


def features(image: np.ndarray) -> np.ndarray:
    """Return 33 common filters, float32 (33, Y, X)."""
    image = image.astype(np.float32)
    planes = [image]
    dy, dx = (ndimage.gaussian_filter(image, 1, order=o) for o in ((1, 0), (0, 1)))
    for s in (1, 2, 4, 8):
        planes.append(ndimage.gaussian_filter(image, s))
        planes.append(planes[-1] - ndimage.gaussian_filter(image, 1.2 * s))
        planes.append(ndimage.gaussian_laplace(image, s))
        planes.append(ndimage.gaussian_gradient_magnitude(image, s))
        yy, yx, xx = (ndimage.gaussian_filter(image, s, order=o) for o in ((2, 0), (1, 1), (0, 2)))
        planes.extend(_eigenvalues(yy, yx, xx))
        tensor = (ndimage.gaussian_filter(p, s) for p in (dy * dy, dy * dx, dx * dx))
        planes.extend(_eigenvalues(*tensor))
    return np.stack(planes).astype(np.float32)


def _eigenvalues(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    middle, spread = (a + c) / 2, np.sqrt(((a - c) / 2) ** 2 + b**2)
    return middle + spread, middle - spread


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    device = choose_device(options.device)
    print(machine(), device, sep="\n")
    image = cells((SIZE, SIZE))
    planes = features(image)
    annotation = strokes(image)
    rows = np.flatnonzero(annotation)
    X, y = planes.reshape(len(planes), -1)[:, rows].T.copy(), annotation.ravel()[rows].astype(int)
    flipped = np.where(np.random.default_rng(0).random(len(y)) < 0.05, 3 - y, y)
    four = y + 2 * (X[:, 9] > np.median(X[:, 9]))
    cases = {
        "default": (y, ForestParams()),
        "default, 4 classes": (four, ForestParams()),
        "default, 5 % wrong strokes": (flipped, ForestParams()),
        "125 trees, any depth": (y, ForestParams(n_trees=125, max_depth=None)),
        "the same, 5 % wrong": (flipped, ForestParams(n_trees=125, max_depth=None)),
        "100 extra trees, depth 4": (flipped, ForestParams(n_trees=100, max_depth=4)),
        "100 random trees, depth 4": (
            flipped,
            ForestParams(n_trees=100, max_depth=4, kind="random"),
        ),
        "100 random trees": (flipped, ForestParams(n_trees=100, kind="random")),
    }
    print(f"{len(rows)} rows, {len(planes)} features, {SIZE**2} pixels; medians, ms")
    print(
        "| forest | nodes a tree | depth | grow | scikit-learn | ratio | evaluate | first |"
        " predict_proba | ratio | error |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for name, (labels, params) in cases.items():
        print(case(name, device, planes, X, labels, params, options.repeats), flush=True)


def case(
    name: str,
    device: Device,
    planes: np.ndarray,
    X: np.ndarray,
    y: np.ndarray,
    params: ForestParams,
    repeats: int,
) -> str:
    make = ExtraTreesClassifier if params.kind == "extra" else RandomForestClassifier
    peer = make(
        params.n_trees,
        max_depth=params.max_depth,
        min_samples_leaf=params.min_leaf,
        max_features=None if params.max_features == "all" else params.max_features,
        random_state=0,
        n_jobs=2,
    )
    grown, _ = interleave(
        {"ours": lambda: grow(X, y, params), "sklearn": lambda: peer.fit(X, y)}, repeats
    )
    forest = Forest.from_sklearn(peer.estimators_, peer.classes_)
    every = planes.reshape(len(planes), -1).T.copy()
    with lease(device) as queue:
        buffer = queue.upload(np.append(planes.ravel(), np.zeros(64, np.float32)))
        stack = Stack(buffer, len(planes), (1, SIZE, SIZE), SIZE, SIZE**2)
        answer: dict[str, np.ndarray] = {}

        def ours() -> None:
            out = ForestEvaluator(forest, device).probabilities(queue, stack)
            # The smallest transfer that waits for the queue is the whole buffer.
            answer["ours"] = queue.download(out)

        def theirs() -> None:
            answer["sklearn"] = peer.predict_proba(every)

        evaluated, first = interleave({"ours": ours, "sklearn": theirs}, min(repeats, 3))
    error = np.abs(answer["ours"].reshape(-1, SIZE**2).T - answer["sklearn"]).max()
    a, b = (1e3 * median(grown[k]) for k in ("ours", "sklearn"))
    c, d = 1e3 * median(evaluated["ours"]), 1e3 * median(evaluated["sklearn"])
    return (
        f"| {name} | {forest.n_nodes / forest.n_trees:.0f} | {forest.depth} | {a:.0f} | {b:.0f} |"
        f" {b / a:.1f} | {c:.1f} | {1e3 * first['ours']:.0f} | {d:.0f} | {d / c:.0f} |"
        f" {error:.1e} |"
    )


if __name__ == "__main__":
    main()
