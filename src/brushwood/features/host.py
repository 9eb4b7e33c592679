"""Filters that run on the host, between the blocks of the device."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from brushwood.arrays import Triple
from brushwood.errors import InputError
from brushwood.features.plan import HostFilter, Plan
from brushwood.opencl import Queue

if TYPE_CHECKING:
    from brushwood.features.compute import FeatureStack

Float32 = npt.NDArray[np.float32]


def host_planes(
    queue: Queue,
    plan: Plan,
    padded: Mapping[str, Float32],
    halo: Triple,
    ndim: int,
    stack: "FeatureStack",
) -> None:
    """Compute the planes of filters in NumPy and write them into a stack."""
    for host in plan.host:
        for channel, pixels in enumerate(padded[host.filter.border]):
            found = _checked(host, _run(host, pixels, halo, ndim), stack.shape)
            rows = np.zeros((host.planes, stack.plane), np.float32)
            z, y, x = stack.shape
            view = rows[:, : z * y * stack.pitch].reshape(host.planes, z, y, stack.pitch)
            view[..., :x] = found
            first = channel * plan.n_planes + host.plane
            queue.write(stack.buffer, rows, first * stack.plane)


def _run(host: HostFilter, pixels: Float32, halo: Triple, ndim: int) -> Float32:
    reach = tuple(map(host.filter.reach, host.scale.smooth))
    cuts = [h - r for h, r in zip(halo[3 - ndim :], reach, strict=True)]
    block = pixels if ndim == 3 else pixels[0]
    inside = tuple(slice(c, n - c) for c, n in zip(cuts, block.shape, strict=True))
    return np.asarray(host.filter.compute(block[inside], host.scale.smooth, reach), np.float32)


def _checked(host: HostFilter, found: Float32, shape: Triple) -> Float32:
    name, expected = host.filter.name, (host.planes, *shape)
    if found.size != np.prod(expected) or found.shape[-2:] != shape[-2:]:
        raise InputError(
            f"The filter {name!r} must return planes of shape {expected}, but returned "
            f"{found.shape}. Report this to the package that provides it."
        )
    return found.reshape(expected)
