"""Peak memory of classifying a 16k x 16k zarr image into another: ``bench_memory.py``."""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import zarr
from common import cells, machine, strokes, versions

from brushwood.opencl import choose_device
from brushwood.pixels.classifier import PixelClassifier

#: Output's bytes a pixel, by name.
DTYPES = {"classes": "u1", "probabilities": "f4", "uncertainty": "f4"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=16384)
    parser.add_argument("--chunk", type=int, default=1024)
    parser.add_argument("--outputs", default="classes")
    parser.add_argument("--device")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(Path(options.work), options)
        return
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "image.zarr", options.size, options.chunk)
        print(machine(), flush=True)
        # A process of its own: making the image must not count.
        command = [sys.executable, __file__, "--work", folder, *sys.argv[1:]]
        subprocess.run(command, check=True)


def write(path: Path, size: int, chunk: int) -> None:
    """Write one piece of image over and over, at another exposure each time."""
    piece = cells((chunk, chunk)).astype(np.float32)
    image = zarr.create_array(path, shape=(size, size), chunks=(chunk, chunk), dtype="u2")
    rng = np.random.default_rng(0)
    for y in range(0, size, chunk):
        for x in range(0, size, chunk):
            part = piece[: size - y, : size - x] * rng.uniform(0.8, 1.2)
            image[y : y + chunk, x : x + chunk] = part.astype(np.uint16)


def work(folder: Path, options: argparse.Namespace) -> None:
    """Train on a corner, classify the whole, and print time and peak memory."""
    image = zarr.open_array(folder / "image.zarr", mode="r")
    corner = image[:1024, :1024]
    before = peak()
    model = PixelClassifier(device=options.device).fit(corner, strokes(corner))
    out = {}
    for name in options.outputs.split(","):
        shape = ((2,) if name == "probabilities" else ()) + image.shape
        chunks = ((1,) if name == "probabilities" else ()) + image.chunks
        out[name] = zarr.create_array(
            folder / f"{name}.zarr", shape=shape, chunks=chunks, dtype=DTYPES[name]
        )
    start = time.perf_counter()
    model.predict_maps(image, tuple(out), out=out)
    seconds = time.perf_counter() - start
    print(f"{choose_device(options.device)}; {versions('napari-brushwood', 'zarr', 'numpy')}")
    print(
        f"{options.size} x {options.size} zarr to zarr ({options.outputs}), "
        f"{len(model.feature_names_)} features, {model.forest_.n_trees} trees: {seconds:.1f} s, "
        f"{image.size / seconds / 1e6:.1f} Mpixel/s"
    )
    print(
        f"peak memory {peak() / 2**30:.2f} GiB, of which {before / 2**30:.2f} GiB were there "
        "before (Python, libraries); the target is below 1.5 GB"
    )


def peak() -> int:
    """Return the largest resident set so far, bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    main()
