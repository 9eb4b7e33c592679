"""Which object lies under the pointer, in planes and in volumes, hidden ones included."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from napari.layers import Labels, Layer

from brushwood.gui._scene import full_data, key_of, note_of

#: Steps a voxel along a ray through a volume.
_STEPS = 2


def is_seen(layer: Layer, layers: Iterable[Layer]) -> bool:
    """Whether the user sees objects: their own layer, or one that shows their classes."""
    key = key_of(layer)
    return layer.visible or any(x.visible and note_of(x).get("objects") == key for x in layers)


def object_at(layer: Labels, event: Any) -> tuple[int, tuple[int, ...]] | None:
    """Return the object under the pointer and where it was hit, None if there is none."""
    data = full_data(layer)
    shape = tuple(int(n) for n in data.shape)
    shown = list(event.dims_displayed)
    if len(shown) == 3 and layer.ndim >= 3:
        return _along_ray(layer, event, data, shape)
    place = np.asarray(layer.world_to_data(event.position), float)
    pixel = tuple(int(p) for p in np.floor(place + 0.5))
    if any(not 0 <= p < n for p, n in zip(pixel, shape, strict=True)):
        return None
    label = int(np.asarray(data[pixel]))
    return (label, pixel) if label > 0 else None


def _along_ray(
    layer: Labels, event: Any, data: Any, shape: tuple[int, ...]
) -> tuple[int, tuple[int, ...]] | None:
    """Return the first object that a ray through a volume meets."""
    missing = len(event.position) - layer.ndim
    axes = [axis - missing for axis in event.dims_displayed]
    near, far = layer.get_ray_intersections(
        list(event.position), event.view_direction, axes, world=True
    )
    if near is None or far is None:
        return None
    near, far = np.asarray(near, float), np.asarray(far, float)
    n = int(np.ceil(np.abs(far - near).max() * _STEPS)) + 1
    line = np.floor(near + np.linspace(0, 1, n)[:, None] * (far - near) + 0.5).astype(int)
    inside = ((line >= 0) & (line < np.asarray(shape))).all(axis=1)
    line = line[inside]
    if not len(line):
        return None
    values = np.asarray([np.asarray(data[tuple(at)]) for at in line])
    hits = np.flatnonzero(values > 0)
    if not hits.size:
        return None
    first = int(hits[0])
    return int(values[first]), tuple(int(p) for p in line[first])
