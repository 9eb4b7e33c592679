"""The annotation layer: made to fit, painted with classes, never replaced."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from napari.layers import Labels, Layer
from qtpy.QtCore import QObject, Signal

from brushwood.gui._scene import META, NapariScene, full_shape, key_of, place_of
from brushwood.gui._slots import LayerSlot
from brushwood.gui._store import zeros
from brushwood.gui._tasks import TaskRunner
from brushwood.gui.pixel_classifier.results import label_colours
from brushwood.jobs import Job
from brushwood.pixels.strokes import Strokes
from brushwood.session.classes import Classes, ClassInfo, find_class, named_classes, removed
from brushwood.session.state import SessionState

#: Events after which the pixels may differ: `paint` once at the end of a stroke, fill or erase;
#: `set_data` alone tells of undo and redo, and comes for other reasons too, so the worker compares
#: before it trains. (`labels_update` comes at every move of the brush: too early to train.)
_EDITS = ("paint", "set_data", "data")


def new_annotation(image: Layer) -> Labels:
    """Return an empty annotation that lies exactly on an image.

    It is one byte a pixel, at full resolution also for a multiscale image, because napari does not
    paint on multiscale labels.
    """
    return Labels(
        zeros(full_shape(image), np.uint8),
        name=f"{image.name} · annotation",
        metadata={META: {"role": "annotation"}},
        opacity=0.9,
        **place_of(image),
    )


class Annotating(QObject):
    """Binds the state's classes to the annotation layer that the user paints on."""

    edited = Signal(bool)
    failed = Signal(object)

    def __init__(
        self, state: SessionState, scene: NapariScene, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._state, self._scene = state, scene
        self._slot = LayerSlot(self._on_edit, *_EDITS)
        self._brush = LayerSlot(self._on_selected_label, "selected_label")
        self._quiet = False
        #: Classes that were deleted, so that undo brings back their names.
        self.deleted: dict[int, ClassInfo] = {}
        #: Classes that were deleted and whose strokes are still being looked for.
        self.erasing: set[int] = set()
        self._eraser = TaskRunner(self)
        self._eraser.succeeded.connect(self._on_found)
        self._eraser.failed.connect(self.failed)

    @property
    def layer(self) -> Layer | None:
        """The annotation layer, or None."""
        return self._slot.layer

    def bind(self) -> None:
        """Follow the layer that the state names."""
        layer = self._scene.layer(self._state.annotation)
        if not isinstance(layer, Labels):
            self.release()
            return
        if key_of(layer) != self._slot.key:
            self._slot.bind(layer)
            self._brush.bind(layer)
            self._adopt(layer)
            self.colour()
            self._take_brush(layer)

    def release(self) -> None:
        """Let the layer go, and stop erasing."""
        self._eraser.drop()
        self._slot.release()
        self._brush.release()

    def make(self, image: Layer) -> Labels:
        """Add an annotation that fits an image, on top of all layers, ready to paint."""
        layer = new_annotation(image)
        self._scene.add(layer)
        self._state.annotation = key_of(layer)
        self.bind()
        self.activate(self._state.current_class)
        return layer

    def colour(self) -> None:
        """Give the layer the colours of the classes, and note them in its metadata."""
        layer = self.layer
        if layer is None:
            return
        classes = self._state.classes
        self._quiet = True
        layer.colormap = label_colours(classes)
        self._quiet = False
        note = layer.metadata.get(META)
        layer.metadata[META] = {
            **(note if isinstance(note, dict) else {}),
            "role": "annotation",
            "class_names": {c.id: c.name for c in classes},
            "class_colors": {c.id: c.colour for c in classes},
        }

    def _adopt(self, layer: Labels) -> None:
        """Take over the classes that were noted with the layer."""
        note = layer.metadata.get(META)
        names = note.get("class_names") if isinstance(note, dict) else None
        if names:
            colours = note.get("class_colors") or {}
            self._state.classes = named_classes(names, colours)
            if find_class(self._state.classes, self._state.current_class) is None:
                self._state.current_class = self._state.classes[0].id

    def activate(self, class_id: int) -> None:
        """Paint this class from now on."""
        self._state.current_class = class_id
        layer = self.layer
        if layer is None or layer not in self._scene.viewer.layers:
            return
        self._quiet = True
        self._scene.viewer.layers.selection.active = layer
        layer.selected_label = class_id
        layer.mode = "paint"
        self._quiet = False

    def delete_class(self, class_id: int) -> None:
        """Remove a class from the list, and erase its strokes as one step of napari's undo."""
        info = find_class(self._state.classes, class_id)
        if info is None:
            return
        self.deleted[class_id] = info
        self._state.classes = removed(self._state.classes, class_id)
        rest: Classes = self._state.classes
        if self._state.current_class == class_id and rest:
            self.activate(rest[0].id)
        layer = self.layer
        if layer is not None:
            self.erasing.add(class_id)
            self._eraser.submit(_Search(layer.data, frozenset(self.erasing), key_of(layer)))

    def _on_found(self, found: "Found") -> None:
        layer = self.layer
        self.erasing -= found.class_ids
        if layer is not None and key_of(layer) == found.layer_key and found.index.size:
            where = np.unravel_index(found.index, found.shape)
            # The user may have painted over some of them meanwhile.
            still = np.isin(np.asarray(layer.data[where]), list(found.class_ids))
            with layer.block_history():
                layer.data_setitem(tuple(axis[still] for axis in where), 0)
        self.edited.emit(False)

    def _take_brush(self, layer: Labels) -> None:
        if find_class(self._state.classes, int(layer.selected_label)) is None:
            self._quiet = True
            layer.selected_label = self._state.current_class
            self._quiet = False

    def _on_edit(self, event: object = None) -> None:
        if not self._quiet:
            self.edited.emit(getattr(event, "type", "") == "paint")

    def _on_selected_label(self, event: object = None) -> None:
        layer = self.layer
        if self._quiet or layer is None:
            return
        if find_class(self._state.classes, int(layer.selected_label)) is not None:
            self._state.current_class = int(layer.selected_label)


@dataclass(frozen=True, eq=False, slots=True)
class Found:
    """Where classes are painted: flat positions in an annotation of this shape."""

    layer_key: str
    class_ids: frozenset[int]
    shape: tuple[int, ...]
    index: npt.NDArray[np.int64]


class _Search:
    """Work: find the pixels of some classes, which on a large annotation takes a while."""

    def __init__(self, data: Any, class_ids: frozenset[int], layer_key: str) -> None:
        self._data, self._class_ids, self._key = data, class_ids, layer_key

    def __call__(self, job: Job, publish: Callable[[object], None]) -> Found:
        job.checkpoint()
        strokes = Strokes.of(self._data)
        index = strokes.index[np.isin(strokes.classes, list(self._class_ids))]
        return Found(self._key, self._class_ids, strokes.shape, index)
