"""Section 2: the annotation layer and its classes."""

from collections.abc import Mapping, Sequence

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QWidget

from brushwood.gui._class_table import ClassTable
from brushwood.gui._widgets import KeyedCombo, Section, wrapped_label
from brushwood.gui._work_bar import enable
from brushwood.pixels.suggest import STRATEGIES
from brushwood.session.classes import Classes
from brushwood.session.scene import LabelsRef, LayerKey


class AnnotateSection(Section):
    """Shows the annotation and the classes, and emits what the user wants."""

    layer_chosen = Signal(object)
    new_requested = Signal()
    add_requested = Signal()
    next_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("2  Annotate", "Paint a few strokes of each class.", parent)
        self._empty = wrapped_label()
        self._layers = KeyedCombo("The labels layer that you paint on.")
        self._layers.key_chosen.connect(self.layer_chosen)
        self.new = QPushButton("New")
        self.new.clicked.connect(self.new_requested)
        self.table = ClassTable()
        self._add = QPushButton("+ Class")
        self._add.setToolTip("Add a class.")
        self._add.clicked.connect(self.add_requested)
        self._rename = QPushButton("Rename")
        self._rename.setToolTip("Rename the selected class.")
        self._rename.clicked.connect(self.table.rename_current)
        self._delete = QPushButton("Delete")
        self._delete.setToolTip("Delete the class and its strokes; Ctrl+Z brings them back.")
        self._delete.clicked.connect(self._on_delete)
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addWidget(self._layers, 1)
        line.addWidget(self.new)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        for button in (self._add, self._rename, self._delete):
            buttons.addWidget(button)
        self.box.addWidget(self._empty)
        self.box.addLayout(line)
        self._next = QPushButton("Next place")
        self._next.clicked.connect(lambda: self.next_requested.emit(str(self._strategy.key)))
        self._strategy = KeyedCombo("What makes a place worth annotating.")
        self._strategy.set_entries([(s, f"by {s}") for s in STRATEGIES], "uncertainty")
        where = QHBoxLayout()
        where.setSpacing(6)
        where.addWidget(self._next)
        where.addWidget(self._strategy, 1)
        self.box.addWidget(self.table)
        self.box.addLayout(buttons)
        self.box.addLayout(where)
        self._why = wrapped_label()
        self._why.setToolTip("Why this place; the status line goes on to say what is computed.")
        self._why.hide()
        self.box.addWidget(self._why)

    def show_layers(
        self,
        layers: Sequence[LabelsRef],
        chosen: LayerKey | None,
        image_reason: str,
        problem: str,
    ) -> None:
        """Show the labels layers, and say what is missing.

        Parameters
        ----------
        image_reason : str
            Why no annotation can be made, "" if one can.
        problem : str
            Why the chosen annotation cannot be used, "" if it can.
        """
        self._layers.set_entries([(layer.key, layer.name) for layer in layers], chosen)
        self._layers.setPlaceholderText("pick an annotation")
        self._layers.setVisible(bool(layers))
        self._empty.setText(image_reason or problem)
        self._empty.setVisible(bool(image_reason or problem))
        self.new.setText("New" if layers else "New annotation layer")
        self.new.setEnabled(not image_reason)
        self.new.setToolTip(image_reason or "Make an empty annotation layer that fits the image.")
        self._name = next((layer.name for layer in layers if layer.key == chosen), "")

    def show_why(self, sentence: str) -> None:
        """Say why a place is worth annotating."""
        self._why.setText(sentence)
        self._why.setVisible(bool(sentence))

    def show_next(self, reason: str) -> None:
        """Say whether the next place can be looked for; `reason` is "" when it can."""
        enable(self._next, reason, "Show me the next place where strokes help most.")

    def show_classes(
        self, classes: Classes, current: int, counts: Mapping[int, int], keys: Sequence[str]
    ) -> None:
        """Show the classes."""
        self.table.show_classes(classes, current, counts, keys)
        self._delete.setEnabled(bool(classes))
        self._rename.setEnabled(bool(classes))
        names = ", ".join(f"{c.name} {counts.get(c.id, 0):,} px" for c in classes)
        self.set_summary(f"— {names}" if self._name else "— no annotation yet")

    _name = ""

    def _on_delete(self) -> None:
        if self.table.current_id is not None:
            self.table.delete_requested.emit(self.table.current_id)
