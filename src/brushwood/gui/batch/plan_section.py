"""Section 4: what will be done, what stands in the way, and a preview."""

from collections.abc import Sequence

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QWidget

from brushwood.gui._widgets import KeyedCombo, Section, wrapped_label
from brushwood.gui._work_bar import enable
from brushwood.gui.batch.alarm import AlarmLabel
from brushwood.session.batch_events import PlanTold
from brushwood.session.batch_text import for_window, plan_sentence

#: Images that can be chosen for the preview; more would not be read.
_MOST_NAMES = 500


class PlanSection(Section):
    """Shows the plan before the start."""

    preview_requested = Signal()
    image_chosen = Signal(object)
    look_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("4  Plan", "What will be done, as looked at before the start.", parent)
        self._said = wrapped_label()
        self._said.setToolTip("How many images, how much disk, and how long.")
        self.stops = AlarmLabel()
        self.notes = AlarmLabel()
        self._image = KeyedCombo("The image of the preview.")
        self._image.setPlaceholderText("no image")
        self._image.key_chosen.connect(self.image_chosen)
        self._preview = QPushButton("Preview")
        self._preview.clicked.connect(self.preview_requested)
        self._look = QPushButton("Look again")
        self._look.setToolTip("Plan anew, after files or folders have changed.")
        self._look.clicked.connect(self.look_requested)
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self._image, 1)
        row.addWidget(self._preview)
        row.addWidget(self._look)
        for part in (self._said, self.stops, self.notes):
            self.box.addWidget(part)
        self.box.addLayout(row)
        self._names: list[tuple[str, str]] = []

    def show_missing(self, reason: str) -> None:
        """Say what must be chosen first."""
        self._said.setText(reason)
        self.stops.show_texts([])
        self.notes.show_texts([])
        self.set_summary("— not ready")

    def show_planning(self) -> None:
        """Say that the images are being looked at."""
        self._said.setText("Looking at the images …")
        self.set_summary("— looking …")

    def show_refused(self, reason: str) -> None:
        """Say why there is no plan."""
        self._said.setText("This cannot be done yet:")
        self.stops.show_texts([reason])
        self.notes.show_texts([])
        self.set_summary("— cannot start")

    def show_plan(self, plan: PlanTold) -> None:
        """Show a plan."""
        said = plan_sentence(plan)
        self._said.setText(said)
        self._said.setToolTip(plan.text or said)
        stops = [for_window(problem.text) for problem in plan.problems if problem.stops]
        self.stops.show_texts(stops)
        self.notes.show_texts(
            [for_window(problem.text) for problem in plan.problems if not problem.stops]
        )
        self.set_summary(f"— {'cannot start' if stops else said}")

    def show_images(self, images: Sequence[tuple[str, str]], key: str, reason: str) -> None:
        """Show the images that a preview can be made of, as (path, name)."""
        self._image.set_entries(images[:_MOST_NAMES], key)
        self._image.setEnabled(bool(images))
        enable(self._preview, reason, "Do all steps to this image, and show it with its results.")
