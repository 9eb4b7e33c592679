"""The buttons under the sections of a classifier: train, live, one of its own, files, help."""

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QPushButton, QWidget

from brushwood.gui._work_bar import WorkBar, enable


class ClassifierBar(WorkBar):
    """Buttons, progress and status; it emits wishes and shows what it is told."""

    live_toggled = Signal(bool)
    train_requested = Signal()
    save_requested = Signal()
    load_requested = Signal()
    copy_requested = Signal()
    help_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.live = QCheckBox("Live")
        self.live.toggled.connect(self.live_toggled)
        self.train = self.button("Train", self.train_requested)
        font = self.train.font()
        font.setBold(True)
        self.train.setFont(font)
        self.save = self.button("Save…", self.save_requested)
        self.load = self.button("Load…", self.load_requested)
        self.copy = self.button("Copy as Python", self.copy_requested)
        self.help = self.button("Help", self.help_requested)
        self.help.setToolTip("Open the documentation of this widget.")

    def arrange_around(self, own: QPushButton) -> None:
        """Lay the buttons out, with the classifier's own one in the middle. Call once."""
        first = QHBoxLayout()
        first.setSpacing(6)
        first.addWidget(self.live)
        first.addWidget(self.train, 1)
        grid = QGridLayout()
        grid.setSpacing(4)
        grid.addWidget(own, 0, 0, 1, 2)
        grid.addWidget(self.save, 1, 0)
        grid.addWidget(self.load, 1, 1)
        grid.addWidget(self.copy, 2, 0)
        grid.addWidget(self.help, 2, 1)
        self.arrange(first, grid)

    def show_common(self, *, save_reason: str, live: bool) -> None:
        """Show what all classifiers have; a disabled button says why."""
        self.live.blockSignals(True)
        self.live.setChecked(live)
        self.live.blockSignals(False)
        enable(self.save, save_reason, "Save the model as a .brushwood file.")
        enable(self.copy, save_reason, "Put a script on the clipboard that does the same.")
