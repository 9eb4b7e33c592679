"""The buttons under the sections of Measure objects."""

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QGridLayout, QHBoxLayout, QWidget

from brushwood.gui._work_bar import WorkBar, enable


class ActionBar(WorkBar):
    """Buttons, progress and status; it emits wishes and shows what it is told."""

    measure_requested = Signal()
    table_requested = Signal()
    copy_requested = Signal()
    help_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.measure = self.button("Measure", self.measure_requested)
        font = self.measure.font()
        font.setBold(True)
        self.measure.setFont(font)
        self.table = self.button("Show table", self.table_requested)
        self.copy = self.button("Copy as Python", self.copy_requested)
        self.help = self.button("Help", self.help_requested)
        self.help.setToolTip("Open the documentation of this widget.")
        first = QHBoxLayout()
        first.addWidget(self.measure)
        grid = QGridLayout()
        grid.setSpacing(4)
        grid.addWidget(self.table, 0, 0, 1, 2)
        grid.addWidget(self.copy, 1, 0)
        grid.addWidget(self.help, 1, 1)
        self.arrange(first, grid)

    def show_ready(self, *, reason: str, copy_reason: str, table_reason: str) -> None:
        """Enable what can run; a disabled button says why."""
        enable(self.measure, reason, "Measure all objects, and show the table.")
        enable(self.table, table_reason, "Open the table of these objects.")
        enable(self.copy, copy_reason, "Put a script on the clipboard that does the same.")
