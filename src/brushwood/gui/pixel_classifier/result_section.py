"""Section 5: which results are shown, and which device computes them."""

from collections.abc import Sequence

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from brushwood.gui._widgets import KeyedCombo, Section, labelled
from brushwood.session.sentences import device_text, listing
from brushwood.session.state import OUTPUTS, Output

_TOOLTIPS: dict[Output, str] = {
    "classes": "A labels layer with the most likely class of each pixel.",
    "probabilities": "An image layer for each class: how likely it is, from 0 to 1.",
    "uncertainty": "An image layer: where the forest is unsure, and strokes help most.",
}


class ResultSection(Section):
    """Check boxes for the results, and the device."""

    outputs_chosen = Signal(tuple)
    device_chosen = Signal(object)
    test_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("5  Result", "What is shown as layers.", parent)
        self.checks: dict[Output, QCheckBox] = {}
        column = QVBoxLayout()
        column.setSpacing(2)
        for output in OUTPUTS:
            box = QCheckBox(output)
            box.setToolTip(_TOOLTIPS[output])
            box.toggled.connect(self._on_toggled)
            column.addWidget(box)
            self.checks[output] = box
        self._devices = KeyedCombo("The device that computes; a graphics card is usually faster.")
        self._devices.key_chosen.connect(self.device_chosen)
        self._test = QPushButton("Self-test")
        self._test.setToolTip("Run a small computation on the device and check its result.")
        self._test.clicked.connect(self.test_requested)
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addLayout(labelled("Device", self._devices), 1)
        line.addWidget(self._test)
        self.box.addLayout(column)
        self.box.addLayout(line)

    def show_outputs(self, outputs: Sequence[Output]) -> None:
        """Show which results are wanted."""
        for output, box in self.checks.items():
            box.blockSignals(True)
            box.setChecked(output in outputs)
            box.blockSignals(False)
        self.set_summary(f"— {listing(outputs)}")

    def show_devices(self, names: Sequence[str], chosen: str | None) -> None:
        """Show the devices, the best first; None chooses the best."""
        self._devices.set_entries(
            [(name, device_text(name)) for name in names],
            chosen if chosen in names else next(iter(names), None),
        )
        self._devices.setPlaceholderText("no device found")
        self._devices.setEnabled(bool(names))
        self._test.setEnabled(bool(names))

    def _on_toggled(self) -> None:
        self.outputs_chosen.emit(tuple(o for o in OUTPUTS if self.checks[o].isChecked()))
