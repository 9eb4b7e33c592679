"""The features of a whole image, on the host."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.arrays import Border, ImageSource, Triple
from brushwood.blocks import Block, choose_block_size, iter_blocks
from brushwood.errors import InputError
from brushwood.features.compute import FeatureEngine
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
    shape = source.shape3
    size = _block_size(engine, shape, block)
    out = np.empty((engine.n_planes, *source.frames, *shape), np.float32)
    blocks = [(f, b) for f in source.iter_frames() for b in iter_blocks(shape, size)]
    for done, (frame, box) in enumerate(blocks):
        job.checkpoint(done / len(blocks), "Computing features")
        padded: dict[str, npt.NDArray[np.float32]] = {
            b: _read(source, frame, box, engine.halo, b) for b in engine.borders
        }
        with lease(device) as queue:
            stack = engine.compute(queue, padded, box.start, shape)
            where: tuple[Any, ...] = (slice(None), *frame, *box.slices)
            stack.to_numpy(queue, out[where])
    return out.reshape(engine.n_planes, *source.frames, *source.shape)


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
    source: ImageSource, frame: tuple[int, ...], box: Block, halo: Triple, border: Border
) -> npt.NDArray[np.float32]:
    with np.errstate(over="ignore"):  # becomes infinity, which is refused below
        pixels = source.read_padded(frame, box.start, box.stop, halo, border)
    # A sum is finite only if all are, and much cheaper than testing each.
    if not np.isfinite(pixels.sum(dtype=np.float64)):
        raise InputError(
            "The image holds NaN or infinity, or values too large for float32. Replace them "
            "first, for example with numpy.nan_to_num."
        )
    return pixels
