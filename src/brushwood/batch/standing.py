"""What exists already in a folder of results: complete, to be finished, or somebody else's."""

import os
from dataclasses import replace
from pathlib import Path

from brushwood.batch.fingerprint import mark_of
from brushwood.batch.ledger import Entry, Ledger, size_of
from brushwood.batch.planned import PlannedFile, Problem
from brushwood.batch.recipe import Recipe

_SHOWN = 3


class Standing:
    """Decides for each input whether it is done, to be done, or must not be touched.

    Parameters
    ----------
    ledger : Ledger
    digest : str
        Of the recipe.
    recipe : Recipe
    resume, overwrite : bool
    """

    def __init__(
        self, ledger: Ledger, digest: str, recipe: Recipe, *, resume: bool, overwrite: bool
    ) -> None:
        self._ledger, self._digest, self._recipe = ledger, digest, recipe
        # Where no run was before, there is nothing to resume.
        self._resume = resume and ledger.exists
        self._can_resume = ledger.exists
        self._overwrite = overwrite
        self._existing: list[Path] = []

    @property
    def problems(self) -> list[Problem]:
        """Results that exist and were not to be replaced: the run must not start."""
        if not self._existing:
            return []
        shown = ", ".join(repr(str(path)) for path in self._existing[:_SHOWN])
        more = len(self._existing) - _SHOWN
        shown += f" and {more} more" if more > 0 else ""
        resume = "add --resume to do only what is missing, " if self._can_resume else ""
        return [
            Problem(
                f"Results exist already and were left as they are: {shown}. Choose another folder, "
                f"{resume}or add --overwrite.",
                stops=True,
                kind="exists",
            )
        ]

    def look(self, file: PlannedFile) -> PlannedFile:
        """Return a file with what is known of its results."""
        existing = [path for path in file.outputs.values() if os.path.lexists(path)]
        if not self._resume:
            if not self._overwrite:
                self._existing += existing
            return file
        mark = mark_of(file, self._recipe)
        done = self._ledger.complete(file.name, mark, self._digest)
        if done is not None:
            return replace(file, is_complete=True, problem="", seconds=0.0, bytes=0)
        begun = self._ledger.placing(file.name)
        if _belongs(begun, mark, self._digest) or self._overwrite or not existing:
            return file
        entry = self._ledger.entry(file.name)
        why = self._why_not(file, entry, mark, existing)
        return replace(file, problem=why) if why else replace(file, replaces=True)

    def _why_not(
        self, file: PlannedFile, entry: Entry | None, mark: str, existing: list[Path]
    ) -> str:
        """Say why existing results must not be replaced; "" if they are parts of the same."""
        what = f"{str(existing[0])!r} exists"
        advice = "Choose another folder, or add --overwrite"
        if entry is None:
            return f"{what}, but no run here says that it made it. {advice} to replace it."
        if entry.recipe != self._digest:
            return f"{what} and was made with another recipe or model. {advice} to make it anew."
        if entry.fingerprint != mark:
            return f"{what}, but the input was changed since. {advice} to make it anew."
        sizes = {self._ledger.out / path: size for path, size in entry.outputs.values()}
        changed = [path for path in existing if size_of(path) != sizes.get(path)]
        if changed:
            return f"{str(changed[0])!r} was changed since it was made. {advice} to make it anew."
        return ""


def _belongs(entry: Entry | None, mark: str, digest: str) -> bool:
    return entry is not None and (entry.fingerprint, entry.recipe) == (mark, digest)
