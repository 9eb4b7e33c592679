"""One input of a run: open it, do the chain, write what is saved, say that it is complete."""

import json
import re
import threading
import time
import traceback
import zlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from struct import error as StructError
from typing import Any

from brushwood.batch.chain import ChainResult
from brushwood.batch.fingerprint import mark_of
from brushwood.batch.ledger import Entry, Ledger, size_of
from brushwood.batch.models import Models
from brushwood.batch.planned import PlannedFile
from brushwood.batch.recipe import Recipe
from brushwood.batch.records import FileRecord
from brushwood.batch.staging import Staging
from brushwood.errors import BrushwoodError, ImageFileError, OutputError, SchedulerError
from brushwood.io.atomic import is_full, output_error
from brushwood.io.images import ImageFile
from brushwood.io.inputs import InputRef
from brushwood.io.reopened import ReopenedArray
from brushwood.io.tables import write_table
from brushwood.jobs import Job
from brushwood.workers import IN_TURN, Workers

#: Whatever can come of one file: a damaged file makes libraries fail in every way there is.
FILE_ERRORS = (
    BrushwoodError, OSError, MemoryError, ValueError, TypeError, LookupError, ArithmeticError,
    RuntimeError, AttributeError, EOFError, AssertionError, ImportError, SyntaxError, BufferError,
    StructError, zlib.error,
)  # fmt: skip
_KEPT = 2


@dataclass(frozen=True, slots=True)
class Setting:
    """What all files of a run have in common; small, so that it travels to other processes.

    Attributes
    ----------
    out : Path
        Folder of results.
    recipe : Path
        File of the recipe with its models inside.
    digest : str
        Of the recipe.
    device : str or None
    overwrite : bool
    """

    out: Path
    recipe: Path
    digest: str
    device: str | None = None
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class FileWork:
    """Does a file; called with a `PlannedFile` and a `Job`, by whichever worker.

    Attributes
    ----------
    setting : Setting
    workers : Workers
        Who does the parts of the file.
    """

    setting: Setting
    workers: Workers = IN_TURN

    def __call__(self, file: PlannedFile, job: Job) -> FileRecord:
        """Do a file.

        Returns
        -------
        FileRecord
            ``"done"`` or ``"failed"``: what is wrong with a file is no error of the run.

        Raises
        ------
        Cancelled
        SchedulerError
            If the workers that share the file are gone.
        """
        start = time.perf_counter()
        ledger = Ledger(self.setting.out)
        record = FileRecord(file.path, file.name, "running", scene=file.scene)
        try:
            entry = self._done(file, ledger, job)
        except SchedulerError:
            raise  # no fault of this file: none can be done any more
        except FILE_ERRORS as error:
            why = why_failed(error, file, ledger)
            return replace(record, state="failed", why=why, seconds=time.perf_counter() - start)
        return replace(
            record,
            state="done",
            seconds=time.perf_counter() - start,
            outputs=ledger.paths(entry),
            counts=entry.counts,
            notes=entry.notes,
        )

    def _done(self, file: PlannedFile, ledger: Ledger, job: Job) -> Entry:
        setting = self.setting
        job.checkpoint(0.0, "Opening")
        recipe, models = models_of(setting)
        before = mark_of(file, recipe)
        work = ledger.begin(file.name)
        try:
            result = self._written(recipe, models, file, work, job)
            if mark_of(file, recipe) != before:
                raise ImageFileError(
                    f"{str(file.path)!r} changed while it was worked on. Leave inputs alone and "
                    "start again with --resume."
                )
            job.checkpoint(0.99, "Writing")
            entry = _entry(file, setting, before, result, work)
            ledger.place(entry, work, overwrite=setting.overwrite or file.replaces)
        finally:
            ledger.give_up(work)
        return entry

    def _written(
        self, recipe: Recipe, models: Models, file: PlannedFile, work: Path, job: Job
    ) -> ChainResult:
        """Write all results into a folder."""
        with opened(file) as image:
            if self.workers.is_remote:  # each of them opens the file itself
                data = ReopenedArray.of(file.path, file.scene, image)
                image = replace(image, data=data)
            staging = Staging(work, file.outputs, self.workers)
            result = staging.run(recipe, models, image, file.name, job.part(0.0, 0.97))
        if result.table is not None and "table" in file.outputs:
            target = work / file.outputs["table"].name
            write_table(result.table, target, job=job.part(0.97, 0.99))
        return result


def opened(file: PlannedFile) -> ImageFile:
    """Open an input under the name that it has in the run.

    Raises
    ------
    ImageFileError
    """
    return replace(InputRef(file.path, file.scene).open(), name=file.name)


def why_failed(error: BaseException, file: PlannedFile, ledger: Ledger) -> str:
    """Say what is wrong with a file; what nobody foresaw is kept for a report."""
    if isinstance(error, OSError):
        try:
            ledger.check()
        except OutputError as gone:
            return str(gone)
    if isinstance(error, BrushwoodError):
        # Where results were put together for the time being is nobody's concern.
        target = next(iter(file.outputs.values()), ledger.out / "x")
        place = re.escape(str(ledger.folder / "work")) + r"[/\\][0-9a-f-]{29}"
        return re.sub(place, lambda _: str(target.parent), str(error))
    if isinstance(error, MemoryError):
        return (
            "There is not enough memory for this image. Save it as OME-Zarr or uncompressed TIFF, "
            "which are read piece by piece, or use fewer workers."
        )
    if isinstance(error, OSError):
        if is_full(error):
            return str(output_error(next(iter(file.outputs.values()), ledger.out), error))
        return f"Reading or writing failed: {error}. Try again with --resume."
    kept = ledger.keep_trace(file.name, "".join(traceback.format_exception(error)))
    where = f" {str(kept)!r} says where" if kept else ""
    return f"It cannot be worked on ({type(error).__name__}: {str(error)[:300]}).{where}"


_models: OrderedDict[tuple[str, str | None], tuple[Recipe, Models]] = OrderedDict()
_lock = threading.Lock()


def keep_models(setting: Setting, recipe: Recipe, models: Models) -> None:
    """Spare this process loading models again that it has."""
    with _lock:
        _keep((setting.digest, setting.device), (recipe, models))


def models_of(setting: Setting) -> tuple[Recipe, Models]:
    """Return a run's recipe and models, loaded once a process.

    Raises
    ------
    BrushwoodError
        If they cannot be read, or there is no device.
    """
    key = (setting.digest, setting.device)
    with _lock:
        if key not in _models:
            Ledger(setting.out).check()
            recipe = Recipe.load(setting.recipe)
            _keep(key, (recipe, Models(recipe, setting.device)))
        _models.move_to_end(key)
        return _models[key]


def _keep(key: tuple[str, str | None], value: tuple[Recipe, Models]) -> None:
    _models[key] = value
    while len(_models) > _KEPT:
        _models.popitem(last=False)


def _entry(
    file: PlannedFile, setting: Setting, before: str, result: ChainResult, work: Path
) -> Entry:
    outputs = {}
    for key, target in file.outputs.items():
        size = size_of(work / target.name)
        if size is not None:
            outputs[key] = (target.relative_to(setting.out).as_posix(), size)
    # As they will be read again: keys are text, numbers are those of JSON.
    counts: Mapping[str, Any] = json.loads(json.dumps(dict(result.counts)))
    return Entry(file.name, before, setting.digest, outputs, counts, tuple(result.notes))
