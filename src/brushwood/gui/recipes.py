"""Save what was done in a window as a recipe, or put it on the clipboard as a script."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from qtpy.QtCore import QObject, QSize, Qt, Signal
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from brushwood.errors import BrushwoodError
from brushwood.gui._scene import NapariScene, session_for
from brushwood.gui._tasks import TaskRunner
from brushwood.gui._widgets import labelled, wrapped_label
from brushwood.gui._work_bar import enable
from brushwood.jobs import Job
from brushwood.session.recipe_facts import gather_facts
from brushwood.session.recipe_text import (
    copied_text,
    file_name,
    saved_text,
    script_text,
    summary_html,
)
from brushwood.session.recipes import NO_MODEL, RecipeDraft, draft_of

#: Lines that are shown without scrolling.
_LINES = 20
_KINDS = "Recipe (*.json);;Python script with its models (*.py)"


class Recipes(QObject):
    """Turns what a window did into a recipe, in a thread. The newest request wins."""

    drafted = Signal(object)
    said = Signal(str)
    failed = Signal(object)
    busy_changed = Signal(bool)

    def __init__(self, viewer: Any, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._scene = session_for(viewer), NapariScene(viewer)
        self._runner = TaskRunner(self)
        self._runner.succeeded.connect(self._on_succeeded)
        self._runner.failed.connect(self._on_failed)
        self._runner.busy_changed.connect(self.busy_changed)

    @property
    def is_running(self) -> bool:
        """Whether a recipe is being made or written."""
        return self._runner.is_busy

    @property
    def reason(self) -> str:
        """Why there is nothing to save, "" if there is."""
        return "" if self._session.state.model is not None else NO_MODEL

    def draft(self, truth: str | None = None) -> None:
        """Look at the window and make a recipe; `drafted` follows."""
        facts = gather_facts(self._session, self._scene)

        def work(job: Job, publish: Callable[[object], None]) -> RecipeDraft:
            return draft_of(facts, truth=truth, job=job)

        self._runner.submit(work)

    def copy(self) -> None:
        """Put a script that does the same on the clipboard."""
        facts = gather_facts(self._session, self._scene)

        def work(job: Job, publish: Callable[[object], None]) -> tuple[str, RecipeDraft]:
            draft = draft_of(facts, job=job)
            return "" if draft.recipe is None else draft.recipe.to_script(), draft

        self._runner.submit(work)

    def use_pixel_size(self, draft: RecipeDraft) -> None:
        """Give the image and all that lies on it the pixel size of its file, and look again."""
        images, file = self._session.state.images, draft.file
        if file is not None and file.spacing is not None and images:
            n = self._scene.rescale(images[0], file.spacing, file.unit)
            self.said.emit(f"{n} layers have the pixel size of {file.name} now. Measure again.")
            self.draft()

    def save(self, draft: RecipeDraft, path: Path) -> None:
        """Write a recipe; the dialog has asked before it named an existing file."""
        recipe = draft.recipe
        if recipe is None:
            return

        def work(job: Job, publish: Callable[[object], None]) -> str:
            job.checkpoint()
            if path.suffix.lower() == ".py":
                # The dialog asked about the script, not about the models beside it.
                files = recipe.write_script(path, overwrite=path.exists())
                return script_text(files, draft)
            return saved_text(recipe.save(path, overwrite=True), draft)

        self._runner.submit(work)

    def stop(self) -> None:
        """Stop, silently."""
        self._runner.drop()

    def _on_succeeded(self, answer: Any) -> None:
        if isinstance(answer, RecipeDraft):
            self.drafted.emit(answer)
        elif isinstance(answer, str):
            self.said.emit(answer)
        else:
            script, draft = answer
            QGuiApplication.clipboard().setText(script)
            self.said.emit(copied_text(draft))

    def _on_failed(self, error: Exception) -> None:
        if isinstance(error, BrushwoodError | OSError | MemoryError):
            self.said.emit(str(error) or type(error).__name__)
        else:
            self.said.emit(f"Something unexpected went wrong: {type(error).__name__}: {error}")
        self.failed.emit(error)


class RecipeDialog(QDialog):
    """Says what the recipe holds and what it leaves out; asks for a truth folder and for a file."""

    def __init__(self, recipes: Recipes, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Save recipe")
        self._recipes = recipes
        self._shown: RecipeDraft | None = None
        self.summary = wrapped_label()
        self.summary.setTextFormat(Qt.TextFormat.RichText)
        self.summary.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._scroll = QScrollArea(widgetResizable=True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(self.summary)
        self.rescale = QPushButton("Use the file's pixel size")
        self.rescale.setToolTip("Give the image and all layers on it the size in its file.")
        self.rescale.hide()
        self.compare = QCheckBox("Compare with the truth in a folder")
        self.compare.setToolTip("Score each image against the label image of the same name.")
        self.folder = QLineEdit(readOnly=True)
        self.folder.setPlaceholderText("no folder chosen")
        self.folder.setToolTip("The folder that holds the truth of the other images.")
        self.choose = QPushButton("Choose …")
        self.choose.setToolTip("Choose the folder that holds the truth.")
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel
        )
        self.save_button = self.buttons.button(QDialogButtonBox.StandardButton.Save)
        self.save_button.setText("Save as …")
        self._arrange()
        self.rescale.clicked.connect(self._on_rescale)
        self.compare.toggled.connect(self._on_compare)
        self.choose.clicked.connect(self._on_choose)
        self.buttons.accepted.connect(self._on_save)
        self.buttons.rejected.connect(self.reject)
        recipes.drafted.connect(self.show_draft)
        recipes.draft()

    def sizeHint(self) -> QSize:
        """Leave room for sentences."""
        em = self.fontMetrics().averageCharWidth()
        return QSize(64 * em, super().sizeHint().height())

    def show_draft(self, draft: RecipeDraft) -> None:
        """Show what a recipe holds."""
        self._shown = draft
        self.summary.setText(summary_html(draft))
        self.rescale.setVisible(draft.file is not None and draft.file.spacing is not None)
        enable(self.save_button, self._reason(), "Choose a file name and save.")
        lines = self.fontMetrics().lineSpacing()
        needed = self.summary.heightForWidth(max(1, self._scroll.viewport().width()))
        self._scroll.setMinimumHeight(min(needed + lines, _LINES * lines))

    def _reason(self) -> str:
        if self._shown is None or self._shown.recipe is None:
            return NO_MODEL
        if self.compare.isChecked() and not self.folder.text():
            return "Choose the folder that holds the truth, or untick the comparison."
        return ""

    def _arrange(self) -> None:
        layout = QVBoxLayout(self)
        layout.addWidget(self._scroll, 1)
        layout.addWidget(self.rescale)
        layout.addWidget(self.compare)
        self._line = QWidget()
        line = QHBoxLayout(self._line)
        line.setContentsMargins(0, 0, 0, 0)
        line.addLayout(labelled("Truth", self.folder), 1)
        line.addWidget(self.choose)
        layout.addWidget(self._line)
        self._line.hide()
        layout.addWidget(self.buttons)
        self.save_button.setEnabled(False)

    def _on_compare(self, wanted: bool) -> None:
        self._line.setVisible(wanted)
        self._recipes.draft(self.folder.text() or None if wanted else None)

    def _on_rescale(self) -> None:
        if self._shown is not None:
            self._recipes.use_pixel_size(self._shown)

    def _on_choose(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder with the truth")
        if folder:
            self.take_truth(folder)

    def take_truth(self, folder: str) -> None:
        """Compare with the truth in this folder."""
        self.folder.setText(folder)
        self.compare.setChecked(True)
        self._recipes.draft(folder)

    def _on_save(self) -> None:
        draft = self._shown
        if draft is None or draft.recipe is None:
            return
        path, kind = QFileDialog.getSaveFileName(self, "Save recipe", file_name(draft), _KINDS)
        if path:
            ending = ".py" if "(*.py)" in kind else ".json"
            self.save_as(path if Path(path).suffix else f"{path}{ending}")

    def save_as(self, path: str) -> None:
        """Save what is shown, and close."""
        if self._shown is not None:
            target = Path(path)
            self._recipes.save(
                self._shown, target if target.suffix else target.with_suffix(".json")
            )
            self.accept()


class RecipeBar(QWidget):
    """*Save recipe…* and *Copy as Python* for the whole chain; any dock may show it.

    Parameters
    ----------
    viewer : napari.Viewer
    """

    said = Signal(str)

    def __init__(self, viewer: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.recipes = Recipes(viewer, self)
        self.recipes.said.connect(self.said)
        self.save = QPushButton("Save recipe …")
        self.copy = QPushButton("Copy as Python")
        self.save.clicked.connect(self.open_dialog)
        self.copy.clicked.connect(self.recipes.copy)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.save)
        layout.addWidget(self.copy)
        self.dialog: RecipeDialog | None = None
        self.refresh()

    def refresh(self) -> None:
        """Say whether there is something to save."""
        reason = self.recipes.reason
        enable(self.save, reason, "Save all steps of this window, to apply them to other images.")
        enable(self.copy, reason, "Copy all steps of this window as a Python script.")

    def open_dialog(self) -> Literal[True]:
        """Show what the recipe would hold, and ask for a file."""
        self.dialog = RecipeDialog(self.recipes, self)
        self.dialog.setModal(True)
        self.dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.dialog.show()
        return True

    def stop(self) -> None:
        """Stop, silently."""
        self.recipes.stop()
