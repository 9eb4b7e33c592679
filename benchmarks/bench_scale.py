"""Throughput against pixels, features, trees and workers, whole chain: ``bench_scale.py``.

Prints the tables of docs/scale.md. ``--save`` writes what was measured into the package and the
page, which plans are computed from; do that on a quiet machine.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import zarr
from common import cells, machine, strokes
from scipy.optimize import nnls

from brushwood.batch.cost import Measured, Work
from brushwood.batch.recipe import Recipe
from brushwood.batch.steps import MeasureStep, ObjectStep, PixelStep
from brushwood.batch.workers_local import LocalProcesses, local_workers, processors
from brushwood.forest.params import ForestParams
from brushwood.io.images import create_image, write_image
from brushwood.io.reopened import ReopenedArray
from brushwood.opencl import choose_device
from brushwood.pixels.classifier import PixelClassifier
from brushwood.pixels.parts import pixels_in_parts

ROOT = Path(__file__).resolve().parents[1]
RATES = ROOT / "src/brushwood/batch/rates.json"
PAGE = ROOT / "docs/scale.md"
#: Feature lines by their number of planes, of the kinds that presets have.
LINES = {
    1: "gaussian=1",
    6: "original gaussian=1,2 dog=2 log=1,2",
    18: "original gaussian=1,2,4,8 dog=1,2,4,8 log=1,2,4 hessian=1,2,4",
    30: "original gaussian=1,2,4,8 dog=1,2,4,8 log=1,2,4,8 hessian=1,2,4,8 structure=1,2,4",
}
#: What images are made of, over and over.
PIECE = {2: (1024, 1024), 3: (48, 256, 256)}
TREES = ((10, 4), (100, 8), (300, 8))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=4096, help="side of the plane")
    parser.add_argument(
        "--depth", type=int, default=64, help="planes of the stack, whose side is an eighth"
    )
    parser.add_argument("--workers", type=int, default=2, help="largest number of processes")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--save", action="store_true", help="keep the rates in the package")
    parser.add_argument("--chain", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.chain:
        chain(json.loads(options.chain))
        return
    where = f"{machine()}; {choose_device()}"
    print(where, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), options)
    found = {"machine": where, "cores": processors(), **found}
    print(json.dumps(found, indent=1))
    if options.save:
        save(found)


def measure(folder: Path, options: argparse.Namespace) -> dict[str, object]:
    """Measure all rates; return the values of the file but the machine."""
    side = options.size // 8
    shapes = {"flat": (options.size, options.size), "deep": (options.depth, side, side)}
    found: dict[str, object] = {}
    for name, shape in shapes.items():
        pixel = pixel_rates(folder, shape, options.repeats)
        found[name] = pixel | chain_rates(folder / name, shape, options.repeats)
    found |= worker_rates(folder / "workers", shapes["flat"], options)
    return found


def pixel_rates(folder: Path, shape: tuple[int, ...], repeats: int) -> dict[str, float]:
    """Fit seconds a million pixels to planes and levels of trees, image in memory."""
    ndim = len(shape)
    rows, seconds = [], []
    image = cells(PIECE[ndim])
    marks = strokes(image)
    tiles = [-(-n // m) for n, m in zip(shape, image.shape, strict=True)]
    large = np.tile(image, tiles)[tuple(slice(n) for n in shape)]
    small = large[tuple(slice(n // 4) for n in large.shape)]
    cases = [(planes, TREES[1]) for planes in LINES] + [(18, trees) for trees in TREES]
    print(f"\n{' x '.join(map(str, shape))}, pixels alone, in memory:")
    print("planes  trees x depth     Mpixel     s     Mpixel/s")
    for planes, (trees, depth) in cases:
        model = PixelClassifier(LINES[planes], ForestParams(n_trees=trees, max_depth=depth))
        model.fit(image, marks)
        work = Work.of(model)
        model.predict(image)
        for array in (small, large):
            took = min(timed(lambda: model.predict(array)) for _ in range(repeats))  # noqa: B023
            mega = array.size / 1e6
            rows.append([1.0, mega, mega * work.planes, mega * work.levels])
            seconds.append(took)
            print(
                f"{work.planes:6}  {trees:5} x {depth:<5}  {mega:12.2f} {took:7.2f} "
                f"{mega / took:9.1f}",
                flush=True,
            )
    weight = 1 / np.array(seconds)
    (image_s, pixel, plane, level), _ = nnls(np.array(rows) * weight[:, None], np.ones(len(rows)))
    fitted = np.array(rows) @ [image_s, pixel, plane, level]
    off = np.abs(fitted * weight - 1)
    print(
        f"fit: {image_s:.3f} s + Mpixel x ({pixel:.4f} + {plane:.5f} x planes + "
        f"{level:.6f} x levels) s; off by {np.median(off):.0%} in the middle, at most "
        f"{off.max():.0%}"
    )
    return {"image": image_s, "pixel": pixel, "plane": plane, "level": level}


def chain_rates(folder: Path, shape: tuple[int, ...], repeats: int) -> dict[str, float]:
    """Measure what objects and measurements add, from OME-Zarr to OME-Zarr, and the bytes moved."""
    folder.mkdir()
    prepared(folder, shape)
    mega = float(np.prod(shape)) / 1e6
    best: dict[str, dict[str, float]] = {}
    for _ in range(max(1, repeats - 1)):
        for name in ("pixels", "objects", "measure"):
            run = started(folder, name)
            if name not in best or run["seconds"] < best[name]["seconds"]:
                best[name] = run
    steps = [best[name]["seconds"] / mega for name in ("pixels", "objects", "measure")]
    # Cut into parts, as large images are: intermediates go through storage.
    parts = best["in parts"] = started(folder, "measure", 2, processes=False)
    print(f"\n{' x '.join(map(str, shape))}, whole chain, OME-Zarr to OME-Zarr, one process:")
    for name, run in best.items():
        print(
            f"{name:8} {run['seconds']:7.1f} s {mega / run['seconds']:7.2f} Mpixel/s, peak "
            f"{run['peak'] / 2**30:.2f} GiB, read {run['read'] / mega / 1e6:.1f} and written "
            f"{run['written'] / mega / 1e6:.1f} bytes a pixel",
            flush=True,
        )
    return {
        "objects": max(steps[1] - steps[0], 0.0),
        "measure": max(steps[2] - steps[1], 0.0),
        "read": parts["read"] / mega / 1e6,
        "written": parts["written"] / mega / 1e6,
    }


def worker_rates(
    folder: Path, shape: tuple[int, ...], options: argparse.Namespace
) -> dict[str, float]:
    """Measure the start of a process, and what several on one machine gain."""
    folder.mkdir()
    prepared(folder, shape)
    model = folder / "model.brushwood"
    start = min(first_answer(model, folder) for _ in range(options.repeats))
    mega = float(np.prod(shape)) / 1e6
    print(f"\na process has its first image under way after {start:.2f} s")
    print("pixels of one image in parts:   workers   s   Mpixel/s   x one")
    times: dict[str, float] = {}
    for n in sorted({1, 2, options.workers}):
        for processes in (False, True):
            took = in_parts(folder, n, processes, options.repeats)
            kind = f"{n} {'process' if processes else 'thread'}{'es' * processes if n > 1 else ''}"
            times[kind] = took
            print(f"{kind:>37} {took:6.1f} {mega / took:8.1f} {times['1 process'] / took:8.2f}x"
                  if "1 process" in times else f"{kind:>37} {took:6.1f} {mega / took:8.1f}",
                  flush=True)  # fmt: skip
    greedy = in_parts(folder, 2, True, options.repeats, threads=processors())
    print(f"  2 processes that may each use all cores: {greedy:.1f} s")
    whole = {
        n: min(started(folder, "measure", n)["seconds"] for _ in range(max(1, options.repeats - 1)))
        for n in (1, 2)
    }
    pair = whole[1] / whole[2]
    print(f"whole chain of one image: {whole[1]:.1f} s with one process, {whole[2]:.1f} s with two")
    return {"start": start, "pair": max(1.0, pair)}


def prepared(folder: Path, shape: tuple[int, ...]) -> None:
    """Write an image, a model and recipes."""
    piece = cells(PIECE[len(shape)])
    model = PixelClassifier().fit(piece, strokes(piece))
    model.save(folder / "model.brushwood")
    axes = "zyx"[-len(shape) :]
    write_image(folder / "tiny.ome.zarr", piece[(..., slice(64), slice(64))], axes)
    with create_image(folder / "image.ome.zarr", shape, piece.dtype, axes) as out:
        for box in boxes(shape, piece.shape):
            out[box] = piece[tuple(slice(s.stop - s.start) for s in box)]
    pixels = PixelStep(str(folder / "model.brushwood"))
    objects = ObjectStep(foreground=(2,))
    zarrs = {"image_format": "ome-zarr"}
    recipes = {
        "pixels": Recipe(pixels, outputs=("classes",), **zarrs),
        "objects": Recipe(pixels, objects, outputs=("classes", "objects"), **zarrs),
        "measure": Recipe(
            pixels, objects, MeasureStep(), outputs=("classes", "objects", "table"), **zarrs
        ),
    }
    for name, recipe in recipes.items():
        recipe.save(folder / f"{name}.json")


def boxes(shape: tuple[int, ...], size: tuple[int, ...]) -> Iterator[tuple[slice, ...]]:
    """Yield boxes of a size that cover a shape."""
    for corner in np.ndindex(*(-(-n // m) for n, m in zip(shape, size, strict=True))):
        yield tuple(
            slice(i * m, min((i + 1) * m, n)) for i, m, n in zip(corner, size, shape, strict=True)
        )


def started(
    folder: Path, recipe: str, workers: int = 1, *, processes: bool = True
) -> dict[str, float]:
    """Run the chain in a process of its own and return what it used."""
    task = {
        "folder": str(folder),
        "recipe": recipe,
        "workers": workers,
        "processes": processes and workers > 1,
    }
    command = [sys.executable, __file__, "--chain", json.dumps(task)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


def chain(task: dict[str, object]) -> None:
    """Do a recipe with the image; print seconds, peak memory and bytes moved."""
    import brushwood as bw
    from brushwood.batch import run

    folder, n = Path(str(task["folder"])), int(str(task["workers"]))
    with tempfile.TemporaryDirectory(dir=folder) as out:
        # What is imported and compiled once must not count as the image's.
        run(folder / f"{task['recipe']}.json", folder / "tiny.ome.zarr", Path(out) / "tiny")
        before = moved()
        begin = time.perf_counter()
        run(folder / f"{task['recipe']}.json", folder / "image.ome.zarr", Path(out) / "out",
            workers=n, processes=bool(task["processes"]))  # fmt: skip
        took = time.perf_counter() - begin
    after = moved()
    usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer = {
        "seconds": took,
        "peak": usage * (1 if sys.platform == "darwin" else 1024),
        "read": after[0] - before[0],
        "written": after[1] - before[1],
        "version": bw.__version__,
    }
    print(json.dumps(answer))


def moved() -> tuple[int, int]:
    """Return the bytes this process has read and written so far, cached ones included; Linux."""
    try:
        text = Path("/proc/self/io").read_text("ascii")
    except OSError:
        return 0, 0
    values = dict(line.split(": ") for line in text.splitlines())
    return int(values["rchar"]), int(values["wchar"])


def first_answer(model: Path, folder: Path) -> float:
    """Return the seconds from asking new workers to their first classified pixels."""
    task = {"model": str(model), "image": str(folder / "image.ome.zarr")}
    begin = time.perf_counter()
    with local_workers(1, processes=True) as workers:
        list(workers.each(classify_corner, [task]))
    return time.perf_counter() - begin


def classify_corner(task: dict[str, str], job: object) -> int:
    """Classify a corner of an image."""
    import brushwood as bw

    image = ReopenedArray.of(task["image"])
    corner = image[tuple(slice(min(256, n)) for n in image.shape)]
    return int(bw.load(task["model"]).predict(corner).max())


def in_parts(
    folder: Path, n: int, processes: bool, repeats: int, threads: int | None = None
) -> float:
    """Return the seconds of the pixels of one image with `n` workers that are warm."""
    import brushwood as bw

    model = bw.load(folder / "model.brushwood")
    source = ReopenedArray.of(folder / "image.ome.zarr")
    best = float("inf")
    made = LocalProcesses(n, threads) if processes else local_workers(n)
    with made as workers:
        for number in range(repeats + 1):
            out = zarr.create_array(
                str(folder / f"{n}-{processes}-{threads}-{number}"), shape=source.shape, dtype="u1",
                chunks=tuple(min(512, k) for k in source.shape),
            )  # fmt: skip
            begin = time.perf_counter()
            pixels_in_parts(model, source, {"classes": out}, workers=workers)
            took = time.perf_counter() - begin
            best = min(best, took) if number else best
    return best


def timed(work: object) -> float:
    """Return the seconds of a call."""
    begin = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - begin


def save(found: dict[str, object]) -> None:
    """Keep the rates where the package reads them, and compute the page's plan again."""
    rounded = json.loads(json.dumps(found), parse_float=lambda text: float(f"{float(text):.3g}"))
    Measured.of(rounded)  # it is what the package expects
    RATES.write_text(json.dumps(rounded, indent=1) + "\n", "utf-8")
    subprocess.run([sys.executable, "-m", "brushwood.batch.scale", "--page", str(PAGE)], check=True)
    print(f"saved to {RATES.relative_to(ROOT)} and {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
