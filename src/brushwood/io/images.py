"""Image files with their axes and calibration: TIFF, OME-Zarr, NPY, pictures, CZI, LIF, ND2."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.errors import BrushwoodError, ImageFileError, InputError
from brushwood.io.atomic import is_full, is_of_folder, output_error, replacing, translated
from brushwood.io.header import Header
from brushwood.io.imagefile import (
    CZI,
    LIF,
    ND2,
    NOTHING,
    NPY,
    PICTURE,
    SUFFIXES,
    TIFF,
    ZARR,
    ImageFile,
    stem_of,
    unit_of,
    unreadable,
)
from brushwood.io.mapped import MappedArray
from brushwood.io.ngff import is_zarr
from brushwood.jobs import IDLE, Job
from brushwood.workers import IN_TURN, Workers

__all__ = [
    "NPY",
    "SUFFIXES",
    "TIFF",
    "ZARR",
    "ImageFile",
    "create_image",
    "find_images",
    "is_zarr",
    "kind_of",
    "read_image",
    "stem_of",
    "unit_of",
    "write_image",
]

_KINDS = {".tif": TIFF, ".tiff": TIFF, ".zarr": ZARR, ".npy": NPY}
_KINDS |= {kind: kind for kind in (CZI, LIF, ND2)}
_KINDS |= dict.fromkeys((".png", ".jpg", ".jpeg", ".bmp"), PICTURE)


def read_image(path: str | os.PathLike[str], scene: str = "") -> ImageFile:
    """Open an image file; large ones are mapped, or read piece by piece when asked.

    Parameters
    ----------
    path : path
        TIFF (plain, ImageJ, OME), OME-Zarr or Zarr folder, NPY, PNG, JPEG, BMP, CZI, LIF or ND2.
    scene : str
        Which of the file's images, as `scenes_of` lists them. Default: the only one, or the first.

    Raises
    ------
    ImageFileError
        If the file is missing, damaged, of an unknown kind, or its axes are not understood.
    MissingPackageError
        If a kind of file needs a package that is not installed.
    """
    file = Path(path)
    if not file.exists():
        raise ImageFileError(f"Cannot read {str(file)!r}: there is no such file. Check the path.")
    return replace(_reader(file)(file, scene), path=file, scene=scene)


def _reader(file: Path) -> Callable[[Path, str], ImageFile]:
    """Return what reads a file's kind; libraries are imported when they are needed."""
    kind = kind_of(file)
    if kind == TIFF:
        from brushwood.io.tiff import read_tiff

        return read_tiff
    if kind == ZARR:
        from brushwood.io.omezarr import read_zarr

        return read_zarr
    if kind == CZI:
        from brushwood.io.czi import read_czi

        return read_czi
    if kind in (LIF, ND2):
        from brushwood.io.bioio_files import read_bioio

        return read_bioio
    from brushwood.io.pictures import read_npy, read_picture

    return read_npy if kind == NPY else read_picture


def kind_of(path: Path) -> str:
    """Return which kind of image file a path is, from its ending or what the folder holds.

    Raises
    ------
    ImageFileError
        If it is none that is known.
    """
    if path.is_dir():
        if is_zarr(path):
            return ZARR
        raise unreadable(path, "it is a folder, but no Zarr image", "Name an image file.")
    kind = _KINDS.get(path.suffix.lower())
    if kind is None or kind == ZARR:
        known = ", ".join(SUFFIXES)
        raise unreadable(path, "files of this kind are not known", f"Use one of: {known}.")
    return kind


def find_images(folder: Path) -> list[Path]:
    """List the images in a folder, sorted by name; other files and hidden ones are passed over."""
    return sorted(
        path
        for path in folder.iterdir()
        if not path.name.startswith(".")
        and (is_zarr(path) if path.is_dir() else path.suffix.lower() in SUFFIXES)
    )


def write_image(
    path: str | os.PathLike[str],
    array: npt.ArrayLike,
    axes: str,
    spacing: Mapping[str, float] | Sequence[float] | None = None,
    unit: str | None = None,
    *,
    channel_names: Sequence[str] = (),
    time_step: float | None = None,
    time_unit: str | None = None,
    labels: bool = False,
    overwrite: bool = False,
) -> None:
    """Write an image with its calibration, completely or not at all.

    Parameters
    ----------
    path : path
        Ending in ``.tif``, ``.zarr`` or ``.npy``.
    array : array-like
    axes : str
        A letter an axis, as in `ImageFile.axes`.
    spacing : mapping of str to float, or sequence of float, optional
        Size of a pixel along ``z``, ``y``, ``x``; a sequence belongs to the last axes.
    unit : str, optional
    channel_names, time_step, time_unit, labels
        As `create_image` takes them.
    overwrite : bool

    Raises
    ------
    OutputExistsError, OutputError
        If something stands there, or the folder is missing, read-only or full.
    """
    values = np.asarray(array)
    target = Path(path)
    created = create_image(
        target,
        values.shape,
        values.dtype,
        axes,
        scale_of(spacing),
        unit,
        channel_names=channel_names,
        time_step=time_step,
        time_unit=time_unit,
        labels=labels,
        overwrite=overwrite,
    )
    with created as out, translated(target):
        out[...] = values


@contextmanager
def create_image(
    path: str | os.PathLike[str],
    shape: tuple[int, ...],
    dtype: npt.DTypeLike,
    axes: str,
    scale: Mapping[str, float] = NOTHING,
    unit: str | None = None,
    *,
    channel_names: Sequence[str] = (),
    time_step: float | None = None,
    time_unit: str | None = None,
    labels: bool = False,
    overwrite: bool = False,
    workers: Workers = IN_TURN,
    job: Job = IDLE,
) -> Iterator[Any]:
    """Yield an array on disk to write into; the file takes its name when the block ends well.

    Parameters
    ----------
    path : path
        Ending in ``.tif``, ``.zarr`` or ``.npy``; or ``IMAGE.zarr/labels/NAME``, which puts a label
        image into an OME-Zarr image, in that image's version of the format.
    shape : tuple of int
    axes : str
        A letter an axis of `shape`; the channels may come first.
    scale, unit, channel_names, time_step, time_unit
        As in `ImageFile`.
    labels : bool
        The pixels number objects: an OME-Zarr image says so, and a TIFF file gets the smallest type
        that holds them.
    workers : Workers
        Who does what follows the block: coarser levels of OME-Zarr.
    job : Job
        Progress of what follows the block; cancelling it leaves no file.

    Yields
    ------
    MappedArray, TurnedArray or zarr array
        Of `shape` and `dtype`, zeros; takes basic slices and travels to other processes. Several
        may write at once what shares no chunk.
    """
    target, wanted = Path(path), np.dtype(dtype)
    if len(axes) != len(shape) or set(axes) - set("tczyxq") or not axes.endswith("yx"):
        raise InputError(
            f"Axes {axes!r} do not describe an image of shape {shape}. Give a letter of t, c, z, "
            "y, x and q an axis, y and x last."
        )
    is_within = is_label_target(target)
    header = Header(
        axes, scale, unit_of(unit), tuple(channel_names), time_step, time_unit, labels or is_within
    )
    creator = _creator(target)
    if is_within:
        from brushwood.io.labels_group import prepare_labels, register_labels

        prepare_labels(target)
    try:
        with (
            replacing(target, overwrite=overwrite) as temporary,
            creator(target, temporary, shape, wanted, header, workers, job) as out,
        ):
            yield out
    except OSError as error:
        is_output = not isinstance(error, BrushwoodError) and is_of_folder(error, target.parent)
        if is_full(error) or (is_output and not target.parent.is_dir()):
            raise output_error(target, error) from error
        raise
    if is_within:
        register_labels(target)


def is_label_target(target: Path) -> bool:
    """Whether a path stands for a label image within an OME-Zarr image."""
    return target.parent.name == "labels" and is_zarr(target.parent.parent)


def _creator(target: Path) -> Callable[..., AbstractContextManager[Any]]:
    """Return what creates files of a kind; libraries are imported when they are needed."""
    suffix = target.suffix.lower()
    if suffix == ZARR or is_label_target(target):
        from brushwood.io.omezarr_write import create_zarr

        return create_zarr
    if _KINDS.get(suffix) == TIFF:
        from brushwood.io.tiff_write import create_tiff

        return create_tiff
    if suffix == NPY:
        return _create_npy
    raise InputError(
        f"Cannot write {target.name!r}: images are written as .tif, .zarr or .npy. Choose one of "
        "these endings."
    )


@contextmanager
def _create_npy(
    target: Path, temporary: Path, shape: tuple[int, ...], dtype: np.dtype[Any], *others: Any
) -> Iterator[MappedArray]:
    """Yield a new NPY file, which has no place for axes and calibration."""
    with translated(target):
        mapped = np.lib.format.open_memmap(temporary, "w+", dtype, shape)
        array = MappedArray(temporary, mapped.offset, dtype, shape, tuple(range(len(shape))))
        del mapped
    yield array


def scale_of(spacing: Mapping[str, float] | Sequence[float] | None) -> dict[str, float]:
    """Return sizes of a pixel by axis."""
    if spacing is None:
        return {}
    if isinstance(spacing, Mapping):
        return {axis: float(size) for axis, size in spacing.items()}
    return dict(zip("zyx"[-len(spacing) :], map(float, spacing), strict=True))
