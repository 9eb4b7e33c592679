"""The sentences of the window that measures."""

from collections.abc import Sequence

from brushwood.session.measure_join import Joined
from brushwood.session.measure_work import Measured
from brushwood.session.measuring import MeasureReadiness
from brushwood.session.sentences import duration
from brushwood.session.table_words import table_text


def measured_text(measured: Measured, joined: Joined) -> str:
    """Describe a finished measurement: ``61 rows, 18 columns in 0.21 s · µm``."""
    rows, columns = len(measured.table), joined.table.shape[1] - 1
    if not rows:
        return (
            "There are no objects in this layer: all pixels are 0. "
            "Make objects first, or choose another layer."
        )
    parts = [f"Measured {table_text(rows, columns)} in {duration(measured.seconds)}"]
    parts.append(measured.request.unit or "px")
    kept = [name for name in joined.kept if name not in joined.renamed]
    if kept:
        parts.append(f"kept {_some(kept)}")
    text = " · ".join(parts) + "."
    if joined.renamed:
        text += f" Columns of the same name were there before and are called “{joined.renamed[0]}"
        text += " (before)”." if len(joined.renamed) == 1 else " (before)” and so on."
    return text


def _some(names: Sequence[str], most: int = 3) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def ready_text(ready: MeasureReadiness) -> str:
    """Say what Measure would do."""
    n = len(ready.names)
    what = "1 measurement" if n == 1 else f"{n} measurements"
    name = ready.objects.name if ready.objects is not None else ""
    return f"Ready: {what} of {name!r}."
