"""Measuring: one row an object, one column a number, in the units of the image."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from brushwood.arrays import AnyArray, ImageSource
from brushwood.errors import InputError, ShapeMismatchError
from brushwood.jobs import IDLE, Job
from brushwood.measure.catalog import Calculation, Call, calculations
from brushwood.measure.effort import (
    MANY_OBJECTS,
    Estimate,
    ManyObjectsWarning,
    estimate_work,
)
from brushwood.measure.index import LabelIndex
from brushwood.measure.names import Column, Setting, endings, plan_columns
from brushwood.measure.slabs import kept_slabs
from brushwood.measure.units import unit_of
from brushwood.tables import with_measurement, with_units

if TYPE_CHECKING:
    from pandas import DataFrame


def measure(
    labels: Any,
    image: Any = None,
    *,
    names: Iterable[str] | str | None = None,
    spacing: float | Sequence[float] | None = None,
    unit: str | None = None,
    channel_axis: int | None = None,
    channel_names: Sequence[str] | None = None,
    ndim: int | None = None,
    probabilities: Any = None,
    class_names: Sequence[str] | Mapping[int, str] | None = None,
    job: Job = IDLE,
) -> "DataFrame":
    """Measure the objects of a label image.

    Parameters
    ----------
    labels : array of int, shape (…, Y, X) or (…, Z, Y, X)
        One number an object, 0 for the background; gaps are fine, up to 2**63 - 1. NumPy, dask or
        zarr.
    image : array, the shape of `labels`, optional
        Intensities, with channels along `channel_axis`. A list of arrays is a pyramid, of which the
        finest is used.
    names : iterable of str, or str, optional
        Columns (``"centroid-0"``), measurements (``"centroid"``) or groups (``"size"``,
        ``"shape"``, ``"position"``, ``"intensity"``, ``"texture"``, ``"probability"``,
        ``"neighbours"``). Default: `default_names`. `catalog` lists what there is.
    spacing : float or sequence of float, optional
        Size of a pixel along the axes of space, in `unit`. Default: 1, in pixels.
    unit : str, optional
        For example ``"µm"``. Without one, and without spacing, lengths are in pixels.
    channel_axis : int, optional
        Axis of `image` that holds channels. Its columns end in ``-0``, ``-1``, … or in
        `channel_names`.
    channel_names : sequence of str, optional
        One a channel.
    ndim : {2, 3}, optional
        Axes of space; those before them are frames. Default: all axes, at most 3.
    probabilities : array, shape (C, …), optional
        Class probabilities, classes first, for the measurements that need them.
    class_names : sequence or mapping of str, optional
        One a class. Columns end in ``-1``, ``-2``, … without them.
    job : Job
        Progress and cancel.

    Returns
    -------
    DataFrame
        One row a label, ascending; with frames one row a (frame, label). Columns `label`, `index`
        (the same, for napari), `frame` (only with frames; counted through all axes before space),
        then the measurements. `brushwood.tables.units_of` tells the units. No objects give no rows
        and all columns. NaN stands only where a measure is undefined, see `catalog`.

    Raises
    ------
    InputError
        If the labels are not integers or are negative, or if something is missing.
    ShapeMismatchError
        If labels and image have different shapes.
    UnknownMeasurementError
        If a name is unknown.

    Warns
    -----
    ManyObjectsWarning
        Before the work, if it will take long or much memory; see `estimate`.
    """
    work = _Work.of(
        labels, image, ndim, spacing, channel_axis, channel_names, probabilities, class_names
    )
    columns = plan_columns(names, work.setting)
    parts: list[dict[str, AnyArray]] = []
    frames = list(work.labels.iter_frames())
    warned, n_objects = False, 0
    for number, frame in enumerate(frames):
        part_job = job.part(number / len(frames), (number + 1) / len(frames))
        objects = work.objects(frame, part_job.part(0, 0.1))
        n_objects += len(objects)
        if not warned and n_objects * len(frames) // (number + 1) >= MANY_OBJECTS:
            warned = True
            _warn(estimate_work(objects, columns, len(frames)))
        parts.append(work.frame_columns(objects, number, columns, part_job.part(0.1, 1)))
    return _table(parts, columns, work, unit)


def estimate(
    labels: Any,
    image: Any = None,
    *,
    names: Iterable[str] | str | None = None,
    channel_axis: int | None = None,
    ndim: int | None = None,
    probabilities: Any = None,
    job: Job = IDLE,
) -> Estimate:
    """Estimate what `measure` will need, from the first frame.

    Parameters
    ----------
    labels, image, names, channel_axis, ndim, probabilities, job
        As for `measure`.

    Returns
    -------
    Estimate
        Number of objects, seconds and bytes; its text is a sentence for the user, and ``is_long``
        says whether `measure` will warn.

    Raises
    ------
    InputError
        As `measure` does.
    """
    work = _Work.of(labels, image, ndim, None, channel_axis, None, probabilities, None)
    frames = list(work.labels.iter_frames())
    columns = plan_columns(names, work.setting)
    return estimate_work(work.objects(frames[0], job), columns, len(frames))


def _warn(work: Estimate) -> None:
    warnings.warn(
        f"Measuring {work}. If these are not objects but noise, remove small ones first.",
        ManyObjectsWarning,
        stacklevel=3,
    )


@dataclass(frozen=True, eq=False, slots=True)
class _Work:
    """Checked inputs."""

    labels: ImageSource
    image: ImageSource | None
    probabilities: ImageSource | None
    spacing: tuple[float, ...] | None
    setting: Setting

    @classmethod
    def of(
        cls,
        labels: Any,
        image: Any,
        ndim: int | None,
        spacing: float | Sequence[float] | None,
        channel_axis: int | None,
        channel_names: Sequence[str] | None,
        probabilities: Any,
        class_names: Sequence[str] | Mapping[int, str] | None,
    ) -> "_Work":
        source = label_source(labels, ndim)
        ndim = source.ndim
        pixels = chances = channels = classes = None
        if image is not None:
            pixels = ImageSource.of(image, channel_axis=channel_axis, ndim=ndim)
            check_shape(source, pixels, "image")
            channels = _endings(pixels, channel_names, "channel", 0, channel_axis is None)
        if probabilities is not None:
            chances = ImageSource.of(probabilities, channel_axis=0, ndim=ndim)
            check_shape(source, chances, "probabilities")
            named = list(class_names.values()) if isinstance(class_names, Mapping) else class_names
            classes = _endings(chances, named, "class", 1, False)
        setting = Setting(ndim, channels, classes)
        source = kept_slabs(source)
        pixels, chances = (s and kept_slabs(s) for s in (pixels, chances))
        return cls(source, pixels, chances, checked_spacing(spacing, ndim), setting)

    def objects(self, frame: tuple[int, ...], job: Job) -> LabelIndex:
        """Find the objects of a frame."""
        return LabelIndex.of(self.labels, frame, self.spacing, job)

    def frame_columns(
        self, objects: LabelIndex, number: int, columns: tuple[Column, ...], job: Job
    ) -> dict[str, AnyArray]:
        """Measure the objects of a frame; arrays by column."""
        out: dict[str, AnyArray] = {"label": objects.labels, "index": objects.labels}
        if self.labels.frames:
            out["frame"] = np.full(len(objects), number)
        needed = _needed(columns)
        for i, (calculation, wanted) in enumerate(needed):
            part = job.part(i / len(needed), (i + 1) / len(needed))
            part.checkpoint(0, "measuring " + min(wanted))
            numbers = {m: _numbers(m, columns) for m in wanted}
            call = Call(
                wanted,
                self.image,
                self.probabilities,
                {m: n for m, n in numbers.items() if n},
                part,
            )
            # Infinite or missing pixels make numbers that are not finite; that needs no warning.
            with np.errstate(invalid="ignore", over="ignore"):
                found = calculation.compute(objects, call)
            for column in columns:
                if column.measurement.name in wanted:
                    out[column.name] = _pick(found[column.measurement.name], column, call)
        return out


def label_source(labels: Any, ndim: int | None = None) -> ImageSource:
    """Wrap labels, refusing what cannot be labels.

    Raises
    ------
    InputError
        If they are not integers.
    """
    source = ImageSource.of(labels, ndim=ndim)
    if source.dtype.kind == "b":
        raise InputError(
            "Labels must be integers, one number an object, but a mask of booleans came. Make "
            "objects of it first, with brushwood.split_objects or skimage.measure.label."
        )
    if source.dtype.kind not in "ui":
        raise InputError(
            f"Labels must be integers, but {source.dtype} came. Convert them, for example with "
            "labels.astype('int32'), if they hold whole numbers."
        )
    return source


def check_shape(labels: ImageSource, other: ImageSource, name: str) -> None:
    """Refuse an image whose pixels are not those of the labels.

    Raises
    ------
    ShapeMismatchError
        If shapes differ.
    """
    if (labels.frames, labels.shape) == (other.frames, other.shape):
        return
    channel = "" if other.channel_axis is None else f" beside its axis {other.channel_axis}"
    raise ShapeMismatchError(
        f"Labels and {name} must have the same shape, but the labels have "
        f"{labels.frames + labels.shape} and the {name} has {other.frames + other.shape}"
        f"{channel}. Choose those that belong together, or name the channel_axis."
    )


def checked_spacing(spacing: float | Sequence[float] | None, ndim: int) -> tuple[float, ...] | None:
    """Return one pixel size an axis, or None.

    Raises
    ------
    InputError
        If there are too few or too many, or one is not a finite number above 0.
    """
    if spacing is None:
        return None
    sizes = np.ravel(np.asarray(spacing, float))
    sizes = np.full(ndim, sizes[0]) if np.ndim(spacing) == 0 else sizes
    if sizes.size != ndim or not (np.isfinite(sizes).all() and (sizes > 0).all()):
        raise InputError(
            f"Spacing must be {ndim} finite numbers above 0, one an axis of space, but "
            f"{spacing!r} came."
        )
    return tuple(float(size) for size in sizes)


def _endings(
    source: ImageSource, names: Sequence[str] | None, what: str, first: int, single: bool
) -> tuple[str, ...]:
    """Return the endings of the columns of channels or classes."""
    count = source.n_channels
    if names is None:
        return ("",) if single else tuple(f"-{i}" for i in range(first, first + count))
    if len(names) != count or len(set(names)) != count:
        raise InputError(
            f"{count} different {what} names are needed, but {list(names)} came. Name each "
            f"{what} once."
        )
    return endings(list(names)) or ()


def _needed(columns: tuple[Column, ...]) -> list[tuple[Calculation, frozenset[str]]]:
    """Return the calculations to do, and what each must find."""
    wanted = {column.measurement.name for column in columns}
    each = [(c, frozenset(m.name for m in c.measurements) & wanted) for c in calculations()]
    return [(c, some) for c, some in each if some]


def _numbers(measurement: str, columns: tuple[Column, ...]) -> tuple[float, ...]:
    found = [c.number for c in columns if c.measurement.name == measurement]
    return tuple(dict.fromkeys(number for number in found if number is not None))


def _pick(values: AnyArray, column: Column, call: Call) -> AnyArray:
    """Take one column out of a measurement's array."""
    place: tuple[int, ...] = column.place
    if column.number is not None:
        place = (call.numbers[column.measurement.name].index(column.number), *place)
    index: tuple[Any, ...] = (slice(None), *place)
    picked: AnyArray = values[index]
    return picked


def _table(
    parts: list[dict[str, AnyArray]], columns: tuple[Column, ...], work: _Work, unit: str | None
) -> "DataFrame":
    from pandas import DataFrame

    keys = [name for name in ("label", "index", "frame") if name in parts[0]]
    data: dict[str, AnyArray] = {}
    for name in keys:
        data[name] = np.concatenate([part[name] for part in parts]).astype(np.int64)
    for column in columns:
        dtype = np.int64 if column.measurement.integer else np.float64
        data[column.name] = np.concatenate([part[column.name] for part in parts]).astype(dtype)
    scaled = work.spacing is not None
    units = {c.name: unit_of(c.measurement, unit, scaled, work.setting.ndim) for c in columns}
    known = {name: text for name, text in units.items() if text is not None}
    found = with_units(DataFrame(data), known)
    setting = work.setting
    names = [
        None if each is None else [ending.removeprefix("-") for ending in each]
        for each in (setting.channels, setting.classes)
    ]
    return with_measurement(found, setting.ndim, *names)
