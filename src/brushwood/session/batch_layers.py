"""An image file and its results as layers: pixels, place, names; napari itself is not imported."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from brushwood.io.imagefile import ImageFile
from brushwood.io.inputs import InputRef
from brushwood.io.tables import read_table
from brushwood.jobs import IDLE, Job
from brushwood.session.batch_levels import levels_of
from brushwood.session.classes import Classes
from brushwood.tables import units_of

if TYPE_CHECKING:
    from pandas import DataFrame

    from brushwood.batch.result import Result

#: What is read into memory; larger arrays stay on the disk.
_LARGEST = 256 << 20
#: Pixels that contrast limits are found from, a side.
_LOOKED_AT = 512
_UNITS = {"nm", "um", "mm", "cm", "m", "pm", "s", "ms", "us", "min", "h"}
_NO_UNITS: dict[str, str] = {}
_MAPS = ("classes", "probabilities", "uncertainty", "objects", "object_classes")


@dataclass(frozen=True, eq=False, slots=True)
class Shown:
    """One layer.

    Attributes
    ----------
    what : str
        ``"image"``, or the result that it is: one of `brushwood.batch.steps.IMAGES`.
    part : int
        Number of the channel, or id of the class of a probability; 0 otherwise.
    name : str
        What follows the image's name, "" for the image itself.
    levels : list of array
        Finest first; several for a pyramid.
    place : mapping
        ``scale``, ``units`` and ``axis_labels``.
    rgb : bool
    limits : (float, float) or None
        Contrast limits of an image.
    """

    what: str
    part: int
    name: str
    levels: list[Any]
    place: Mapping[str, Any]
    rgb: bool = False
    limits: tuple[float, float] | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Opened:
    """An image with its results, ready to be shown.

    Attributes
    ----------
    path : str
        Of the image, with its scene.
    name : str
    layers : tuple of Shown
        From bottom to top.
    table : DataFrame or None
        A row an object, with ``index`` as napari wants it.
    units : mapping of str to str
        Units of its columns.
    classes, object_classes : Classes
        Names and colours.
    notes : tuple of str
        What could not be read.
    """

    path: str
    name: str
    layers: tuple[Shown, ...]
    table: "DataFrame | None" = None
    units: Mapping[str, str] = field(default_factory=dict)
    classes: Classes = ()
    object_classes: Classes = ()
    notes: tuple[str, ...] = ()


def open_files(
    path: str,
    outputs: Mapping[str, str],
    classes: Classes = (),
    object_classes: Classes = (),
    job: Job = IDLE,
) -> Opened:
    """Read an image and what a run made of it; large ones stay on the disk.

    A result that is gone or damaged is left out and named in `Opened.notes`.

    Raises
    ------
    ImageFileError
        If the image itself cannot be read.
    """
    ref = InputRef.of(path)
    job.checkpoint(0.0, "Opening the image")
    layers = _image_layers(ref.open(), ref)
    notes: list[str] = []
    for done, what in enumerate(name for name in _MAPS if name in outputs):
        job.checkpoint((done + 1) / 7, "Opening results")
        try:
            result = InputRef.of(outputs[what])
            layers += _map_layers(what, result.open(), result, classes)
        except (ValueError, OSError, MemoryError) as error:  # errors of files are ValueErrors
            notes.append(str(error))
    table, units = None, _NO_UNITS
    if "table" in outputs:
        job.checkpoint(6 / 7, "Opening the table")
        try:
            table, units = _with_index(read_table(outputs["table"]))
        except (ValueError, OSError, ImportError, MemoryError) as error:
            notes.append(str(error))
    return Opened(
        path, ref.name, tuple(layers), table, units, classes, object_classes, tuple(notes)
    )


def of_result(
    path: str,
    image: ImageFile,
    result: "Result",
    classes: Classes = (),
    object_classes: Classes = (),
    first: Mapping[str, int] | None = None,
) -> Opened:
    """Return an image and what `Recipe.run` made of it, both in memory.

    Parameters
    ----------
    first : mapping of str to int, optional
        First pixel along each axis, if the image is a part of the one at `path`.
    """
    layers = _image_layers(image, None)
    for what in _MAPS:
        array = getattr(result, what)
        if array is not None:
            axes = f"c{result.axes}" if what == "probabilities" else result.axes
            file = ImageFile(
                array, axes, what, image.scale, image.unit, time_step=image.time_step,
                time_unit=image.time_unit,
            )  # fmt: skip
            layers += _map_layers(what, file, None, classes)
    table, units = (None, _NO_UNITS) if result.table is None else _with_index(result.table)
    axes = image.axes_of_maps()
    moved = [_moved(layer, axes, first or {}) for layer in layers]
    name = InputRef.of(path).name
    return Opened(path, name, tuple(moved), table, units, classes, object_classes, result.notes)


def _moved(layer: Shown, axes: str, first: Mapping[str, int]) -> Shown:
    """Return a layer of a part at its place in the whole."""
    scale = layer.place["scale"]
    translate = [first.get(axis, 0) * size for axis, size in zip(axes, scale, strict=True)]
    return replace(layer, place={**layer.place, "translate": tuple(translate)})


def _image_layers(image: ImageFile, ref: InputRef | None) -> list[Shown]:
    """Return one layer, one a channel, or one in colour."""
    levels = held(levels_of(image, ref))
    place, axis = place_of(image), image.channel_axis
    if axis is None:
        return [Shown("image", 0, "", levels, place, limits=limits_of(levels[-1]))]
    n = int(image.data.shape[axis])
    if axis == image.data.ndim - 1 and n == 3 and image.data.dtype.kind == "u":
        return [Shown("image", 0, "", levels, place, rgb=True)]
    names = image.channel_names or tuple(f"channel {k}" for k in range(n))
    found = []
    for k in range(n):
        planes = [_taken(level, axis, k) for level in levels]
        found.append(Shown("image", k, names[k], planes, place, limits=limits_of(planes[-1])))
    return found


def _map_layers(what: str, image: ImageFile, ref: InputRef | None, classes: Classes) -> list[Shown]:
    """Return the layers of one result."""
    levels = held(levels_of(image, ref))
    place, axis = place_of(image), image.channel_axis
    if what != "probabilities":
        title = {"object_classes": "object classes"}.get(what, what)
        limits = (0.0, 1.0) if what == "uncertainty" else None
        return [Shown(what, 0, title, levels, place, limits=limits)]
    axis = 0 if axis is None else axis
    n = int(image.data.shape[axis])
    known = [(c.id, c.name) for c in classes]
    if len(known) != n:
        known = [(k + 1, f"class {k + 1}") for k in range(n)]
    found = []
    for k, (class_id, name) in enumerate(known):
        planes = [_taken(level, axis, k) for level in levels]
        found.append(Shown(what, class_id, f"P({name})", planes, place, limits=(0.0, 1.0)))
    return found


def place_of(image: ImageFile) -> dict[str, Any]:
    """Return scale, units and axis names of layers, which have no axis of channels."""
    axes = image.axes_of_maps()
    scale, units = [], []
    for axis in axes:
        is_time = axis == "t"
        size = image.time_step if is_time else image.scale.get(axis)
        unit = image.time_unit if is_time else image.unit
        scale.append(float(size) if size else 1.0)
        units.append(unit if size and unit in _UNITS else "pixel")
    # Letters of unknown axes may repeat; napari wants names that differ.
    labels = [axis if axes.count(axis) == 1 else f"{axis}{i}" for i, axis in enumerate(axes)]
    start = (0.0,) * len(axes)
    return {
        "scale": tuple(scale),
        "translate": start,
        "units": tuple(units),
        "axis_labels": tuple(labels),
    }


def held(levels: list[Any]) -> list[Any]:
    """Return arrays that napari can slice: in memory if they are small, else lazy."""
    return [_held(level) for level in levels]


def _held(array: Any) -> Any:
    if type(array) is np.ndarray:
        return array
    if prod(array.shape) * np.dtype(array.dtype).itemsize <= _LARGEST:
        return np.array(array[...])
    import dask.array as da

    chunks = getattr(array, "chunks", None) or (1,) * (array.ndim - 2) + (2048, 2048)
    meta = np.empty((0,) * array.ndim, array.dtype)
    return da.from_array(array, chunks=chunks, name=False, meta=meta)


def _taken(array: Any, axis: int, k: int) -> Any:
    return array[(slice(None),) * (axis % array.ndim) + (k,)]


def limits_of(array: Any) -> tuple[float, float]:
    """Return contrast limits from a plane in the middle, thinned."""
    middle = tuple(int(n) // 2 for n in array.shape[:-2])
    steps = tuple(slice(None, None, max(1, int(n) // _LOOKED_AT)) for n in array.shape[-2:])
    plane: npt.NDArray[Any] = np.asarray(array[(*middle, *steps)], dtype=float)
    plane = plane[np.isfinite(plane)]
    if not plane.size:
        return 0.0, 1.0
    low, high = float(plane.min()), float(np.percentile(plane, 99.9))
    return low, high if high > low else low + 1.0


def _with_index(table: "DataFrame") -> "tuple[DataFrame, dict[str, str]]":
    """Return a table with napari's column ``index``, and its units."""
    units = units_of(table)
    if "index" not in table.columns and "label" in table.columns:
        table = table.assign(index=table["label"])
    return table, units
