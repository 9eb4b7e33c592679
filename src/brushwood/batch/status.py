"""``status.csv``: for each input of a run what became of it and why, valid at every moment."""

import csv
import io
import time
from collections.abc import Sequence
from pathlib import Path

from brushwood.batch.records import FileRecord
from brushwood.errors import BrushwoodError
from brushwood.io.atomic import replacing, translated

#: Name of the file in a folder of results.
STATUS = "status.csv"
COLUMNS = ("input", "name", "state", "why", "seconds", "outputs", "notes")
#: Seconds between two versions of the file, so that many quick inputs do not write all day.
_PAUSE = 1.0


class StatusFile:
    """Writes the file as a whole each time, under a temporary name first.

    A run goes on when it cannot be written, because a full disk may have room for other files;
    `problem` then says why.

    Parameters
    ----------
    out : Path
        Folder of results.
    """

    def __init__(self, out: Path) -> None:
        self.path = out / STATUS
        self.problem = ""
        self._out = out
        self._written = float("-inf")

    def write(self, records: Sequence[FileRecord], *, now: bool = False) -> None:
        """Write what is known, unless it was written a moment ago.

        Parameters
        ----------
        records : sequence of FileRecord
        now : bool
            Write in any case.
        """
        took = time.monotonic()
        if not now and took - self._written < _PAUSE:
            return
        self._written = took
        try:
            with replacing(self.path, overwrite=True) as temporary, translated(self.path):
                temporary.write_text(status_text(records, self._out), "utf-8", newline="")
            self.problem = ""
        except BrushwoodError as error:
            self.problem = str(error)


def status_text(records: Sequence[FileRecord], out: Path) -> str:
    """Return the file's text, a row an input; results are named from the folder of results."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for record in records:
        outputs = "; ".join(path.relative_to(out).as_posix() for path in record.outputs.values())
        seconds = f"{record.seconds:.2f}" if record.seconds else ""
        row = (record.source, record.name, record.state, record.why, seconds, outputs)
        notes = " ".join(record.notes)
        writer.writerow([_plain(text) for text in (*row, notes)])
    return stream.getvalue()


def _plain(text: str) -> str:
    """Return text on one line that every file name and every table can hold."""
    text = " ".join(text.split("\n")).replace("\r", " ").replace("\0", " ")
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
