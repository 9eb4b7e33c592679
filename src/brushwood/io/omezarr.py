"""Reads OME-Zarr folders, versions 0.4 and 0.5 (https://ngff.openmicroscopy.org), and arrays."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import zarr

from brushwood.errors import ImageFileError
from brushwood.io import ngff
from brushwood.io.imagefile import ImageFile, name_of, no_scene, ordered, unreadable
from brushwood.io.lazy import LazyArray


def zarr_scenes(path: Path) -> tuple[str, ...]:
    """List the fields of a plate or well, or the images of a collection; one empty name for one."""
    try:
        found = tuple(ngff.images_in(path))
    except ngff.ERRORS as error:
        raise _invalid(path, error) from error
    return found if len(found) > 1 or "/" in "".join(found) else ("",)


def read_zarr(path: Path, scene: str = "") -> ImageFile:
    """Open a Zarr array, or the full resolution of an OME-Zarr image; nothing is loaded."""
    try:
        inner = _found(path, scene)
        image = _read_array(inner) if ngff.is_array(inner) else _read_group(inner)
    except ImageFileError:
        raise
    except ngff.ERRORS as error:
        raise _invalid(path, error) from error
    name = name_of(path, scene)
    return replace(image, name=name)


def _invalid(path: Path, error: BaseException) -> ImageFileError:
    if isinstance(error, ngff.Unsupported):
        return unreadable(path, str(error), "Save it with Zstandard, Blosc or Zlib compression.")
    return unreadable(path, f"it is no valid OME-Zarr image ({str(error)[:200]})")


def _found(path: Path, scene: str) -> Path:
    """Return the folder of a scene; of a plate or collection, the first one's by default."""
    inner = ngff.inside(path, scene) if scene else path
    if scene and not ngff.is_zarr(inner):
        known = (*ngff.images_in(path), *(f"labels/{name}" for name in ngff.labels_of(path)))
        raise no_scene(path, scene, known)
    first = next(ngff.images_in(inner), None)
    return inner if first is None else ngff.inside(inner, first)


def _read_array(path: Path) -> ImageFile:
    data = open_array(path, path)
    if data.ndim < 2:
        raise ValueError("it holds less than two dimensions")
    return ImageFile(data, "q" * (data.ndim - 2) + "yx", path.name)


def _read_group(path: Path) -> ImageFile:
    found = ngff.attributes(path)
    if not found.get("multiscales"):
        raise unreadable(path, "it is a Zarr group without an image", "Name the image's own group.")
    multiscale = found["multiscales"][0]
    level = multiscale["datasets"][0]
    data: Any = open_array(ngff.inside(path, level["path"]), path)
    axes, unit, time_unit = ngff.axes_of(multiscale, data.ndim)
    data, axes = ordered(path, data, axes)
    steps = ngff.factors_of(multiscale, level, axes)
    count = data.shape[axes.index("c")] if "c" in axes else 1
    time = steps.pop("t", None)
    return ImageFile(
        data,
        axes,
        path.name,
        steps,
        unit if steps else None,
        channel_names=ngff.channel_names(found, count),
        time_step=time,
        time_unit=time_unit if time else None,
    )


def open_array(folder: Path, path: Path) -> LazyArray:
    """Open an array for reading after checking what it says of itself.

    Parameters
    ----------
    folder : Path
        The array's own.
    path : Path
        The image that errors name.
    """
    ngff.check_array(folder)
    # A path in text could be taken for an address, if its name has colons.
    store = zarr.storage.LocalStore(folder, read_only=True)
    return LazyArray(zarr.open_array(store, mode="r"), path)
