"""What the benchmarks share: a synthetic image, interleaved timing, machine and table as text."""

import importlib.metadata
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage


def cells(shape: tuple[int, ...], seed: int = 0) -> npt.NDArray[np.uint16]:
    """Return blurred blobs on an uneven background with photon noise, as a camera sees them."""
    rng = np.random.default_rng(seed)
    size = int(np.prod(shape))
    spots = np.zeros(shape, np.float32)
    flat = rng.choice(size, size=max(size // 900, 4), replace=False)
    spots.reshape(-1)[flat] = rng.uniform(0.5, 1.5, flat.size)
    signal = sum(
        ndimage.gaussian_filter(spots, s, mode="wrap") * s ** len(shape) for s in (3.0, 5.0)
    )
    ramp = np.linspace(0.5, 1.5, shape[-1], dtype=np.float32)
    return rng.poisson(80 * ramp + 25 * signal).astype(np.uint16)


def strokes(image: npt.NDArray[Any], n_pixels: int = 3000, seed: int = 1) -> npt.NDArray[np.uint8]:
    """Annotate `n_pixels` pixels in short horizontal strokes: 1 for dark, 2 for bright places."""
    rng = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(image.astype(np.float32), 2)
    low, high = np.quantile(smooth, (0.5, 0.9))
    out = np.zeros(image.shape, np.uint8)
    length = 20
    for class_id, fits in ((1, smooth < low), (2, smooth > high)):
        rows = np.argwhere(fits[..., :-length])
        for start in rng.choice(rows, size=max(n_pixels // (2 * length), 1), replace=False):
            line = (*start[:-1], slice(start[-1], start[-1] + length))
            out[line] = np.where(fits[line], class_id, out[line])
    return out


def interleave(
    runs: Mapping[str, Callable[[], Any]], repeats: int
) -> tuple[dict[str, list[float]], dict[str, float]]:
    """Time every run `repeats` times in turn, after one call each that is timed apart.

    Returns
    -------
    seconds : dict of list of float
        One list of `repeats` times a run.
    first : dict of float
        Seconds of the first call, in which kernels are compiled.
    """

    def seconds(run: Callable[[], Any]) -> float:
        start = time.perf_counter()
        run()
        return time.perf_counter() - start

    first = {name: seconds(run) for name, run in runs.items()}
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            times[name].append(seconds(run))
    return times, first


def median(values: Sequence[float]) -> float:
    """Return the median."""
    return statistics.median(values)


def machine() -> str:
    """Describe processor, cores, memory and system in one line."""
    cpu = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            cpu = next(line.split(":", 1)[1].strip() for line in file if "model name" in line)
    except (OSError, StopIteration):
        pass
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{cpu}, {cores} cores, {memory:.0f} GiB, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}"
    )


def versions(*names: str) -> str:
    """List the installed versions of distributions."""
    found = []
    for name in names:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            found.append(f"{name} (not installed)")
    return ", ".join(found)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Format a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
