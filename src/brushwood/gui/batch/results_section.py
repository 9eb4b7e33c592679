"""Section 3: where results go, what is saved, and who does the work."""

import os
from collections.abc import Sequence

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QWidget,
)

from brushwood.gui._widgets import KeyedCombo, Section, labelled
from brushwood.session.batch_text import SAVE_TITLES
from brushwood.session.batching import BatchState

_IMAGE_FORMATS = {"tiff": "TIFF", "ome-zarr": "OME-Zarr"}
_TABLE_FORMATS = {"csv": "CSV", "parquet": "Parquet"}
_EXISTING = {
    "keep": "keep complete results",
    "renew": "keep complete, replace others",
    "replace": "make everything anew",
}
_MOST_WORKERS = 256


class ResultsSection(Section):
    """Asks for the folder, the formats, what is saved, and workers."""

    out_chosen = Signal(str)
    image_format_chosen = Signal(object)
    table_format_chosen = Signal(object)
    save_chosen = Signal(tuple)
    workers_chosen = Signal(int)
    processes_chosen = Signal(bool)
    existing_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("3  Results", "Where results go, and what is saved.", parent)
        self.out = QLineEdit()
        self.out.setPlaceholderText("choose a folder")
        self.out.editingFinished.connect(self._on_out)
        self._choose = QPushButton("Choose…")
        self._choose.setToolTip("Choose the folder for the results; it may be a new one.")
        self._choose.clicked.connect(self._on_choose)
        self._images = KeyedCombo("TIFF opens in Fiji; OME-Zarr is for images larger than memory.")
        self._images.key_chosen.connect(self.image_format_chosen)
        self._tables = KeyedCombo("CSV opens in spreadsheets; Parquet is small and quick.")
        self._tables.key_chosen.connect(self.table_format_chosen)
        self._existing = KeyedCombo("What happens to results that a run has written here before.")
        self._existing.key_chosen.connect(self.existing_chosen)
        self._workers = QSpinBox(minimum=1, maximum=_MOST_WORKERS)
        self._workers.setToolTip(
            f"Images that are worked on at once; this computer has {os.cpu_count() or 1} cores."
        )
        self._workers.setKeyboardTracking(False)
        self._workers.valueChanged.connect(self.workers_chosen)
        self._processes = QCheckBox("processes")
        self._processes.setToolTip(
            "Each worker is a program of its own: slower to start, safer with damaged files."
        )
        self._processes.toggled.connect(self.processes_chosen)
        self._saves: dict[str, QCheckBox] = {}
        for name, (title, tooltip) in SAVE_TITLES.items():
            box = QCheckBox(title)
            box.setToolTip(tooltip)
            box.clicked.connect(self._on_save)
            self._saves[name] = box
        self._arrange()

    def _arrange(self) -> None:
        row = labelled("Folder", self.out)
        row.addWidget(self._choose)
        self.box.addLayout(row)
        grid = QGridLayout()
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(2)
        for at, box in enumerate(self._saves.values()):
            grid.addWidget(box, at // 2, at % 2)
        self.box.addLayout(labelled("Save"))
        self.box.addLayout(grid)
        formats = QHBoxLayout()
        formats.setSpacing(6)
        formats.addLayout(labelled("Images", self._images), 1)
        formats.addLayout(labelled("Tables", self._tables), 1)
        self.box.addLayout(formats)
        self.box.addLayout(labelled("Existing", self._existing))
        work = labelled("At once", self._workers)
        work.addWidget(self._processes)
        work.addStretch(1)
        self.box.addLayout(work)

    def show_state(self, state: BatchState, possible: Sequence[str]) -> None:
        """Show the choices; results that the steps do not make cannot be ticked."""
        if self.out.text() != state.out:
            self.out.setText(state.out)
        self.out.setToolTip(state.out or "The folder for the results; it may be a new one.")
        self._images.set_entries(_IMAGE_FORMATS.items(), state.image_format)
        self._tables.set_entries(_TABLE_FORMATS.items(), state.table_format)
        self._existing.set_entries(_EXISTING.items(), state.existing)
        for name, box in self._saves.items():
            box.setChecked(name in state.save)
            box.setEnabled(name in possible)
            tooltip = SAVE_TITLES[name][1]
            box.setToolTip(tooltip if name in possible else "The steps of section 1 make none.")
        for editor, value in ((self._workers, state.workers), (self._processes, state.processes)):
            editor.blockSignals(True)
            editor.setChecked(value) if editor is self._processes else editor.setValue(value)
            editor.blockSignals(False)
        saved = ", ".join(SAVE_TITLES[name][0] for name in state.save)
        folder = os.path.basename(state.out.rstrip(os.sep)) or "no folder yet"
        self.set_summary(f"— {saved or 'nothing'} into {folder}")

    def _on_save(self) -> None:
        self.save_chosen.emit(tuple(n for n, box in self._saves.items() if box.isChecked()))

    def _on_out(self) -> None:
        self.out_chosen.emit(self.out.text().strip())

    def _on_choose(self) -> None:
        start = self.out.text().strip()
        path = QFileDialog.getExistingDirectory(self, "Folder for the results", start)
        if path:
            self.out_chosen.emit(path)
