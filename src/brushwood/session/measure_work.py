"""Measure in a worker: a frozen request, and a result that names what it answers."""

import time
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from brushwood.arrays import ChannelStack, ImageSource
from brushwood.jobs import IDLE, Job
from brushwood.measure.effort import ManyObjectsWarning
from brushwood.measure.table import estimate, measure
from brushwood.session.freshness import fingerprint
from brushwood.session.scene import LayerKey
from brushwood.tables import measurement_of, units_of

if TYPE_CHECKING:
    from pandas import DataFrame

#: Labels up to this size are copied before the work, so that painting meanwhile does no harm.
_COPIED = 1 << 30
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
    """

    request: MeasureRequest
    table: "DataFrame"
    units: dict[str, str]
    fingerprint: str
    measurement: dict[str, Any] | None
    seconds: float


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
            job=job,
            **what,
        )
    seconds = time.perf_counter() - start
    return Measured(request, table, units_of(table), mark, measurement_of(table), seconds)


def _doubt(labels: Any, image: Any, what: dict[str, Any], job: Job) -> str:
    """Say how long it would take, if that is long; "" otherwise."""
    # No more objects than the largest label: most images need no counting.
    if isinstance(labels, np.ndarray) and (not labels.size or labels.max() < _FEW):
        return ""
    work = estimate(labels, image, job=job.part(0.0, 0.1), **what)
    if not work.is_long and work.seconds < _LONG:
        return ""
    advice = "If these are not objects but noise, remove small ones first."
    return f"Measuring {work}. {advice} Press Measure again to go on."


def _image(request: MeasureRequest) -> tuple[Any, int | None]:
    """Return the image as `measure` takes it, and its channel axis."""
    if not request.images:
        return None, None
    if request.rgb:
        return ImageSource.of(request.images[0], rgb=True, ndim=request.ndim), -1
    if len(request.images) == 1:
        return request.images[0], None
    return ChannelStack(request.images), 0
