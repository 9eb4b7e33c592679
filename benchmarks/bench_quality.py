"""How good is a segmentation for a given number of strokes, on real images? Beside three peers.

Run: ``python benchmarks/bench_quality.py [SET ...] [--data DIR] [--strokes 4 12] [--seeds 5]``

Trains on one image of a set from simulated strokes and predicts up to four others; prints the mean
Jaccard index over classes. Every tool gets the same strokes. The images are not part of the
project: without ``--data`` the script looks in ``../shared/data`` beside the repository.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile
from common import machine, table, versions
from quality_peers import PEERS, Predict, apoc_source, forget
from scipy import ndimage

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
Pair = tuple[npt.NDArray[Any], npt.NDArray[np.int32]]
#: Set: folder, labels in it, how truth is made of them, channels.
SETS: dict[str, tuple[str, str, str, int]] = {
    "nuclei, fluorescence": ("dsb2018_fluo", "labels", "objects", 1),
    "cells, phase contrast": ("phase_usiigaci_t98g", "labels", "objects", 1),
    "nuclei, 2 channels": ("fluo_2ch_course", "labels", "objects", 2),
    "nuclei, mitosis": ("fluo_2ch_course", "labels", "objects", 1),
    "nuclei, 3-D": ("nuclei3d_arabidopsis", "labels", "objects", 1),
    "blobs": ("blobs", "labels", "objects", 1),
    "cell walls": ("plant_maize_clsm", "labels", "walls", 1),
    "nuclei, with rims": ("dsb2018_fluo", "labels", "rims", 1),
    "phase contrast, with rims": ("phase_usiigaci_t98g", "labels", "rims", 1),
    # Not used when defaults were chosen.
    "membranes (held out)": ("membranes2d_sparse", "labels_oversegmented", "walls", 1),
    "nuclei, strokes by hand (held out)": (
        "bbbc007_nuclei_sparse", "labels_scribbles", "strokes", 1,
    ),
}  # fmt: skip


def load(data: Path, folder: str, labels: str, kind: str, n_channels: int) -> Iterator[Pair]:
    """Yield images (C, ...) and classes; an image that is alone in its set is cut in two."""
    paths = sorted((data / folder / labels).glob("*.tif"))
    for path in paths:
        image = tifffile.imread(data / folder / "images" / path.name)
        objects = tifffile.imread(path)
        if objects.shape != image.shape[-objects.ndim :]:
            continue
        channels = image[None] if image.ndim == objects.ndim else image
        if len(channels) != n_channels:
            continue
        truth = classes(objects, kind)
        if len(paths) > 1:
            yield channels, truth
        else:
            half = objects.shape[-1] // 2
            yield channels[..., :half].copy(), truth[..., :half]
            yield channels[..., half:].copy(), truth[..., half:]


def classes(objects: npt.NDArray[Any], kind: str) -> npt.NDArray[np.int32]:
    """Return 1 background, 2 objects, with rims 3; 1 cells, 2 walls between them; or strokes."""
    from skimage.segmentation import find_boundaries

    if kind == "strokes":
        return objects.astype(np.int32)
    if kind == "walls":
        wall = ndimage.binary_dilation(find_boundaries(objects, mode="thick"))
        return np.where(wall, 2, 1).astype(np.int32)
    out = np.where(objects > 0, 2, 1).astype(np.int32)
    if kind == "rims":
        rim = ndimage.binary_dilation(find_boundaries(objects, mode="inner"))
        out[rim & (objects > 0)] = 3
    return out


def draw_strokes(
    truth: npt.NDArray[np.int32], per_class: int, seed: int, length: int = 25, width: int = 3
) -> npt.NDArray[np.int32]:
    """Draw short curved strokes inside each class; in 3-D a stroke stays in one plane."""
    rng = np.random.default_rng(seed)
    annotation = np.zeros_like(truth)
    for class_id in np.unique(truth[truth > 0]):
        inside = ndimage.binary_erosion(truth == class_id)
        if inside.sum() < 50:
            inside = truth == class_id
        starts = np.argwhere(inside)
        for _ in range(per_class):
            point = starts[rng.integers(len(starts))].astype(float)
            step = _unit(rng.normal(size=truth.ndim))
            for _ in range(length):
                at = tuple(np.round(point).astype(int))
                outside = any(a < 0 or a >= s for a, s in zip(at, truth.shape, strict=True))
                if outside or not inside[at]:
                    break
                brush = at[:-2] + tuple(
                    slice(max(0, a - width // 2), a + width // 2 + 1) for a in at[-2:]
                )
                annotation[brush] = np.where(inside[brush], class_id, annotation[brush])
                step = _unit(step + 0.25 * rng.normal(size=truth.ndim))
                point = point + step
    return annotation


def _unit(vector: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    if vector.size == 3:
        vector[0] = 0
    return vector / (np.linalg.norm(vector) + 1e-9)


def brushwood(image: npt.NDArray[Any], annotation: npt.NDArray[Any]) -> Predict:
    """Train Brushwood as it comes."""
    import brushwood as bw

    many = len(image) > 1
    classifier = bw.PixelClassifier(channel_axis=0 if many else None, ndim=annotation.ndim)
    classifier.fit(image if many else image[0], annotation)
    return lambda other: np.asarray(classifier.predict(other if many else other[0]))


def jaccard(truth: npt.NDArray[Any], prediction: npt.NDArray[Any]) -> float:
    """Return the mean over the truth's classes of intersection over union."""
    known = truth > 0
    t, p = truth[known], prediction[known]
    found = [((t == k) & (p == k)).sum() / ((t == k) | (p == k)).sum() for k in np.unique(t)]
    return float(np.mean(found))


def measure(tool: Any, pairs: list[Pair], per_class: int, seeds: int) -> float:
    """Return the mean over seeds and predicted images.

    Without strokes to draw, the truth itself is a few strokes: those of one image teach, those of
    the others test.
    """
    found = []
    if not per_class:
        for k, (image, strokes) in enumerate(pairs):
            predict = tool(image, strokes)
            found += [jaccard(t, predict(i)) for j, (i, t) in enumerate(pairs) if j != k]
        return float(np.mean(found))
    for seed in range(seeds):
        k = seed % len(pairs)
        predict = tool(pairs[k][0], draw_strokes(pairs[k][1], per_class, seed))
        others = [p for i, p in enumerate(pairs) if i != k][:4]
        found += [jaccard(truth, predict(image)) for image, truth in others]
    return float(np.mean(found))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", help=", ".join(SETS))
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--strokes", type=int, nargs="+", default=[4, 12])
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    if not options.data.is_dir():
        print(f"There is no folder {options.data}: nothing was measured. Name one with --data.")
        return
    unknown = set(options.sets) - set(SETS)
    if unknown:
        sys.exit(f"Unknown sets: {', '.join(sorted(unknown))}. Known are: {', '.join(SETS)}.")
    tools = {"Brushwood": brushwood, **PEERS}
    rows, every = [], []
    for name in options.sets or SETS:
        pairs = list(load(options.data, *SETS[name]))
        for per_class in [0] if SETS[name][2] == "strokes" else options.strokes:
            got = [measure(tool, pairs, per_class, options.seeds) for tool in tools.values()]
            every.append(got)
            rows.append([name, str(per_class or "painted"), *(f"{v:.3f}" for v in got)])
            print(rows[-1], file=sys.stderr, flush=True)
        forget()
    mean = np.mean(every, axis=0)
    rows.append(["**mean**", "", *(f"**{v:.3f}**" for v in mean)])
    rows.append(["Brushwood's lead", "", "", *(f"{mean[0] - v:+.3f}" for v in mean[1:])])
    print(
        machine(), versions("napari-brushwood", "scikit-learn", "scikit-image", "scipy"), sep="\n"
    )
    print(f"APOC's features were computed by {apoc_source()}.\n")
    print(table(["images", "strokes a class", *tools], rows))


if __name__ == "__main__":
    main()
