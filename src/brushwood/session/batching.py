"""What a batch applies to which files, and where results go: choices, and whether they suffice."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

from psygnal import SignalGroupDescriptor

What = Literal["window", "recipe", "model"]
Existing = Literal["keep", "renew", "replace"]
ImageFormat = Literal["tiff", "ome-zarr"]
TableFormat = Literal["csv", "parquet"]


def default_workers() -> int:
    """Return how many images are worked on at once unless the user says otherwise: half the cores.

    The device already uses several cores for one image.
    """
    return max(1, (os.cpu_count() or 1) // 2)


@dataclass
class BatchState:
    """What the user has chosen for a batch, one a viewer.

    Assigning a field emits ``state.events.<field>``; an equal value emits nothing.

    Attributes
    ----------
    what : {"window", "recipe", "model"}
        What was done in this window, a recipe file, or a model file.
    recipe, model : str
        Path of the file, "" while none is chosen.
    sources : tuple of str
        Files and folders, as they were added.
    recursive : bool
        Also look into folders of folders.
    out : str
        Folder of results, "" while none is chosen.
    save : tuple of str
        What is saved, a selection of `brushwood.batch.steps.SAVES`.
    image_format, table_format : str
    workers : int
        Images that are worked on at once.
    processes : bool
        Workers are processes of their own rather than threads.
    existing : {"keep", "renew", "replace"}
        Results that are there: complete ones stay; complete ones stay and others are replaced; or
        all are made anew.
    truth : str
        Folder with the truth of the images, to compare with; "" for none.
    said : str
        The last run in a few words, "" before the first.
    """

    what: What = "window"
    recipe: str = ""
    model: str = ""
    sources: tuple[str, ...] = ()
    recursive: bool = False
    out: str = ""
    save: tuple[str, ...] = ()
    image_format: ImageFormat = "tiff"
    table_format: TableFormat = "csv"
    workers: int = field(default_factory=default_workers)
    processes: bool = False
    existing: Existing = "keep"
    truth: str = ""
    said: str = ""

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()


#: Fields that decide what a run would do.
CHOICES = (
    "what", "recipe", "model", "truth", "sources", "recursive", "out", "save", "image_format",
    "table_format", "workers", "processes", "existing",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What one run does, frozen when it starts.

    Attributes
    ----------
    recipe : str
        Path of a recipe that holds all choices and models.
    sources : tuple of str
    out : str
    recursive : bool
    workers : int
    processes : bool
    existing : {"keep", "renew", "replace"}
    """

    recipe: str
    sources: tuple[str, ...]
    out: str
    recursive: bool = False
    workers: int = 1
    processes: bool = False
    existing: Existing = "keep"

    @classmethod
    def of(cls, state: BatchState, recipe: str) -> "RunRequest":
        """Return the request of the present choices, with the file that the recipe was put into."""
        return cls(
            recipe, state.sources, state.out, state.recursive, state.workers, state.processes,
            state.existing,
        )  # fmt: skip


def arguments(request: RunRequest, *, dry_run: bool = False) -> list[str]:
    """Return the arguments of ``brushwood`` for a run."""
    words = ["run", request.recipe, *request.sources, "-o", request.out]
    words += ["--workers", str(request.workers), "--progress", "json"]
    words += ["--processes"] if request.processes else []
    words += ["--recursive"] if request.recursive else []
    words += flags_of(request.existing)
    return [*words, "--dry-run"] if dry_run else words


def flags_of(existing: Existing) -> list[str]:
    """Return the options of ``brushwood run`` for what happens to results that are there."""
    flags = {"keep": ["--resume"], "renew": ["--resume", "--overwrite"]}
    return flags.get(existing, ["--overwrite"])


def missing(state: BatchState, recipe_problem: str) -> str:
    """Say what must be chosen before a run can be planned; "" if nothing is missing.

    Parameters
    ----------
    state : BatchState
    recipe_problem : str
        Why there is no recipe, "" if there is one.
    """
    if recipe_problem:
        return recipe_problem
    if not state.save:
        return "Nothing would be saved. Tick a result in section 3."
    if not state.sources:
        return "No images yet. Add files or a folder, or drop them on the list."
    if not state.out:
        return "Choose the folder for the results."
    return ""


def added(sources: Sequence[str], more: Sequence[str]) -> tuple[str, ...]:
    """Return sources with more of them, each once and absolute."""
    known = dict.fromkeys(sources)
    known.update(dict.fromkeys(os.path.abspath(path) for path in more if path))
    return tuple(known)


def suggested_out(sources: Sequence[str]) -> str:
    """Return a folder for results beside the first source: ``<name>-results``; "" without one."""
    if not sources:
        return ""
    first = Path(sources[0])
    base = first if first.is_dir() and first.suffix != ".zarr" else first.parent
    return str(base.with_name(f"{base.name}-results")) if base.name else str(base / "results")


def batch_step_text(state: BatchState, *, has_model: bool) -> str:
    """Describe the last step of the guide in a few words."""
    chosen = {"window": has_model, "recipe": bool(state.recipe), "model": bool(state.model)}
    return state.said or ("ready" if chosen[state.what] else "needs a classifier")
