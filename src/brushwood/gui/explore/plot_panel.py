"""The plot with its choices: axes, colour, size, what the mouse draws, populations."""

from collections.abc import Sequence
from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from brushwood.explore.gates import Population
from brushwood.gui._widgets import KeyedCombo, labelled, swatch, wrapped_label
from brushwood.gui.plot.canvas import KEYS, PlotCanvas
from brushwood.gui.plot.view_box import Mode
from brushwood.session.classes import colour_of
from brushwood.session.column_colours import Coded

_MODES: dict[Mode, tuple[str, str]] = {
    "pan": ("Move", "Drag moves the plot, the wheel zooms, a click chooses an object."),
    "rectangle": ("Box", "Drag a rectangle around objects to select them."),
    "lasso": ("Lasso", "Draw around objects to select them."),
    "polygon": ("Polygon", "Click corners; Enter or a double click closes the polygon."),
}
_MOST_LISTED = 5
_LOOKS = (("auto", "automatic"), ("points", "points"), ("density", "density"))


class PlotPanel(QWidget):
    """Shows and asks; it knows nothing of layers.

    Signals
    -------
    choice_made : (name, value)
        ``x``, ``y``, ``colour``, ``size`` or ``look``.
    name_requested, save_requested : ()
    population_chosen, population_removed : (name)
    """

    choice_made = Signal(str, object)
    name_requested = Signal()
    save_requested = Signal()
    population_chosen = Signal(str)
    population_removed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = PlotCanvas()
        self.canvas.setMinimumHeight(28 * self.fontMetrics().lineSpacing())
        self.canvas.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self._x = KeyedCombo("The column along the horizontal axis.")
        self._y = KeyedCombo("The column along the vertical axis.")
        self._colour = KeyedCombo("The column that colours the points.")
        self._size = KeyedCombo("The column that sizes the points.")
        self._look = KeyedCombo("Single points, or how many lie where; automatic from 50,000.")
        self._look.set_entries(_LOOKS, "auto")
        for name, combo in (
            ("x", self._x), ("y", self._y), ("colour", self._colour), ("size", self._size),
            ("look", self._look),
        ):  # fmt: skip
            combo.key_chosen.connect(lambda key, name=name: self.choice_made.emit(name, key))
        self._legend = wrapped_label()
        self._legend.setToolTip("What colours and sizes mean.")
        self._modes = QButtonGroup(self)
        self._mode_buttons: dict[Mode, QPushButton] = {}
        self._name = QPushButton("Name it…")
        self._name.setToolTip(
            "Make the drawn shape a population: a column that says who is inside."
        )
        self._name.clicked.connect(self.name_requested)
        self._remove = QPushButton("Remove")
        self._remove.setToolTip("Remove the population that is marked in the list. Key Delete.")
        self._remove.clicked.connect(self._on_delete)
        self._undo = QPushButton("Undo")
        self._undo.setToolTip("Take back the last change of populations. Key Ctrl+Z.")
        self._undo.clicked.connect(self.canvas.undo_requested)
        self._save = QPushButton("Save…")
        self._save.setToolTip("Save the plot as PNG or SVG.")
        self._save.clicked.connect(self.save_requested)
        self._list = QListWidget()
        self._list.setToolTip("Populations; a click selects their objects, Delete removes one.")
        self._list.itemClicked.connect(lambda item: self.population_chosen.emit(_name_of(item)))
        self._list.currentRowChanged.connect(lambda row: self._remove.setEnabled(row >= 0))
        self._arrange()
        self.canvas.mode_changed.connect(self._on_mode)
        self.canvas.delete_requested.connect(self._on_delete)
        self.show_populations((), {})
        self.show_pending(False)

    def _arrange(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        axes = QHBoxLayout()
        axes.setSpacing(6)
        axes.addLayout(labelled("x", self._x), 1)
        axes.addLayout(labelled("y", self._y), 1)
        colour = labelled("Colour", self._colour)
        look = QHBoxLayout()
        look.setSpacing(6)
        look.addLayout(labelled("Size", self._size), 1)
        look.addLayout(labelled("Look", self._look), 1)
        tools = QHBoxLayout()
        tools.setSpacing(2)
        for mode, (text, tooltip) in _MODES.items():
            button = QPushButton(text, checkable=True, checked=mode == "pan")
            button.setToolTip(f"{tooltip} Key {KEYS[mode]}.")
            button.clicked.connect(lambda _=False, mode=mode: self.canvas.set_mode(mode))
            self._modes.addButton(button)
            self._mode_buttons[mode] = button
            tools.addWidget(button)
        tools.addStretch(1)
        below = QHBoxLayout()
        below.setSpacing(6)
        for button in (self._name, self._remove, self._undo, self._save):
            below.addWidget(button)
        layout.addLayout(axes)
        layout.addLayout(colour)
        layout.addLayout(look)
        layout.addLayout(tools)
        layout.addWidget(self.canvas, 1)
        layout.addWidget(self._legend)
        layout.addLayout(below)
        layout.addWidget(self._list)

    def show_columns(
        self,
        axes: Sequence[tuple[str, str]],
        colours: Sequence[tuple[str, str]],
        chosen: dict[str, Any],
    ) -> None:
        """Show the columns to choose from, as (name, header), and the present choice."""
        for combo, name in ((self._x, "x"), (self._y, "y")):
            combo.set_entries(list(axes), chosen[name])
            combo.setPlaceholderText("no column" if not axes else "choose")
            combo.setEnabled(bool(axes))
        self._colour.set_entries([(None, "one colour"), *colours], chosen["colour"])
        self._size.set_entries([(None, "one size"), *axes], chosen["size"])
        self._look.set_entries(_LOOKS, chosen["look"])

    def show_legend(
        self, name: str, found: Coded | None, sizes: Sequence[tuple[float, int]], size_name: str
    ) -> None:
        """Say what colours and sizes mean."""
        parts = []
        if found is not None and found.is_classes:
            pairs = list(zip(found.classes, found.colours, strict=True))[:8]
            chips = " ".join(
                f'<span style="color:{c}">■</span>&nbsp;{_escaped(_class_word(name, text))}'
                for text, c in pairs
            )
            more = f" … {len(found.classes)} in all" if len(found.classes) > 8 else ""
            parts.append(f"{_escaped(name)}: {chips}{more}")
        elif found is not None:
            parts.append(f"{_escaped(name)}: {found.low:.3g} (dark) to {found.high:.3g} (bright)")
        if sizes:
            dots = " ".join(
                f'<span style="font-size:{3 * radius + 3}px">●</span>&nbsp;{value:.4g}'
                for value, radius in sizes
            )
            parts.append(f"{_escaped(size_name)}: {dots}")
        self._legend.setText("<br>".join(parts))
        self._legend.setVisible(bool(parts))

    def show_populations(self, populations: Sequence[Population], counts: dict[str, int]) -> None:
        """List the populations with how many objects they hold."""
        self._list.clear()
        for position, population in enumerate(populations):
            n = counts.get(population.name, 0)
            item = QListWidgetItem(f"{population.name} — {n:,} object{'s' * (n != 1)}")
            item.setData(Qt.ItemDataRole.UserRole, population.name)
            item.setIcon(swatch(colour_of(position + 2), self))
            self._list.addItem(item)
        lines = min(_MOST_LISTED, len(populations)) * (self._list.sizeHintForRow(0) + 2)
        self._list.setFixedHeight(lines + 6)
        self._list.setVisible(bool(populations))
        self._remove.setEnabled(False)

    def show_pending(self, pending: bool, can_undo: bool = False) -> None:
        """Say whether a shape was drawn that can be named, and a change can be taken back."""
        self._name.setEnabled(pending)
        self._undo.setEnabled(can_undo)

    def _on_mode(self, mode: Mode) -> None:
        self._mode_buttons[mode].setChecked(True)

    def _on_delete(self) -> None:
        item = self._list.currentItem()
        if item is not None:
            self.population_removed.emit(_name_of(item))

    def keyPressEvent(self, event: Any) -> None:
        """Remove the chosen population with the Delete key."""
        if event.key() == Qt.Key.Key_Delete and self._list.hasFocus():
            self._on_delete()
        else:
            super().keyPressEvent(event)


def _class_word(column: str, text: str) -> str:
    return "none" if text == "0" and column.startswith("cluster ") else text


def _name_of(item: QListWidgetItem) -> str:
    return str(item.data(Qt.ItemDataRole.UserRole))


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
