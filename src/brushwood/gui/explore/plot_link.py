"""Join plot, table and image: one selection, gates, cards, colours."""

from pathlib import Path
from typing import Any

import numpy as np
from napari.layers import Labels
from qtpy.QtCore import QObject, Signal
from qtpy.QtGui import QPixmap
from qtpy.QtWidgets import QFileDialog, QInputDialog

from brushwood.errors import BrushwoodError
from brushwood.explore.gates import Gate, Population
from brushwood.gui._linking import link_for
from brushwood.gui._scene import NapariScene, full_shape, session_for
from brushwood.gui.explore.plot_panel import PlotPanel
from brushwood.gui.explore.thumbnails import Thumbnails
from brushwood.session.classes import colour_of
from brushwood.session.column_colours import coded
from brushwood.session.exploring import (
    ObjectRows,
    colourable,
    default_axes,
    plottable,
)
from brushwood.session.locating import Place, place_from_row
from brushwood.session.plotting import Cloud, radii
from brushwood.session.scene import LayerKey
from brushwood.session.selection import Selected
from brushwood.tables import header, units_of

#: Columns of a row that its card shows.
_MOST_LINES = 6
#: Colour of a drawn shape that has no name yet.
_PENDING = "#E69F00"


class PlotLink(QObject):
    """Keeps the plot in step with the rows, the choices and the selection.

    Signals
    -------
    said : (str)
    populations_changed : ()
    """

    said = Signal(str)
    populations_changed = Signal()

    def __init__(self, viewer: Any, panel: PlotPanel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session_for(viewer)
        self.state = self.session.exploring
        self._scene = NapariScene(viewer)
        self._link = link_for(viewer)
        self.panel, self.canvas = panel, panel.canvas
        self._thumbnails = Thumbnails(self._scene)
        #: One member of the link a layer, so that clicks in each of them select.
        self._seats: list[QObject] = []
        self._rows: ObjectRows | None = None
        self._mask = np.zeros(0, bool)
        self._pending: Gate | None = None
        self._undo: list[tuple[Population, ...]] = []
        #: Names of populations that were written as columns.
        self.former_names: set[str] = set()
        self._quiet = False
        self.canvas.row_clicked.connect(self._on_row)
        self.canvas.gate_drawn.connect(self._on_gate)
        self.canvas.undo_requested.connect(self.undo)
        self.canvas.set_describe(self._describe)
        panel.choice_made.connect(self._on_choice)
        panel.name_requested.connect(self._on_name)
        panel.save_requested.connect(self._on_save)
        panel.population_chosen.connect(self._on_population)
        panel.population_removed.connect(self.remove)

    def start(self) -> None:
        """Follow the selection."""
        self.session.selection.events.selected.connect(self._on_selected)

    def stop(self) -> None:
        """Stop following."""
        self.session.selection.events.selected.disconnect(self._on_selected)
        self._sit(())

    def _sit(self, keys: tuple[LayerKey, ...]) -> None:
        """Follow clicks in these layers."""
        while len(self._seats) > len(keys):
            seat = self._seats.pop()
            self._link.leave(seat)
            seat.deleteLater()
        while len(self._seats) < len(keys):
            self._seats.append(QObject(self))
        for seat, key in zip(self._seats, keys, strict=True):
            self._link.join(seat, key)

    @property
    def selected(self) -> np.ndarray:
        """Which rows are selected, bool (row,)."""
        return self._mask

    def show_rows(self, rows: ObjectRows | None) -> None:
        """Plot other rows; the view stays while the columns do, the choice while the objects do."""
        is_same = rows is not None and self._rows is not None and rows.same_objects(self._rows)
        self._rows = rows
        if not is_same:
            self._mask = np.zeros(len(rows) if rows is not None else 0, bool)
        self._sit(rows.keys if rows is not None else ())
        self.refresh()
        if not is_same:
            self._on_selected(self.session.selection.selected)

    def refresh(self) -> None:
        """Draw the present choice of columns."""
        rows, state = self._rows, self.state
        if rows is None or not len(rows):
            self.canvas.show_cloud(Cloud(np.zeros(0), np.zeros(0)))
            none = dict.fromkeys(("x", "y", "colour", "size"))
            self.panel.show_columns([], [], {**none, "look": state.look})
            return
        table, units = rows.table, units_of(rows.table)
        names = plottable(table)
        guess = default_axes(table)
        x = state.x if state.x in names else guess[0]
        y = state.y if state.y in names else guess[1]
        self.panel.show_columns(
            [(n, header(n, units.get(n, ""))) for n in names],
            [(n, header(n, units.get(n, ""))) for n in colourable(table)],
            {"x": x, "y": y, "colour": state.colour, "size": state.size, "look": state.look},
        )
        if x is None or y is None:
            self.canvas.show_cloud(Cloud(np.zeros(0), np.zeros(0)))
            return
        before = self.canvas.cloud
        cloud = Cloud(
            table[x].to_numpy(float), table[y].to_numpy(float), x, y,
            header(x, units.get(x, "")), header(y, units.get(y, "")),
        )  # fmt: skip
        same = (before.x_name, before.y_name, len(before.x)) == (x, y, len(cloud.x))
        self.canvas.show_cloud(cloud, keep_view=same)
        self.canvas.set_look(state.look)
        self._colour()
        self._show_gates()
        self.canvas.show_selected(self._mask)

    def select(self, mask: np.ndarray, current: int = -1) -> None:
        """Select rows, in the plot and, of one layer, in image and table."""
        rows = self._rows
        if rows is None:
            return
        self._mask = np.asarray(mask, bool)
        self.canvas.show_selected(self._mask)
        key, labels = rows.chosen(self._mask)
        self._quiet = True
        if key is None:
            self.session.selection.clear()
        else:
            label = int(rows.label[current]) if current >= 0 else 0
            self.session.selection.select(key, labels, label)
        self._quiet = False

    def remove(self, name: str) -> None:
        """Remove a population; undo brings it back."""
        self._set_populations(tuple(p for p in self.state.populations if p.name != name))

    def undo(self) -> None:
        """Take back the last change of populations."""
        if self._undo:
            self.former_names |= {p.name for p in self.state.populations}
            self.state.populations = self._undo.pop()
            self._show_gates()
            self.populations_changed.emit()
            self.said.emit("The last change of populations was taken back.")

    def _set_populations(self, populations: tuple[Population, ...]) -> None:
        self._undo.append(self.state.populations)
        self.former_names |= {p.name for p in self.state.populations}
        self.state.populations = populations
        self._show_gates()
        self.populations_changed.emit()

    def _colour(self) -> None:
        rows, state = self._rows, self.state
        table = rows.table
        found, sizes = None, ()
        if state.colour in table.columns:
            found = coded(state.colour, table[state.colour].to_numpy())
        self.canvas.show_colours(found)
        if state.size in table.columns:
            found_radii, sizes = radii(table[state.size].to_numpy(float))
            self.canvas.show_radii(found_radii)
        else:
            self.canvas.show_radii(None)
        self.panel.show_legend(state.colour or "", found, sizes, state.size or "")

    def _show_gates(self) -> None:
        gates = [
            (population.name, gate, colour_of(position + 2))
            for position, population in enumerate(self.state.populations)
            for gate in population.gates
        ]
        if self._pending is not None:
            gates.append(("", self._pending, _PENDING))
        self.canvas.show_gates(gates)
        counts = {}
        for population in self.state.populations:
            mask = self.inside(population)
            counts[population.name] = int(mask.sum()) if mask is not None else 0
        self.panel.show_populations(self.state.populations, counts)
        self.panel.show_pending(self._pending is not None, bool(self._undo))

    def inside(self, population: Population) -> np.ndarray | None:
        """Return which rows a population holds, None where its columns are missing."""
        try:
            return population.mask(self._rows.table) if self._rows is not None else None
        except BrushwoodError:  # its columns were not measured here
            return None

    def _describe(self, row: int) -> tuple[str, QPixmap | None]:
        rows = self._rows
        units, line = units_of(rows.table), rows.table.iloc[row]
        shown = [self.canvas.cloud.x_name, self.canvas.cloud.y_name, self.state.colour]
        shown += [n for n in plottable(rows.table) if n not in shown]
        parts = [f"<b>object {rows.label[row]}</b>"]
        for name in [n for n in shown if n][:_MOST_LINES]:
            value = line[name]
            text = f"{value:.4g}" if isinstance(value, float | np.floating) else str(value)
            parts.append(f"{name}: {text} {units.get(name, '')}")
        place, layer = self._place(row), self._scene.layer(rows.keys[rows.layer[row]])
        picture = None
        if place is not None and isinstance(layer, Labels):
            picture = self._thumbnails.picture(layer, int(rows.label[row]), place)
        return "<br>".join(parts), picture

    def _place(self, row: int) -> Place | None:
        rows = self._rows
        layer = self._scene.layer(rows.keys[rows.layer[row]])
        if layer is None:
            return None
        shape = full_shape(layer)
        line = rows.table.iloc[row].to_dict()
        n_space = sum(name.startswith("centroid-") for name in line)
        lead = shape[: len(shape) - n_space]
        frame = np.unravel_index(int(rows.frame[row]), lead) if lead else ()
        units = units_of(rows.table)
        in_world = units.get("centroid-0", "px") not in ("", "px")
        spacing = [abs(float(s)) for s in layer.scale] if in_world else None
        return place_from_row(line, len(shape), spacing, tuple(int(i) for i in frame))

    def _on_row(self, row: int, extend: bool) -> None:
        if self._rows is None:
            return
        mask = self._mask.copy() if extend else np.zeros(len(self._rows), bool)
        if row >= 0:
            mask[row] = not (extend and self._mask[row])
        self.select(mask, row if row >= 0 and mask[row] else -1)
        if row >= 0 and mask[row] and not extend:
            key = self._rows.keys[self._rows.layer[row]]
            self._link.go_to(key, int(self._rows.label[row]), self._place(row))

    def _on_gate(self, gate: Gate) -> None:
        if self._rows is None:
            return
        self._pending = gate
        self._show_gates()
        mask = gate.inside(self.canvas.cloud.x, self.canvas.cloud.y)
        self.select(mask)
        self.said.emit(f"{int(mask.sum()):,} objects inside. Press Name it to keep them.")

    def _on_name(self) -> None:
        suggested = f"population {len(self.state.populations) + 1}"
        name, ok = QInputDialog.getText(self.panel, "Name the population", "Name:", text=suggested)
        if ok:
            self.name_pending(name)

    def name_pending(self, name: str) -> None:
        """Make the drawn shape a population."""
        if self._pending is None:
            return
        taken = {p.name for p in self.state.populations} | set(map(str, self._rows.table.columns))
        try:
            if name in taken:
                raise BrushwoodError(f"There is a column {name!r} already. Choose another name.")
            population = Population(name.strip(), (self._pending,))
        except BrushwoodError as error:
            self.said.emit(str(error))
            return
        self._pending = None
        self._set_populations((*self.state.populations, population))
        self.said.emit(f"{name.strip()!r} is a population now, and a column of the table.")

    def _on_population(self, name: str) -> None:
        found = next((p for p in self.state.populations if p.name == name), None)
        mask = self.inside(found) if found is not None else None
        if mask is None:
            self.said.emit(f"The columns of {name!r} are not in this table. Measure them first.")
            return
        self.select(mask)
        self.said.emit(f"{int(mask.sum()):,} objects in {name!r}.")

    def _on_selected(self, selected: Selected) -> None:
        if self._quiet or self._rows is None:
            return
        self._mask = self._rows.mask(selected.layer, selected.labels)
        self.canvas.show_selected(self._mask)

    def _on_choice(self, name: str, value: object) -> None:
        setattr(self.state, name, value)
        self.refresh()

    def _on_save(self) -> None:
        path, _ = QFileDialog.getSaveFileName(
            self.panel, "Save the plot", "plot.png", "Picture (*.png);;Drawing (*.svg)"
        )
        if not path:
            return
        target = Path(path) if Path(path).suffix else Path(f"{path}.png")
        try:
            self.canvas.save(target, overwrite=True)  # the dialog has asked
        except (BrushwoodError, OSError) as error:
            self.said.emit(str(error))
        else:
            self.said.emit(f"The plot was saved as {target.name}.")
