"""What a run will do, as found before it starts: files, targets, problems, disk and time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

#: What stands against a start: the inputs, results that exist, or the place for results.
Kind: TypeAlias = Literal["input", "exists", "output"]
_NOTHING: Mapping[str, Path] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """One input and what will become of it.

    Attributes
    ----------
    path : Path
    scene : str
        Which image of a file with several; empty for files with one.
    name : str
        As `FileRecord.name`.
    outputs : mapping of str to Path
        Where results will stand, by what is saved.
    bytes : int
        Space that results need, an upper bound where they are compressed.
    seconds : float
        Expected time, 0 if nothing is to be done.
    is_large : bool
        Whether the image is cut into parts that all workers share.
    is_complete : bool
        Whether an earlier run has done it already: it will be skipped.
    replaces : bool
        Whether what is left of its results, unchanged since, is made again.
    problem : str
        Why it will fail; empty if nothing is known against it.
    shape : tuple of int
    axes : str
        A letter an axis of `shape`; both empty if the image cannot be read.
    """

    path: Path
    scene: str = ""
    name: str = ""
    outputs: Mapping[str, Path] = field(default_factory=lambda: _NOTHING)
    bytes: int = 0
    seconds: float = 0.0
    is_large: bool = False
    is_complete: bool = False
    replaces: bool = False
    problem: str = ""
    shape: tuple[int, ...] = ()
    axes: str = ""

    @property
    def source(self) -> str:
        """The input as text: its path, and ``::`` and the scene if it has several."""
        return f"{self.path}::{self.scene}" if self.scene else str(self.path)

    @property
    def is_open(self) -> bool:
        """Whether there is something to do, as far as is known."""
        return not self.is_complete and not self.problem


@dataclass(frozen=True, slots=True)
class Problem:
    """Something found before the start.

    Attributes
    ----------
    text : str
        What, and what to do.
    stops : bool
        Whether the run must not start. Other problems concern single files or are worth knowing.
    path : Path or None
        The input concerned, None if it is the run.
    kind : {"input", "exists", "output"}
    """

    text: str
    stops: bool = False
    path: Path | None = None
    kind: Kind = "input"

    def to_json(self) -> dict[str, Any]:
        """Return the problem as plain values."""
        return {
            "text": self.text,
            "stops": self.stops,
            "path": None if self.path is None else str(self.path),
        }


@dataclass(frozen=True)
class Plan:
    """What a run will do.

    Attributes
    ----------
    out : Path
    files : tuple of PlannedFile
    problems : tuple of Problem
    bytes : int
        Space that the results still to be made need.
    free : int or None
        Free space where they go, None if it cannot be told.
    seconds : float
        Expected time of the whole run with its workers.
    recipe_text : str
        What is done to each image, for people.
    workers : str
        Who does it, for people.
    """

    out: Path
    files: tuple[PlannedFile, ...]
    problems: tuple[Problem, ...]
    bytes: int
    free: int | None
    seconds: float
    recipe_text: str = ""
    workers: str = ""

    @property
    def stops(self) -> tuple[Problem, ...]:
        """Problems for which the run does not start."""
        return tuple(problem for problem in self.problems if problem.stops)

    @property
    def can_start(self) -> bool:
        """Whether nothing stands against a start."""
        return not self.stops

    def text(self) -> str:
        """Return the plan as lines for people."""
        from brushwood.batch.plan_text import plan_text

        return plan_text(self)
