"""The files of a run with their state: quick for thousands, however many messages come."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from brushwood.session.batch_events import STATES, FileTold, PlannedImage, PlanTold
from brushwood.session.batch_text import for_window

Column = Literal["name", "state", "objects", "seconds", "why"]
_RANK = {state: rank for rank, state in enumerate(STATES)}
_OVER = frozenset(("done", "skipped", "failed", "cancelled"))
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Row:
    """One image and what became of it.

    Attributes
    ----------
    path, name : str
    state : str
        One of `brushwood.session.batch_events.STATES`.
    fraction : float
        Part that is done, while it is running.
    message : str
        What is being done to it.
    why : str
        Why it failed, was skipped, or will fail.
    seconds : float or None
    objects : int or None
    outputs : mapping of str to str
        Paths of results, by what was saved.
    """

    path: str
    name: str
    state: str = "waiting"
    fraction: float = 0.0
    message: str = ""
    why: str = ""
    seconds: float | None = None
    objects: int | None = None
    outputs: Mapping[str, str] = field(default_factory=lambda: _NOTHING)

    @property
    def has_results(self) -> bool:
        """Whether its results are there."""
        return self.state in ("done", "skipped") and bool(self.outputs)


class Board:
    """Rows in the order of the plan, and which of them are shown in which order.

    Attributes
    ----------
    rows : list of Row
    shown : list of int
        Positions in `rows` that pass the filter, sorted.
    only : str
        The state that is shown, "" for all.
    sorted_by : str
        A column, "" for the order of the plan.
    """

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.shown: list[int] = []
        self.only = ""
        self.sorted_by: Column | Literal[""] = ""
        self.descending = False
        self._places: dict[str, int] = {}
        self._counts: Counter[str] = Counter()

    def set_plan(self, plan: PlanTold) -> None:
        """Show the files of a plan."""
        self.rows = [_row(image) for image in plan.files]
        self._places = {row.path: place for place, row in enumerate(self.rows)}
        self._counts = Counter(row.state for row in self.rows)
        self.arrange()

    def clear(self) -> None:
        """Forget all files."""
        self.set_plan(PlanTold(()))

    def apply(self, told: FileTold) -> int:
        """Take in a message; return the place of its row.

        A file that the plan does not name is added; `arrange` shows it.
        """
        place = self._places.get(told.path)
        if place is None:
            place = self._places[told.path] = len(self.rows)
            self.rows.append(Row(told.path, Path(told.path).name))
            self._counts["waiting"] += 1
        old = self.rows[place]
        self._counts[old.state] -= 1
        self._counts[told.state] += 1
        self.rows[place] = replace(
            old,
            state=told.state,
            fraction=told.fraction,
            message=told.message,
            why=for_window(told.why),
            seconds=told.seconds,
            objects=told.objects if told.objects is not None else old.objects,
            outputs=told.outputs or old.outputs,
        )
        return place

    def stop(self) -> None:
        """Note that nothing is running any more, after a process has died."""
        for place, row in enumerate(self.rows):
            if row.state == "running":
                self.rows[place] = replace(row, state="cancelled", why="The run stopped.")
                self._counts["running"] -= 1
                self._counts["cancelled"] += 1

    @property
    def counts(self) -> dict[str, int]:
        """How many files are in each state, in the order of `STATES`, without empty ones."""
        return {state: self._counts[state] for state in STATES if self._counts[state]}

    @property
    def n_over(self) -> int:
        """How many files have come to an end."""
        return sum(self._counts[state] for state in _OVER)

    @property
    def is_live(self) -> bool:
        """Whether rows move when their state changes."""
        return bool(self.only) or self.sorted_by != ""

    def arrange(self) -> None:
        """Filter and sort anew."""
        places = range(len(self.rows))
        kept = [i for i in places if not self.only or self.rows[i].state == self.only]
        if self.sorted_by:
            kept.sort(key=self._key, reverse=self.descending)
        self.shown = kept

    def _key(self, place: int) -> tuple[int, float, str]:
        """Return what a row is sorted by; rows without a value come last in both directions."""
        row = self.rows[place]
        if self.sorted_by == "state":
            return 0, _RANK[row.state], row.name.lower()
        if self.sorted_by in ("objects", "seconds"):
            value = row.objects if self.sorted_by == "objects" else row.seconds
            last = 0 if self.descending else 1
            return (last ^ 1 if value is not None else last, float(value or 0), "")
        text = row.why if self.sorted_by == "why" else row.name
        last = 0 if self.descending else 1
        return (last ^ 1 if text else last, 0.0, text.lower())


def _row(image: PlannedImage) -> Row:
    return Row(
        image.path, image.name, image.state, why=for_window(image.problem), outputs=image.outputs
    )
