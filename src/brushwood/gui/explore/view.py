"""The face of the exploration: sections around a plot, a foot with the status."""

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from brushwood.explore.embed import TITLES
from brushwood.gui._widgets import scrolled
from brushwood.gui._work_bar import WorkBar, enable
from brushwood.gui.explore.findings import KeepSection, TrustSection, WhySection
from brushwood.gui.explore.plot_panel import PlotPanel
from brushwood.gui.explore.sections import GroupSection, ParamsSection, TableSection
from brushwood.session.exploring import ExploreState


class ExploreActions(WorkBar):
    """Run, help, copy; progress and status."""

    run_requested = Signal()
    copy_requested = Signal()
    help_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.run = self.button("Run", self.run_requested)
        self.run.setDefault(True)
        self._copy = self.button("Copy as Python", self.copy_requested)
        self._copy.setToolTip("Copy a script that explores a table in the same way.")
        self._help = self.button("Help", self.help_requested)
        self._help.setToolTip("Read what the steps mean.")
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.run, 1)
        row.addWidget(self._copy)
        row.addWidget(self._help)
        self.arrange(row)

    def show_ready(self, reason: str) -> None:
        """Enable what can run."""
        enable(self.run, reason, "Lay the objects out, and group them.")


class ExploreView(QWidget):
    """Shows and asks; it knows nothing of layers."""

    def __init__(self, state: ExploreState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table = TableSection()
        tooltip = "How many measurements become a picture."
        self.reduce = ParamsSection("2  Reduce", tooltip, state.embed, TITLES)
        self.group = GroupSection(state.clusters)
        self.plot = PlotPanel()
        self.trust = TrustSection(state.stability)
        self.why = WhySection()
        self.keep = KeepSection(state.surrogate)
        self.actions = ExploreActions()
        sections = QWidget()
        column = QVBoxLayout(sections)
        column.setContentsMargins(2, 2, 2, 2)
        column.setSpacing(4)
        for part in (
            self.table, self.reduce, self.group, self.plot, self.trust, self.why, self.keep
        ):  # fmt: skip
            column.addWidget(part)
        column.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2, 2, 2, 2)
        layout.setSpacing(2)
        layout.addWidget(scrolled(sections), 1)
        layout.addWidget(self.actions)
