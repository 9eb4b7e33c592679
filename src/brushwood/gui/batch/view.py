"""The face of the batch: what, which images, where to, the plan, and the files as they get done."""

from qtpy.QtCore import Signal
from qtpy.QtGui import QDragEnterEvent, QDropEvent, QHideEvent, QShowEvent
from qtpy.QtWidgets import QVBoxLayout, QWidget

from brushwood.gui._widgets import scrolled
from brushwood.gui.batch.action_bar import BatchActions
from brushwood.gui.batch.files_section import FilesSection
from brushwood.gui.batch.images_section import ImagesSection, dropped
from brushwood.gui.batch.plan_section import PlanSection
from brushwood.gui.batch.results_section import ResultsSection
from brushwood.gui.batch.resume_bar import ResumeBar
from brushwood.gui.batch.what_section import WhatSection


class BatchView(QWidget):
    """Shows and asks; it knows nothing of processes."""

    paths_dropped = Signal(tuple)
    seen = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.resume = ResumeBar()
        self.what = WhatSection()
        self.images = ImagesSection()
        self.results = ResultsSection()
        self.plan = PlanSection()
        self.files = FilesSection()
        self.actions = BatchActions()
        self.images.paths_dropped.connect(self.paths_dropped)
        self.setAcceptDrops(True)
        sections = QWidget()
        column = QVBoxLayout(sections)
        column.setContentsMargins(2, 2, 2, 2)
        column.setSpacing(4)
        for part in (
            self.resume, self.what, self.images, self.results, self.plan, self.files
        ):  # fmt: skip
            column.addWidget(part)
        column.addStretch(0)
        self._column = column
        self.files.folded.connect(self._fit_files)
        self.files.filled.connect(self._fit_files)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2, 2, 2, 2)
        layout.setSpacing(2)
        layout.addWidget(scrolled(sections), 1)
        layout.addWidget(self.actions)

    def showEvent(self, event: QShowEvent) -> None:
        """Tell that the user sees the dock."""
        super().showEvent(event)
        self.seen.emit(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Tell that another dock lies over this one, or that it is hidden."""
        super().hideEvent(event)
        self.seen.emit(False)

    def _fit_files(self, _: bool) -> None:
        """Let the list of files take the height that is left, if there is one."""
        fills = self.files.is_open and bool(self.files.board.rows)
        self._column.setStretchFactor(self.files, int(fills))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files and folders anywhere on the dock, or napari would open them."""
        if dropped(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Hand over what was dropped."""
        paths = dropped(event.mimeData())
        if paths:
            event.acceptProposedAction()
            self.paths_dropped.emit(paths)
