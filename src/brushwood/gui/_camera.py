"""Take the camera and the sliders to a place in a layer."""

from typing import Any

import numpy as np
from napari.layers import Layer

from brushwood.session.locating import Place

#: Screen pixels: a smaller object is enlarged, a larger one is made to fit.
_SMALLEST, _LARGEST = 24.0, 700.0
#: How large it is then.
_WANTED = 160.0


def camera_of(viewer: Any) -> Any:
    """Return the camera, which moved to ``viewer.scene`` in napari 0.9."""
    return viewer.scene.camera if hasattr(viewer, "scene") else viewer.camera


def look_at(viewer: Any, layer: Layer, place: Place) -> None:
    """Show a place in the middle of the canvas, in its plane and frame.

    The zoom stays, unless the object would be too small to see or larger than the canvas.
    """
    dims, camera = viewer.dims, camera_of(viewer)
    world = np.asarray(layer.data_to_world(place.center), float)
    missing = dims.ndim - len(world)
    for axis in dims.not_displayed:
        if axis >= missing:
            dims.set_point(axis, float(world[axis - missing]))
    shown = [axis - missing for axis in dims.displayed if axis >= missing]
    center = [float(world[axis]) for axis in shown]
    camera.center = tuple([0.0] * (3 - len(center)) + center)
    size = float(max(place.size[axis] * abs(float(layer.scale[axis])) for axis in shown))
    on_screen = size * float(camera.zoom)
    if size > 0 and not _SMALLEST <= on_screen <= _LARGEST:
        camera.zoom = _WANTED / size
