"""The end of a run: summary, joined tables and report, none of which undoes what was done."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from brushwood.batch.ledger import FOLDER
from brushwood.batch.recipe import Recipe
from brushwood.batch.records import RunReport
from brushwood.batch.run_report import REPORT, write_run_report
from brushwood.batch.summary import OBJECTS, SUMMARY, Summary, summarise, write_summary
from brushwood.errors import BrushwoodError, MissingPackageError, OutputExistsError
from brushwood.io.atomic import replacing, translated
from brushwood.jobs import IDLE, Job

_NOTES = "whole.json"
#: Stands for the digest of a file that is about to be written.
_CLAIMED = "claimed"
_PIECE = 1 << 20


def finish(run: RunReport, *, overwrite: bool = False, job: Job = IDLE) -> RunReport:
    """Write what describes a run as a whole; see `write_summary` and `write_run_report`.

    What an earlier run in this folder wrote is replaced. What somebody else wrote, or changed, is
    left unless `overwrite` is set.

    Parameters
    ----------
    run : RunReport
    overwrite : bool
    job : Job

    Returns
    -------
    RunReport
        With the paths of what was written, and in its problems what could not be. A run that was
        done has failed then, unless only an optional package is missing.
    """
    ours = Ours(run.out)
    problems: list[str] = []
    state = run.state
    summary: Summary | None = None

    def attempt(write: Callable[[], Any], *targets: str) -> Any:
        nonlocal state
        try:
            ours.check(targets, overwrite=overwrite)
            ours.claim(targets)
            return write()
        except BrushwoodError as error:
            problems.append(str(error))
            if state == "done" and not isinstance(error, MissingPackageError):
                state = "failed"
        return None

    def tables() -> tuple[Path, Path | None]:
        return write_summary(run, summary, overwrite=True, job=job.part(0.3, 0.5))

    def report() -> Path:
        return write_run_report(run, summary, overwrite=True, job=job.part(0.5, 1))

    summary = attempt(lambda: summarise(run, job=job.part(0, 0.3)))
    if summary is not None:
        written = attempt(tables, SUMMARY, f"{OBJECTS}.{run.recipe.table_format}") or (None, None)
        page = attempt(report, REPORT)
        ours.note(path for path in (*written, page) if path is not None)
        run = replace(run, summary=written[0], objects=written[1], report=page)
    return replace(run, state=state, problems=(*run.problems, *problems))


def whole_files(recipe: Recipe) -> tuple[str, ...]:
    """Return the names of the files that describe a run as a whole, in its folder of results."""
    joined = (f"{OBJECTS}.{recipe.table_format}",) if "table" in recipe.outputs else ()
    return (SUMMARY, *joined, REPORT)


class Ours:
    """Which files of a folder of results a run wrote, and nobody changed since.

    Parameters
    ----------
    out : Path
        Folder of results.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        self._path = out / FOLDER / _NOTES

    def check(self, names: Iterable[str], *, overwrite: bool = False) -> None:
        """Refuse to replace what is not ours.

        Raises
        ------
        OutputExistsError
        """
        known = {} if overwrite else self._known()
        for name in names:
            path = self._out / name
            if overwrite or not path.exists() or known.get(name) == _CLAIMED:
                continue
            if known.get(name) != _digest(path):
                raise OutputExistsError(
                    f"{str(path)!r} exists already and is not what an earlier run wrote, so it was "
                    "left as it is. Rename it, choose another folder for results, or ask for "
                    "results to be overwritten."
                )

    def claim(self, names: Iterable[str]) -> None:
        """Remember files that are about to be written, should the run be ended in the middle."""
        self._write(self._known() | dict.fromkeys(names, _CLAIMED))

    def note(self, paths: Iterable[Path]) -> None:
        """Remember files that were just written, and what stayed of those that were not."""
        known = self._known()
        claimed = (self._out / name for name, digest in known.items() if digest == _CLAIMED)
        written = {path.name: _digest(path) for path in (*paths, *claimed) if path.exists()}
        kept = {name: digest for name, digest in known.items() if digest != _CLAIMED}
        self._write(kept | written)

    def _write(self, known: Mapping[str, str]) -> None:
        try:
            with replacing(self._path, overwrite=True) as temporary, translated(self._path):
                temporary.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", "utf-8")
        except BrushwoodError:
            return  # without the note, the next run leaves these files and says so

    def _known(self) -> dict[str, str]:
        try:
            values = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            return {}
        is_plain = isinstance(values, dict)
        return {str(k): v for k, v in values.items() if isinstance(v, str)} if is_plain else {}


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while piece := stream.read(_PIECE):
                digest.update(piece)
    except OSError:
        return ""
    return digest.hexdigest()
