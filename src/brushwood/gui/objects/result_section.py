"""Section 4: where objects go, and what the preview shows beside them."""

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QWidget

from brushwood.gui._widgets import Section, wrapped_label


class ResultSection(Section):
    """Says which layer takes the result, and offers the seeds."""

    seeds_toggled = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("4  Result", "Where the objects go.", parent)
        self.where = wrapped_label()
        self.where.setToolTip("The labels layer that takes the objects of the whole image.")
        self.seeds = QCheckBox("Show seeds in the preview")
        self.seeds.setToolTip("A point in each object, where its watershed begins.")
        self.seeds.toggled.connect(self.seeds_toggled)
        self.box.addWidget(self.where)
        self.box.addWidget(self.seeds)

    def show_result(self, where: str, shows_seeds: bool, has_seeds: bool) -> None:
        """Show where the result goes."""
        self.where.setText(where)
        self.seeds.blockSignals(True)
        self.seeds.setChecked(shows_seeds)
        self.seeds.blockSignals(False)
        self.seeds.setEnabled(has_seeds)
        self.seeds.setToolTip(
            "A point in each object, where its watershed begins."
            if has_seeds
            else "Only a watershed has seeds: choose another way to split in section 2."
        )
        self.set_summary(f"— {where}")
