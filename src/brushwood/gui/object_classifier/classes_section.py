"""Section 2: the classes, and the ways to give them to objects."""

from collections.abc import Mapping, Sequence

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QWidget

from brushwood.gui._class_table import ClassTable
from brushwood.gui._widgets import KeyedCombo, Section, wrapped_label
from brushwood.session.classes import Classes
from brushwood.session.scene import LayerKey


class ClassesSection(Section):
    """Shows the classes and their marks, and emits what the user wants."""

    add_requested = Signal()
    clicking_toggled = Signal(bool)
    undo_requested = Signal()
    redo_requested = Signal()
    scribbles_chosen = Signal(object)
    new_scribbles_requested = Signal()
    column_requested = Signal(object)
    take_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("2  Classes", "Mark a few objects of each class.", parent)
        self.table = ClassTable(counted="Objects", unit="", verb="give it to objects")
        self._add = _button("+ Class", "Add a class.", self.add_requested)
        self._rename = _button("Rename", "Rename the selected class.", self.table.rename_current)
        self._delete = _button(
            "Delete", "Delete the class and its marks; Undo brings them back.", self._on_delete
        )
        self.clicking = QPushButton("Click to assign", checkable=True)
        self.clicking.toggled.connect(self.clicking_toggled)
        self.undo = _button("Undo", "Take the last mark back (Ctrl+Z).", self.undo_requested)
        self.redo = _button("Redo", "Give it again (Ctrl+Shift+Z).", self.redo_requested)
        self.scribbles = KeyedCombo("A labels layer: strokes mark the objects that they touch.")
        self.scribbles.key_chosen.connect(self.scribbles_chosen)
        self.new_scribbles = _button(
            "New", "Make an empty layer to scribble on.", self.new_scribbles_requested
        )
        self.columns = KeyedCombo("A column of the table that holds classes.")
        self.take_column = _button("Take", "Mark objects as the column says.", self._on_column)
        self._note = wrapped_label()
        self._note.setToolTip("What became of the marks when the objects changed.")
        self.take = _button("", "Marks are kept in image space and fit here.", self.take_requested)
        self._arrange()

    def _arrange(self) -> None:
        self.box.addWidget(self.table)
        self.box.addLayout(_row(self._add, self._rename, self._delete))
        marks = QHBoxLayout()
        marks.setSpacing(6)
        marks.addWidget(self.clicking, 1)
        marks.addWidget(self.undo)
        marks.addWidget(self.redo)
        self.box.addLayout(marks)
        grid = QGridLayout()
        grid.setSpacing(4)
        grid.setColumnStretch(1, 1)
        for row, (text, combo, button) in enumerate(
            (
                ("Scribbles", self.scribbles, self.new_scribbles),
                ("Column", self.columns, self.take_column),
            )
        ):
            label = QLabel(text)
            label.setBuddy(combo)
            label.setToolTip(combo.toolTip())
            grid.addWidget(label, row, 0)
            grid.addWidget(combo, row, 1)
            grid.addWidget(button, row, 2)
        self.box.addLayout(grid)
        self.box.addWidget(self._note)
        self.box.addWidget(self.take)

    def show_classes(
        self, classes: Classes, current: int, counts: Mapping[int, int], keys: Sequence[str]
    ) -> None:
        """Show the classes."""
        self.table.show_classes(classes, current, counts, keys)
        for button in (self._delete, self._rename):
            button.setEnabled(bool(classes))
        names = ", ".join(f"{c.name} {counts.get(c.id, 0):,}" for c in classes)
        self.set_summary(f"— {names}" if any(counts.values()) else "— no object marked")

    def show_clicking(self, on: bool, reason: str, keys: str) -> None:
        """Show whether clicks mark objects, or why they cannot."""
        self.clicking.blockSignals(True)
        self.clicking.setChecked(on and not reason)
        self.clicking.blockSignals(False)
        self.clicking.setEnabled(not reason)
        tip = "Click objects in the image to give them the selected class; again to take it back."
        self.clicking.setToolTip(reason or f"{tip} {keys}".strip())

    def show_history(self, undo: bool, redo: bool) -> None:
        """Enable undo and redo."""
        self.undo.setEnabled(undo)
        self.redo.setEnabled(redo)

    def show_sources(
        self,
        layers: Sequence[tuple[object, str]],
        scribbles: LayerKey | None,
        columns: Sequence[str],
        reason: str,
    ) -> None:
        """Show where marks can come from besides clicks."""
        self.scribbles.set_entries([(None, "none"), *layers], scribbles)
        self.new_scribbles.setEnabled(not reason)
        self.columns.set_entries([(name, name) for name in columns], self.columns.key)
        if self.columns.key is None and columns:
            self.columns.setCurrentIndex(0)
        self.columns.setPlaceholderText("no class column")
        self.columns.setEnabled(bool(columns))
        self.take_column.setEnabled(bool(columns) and not reason)

    def show_note(self, text: str, take: str) -> None:
        """Say what became of the marks, and offer those of another layer ("" for none)."""
        self._note.setText(text)
        self._note.setVisible(bool(text))
        self.take.setText(take)
        self.take.setVisible(bool(take))

    @property
    def note(self) -> str:
        """What became of the marks."""
        return self._note.text()

    def _on_delete(self) -> None:
        if self.table.current_id is not None:
            self.table.delete_requested.emit(self.table.current_id)

    def _on_column(self) -> None:
        if self.columns.key is not None:
            self.column_requested.emit(self.columns.key)


def _button(text: str, tooltip: str, signal: object) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tooltip)
    button.clicked.connect(signal)
    return button


def _row(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(6)
    for widget in widgets:
        row.addWidget(widget)
    return row
