"""Objects of a 16k x 16k zarr class map, its time and peak memory, and the same result unblocked.

``bench_objects.py`` prints three lines: blocks against the whole image at once (equal, and how much
slower), against scikit-image's steps on the whole image, and the large image from zarr to zarr.
"""

import argparse
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import zarr
from common import interleave, machine, median, versions
from scipy import ndimage

import brushwood as bw

#: Touching discs a megapixel, and their radii.
_DISCS, _RADII = 700, (8.0, 14.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=16384)
    parser.add_argument("--check-size", type=int, default=4096)
    parser.add_argument("--chunk", type=int, default=1024)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--method", default="distance")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        large(Path(options.work), options)
        return
    print(machine())
    print(versions("napari-brushwood", "scikit-image", "scipy", "zarr", "numpy"), flush=True)
    compare(options)
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "classes.zarr", options.size, options.chunk)
        # A process of its own: making the image must not count.
        command = [sys.executable, __file__, "--work", folder, *sys.argv[1:]]
        subprocess.run(command, check=True)


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


def large(folder: Path, options: argparse.Namespace) -> None:
    """Work from zarr to zarr, and print time and peak memory."""
    classes = zarr.open_array(folder / "classes.zarr", mode="r")
    out = zarr.create_array(
        folder / "objects.zarr", shape=classes.shape, chunks=classes.chunks, dtype="i4"
    )
    bw.split_objects(classes[:256, :256], method=options.method)  # imports
    before = peak()
    start = time.perf_counter()
    bw.split_objects(classes, method=options.method, min_size=20, fill_holes=True, out=out)
    seconds = time.perf_counter() - start
    n = max(
        int(out[row : row + options.chunk].max()) for row in range(0, out.shape[0], options.chunk)
    )
    print(
        f"{options.size} x {options.size} zarr to zarr by {options.method}: {n:,} objects in "
        f"{seconds:.0f} s, {options.size**2 / seconds / 1e6:.1f} Mpixel/s; peak memory "
        f"{peak() / 2**30:.2f} GiB, of which {before / 2**30:.2f} GiB were there before; the image "
        f"has {options.size**2 / 2**30:.2f} GiB, its labels {4 * options.size**2 / 2**30:.2f} GiB"
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
