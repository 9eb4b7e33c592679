"""Write the status line: what happened, what failed, or what to do next."""

from typing import Any

from qtpy.QtCore import QObject

from brushwood.errors import BrushwoodError
from brushwood.session import sentences
from brushwood.session.classes import completed
from brushwood.session.readiness import Readiness, counts_problem
from brushwood.session.state import ModelInfo
from brushwood.session.work import Counted, Finished, Shown, Trained

_NOTHING_SHOWN = "The model is trained, but no result is ticked: tick classes under 5 Result."


class Narrator(QObject):
    """Listens to the workers, notes in the state what they found, and tells the user."""

    def __init__(self, controller: Any) -> None:
        super().__init__(controller)
        self._controller = controller
        self._state = controller.state
        self._view = controller.view
        self._annotating = controller.annotating
        self._last = ""
        self._error = ""
        self._left_out = 0
        self._note = ""
        self._drafted = 0
        live, whole, files = controller.live, controller.whole, controller.files
        live.counted.connect(self._on_counted)
        live.trained.connect(self._on_trained)
        live.shown.connect(self._on_shown)
        live.updated.connect(self._on_updated)
        more = (controller.next_place, controller.validator)
        for part in (live, whole, files, controller.preview, controller.annotating, *more):
            part.failed.connect(self._on_failed)
        for part in (live, whole, files, *more):
            part.cancelled.connect(self._on_cancelled)
            part.busy_changed.connect(self._on_busy)
            part.progressed.connect(self._view.actions.show_progress)
        for part in (whole, files, *more):
            part.said.connect(self.say)
        controller.devices.tested.connect(self.say)
        self._busy_parts = (live, whole, files, *more)

    def say(self, sentence: str) -> None:
        """Show a sentence until something else happens."""
        self._error, self._last = "", sentence
        self._view.actions.show_status(sentence)

    def hint(self, ready: Readiness) -> None:
        """Show what to do next if something is missing, else what happened last."""
        model = self._state.model
        # A model that was trained here no longer follows strokes that cannot be trained on.
        stuck = "" if model is None or model.is_loaded else ready.train_reason
        unseen = _NOTHING_SHOWN if model is not None and not self._state.outputs else ""
        said = self._error or ready.next_step or stuck or unseen or self._last or ready.train_reason
        note = "" if self._error or ready.next_step or stuck else ready.note
        self._view.actions.show_status(" ".join(part for part in (said, note) if part))

    def _on_counted(self, counted: Counted) -> None:
        state = self._state
        if counted.annotation_key != state.annotation:
            return
        # Strokes of a class that is being deleted are still there; they do not bring it back.
        counts = tuple(pair for pair in counted.counts if pair[0] not in self._annotating.erasing)
        state.counts = counts
        state.annotation_problem = counts_problem(counts)
        painted = [i for i, n in counts if n]
        state.classes = completed(state.classes, painted, self._annotating.deleted)

    def _on_trained(self, trained: Trained) -> None:
        self._left_out, self._note = trained.left_out, trained.note
        before = self._state.model
        self._state.model = ModelInfo(
            "trained",
            trained.ndim,
            trained.n_channels,
            trained.class_ids,
            trained.version,
            before.stored if before is not None else (),
        )

    def _on_shown(self, shown: Shown) -> None:
        """Say how long the view took; a draft is what the user sees first."""
        if shown.is_draft or self._drafted != shown.version:
            self._last = sentences.updated(
                shown.seconds,
                dict(self._state.counts),
                self._state.classes,
                shown.device,
                self._left_out,
            )
            self._last += f". {self._note}" if self._note else ""
        self._drafted = shown.version
        self._controller.refresh()

    def _on_updated(self, finished: Finished) -> None:
        self._error = ""
        if finished.trained or finished.n_tiles:
            self._controller.refresh()

    def _on_failed(self, error: Exception) -> None:
        """Translate: what a user can repair is a sentence, anything else a report for us."""
        if isinstance(error, BrushwoodError | OSError | MemoryError):
            self._error = str(error) or type(error).__name__
        else:
            self._error = f"Something unexpected went wrong: {type(error).__name__}: {error}"
        self._view.actions.show_status(self._error)

    def _on_cancelled(self) -> None:
        self.say("Cancelled. Results show what was ready.")

    def _on_busy(self, busy: bool) -> None:
        if busy:
            self._error = ""
        self._view.actions.show_busy(any(part.is_running for part in self._busy_parts))
        if not busy:
            self._controller.refresh()
