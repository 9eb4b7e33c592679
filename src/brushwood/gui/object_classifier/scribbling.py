"""The layer that the user scribbles on: strokes mark the objects that they touch."""

from typing import Any

import numpy as np
from napari.layers import Labels, Layer
from qtpy.QtCore import QObject, Signal

from brushwood.gui._scene import META, NapariScene, full_shape, key_of, note_of, place_of
from brushwood.gui._slots import LayerSlot
from brushwood.gui._store import zeros
from brushwood.gui.pixel_classifier.results import label_colours
from brushwood.session.classes import find_class
from brushwood.session.object_state import ObjectState

#: Role of the layer: no annotation of pixels, and no objects.
ROLE = "scribbles"
_EDITS = ("paint", "set_data", "data")


class Scribbling(QObject):
    """Binds the classes to the scribbles layer that the state names."""

    edited = Signal()

    def __init__(
        self, state: ObjectState, scene: NapariScene, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._state, self._scene = state, scene
        self._slot = LayerSlot(self._on_edit, *_EDITS)
        self._brush = LayerSlot(self._on_brush, "selected_label")
        self._quiet = False

    @property
    def layer(self) -> Layer | None:
        """The layer, or None."""
        return self._slot.layer

    def bind(self) -> None:
        """Follow the layer that the state names."""
        layer = self._scene.layer(self._state.annotation)
        if not isinstance(layer, Labels):
            self.release()
        elif key_of(layer) != self._slot.key:
            self._slot.bind(layer)
            self._brush.bind(layer)
            self.colour()
            self.edited.emit()

    def release(self) -> None:
        """Let the layer go."""
        self._slot.release()
        self._brush.release()

    def make(self, objects: Layer, name: str) -> Labels:
        """Add an empty layer that fits objects, on top of all, ready to paint."""
        layer = Labels(
            zeros(full_shape(objects), np.uint8),
            name=f"{name} · scribbles",
            metadata={META: {"role": ROLE, "objects": key_of(objects)}},
            opacity=0.9,
            **place_of(objects),
        )
        self._scene.add(layer)
        self._state.annotation = key_of(layer)
        self.bind()
        self.paint(self._state.current_class)
        return layer

    def paint(self, class_id: int) -> None:
        """Make the layer active, with the brush for a class."""
        layer = self.layer
        if layer is None or layer not in self._scene.viewer.layers:
            return
        self._scene.viewer.layers.selection.active = layer
        self.choose(class_id)
        layer.mode = "paint"

    def choose(self, class_id: int) -> None:
        """Paint this class with the next stroke; tool and active layer stay."""
        layer = self.layer
        if layer is not None and layer.selected_label != class_id:
            self._quiet = True
            layer.selected_label = class_id
            self._quiet = False

    def colour(self) -> None:
        """Give the layer the colours of the classes."""
        layer = self.layer
        if layer is None:
            return
        self._quiet = True
        layer.colormap = label_colours(self._state.classes)
        layer.selected_label = self._state.current_class
        self._quiet = False
        layer.metadata[META] = {"role": ROLE, **note_of(layer)}

    def _on_edit(self, event: object = None) -> None:
        if not self._quiet:
            self.edited.emit()

    def _on_brush(self, event: object = None) -> None:
        layer = self.layer
        if self._quiet or layer is None:
            return
        if find_class(self._state.classes, int(layer.selected_label)) is not None:
            self._state.current_class = int(layer.selected_label)


def paintable(scene: NapariScene, fits: Any) -> list[tuple[str, str]]:
    """Return key and name of the layers that can be scribbled on, those of a shape only."""
    roles = {"", "annotation", ROLE}
    return [
        (key_of(layer), layer.name)
        for layer in scene.layers()
        if isinstance(layer, Labels) and not layer.multiscale
        if str(note_of(layer).get("role", "")) in roles and full_shape(layer) == fits
    ]
