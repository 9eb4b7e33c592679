"""Join table, selection, image and files."""

from typing import Any

import numpy as np
import numpy.typing as npt
from napari.layers import Labels, Layer
from qtpy.QtCore import QObject, QPoint, Qt
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QMenu

from brushwood.errors import BrushwoodError, InputError
from brushwood.gui._freshness import Freshness
from brushwood.gui._help import show_help
from brushwood.gui._linking import link_for
from brushwood.gui._scene import NapariScene, key_of, note_of, session_for
from brushwood.gui._slots import LayerSlot
from brushwood.gui.table.colours import TableColours
from brushwood.gui.table.export import TableExport
from brushwood.gui.table.face import TableFace
from brushwood.session.freshness import MEASURED
from brushwood.session.locating import Place, place_from_row
from brushwood.session.measure_catalog import meanings
from brushwood.session.selection import Selected
from brushwood.session.table_store import TableStore
from brushwood.session.table_words import rows_text, stale_text

#: Rows beyond this are not put on the clipboard without having been selected.
_MOST_COPIED = 1_000_000


class TableController(QObject):
    """Shows the features of one labels layer, and keeps rows and image in step."""

    def __init__(self, viewer: Any, face: TableFace) -> None:
        super().__init__(face)
        self.session = session_for(viewer)
        self.measuring = self.session.measuring
        self.scene = NapariScene(viewer)
        self.face = face
        self.link = link_for(viewer)
        self._viewer = viewer
        self.freshness = Freshness(self)
        self.export = TableExport(self)
        self.colours = TableColours(self.scene, face.colours, self.measuring.coloured, self)
        self._slot = LayerSlot(self._on_features, "features")
        self._running = False
        self._quiet = False
        self._connect_face()

    @property
    def store(self) -> TableStore:
        """The table that is shown."""
        return self.face.model.store

    @property
    def layer(self) -> Layer | None:
        """The labels layer whose objects are shown, or None."""
        return self._slot.layer

    def start(self) -> None:
        """Follow viewer and session. Calling it again does nothing."""
        if self._running or not self.scene.is_alive:
            return
        self._running = True
        self.scene.connect_layers(self._on_layers)
        self.session.selection.events.selected.connect(self._on_selected)
        self.measuring.events.table.connect(self._on_layers)
        self.colours.start()
        self._on_layers()

    def stop(self) -> None:
        """Let everything go. Calling it again does nothing."""
        if not self._running:
            return
        self._running = False
        # First of all, because leaving the link takes a layer away.
        self.scene.disconnect_layers(self._on_layers)
        self.session.selection.events.selected.disconnect(self._on_selected)
        self.measuring.events.table.disconnect(self._on_layers)
        self.freshness.release()
        self.export.stop()
        self.colours.stop()
        self._slot.release()
        self.link.leave(self)

    def say(self, sentence: str = "") -> None:
        """Show a sentence, or without one how many rows there are."""
        chosen = int(self.face.rows.chosen.sum())
        store = self.store
        text = sentence or rows_text(
            len(store.shown), store.n_rows, chosen, has_layer=self.layer is not None
        )
        self.face.status.setText(text)

    def go_to(self, row: int) -> None:
        """Take the camera to the object of a row."""
        layer = self.layer
        if layer is None or not 0 <= row < self.store.n_rows:
            return
        label = int(self.store.labels[row])
        frame = self._frame_of(row, layer)
        self.link.go_to(key_of(layer), label, self._place(row, layer, frame), frame)

    def _connect_face(self) -> None:
        face = self.face
        face.objects.key_chosen.connect(self._on_objects)
        face.filter.settled.connect(self.filter_by)
        face.only_selected.toggled.connect(self._on_only)
        face.columns.chosen.connect(self._on_columns)
        face.rows.rows_chosen.connect(self._on_rows)
        face.rows.row_activated.connect(self.go_to)
        face.rows.sort_requested.connect(self.sort_by)
        face.rows.copy_requested.connect(self._on_copy)
        face.rows.header_menu_requested.connect(self._on_header_menu)
        face.rows.menu_requested.connect(self._on_menu)
        face.copy_requested.connect(self._on_copy)
        face.go_requested.connect(self._on_go)
        face.help_requested.connect(self._on_help)
        face.again_requested.connect(self._on_again)
        face.export_all.triggered.connect(self._on_export_all)
        face.export_shown.triggered.connect(self._on_export_shown)
        self.export.said.connect(self.say)
        self.export.failed.connect(self._on_failed)
        self.freshness.changed.connect(self._on_freshness)
        self.link.missing.connect(self._on_missing)

    def _on_layers(self, event: object = None) -> None:
        """Layers came, went or were renamed, or another table is wanted."""
        self.scene.connect_layers(self._on_layers)
        known = {ref.key: ref.name for ref in self.scene.objects()}
        with_rows = [key for key in known if self._has_rows(key)]
        if self.measuring.table not in known:
            self.measuring.table = with_rows[-1] if with_rows else None
        chosen = self.measuring.table
        self.face.objects.set_entries(list(known.items()), chosen)
        self.face.objects.setPlaceholderText("choose a labels layer" if known else "no labels")
        self.face.objects.setEnabled(bool(known))
        layer = self.scene.layer(chosen)
        if layer is None:
            self._slot.release()
            self.freshness.release()
            self.link.leave(self)
            self._show(None)
        elif key_of(layer) != self._slot.key:
            self._slot.bind(layer)
            self.freshness.bind(layer)
            self.link.join(self, key_of(layer))
            self._show(layer)

    def _has_rows(self, key: str) -> bool:
        layer = self.scene.layer(key)
        return isinstance(layer, Labels) and layer.features.shape[1] > 0

    def _on_features(self, event: object = None) -> None:
        self._show(self.layer)

    def _show(self, layer: Layer | None) -> None:
        """Show a layer's table; sorting, filter and columns stay where they still apply."""
        import pandas as pd

        before = self.store
        table = pd.DataFrame() if layer is None else layer.features
        units = {} if layer is None else note_of(layer).get("units", {})
        store = TableStore(table, units if isinstance(units, dict) else {})
        hidden = self.measuring.hidden
        store.choose([name for name in store.columns if name not in hidden])
        store.sort(before.sorted_by, descending=before.descending)
        self.face.model.set_store(store, meanings(store.names))
        self.face.rows.show_table()
        self.face.filter.set_names(store.columns)
        self.face.columns.show_columns([(n, store.header(n)) for n in store.names], store.columns)
        self.colours.show(layer if isinstance(layer, Labels) else None, store)
        self.filter_by(self.face.filter.text())
        self._on_selected(self.session.selection.selected)
        self._on_freshness()

    def _on_objects(self, key: str) -> None:
        self.measuring.table = key

    def sort_by(self, name: str) -> None:
        """Sort by a column: up, down, and back to the table's order."""
        store = self.store
        if store.sorted_by != name:
            store.sort(name)
        elif not store.descending:
            store.sort(name, descending=True)
        else:
            store.sort("")
        self._reorder()

    def filter_by(self, text: str) -> None:
        """Show only rows for which a condition holds; say if it is not understood."""
        try:
            self.store.filter(text)
        except InputError as error:
            self.say(str(error))
            return
        self._reorder()

    def _on_only(self, value: bool | None = None) -> None:
        on = self.face.only_selected.isChecked()
        self.store.only(self.face.rows.chosen if on else None)
        self._reorder()

    def _on_columns(self, names: tuple[str, ...]) -> None:
        hidden = set(self.measuring.hidden) | set(self.store.names)
        self.measuring.hidden = frozenset(hidden - set(names))
        self.store.choose(names)
        self._reorder()

    def _reorder(self) -> None:
        self.face.model.refresh()
        self.face.rows.show_order()
        self.say()

    def _on_rows(self, chosen: npt.NDArray[np.bool_], row: int) -> None:
        """The user selected rows: select their objects."""
        layer = self.layer
        if layer is None:
            return
        labels = frozenset(np.unique(self.store.labels[chosen]).tolist()) - {0}
        current = int(self.store.labels[row]) if row >= 0 else 0
        self._quiet = True
        if labels:
            self.session.selection.select(key_of(layer), labels, current)
        else:
            self.session.selection.clear()
        self._quiet = False
        self.say()

    def _on_selected(self, selected: Selected) -> None:
        """Something selected objects: show their rows."""
        layer = self.layer
        mine = layer is not None and selected.layer == key_of(layer)
        chosen = self.store.rows_of(selected.labels if mine else ())
        if self._quiet and np.array_equal(chosen, self.face.rows.chosen):
            return
        row = self._row_of(selected.current) if mine and not self._quiet else -1
        self.face.rows.show_chosen(chosen, row)
        if self.face.only_selected.isChecked() and not self._quiet:
            self._on_only()
        self.say()

    def _row_of(self, label: int) -> int:
        """Return the row of an object, the one of the present frame if there are several."""
        rows = np.flatnonzero(self.store.labels == label) if label else np.zeros(0, int)
        if rows.size > 1 and "frame" in self.store.names and self.layer is not None:
            frame = self.colours.frame(self.layer)
            now = rows[self.store.values("frame")[rows] == frame]
            rows = now if now.size else rows
        return int(rows[0]) if rows.size else -1

    def _frame_of(self, row: int, layer: Layer) -> tuple[int, ...]:
        """Return the position of a row along the axes before space."""
        if "frame" not in self.store.names:
            return ()
        frames = self.colours.frames(layer)
        number = int(self.store.values("frame")[row])
        inside = 0 <= number < np.prod(frames)
        return tuple(int(i) for i in np.unravel_index(number, frames)) if inside else ()

    def _place(self, row: int, layer: Layer, frame: tuple[int, ...]) -> Place | None:
        """Return where the object of a row lies, None if that is not known for certain."""
        store = self.store
        if self.freshness.is_stale:
            return None
        names = [n for n in store.names if n.startswith(("centroid-", "bbox-")) or n == "area"]
        values = {name: store.values(name)[row] for name in names}
        measured = note_of(layer).get(MEASURED, {})
        return place_from_row(values, layer.ndim, measured.get("spacing"), frame)

    def _on_go(self) -> None:
        chosen = self.face.rows.chosen
        current = self.session.selection.selected.current
        row = self._row_of(current) if current else -1
        row = row if row >= 0 else int(np.argmax(chosen)) if chosen.any() else -1
        if row < 0:
            self.say("Select an object first: click a row, or the object in the image.")
        else:
            self.go_to(row)

    def _on_missing(self, label: int) -> None:
        self.say(f"Object {label} is not in the labels any more. Measure again.")

    def _on_copy(self) -> None:
        store, chosen = self.store, self.face.rows.chosen
        rows = store.shown[chosen[store.shown]] if chosen.any() else store.shown
        rows = rows[:_MOST_COPIED]
        QGuiApplication.clipboard().setText(store.copied(rows))
        self.say(f"Copied {len(rows):,} rows and {len(store.columns)} columns.")

    def _on_export_all(self) -> None:
        self._export(self.store.table)

    def _on_export_shown(self) -> None:
        self._export(self.store.part())

    def _export(self, table: Any) -> None:
        layer = self.layer
        if layer is None or not self.store.n_rows:
            self.say("There is nothing to export yet. Measure objects first.")
            return
        name = "".join(c if c.isalnum() or c in " -_." else "-" for c in layer.name)
        self.export.ask(table.copy(deep=True), self.store.units, name, self.face)

    def _on_failed(self, error: Exception) -> None:
        known = isinstance(error, BrushwoodError | OSError | MemoryError)
        prefix = "" if known else f"Something unexpected went wrong: {type(error).__name__}: "
        self.say(f"{prefix}{error}")

    def _on_freshness(self) -> None:
        stale = self.freshness.is_stale
        self.face.stale_box.setVisible(stale)
        self.face.stale.setText(stale_text() if stale else "")

    def _on_again(self) -> None:
        from brushwood.gui import _docks
        from brushwood.gui.measure import MeasureObjectsWidget

        layer = self.layer
        if layer is not None:
            widget = _docks.open_widget(self._viewer, MeasureObjectsWidget, "Measure objects")
            widget.controller.measure_again(key_of(layer))

    def _on_help(self) -> None:
        show_help("table", self.face)

    def _on_header_menu(self, name: str, at: QPoint) -> None:
        menu = QMenu(self.face)
        menu.addAction("Sort upwards", lambda: self._sort(name, False))
        menu.addAction("Sort downwards", lambda: self._sort(name, True))
        menu.addAction("Colour objects by it", lambda: self.colours.choose(name))
        menu.addAction(
            "Hide",
            lambda: self._on_columns(tuple(n for n in self.store.columns if n != name)),
        )
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(at)

    def _sort(self, name: str, descending: bool) -> None:
        self.store.sort(name, descending=descending)
        self._reorder()

    def _on_menu(self, at: QPoint) -> None:
        menu = QMenu(self.face)
        menu.addAction("Go to object", self._on_go)
        menu.addAction("Copy rows", self._on_copy)
        menu.addAction("Select all that are shown", self.face.rows.choose_all)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.face.rows.viewport().mapToGlobal(at))
