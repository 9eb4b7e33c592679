"""Measure in a worker: a frozen request, and a result that names what it answers."""

import time
import warnings
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from brushwood.arrays import ChannelStack, ImageSource
from brushwood.blocks import iter_blocks
from brushwood.jobs import IDLE, Job
from brushwood.measure.effort import Estimate, ManyObjectsWarning, estimate_of
from brushwood.measure.names import plan_columns
from brushwood.measure.parts import measure_in_parts as measure
from brushwood.measure.relations import relate
from brushwood.measure.table import estimate
from brushwood.measure.work import Work
from brushwood.session.freshness import fingerprint
from brushwood.session.scene import LayerKey
from brushwood.tables import measurement_of, units_of, with_units

if TYPE_CHECKING:
    from pandas import DataFrame

#: Labels up to this size are copied before the work, so that painting meanwhile does no harm.
_COPIED = 256 << 20
#: The objects of larger frames are counted block by block, not all found, to say how long it takes.
_COUNTED = 64 << 20
_BLOCK = (16, 1024, 1024)
#: Fewer objects are measured without asking; longer work than this is asked about, seconds.
_FEW, _LONG = 20_000, 120.0


@dataclass(frozen=True, eq=False, slots=True)
class MeasureRequest:
    """What to measure.

    Attributes
    ----------
    objects : LayerKey
    labels : array
        The layer's pixels at full resolution.
    images : tuple of array
        One a channel, or one with its colours last.
    rgb : bool
    names : tuple of str
        Measurements.
    ndim : {2, 3}
    spacing : tuple of float or None
    unit : str
    channel_names : tuple of str or None
    parents : array or None
        Labels that the objects lie in.
    parents_key : LayerKey or None
    probabilities : tuple of array
        One a class.
    class_names : tuple of str
    is_confirmed : bool
        Measure however long it may take.
    """

    objects: LayerKey
    labels: Any
    images: tuple[Any, ...] = ()
    rgb: bool = False
    names: tuple[str, ...] = ()
    ndim: int = 2
    spacing: tuple[float, ...] | None = None
    unit: str = ""
    channel_names: tuple[str, ...] | None = None
    probabilities: tuple[Any, ...] = ()
    class_names: tuple[str, ...] = ()
    parents: Any = None
    parents_key: LayerKey | None = None
    is_confirmed: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Measured:
    """A finished table.

    Attributes
    ----------
    request : MeasureRequest
    table : DataFrame
    units : dict of column to unit
    fingerprint : str
        Of the labels that were measured.
    measurement : dict or None
        How it was measured; see `brushwood.tables.measurement_of`.
    seconds : float
    parents : DataFrame or None
        One row a parent: how many objects lie in it, how large they are together.
    """

    request: MeasureRequest
    table: "DataFrame"
    units: dict[str, str]
    fingerprint: str
    measurement: dict[str, Any] | None
    seconds: float
    parents: "DataFrame | None" = None


@dataclass(frozen=True, eq=False, slots=True)
class Doubt:
    """Work that is so long that the user should be asked first.

    Attributes
    ----------
    request : MeasureRequest
    sentence : str
        How many objects, how long, and how much memory.
    """

    request: MeasureRequest
    sentence: str


def run_measure(request: MeasureRequest, job: Job = IDLE) -> Measured | Doubt:
    """Measure, or say that it would take long, unless that is confirmed.

    Raises
    ------
    BrushwoodError
        What `brushwood.measure` raises.
    """
    start = time.perf_counter()
    job.checkpoint(0.0, "Reading the labels")
    labels = request.labels
    if isinstance(labels, np.ndarray) and labels.nbytes <= _COPIED:
        labels = labels.copy()
    mark = fingerprint(labels, job)
    image, axis = _image(request)
    what: dict[str, Any] = {
        "names": request.names,
        "channel_axis": axis,
        "ndim": request.ndim,
        "probabilities": ChannelStack(request.probabilities) if request.probabilities else None,
    }
    doubt = "" if request.is_confirmed else _doubt(labels, image, what, job)
    if doubt:
        return Doubt(request, doubt)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ManyObjectsWarning)  # the user was asked
        table = measure(
            labels,
            image,
            spacing=request.spacing,
            unit=request.unit or None,
            channel_names=request.channel_names,
            class_names=request.class_names or None,
            job=job if request.parents is None else job.part(0.0, 0.8),
            **what,
        )
    how, parents = measurement_of(table), None
    if request.parents is not None:
        table, parents = _related(table, labels, request, job.part(0.8, 1.0))
    seconds = time.perf_counter() - start
    return Measured(request, table, units_of(table), mark, how, seconds, parents)


def _related(
    table: "DataFrame", labels: Any, request: MeasureRequest, job: Job
) -> "tuple[DataFrame, DataFrame]":
    """Add to each object its parent; return as well what each parent holds."""
    found = relate(
        request.parents,
        labels,
        spacing=request.spacing,
        unit=request.unit or None,
        ndim=request.ndim,
        job=job,
    )
    keys = [name for name in ("label", "frame") if name in table.columns]
    columns = ["parent", "parent_overlap", "parent_distance"]
    joined = table.merge(found.children[[*keys, *columns]], on=keys, how="left")
    units = {**units_of(table), **units_of(found.children)}
    return with_units(joined, {n: u for n, u in units.items() if n in joined.columns}), (
        found.parents
    )


def _doubt(labels: Any, image: Any, what: dict[str, Any], job: Job) -> str:
    """Say how long it would take, if that is long; "" otherwise."""
    # No more objects than the largest label: most images need no counting.
    if isinstance(labels, np.ndarray) and (not labels.size or labels.max() < _FEW):
        return ""
    work = _estimate(labels, image, what, job.part(0.0, 0.1))
    if not work.is_long and work.seconds < _LONG:
        return ""
    advice = "If these are not objects but noise, remove small ones first."
    return f"Measuring {work}. {advice} Press Measure again to go on."


def _estimate(labels: Any, image: Any, what: dict[str, Any], job: Job) -> Estimate:
    source = ImageSource.of(labels, ndim=what["ndim"])
    if prod(source.shape3) <= _COUNTED:
        return estimate(labels, image, job=job, **what)
    work = Work.of(
        labels, image, what["ndim"], None, what["channel_axis"], None, what["probabilities"]
    )
    blocks = list(iter_blocks(source.shape3, _BLOCK))
    frame = (0,) * len(source.frames)
    n_pixels = highest = 0
    for n, block in enumerate(blocks):
        job.checkpoint(n / len(blocks), "Counting the objects")
        values = source.read(frame, block.start, block.stop)
        n_pixels += int(np.count_nonzero(values))
        highest = max(highest, int(values.max()))
    # Numbers may have gaps, so there are no more objects than the highest of them.
    n_frames = prod(source.frames)
    columns = plan_columns(what["names"], work.setting)
    return estimate_of(highest * n_frames, n_pixels * n_frames, columns)


def _image(request: MeasureRequest) -> tuple[Any, int | None]:
    """Return the image as `measure` takes it, and its channel axis."""
    if not request.images:
        return None, None
    if request.rgb:
        return ImageSource.of(request.images[0], rgb=True, ndim=request.ndim), -1
    if len(request.images) == 1:
        return request.images[0], None
    return ChannelStack(request.images), 0
