"""The marks as points on the objects, so that the user sees what was said."""

from typing import Any

import numpy as np
from napari.layers import Layer, Points

from brushwood.gui._scene import META, NapariScene, key_of, note_of, place_of
from brushwood.gui.object_classifier.results import title_of
from brushwood.session.classes import Classes, colour_of, find_class
from brushwood.session.object_work import Attached
from brushwood.session.scene import LayerKey

#: Diameter on the screen, smallest and largest.
_ON_SCREEN = (12, 12)
#: Opacity of marks without an object here.
_FAINT = 0.25


class MarkPoints:
    """Keeps one layer of points for each objects layer that has marks."""

    def __init__(self, scene: NapariScene) -> None:
        self._scene = scene

    def find(self, key: LayerKey) -> Layer | None:
        """Return the points of an objects layer, or None."""
        return next((layer for layer in self._mine() if note_of(layer)["objects"] == key), None)

    def show(self, attached: Attached, classes: Classes) -> None:
        """Show where the marks of a layer are, in the colours of their classes."""
        objects, layer = self._scene.layer(attached.key), self.find(attached.key)
        if objects is None or (layer is None and not len(attached.places)):
            return
        if layer is None:
            layer = self._make(objects)
        layer.data = np.asarray(attached.places, float).reshape(-1, objects.ndim)
        note = {"classes": attached.place_classes, "kept": attached.place_kept}
        layer.metadata[META] = {**note_of(layer), **note}
        layer.selected_data = set()
        self._colour(layer, classes)

    def recolour(self, classes: Classes) -> None:
        """Give all points the colours of the classes."""
        for layer in self._mine():
            self._colour(layer, classes)

    def remove(self) -> None:
        """Take the layers away."""
        for layer in self._mine():
            self._scene.viewer.layers.remove(layer)

    def _mine(self) -> list[Layer]:
        return [x for x in self._scene.layers() if note_of(x).get("object_output") == "marks"]

    def _colour(self, layer: Layer, classes: Classes) -> None:
        note = note_of(layer)
        if not len(layer.data):
            return
        ids, which = np.unique(note["classes"], return_inverse=True)
        colours = np.asarray([_rgba(int(i), classes) for i in ids])[which]
        colours[:, 3] = np.where(note["kept"], 1.0, _FAINT)
        layer.border_color = colours

    def _make(self, objects: Layer) -> Layer:
        note = {"role": "result", "object_output": "marks", "objects": key_of(objects)}
        layer = Points(
            np.zeros((0, objects.ndim)),
            ndim=objects.ndim,
            name=f"{title_of(self._scene, objects)} · object marks",
            size=max(1.0, max(objects.data.shape[-2:]) / 40),
            # A white middle shows on an object of the same colour, a ring of the class on others.
            face_color="white",
            border_width=0.2,
            canvas_size_limits=_ON_SCREEN,
            metadata={META: {**note, "classes": (), "kept": ()}},
            **place_of(objects),
        )
        layer.editable = False
        self._scene.add(layer)
        return layer


def _rgba(class_id: int, classes: Classes) -> list[Any]:
    info = find_class(classes, class_id)
    colour = info.colour if info is not None else colour_of(class_id)
    return [*(int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)), 1.0]
