"""Texture, surfaces, neighbours, pairs and tables of many objects, beside one object at a time.

Run ``python benchmarks/bench_measure_more.py``. Ratios are taken in one run: the same numbers, from
scikit-image where it has them, are computed object by object for some of the objects, and the time
is scaled to all of them.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from bench_measure import objects, seconds
from common import cells, machine, table, versions
from skimage.feature import graycomatrix, graycoprops
from skimage.measure import marching_cubes, mesh_surface_area, regionprops

import brushwood as bw
from brushwood.io.tables import read_table, write_table

_PROPERTIES = ("contrast", "dissimilarity", "homogeneity", "ASM", "correlation", "entropy")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=4096)
    parser.add_argument("--objects", type=int, default=10_000)
    parser.add_argument("--one-by-one", type=int, default=200, help="objects of the reference")
    options = parser.parse_args()
    print(machine(), versions("scikit-image", "numpy", "scipy"), sep="\n")
    labels = objects(options.size, options.objects)
    image = np.tile(cells((1024, 1024)), (options.size // 1024 + 1,) * 2)
    image = image[: options.size, : options.size].copy()
    stack = ball_stack()
    count, n_balls = np.unique(labels).size - 1, int(stack.max())
    print(f"{count} objects in a plane, {n_balls} in a stack")
    rows = []
    for name, run, reference, n in (
        ("texture", lambda: bw.measure(labels, image, names="texture"), texture_of, count),
        ("surface", lambda: bw.measure(stack, names="surface_area"), surface_of, n_balls),
    ):
        ours = seconds(run)
        data = (stack, stack) if name == "surface" else (labels, image)
        theirs = one_by_one(*data, reference, options.one_by_one) * n
        rows.append([name, f"{ours:.2f}", f"{theirs:.1f}", f"{theirs / ours:.0f}"])
    for name, run in {
        "touching_count": lambda: bw.measure(labels, names="touching_count"),
        "distance_nearest": lambda: bw.measure(labels, names="distance_nearest"),
        "distance_edge_nearest": lambda: bw.measure(labels, names="distance_edge_nearest"),
        "touching_pairs": lambda: bw.measure.touching_pairs(labels, image),
        "relate": lambda: bw.measure.relate(labels, labels),
    }.items():
        rows.append([name, f"{seconds(run):.2f}", "", ""])
    print(table(["what", "seconds", "one by one", "ratio"], rows))
    files()


def texture_of(mask: np.ndarray, values: np.ndarray) -> None:
    """Texture of an object's bounding box: scikit-image knows no masks."""
    span = max(1.0, float(np.ptp(values)))
    grey = np.minimum(32 * (values - values.min()) / span, 31).astype(np.uint8)
    angles = [0, np.pi / 4, np.pi / 2, 3 * np.pi / 4]
    found = graycomatrix(grey, [1], angles, 32, symmetric=True, normed=True)
    for name in _PROPERTIES:
        graycoprops(found, name)


def surface_of(mask: np.ndarray, values: np.ndarray) -> None:
    """Surface of an object."""
    points, triangles, *_ = marching_cubes(np.pad(mask, 1), 0.5)
    mesh_surface_area(points, triangles)


def one_by_one(labels: np.ndarray, image: np.ndarray, reference, count: int) -> float:
    """Return seconds an object."""
    regions = regionprops(labels, image)[:count]
    parts = [(region.image, region.image_intensity) for region in regions]
    start = time.perf_counter()
    for mask, values in parts:
        reference(mask, values)
    return (time.perf_counter() - start) / len(parts)


def ball_stack(side: int = 10, step: int = 20) -> np.ndarray:
    """Return balls on a grid, int32."""
    z, y, x = np.mgrid[:step, :step, :step] - step // 2
    ball = z**2 + y**2 + x**2 < (0.4 * step) ** 2
    numbers = np.arange(1, side**3 + 1).reshape((side,) * 3).astype(np.int32)
    return np.kron(numbers, ball.astype(np.int32))


def files() -> None:
    """Print how long a table of 100,000 objects takes to write and read."""
    import pandas as pd

    rng = np.random.default_rng(0)
    values = pd.DataFrame(rng.random((100_000, 50))).add_prefix("column ")
    with tempfile.TemporaryDirectory() as folder:
        for ending in ("csv", "parquet"):
            path = Path(folder) / f"table.{ending}"
            wrote = seconds(lambda p=path: write_table(values, p))
            read = seconds(lambda p=path: read_table(p))
            size = path.stat().st_size / 1e6
            print(f"100,000 × 50 .{ending}: write {wrote:.1f} s, read {read:.1f} s, {size:.0f} MB")


if __name__ == "__main__":
    main()
