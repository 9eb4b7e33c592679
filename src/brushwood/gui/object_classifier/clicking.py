"""Click mode: a click on an object in the image means this object, and napari's tools stay."""

from collections.abc import Callable, Iterator
from typing import Any
from weakref import WeakMethod

import numpy as np
from napari.layers import Labels, Layer
from qtpy.QtCore import QObject, Signal

from brushwood.gui._linking import link_for
from brushwood.gui._scene import NapariScene, full_data, key_of
from brushwood.gui._slots import LayerSlot
from brushwood.session.scene import LayerKey

#: A click moves less than this, screen pixels.
_STILL = 4.0
#: Steps a voxel along a ray through a volume.
_STEPS = 2


class ClickTool(QObject):
    """Listens to clicks while it is on.

    It works while the active layer is in napari's pan-and-zoom mode, where a click has no meaning
    of its own; dragging still pans. When the user takes another tool, click mode ends.

    Signals
    -------
    clicked : (key, label, position)
        The topmost object under the pointer; position as indices into the labels.
    missed : ()
        There was no object.
    ended : ()
        The user took another tool.
    """

    clicked = Signal(str, int, tuple)
    missed = Signal()
    ended = Signal()

    def __init__(self, scene: NapariScene, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._scene = scene
        self._keys: tuple[LayerKey, ...] = ()
        self._is_on = False
        self._mouse = _callback(WeakMethod(self._on_mouse))
        self._mode = LayerSlot(self._on_mode, "mode")

    @property
    def is_on(self) -> bool:
        """Whether clicks are listened to."""
        return self._is_on

    def start(self, keys: tuple[LayerKey, ...]) -> None:
        """Listen to clicks on the objects of these layers, the first of which becomes active."""
        self._keys = keys
        layer = self._scene.layer(next(iter(keys), None))
        if self._is_on or layer is None:
            return
        viewer = self._scene.viewer
        active = viewer.layers.selection.active
        if active is None or key_of(active) not in keys:
            viewer.layers.selection.active = layer
            active = layer
        active.mode = "pan_zoom"
        self._is_on = True
        viewer.mouse_drag_callbacks.append(self._mouse)
        viewer.layers.selection.events.active.connect(self._on_active)
        link_for(viewer).capture(self._swallow)
        self._on_active()

    def stop(self) -> None:
        """Leave clicks to napari again."""
        if not self._is_on:
            return
        self._is_on = False
        self._mode.release()
        if not self._scene.is_alive:
            return
        viewer = self._scene.viewer
        if self._mouse in viewer.mouse_drag_callbacks:
            viewer.mouse_drag_callbacks.remove(self._mouse)
        viewer.layers.selection.events.active.disconnect(self._on_active)
        link_for(viewer).release_capture()

    def _on_active(self, event: object = None) -> None:
        active = self._scene.viewer.layers.selection.active
        if active is None:
            self._mode.release()
            return
        self._mode.bind(active)
        self._on_mode()

    def _on_mode(self, event: object = None) -> None:
        if self._is_on and not _is_free(self._mode.layer):
            self.stop()
            self.ended.emit()

    def _swallow(self, key: LayerKey, label: int, modifiers: frozenset[str]) -> None:
        """Take the click from the link between image and table: it has a meaning here."""

    def _on_mouse(self, viewer: Any, event: Any) -> Iterator[None]:
        if event.button != 1 or event.modifiers or not _is_free(viewer.layers.selection.active):
            return
        start = np.asarray(event.pos, float)
        yield
        while event.type == "mouse_move":
            if np.abs(np.asarray(event.pos, float) - start).max() > _STILL:
                return
            yield
        self._click(event)

    def _click(self, event: Any) -> None:
        ticked = [x for x in self._scene.layers() if key_of(x) in self._keys][::-1]
        # What the user sees comes first; hidden objects under a visible image count as well.
        for layer in sorted(ticked, key=lambda layer: not layer.visible):
            found = object_at(layer, event)
            if found is not None:
                self.clicked.emit(key_of(layer), *found)
                return
        self.missed.emit()


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


def _is_free(layer: Layer | None) -> bool:
    """Whether napari has no use of its own for a click on this layer."""
    return str(getattr(layer, "mode", "pan_zoom")) in {"pan_zoom", "Mode.PAN_ZOOM"}


def _callback(on_mouse: WeakMethod[Any]) -> Callable[[Any, Any], Iterator[None]]:
    def on_drag(viewer: Any, event: Any) -> Iterator[None]:
        callback = on_mouse()
        if callback is not None:
            yield from callback(viewer, event)

    return on_drag
