"""Write the status line of *Make objects*: what happened, what failed, or what to do next."""

from typing import Any

from qtpy.QtCore import QObject

from brushwood.errors import BrushwoodError
from brushwood.session.objects_readiness import MakingReadiness
from brushwood.session.objects_state import Made
from brushwood.session.objects_text import blank_text, empty_text, made_text, preview_text


class Narrator(QObject):
    """Listens to the workers and tells the user."""

    def __init__(self, controller: Any) -> None:
        super().__init__(controller)
        self._view = controller.view
        self._last = ""
        self._error = ""
        self._parts = (controller.maker, controller.preview)
        controller.preview.shown.connect(self._on_shown)
        controller.maker.made.connect(self._on_made)
        controller.maker.empty.connect(self._on_empty)
        controller.maker.lost.connect(self.lost)
        controller.looker.failed.connect(self._on_failed)
        for part in self._parts:
            part.failed.connect(self._on_failed)
            part.cancelled.connect(self._on_cancelled)
            part.busy_changed.connect(self._on_busy)
            part.progressed.connect(self._view.actions.show_progress)

    def say(self, sentence: str) -> None:
        """Show a sentence until something else happens."""
        self._error, self._last = "", sentence
        self._view.actions.show_status(sentence)

    def lost(self, name: str) -> None:
        """Say that the input went away during the work."""
        self.say(f"{name!r} was deleted, so the work on it was stopped.")

    def forget(self) -> None:
        """Forget an error that another choice may have mended."""
        self._error = ""

    def hint(self, ready: MakingReadiness) -> None:
        """Show what to do next if something is missing, else what happened last."""
        self._view.actions.show_status(self._error or ready.reason or self._last)

    def _on_shown(self, shown: Any) -> None:
        self.say(preview_text(shown))

    def _on_made(self, made: Made, layer: Any, edited: bool, blank: float) -> None:
        kept = " You had changed the objects of before; they stay in a layer of their own."
        self.say(made_text(made, layer.name) + (kept if edited else "") + blank_text(blank))

    def _on_empty(self, whole: Any) -> None:
        self.say(empty_text(whole) + blank_text(whole.blank))

    def _on_failed(self, error: Exception) -> None:
        """Translate: what a user can repair is a sentence, anything else a report for us."""
        if isinstance(error, BrushwoodError | OSError | MemoryError):
            self._error = str(error) or type(error).__name__
        else:
            self._error = f"Something unexpected went wrong: {type(error).__name__}: {error}"
        self._view.actions.show_status(self._error)

    def _on_cancelled(self) -> None:
        self.say("Cancelled. The objects of before stay as they were.")

    def _on_busy(self, busy: bool) -> None:
        running = busy or any(part.is_running for part in self._parts)
        self._view.actions.show_busy(running)
