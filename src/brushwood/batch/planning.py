"""`plan`: look at all inputs before the start, and say what a run will do and what is wrong."""

import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from brushwood.batch.finishing import Ours, whole_files
from brushwood.batch.ledger import Ledger
from brushwood.batch.models import Models
from brushwood.batch.naming import names_of, outputs_of
from brushwood.batch.planned import Plan, PlannedFile, Problem
from brushwood.batch.recipe import Recipe
from brushwood.batch.standing import Standing
from brushwood.batch.status import STATUS
from brushwood.batch.survey import Surveyor
from brushwood.errors import InputError, NoDeviceError, OutputExistsError
from brushwood.io.inputs import InputRef, list_inputs
from brushwood.jobs import IDLE, Job
from brushwood.opencl import Device

if TYPE_CHECKING:
    from brushwood.pixels.classifier import PixelClassifier

PathLike: TypeAlias = str | os.PathLike[str]
Inputs: TypeAlias = "PathLike | InputRef | Iterable[PathLike | InputRef]"
What: TypeAlias = "Recipe | PixelClassifier | PathLike"


@dataclass(frozen=True)
class Order:
    """What a run was asked for.

    Attributes
    ----------
    recipe : Recipe
    inputs : path, InputRef, or several
    out : Path
    workers : int
    processes : bool
    client : distributed.Client or None
    resume, overwrite, recursive : bool
    device : Device, str or None
    """

    recipe: Recipe
    inputs: Inputs
    out: Path
    workers: int = 1
    processes: bool = False
    client: Any = None
    resume: bool = True
    overwrite: bool = False
    recursive: bool = False
    device: Device | str | None = None

    @property
    def n(self) -> int:
        """How many images are worked on at once."""
        if self.client is None:
            return self.workers
        return max(1, int(sum(self.client.nthreads().values())))

    @property
    def who(self) -> str:
        """Who does the work, for people."""
        if self.client is not None:
            return "the workers of the cluster"
        kind = "process" if self.processes else "worker"
        plural = "es" if self.processes else "s"
        return f"{self.workers} {kind}{plural * (self.workers != 1)}"

    @property
    def device_name(self) -> str | None:
        """The device as text, which means the same in another process of this machine."""
        return str(self.device.index) if isinstance(self.device, Device) else self.device


@dataclass(frozen=True)
class Prepared:
    """A plan, and what a run needs to carry it out.

    Attributes
    ----------
    plan : Plan
    digest : str
        Of the recipe.
    models : Models or None
        None if this machine has no device, and a cluster does the work.
    """

    plan: Plan
    digest: str
    models: Models | None


def plan(
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
) -> Plan:
    """Say what `run` would do, after looking at every input. Nothing is written.

    Parameters
    ----------
    recipe, inputs, out, client, workers, processes, resume, overwrite, recursive, device, job
        As `run`.

    Returns
    -------
    Plan
        Files, where their results go, what is wrong, disk and time.

    Raises
    ------
    RecipeError
        If the recipe or a model of it cannot be read, or was changed.
    InputError
        If no image is named, or a folder holds none.
    NoDeviceError
        If there is no device.
    Cancelled
    """
    order = Order(
        recipe_of(recipe), inputs, Path(out), workers, processes, client,
        resume, overwrite, recursive, device,
    )  # fmt: skip
    return prepare(order, job).plan


def recipe_of(what: What) -> Recipe:
    """Return a recipe from itself, its file, or a pixel classifier or its file.

    Raises
    ------
    RecipeError, ModelFileError
    """
    if isinstance(what, Recipe):
        return what
    if isinstance(what, str | os.PathLike):
        is_model = Path(what).suffix.lower() in (".brushwood", ".cl")
        return Recipe.of_model(what) if is_model else Recipe.load(what)
    return Recipe.of_model(what)


def prepare(order: Order, job: Job = IDLE) -> Prepared:
    """Look at recipe, models, inputs, what exists, and the disk."""
    recipe, out = order.recipe, order.out
    recipe.check_models()
    digest = recipe.digest()
    models = _models(order)
    refs = list_inputs(order.inputs, recursive=order.recursive, exclude=out)
    names = names_of(refs)
    ledger = Ledger(out)
    surveyor = Surveyor(recipe, models)
    standing = Standing(ledger, digest, recipe, resume=order.resume, overwrite=order.overwrite)
    files = []
    for number, (ref, name) in enumerate(zip(refs, names, strict=True)):
        job.checkpoint(number / len(refs), f"Looking at {name}")
        file = PlannedFile(ref.path, ref.scene, name, outputs_of(name, out, recipe))
        files.append(standing.look(surveyor.look(file)))
    files = surveyor.sized(files, order)
    problems = [*_problems_of(files), *standing.problems, *_conflicts(files, out)]
    problems += surveyor.problems(files) + _foreign(order)
    needed = sum(file.bytes for file in files if file.is_open)
    free = free_bytes(out)
    problems += _disk(needed + surveyor.on_the_way(files, order), free, recipe) + _target(out)
    seconds = surveyor.seconds(files, order)
    text = recipe.describe()
    found = Plan(
        out, tuple(files), tuple(_sorted(problems)), needed, free, seconds, text, order.who
    )
    return Prepared(found, digest, models)


def free_bytes(out: Path) -> int | None:
    """Return the free space where a folder is or will be; None if it cannot be told."""
    try:
        return shutil.disk_usage(_existing(out)).free
    except OSError:
        return None


def _models(order: Order) -> Models | None:
    try:
        return Models(order.recipe, order.device)
    except NoDeviceError:
        if order.client is None:
            raise
        return None  # the head node of a cluster often has none


def _existing(path: Path) -> Path:
    """Return a folder, or the nearest one above it that exists."""
    found = Path(os.path.abspath(path))
    while not found.exists() and found != found.parent:
        found = found.parent
    return found


def _problems_of(files: Sequence[PlannedFile]) -> list[Problem]:
    found = [
        Problem(f"{file.name}: {file.problem}", path=file.path) for file in files if file.problem
    ]
    if found and len(found) == len(files):
        return [replace(found[0], text=f"No image can be done. {found[0].text}", stops=True)]
    return found


def _conflicts(files: Sequence[PlannedFile], out: Path) -> list[Problem]:
    """Name results that would replace an input."""
    inputs = {os.path.realpath(file.path) for file in files}
    return [
        Problem(
            f"{str(target)!r} is an input and would be replaced by a result. Choose another "
            "folder for results.",
            stops=True,
            path=file.path,
            kind="exists",
        )
        for file in files
        for target in file.outputs.values()
        if os.path.lexists(target) and os.path.realpath(target) in inputs
    ]


def _foreign(order: Order) -> list[Problem]:
    """Name files that stand where status, summary and report go, and that no run wrote."""
    status = order.out / STATUS
    try:
        if status.exists() and not (Ledger(order.out).exists or order.overwrite):
            raise OutputExistsError(
                f"{str(status)!r} exists already, and no run here says that it made it. Rename it, "
                "choose another folder for results, or ask for results to be overwritten."
            )
        Ours(order.out).check(whole_files(order.recipe), overwrite=order.overwrite)
    except OutputExistsError as error:
        return [Problem(str(error), stops=True, kind="exists")]
    return []


def _disk(needed: int, free: int | None, recipe: Recipe) -> list[Problem]:
    from brushwood.batch.plan_text import size

    if free is None or needed <= free:
        return []
    said = f"The results need up to {size(needed)}, but only {size(free)} are free."
    if recipe.image_format == "ome-zarr":
        # Compressed maps are much smaller than their pixels.
        return [Problem(f"{said} OME-Zarr is compressed and may fit; watch the disk.")]
    advice = "Free some space, choose another folder, or save less or as OME-Zarr."
    return [Problem(f"{said} {advice}", stops=True, kind="output")]


def _target(out: Path) -> list[Problem]:
    """Say why results cannot be written, as far as can be told without writing."""
    place = _existing(out)
    if not place.is_dir():
        text = f"{str(place)!r} is a file, not a folder. Choose another folder for results."
    elif not _may_write(place):
        text = (
            f"The folder {str(place)!r} is read-only. Choose another folder for results, or "
            "change its permissions."
        )
    else:
        return []
    return [Problem(text, stops=True, kind="output")]


def _may_write(folder: Path) -> bool:
    as_effective = os.access in os.supports_effective_ids
    return os.access(folder, os.W_OK | os.X_OK, effective_ids=as_effective)


def _sorted(problems: Iterable[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda problem: not problem.stops)


def check_order(order: Order) -> None:
    """Refuse what makes no sense before anything is read.

    Raises
    ------
    InputError
    """
    if order.client is not None and order.processes:
        raise InputError("Work goes to a cluster or to processes of this machine. Choose one.")
