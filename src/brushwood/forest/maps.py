"""From probability planes on the device to maps on the host: smooth, classify, crop."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.errors import InputError
from brushwood.opencl.launch import Buffer, Program, Queue

Triple = tuple[int, int, int]

#: What `finish` can return.
OUTPUTS = ("classes", "probabilities", "uncertainty")

#: Work-group of every launch, so that a runtime that compiles for each size compiles once.
GROUP = (1, 1, 8)


@dataclass(frozen=True, kw_only=True)
class Window:
    """Where a block of probabilities lies in its image, and which part of it is wanted.

    Attributes
    ----------
    start : (z, y, x)
        First pixel of the block, in the image.
    shape : (Z, Y, X)
        Pixels of the block.
    pitch : int
        Floats from one row to the next.
    image_shape : (Z, Y, X)
    core_start, core_stop : (z, y, x), optional
        The part wanted, in the image; by default the whole block. To be smoothed as if the block
        were the whole image, it needs `margin` pixels of the block (or the image's border) around.
    """

    start: Triple
    shape: Triple
    pitch: int
    image_shape: Triple
    core_start: Triple | None = None
    core_stop: Triple | None = None

    @property
    def core(self) -> tuple[Triple, Triple]:
        """First pixel of the wanted part, in the block, and its shape."""
        first = self.core_start or self.start
        stop = self.core_stop or tuple(a + n for a, n in zip(self.start, self.shape, strict=True))
        offset = tuple(f - a for f, a in zip(first, self.start, strict=True))
        size = tuple(b - f for f, b in zip(first, stop, strict=True))
        good = all(
            o >= 0 and n > 0 and o + n <= s
            for o, n, s in zip(offset, size, self.shape, strict=True)
        )
        if not good:
            raise InputError(
                f"The part {first} to {stop} does not lie in the block at {self.start} of shape "
                f"{self.shape}."
            )
        return offset, size  # type: ignore[return-value]

    @property
    def plane(self) -> int:
        """Floats from one class's plane to the next."""
        return self.shape[0] * self.shape[1] * self.pitch


def margin(sigma: Sequence[float]) -> Triple:
    """Return the pixels beyond the wanted part that smoothing reads, a number an axis (z, y, x)."""
    z, y, x = (int(3 * s + 0.5) if s > 0 else 0 for s in sigma)
    return z, y, x


def class_dtype(classes: npt.NDArray[np.int32]) -> type[np.uint8] | type[np.uint16]:
    """Return the smallest of uint8 and uint16 that holds every class id."""
    return np.uint8 if classes.max() <= 255 else np.uint16


def smooth(
    queue: Queue, probabilities: Buffer, n_classes: int, window: Window, sigma: Sequence[float]
) -> Buffer:
    """Return planes smoothed by a Gaussian cut at 3 σ; the image is mirrored at its borders.

    The weights are normalised, so the sum over the classes stays 1. A core pixel's value does not
    depend on the block, bit for bit. With every σ zero the planes themselves come back.
    """
    planes = [probabilities, None, None]
    for axis, s, radius in zip(
        (2, 1, 0), reversed(list(sigma)), reversed(margin(sigma)), strict=True
    ):
        if radius == 0:
            continue
        spare = planes.pop(1)
        target = queue.allocate(n_classes * window.plane) if spare is None else spare
        _smooth_axis(queue, planes[0], target, n_classes, window, axis, s, radius)
        # The caller's planes are left alone; our own are used in turn.
        spent = planes[0]
        planes = [target, spent if spent is not probabilities else None, None]
    return planes[0]


def _smooth_axis(
    queue: Queue,
    source: Buffer,
    target: Buffer,
    n_classes: int,
    window: Window,
    axis: int,
    sigma: float,
    radius: int,
) -> None:
    """Smooth along one axis."""
    tail = np.exp(-0.5 * (np.arange(radius + 1) / sigma) ** 2)
    weights = queue.upload((tail / (tail[0] + 2 * tail[1:].sum())).astype(np.float32))
    vector = queue.device.vector_width
    program = Program.load("maps.cl", VEC=vector, WIDE_IDS=0)
    (depth, height, _), pitch = window.shape, window.pitch
    place: dict[str, Any] = {
        "size": window.shape[axis],
        "start": window.start[axis],
        "image": window.image_shape[axis],
    }
    common: dict[str, Any] = {"src": source, "dst": target, "w": weights, "radius": radius}
    if axis == 2:
        size = (1, n_classes * depth * height, _whole_groups(pitch // vector))
        queue.launch(program, "smooth_x", size, GROUP, **common, pitch=pitch, **place)
        return
    step, outer = (pitch, n_classes * depth) if axis == 1 else (height * pitch, n_classes)
    size = (outer, window.shape[axis], _whole_groups(step // vector))
    queue.launch(program, "smooth_across", size, GROUP, **common, step=step, **place)


def _whole_groups(items: int) -> int:
    return -(-items // GROUP[2]) * GROUP[2]


def finish(
    queue: Queue,
    probabilities: Buffer,
    classes: npt.NDArray[np.int32],
    window: Window,
    *,
    sigma: Sequence[float] = (0.0, 0.0, 0.0),
    outputs: Collection[str] = ("classes",),
) -> dict[str, npt.NDArray[Any]]:
    """Smooth a block's probabilities and return the maps of its wanted part, on the host.

    Parameters
    ----------
    queue : Queue
    probabilities : Buffer
        float32 (class, Z * Y * pitch), as `ForestEvaluator.probabilities` returns. Not changed.
    classes : int32 (class,)
        Class ids, ascending.
    window : Window
    sigma : (z, y, x)
        Smoothing of the probabilities in pixels; 0 leaves an axis alone.
    outputs : collection of str
        Any of ``"classes"`` (uint8 or uint16 class ids (Z, Y, X); ties go to the lowest id, NaN
        never wins), ``"probabilities"`` (float32 (class, Z, Y, X)) and ``"uncertainty"`` (float32
        (Z, Y, X), the entropy divided by the logarithm of the number of classes).

    Returns
    -------
    dict of str to ndarray

    Raises
    ------
    InputError
        If an output is not known, or the wanted part does not lie in the block.
    """
    unknown = sorted(set(outputs) - set(OUTPUTS))
    if unknown:
        raise InputError(f"Unknown outputs: {', '.join(unknown)}. Known: {', '.join(OUTPUTS)}.")
    n_classes, size = len(classes), window.core[1]
    planes = smooth(queue, probabilities, n_classes, window, sigma)
    waiting: dict[str, Buffer] = {}
    if "classes" in outputs:
        out = queue.allocate(math.prod(size), class_dtype(classes))
        ids = queue.upload(classes.astype(np.int32))
        waiting["classes"] = _reduce(queue, "best_class", planes, n_classes, window, out, ids=ids)
    if "probabilities" in outputs:
        out = queue.allocate(n_classes * math.prod(size))
        waiting["probabilities"] = _reduce(queue, "crop", planes, n_classes, window, out)
    if "uncertainty" in outputs:
        out = queue.allocate(math.prod(size))
        scale = 1.0 / math.log(max(n_classes, 2))
        waiting["uncertainty"] = _reduce(
            queue, "entropy", planes, n_classes, window, out, scale=scale
        )
    shapes = {"probabilities": (n_classes, *size)}
    return {
        name: queue.download(buffer).reshape(shapes.get(name, size))
        for name, buffer in waiting.items()
    }


def _reduce(
    queue: Queue,
    kernel: str,
    planes: Buffer,
    n_classes: int,
    window: Window,
    out: Buffer,
    **last: Any,
) -> Buffer:
    """Run a kernel over the wanted part's pixels and return `out`."""
    offset, size = window.core
    vector = queue.device.vector_width
    source: dict[str, Any] = {
        "src": planes,
        "classes": n_classes,
        "plane": window.plane,
        "rows": window.shape[1],
        "pitch": window.pitch,
        "z0": offset[0],
        "y0": offset[1],
        "x0": offset[2],
        "width": size[2],
        "size": math.prod(size),
        "out": out,
    }
    program = Program.load("maps.cl", VEC=vector, WIDE_IDS=int(out.dtype == np.uint16))
    items = (size[0], size[1], _whole_groups(-(-size[2] // vector)))
    queue.launch(program, kernel, items, GROUP, **source, **last)
    return out
