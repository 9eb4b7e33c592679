"""Click mode: a click on an object in the image means this object, and napari's tools stay."""

from collections.abc import Callable, Iterator
from typing import Any
from weakref import WeakMethod

import numpy as np
from napari.layers import Layer
from qtpy.QtCore import QObject, Signal

from brushwood.gui._linking import link_for
from brushwood.gui._picking import object_at
from brushwood.gui._scene import NapariScene, key_of
from brushwood.gui._slots import LayerSlot
from brushwood.session.scene import LayerKey

#: A click moves less than this, screen pixels.
_STILL = 4.0


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


def _is_free(layer: Layer | None) -> bool:
    """Whether napari has no use of its own for a click on this layer."""
    return str(getattr(layer, "mode", "pan_zoom")) in {"pan_zoom", "Mode.PAN_ZOOM"}


def _callback(on_mouse: WeakMethod[Any]) -> Callable[[Any, Any], Iterator[None]]:
    def on_drag(viewer: Any, event: Any) -> Iterator[None]:
        callback = on_mouse()
        if callback is not None:
            yield from callback(viewer, event)

    return on_drag
