"""What became of each input of a run, and of the run as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from brushwood.batch.recipe import Recipe

State: TypeAlias = Literal["waiting", "running", "done", "skipped", "failed", "cancelled"]
EndState: TypeAlias = Literal["done", "failed", "cancelled"]

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What became of one input.

    Attributes
    ----------
    path : Path
        File or folder that was read.
    name : str
        What the input is called in tables and reports; different for each input of a run. Inputs of
        one name in different folders have the folder before the name, with ``/``.
    state : str
        ``"waiting"``, ``"running"``, ``"done"``, ``"skipped"`` (its results were complete already),
        ``"failed"`` or ``"cancelled"``.
    why : str
        Why it was skipped, failed or not begun.
    seconds : float
        What it took, 0 if nothing was done.
    outputs : mapping of str to Path
        Files by what is saved: ``"classes"``, ``"objects"``, ``"table"`` and so on; empty unless
        done or skipped.
    counts : mapping
        Numbers that the steps found, by name; the same after a resumed run.
    scene : str
        Which image of a file with several, empty for files with one.
    notes : tuple of str
        What the steps had to say about this input.
    """

    path: Path
    name: str
    state: State = "waiting"
    why: str = ""
    seconds: float = 0.0
    outputs: Mapping[str, Path] = field(default_factory=lambda: _NOTHING)
    counts: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    scene: str = ""
    notes: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """The input as text: its path, and ``::`` and the scene if it has several."""
        return f"{self.path}::{self.scene}" if self.scene else str(self.path)

    @property
    def is_complete(self) -> bool:
        """Whether its results are there: done now or earlier."""
        return self.state in ("done", "skipped")

    def to_json(self) -> dict[str, Any]:
        """Return the record as plain values."""
        return {
            "path": self.source,
            "name": self.name,
            "state": self.state,
            "why": self.why,
            "seconds": round(self.seconds, 3),
            "outputs": {key: str(path) for key, path in self.outputs.items()},
            "objects": self.counts.get("objects"),
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class RunReport:
    """What became of a run.

    Attributes
    ----------
    out : Path
        Folder of results.
    recipe : Recipe
    files : tuple of FileRecord
        In the order of the inputs.
    state : {"done", "failed", "cancelled"}
        "failed" if a file failed, or the run could not go on.
    problems : tuple of str
        What went wrong apart from single files: a vanished folder, a status that could not be
        written.
    seconds : float
    status : Path
        ``status.csv``: a row an input.
    report : Path or None
        ``report.html``, None if it was not written.
    summary : Path or None
        ``summary.csv``, a row an image; None if it was not written.
    objects : Path or None
        The tables of all images as one; None if there is none.
    """

    out: Path
    recipe: "Recipe"
    files: tuple[FileRecord, ...]
    state: EndState
    problems: tuple[str, ...] = ()
    seconds: float = 0.0
    status: Path = field(default_factory=Path)
    report: Path | None = None
    summary: Path | None = None
    objects: Path | None = None

    @property
    def done(self) -> tuple[FileRecord, ...]:
        """Files that were done in this run."""
        return self._of("done")

    @property
    def skipped(self) -> tuple[FileRecord, ...]:
        """Files whose results were complete already."""
        return self._of("skipped")

    @property
    def failed(self) -> tuple[FileRecord, ...]:
        """Files that could not be done; `FileRecord.why` says why."""
        return self._of("failed")

    @property
    def complete(self) -> tuple[FileRecord, ...]:
        """Files whose results are there, in the order of the inputs."""
        return tuple(file for file in self.files if file.is_complete)

    @property
    def exit_code(self) -> int:
        """0 all done, 3 something failed, 130 cancelled."""
        return {"done": 0, "failed": 3, "cancelled": 130}[self.state]

    def _of(self, state: State) -> tuple[FileRecord, ...]:
        return tuple(file for file in self.files if file.state == state)
