"""One label image of ``brushwood measure``: open what belongs together, and measure it."""

import argparse
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from brushwood.cli.console import say
from brushwood.errors import BrushwoodError, InputError
from brushwood.io.images import ImageFile
from brushwood.io.inputs import InputRef
from brushwood.jobs import Job
from brushwood.measure.relations import relate
from brushwood.measure.table import measure
from brushwood.tables import units_of, with_units

if TYPE_CHECKING:
    from pandas import DataFrame

    from brushwood.arrays import AnyArray


def measure_file(ref: InputRef, index: int, options: argparse.Namespace, job: Job) -> "DataFrame":
    """Measure one label image.

    Parameters
    ----------
    ref : InputRef
    index : int
        Which of the files of each kind belong to it.
    options : Namespace
    job : Job

    Raises
    ------
    BrushwoodError
        Naming what is wrong with it.
    """
    with ExitStack() as stack:
        labels = stack.enter_context(ref.open())
        _check_labels(labels, ref.path)
        beside = {
            kind: stack.enter_context(InputRef.of(getattr(options, kind)[index]).open())
            for kind in ("image", "probabilities", "parents")
            if getattr(options, kind)
        }
        try:
            return _measure(labels, beside, ref.path, options, job)
        except MemoryError as error:
            raise BrushwoodError(
                "There is not enough memory for this image. Save it as OME-Zarr or uncompressed "
                "TIFF, which are read piece by piece."
            ) from error
        except OSError as error:
            raise BrushwoodError(f"Reading failed: {error}. Try again.") from error


def _measure(
    labels: ImageFile,
    beside: dict[str, ImageFile],
    path: Path,
    options: argparse.Namespace,
    job: Job,
) -> "DataFrame":
    image, chances = beside.get("image"), beside.get("probabilities")
    ndim = options.ndim or labels.ndim
    size, unit = calibration(options, ndim, labels, image)
    _compare_scales(path, size, ndim, image)
    axis = options.channel_axis
    if axis is None and image is not None:
        axis = image.channel_axis
    table = measure(
        labels.data,
        None if image is None else _like(labels, image, axis),
        names=options.names,
        spacing=size,
        unit=unit,
        channel_axis=axis,
        channel_names=options.channel_names,
        ndim=ndim,
        probabilities=None if chances is None else _classes_first(chances),
        class_names=options.class_names,
        job=job,
    )
    if "parents" not in beside:
        return table
    parents = beside["parents"]
    _check_labels(parents, Path(parents.name))
    related = relate(
        _like(labels, parents, None), labels.data, spacing=size, unit=unit, ndim=ndim, job=job
    ).children
    columns = ["parent", "parent_overlap", "parent_distance"]
    keys = [name for name in ("label", "frame") if name in table.columns]
    joined = table.merge(related[[*keys, *columns]], on=keys, how="left")
    joined.attrs = table.attrs
    return with_units(joined, {n: u for n, u in units_of(related).items() if n in columns})


def _check_labels(file: ImageFile, path: Path) -> None:
    if file.channel_axis is not None:
        raise InputError(
            f"A label image has one number a pixel, but {path.name!r} has "
            f"{file.data.shape[file.channel_axis]} channels. Save it as a label image."
        )


def calibration(
    options: argparse.Namespace, ndim: int, labels: ImageFile, image: ImageFile | None
) -> tuple[tuple[float, ...] | None, str | None]:
    """Return pixel size and unit: as asked for, as the labels say, or as the image says."""
    size, unit = options.spacing, options.unit
    if size is None:
        sized = next((f for f in (labels, image) if f and f.spacing_of(ndim)), None)
        if sized is not None:
            size, unit = sized.spacing_of(ndim), sized.unit
    return size, "µm" if unit == "um" else unit


def _compare_scales(
    path: Path, size: tuple[float, ...] | None, ndim: int, image: ImageFile | None
) -> None:
    """Warn of an image whose pixels have another size than those of the labels."""
    theirs = None if image is None else image.spacing_of(ndim)
    if image is None or size is None or theirs is None or np.allclose(size, theirs, rtol=0.01):
        return
    mine, other = (" × ".join(f"{length:g}" for length in sizes) for sizes in (size, theirs))
    say(
        f"Warning: a pixel of {path.name} measures {mine}, but one of {image.name} {other}; the "
        "first is used. Check that they belong together."
    )


def _like(labels: ImageFile, image: ImageFile, axis: int | None) -> Any:
    """Return an image's pixels; axes of length one that the labels do not have are left out."""
    shape, wanted = image.data.shape, labels.data.shape
    if (
        axis is None
        and shape != wanted
        and np.squeeze(np.empty(shape, "V0")).shape == tuple(n for n in wanted if n > 1)
    ):
        return np.asarray(image.data[...]).reshape(wanted)
    return image.data


def _classes_first(file: ImageFile) -> "AnyArray":
    """Return probabilities with the classes along the first axis."""
    axis = file.channel_axis
    if axis is None:
        return np.asarray(file.data[...])[None]
    return file.data if axis == 0 else np.moveaxis(np.asarray(file.data[...]), axis, 0)
