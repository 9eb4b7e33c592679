"""Section 5: which results are shown as layers."""

from collections.abc import Sequence

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QWidget

from brushwood.gui._widgets import Section, wrapped_label
from brushwood.session.object_state import OBJECT_OUTPUTS, ObjectOutput
from brushwood.session.sentences import listing

_TOOLTIPS: dict[ObjectOutput, str] = {
    "classes": "A labels layer that colours each object by its class.",
    "marks": "Points on the objects that you marked.",
    "probabilities": "An image layer for each class: how likely it is for each object, 0 to 1.",
    "uncertainty": "An image layer: which objects the forest is unsure about.",
}


class ResultSection(Section):
    """Check boxes for the results."""

    outputs_chosen = Signal(tuple)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("5  Result", "What is shown as layers.", parent)
        self.checks: dict[ObjectOutput, QCheckBox] = {}
        for output in OBJECT_OUTPUTS:
            box = QCheckBox(output)
            box.setToolTip(_TOOLTIPS[output])
            box.toggled.connect(self._on_toggled)
            self.box.addWidget(box)
            self.checks[output] = box
        self._columns = wrapped_label()
        self._columns.setToolTip("Columns that are written into the table of the objects.")
        self.box.addWidget(self._columns)

    def show_outputs(self, outputs: Sequence[ObjectOutput], columns: Sequence[str]) -> None:
        """Show which layers are wanted, and which columns were written."""
        for output, box in self.checks.items():
            box.blockSignals(True)
            box.setChecked(output in outputs)
            box.blockSignals(False)
        self.set_summary(f"— {listing([o for o in OBJECT_OUTPUTS if o in outputs])}")
        self._columns.setText(f"In the table: {', '.join(columns)}" if columns else "")
        self._columns.setVisible(bool(columns))

    def _on_toggled(self) -> None:
        on = tuple(o for o in OBJECT_OUTPUTS if self.checks[o].isChecked())
        self.outputs_chosen.emit(on)
