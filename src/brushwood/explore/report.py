"""What became of a table on its way to a matrix, in numbers and in sentences."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of a table on its way to a matrix.

    Attributes
    ----------
    n_rows, n_used : int
        Rows of the table, and of the matrix.
    n_duplicates : int
        Rows of the matrix that repeat an earlier one in every column.
    columns : tuple of str
        Columns of the matrix.
    constant : tuple of str
        Columns with one value only, which say nothing and were left out.
    empty : tuple of str
        Columns without a single finite number, left out.
    text : tuple of str
        Columns of text or dates, left out.
    partial : tuple of str
        Columns that were not measured in every image, left out.
    gaps : tuple of (str, int)
        Columns with NaN or infinite values among the rows left out, and how many.
    """

    n_rows: int
    n_used: int
    n_duplicates: int
    columns: tuple[str, ...]
    constant: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    partial: tuple[str, ...] = ()
    gaps: tuple[tuple[str, int], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)

    def notes(self) -> tuple[str, ...]:
        """Return a sentence for everything that a user should know; none if all was used."""
        said = []
        left = self.n_rows - self.n_used
        if left:
            worst = ", ".join(f"{name} ({n:,})" for name, n in self.gaps[:4])
            more = ", …" if len(self.gaps) > 4 else ""
            said.append(
                f"{left:,} of {self.n_rows:,} rows have no finite number in {worst}{more} and were "
                "left out."
            )
        for names, why in (
            (self.constant, "the same value in all rows"),
            (self.empty, "no finite number"),
            (self.text, "text or dates instead of numbers"),
            (self.partial, "not measured in every image"),
        ):
            if names:
                left_out = "it was" if len(names) == 1 else "they were"
                said.append(f"{listed(names)}: {why}, so {left_out} left out.")
        if self.n_duplicates:
            said.append(f"{self.n_duplicates:,} rows repeat an earlier one in every column.")
        return tuple(said)


def listed(names: Sequence[str]) -> str:
    """Name columns in a sentence, at most eight."""
    shown = ", ".join(repr(str(name)) for name in names[:8])
    return f"{shown} and {len(names) - 8} more" if len(names) > 8 else shown


def finite_or_none(value: Any) -> Any:
    """Return JSON values with None for NaN and infinity, which JSON does not have."""
    if isinstance(value, dict):
        return {key: finite_or_none(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [finite_or_none(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
