"""Which images files and folders stand for: how many, how large, and which cannot be read."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from brushwood.errors import BrushwoodError
from brushwood.io.images import is_zarr
from brushwood.io.inputs import InputRef, list_inputs
from brushwood.jobs import IDLE, Job


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder that the user added.

    Attributes
    ----------
    path : str
    n : int
        Images that it stands for.
    n_bytes : int
        Their size on the disk.
    is_folder : bool
    problem : str
        Why it stands for none, "" if it does.
    """

    path: str
    n: int = 0
    n_bytes: int = 0
    is_folder: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Survey:
    """All that was added; an image that is named twice counts once."""

    entries: tuple[Entry, ...]
    n: int = 0
    n_bytes: int = 0

    @property
    def n_bad(self) -> int:
        """How many entries stand for no image."""
        return sum(bool(entry.problem) for entry in self.entries)


def survey(
    sources: Sequence[str], *, recursive: bool = False, out: str = "", job: Job = IDLE
) -> Survey:
    """Look what sources stand for. Reads folders and sizes, no pixels.

    Parameters
    ----------
    sources : sequence of str
    recursive : bool
    out : str
        Folder of results, which are no inputs.
    job : Job
    """
    entries: list[Entry] = []
    sizes: dict[InputRef, int] = {}
    files: set[Path] = set()
    for done, source in enumerate(sources):
        job.checkpoint(done / len(sources), "Looking for images")
        path = Path(source)
        is_folder = path.is_dir() and not is_zarr(path)
        try:
            refs = list_inputs([source], recursive=recursive, exclude=out or None)
            problem = "" if path.exists() or refs[0].scene else "There is no such file."
        except (BrushwoodError, OSError) as error:
            refs, problem = [], str(error)
        total = 0
        for ref in refs if not problem else ():
            job.checkpoint(done / len(sources), "Looking for images")
            if ref not in sizes:
                # Scenes of one file share its bytes.
                sizes[ref] = 0 if ref.path in files else size_of(ref.path, job)
                files.add(ref.path)
            total += sizes[ref]
        entries.append(Entry(source, 0 if problem else len(refs), total, is_folder, problem))
    return Survey(tuple(entries), len(sizes), sum(sizes.values()))


def size_of(path: Path, job: Job = IDLE) -> int:
    """Return the size of an image on the disk; 0 if it cannot be told."""
    try:
        if not path.is_dir():
            return path.stat().st_size
    except OSError:
        return 0
    total = 0
    for folder, _, names in os.walk(path):
        job.checkpoint()
        for name in names:
            try:
                total += os.stat(os.path.join(folder, name)).st_size
            except OSError:
                continue
    return total
