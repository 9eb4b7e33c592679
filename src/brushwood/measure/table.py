"""Measuring: one row an object, one column a number, in the units of the image."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from brushwood.arrays import AnyArray
from brushwood.jobs import IDLE, Job
from brushwood.measure.effort import (
    MANY_OBJECTS,
    Estimate,
    ManyObjectsWarning,
    estimate_work,
)
from brushwood.measure.names import plan_columns
from brushwood.measure.work import Work

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
    work = Work.of(
        labels, image, ndim, spacing, channel_axis, channel_names, probabilities, class_names
    ).kept()
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
            warn_of(estimate_work(objects, columns, len(frames)))
        found = work.columns(objects, columns, part_job.part(0.1, 1))
        parts.append(work.keys(objects.labels, number) | found)
    return work.table(parts, columns, unit)


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
    work = Work.of(labels, image, ndim, None, channel_axis, None, probabilities).kept()
    frames = list(work.labels.iter_frames())
    columns = plan_columns(names, work.setting)
    return estimate_work(work.objects(frames[0], job), columns, len(frames))


def warn_of(work: Estimate, stacklevel: int = 3) -> None:
    """Warn of measuring that will take long, on behalf of whoever asked for it."""
    warnings.warn(
        f"Measuring {work}. If these are not objects but noise, remove small ones first.",
        ManyObjectsWarning,
        stacklevel=stacklevel,
    )
