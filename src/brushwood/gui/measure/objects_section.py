"""Section 1: which objects are measured, and whether in planes or in space."""

from collections.abc import Sequence

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QWidget

from brushwood.gui._widgets import KeyedCombo, Section, labelled, wrapped_label
from brushwood.session.measuring import MeasureReadiness
from brushwood.session.scene import LabelsRef, axes_text, size_text


class ObjectsSection(Section):
    """Shows the labels layers to choose from, and emits what the user wants."""

    objects_chosen = Signal(object)
    ndim_chosen = Signal(object)
    parents_chosen = Signal(object)
    make_requested = Signal()
    align_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("1  Objects", "The labels layer whose objects are measured.", parent)
        self.objects = KeyedCombo("The labels layer to measure: one number an object.")
        self.objects.key_chosen.connect(self.objects_chosen)
        self.ndim = KeyedCombo("2-D measures each plane by itself; 3-D measures volumes.")
        self.ndim.key_chosen.connect(self.ndim_chosen)
        self.parents = KeyedCombo("Larger objects that these lie in: cells around nuclei.")
        self.parents.key_chosen.connect(self.parents_chosen)
        self._parents_row = QWidget()
        self._parents_row.setLayout(labelled("Inside", self.parents))
        self._parents_row.layout().setContentsMargins(0, 0, 0, 0)
        self._axes = wrapped_label()
        self._axes.setToolTip("The axes of the labels and the type of their pixels.")
        self.make = QPushButton("Make objects")
        self.make.setToolTip("Open the widget that makes objects from classes or probabilities.")
        self.make.clicked.connect(self.make_requested)
        self.align = QPushButton("Place on image")
        self.align.setToolTip("Give the labels the scale, units and position of the ticked image.")
        self.align.clicked.connect(self.align_requested)
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.objects, 3)
        row.addWidget(self.ndim, 1)
        self.box.addLayout(row)
        self.box.addWidget(self._axes)
        self.box.addWidget(self._parents_row)
        self.box.addWidget(self.make)
        self.box.addWidget(self.align)

    def show_objects(
        self, objects: Sequence[LabelsRef], ready: MeasureReadiness, ndim: int
    ) -> None:
        """Show the layers of the scene and the present choice."""
        chosen = ready.objects
        self.objects.set_entries([(ref.key, ref.name) for ref in objects], chosen and chosen.key)
        self.objects.setPlaceholderText("no objects" if not objects else "choose objects")
        self.objects.setEnabled(bool(objects))
        deep = chosen is not None and len(chosen.shape) >= 3
        self.ndim.set_entries([(2, "2-D"), (3, "3-D")] if deep else [(2, "2-D")], ndim)
        self.ndim.setEnabled(deep)
        self._axes.setVisible(chosen is not None)
        self._axes.setText("" if chosen is None else axes_text(chosen, ndim))
        around = [(ref.key, ref.name) for ref in ready.possible_parents]
        inside = ready.parents.key if ready.parents is not None else None
        self.parents.set_entries([(None, "no other objects"), *around], inside)
        self._parents_row.setVisible(bool(around))
        self.make.setVisible(not objects)
        self.align.setVisible(ready.can_align)
        if chosen is None:
            self.set_summary("— no objects")
        else:
            self.set_summary(f"— {chosen.name}, {size_text(chosen.shape)}, {ndim}-D")
