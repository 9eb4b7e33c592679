"""The features of a whole image, on the host."""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.arrays import AnyArray, ImageSource, Triple, clipped, pad_region
from brushwood.blocks import Block, choose_block_size, iter_blocks
from brushwood.errors import InputError
from brushwood.features import reference
from brushwood.features.compute import FeatureEngine
from brushwood.features.filters import ArrayFilter
from brushwood.features.spec import FeatureSet
from brushwood.jobs import IDLE, Job
from brushwood.opencl import Device, choose_device, lease
from brushwood.opencl.device import budget_bytes

#: Planes of intermediate results beside those of the stack, generously.
_SCRATCH_PLANES = 16


def compute(
    features: FeatureSet,
    image: Any,
    *,
    channel_axis: int | None = None,
    spacing: Sequence[float] | None = None,
    ndim: int | None = None,
    device: Device | None = None,
    block: Sequence[int] | None = None,
    job: Job = IDLE,
) -> npt.NDArray[np.float32]:
    """Compute the features of an image; intensities are taken as they are.

    Parameters
    ----------
    features : FeatureSet
    image : array-like, shape (…, Y, X) or (…, Z, Y, X), with an axis of channels anywhere
        NumPy, dask or zarr, of booleans, integers or floats up to 64 bits. It is read block by
        block.
    channel_axis : int, optional
        Axis of the channels. Default: one channel.
    spacing : sequence of float, optional
        Pixel size along each spatial axis; see `brushwood.features.scale.scale_of`.
    ndim : {2, 3}, optional
        Spatial dimensions; axes before them are frames. Default: at most 3 of the axes.
    device : Device, optional
        Default: the best there is.
    block : sequence of int, optional
        Pixels of a block along (Y, X) or (Z, Y, X). The result does not depend on it.
    job : Job
        Asked once a block.

    Returns
    -------
    ndarray of float32, shape (feature, …frames, Y, X) or (feature, …frames, Z, Y, X)
        In the order of `FeatureSet.names`.

    Raises
    ------
    InputError
        If the image is empty, or holds NaN or infinity.
    NoDeviceError
        If there is no OpenCL device.
    """
    source = ImageSource.of(image, channel_axis=channel_axis, ndim=ndim)
    device = device or choose_device()
    engine = FeatureEngine(features, source.ndim, source.n_channels, spacing, device)
    gains = response_to_one(features, source.ndim, spacing)
    shape = source.shape3
    size = _block_size(engine, shape, block)
    out = np.empty((engine.n_planes, *source.frames, *shape), np.float32)
    done, total = 0, prod(source.frames) * prod(shape)
    for frame in source.iter_frames():
        level = _level(source, frame) * (gains is not None)
        shift = None if gains is None else np.outer(level, gains).ravel().tolist()
        for box in iter_blocks(shape, size):
            job.checkpoint(done / total, "Computing features")
            where: tuple[Any, ...] = (slice(None), *frame, *box.slices)
            target = out[where]
            pixels, padded = _read(source, frame, box, engine, level)
            with lease(device) as queue:
                stack = engine.compute(queue, padded, box.start, shape)
                stack.to_numpy(queue, target, shift)
            _copy_original(features, source.ndim, pixels, target)
            done += box.n_pixels
    return out.reshape(engine.n_planes, *source.frames, *source.shape)


def response_to_one(
    features: FeatureSet, ndim: int, spacing: Sequence[float] | None
) -> npt.NDArray[np.float64] | None:
    """Return what each plane becomes where the image is 1, if c more makes it c times that more.

    Then a constant may be taken from the image before filtering, where float32 has no digits to
    spare for it, and given back to the features after. None if a feature does not work so.
    """
    if any(isinstance(filter_, ArrayFilter) for filter_, _ in features.scales(ndim, spacing)):
        return None
    gains = reference.compute(features, np.ones((1,) * ndim), spacing).reshape(-1)
    first = 0
    for filter_, _ in features.scales(ndim, spacing):
        planes = gains[first : first + filter_.planes(ndim)]
        if np.ptp(planes) > 1e-9 * np.abs(planes).max():
            return None  # a Hessian whose axes differ in σ: its eigenvalues mix
        first += len(planes)
    return gains


def _level(source: ImageSource, frame: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """Return the value of each channel's middle pixel, which no blocking changes."""
    middle = [n // 2 for n in source.shape3]
    pixel = source.read(frame, middle, [m + 1 for m in middle])
    return pixel.reshape(source.n_channels).astype(np.float64)


def _block_size(engine: FeatureEngine, shape: Triple, block: Sequence[int] | None) -> Triple:
    if block is None:
        bytes_per_pixel = 4.0 * (engine.n_planes + _SCRATCH_PLANES)
        budget = budget_bytes(engine.device) / 4
        return choose_block_size(shape, engine.halo, bytes_per_pixel, budget, engine.device.kind)
    if len(block) != engine.ndim or min(block) < 1:
        raise InputError(
            f"A block must be {engine.ndim} positive numbers of pixels, but {tuple(block)} came."
        )
    z, y, x = (1,) * (3 - engine.ndim) + tuple(map(int, block))
    return z, y, x


def _read(
    source: ImageSource,
    frame: tuple[int, ...],
    box: Block,
    engine: FeatureEngine,
    level: npt.NDArray[np.float64],
) -> tuple[AnyArray, dict[str, npt.NDArray[np.float32]]]:
    """Read a block; return its pixels, and those with the halo, less `level`."""
    low, high = clipped(box.start, box.stop, engine.halo, source.shape3)
    stored = source.read(frame, low, high)
    # Differences of these types are exact, or nearly so, in float32.
    narrow = stored.dtype.kind == "b" or stored.dtype.itemsize < 4 or stored.dtype == np.float32
    kind: type[np.floating[Any]] = np.float32 if narrow else np.float64
    with np.errstate(over="ignore", invalid="ignore"):  # not finite: refused below
        pixels = stored.astype(kind) - level.astype(kind)[:, None, None, None]
        pixels = pixels.astype(np.float32)
        # A sum is finite only if all are, and much cheaper than testing each.
        finite = np.isfinite(pixels.sum(dtype=np.float64) + level.astype(np.float32).sum())
    if not finite:
        raise InputError(
            "The image holds NaN or infinity, or values too large for float32. Replace them "
            "first, for example with numpy.nan_to_num."
        )
    args = pixels, low, box.start, box.stop, engine.halo, source.shape3
    padded: dict[str, npt.NDArray[np.float32]] = {b: pad_region(*args, b) for b in engine.borders}
    return stored[(slice(None), *box.within(Block(low, high)))], padded


def _copy_original(
    features: FeatureSet, ndim: int, pixels: AnyArray, out: npt.NDArray[np.float32]
) -> None:
    """Write the pixels themselves, which taking and giving back a constant has rounded."""
    names = features.names(ndim)
    if "original" in names:
        out[names.index("original") :: len(out) // len(pixels)] = pixels
