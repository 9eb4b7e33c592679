"""`run`: do a recipe with every input, whatever single inputs hold, and say what became of each."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from brushwood.batch.engine import Failed
from brushwood.batch.events import Event, PlanMade, RunEnded
from brushwood.batch.fingerprint import mark_of
from brushwood.batch.finishing import finish, whole_files
from brushwood.batch.ledger import Ledger
from brushwood.batch.lock import only_run
from brushwood.batch.planned import Plan, PlannedFile
from brushwood.batch.planning import (
    Inputs,
    Order,
    PathLike,
    Prepared,
    What,
    check_order,
    prepare,
    recipe_of,
)
from brushwood.batch.progress import Progress
from brushwood.batch.records import EndState, FileRecord, RunReport
from brushwood.batch.status import STATUS, StatusFile
from brushwood.batch.task import FileWork, Setting, keep_models
from brushwood.batch.workers_local import LocalThreads, local_workers
from brushwood.errors import (
    BrushwoodError,
    InputError,
    OutputError,
    OutputExistsError,
    SchedulerError,
)
from brushwood.jobs import IDLE, Cancelled, Job
from brushwood.opencl import Device
from brushwood.workers import IN_TURN

_ERRORS: dict[str, type[BrushwoodError]] = {
    "input": InputError,
    "exists": OutputExistsError,
    "output": OutputError,
}
_COMPLETE = "Its results were complete already."


def _ignore(event: Event) -> None:
    pass


def run(
    recipe: What,
    inputs: Inputs,
    out: PathLike,
    *,
    client: Any = None,
    workers: int = 1,
    processes: bool = False,
    resume: bool = True,
    overwrite: bool = False,
    recursive: bool = False,
    device: Device | str | None = None,
    job: Job = IDLE,
    on_event: Callable[[Event], None] | None = None,
) -> RunReport:
    """Do a recipe with many images.

    Each input's results appear when all of them are complete. One that cannot be done is reported
    and never stops the others. Ended at any moment, even by the power, the run can be started
    again: it does what is missing and ends with the same bytes.

    Parameters
    ----------
    recipe : Recipe, PixelClassifier, or path of either's file
    inputs : path, InputRef, or several
        Images, folders of images, plates, files with several scenes.
    out : path
        Folder for results; made if it does not exist.
    client : distributed.Client, optional
        A cluster whose workers do the work; all of them see the folders under the same names.
    workers : int
        Images at once, on this machine. Large images are done one after the other, in parts.
    processes : bool
        Workers are processes rather than threads.
    resume : bool
        Leave results of an earlier run of the same recipe as they are, and do the rest.
    overwrite : bool
        Replace what stands where results go.
    recursive : bool
        Also look into folders of folders.
    device : Device or str, optional
        See `brushwood.opencl.choose_device`.
    job : Job
        Progress and cancel.
    on_event : callable (Event), optional
        Told of the plan, each file, the whole and the end; see `brushwood.batch.events`. Called in
        the calling thread.

    Returns
    -------
    RunReport
        Also after a cancel, with what was complete until then.

    Raises
    ------
    RecipeError
        If the recipe or a model of it is missing, damaged or changed.
    InputError
        If there is no image, or none can be done.
    OutputExistsError
        If results exist, and neither `resume` nor `overwrite` allows to go on.
    OutputError
        If the folder cannot be written to, the disk is too full, or another run writes there.
    SchedulerError, MissingPackageError, NoDeviceError
    Cancelled
        Before the start.
    """
    order = Order(
        recipe_of(recipe), inputs, Path(out).absolute(), workers, processes, client,
        resume, overwrite, recursive, device,
    )  # fmt: skip
    return carry_out(order, job, on_event or _ignore)


def carry_out(order: Order, job: Job, on_event: Callable[[Event], None]) -> RunReport:
    """Do what was ordered; see `run`."""
    check_order(order)
    with _workers(order) as workers:
        prepared = prepare(order, job)
        on_event(PlanMade(prepared.plan))
        refuse(prepared.plan)
        ledger = Ledger(order.out)
        ledger.open()
        if order.client is not None:
            workers.check(order.out)
        with only_run(order.out, ledger.folder / "lock"):
            return _Run(order, prepared, ledger, workers, job, on_event).go()


def refuse(plan: Plan) -> None:
    """Raise what stands against a start.

    Raises
    ------
    InputError, OutputExistsError, OutputError
    """
    if plan.can_start:
        return
    first = plan.stops[0]
    raise _ERRORS[first.kind](" ".join(problem.text for problem in plan.stops))


class _Run:
    """One run, from its plan to its report."""

    def __init__(
        self,
        order: Order,
        prepared: Prepared,
        ledger: Ledger,
        workers: LocalThreads,
        job: Job,
        on_event: Callable[[Event], None],
    ) -> None:
        self._start = time.perf_counter()
        self._order, self._prepared, self._ledger = order, prepared, ledger
        self._workers, self._job, self._emit = workers, job, on_event
        self._status = StatusFile(order.out)
        self._problems: list[str] = []
        self._is_cancelled = False
        recipe_file = ledger.folder / "recipe.json"
        order.recipe.embedded().save(recipe_file, overwrite=True)
        self._setting = Setting(
            order.out, recipe_file, prepared.digest, order.device_name, order.overwrite
        )
        if prepared.models is not None:
            keep_models(self._setting, order.recipe, prepared.models)
        files = [self._settled(file) for file in prepared.plan.files]
        ledger.sweep((STATUS, *whole_files(order.recipe)))
        self._files = files
        weights = [file.seconds or 1e-3 if file.is_open else 0.0 for file in files]
        records = [self._first_record(file) for file in files]
        self._progress = Progress(records, weights, prepared.plan.seconds, on_event)

    def go(self) -> RunReport:
        """Do all files, then the summary; report."""
        progress = self._progress
        self._status.write(progress.records, now=True)
        for position, record in enumerate(progress.records):
            if record.state != "waiting":
                progress.set(position, record)
        todo = [position for position, file in enumerate(self._files) if file.is_open]
        try:
            self._small([p for p in todo if not self._files[p].is_large])
            for position in todo:
                if self._files[position].is_large:
                    self._large(position)
        except Cancelled:
            self._is_cancelled = True
        except (OutputError, SchedulerError) as error:  # the folder, or the cluster, is gone
            self._problems.append(str(error))
        finally:
            self._end_records()
            self._status.write(progress.records, now=True)
            self._ledger.tidy()
        return self._report()

    def _small(self, positions: list[int]) -> None:
        """Do whole files, several at once."""
        files = [self._files[position] for position in positions]

        def watch(item: int, fraction: float, message: str) -> None:
            self._progress.hear(positions[item], fraction, message)

        outcomes = self._workers.outcomes(
            FileWork(self._setting),
            files,
            replace(self._job, on_progress=self._tick),
            weights=[file.seconds or 1e-3 for file in files],
            watch=watch,
        )
        with closing(outcomes) as found:  # type: ignore[type-var]
            for item, outcome in found:
                if isinstance(outcome, Failed):  # its worker was lost, again and again
                    begun = self._progress.records[positions[item]]
                    outcome = replace(begun, state="failed", why=str(outcome.error))
                self._ended(positions[item], outcome)

    def _large(self, position: int) -> None:
        """Do one file in parts, with all workers."""

        def report(fraction: float, message: str) -> None:
            self._progress.hear(position, fraction, message)
            self._tick(fraction, message)

        alone = self._workers.n == 1 and not self._workers.is_remote
        work = FileWork(self._setting, IN_TURN if alone else self._workers)
        self._ended(position, work(self._files[position], replace(self._job, on_progress=report)))

    def _ended(self, position: int, record: FileRecord) -> None:
        self._progress.set(position, record)
        self._status.write(self._progress.records)
        if record.state == "failed":
            self._ledger.check()

    def _tick(self, fraction: float, message: str) -> None:
        if self._progress.tell():
            self._status.write(self._progress.records)
        self._job.on_progress(self._progress.fraction, message)

    def _settled(self, file: PlannedFile) -> PlannedFile:
        """Finish what an earlier run was placing, or take it back."""
        if self._ledger.placing(file.name) is None:
            return file
        if not self._order.resume:
            self._ledger.discard(file.name)
            return file
        mark = mark_of(file, self._order.recipe)
        done = self._ledger.settle(
            file.name, mark, self._prepared.digest, overwrite=self._order.overwrite
        )
        return replace(file, is_complete=True, problem="") if done else file

    def _first_record(self, file: PlannedFile) -> FileRecord:
        record = FileRecord(file.path, file.name, scene=file.scene)
        entry = self._ledger.entry(file.name) if file.is_complete else None
        if entry is not None:
            return replace(
                record,
                state="skipped",
                why=_COMPLETE,
                outputs=self._ledger.paths(entry),
                counts=entry.counts,
                notes=entry.notes,
            )
        return replace(record, state="failed", why=file.problem) if file.problem else record

    def _end_records(self) -> None:
        """Say what became of files that did not end."""
        why = "The run was cancelled." if self._is_cancelled else "The run could not go on."
        for position, record in enumerate(self._progress.records):
            if record.state == "running":
                self._progress.set(position, replace(record, state="cancelled", why=why))
            elif record.state == "waiting":
                self._progress.records[position] = replace(record, why=f"Not begun. {why}")

    def _report(self) -> RunReport:
        records = tuple(self._progress.records)
        self._problems += [self._status.problem] if self._status.problem else []
        report = RunReport(
            self._order.out,
            self._order.recipe,
            records,
            self._state(),
            tuple(self._problems),
            time.perf_counter() - self._start,
            self._status.path,
        )
        report = self._finished(report)
        self._progress.tell_whole()
        self._emit(RunEnded(report))
        return report

    def _finished(self, report: RunReport) -> RunReport:
        """Write what describes the run as a whole, unless it was cancelled."""
        if self._is_cancelled:
            return report
        job = replace(self._job, on_progress=self._tick)
        try:
            done = finish(report, overwrite=self._order.overwrite, job=job)
        except Cancelled:
            return replace(report, state="cancelled")
        return replace(done, seconds=time.perf_counter() - self._start)

    def _state(self) -> EndState:
        if self._is_cancelled:
            return "cancelled"
        is_complete = all(record.is_complete for record in self._progress.records)
        return "done" if is_complete and not self._problems else "failed"


@contextmanager
def _workers(order: Order) -> Iterator[Any]:
    if order.client is not None:
        from brushwood.batch.workers_cluster import ClusterWorkers

        yield ClusterWorkers(order.client)
        return
    with local_workers(order.workers, processes=order.processes) as workers:
        yield workers
