"""Does it pay to annotate where the model asks? Score against number of strokes, by strategy.

Run: ``python benchmarks/bench_active.py [SET ...] [--data DIR] [--rounds 12] [--seeds 3]``

Begins with one short stroke a class; then, round by round, each strategy names a place, the truth
there is painted as a short stroke, and the model is trained anew. Prints the mean Jaccard index
over classes on up to three other images of the set. Random places are the measure to beat. The
images are not part of the project: without ``--data`` the script looks in ``../shared/data``.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
from bench_quality import DATA, SETS, load
from common import machine, table, versions

import brushwood as bw
from brushwood.pixels.suggest import STRATEGIES, suggest_places

#: Reach of a stroke along a random direction, and its half width, pixels.
_LENGTH, _WIDTH = 6, 1


def paint(
    annotation: npt.NDArray[np.uint8],
    truth: npt.NDArray[np.int32],
    at: tuple[int, ...],
    rng: np.random.Generator,
) -> None:
    """Paint a short stroke through a place, as long as the truth stays the same class."""
    y0, x0 = at[-2:]
    lead = at[:-2]
    angle = rng.uniform(0, np.pi)
    for way in (1, -1):
        for step in range(_LENGTH):
            y = round(y0 + way * step * np.sin(angle))
            x = round(x0 + way * step * np.cos(angle))
            inside = 0 <= y < truth.shape[-2] and 0 <= x < truth.shape[-1]
            if not inside or truth[(*lead, y, x)] != truth[at]:
                break
            box = (*lead, slice(max(0, y - _WIDTH + 1), y + _WIDTH), slice(max(0, x), x + _WIDTH))
            annotation[box] = np.where(truth[box] == truth[at], truth[at], annotation[box])


def run(
    pairs: list[tuple[npt.NDArray[np.float32], npt.NDArray[np.int32]]],
    strategy: str,
    rounds: int,
    seed: int,
) -> list[float]:
    """Return the score after each round."""
    image, truth = pairs[0]
    rng = np.random.default_rng(seed)
    annotation = np.zeros(truth.shape, np.uint8)
    for class_id in np.unique(truth[truth > 0]):
        where = np.argwhere(truth == class_id)
        paint(annotation, truth, tuple(where[rng.integers(len(where))]), rng)
    scores, shown = [], ()
    for number in range(rounds + 1):
        model = bw.PixelClassifier(channel_axis=0, ndim=truth.ndim).fit(image, annotation)
        found = [bw.compare_pixels(t, model.predict(i)).jaccard for i, t in pairs[1:]]
        scores.append(float(np.mean(found)))
        places = suggest_places(
            model, image, annotation, strategy=strategy, n=1, distance=10, avoid=shown,
            seed=1000 * seed + number,
        )  # fmt: skip
        for place in places:
            paint(annotation, truth, place.index(truth.ndim), rng)
        shown = (*shown, *places)
    return scores


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "sets",
        nargs="*",
        default=[
            "nuclei, fluorescence",
            "cells, phase contrast",
            "blobs",
            "cell walls",
            "nuclei, with rims",
        ],
    )
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    if not options.data.exists():
        print(f"skipped: there are no images in {options.data}")
        return 0
    print(machine(), versions("numpy", "scikit-learn"), sep="\n")
    steps = sorted({1, 2, 4, 8, options.rounds} & set(range(options.rounds + 1)))
    rows, total = [], {}
    for name in options.sets:
        pairs = []
        for channels, truth in load(options.data, *SETS[name]):
            pairs.append((channels, truth))
            if len(pairs) == 4:
                break
        for strategy in STRATEGIES:
            runs = np.mean(
                [run(pairs, strategy, options.rounds, s) for s in range(options.seeds)], 0
            )
            total.setdefault(strategy, []).append(runs)
            rows.append([name, strategy, *(f"{runs[k]:.3f}" for k in steps), f"{runs.mean():.3f}"])
            print(*rows[-1], sep="  ", flush=True)
    for strategy, runs in total.items():
        mean = np.mean(runs, axis=0)
        rows.append(
            ["all sets", strategy, *(f"{mean[k]:.3f}" for k in steps), f"{mean.mean():.3f}"]
        )
    print(table(["set", "strategy", *(f"{k} strokes" for k in steps), "mean over rounds"], rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
