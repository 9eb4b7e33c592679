"""Peak memory of the whole chain on images larger than it: ``bench_chain_memory.py``.

Pixels, objects and measurements of a plane of 16384 x 16384 and of a stack of 256 x 2048 x 2048,
OME-Zarr to OME-Zarr; each process must stay below 1.5 GB. ``--part 0.25`` takes a quarter of each
side of the plane, and of the stack's height and width.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
from common import cells, machine, strokes, versions
from scipy import ndimage

from brushwood.batch.recipe import Recipe
from brushwood.batch.steps import MeasureStep, ObjectStep, PixelStep
from brushwood.io.images import create_image
from brushwood.pixels.classifier import PixelClassifier

SHAPES = {"plane": (16384, 16384), "stack": (256, 2048, 2048)}
PIECE = {2: (1024, 1024), 3: (64, 256, 256)}
LIMIT = 1.5e9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--what", choices=(*SHAPES, "both"), default="both")
    parser.add_argument("--part", type=float, default=1.0, help="of each side in the plane")
    parser.add_argument(
        "--crowded", action="store_true", help="a stack whose nuclei run into one that spans it"
    )
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--processes", action="store_true")
    parser.add_argument("--folder", help="for the files; needs some gigabytes")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(Path(options.work), options)
        return
    print(f"{machine()}; {versions('napari-brushwood', 'zarr', 'numpy')}", flush=True)
    for what in SHAPES if options.what == "both" else (options.what,):
        shape = SHAPES[what]
        shape = (*shape[:-2], *(int(n * options.part) for n in shape[-2:]))
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            prepare(Path(folder), shape, options.crowded)
            # A process of its own: making the image must not count.
            command = [sys.executable, __file__, "--work", folder, *sys.argv[1:]]
            subprocess.run(command, check=True)


def prepare(folder: Path, shape: tuple[int, ...], crowded: bool) -> None:
    """Write an image of many pieces, each at another exposure, a model and a recipe."""
    rng = np.random.default_rng(0)
    piece = cells(PIECE[2]) if len(shape) == 2 else nuclei(PIECE[3], 20000 if crowded else 40000)
    marks = strokes(piece) if len(shape) == 2 else blob_marks(piece)
    model = PixelClassifier().fit(piece, marks)
    model.save(folder / "model.brushwood")
    axes = "zyx"[-len(shape) :]
    scale = dict.fromkeys(axes, 0.5)
    with create_image(folder / "image.ome.zarr", shape, piece.dtype, axes, scale, "um") as out:
        for corner in np.ndindex(*(-(-n // m) for n, m in zip(shape, piece.shape, strict=True))):
            box = tuple(
                slice(i * m, min((i + 1) * m, n))
                for i, m, n in zip(corner, piece.shape, shape, strict=True)
            )
            values = piece[tuple(slice(s.stop - s.start) for s in box)]
            out[box] = (values * rng.uniform(0.8, 1.2)).astype(piece.dtype)
    Recipe(
        PixelStep(str(folder / "model.brushwood")),
        ObjectStep(foreground=(2,)),
        MeasureStep(),
        outputs=("classes", "objects", "table"),
        image_format="ome-zarr",
        table_format="parquet",
    ).save(folder / "recipe.json")


def nuclei(shape: tuple[int, ...], room: int) -> npt.NDArray[np.uint16]:
    """Return a stack of bright blobs, one in so many voxels."""
    rng = np.random.default_rng(0)
    size = int(np.prod(shape))
    spots = np.zeros(shape, np.float32)
    flat = rng.choice(size, size=size // room, replace=False)
    spots.reshape(-1)[flat] = rng.uniform(0.7, 1.3, flat.size)
    signal = ndimage.gaussian_filter(spots, 4.0, mode="wrap") * 4.0**3
    return rng.poisson(80 + 1500 * signal).astype(np.uint16)


def blob_marks(image: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint8]:
    """Annotate single pixels: 1 for what is clearly dark, 2 for what is clearly bright."""
    rng = np.random.default_rng(1)
    smooth = ndimage.gaussian_filter(image.astype(np.float32), 2)
    out = np.where(smooth > 115, 2, np.where(smooth < 90, 1, 0)).astype(np.uint8)
    for class_id in (1, 2):
        places = np.flatnonzero(out == class_id)
        out.reshape(-1)[rng.permutation(places)[1500:]] = 0
    return out


def work(folder: Path, options: argparse.Namespace) -> None:
    """Do the chain; print seconds, and the peak of this process and of each of its workers."""
    import brushwood as bw

    watch = Watch()
    before, told = watch.peaks(), Stages()
    begin = time.perf_counter()
    report = bw.batch.run(
        folder / "recipe.json",
        folder / "image.ome.zarr",
        folder / "out",
        workers=options.workers,
        processes=options.processes,
        on_event=told,
    )
    seconds = time.perf_counter() - begin
    peaks = watch.end()
    (file,) = report.files
    if file.state != "done":
        raise SystemExit(f"{file.state}: {file.why}")
    shape = json.loads((folder / "image.ome.zarr" / "0" / "zarr.json").read_text())["shape"]
    mega = np.prod(shape) / 1e6
    kind = "processes" if options.processes else "threads"
    print(
        f"{' x '.join(map(str, shape))}, {options.workers} worker(s) ({kind}): {seconds:.1f} s, "
        f"{mega / seconds:.2f} Mpixel/s, {dict(file.counts)}"
    )
    for message, peak in told.peaks.items():
        print(f"  {peak / 1e9:.2f} GB  until {message!r}")
    print(
        f"peak memory {', '.join(f'{p / 1e9:.2f}' for p in peaks)} GB (a process each), of which "
        f"{before[0] / 1e9:.2f} GB were there before; the limit is {LIMIT / 1e9:.1f} GB: "
        f"{'kept' if max(peaks) < LIMIT else 'BROKEN'}",
        flush=True,
    )


class Stages:
    """Notes the peak of this process at each message of the run."""

    def __init__(self) -> None:
        self.peaks: dict[str, int] = {}

    def __call__(self, event: object) -> None:
        """Note the peak at an event that has a message."""
        message = getattr(event, "message", "")
        if message:
            self.peaks[message] = high_water("self")


class Watch:
    """Looks at the peaks of this process and its children until the end; Linux."""

    def __init__(self) -> None:
        self._found: dict[str, int] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def peaks(self) -> list[int]:
        """Return the peaks so far, this process first."""
        self._note()
        return [self._found["self"], *(v for k, v in self._found.items() if k != "self")]

    def end(self) -> list[int]:
        """Stop looking and return the peaks."""
        self._stop.set()
        self._thread.join()
        return self.peaks()

    def _look(self) -> None:
        while not self._stop.wait(0.2):
            self._note()

    def _note(self) -> None:
        self._found["self"] = high_water("self")
        for task in Path("/proc/self/task").iterdir():
            for pid in (task / "children").read_text("ascii").split():
                self._found[pid] = max(self._found.get(pid, 0), high_water(pid))


def high_water(pid: str) -> int:
    """Return the largest resident set of a process so far, bytes; 0 if it is gone."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


if __name__ == "__main__":
    main()
