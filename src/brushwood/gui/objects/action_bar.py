"""Buttons, progress and the status line of *Make objects*."""

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QWidget

from brushwood.gui._work_bar import WorkBar, enable


class ActionBar(WorkBar):
    """Emits what the user asks for."""

    live_toggled = Signal(bool)
    make_requested = Signal()
    copy_requested = Signal()
    help_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.live = QCheckBox("Preview")
        self.live.setToolTip("Show the objects of what is in view, and follow every change.")
        self.live.toggled.connect(self.live_toggled)
        self.make = self.button("Make objects", self.make_requested)
        font = self.make.font()
        font.setBold(True)
        self.make.setFont(font)
        self.copy = self.button("Copy as Python", self.copy_requested)
        self.help = self.button("Help", self.help_requested)
        self.help.setToolTip("Open the documentation of this widget.")
        first, second = QHBoxLayout(), QHBoxLayout()
        for row, widgets in ((first, (self.live, self.make)), (second, (self.copy, self.help))):
            row.setSpacing(6)
            for widget in widgets:
                row.addWidget(widget, 0 if widget is self.live else 1)
        self.arrange(first, second)

    def show_ready(self, reason: str, live: bool) -> None:
        """Enable what can run; a disabled button says why."""
        self.live.blockSignals(True)
        self.live.setChecked(live)
        self.live.blockSignals(False)
        enable(self.make, reason, "Make the objects of the whole image, as a labels layer.")
        enable(self.copy, reason, "Put a script on the clipboard that does the same.")
