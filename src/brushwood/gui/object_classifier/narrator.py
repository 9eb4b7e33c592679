"""Write the status line: what happened, what failed, or what to do next."""

from typing import Any

from qtpy.QtCore import QObject

from brushwood.errors import BrushwoodError
from brushwood.session import object_sentences
from brushwood.session.object_readiness import ObjectReadiness
from brushwood.session.object_work import ObjectsFinished, ObjectsTrained


class Narrator(QObject):
    """Listens to the workers and tells the user."""

    def __init__(self, controller: Any) -> None:
        super().__init__(controller)
        self._controller = controller
        self._state = controller.state
        self._bar = controller.view.actions
        self._last = ""
        #: What failed, by the part that failed: work of one part does not hide another's error.
        self._errors: dict[QObject, str] = {}
        self._note = ""
        self._told: object = None
        self._version = 0
        live, files, measuring = controller.live, controller.files, controller.measuring
        validator = controller.validator
        self._busy_parts = (live, files, measuring, validator)
        live.trained.connect(self._on_trained)
        live.updated.connect(self._on_updated)
        parts = (*self._busy_parts, controller.results, controller.marking)
        for part in parts:
            part.failed.connect(self._on_failed)
        for part in self._busy_parts:
            part.cancelled.connect(self._on_cancelled)
            part.busy_changed.connect(self._on_busy)
            part.progressed.connect(self._bar.show_progress)
        for part in (files, measuring, controller.marking, controller.next, validator):
            part.said.connect(self._on_said)

    def say(self, sentence: str) -> None:
        """Show a sentence until something else happens."""
        self._errors.clear()
        self._last = sentence
        self._bar.show_status(sentence)

    def _on_said(self, sentence: str) -> None:
        """A worker ended: what it says is shown unless something is missing by now."""
        self._errors.pop(self.sender(), None)
        self._last = sentence
        self._controller.refresh()

    def hint(self, ready: ObjectReadiness) -> None:
        """Show what to do next if something is missing, else what happened last."""
        model = self._state.model
        stuck = ready.train_reason if model is None or not model.is_loaded else ready.table_reason
        error = next(reversed(self._errors.values()), "")
        said = error or ready.table_reason or stuck
        if not said or (self._last and stuck and not ready.table_reason and not error):
            said = " ".join(part for part in (self._last, stuck) if part)
        note = "" if error or stuck else " ".join(x for x in (self._note, ready.note) if x)
        self._bar.show_status(" ".join(part for part in (said, note) if part))

    def _on_trained(self, trained: ObjectsTrained) -> None:
        self._note = trained.note
        if trained.version != self._version:  # otherwise told again
            self._version = trained.version
            self._errors.clear()  # the user has gone on

    def _on_updated(self, finished: ObjectsFinished) -> None:
        self._errors.pop(self._controller.live, None)
        state = self._state
        told = (state.counts, finished.n_classified, finished.model, finished.problem)
        if told == self._told:  # nothing new: what was said last stays
            self._controller.refresh()
            return
        self._told = told
        if finished.n_classified and not finished.problem:
            self._last = object_sentences.classified(
                dict(state.counts), state.classes, finished.n_classified, finished.seconds
            )
        elif state.counts:
            self._last = f"{object_sentences.marked(dict(state.counts), state.classes)}."
        self._controller.refresh()

    def _on_failed(self, error: Exception) -> None:
        """Translate: what a user can repair is a sentence, anything else a report for us."""
        text = f"Something unexpected went wrong: {type(error).__name__}: {error}"
        if isinstance(error, BrushwoodError | OSError | MemoryError):
            text = str(error) or type(error).__name__
        self._errors.pop(self.sender(), None)
        self._errors[self.sender()] = text
        self._controller.refresh()

    def _on_cancelled(self) -> None:
        self.say("Cancelled. Results show what was ready.")

    def _on_busy(self, busy: bool) -> None:
        if busy:
            self._errors.pop(self.sender(), None)
        self._bar.show_busy(any(part.is_running for part in self._busy_parts))
        if not busy:
            self._controller.refresh()
