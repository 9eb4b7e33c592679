"""Section 4: pixels, or the layer's units."""

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget

from brushwood.gui._widgets import KeyedCombo, Section
from brushwood.session.measuring import MeasureReadiness, units_text


class UnitsSection(Section):
    """One choice."""

    units_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("4  Units", "What lengths, areas and volumes are measured in.", parent)
        self.units = KeyedCombo("Pixels, or the size of a pixel that the labels layer has.")
        self.units.key_chosen.connect(self.units_chosen)
        self.box.addWidget(self.units)
        self.set_open(False)

    def show_units(self, ready: MeasureReadiness, units: str) -> None:
        """Show the layer's units and the present choice."""
        world = units_text(ready.objects, ready.setting.ndim)
        has_units = world != "pixels"
        entries = [("world", world), ("px", "pixels")] if has_units else [("px", "pixels")]
        self.units.set_entries(entries, units if has_units else "px")
        self.units.setEnabled(has_units)
        self.set_summary(f"— {world if units == 'world' else 'pixels'}")
