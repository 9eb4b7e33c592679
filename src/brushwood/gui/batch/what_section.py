"""Section 1: what is done to each image."""

from collections.abc import Sequence
from pathlib import Path

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QPushButton, QWidget
from superqt import QElidingLabel

from brushwood.gui._widgets import KeyedCombo, Section, labelled, wrapped_label
from brushwood.gui._work_bar import enable
from brushwood.gui.batch.alarm import AlarmLabel
from brushwood.session.batching import BatchState, What

_TITLES: dict[What, str] = {
    "window": "what was done in this window",
    "recipe": "a recipe file",
    "model": "a model file",
}
_FILTERS = {
    "recipe": ("Choose a recipe", "Recipes (*.json);;All files (*)"),
    "model": ("Choose a model", "Models (*.brushwood *.cl);;All files (*)"),
}


class WhatSection(Section):
    """Asks for the recipe, and describes its steps."""

    what_chosen = Signal(str)
    file_chosen = Signal(str, str)
    truth_chosen = Signal(str)
    train_requested = Signal()
    save_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("1  What", "What is done to each image.", parent)
        self._what = KeyedCombo("Where the steps come from: this window, or a file.")
        self._what.key_chosen.connect(self._on_what)
        self._path = QElidingLabel("")
        self._choose = QPushButton("Choose…")
        self._choose.clicked.connect(self.ask)
        self._file = QWidget()
        row = QHBoxLayout(self._file)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self._path, 1)
        row.addWidget(self._choose)
        self._truth = QElidingLabel("")
        self._choose_truth = QPushButton("Choose…")
        self._choose_truth.setToolTip("Choose a folder with the truth, named as the images are.")
        self._choose_truth.clicked.connect(self._on_truth)
        self._no_truth = QPushButton("None")
        self._no_truth.setToolTip("Compare with no truth.")
        self._no_truth.clicked.connect(lambda: self.truth_chosen.emit(""))
        self._steps = wrapped_label()
        self._steps.setToolTip("The steps that are done to each image, in order.")
        self._missing = wrapped_label()
        self._missing.setToolTip("What of this window cannot be repeated, and why.")
        self._problem = AlarmLabel()
        self._train = QPushButton("Open the pixel classifier")
        self._train.setToolTip("Train one by painting a few strokes, or load one.")
        self._train.clicked.connect(self.train_requested)
        self._train.hide()
        self.save = QPushButton("Save recipe…")
        self.save.clicked.connect(self.save_requested)
        self.show_save("")
        self.box.addLayout(labelled("Do", self._what))
        for part in (self._file, self._steps, self._missing, self._problem, self._train):
            self.box.addWidget(part)
        truth = labelled("Truth", tooltip="A folder with right results, to score the run with.")
        truth.addWidget(self._truth, 1)
        truth.addWidget(self._choose_truth)
        truth.addWidget(self._no_truth)
        self.box.addLayout(truth)
        self.box.addWidget(self.save)

    def show_choice(self, state: BatchState) -> None:
        """Show where the steps come from."""
        self._what.set_entries(_TITLES.items(), state.what)
        path = {"recipe": state.recipe, "model": state.model}.get(state.what)
        self._file.setVisible(path is not None)
        self._path.setText(path or "no file is chosen")
        self._path.setToolTip(path or "Choose a file, or drop one here.")
        self._choose.setToolTip(
            "Choose a recipe that was saved before."
            if state.what == "recipe"
            else "Choose a pixel classifier that was saved before."
        )

        self._truth.setText(Path(state.truth).name or "none")
        self._truth.setToolTip(state.truth or "Without a truth, the run is not scored.")
        self._no_truth.setVisible(bool(state.truth))

    def show_steps(self, title: str, steps: str, missing: Sequence[str], problem: str) -> None:
        """Describe the steps, say what is left out, or why there are none."""
        self._steps.setText(steps)
        self._steps.setVisible(bool(steps))
        self._missing.setText("\n".join(f"Not included: {reason}" for reason in missing))
        self._missing.setVisible(bool(missing) and not problem)
        self._problem.show_texts([problem] if problem else [])
        self._train.setVisible(bool(problem) and self._what.key == "window")
        self.set_summary(f"— {title}" if title and not problem else "— nothing yet")

    def show_save(self, reason: str) -> None:
        """Enable saving, unless there is a reason not to."""
        enable(self.save, reason, "Save these steps with the choices of section 3, as one file.")

    def ask(self) -> None:
        """Ask for a file of the chosen kind."""
        what = self._what.key
        if what not in _FILTERS:
            return
        title, filters = _FILTERS[what]
        path, _ = QFileDialog.getOpenFileName(self, title, "", filters)
        if path:
            self.file_chosen.emit(what, path)

    def _on_truth(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Folder with the truth")
        if path:
            self.truth_chosen.emit(path)

    def _on_what(self, what: str) -> None:
        self.what_chosen.emit(what)
