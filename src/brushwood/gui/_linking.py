"""Link image, table and plot: a click selects, a selection is outlined, the camera goes there.

One link a viewer. Widgets that show objects join it for as long as they are open::

    link = link_for(viewer)
    link.join(self, key_of(layer))     # clicks in this layer select, selections are outlined
    link.session.selection.events.selected.connect(self._on_selected)
    ...
    link.leave(self)

A widget that gives clicks another meaning, as classifying does, captures them meanwhile.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from weakref import WeakKeyDictionary, WeakMethod

import numpy as np
from napari.layers import Labels
from qtpy.QtCore import QObject, QTimer, Signal

from brushwood.gui._camera import camera_of, look_at
from brushwood.gui._highlight import Highlight
from brushwood.gui._picking import is_seen, object_at
from brushwood.gui._scene import NapariScene, full_data, key_of, session_for, unwrapped
from brushwood.gui._slots import LayerSlot
from brushwood.gui._tasks import TaskRunner
from brushwood.jobs import Job
from brushwood.session.locating import Place, find_label
from brushwood.session.scene import LayerKey
from brushwood.session.selection import Selected

#: A click moves less than this, screen pixels.
_STILL = 4.0
_ZOOM_MS = 150
#: Events of a labels layer after which outlines are drawn again.
_REDRAWN = ("paint", "set_data", "data", "scale", "translate", "rotate", "shear", "affine", "units")

#: Takes the layer's key, the label that was clicked (0 for background) and keyboard modifiers.
Capture = Callable[[LayerKey, int, frozenset[str]], None]


class ObjectLink(QObject):
    """Selects objects by clicks in the image, outlines what is selected, and goes there.

    Signals
    -------
    missing : (int)
        The object to go to is not in the labels any longer.
    """

    missing = Signal(int)

    def __init__(self, viewer: Any) -> None:
        super().__init__()
        self.session = session_for(viewer)
        self._scene = NapariScene(viewer)
        self._members: WeakKeyDictionary[Any, LayerKey] = WeakKeyDictionary()
        self._step: tuple[Any, ...] = ()
        self._slots: dict[LayerKey, tuple[LayerSlot, LayerSlot]] = {}
        self._labels: dict[LayerKey, int] = {}
        self._capture: WeakMethod[Any] | None = None
        self._quiet = False
        self._mouse = _mouse_callback(WeakMethod(self._on_mouse))
        self.highlight = Highlight(self._scene)
        self._finder = TaskRunner(self)
        self._finder.succeeded.connect(self._on_found)
        self._zoom = QTimer(self, singleShot=True, interval=_ZOOM_MS)
        self._zoom.timeout.connect(self.highlight.rescale)
        self._redraw = QTimer(self, singleShot=True, interval=0)
        self._redraw.timeout.connect(self.highlight.refresh)

    def join(self, member: QObject, layer: LayerKey | None) -> None:
        """Follow a layer on behalf of a widget, instead of the one that it had before."""
        was_alone = not self._members
        if layer is None:
            self._members.pop(member, None)
        else:
            self._members[member] = layer
        if was_alone and self._members:
            self._start()
        elif not was_alone and not self._members:
            self._stop()
        self._bind()

    def leave(self, member: QObject) -> None:
        """Stop following on behalf of a widget; with the last one the outlines go."""
        self.join(member, None)

    def capture(self, callback: Capture) -> None:
        """Give clicks to a bound method, held weakly, instead of selecting."""
        self._capture = WeakMethod(callback)

    def release_capture(self) -> None:
        """Let clicks select again."""
        self._capture = None

    def go_to(
        self,
        layer: LayerKey,
        label: int,
        place: Place | None = None,
        frame: Sequence[int] = (),
    ) -> None:
        """Move camera and sliders to an object.

        Parameters
        ----------
        place : Place, optional
            Where it is; without, it is looked for in the labels, outside the GUI thread.
        frame : sequence of int
            Position along the first axes where it is looked for first.
        """
        objects = self._scene.layer(layer)
        if objects is None:
            return
        if place is not None:
            look_at(self._scene.viewer, objects, place)
            return
        data = full_data(objects)

        def work(job: Job, publish: Callable[[object], None]) -> tuple[str, int, Place | None]:
            found = find_label(data, label, frame, job) if len(frame) else None
            return layer, label, found or find_label(data, label, (), job)

        self._finder.submit(work)

    def _start(self) -> None:
        viewer = self._scene.viewer
        viewer.mouse_drag_callbacks.append(self._mouse)
        self.session.selection.events.selected.connect(self._on_selected)
        viewer.layers.events.removed.connect(self._on_removed)
        camera_of(viewer).events.zoom.connect(self._on_zoom)
        self._on_selected(self.session.selection.selected)

    def _stop(self) -> None:
        self._finder.drop()
        self._zoom.stop()
        self._redraw.stop()
        self.session.selection.events.selected.disconnect(self._on_selected)
        if not self._scene.is_alive:
            return
        viewer = self._scene.viewer
        if self._mouse in viewer.mouse_drag_callbacks:
            viewer.mouse_drag_callbacks.remove(self._mouse)
        viewer.layers.events.removed.disconnect(self._on_removed)
        camera_of(viewer).events.zoom.disconnect(self._on_zoom)
        self._quiet = True
        self.highlight.remove()
        self._quiet = False

    def _bind(self) -> None:
        wanted = set(self._members.values())
        for key in set(self._slots) - wanted:
            for slot in self._slots.pop(key):
                slot.release()
        for key in wanted - set(self._slots):
            layer = self._scene.layer(key)
            if layer is not None:
                picks = LayerSlot(self._on_label, "selected_label")
                pixels = LayerSlot(self._on_pixels, *_REDRAWN)
                picks.bind(layer)
                pixels.bind(layer)
                self._labels[key] = int(layer.selected_label)
                self._slots[key] = (picks, pixels)

    def _on_mouse(self, viewer: Any, event: Any) -> Iterator[None]:
        if event.button != 1 or not self._is_free(viewer):
            return
        start = np.asarray(event.pos, float)
        yield
        while event.type == "mouse_move":
            if _moved(event, start):
                return
            yield
        if not _moved(event, start):
            self._click(event)

    def _is_free(self, viewer: Any) -> bool:
        """Whether napari has no use of its own for a click."""
        active = viewer.layers.selection.active
        return str(getattr(active, "mode", "pan_zoom")) == "pan_zoom"

    def _click(self, event: Any) -> None:
        keys = frozenset(str(getattr(key, "name", key)).lower() for key in event.modifiers)
        layer, label = self._under(event)
        if layer is None:
            return
        captured = self._capture() if self._capture is not None else None
        if captured is not None:
            captured(layer, label, keys)
        else:
            self._select(layer, label, extend=bool(keys & {"control", "shift", "meta"}))

    def _under(self, event: Any) -> tuple[LayerKey | None, int]:
        """Return the topmost joined layer with an object under the pointer, and the object."""
        layers = list(self._scene.layers())
        joined = [layer for layer in layers if key_of(layer) in self._slots][::-1]
        # Hidden objects count only where no others are seen.
        seen = [layer for layer in joined if is_seen(layer, layers)] or joined
        for layer in seen:
            found = object_at(layer, event)
            if found is not None:
                return key_of(layer), found[0]
        return (key_of(seen[0]) if seen else None), 0

    def _select(self, layer: LayerKey, label: int, *, extend: bool) -> None:
        selection = self.session.selection
        before = selection.selected
        kept = before.labels if extend and before.layer == layer else frozenset()
        if not label:
            if not extend:
                selection.clear()
        elif label in kept:
            selection.select(layer, kept - {label})
        else:
            selection.select(layer, kept | {label}, label)

    def _on_label(self, event: Any) -> None:
        """The user picked a label with napari's own tool, or typed it."""
        layer = event.source
        label = int(layer.selected_label)
        # The event comes with new colours too.
        known, self._labels[key_of(layer)] = self._labels.get(key_of(layer)), label
        if self._quiet or label in (0, known) or str(layer.mode) not in {"pick", "pan_zoom"}:
            return
        self.session.selection.select(key_of(layer), frozenset({label}), label)

    def _on_selected(self, selected: Selected) -> None:
        self._quiet = True
        try:
            if selected.layer in self._slots or not selected.labels:
                self.highlight.show(selected)
            layer = self._scene.layer(selected.layer)
            # A brush in the user's hand keeps its colour.
            free = isinstance(layer, Labels) and str(layer.mode) in {"pick", "pan_zoom"}
            if free and selected.current:
                layer.selected_label = selected.current
        finally:
            self._quiet = False

    def _on_pixels(self, event: Any = None) -> None:
        dims = self._scene.viewer.dims
        step = (tuple(dims.current_step), dims.ndisplay, tuple(dims.order))
        moved, self._step = step != self._step, step
        # After a slider moved, napari draws the outlines anyway.
        if not self._quiet and not (moved and event is not None and event.type == "set_data"):
            self._redraw.start()

    def _on_zoom(self, event: object = None) -> None:
        self._zoom.start()

    def _on_removed(self, event: Any) -> None:
        gone = event.value
        if self._quiet:
            return
        key = key_of(gone)
        for slot in self._slots.pop(key, ()):
            slot.release()
        selection = self.session.selection
        if self.highlight.is_mine(gone):
            selection.clear()
        elif selection.selected.layer == key:
            selection.clear()
            self._quiet = True
            self.highlight.remove()
            self._quiet = False

    def _on_found(self, found: tuple[LayerKey, int, Place | None]) -> None:
        key, label, place = found
        layer = self._scene.layer(key)
        if layer is None:
            return
        if place is None:
            self.missing.emit(label)
        else:
            look_at(self._scene.viewer, layer, place)


def _moved(event: Any, start: Any) -> bool:
    return bool(np.abs(np.asarray(event.pos, float) - start).max() > _STILL)


def _mouse_callback(on_mouse: WeakMethod[Any]) -> Callable[[Any, Any], Iterator[None]]:
    def on_drag(viewer: Any, event: Any) -> Iterator[None]:
        callback = on_mouse()
        if callback is not None:
            yield from callback(viewer, event)

    return on_drag


_LINKS: WeakKeyDictionary[Any, ObjectLink] = WeakKeyDictionary()


def link_for(viewer: Any) -> ObjectLink:
    """Return the link that all widgets of a viewer share."""
    viewer = unwrapped(viewer)
    if viewer not in _LINKS:
        _LINKS[viewer] = ObjectLink(viewer)
    return _LINKS[viewer]
