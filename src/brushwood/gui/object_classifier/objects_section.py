"""Section 1: which objects, on which images, and what was measured on them."""

from collections.abc import Sequence
from dataclasses import dataclass

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QPushButton, QVBoxLayout, QWidget

from brushwood.gui._widgets import KeyedCombo, Section, labelled, layer_box, wrapped_label
from brushwood.session.scene import LayerKey


@dataclass(frozen=True, slots=True)
class ObjectsRow:
    """An objects layer to choose from.

    Attributes
    ----------
    text : str
        What is in it: ``61 objects, 18 columns``; "" when it was not measured.
    """

    key: LayerKey
    name: str
    text: str = ""


class ObjectsSection(Section):
    """Shows the objects layers, and emits what the user wants."""

    layers_chosen = Signal(tuple)
    image_chosen = Signal(object)
    measure_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "1  Objects", "The objects to classify, and what is known of them.", parent
        )
        self._empty = wrapped_label()
        self.layers = KeyedCombo("The labels layer that holds the objects.")
        self.layers.key_chosen.connect(self._on_chosen)
        self._others = QWidget()
        self._others.setToolTip("Tick every layer whose marks train the same model.")
        self._other_box = QVBoxLayout(self._others)
        self._other_box.setContentsMargins(0, 0, 0, 0)
        self._other_box.setSpacing(2)
        self.boxes: dict[LayerKey, QCheckBox] = {}
        self._choices: tuple[tuple[LayerKey, str], ...] = ()
        self._info = wrapped_label()
        self._info.setToolTip("How many objects there are, and how many columns were measured.")
        self.images = KeyedCombo("The image whose intensities are measured, or shape alone.")
        self.images.key_chosen.connect(self.image_chosen)
        self._image_line = QWidget()
        line = labelled("Measure on", self.images)
        line.setContentsMargins(0, 0, 0, 0)
        self._image_line.setLayout(line)
        self.measure = QPushButton("Measure objects")
        self.measure.clicked.connect(self.measure_requested)
        for widget in (
            self._empty, self.layers, self._others, self._info, self._image_line, self.measure,
        ):  # fmt: skip
            self.box.addWidget(widget)

    def show_objects(
        self, rows: Sequence[ObjectsRow], ticked: Sequence[LayerKey], info: str
    ) -> None:
        """Show the layers to choose from, those ticked, and what is known about them."""
        chosen = next(iter(ticked), None)
        self.layers.set_entries([(row.key, row.name) for row in rows], chosen)
        self.layers.setPlaceholderText("choose objects")
        self.layers.setVisible(bool(rows))
        self._empty.setVisible(not rows)
        self._empty.setText(
            "There are no objects yet. Make them with Make objects, or open a labels layer."
        )
        self._show_others(rows, ticked)
        self._info.setText(info)
        self._info.setVisible(bool(info))
        name = next((row.name for row in rows if row.key == chosen), "")
        more = f" + {len(ticked) - 1} more" if len(ticked) > 1 else ""
        self.set_summary(f"— {name}{more}, {info}" if name else "— no objects")

    def show_measure(
        self, images: Sequence[tuple[object, str]], image: LayerKey | None, text: str, reason: str
    ) -> None:
        """Offer to measure.

        Parameters
        ----------
        images : sequence of (key, name)
            Images that fit.
        text : str
            What the button says, "" when there is nothing to measure.
        reason : str
            Why it cannot be pressed, "" if it can.
        """
        self.images.set_entries([("", "shape alone"), *images], image or "")
        self._image_line.setVisible(bool(text) and bool(images))
        self.measure.setVisible(bool(text))
        self.measure.setText(text)
        self.measure.setEnabled(not reason)
        self.measure.setToolTip(reason or "Measure size, shape and intensity of each object.")

    def _show_others(self, rows: Sequence[ObjectsRow], ticked: Sequence[LayerKey]) -> None:
        choices = tuple((row.key, row.name) for row in rows) if len(rows) > 1 else ()
        if choices != self._choices:
            self._choices = choices
            self._rebuild()
        for key, box in self.boxes.items():
            box.blockSignals(True)
            box.setChecked(key in ticked)
            box.setEnabled(key != self.layers.key)
            box.blockSignals(False)
        self._others.setVisible(bool(choices))

    def _rebuild(self) -> None:
        for box in self.boxes.values():
            self._other_box.removeWidget(box)
            box.deleteLater()
        self.boxes = {}
        for key, name in self._choices:
            tooltip = f"Learn from the marks on {name!r}, and classify its objects too."
            box = layer_box(name, tooltip)
            box.toggled.connect(self._on_ticked)
            self._other_box.addWidget(box)
            self.boxes[key] = box

    def _on_chosen(self, key: LayerKey) -> None:
        rest = [k for k, box in self.boxes.items() if box.isChecked() and box.isEnabled()]
        self.layers_chosen.emit((key, *(k for k in rest if k != key)))

    def _on_ticked(self) -> None:
        first = self.layers.key
        rest = [key for key, box in self.boxes.items() if box.isChecked() and key != first]
        self.layers_chosen.emit((first, *rest) if first is not None else tuple(rest))
