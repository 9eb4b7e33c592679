"""The measured objects layers of a viewer, as rows; and columns written back into them."""

from collections.abc import Mapping, Sequence
from typing import Any

from napari.layers import Labels
from qtpy.QtCore import QObject, QTimer, Signal

from brushwood.gui._scene import META, NapariScene, full_data, key_of, note_of
from brushwood.gui._slots import LayerSlot
from brushwood.session.explore_landing import land
from brushwood.session.explore_work import TableSource
from brushwood.session.exploring import ObjectRows, TableRef, different, gather
from brushwood.session.feature_columns import with_columns
from brushwood.session.scene import LayerKey
from brushwood.tables import measured_columns

#: Changes that come in a burst are read once.
_SETTLE_MS = 120


class MeasuredLayers(QObject):
    """Follows the layers that have measurements.

    Signals
    -------
    changed : ()
        Layers came or went, or a table has other rows or columns.
    """

    changed = Signal()

    def __init__(self, scene: NapariScene, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._scene = scene
        self._slots: dict[LayerKey, tuple[LayerSlot, LayerSlot]] = {}
        self.revisions: dict[LayerKey, int] = {}
        self._quiet = False
        self._settle = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._settle.timeout.connect(self.changed)

    def start(self) -> None:
        """Follow the layers."""
        self._scene.connect_layers(self._on_layers)
        self._bind()

    def stop(self) -> None:
        """Stop following."""
        self._settle.stop()
        self._scene.disconnect_layers(self._on_layers)
        for slots in self._slots.values():
            for slot in slots:
                slot.release()
        self._slots = {}

    def layers(self) -> list[Labels]:
        """Return the objects layers that have measurements, bottom first."""
        found = [self._scene.layer(ref.key) for ref in self._scene.objects()]
        return [x for x in found if isinstance(x, Labels) and measured_columns(x.features)]

    def rows(self, keys: tuple[LayerKey, ...]) -> ObjectRows:
        """Return the rows of these layers.

        Raises
        ------
        InputError
            If their units differ.
        """
        chosen = [layer for layer in self.layers() if key_of(layer) in keys]
        return gather(
            [
                TableRef(key_of(x), x.name, x.features.copy(), dict(note_of(x).get("units", {})))
                for x in chosen
            ]
        )

    def sources(self, keys: tuple[LayerKey, ...]) -> tuple[TableSource, ...]:
        """Return the tables of these layers, for a worker."""
        chosen = [layer for layer in self.layers() if key_of(layer) in keys]
        names = different([layer.name for layer in chosen])
        return tuple(
            TableSource(
                name, x.features.copy(), key_of(x), full_data(x), dict(note_of(x).get("units", {}))
            )
            for name, x in zip(names, chosen, strict=True)
        )

    def land(
        self,
        sources: tuple[TableSource, ...],
        columns: Mapping[str, Any],
        before: Sequence[str],
        now: Sequence[str],
    ) -> str:
        """Write results into the layers that still hold the same objects; say what was dropped."""
        said = []
        self._quiet = True
        try:
            for place, source in enumerate(sources):
                layer = self._scene.layer(source.key)
                is_same = layer is not None and full_data(layer) is source.labels
                landing = land(
                    source, place, sources, columns, before[place],
                    None if layer is None else layer.features,
                    now[place] if is_same else "other",
                )  # fmt: skip
                said += [landing.sentence] if landing.sentence else []
                if layer is not None and landing.table is not None:
                    layer.features = landing.table
                    self._note(layer, columns)
        finally:
            self._quiet = False
        self._settle.start()
        return " ".join(said)

    def write(
        self, rows: ObjectRows, columns: Mapping[str, Any], replaced: tuple[str, ...] = ()
    ) -> None:
        """Add columns to the tables of all layers, and note them as results of an exploration."""
        self._quiet = True
        try:
            for position, key in enumerate(rows.keys):
                layer = self._scene.layer(key)
                if layer is None:
                    continue
                part = rows.part(position, columns)
                layer.features = with_columns(layer.features, part, replaced)
                self._note(layer, columns)
        finally:
            self._quiet = False
        self._settle.start()

    def _note(self, layer: Labels, columns: Mapping[str, Any]) -> None:
        """Note that columns have no dimension."""
        note = dict(note_of(layer))
        units = {**note.get("units", {}), **dict.fromkeys(columns, "")}
        layer.metadata = {**layer.metadata, META: {**note, "units": units}}

    def _on_layers(self, event: object = None) -> None:
        self._scene.connect_layers(self._on_layers)
        self._bind()
        self._settle.start()

    def _bind(self) -> None:
        known = {ref.key: self._scene.layer(ref.key) for ref in self._scene.objects()}
        for key in set(self._slots) - set(known):
            for slot in self._slots.pop(key):
                slot.release()
        for key, layer in known.items():
            if key not in self._slots and layer is not None:
                pixels = LayerSlot(self._on_pixels, "data", "paint")
                table = LayerSlot(self._on_features, "features")
                pixels.bind(layer)
                table.bind(layer)
                self._slots[key] = (pixels, table)

    def _on_pixels(self, event: Any = None) -> None:
        key = key_of(event.source)
        self.revisions[key] = self.revisions.get(key, 0) + 1
        self._settle.start()

    def _on_features(self, event: Any = None) -> None:
        if not self._quiet:
            self._settle.start()
