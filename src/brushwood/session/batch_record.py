"""Runs that have begun and not ended, noted on disk so that a later session can go on."""

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from brushwood.errors import BrushwoodError
from brushwood.io.atomic import replacing
from brushwood.session.batching import RunRequest

_FORMAT, _VERSION = "brushwood unfinished run", 1
#: A note with thousands of names is small; anything larger is none of ours.
_LARGEST = 64 << 20


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A run that began and was not seen to end.

    Attributes
    ----------
    request : RunRequest
        Its recipe stands beside the note.
    title : str
        What the recipe does, in a few words.
    n : int
        Images that it was for.
    done : int
        Images that were done when last heard of.
    path : Path
        Of the note.
    """

    request: RunRequest
    title: str
    n: int
    done: int
    path: Path


def key_of_folder(out: str) -> str:
    """Return a short name for a folder of results, the same for each spelling of its path."""
    folder = os.path.normcase(os.path.realpath(out))
    return hashlib.sha256(folder.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def recipe_path(folder: Path, out: str) -> Path:
    """Return where the recipe of a run into a folder is put."""
    return folder / f"{key_of_folder(out)}.recipe.json"


def note_path(folder: Path, out: str) -> Path:
    """Return where a run into a folder is noted."""
    return folder / f"{key_of_folder(out)}.json"


def write_note(folder: Path, request: RunRequest, title: str, n: int, done: int) -> None:
    """Note a run. A note that cannot be written is left out: the run itself matters more."""
    document = {
        "format": _FORMAT, "version": _VERSION, "title": title, "n": n, "done": done,
        "request": asdict(request),
    }  # fmt: skip
    with suppress(BrushwoodError, OSError):
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(note_path(folder, request.out), overwrite=True) as temporary:
            temporary.write_text(json.dumps(document), "utf-8")


def forget(folder: Path, out: str) -> None:
    """Remove the note of a run, and its recipe."""
    for path in (note_path(folder, out), recipe_path(folder, out)):
        with suppress(OSError):
            path.unlink()


def unfinished(folder: Path) -> list[Unfinished]:
    """Return the runs that are noted, the latest first; damaged notes are passed over."""
    try:
        notes = [path for path in folder.iterdir() if path.suffixes == [".json"]]
        notes.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    except OSError:
        return []
    found = [_read(path) for path in notes]
    return [one for one in found if one is not None and Path(one.request.recipe).is_file()]


def _read(path: Path) -> Unfinished | None:
    try:
        if path.stat().st_size > _LARGEST:
            return None
        document = json.loads(path.read_text("utf-8"))
        if document["format"] != _FORMAT or document["version"] != _VERSION:
            return None
        request = _request(document["request"])
        title, n, done = document["title"], document["n"], document["done"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    is_sound = isinstance(title, str) and isinstance(n, int) and isinstance(done, int)
    return Unfinished(request, title, n, done, path) if is_sound else None


def _request(values: dict[str, Any]) -> RunRequest:
    """Return a request from plain values; raises ValueError or TypeError for others."""
    request = RunRequest(**{**values, "sources": tuple(values["sources"])})
    texts = (request.recipe, request.out, *request.sources)
    flags = (request.recursive, request.processes)
    if not (
        all(isinstance(text, str) for text in texts)
        and all(isinstance(flag, bool) for flag in flags)
        and isinstance(request.workers, int)
        and request.existing in ("keep", "renew", "replace")
    ):
        raise ValueError("no request")
    return request


def offer_text(run: Unfinished) -> str:
    """Offer to go on with a run."""
    folder = os.path.basename(run.request.out.rstrip(os.sep)) or run.request.out
    far = f"{run.done:,} of {run.n:,} images are done" if run.n else "it had just begun"
    return f"A run into {folder!r} did not end: {far}."
