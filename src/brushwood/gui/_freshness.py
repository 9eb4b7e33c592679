"""Notice when labels were painted or made anew after they had been measured."""

from collections.abc import Callable
from typing import Any

from napari.layers import Layer
from qtpy.QtCore import QObject, QTimer, Signal

from brushwood.gui._scene import full_data, key_of, note_of
from brushwood.gui._slots import LayerSlot
from brushwood.gui._tasks import TaskRunner
from brushwood.jobs import Job
from brushwood.session.freshness import fingerprint, fingerprint_of, is_stale, was_measured

_DEBOUNCE_MS = 300
#: `set_data` alone tells of undo and of other plugins that write into the array; it comes for
#: other reasons too, so a worker compares.
_EVENTS = ("paint", "set_data", "data", "features")


class Freshness(QObject):
    """Follows one layer, and says when its table becomes out of date or right again."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.is_stale = False
        self._slot = LayerSlot(self._on_change, *_EVENTS)
        self._runner = TaskRunner(self)
        self._runner.succeeded.connect(self._on_compared)
        self._debounce = QTimer(self, singleShot=True, interval=_DEBOUNCE_MS)
        self._debounce.timeout.connect(self.check)

    def bind(self, layer: Layer | None) -> None:
        """Follow this layer instead of the one before."""
        if layer is None:
            self.release()
        elif self._slot.key != key_of(layer):
            self.release()
            self._slot.bind(layer)
            self.check()

    def release(self) -> None:
        """Follow nothing."""
        self._debounce.stop()
        self._runner.drop()
        self._slot.release()
        self._set(False)

    def check(self) -> None:
        """Compare now."""
        layer = self._slot.layer
        if layer is None or not was_measured(note_of(layer)):
            self._set(False)
            return
        if not fingerprint_of(note_of(layer)):
            return
        key, data = key_of(layer), full_data(layer)

        def work(job: Job, publish: Callable[[object], None]) -> tuple[str, str]:
            return key, fingerprint(data, job)

        self._runner.submit(work)

    def _on_change(self, event: Any = None) -> None:
        layer = self._slot.layer
        if layer is None or not was_measured(note_of(layer)):
            self._set(False)
            return
        kind = str(getattr(event, "type", ""))
        if not fingerprint_of(note_of(layer)) and kind in {"paint", "data"}:
            self._set(True)  # pixels that are not in memory cannot be compared
        else:
            self._debounce.start()

    def _on_compared(self, answer: tuple[str, str]) -> None:
        layer = self._slot.layer
        if layer is not None and answer[0] == key_of(layer):
            self._set(is_stale(note_of(layer), answer[1]))

    def _set(self, is_stale_now: bool) -> None:
        if self.is_stale != is_stale_now:
            self.is_stale = is_stale_now
            self.changed.emit()
