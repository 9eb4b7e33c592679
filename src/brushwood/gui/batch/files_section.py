"""Section 5: the files, live, and what came out."""

from collections.abc import Mapping

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QWidget

from brushwood.gui._widgets import KeyedCombo, Section, labelled, wrapped_label
from brushwood.gui._work_bar import enable
from brushwood.gui.batch.file_model import FileModel
from brushwood.gui.batch.file_view import FileView
from brushwood.session.batch_board import Board
from brushwood.session.batch_text import STATE_WORDS


class FilesSection(Section):
    """The table of files, a filter, and the buttons that open report and folder."""

    filter_chosen = Signal(object)
    report_requested = Signal()
    folder_requested = Signal()
    filled = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("5  Files", "Each image and what became of it.", parent)
        self.board = Board()
        self.model = FileModel(self.board)
        self.table = FileView(self.model)
        self._empty = wrapped_label("The images stand here once sections 1 to 3 are filled in.")
        self._only = KeyedCombo("Show only images in one state.")
        self._only.key_chosen.connect(self.filter_chosen)
        self._report = QPushButton("Open report")
        self._report.clicked.connect(self.report_requested)
        self._folder = QPushButton("Open results folder")
        self._folder.clicked.connect(self.folder_requested)
        self._line = QWidget()
        line = labelled("Show", self._only)
        line.setContentsMargins(0, 0, 0, 0)
        self._line.setLayout(line)
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self._report)
        row.addWidget(self._folder)
        self.detail = wrapped_label()
        self.detail.setToolTip("What is said of the selected image.")
        self.detail.hide()
        self.table.selectionModel().currentRowChanged.connect(self._show_detail)
        self.model.dataChanged.connect(self._show_detail)
        self.model.modelReset.connect(self._show_detail)
        for part in (self._empty, self._line, self.table, self.detail):
            self.box.addWidget(part)
        self.box.addLayout(row)
        self.show_outcome("", "")
        self.show_counts({})

    def show_counts(self, counts: Mapping[str, int]) -> None:
        """Show how many files are in each state."""
        n = sum(counts.values())
        entries = [("", f"all {n:,} images")]
        entries += [(state, f"{k:,} {STATE_WORDS[state]}") for state, k in counts.items()]
        only = self.board.only
        if only and only not in counts:
            entries.append((only, f"0 {STATE_WORDS[only]}"))
        self._only.set_entries(entries, only)
        self._line.setVisible(n > 0)
        self.table.setVisible(n > 0)
        self._empty.setVisible(n == 0)
        self.filled.emit(n > 0)
        said = ", ".join(f"{k:,} {STATE_WORDS[state]}" for state, k in counts.items())
        self.set_summary(f"— {said or 'none yet'}")

    def _show_detail(self, *_: object) -> None:
        """Write out what the last column has no room for."""
        row = self.model.row_at(self.table.currentIndex().row())
        said = "" if row is None else row.message if row.state == "running" else row.why
        text = f"{row.name}: {said}" if row is not None and said else ""
        if text != self.detail.text():
            self.detail.setText(text)
            self.detail.setVisible(bool(text))

    def show_outcome(self, report: str, folder: str) -> None:
        """Enable the buttons for what is there."""
        no_report = "" if report else "The report is written when a run ends."
        enable(self._report, no_report, f"Open {report} in the browser.")
        no_folder = "" if folder else "There is no folder of results yet."
        enable(self._folder, no_folder, f"Show {folder} in the file manager.")
