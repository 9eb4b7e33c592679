"""One feature of what is in view, and what a feature set costs, measured."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.blocks import Block
from brushwood.features.spec import Feature, FeatureSet
from brushwood.jobs import Job
from brushwood.opencl import choose_device
from brushwood.session.live import device_wish
from brushwood.session.scene import LayerKey
from brushwood.session.work import Frame, ImageInput

#: Pixels on which a feature set is timed, for planes and for stacks.
_TIMED = {2: (512, 512), 3: (16, 128, 128)}


@dataclass(frozen=True, eq=False, slots=True)
class FeatureView:
    """A feature of a box of an image.

    Attributes
    ----------
    index : tuple
        Where `values` belong in an array of shape (…frames, space).
    limits : (float, float)
        Range that shows it well.
    """

    image_key: LayerKey
    feature: str
    index: tuple[Any, ...]
    values: npt.NDArray[np.float32]
    limits: tuple[float, float]


#: Most pixels along (z, y, x) that are previewed, so that a zoomed-out pyramid stays quick.
_MOST = (32, 2048, 2048)


def middle_of(
    start: tuple[int, ...], stop: tuple[int, ...], ndim: int
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Cut a box along (…frames, space) to its middle: one frame, and what is quick to compute."""
    most = (1,) * (len(start) - ndim) + _MOST[-ndim:]
    sizes = [min(b - a, m) for a, b, m in zip(start, stop, most, strict=True)]
    low = tuple(a + (b - a - n) // 2 for a, b, n in zip(start, stop, sizes, strict=True))
    return low, tuple(a + n for a, n in zip(low, sizes, strict=True))


def planes_of(feature: Feature, units: Any, ndim: int, n_channels: int) -> tuple[str, ...]:
    """Return the names of the planes that one feature brings."""
    return FeatureSet((feature,), units).names(ndim, n_channels)


def feature_of(
    image: ImageInput,
    feature: Feature,
    plane: str,
    units: Any,
    start: tuple[int, ...],
    stop: tuple[int, ...],
    device: str | None,
    job: Job,
) -> FeatureView:
    """Compute one plane of a feature for a box of an image.

    Parameters
    ----------
    feature : Feature
    plane : str
        One of `planes_of`.
    start, stop : tuple of int
        Box along (…frames, space); one position along each frame axis.
    """
    source = image.source
    features = FeatureSet((feature,), units)
    spacing = image.spacing if units == "world" else None
    n, ndim = len(source.frames), source.ndim
    frame: Frame = tuple(start[:n])
    pad = (0,) * (3 - ndim)
    low, high = pad + tuple(start[n:]), (1,) * (3 - ndim) + tuple(stop[n:])
    block = Block((low[0], low[1], low[2]), (high[0], high[1], high[2]))
    outer = block.grown(features.halo(ndim, spacing), source.shape3)
    pixels = source.read(frame, outer.start, outer.stop).astype(np.float32)
    job.checkpoint()
    stack = features.compute(
        pixels if ndim == 3 else pixels[:, 0],
        channel_axis=0,
        spacing=spacing,
        ndim=ndim,
        device=choose_device(device_wish(device)),
        job=job,
    )
    number = features.names(ndim, source.n_channels).index(plane)
    values = stack[number][block.within(outer)[-ndim:]]
    finite = values[np.isfinite(values)]
    low_value, high_value = np.percentile(finite, (0.5, 99.5)) if finite.size else (0.0, 1.0)
    if high_value <= low_value:
        high_value = low_value + 1
    box = tuple(slice(a, b) for a, b in zip(block.start, block.stop, strict=True))
    return FeatureView(
        image.keys[0], plane, (*frame, *box[-ndim:]), values, (float(low_value), float(high_value))
    )


def seconds_a_megapixel(
    features: FeatureSet, ndim: int, n_channels: int, device: str | None, job: Job
) -> float:
    """Time a feature set on this device; the first run, which builds kernels, does not count."""
    chosen = choose_device(device_wish(device))
    shape = _TIMED[ndim]
    noise = np.random.default_rng(0).random((n_channels, *shape), np.float32)
    spacing = (1.0,) * ndim if features.units == "world" else None
    seconds = 0.0
    for _ in range(2):
        job.checkpoint()
        start = time.perf_counter()
        features.compute(noise, channel_axis=0, spacing=spacing, ndim=ndim, device=chosen, job=job)
        seconds = time.perf_counter() - start
    return seconds * 1e6 / float(np.prod(shape))
