"""Colour the objects of a layer by a column of the table that is shown."""

from typing import Any

import numpy as np
from napari.layers import Labels, Layer
from qtpy.QtCore import QObject

from brushwood.gui._colouring import colour_by, is_coloured, restore_colours
from brushwood.gui._scene import NapariScene, full_shape, key_of, note_of
from brushwood.gui._slots import LayerSlot
from brushwood.gui.table.colour_bar import FULL, ColourBar
from brushwood.session.column_colours import coded, full_range, rows_of_frame
from brushwood.session.freshness import MEASURED
from brushwood.session.scene import LayerKey
from brushwood.session.table_store import TableStore


class TableColours(QObject):
    """Keeps a layer's colours in step with its table, the chosen column and the frame."""

    def __init__(
        self,
        scene: NapariScene,
        bar: ColourBar,
        columns: dict[LayerKey, str],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._scene, self._bar = scene, bar
        self._columns = columns
        self._layer: Labels | None = None
        self._store: TableStore | None = None
        self._slot = LayerSlot(self._on_colormap, "colormap")
        self._frame = -1
        self._quiet = False
        bar.column_chosen.connect(self.choose)
        bar.look_chosen.connect(self._colour)

    def start(self) -> None:
        """Follow the sliders."""
        self._scene.viewer.dims.events.current_step.connect(self._on_step)

    def stop(self) -> None:
        """Stop following; the layer keeps its colours."""
        self._slot.release()
        if self._scene.is_alive:
            self._scene.viewer.dims.events.current_step.disconnect(self._on_step)

    def show(self, layer: Labels | None, store: TableStore) -> None:
        """Take over the table of a layer."""
        self._layer, self._store = layer, store
        if layer is None:
            self._slot.release()
        else:
            self._slot.bind(layer)
        self._colour()

    def choose(self, column: str | None) -> None:
        """Colour by this column; None restores the colours from before."""
        if self._layer is None:
            return
        key = key_of(self._layer)
        if column is None:
            self._columns.pop(key, None)
            self._quiet = True
            restore_colours(self._layer)
            self._quiet = False
        else:
            self._columns[key] = column
        self._colour()

    def frame(self, layer: Layer) -> int:
        """Return the frame of a layer that the sliders show, counted through all of them."""
        frames = self.frames(layer)
        if not frames:
            return 0
        step = self._scene.step(layer.ndim)[: len(frames)]
        step = tuple(int(np.clip(at, 0, n - 1)) for at, n in zip(step, frames, strict=True))
        return int(np.ravel_multi_index(step, frames))

    def frames(self, layer: Layer) -> tuple[int, ...]:
        """Return the sizes of the axes before space, as the table tells; empty without frames."""
        store = self._store
        if store is None or "frame" not in store.names:
            return ()
        measured = note_of(layer).get(MEASURED, {})
        n = sum(name in store.names for name in ("centroid-0", "centroid-1", "centroid-2"))
        spatial = int(measured.get("ndim", 0)) or n or min(2, layer.ndim - 1)
        return full_shape(layer)[: layer.ndim - spatial]

    def _colour(self) -> None:
        layer, store = self._layer, self._store
        if layer is None or store is None:
            self._bar.show_columns([], None)
            self._bar.show_coded(None)
            return
        column = self._columns.get(key_of(layer))
        if column not in store.names or not store.n_rows:
            column = None
        names = [n for n in store.names if n != "index" or "label" not in store.names]
        self._bar.show_columns([(n, store.header(n)) for n in names], column)
        if column is None:
            self._bar.show_coded(None)
            return
        values = store.values(column)
        limits = self._bar.limits
        if limits is None and self._bar.extent.key == FULL and values.dtype.kind in "iuf":
            limits = full_range(values)
        found = coded(column, values, limits)
        frames = store.values("frame") if "frame" in store.names else None
        self._frame = self.frame(layer)
        rows = rows_of_frame(store.labels, frames, self._frame)
        self._quiet = True
        labels = store.labels if rows is None else store.labels[rows]
        colour_by(layer, labels, found.part(rows), str(self._bar.ramp.key))
        self._quiet = False
        self._bar.show_coded(found)

    def _on_step(self, event: Any = None) -> None:
        """Another frame: objects that keep their label have other values there."""
        layer = self._layer
        if layer is None or key_of(layer) not in self._columns or not is_coloured(layer):
            return
        if self.frame(layer) != self._frame:
            self._colour()

    def _on_colormap(self, event: Any = None) -> None:
        """The user gave the layer other colours: they stay."""
        layer = self._layer
        if self._quiet or layer is None or is_coloured(layer):
            return
        if self._columns.pop(key_of(layer), None) is not None:
            self._colour()
