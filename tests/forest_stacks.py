"""A stand-in for `brushwood.features`: rows of features as a stack on a device."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from brushwood.forest import Forest, ForestEvaluator
from brushwood.opencl import Device, Queue, devices, lease


@dataclass(frozen=True)
class Stack:
    """The fields of `FeatureStack` that forests read."""

    buffer: Any
    n_planes: int
    shape: tuple[int, int, int]
    pitch: int
    plane: int


def all_devices() -> list[Device]:
    """Every device there is, and the first one as if it were a GPU (one pixel a work-item)."""
    found = devices()
    return [*found, replace(found[0], kind="gpu")] if found else []


def name_of(device: Device) -> str:
    """Return a short name for a test's id."""
    return f"{device.kind}-{device.index}"


def upload(queue: Queue, planes: np.ndarray) -> Stack:
    """Upload features (plane, Z, Y, X); what lies beyond a row's end is NaN."""
    n, z, y, x = planes.shape
    pitch = -(-x // 16) * 16
    plane = z * y * pitch + 32
    host = np.full(n * plane + 64, np.nan, np.float32)
    rows = host[: n * plane].reshape(n, plane)[:, : z * y * pitch].reshape(n, z, y, pitch)
    rows[..., :x] = planes
    return Stack(queue.upload(host), n, (z, y, x), pitch, plane)


def evaluate(forest: Forest, device: Device, planes: np.ndarray) -> np.ndarray:
    """Return the device's probabilities (class, Z, Y, X)."""
    with lease(device) as queue:
        stack = upload(queue, planes)
        flat = queue.download(ForestEvaluator(forest, device).probabilities(queue, stack))
    z, y, x = stack.shape
    return flat.reshape(forest.n_classes, z, y, stack.pitch)[..., :x]
