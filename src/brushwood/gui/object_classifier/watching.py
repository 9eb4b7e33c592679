"""Watch the ticked objects layers: their pixels, and the table that was measured on them."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from napari.layers import Labels
from qtpy.QtCore import QObject, QTimer, Signal

from brushwood.gui._scene import META, NapariScene, full_data, full_shape, key_of, note_of
from brushwood.gui._slots import LayerSlot
from brushwood.gui._tasks import TaskRunner
from brushwood.jobs import Job
from brushwood.session.freshness import fingerprint, fingerprint_of
from brushwood.session.object_readiness import TableFacts
from brushwood.session.object_table import class_columns, learnable_columns, table_of
from brushwood.session.scene import ImageRef, LayerKey, guess_ndim

#: Edits that follow each other within this time are looked at once.
_DEBOUNCE_MS = 250


class Watched(QObject):
    """One objects layer.

    Attributes
    ----------
    ndim : int
        Axes of space.
    version : int
        Grows whenever pixels or table change; what was computed for another version is stale.
    is_stale : bool
        The pixels are others than those that were measured.
    """

    pixels_changed = Signal(str)
    pixels_suspect = Signal(str)
    table_changed = Signal(str)

    def __init__(self, scene: NapariScene, layer: Labels, parent: QObject) -> None:
        super().__init__(parent)
        self.key: LayerKey = key_of(layer)
        self.version = 1
        self.ndim = spatial_ndim(layer)
        self.is_stale = False
        self._is_edited = False
        self._checksum = ""
        self._measured = ""
        self._writing = False
        self._scene = scene
        self._place = self._sliders()
        self._table_seen = layer.features
        self._facts: tuple[object, TableFacts] | None = None
        self._pixels = LayerSlot(self._on_pixels, "paint", "data")
        self._maybe = LayerSlot(self._on_maybe, "set_data")
        self._table = LayerSlot(self._on_table, "features")
        for slot in (self._pixels, self._maybe, self._table):
            slot.bind(layer)

    @property
    def layer(self) -> Labels | None:
        """The layer, or None when it was deleted."""
        return self._scene.layer(self.key)

    def release(self) -> None:
        """Let the layer go."""
        for slot in (self._pixels, self._maybe, self._table):
            slot.release()

    def facts(self) -> TableFacts:
        """Return what is known of the table."""
        layer = self.layer
        if layer is None:
            return TableFacts()
        features = layer.features
        if self._facts is None or self._facts[0] is not features:
            table = table_of(features)
            columns = tuple(learnable_columns(table)) if len(table) else ()
            kinds = tuple(class_columns(table))
            empty = bool(table.shape[1]) and not len(table)
            self._facts = (features, TableFacts(len(table), columns, False, kinds, empty))
        known = self._facts[1]
        return replace(known, is_stale=self.is_stale and bool(known.columns))

    def table(self) -> Any:
        """Return the table with its units, as it is now."""
        layer = self.layer
        return table_of(layer.features, note_of(layer).get("units"))

    def write(self, table: Any, note: dict[str, Any]) -> None:
        """Put a table with results into the layer, which is no change of what was measured."""
        layer = self.layer
        if layer is None:
            return
        facts = self.facts()
        self._writing = True
        try:
            layer.metadata[META] = {**note_of(layer), **note}
            layer.features = table
        finally:
            self._writing = False
        self._table_seen = layer.features
        self._facts = (layer.features, replace(facts, n_rows=len(table)))

    def compare(self, checksum: str) -> None:
        """Take note of the pixels' fingerprint, and say so when they changed.

        Parameters
        ----------
        checksum : str
            "" if the pixels are not in memory; then only napari's events tell.
        """
        before, self._checksum = self._checksum, checksum
        edited, self._is_edited = self._is_edited, False
        layer = self.layer
        noted = fingerprint_of(note_of(layer)) if layer is not None else ""
        self._measured = noted or self._measured or checksum
        stale = self.is_stale
        self.is_stale = checksum != self._measured if checksum else edited or stale
        differs = bool(before) and before != checksum
        if differs and not edited:
            self.version += 1
        if edited or differs or stale != self.is_stale:
            self.pixels_changed.emit(self.key)

    def _on_pixels(self, event: object = None) -> None:
        self.version += 1
        self._is_edited = self.is_stale = True
        self.pixels_suspect.emit(self.key)

    def _on_maybe(self, event: object = None) -> None:
        """`set_data` comes for sliders and colours too; undo and redo bring nothing else."""
        place, self._place = self._place, self._sliders()
        if place == self._place and not self._writing:
            self.pixels_suspect.emit(self.key)

    def _on_table(self, event: object = None) -> None:
        layer = self.layer
        if self._writing or layer is None or layer.features is self._table_seen:
            return
        self._table_seen = layer.features
        self.is_stale, self._measured = False, ""
        self.ndim = spatial_ndim(layer)
        self.version += 1
        self.pixels_suspect.emit(self.key)  # to remember what was measured
        self.table_changed.emit(self.key)

    def _sliders(self) -> tuple[object, ...]:
        if not self._scene.is_alive:
            return ()
        dims = self._scene.viewer.dims
        return (tuple(dims.current_step), dims.ndisplay, tuple(dims.order))


class Watch(QObject):
    """All ticked objects layers."""

    pixels_changed = Signal(str)
    table_changed = Signal(str)

    def __init__(self, scene: NapariScene, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._scene = scene
        self._layers: dict[LayerKey, Watched] = {}
        self._suspects: set[LayerKey] = set()
        self._runner = TaskRunner(self)
        self._runner.succeeded.connect(self._on_checked)
        self._debounce = QTimer(self, singleShot=True, interval=_DEBOUNCE_MS)
        self._debounce.timeout.connect(self._check)

    @property
    def is_busy(self) -> bool:
        """Whether edits are waiting to be looked at."""
        return self._debounce.isActive() or self._runner.is_busy

    def follow(self, keys: tuple[LayerKey, ...]) -> None:
        """Watch these layers and no others."""
        for key in set(self._layers) - set(keys):
            watched = self._layers.pop(key)
            watched.release()
            watched.deleteLater()
        for key in keys:
            layer = self._scene.layer(key)
            if key not in self._layers and isinstance(layer, Labels):
                watched = Watched(self._scene, layer, self)
                watched.pixels_changed.connect(self.pixels_changed)
                watched.pixels_suspect.connect(self._on_suspect)
                watched.table_changed.connect(self.table_changed)
                self._layers[key] = watched
                self._on_suspect(key)  # the first look only remembers

    def release(self) -> None:
        """Watch nothing."""
        self._debounce.stop()
        self._runner.drop()
        self.follow(())

    def of(self, key: LayerKey) -> Watched | None:
        """Return what is known of a layer, None if it is not watched."""
        return self._layers.get(key)

    def facts(self) -> dict[LayerKey, TableFacts]:
        """Return what is known of all tables."""
        return {key: watched.facts() for key, watched in self._layers.items()}

    def version(self, key: LayerKey) -> int:
        """Return the version of a layer, 0 if it is not watched."""
        watched = self._layers.get(key)
        return 0 if watched is None else watched.version

    def _on_suspect(self, key: LayerKey) -> None:
        self._suspects.add(key)
        self._debounce.start()

    def _check(self) -> None:
        work = {}
        for key in self._suspects:
            watched = self._layers.get(key)
            layer = watched.layer if watched is not None else None
            if layer is not None:
                work[key] = (full_data(layer), watched.version)
        self._runner.submit(partial(_checksums, work))

    def _on_checked(self, found: dict[LayerKey, tuple[str, int]]) -> None:
        for key, (checksum, version) in found.items():
            watched = self._layers.get(key)
            if watched is None or watched.version != version:
                continue
            self._suspects.discard(key)
            watched.compare(checksum)


def _checksums(
    work: dict[LayerKey, tuple[Any, int]], job: Job, publish: Callable[[object], None]
) -> dict[LayerKey, tuple[str, int]]:
    return {key: (fingerprint(data, job), version) for key, (data, version) in work.items()}


def spatial_ndim(layer: Labels) -> int:
    """Return how many axes of a labels layer are space, 2 or 3; those before are frames."""
    noted = note_of(layer).get("ndim")
    n = len(full_shape(layer))
    if noted in (2, 3) and noted <= n:
        return int(noted)
    if n > 2 and "frame" in layer.features:
        return min(3, n - 1)
    axes = tuple(str(name) for name in getattr(layer, "axis_labels", ()))
    return guess_ndim(ImageRef(key_of(layer), layer.name, full_shape(layer), axes=axes))
