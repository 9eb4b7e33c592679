"""Reading by blocks with halos, and writing, beside what one pass over all pixels costs.

Run ``python benchmarks/bench_images.py``. Each kind of file is read as the engine reads it, in
blocks with a halo, and once in one piece by the library alone; *of one pass* is the ratio: near 1
means that nothing is decoded twice. Writing is compared with reading the same file back. Processor
time is measured, so that a busy machine does not matter much.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tifffile
import zarr
from common import cells, machine, table, versions

from brushwood.io import tiff
from brushwood.io.images import create_image, read_image

HALO = 32


def seconds(work: Callable[[], object]) -> float:
    """Return the processor time of a call, all threads together."""
    start = time.process_time()
    work()
    return time.process_time() - start


def files(folder: Path, image: np.ndarray) -> dict[str, Path]:
    """Write an image in the ways that microscopes and their users do."""
    names = {
        "TIFF, no compression": "plain.tif",
        "TIFF, ZIP, tiles of 256": "tiles.tif",
        "TIFF, LZW, strips of 16 rows": "strips.tif",
        "OME-Zarr, 1024 chunks": "chunks.ome.zarr",
    }
    paths = {title: folder / name for title, name in names.items()}
    plain, tiles, strips, chunks = paths.values()
    tifffile.imwrite(plain, image)
    tifffile.imwrite(tiles, image, compression="zlib", tile=(256, 256))
    tifffile.imwrite(strips, image, compression="lzw", rowsperstrip=16)
    group = zarr.open_group(str(chunks), mode="w")
    size = image.shape[0] // 32
    group.create_array("0", shape=image.shape, dtype=image.dtype, chunks=(size, size))[...] = image
    axes = [{"name": a, "type": "space"} for a in "yx"]
    scale = [{"type": "scale", "scale": [1, 1]}]
    datasets = [{"path": "0", "coordinateTransformations": scale}]
    group.attrs["ome"] = {"version": "0.5", "multiscales": [{"axes": axes, "datasets": datasets}]}
    return paths


def by_blocks(path: Path, block: int) -> None:
    """Read an image as the engine does."""
    with read_image(path) as image:
        height, width = image.data.shape
        for y in range(0, height, block):
            for x in range(0, width, block):
                box = (
                    slice(max(0, y - HALO), y + block + HALO),
                    slice(max(0, x - HALO), x + block + HALO),
                )
                np.array(image.data[box])


def in_one_pass(path: Path) -> None:
    """Read an image with the library alone."""
    if path.suffix == ".zarr":
        zarr.open_array(str(path / "0"), mode="r")[...]
    else:
        tifffile.imread(path)


def write(path: Path, pixels: np.ndarray, *, labels: bool = False) -> None:
    """Write an image in strips, as the engine does."""
    with create_image(path, pixels.shape, pixels.dtype, "yx", labels=labels, overwrite=True) as out:
        for y in range(0, pixels.shape[0], 1024):
            out[y : y + 1024] = pixels[y : y + 1024]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=8192)
    parser.add_argument("--block", type=int, default=1024)
    options = parser.parse_args()
    size = options.size
    print(machine(), versions("tifffile", "imagecodecs", "zarr", "numpy"), sep="\n")
    tiff._SMALL = 0  # noqa: SLF001 - also read these sizes piece by piece
    tile = cells((1024, 1024))
    image = np.tile(tile, (-(-size // 1024),) * 2)[:size, :size]
    image = (image / image.max() * 4000).astype(np.uint16)
    pixels = size * size / 1e6
    folder = Path(tempfile.mkdtemp())
    try:
        rows = []
        for title, path in files(folder, image).items():
            whole = seconds(lambda path=path: in_one_pass(path))
            blocks = seconds(lambda path=path: by_blocks(path, options.block))
            rows.append((title, f"{pixels / blocks:.0f}", f"{blocks / whole:.2f}"))
        print(table(("read in blocks", "megapixels a processor second", "of one pass"), rows))
        classes = (image > 1000).astype(np.uint8) + 1
        objects = np.kron(
            np.arange(1, (size // 64) ** 2 + 1, dtype=np.int32).reshape(-1, size // 64),
            np.ones((64, 64), np.int32),
        )
        rows = []
        for ending in (".tif", ".ome.zarr"):
            for title, values, labels in (
                ("classes", classes, False),
                ("objects", objects, True),
                ("uncertainty", image.astype(np.float32), False),
            ):
                path = folder / f"{title}{ending}"
                took = seconds(lambda p=path, v=values, is_ids=labels: write(p, v, labels=is_ids))
                rows.append((f"{title}{ending}", f"{pixels / took:.0f}", f"{took:.2f}"))
        print(table(("write, with levels", "megapixels a processor second", "seconds"), rows))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
