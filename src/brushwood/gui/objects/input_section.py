"""Section 1: what objects are made from, and which classes are objects."""

from collections.abc import Sequence

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from brushwood.gui._widgets import KeyedCombo, Section, labelled, wrapped_label
from brushwood.session.objects_readiness import SourceRef
from brushwood.session.scene import size_text

_NDIM = {2: "2-D", 3: "3-D"}


class InputSection(Section):
    """Shows the layers to choose from and their classes, and emits what the user wants."""

    source_chosen = Signal(object)
    foreground_chosen = Signal(object)
    ndim_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("1  Input", "What objects are made from.", parent)
        self.sources = KeyedCombo("A class map, a probability map, or any labels layer.")
        self.sources.key_chosen.connect(self.source_chosen)
        self._about = wrapped_label()
        self._about.setToolTip("What the chosen layer holds.")
        self._classes = QWidget()
        self._classes.setToolTip("Pixels of the ticked classes become objects.")
        self._column = QVBoxLayout(self._classes)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        self.boxes: dict[int | None, QCheckBox] = {}
        self._known: tuple[tuple[int | None, str], ...] = ()
        self.ndim = KeyedCombo(
            "2-D takes every plane for itself; 3-D joins objects from plane to plane."
        )
        self.ndim.key_chosen.connect(self.ndim_chosen)
        self._space = QWidget()
        row = labelled("Objects are", self.ndim)
        row.setContentsMargins(0, 0, 0, 0)
        self._space.setLayout(row)
        for widget in (self.sources, self._about, self._classes, self._space):
            self.box.addWidget(widget)

    def show_sources(
        self, sources: Sequence[SourceRef], chosen: SourceRef | None, ndim: int
    ) -> None:
        """Show the layers of the scene and the present choice."""
        self.sources.set_entries(
            [(s.key, s.name) for s in sources], chosen.key if chosen is not None else None
        )
        self.sources.setPlaceholderText("nothing yet")
        self.sources.setEnabled(bool(sources))
        kinds = {"classes": "classes", "probability": "probability", "labels": "labels"}
        about = "" if chosen is None else f"{kinds[chosen.kind]} · {size_text(chosen.shape)}"
        self._about.setText(about)
        self._about.setVisible(bool(about))
        self.ndim.set_entries(_NDIM.items(), ndim)
        self._space.setVisible(chosen is not None and len(chosen.shape) > 2)

    def show_classes(
        self, entries: Sequence[tuple[int | None, str]], foreground: tuple[int, ...] | None
    ) -> None:
        """Show the classes to choose from, None for everything above 0; empty hides them."""
        entries = tuple(entries)
        if entries != self._known:
            self._known = entries
            for box in self.boxes.values():
                self._column.removeWidget(box)
                box.deleteLater()
            self.boxes = {}
            for class_id, text in entries:
                box = QCheckBox(text)
                box.setToolTip(self._classes.toolTip())
                box.clicked.connect(self._on_clicked)
                self._column.addWidget(box)
                self.boxes[class_id] = box
        self._classes.setVisible(bool(entries))
        for class_id, box in self.boxes.items():
            ticked = foreground is None if class_id is None else class_id in (foreground or ())
            box.setChecked(ticked)
            box.setEnabled(class_id is None or None not in self.boxes or foreground is not None)

    def _on_clicked(self) -> None:
        everything = self.boxes.get(None)
        if everything is not None and everything.isChecked():
            self.foreground_chosen.emit(None)
            return
        ids = [i for i, box in self.boxes.items() if i is not None and box.isChecked()]
        self.foreground_chosen.emit(tuple(ids))
