"""What a folder of results knows of itself: which inputs are complete, and what is unfinished."""

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from brushwood.errors import OutputError
from brushwood.io.atomic import flush_folder, replacing, settle, translated

#: The folder within a folder of results.
FOLDER = ".brushwood"
_PLACING, _REPLACING = "placing.json", "replacing"
_LARGEST = 1 << 26
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Entry:
    """An input whose results are complete.

    Attributes
    ----------
    name : str
        As `FileRecord.name`.
    fingerprint : str
        Of the input; see `brushwood.batch.fingerprint`.
    recipe : str
        Digest of the recipe.
    outputs : mapping of str to (str, int)
        Path below the folder of results, and bytes, by what was saved.
    counts : mapping
    notes : tuple of str
    """

    name: str
    fingerprint: str
    recipe: str
    outputs: Mapping[str, tuple[str, int]] = field(default_factory=lambda: _NOTHING)
    counts: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    notes: tuple[str, ...] = ()

    def to_json(self) -> str:
        """Return the entry as JSON, the same text for the same entry."""
        values = {
            "name": self.name,
            "fingerprint": self.fingerprint,
            "recipe": self.recipe,
            "outputs": {key: list(value) for key, value in self.outputs.items()},
            "counts": dict(self.counts),
            "notes": list(self.notes),
        }
        return json.dumps(values, indent=1, ensure_ascii=True) + "\n"

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Read an entry; None if there is none, or it is damaged."""
        try:
            if path.stat().st_size > _LARGEST:
                return None
            values = json.loads(path.read_bytes())
            outputs = {str(k): (str(v[0]), int(v[1])) for k, v in values["outputs"].items()}
            name, fingerprint, recipe = (
                str(values[key]) for key in ("name", "fingerprint", "recipe")
            )
            counts, notes = dict(values["counts"]), tuple(map(str, values["notes"]))
        except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError):
            return None
        return cls(name, fingerprint, recipe, outputs, counts, notes)


class Ledger:
    """The folder ``.brushwood`` in a folder of results. Nothing is made before `open`.

    Every input has a small file of its own, which appears after its results: whatever happens,
    each input is known to be complete or is done again.

    Parameters
    ----------
    out : path
        Folder of results.
    """

    def __init__(self, out: str | os.PathLike[str]) -> None:
        self.out = Path(out)
        self.folder = self.out / FOLDER

    @property
    def exists(self) -> bool:
        """Whether an earlier run wrote here."""
        return (self.folder / "files").is_dir()

    def open(self) -> None:
        """Make the folders.

        Raises
        ------
        OutputError
            If they cannot be made.
        """
        with translated(self.folder):
            for name in ("files", "work"):
                (self.folder / name).mkdir(parents=True, exist_ok=True)

    def check(self) -> None:
        """Look whether the folder of results is still there.

        Raises
        ------
        OutputError
            If it has vanished. It is never made again: what was a network folder would silently
            become a local one.
        """
        if not (self.folder / "files").is_dir():
            raise OutputError(
                f"The folder of results {str(self.out)!r} has vanished. Connect it again, and "
                "start with --resume."
            )

    # Entries

    def entry(self, name: str) -> Entry | None:
        """Return what is known of an input that is complete."""
        found = Entry.read(self._entry_path(name))
        return found if found is not None and found.name == name else None

    def placing(self, name: str) -> Entry | None:
        """Return what was known of an input whose results were just being given their names."""
        found = (Entry.read(work / _PLACING) for work in self._attempts(name))
        return next((entry for entry in found if entry is not None), None)

    def complete(self, name: str, fingerprint: str, recipe: str) -> Entry | None:
        """Return the entry of an input if it is complete and nothing has changed since."""
        found = self.entry(name)
        if found is None or (found.fingerprint, found.recipe) != (fingerprint, recipe):
            return None
        return found if self.is_intact(found) else None

    def is_intact(self, entry: Entry) -> bool:
        """Whether all results of an entry stand where they were put, with their sizes."""
        return all(size_of(self.out / path) == size for path, size in entry.outputs.values())

    def paths(self, entry: Entry) -> dict[str, Path]:
        """Return where the results of an entry are."""
        return {key: self.out / path for key, (path, _) in entry.outputs.items()}

    # Unfinished work

    def begin(self, name: str) -> Path:
        """Return a new folder for what is not finished yet of an input."""
        self.check()
        # A worker that was given up may still be at it: each attempt has a folder of its own.
        work = self.folder / "work" / f"{_id(name)}-{secrets.token_hex(4)}"
        with translated(work):
            work.mkdir()
        return work

    def drop(self, work: Path) -> None:
        """Remove what was not finished."""
        with suppress(OSError):
            _remove(work)

    def give_up(self, work: Path) -> None:
        """Remove what was not finished, unless results are being given their names."""
        if not (work / _PLACING).is_file():
            self.drop(work)

    def place(self, entry: Entry, work: Path, *, overwrite: bool) -> None:
        """Give the complete results of an input their names, then say that it is complete.

        Parameters
        ----------
        entry : Entry
        work : Path
            From `begin`; results lie there under the names of their files.
        overwrite : bool

        Raises
        ------
        OutputExistsError, OutputError
            Nothing is left of the attempt then.
        """
        self.check()
        if not overwrite and self.complete(entry.name, entry.fingerprint, entry.recipe):
            return  # another worker was faster
        if overwrite:
            with translated(work):
                (work / _REPLACING).touch()
        _write(work / _PLACING, entry.to_json())
        try:
            self._finish(entry, work, overwrite)
        except OSError:
            self._undo(entry, work)
            raise

    def settle(self, name: str, fingerprint: str, recipe: str, *, overwrite: bool) -> bool:
        """Finish what a run was placing when it was ended.

        Returns
        -------
        bool
            Whether the input is complete now. If not, nothing of the attempts is left.
        """
        wanted = (name, fingerprint, recipe)
        for work in self._attempts(name):
            entry = Entry.read(work / _PLACING)
            if entry is None:
                self.drop(work)
            elif (entry.name, entry.fingerprint, entry.recipe) == wanted and self._can(entry, work):
                # What may be replaced was asked for when it began.
                self._finish(entry, work, overwrite or (work / _REPLACING).exists())
            else:
                self._undo(entry, work)
        return self.complete(*wanted) is not None

    def discard(self, name: str) -> None:
        """Remove all attempts at an input."""
        for work in self._attempts(name):
            self.drop(work)

    def _attempts(self, name: str) -> list[Path]:
        return sorted((self.folder / "work").glob(f"{_id(name)}-*"))

    def _can(self, entry: Entry, work: Path) -> bool:
        """Whether each result is in the attempt's folder, or in its place already."""
        return all(
            n in (size_of(work / Path(path).name), size_of(self.out / path))
            for path, n in entry.outputs.values()
        )

    def _finish(self, entry: Entry, work: Path, overwrite: bool) -> None:
        done = self._entry_path(entry.name)
        with translated(done):
            # What stood here before is no longer true from now on.
            done.unlink(missing_ok=True)
        for path, _ in entry.outputs.values():
            target, staged = self.out / path, work / Path(path).name
            if not os.path.lexists(staged):
                continue  # an earlier attempt has moved it
            with translated(target):
                self.check()
                target.parent.mkdir(parents=True, exist_ok=True)
                if overwrite and target.is_dir():
                    target.rename(work / f"old-{secrets.token_hex(4)}")
            settle(staged, target, overwrite=overwrite, flush=False)
        for folder in {(self.out / path).parent for path, _ in entry.outputs.values()}:
            flush_folder(folder)
        settle(work / _PLACING, done, overwrite=True)
        self.drop(work)

    def _undo(self, entry: Entry, work: Path) -> None:
        """Take back the results of an attempt that failed, or belongs to another recipe."""
        for path, size in entry.outputs.values():
            target, staged = self.out / path, work / Path(path).name
            has_moved = not os.path.lexists(staged) and size_of(target) == size
            if has_moved or _are_same(staged, target):
                with suppress(OSError):
                    _remove(target)
        self.drop(work)

    def keep_trace(self, name: str, text: str) -> Path | None:
        """Keep where an error happened; None if that cannot be written."""
        path = self.folder / "errors" / f"{_id(name)}.txt"
        try:
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"{name}\n{text}", "utf-8", errors="backslashreplace")
        except OSError:
            return None
        return path

    def sweep(self, names: Iterable[str] = ()) -> None:
        """Remove everything that is unfinished, but what `settle` can finish.

        Parameters
        ----------
        names : iterable of str
            Files that describe the run as a whole: what they were called while they were written.
        """
        with suppress(OSError):
            _remove(self.folder / "errors")
        self.tidy()
        unfinished = [self.out.glob(f".{name}.????????.tmp") for name in names]
        for path in (*chain(*unfinished), *self.folder.rglob(".*.????????.tmp")):
            with suppress(OSError):
                _remove(path)

    def tidy(self) -> None:
        """Remove what workers that were lost left behind, but what `settle` can finish."""
        with suppress(OSError):
            for work in (self.folder / "work").iterdir():
                if not (work / _PLACING).is_file():
                    _remove(work)

    def _entry_path(self, name: str) -> Path:
        return self.folder / "files" / f"{_id(name)}.json"


def size_of(path: Path) -> int | None:
    """Return the bytes of a file, or of all files in a folder; None if there is nothing."""
    try:
        if not path.is_dir():
            return path.stat().st_size
        return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    except OSError:
        return None


def _are_same(one: Path, other: Path) -> bool:
    """Whether two names are of one file."""
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False


def _id(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:20]


def _write(path: Path, text: str) -> None:
    with replacing(path, overwrite=True) as temporary, translated(path):
        temporary.write_text(text, "ascii")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
