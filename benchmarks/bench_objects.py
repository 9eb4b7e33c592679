"""Objects of zarr class maps of 16k x 16k and 256 x 2048 x 2048: time, memory, and equal results.

``bench_objects.py`` prints: blocks against the whole image at once (equal, and how much slower),
against scikit-image's steps on the whole image; what workers gain (equal, and how much quicker);
and the large plane and the large stack from zarr to zarr, in memory and in parts, each in a process
of its own.
"""

import argparse
import re
import resource
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import zarr
from common import interleave, machine, median, versions
from scipy import ndimage

import brushwood as bw
from brushwood.batch.workers_local import local_workers
from brushwood.jobs import IDLE
from brushwood.objects.parts import split_in_parts
from brushwood.objects.split_params import SplitParams
from brushwood.objects.splitter import Splitter
from brushwood.workers import IN_TURN

#: Touching discs a megapixel, and their radii.
_DISCS, _RADII = 700, (8.0, 14.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=16384)
    parser.add_argument("--check-size", type=int, default=4096)
    parser.add_argument("--chunk", type=int, default=1024)
    parser.add_argument("--volume", type=int, nargs=3, default=(256, 2048, 2048))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", choices=["compare", "workers", "plane", "volume"])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--method", default="distance")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    parser.add_argument("--way", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        large(Path(options.work), options.way, options.method)
        return
    print(machine())
    print(versions("napari-brushwood", "scikit-image", "scipy", "zarr", "numpy"), flush=True)
    stages = {"compare": compare, "workers": with_workers, "plane": plane, "volume": volume}
    for name, stage in stages.items():
        if options.only in (None, name):
            stage(options)


def plane(options: argparse.Namespace) -> None:
    """Work on a large plane."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "classes.zarr", options.size, options.chunk)
        apart(Path(folder), options)


def volume(options: argparse.Namespace) -> None:
    """Work on a large stack."""
    with tempfile.TemporaryDirectory() as folder:
        write_stack(Path(folder) / "classes.zarr", tuple(options.volume))
        apart(Path(folder), options)


def apart(folder: Path, options: argparse.Namespace) -> None:
    """Start a process for each way: making the image must not count."""
    for way in ("memory", "parts"):
        command = [sys.executable, __file__, "--work", str(folder), "--way", way]
        subprocess.run([*command, "--method", options.method], check=True)


def discs(size: int, seed: int = 0) -> npt.NDArray[np.uint8]:
    """Return a class map of discs (2) that touch and overlap, on background (1)."""
    rng = np.random.default_rng(seed)
    reach = int(_RADII[1]) + 1
    out = np.ones((size + 2 * reach, size + 2 * reach), np.uint8)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    for _ in range(round(_DISCS * size * size / 2**20)):
        row, column = rng.integers(0, size, 2)
        view = out[row : row + 2 * reach + 1, column : column + 2 * reach + 1]
        view[y * y + x * x <= rng.uniform(*_RADII) ** 2] = 2
    return out[reach:-reach, reach:-reach]


def compare(options: argparse.Namespace) -> None:
    """Compare blocks with the whole image at once, and with scikit-image's steps."""
    size = options.check_size
    classes = discs(size)
    found: dict[str, npt.NDArray[np.int32]] = {}

    def blocks(block: int) -> None:
        found[f"{block}"] = bw.split_objects(
            classes, method=options.method, block=(block, block), fill_holes=True
        )

    runs = {
        "blocks": lambda: blocks(512),
        "whole": lambda: blocks(size),
        "steps": lambda: found.update(steps=by_steps(classes)),
    }
    times, _ = interleave(runs, options.repeats)
    blocked, whole, steps = (median(times[name]) for name in runs)
    equal = np.array_equal(found["512"], found[f"{size}"])
    print(
        f"{size} x {size}, {found['512'].max():,} objects by {options.method}: blocks of 512 and "
        f"the whole image at once are {'equal' if equal else 'DIFFERENT'}; "
        f"{blocked:.1f} s and {whole:.1f} s, ratio {blocked / whole:.2f}"
    )
    print(
        f"scikit-image on the whole image (distance, h-maxima, watershed), "
        f"{found['steps'].max():,} objects: {steps:.1f} s, {steps / blocked:.1f} times as long",
        flush=True,
    )
    if not equal:
        raise SystemExit("Objects depend on blocks.")


def by_steps(classes: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
    """Return objects as one writes it by hand, with the whole image in memory."""
    from skimage.morphology import local_maxima, reconstruction
    from skimage.segmentation import watershed

    mask = ndimage.binary_fill_holes(classes == 2)
    distance = ndimage.distance_transform_edt(mask).astype(np.float32)
    distance = ndimage.gaussian_filter(distance, 1)
    lowered = reconstruction(distance * 0.95, distance)
    markers, _ = ndimage.label(local_maxima(lowered) & mask, np.ones((3, 3)))
    labels: npt.NDArray[np.int32] = watershed(-distance, markers, mask=mask, connectivity=2)
    return labels


def write(path: Path, size: int, chunk: int) -> None:
    """Write other discs into every chunk; they are cut at its edges and touch across them."""
    image = zarr.create_array(path, shape=(size, size), chunks=(chunk, chunk), dtype="u1")
    pieces = [discs(chunk, seed) for seed in range(4)]
    rng = np.random.default_rng(0)
    for y in range(0, size, chunk):
        for x in range(0, size, chunk):
            piece = np.rot90(pieces[rng.integers(4)], rng.integers(4))
            image[y : y + chunk, x : x + chunk] = piece[: size - y, : size - x]


def balls(shape: tuple[int, int, int], seed: int) -> npt.NDArray[np.uint8]:
    """Return a class map of balls (2) that touch and overlap, flat along z as in a microscope."""
    rng = np.random.default_rng(seed)
    out = np.ones(shape, np.uint8)
    z, y, x = np.ogrid[: shape[0], : shape[1], : shape[2]]
    for _ in range(round(90 * np.prod(shape) / 2**20)):
        at = [rng.integers(0, n) for n in shape]
        squares = 4 * (z - at[0]) ** 2 + (y - at[1]) ** 2 + (x - at[2]) ** 2
        out[squares <= rng.uniform(5, 9) ** 2] = 2
    return out


def write_stack(path: Path, shape: tuple[int, ...]) -> None:
    """Write other balls into every chunk."""
    chunk = (32, 256, 256)
    image = zarr.create_array(path, shape=shape, chunks=chunk, dtype="u1")
    pieces = [balls(chunk, seed) for seed in range(4)]
    rng = np.random.default_rng(0)
    for start in np.ndindex(*(-(-n // c) for n, c in zip(shape, chunk, strict=True))):
        region = tuple(
            slice(i * c, min(n, (i + 1) * c)) for i, c, n in zip(start, chunk, shape, strict=True)
        )
        piece = np.rot90(pieces[rng.integers(4)], rng.integers(4), (1, 2))
        image[region] = piece[tuple(slice(0, s.stop - s.start) for s in region)]


def with_workers(options: argparse.Namespace) -> None:
    """Compare one worker with several: threads, and processes."""
    with tempfile.TemporaryDirectory() as name:
        folder, size = Path(name), options.check_size
        write(folder / "classes.zarr", size, options.chunk)
        classes = zarr.open_array(folder / "classes.zarr", mode="r")
        splitter = Splitter.of(
            classes, 2, SplitParams(method=options.method, min_size=20, fill_holes=True)
        )
        threads = local_workers(options.workers)
        with local_workers(options.workers, processes=True) as processes:
            places = {"one": IN_TURN, "threads": threads, "processes": processes}
            found = {
                way: zarr.create_array(
                    folder / f"{way}.zarr", shape=classes.shape, chunks=classes.chunks, dtype="i4"
                )
                for way in places
            }

            def run(way: str) -> None:
                split_in_parts(
                    splitter, found[way], scratch=folder / "scratch", workers=places[way]
                )

            for way in places:  # processes start and import
                run(way)
            times, _ = interleave({way: partial(run, way) for way in places}, options.repeats)
        one = median(times["one"])
        equal = all(np.array_equal(found["one"][:], array[:]) for array in found.values())
        gains = ", ".join(
            f"{options.workers} {way}: {one / median(times[way]):.2f} times as quick"
            for way in ("threads", "processes")
        )
        print(
            f"{size} x {size} in parts by {options.method}: one worker {one:.1f} s; {gains}; "
            f"results are {'equal' if equal else 'DIFFERENT'}",
            flush=True,
        )
        if not equal:
            raise SystemExit("Objects depend on workers.")


def large(folder: Path, way: str, method: str) -> None:
    """Work from zarr to zarr, and print time and peak memory."""
    classes = zarr.open_array(folder / "classes.zarr", mode="r")
    out = zarr.create_array(
        folder / f"{way}.zarr", shape=classes.shape, chunks=classes.chunks, dtype="i4"
    )
    small = tuple(slice(0, min(n, 64)) for n in classes.shape)
    bw.split_objects(classes[small], method=method)  # imports
    before = peak()
    splitter = Splitter.of(classes, 2, SplitParams(method=method, min_size=20, fill_holes=True))
    start = time.perf_counter()
    if way == "memory":
        made = splitter.run(out, IDLE)
    else:
        made = split_in_parts(splitter, out, scratch=folder / "scratch")
    seconds = time.perf_counter() - start
    n_pixels = classes.size
    print(
        f"{' x '.join(map(str, classes.shape))} zarr to zarr by {method}, "
        f"{'compressed in memory' if way == 'memory' else 'in parts, in files'}: "
        f"{len(made):,} objects in {seconds:.0f} s, {n_pixels / seconds / 1e6:.1f} Mpixel/s; peak "
        f"memory {peak() / 2**30:.2f} GiB, of which {before / 2**30:.2f} GiB were there before; "
        f"the image has {n_pixels / 2**30:.2f} GiB, its labels {4 * n_pixels / 2**30:.2f} GiB",
        flush=True,
    )


def peak() -> int:
    """Return the largest resident set of this program so far, bytes."""
    try:
        # What `getrusage` tells includes the program that started this one.
        found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text("ascii"))
    except OSError:
        found = None
    if found is not None:
        return int(found[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    main()
