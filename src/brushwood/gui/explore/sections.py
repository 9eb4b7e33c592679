"""The sections before the plot: which table, how it is laid out, how it is grouped."""

from collections.abc import Mapping, Sequence
from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from brushwood.explore.grouping import NAMES
from brushwood.gui._forms import OptionForm
from brushwood.gui._widgets import Section, layer_box, wrapped_label
from brushwood.session.exploring import ExploreState
from brushwood.session.scene import LayerKey

_ROWS = 7


class TableSection(Section):
    """Section 1: layers and columns."""

    layers_chosen = Signal(tuple)
    columns_chosen = Signal(object)
    prepare_edited = Signal(object)
    measure_requested = Signal()
    file_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("1  Table", "Which objects, and which of their measurements.", parent)
        self._empty = wrapped_label("No objects layer has measurements yet.")
        self._measure = QPushButton("Measure objects")
        self._measure.setToolTip("Open the widget that measures objects.")
        self._measure.clicked.connect(self.measure_requested)
        self._layers = QWidget()
        self._layer_box = QVBoxLayout(self._layers)
        self._layer_box.setContentsMargins(0, 0, 0, 0)
        self._layer_box.setSpacing(2)
        self._boxes: dict[LayerKey, QCheckBox] = {}
        self._shown: tuple[tuple[LayerKey, str], ...] = ()
        self._columns = QListWidget()
        self._columns.setToolTip("Tick the measurements to explore.")
        self._columns.setFixedHeight(_ROWS * self.fontMetrics().lineSpacing() + 8)
        self._columns.itemChanged.connect(self._on_column)
        self._all = QPushButton("All")
        self._all.setToolTip("Tick all columns that describe objects.")
        self._all.clicked.connect(lambda: self.columns_chosen.emit(None))
        self._none = QPushButton("None")
        self._none.setToolTip("Untick all columns.")
        self._none.clicked.connect(lambda: self.columns_chosen.emit(()))
        self._form: OptionForm | None = None
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        buttons.addWidget(self._all)
        buttons.addWidget(self._none)
        buttons.addStretch(1)
        self._file = QPushButton("Add table…")
        self._file.setToolTip("Add the columns of a CSV or Parquet file, matched by label.")
        self._file.clicked.connect(self.file_requested)
        buttons.addWidget(self._file)
        self._notes = wrapped_label()
        for widget in (self._empty, self._measure, self._layers, self._columns):
            self.box.addWidget(widget)
        self.box.addLayout(buttons)
        self.box.addWidget(self._notes)

    def show_layers(self, layers: Sequence[tuple[LayerKey, str]], ticked: Sequence[str]) -> None:
        """Show the layers that have measurements."""
        self._empty.setVisible(not layers)
        self._measure.setVisible(not layers)
        if tuple(layers) != self._shown:
            self._shown = tuple(layers)
            for box in self._boxes.values():
                self._layer_box.removeWidget(box)
                box.deleteLater()
            self._boxes = {}
            for key, name in layers:
                tooltip = f"Explore the objects of {name!r}; tick several for one table."
                box = layer_box(name, tooltip)
                box.toggled.connect(self._on_layer)
                self._layer_box.addWidget(box)
                self._boxes[key] = box
        for key, box in self._boxes.items():
            box.blockSignals(True)
            box.setChecked(key in ticked)
            box.blockSignals(False)

    def show_columns(
        self, columns: Sequence[tuple[str, str]], ticked: Sequence[str], state: ExploreState
    ) -> None:
        """Show the columns that can be explored, as (name, header)."""
        self._columns.blockSignals(True)
        self._columns.clear()
        for name, header in columns:
            item = QListWidgetItem(header)
            item.setData(Qt.ItemDataRole.UserRole, name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            on = Qt.CheckState.Checked if name in ticked else Qt.CheckState.Unchecked
            item.setCheckState(on)
            self._columns.addItem(item)
        self._columns.blockSignals(False)
        for widget in (self._columns, self._all, self._none):
            widget.setVisible(bool(columns))
        if self._form is None:
            self._form = OptionForm(state.prepare)
            self._form.edited.connect(self.prepare_edited)
            self.box.addWidget(self._form)
        self._form.setVisible(bool(columns))

    def show_summary(self, n_rows: int, n_columns: int, notes: str) -> None:
        """Say how much there is to explore."""
        self.set_summary(f"— {n_rows:,} objects, {n_columns} columns" if n_rows else "— nothing")
        self._notes.setText(notes)
        self._notes.setVisible(bool(notes))

    def _on_layer(self) -> None:
        ticked = tuple(key for key, box in self._boxes.items() if box.isChecked())
        self.layers_chosen.emit(ticked)

    def _on_column(self, item: QListWidgetItem) -> None:
        names = []
        for row in range(self._columns.count()):
            one = self._columns.item(row)
            if one.checkState() == Qt.CheckState.Checked:
                names.append(str(one.data(Qt.ItemDataRole.UserRole)))
        self.columns_chosen.emit(tuple(names))


class ParamsSection(Section):
    """A section with one form, which shows only what counts for the chosen method."""

    edited = Signal(object)

    def __init__(
        self,
        title: str,
        tooltip: str,
        params: Any,
        titles: Mapping[str, str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(title, tooltip, parent)
        self.form = OptionForm(params)
        methods = self.form.editor("method")
        for position in range(methods.count()):
            methods.setItemText(position, titles[methods.itemData(position)])
        self.form.edited.connect(self._on_edited)
        self.note = wrapped_label()
        self.box.addWidget(self.form)
        self.box.addWidget(self.note)
        self.note.hide()
        self._show_used(params)

    def show_params(self, params: Any, summary: str) -> None:
        """Show the choices."""
        if self.form.spec != params:
            self.form.set_spec(params)
        self._show_used(params)
        self.set_summary(f"— {summary}")

    def show_note(self, text: str) -> None:
        """Say something about the choice."""
        self.note.setText(text)
        self.note.setVisible(bool(text))

    def _on_edited(self, params: Any) -> None:
        self._show_used(params)
        self.edited.emit(params)

    def _show_used(self, params: Any) -> None:
        self.form.show_only(params.used_by(params.method))


class GroupSection(ParamsSection):
    """Section 3: how rows are grouped, and how many groups the data suggest."""

    run_requested = Signal()
    on_layout_chosen = Signal(bool)
    take_requested = Signal()

    def __init__(self, params: Any, parent: QWidget | None = None) -> None:
        super().__init__("3  Group", "Which objects belong together.", params, NAMES, parent)
        self._on_layout = QCheckBox("Group the layout")
        self._on_layout.setToolTip(
            "Group what the layout shows; untick to group the measurements themselves."
        )
        self._on_layout.toggled.connect(self.on_layout_chosen)
        self._take = QPushButton("Use the suggestion")
        self._take.setToolTip("Take the suggested number of groups, and run again.")
        self._take.clicked.connect(self.take_requested)
        self.run = QPushButton("Run")
        self.run.clicked.connect(self.run_requested)
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addWidget(self.run, 1)
        line.addWidget(self._take)
        self.box.addWidget(self._on_layout)
        self.box.addLayout(line)
        self._take.hide()

    def show_group(self, on_layout: bool, can_take: bool) -> None:
        """Show what is grouped, and whether another number of groups is suggested."""
        self._on_layout.blockSignals(True)
        self._on_layout.setChecked(on_layout)
        self._on_layout.blockSignals(False)
        self._take.setVisible(can_take)
