"""The sentences of the object classifier's status line."""

from collections.abc import Mapping

from brushwood.session.classes import Classes
from brushwood.session.sentences import duration


def objects(n: int) -> str:
    """Write a number of objects."""
    return "1 object" if n == 1 else f"{n:,} objects"


def marked(counts: Mapping[int, int], classes: Classes) -> str:
    """Write marked objects: ``12 objects marked: round 6, elongated 6``."""
    total = sum(counts.get(c.id, 0) for c in classes)
    if not total:
        return "No object marked"
    each = ", ".join(f"{c.name} {counts[c.id]:,}" for c in classes if counts.get(c.id))
    return f"{objects(total)} marked: {each}"


def classified(counts: Mapping[int, int], classes: Classes, n: int, seconds: float) -> str:
    """Write an update: ``12 objects marked: round 6, … · 61 classified in 0.05 s``."""
    return f"{marked(counts, classes)} · {n:,} classified in {duration(seconds)}"


def table_text(n_rows: int, n_columns: int) -> str:
    """Write what was measured: ``61 objects · 18 columns``."""
    columns = "1 column" if n_columns == 1 else f"{n_columns} columns"
    return f"{objects(n_rows)} · {columns}" if n_columns else "not measured yet"


def uncertain(
    label: int, name: str, share: float, rank: int, total: int, frame: int | None = None
) -> str:
    """Write where *Next uncertain object* went; the frame only where there are frames."""
    where = "" if frame is None else f" in frame {frame}"
    return (
        f"Object {label}{where}: most likely {name} with {share:.0%}, uncertain object {rank} of "
        f"{total:,}. Give it a class with a click."
    )
