"""The face of *Make objects*: four sections that fold, buttons and a status line."""

from qtpy.QtWidgets import QVBoxLayout, QWidget

from brushwood.gui._widgets import scrolled
from brushwood.gui.objects.action_bar import ActionBar
from brushwood.gui.objects.clean_section import CleanSection
from brushwood.gui.objects.input_section import InputSection
from brushwood.gui.objects.result_section import ResultSection
from brushwood.gui.objects.split_section import SplitSection


class MakeObjectsView(QWidget):
    """Shows and asks; it knows nothing of layers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.input = InputSection()
        self.split = SplitSection()
        self.clean = CleanSection()
        self.result = ResultSection()
        self.actions = ActionBar()
        sections = QWidget()
        column = QVBoxLayout(sections)
        column.setContentsMargins(2, 2, 2, 2)
        column.setSpacing(4)
        for section in (self.input, self.split, self.clean, self.result):
            column.addWidget(section)
        column.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2, 2, 2, 2)
        layout.setSpacing(2)
        layout.addWidget(scrolled(sections), 1)
        layout.addWidget(self.actions)
