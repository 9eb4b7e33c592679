"""Measuring 10,000 objects on 4096² beside scikit-image, in one run, as a ratio.

Run ``python benchmarks/bench_measure.py``. The columns are all of the groups size, shape and
intensity that `skimage.measure.regionprops_table` has, too; the first repetition compares them. A
table of all columns of these groups follows, and the same with a calculation at a time.
"""

import argparse
import time
import tracemalloc

import numpy as np
from common import cells, interleave, machine, median, table, versions
from skimage.measure import regionprops_table
from skimage.measure._regionprops import COL_DTYPES

import brushwood as bw
from brushwood.arrays import ImageSource
from brushwood.measure.catalog import Call, calculations
from brushwood.measure.index import LabelIndex

GROUPS = ("size", "shape", "intensity")


def objects(size: int, count: int, seed: int = 0) -> np.ndarray:
    """Return `count` ragged ellipses on a jittered grid, some of which touch; int32."""
    rng = np.random.default_rng(seed)
    side = int(np.ceil(np.sqrt(count)))
    step = size / side
    out = np.zeros((size, size), np.int32)
    for i in range(count):
        centre = (np.array(divmod(i, side)) + 0.5 + rng.uniform(-0.2, 0.2, 2)) * step
        a, b = np.sort(rng.uniform(0.2, 0.5, 2)) * step
        low = np.maximum(centre - step * 0.75, 0).astype(int)
        high = np.minimum(centre + step * 0.75, size).astype(int)
        y, x = np.ogrid[low[0] : high[0], low[1] : high[1]]
        y, x = y - centre[0], x - centre[1]
        angle = rng.uniform(0, np.pi)
        u, v = y * np.cos(angle) + x * np.sin(angle), x * np.cos(angle) - y * np.sin(angle)
        ragged = 1 + 0.15 * np.cos(rng.integers(2, 6) * np.arctan2(v, u) + rng.uniform(0, 6))
        patch = out[low[0] : high[0], low[1] : high[1]]
        patch[((u / a) ** 2 + (v / b) ** 2 < ragged) & (patch == 0)] = i + 1
    return out


def shared_names(ndim: int = 2) -> list[str]:
    """Names of the measurements of `GROUPS` that scikit-image has."""
    return [
        m.name
        for m in bw.measure.catalog()
        if m.group in GROUPS and m.name in COL_DTYPES and ndim in m.ndim
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=4096)
    parser.add_argument("--objects", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--only-ours", action="store_true")
    parser.add_argument("--memory", action="store_true")
    options = parser.parse_args()
    if options.memory:
        memory()
        return
    print(machine(), versions("scikit-image", "numpy", "scipy"), sep="\n")
    labels = objects(options.size, options.objects)
    image = np.tile(cells((1024, 1024)), (options.size // 1024 + 1,) * 2)
    image = image[: options.size, : options.size].copy()
    names = shared_names()
    count, pixels = np.unique(labels).size - 1, np.count_nonzero(labels)
    print(f"{count} objects, {pixels} pixels of {labels.size}; {len(names)} columns: {names}")
    if options.only_ours:
        print(f"ours {seconds(lambda: bw.measure(labels, image, names=names)):.2f} s")
    else:
        compare(labels, image, names, options.repeats)
    print(
        f"all columns of {GROUPS}: {seconds(lambda: bw.measure(labels, image, names=GROUPS)):.2f} s"
    )
    by_calculation(labels, image, names)


def compare(labels: np.ndarray, image: np.ndarray, names: list[str], repeats: int) -> None:
    """Print the ratio, and the largest difference of a column."""
    found = {}

    def ours() -> None:
        found["ours"] = bw.measure(labels, image, names=names)

    def theirs() -> None:
        found["theirs"] = regionprops_table(labels, image, properties=("label", *names))

    times, first = interleave({"ours": ours, "skimage": theirs}, repeats)
    a, b = median(times["ours"]), median(times["skimage"])
    print(f"first ours {first['ours']:.2f} s, scikit-image {first['skimage']:.1f} s")
    print(f"ours {a:.2f} s, scikit-image {b:.1f} s, ratio {b / a:.1f}", flush=True)
    worst = {
        name: difference(name, np.asarray(found["ours"][name]), values)
        for name, values in found["theirs"].items()
    }
    name = max(worst, key=lambda key: worst[key])
    print(f"largest relative difference {worst[name]:.1e} ({name})")


def difference(name: str, ours: np.ndarray, theirs: np.ndarray) -> float:
    """Return the largest relative difference; of directions, the largest angle over π."""
    if name == "orientation":
        apart = np.abs(ours - theirs)
        return float(np.max(np.minimum(apart, np.pi - apart)) / np.pi)
    return float(np.max(np.abs(ours - theirs) / np.maximum(np.abs(theirs), 1e-9)))


def memory() -> None:
    """Print the memory that measuring takes beside labels and image, by the number of objects."""
    rows = []
    for size in (1024, 2048, 4096):
        labels = objects(size, size * size // 1678)
        image = np.zeros(labels.shape, np.uint16)
        tracemalloc.start()
        table_ = bw.measure(labels, image, names=GROUPS)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        used = table_.memory_usage().sum()
        rows.append(
            [
                f"{len(table_)}",
                f"{peak / 1e6:.0f}",
                f"{used / 1e6:.1f}",
                f"{peak / len(table_):.0f}",
            ]
        )
    print(table(["objects", "peak, MB", "table, MB", "peak bytes an object"], rows))


def by_calculation(labels: np.ndarray, image: np.ndarray, names: list[str]) -> None:
    """Print how long each calculation takes for these columns."""
    source, pixels = ImageSource.of(labels), ImageSource.of(image)
    rows = [["finding runs", f"{seconds(lambda: LabelIndex.of(source)):.3f}"]]
    index = LabelIndex.of(source)
    for calculation in calculations():
        wanted = frozenset(m.name for m in calculation.measurements).intersection(names)
        if wanted:
            call = Call(wanted, pixels)
            time_ = seconds(lambda c=calculation, call=call: c.compute(index, call))
            rows.append([", ".join(sorted(wanted)), f"{time_:.3f}"])
    print(table(["calculation", "seconds"], rows))


def seconds(run) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
