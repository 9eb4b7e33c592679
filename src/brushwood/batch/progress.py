"""How far a run is: heard from many threads, told in one, and not more often than is of use."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from brushwood.batch.events import Event, FileChanged, OverallChanged
from brushwood.batch.records import FileRecord

#: Seconds between two words on one file, and on the whole.
_FILE_PAUSE, _WHOLE_PAUSE = 0.2, 0.5
#: Seconds of work after which what is left is told from what was done.
_SETTLED = 3.0


class Progress:
    """The files of a run, how far each is, and how long the rest will take.

    Parameters
    ----------
    records : sequence of FileRecord
    weights : sequence of float
        Expected seconds of each file with one worker; 0 for files with nothing to do.
    seconds : float
        Expected time of the run.
    on_event : callable (Event) -> None
        Called by `tell`, in its thread.
    """

    def __init__(
        self,
        records: Sequence[FileRecord],
        weights: Sequence[float],
        seconds: float,
        on_event: Callable[[Event], None],
    ) -> None:
        self.records = list(records)
        self._weights = list(weights)
        self._total = sum(self._weights) or 1.0
        self._expected = seconds
        self._emit = on_event
        self._lock = threading.Lock()
        self._fractions = [0.0] * len(self.records)
        self._heard: dict[int, str] = {}
        self._last: dict[int, tuple[float, str]] = {}
        self._told: dict[int, float] = {}
        self._start = time.monotonic()
        self._whole_told = float("-inf")

    @property
    def fraction(self) -> float:
        """Part of all work that is done."""
        done = sum(w * f for w, f in zip(self._weights, self._fractions, strict=True))
        return min(done / self._total, 1.0)

    def left(self) -> float | None:
        """Return the seconds still to go: as planned at first, then as the work goes."""
        took, part = time.monotonic() - self._start, self.fraction
        if took < _SETTLED or part < 0.01:
            return max(self._expected - took, 0.0) if self._expected else None
        return took * (1 - part) / part

    def hear(self, position: int, fraction: float, message: str) -> None:
        """Note how far a file is; from any thread."""
        with self._lock:
            at = self._fractions[position] = max(fraction, self._fractions[position])
            if self._last.get(position) != (at, message):
                self._last[position] = at, message
                self._heard[position] = message

    def set(self, position: int, record: FileRecord) -> None:
        """Note what became of a file, and tell it at once; in the thread of `tell`."""
        with self._lock:
            self.records[position] = record
            is_over = record.state not in ("waiting", "running", "cancelled")
            self._fractions[position] = 1.0 if is_over else self._fractions[position]
            self._heard.pop(position, None)
            fraction = self._fractions[position]
        self._emit(FileChanged(record, fraction))

    def tell(self) -> bool:
        """Tell what was heard since, where it is time; whether a file has begun."""
        now, has_begun = time.monotonic(), False
        with self._lock:
            due = [
                (position, message)
                for position, message in self._heard.items()
                if now - self._told.get(position, float("-inf")) >= _FILE_PAUSE
            ]
            for position, _ in due:
                del self._heard[position]
        for position, message in due:
            self._told[position] = now
            has_begun |= self._tell_file(position, message)
        if now - self._whole_told >= _WHOLE_PAUSE:
            self.tell_whole()
        return has_begun

    def tell_whole(self) -> None:
        """Tell how far the run is."""
        self._whole_told = time.monotonic()
        self._emit(OverallChanged(self.fraction, self.left()))

    def _tell_file(self, position: int, message: str) -> bool:
        record = self.records[position]
        if record.state not in ("waiting", "running"):
            return False
        begins = record.state == "waiting"
        if begins:
            record = self.records[position] = replace(record, state="running")
        self._emit(FileChanged(record, self._fractions[position], message))
        return begins
