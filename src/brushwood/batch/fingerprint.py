"""How an input is recognised as unchanged without reading it: sizes and times of its files."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from brushwood.batch.chain_scores import truth_of
from brushwood.errors import InputError

if TYPE_CHECKING:
    from brushwood.batch.planned import PlannedFile
    from brushwood.batch.recipe import Recipe

#: Files of an image in a folder that are looked at; a larger one is told by these.
_MOST = 100_000


def fingerprint(path: Path) -> str:
    """Return a short text that changes when a file, or the files of a folder, were written.

    Parameters
    ----------
    path : Path

    Returns
    -------
    str
        Empty if there is nothing.
    """
    digest = hashlib.sha256()
    try:
        if not path.is_dir():
            about = path.stat()
            return f"{about.st_size}-{about.st_mtime_ns}"
        for number, file in enumerate(_files(path)):
            if number >= _MOST:
                break
            about = file.stat()
            line = f"{file.relative_to(path).as_posix()} {about.st_size} {about.st_mtime_ns}\n"
            digest.update(line.encode("utf-8", "surrogateescape"))
    except OSError:
        return ""
    return digest.hexdigest()[:32]


def _files(folder: Path) -> Iterator[Path]:
    """Yield files in an order that is the same everywhere; a folder's own come first."""
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    yield from (Path(entry.path) for entry in entries if not entry.is_dir())
    for entry in entries:
        if entry.is_dir() and not entry.is_symlink():
            yield from _files(Path(entry.path))


def mark_of(file: "PlannedFile", recipe: "Recipe") -> str:
    """Return the fingerprint of an input, and of its truth if there is one."""
    truth = None
    with suppress(InputError):  # the chain says what is wrong with it
        truth = truth_of(file.name, recipe)
    mark = fingerprint(file.path)
    return mark if truth is None else f"{mark} {fingerprint(truth)}"
