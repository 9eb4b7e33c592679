"""Writes TIFF files that Fiji and napari open with calibration: ImageJ's kind, else OME-TIFF."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from brushwood.errors import OutputError
from brushwood.io.atomic import translated
from brushwood.io.header import Header
from brushwood.io.imagefile import stem_of
from brushwood.io.mapped import MappedArray
from brushwood.io.tiff_meta import imagej_metadata, ome_metadata, resolution
from brushwood.jobs import Job
from brushwood.workers import Workers

#: Types that ImageJ knows; others go into an OME-TIFF.
_IMAGEJ = {"uint8", "uint16", "float32"}
#: ImageJ's files address 32 bits; the rest is left for the description.
_MOST_IMAGEJ = (4 << 30) - (1 << 20)
#: What is converted at once.
_PIECE = 16 << 20


@contextmanager
def create_tiff(
    target: Path,
    temporary: Path,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    header: Header,
    workers: Workers,
    job: Job,
) -> Iterator[Any]:
    """Yield a map of a new TIFF file; label images get the smallest type that holds them after.

    Processes may write different pixels at the same time.
    """
    if _distinct(header.axes) is None:
        raise OutputError(
            f"Cannot write {target.name!r}: TIFF has no place for the axes {header.axes!r}. Write "
            ".zarr."
        )
    is_wide = header.labels and dtype.kind in "iu" and dtype.itemsize >= 4
    with translated(target):
        needed = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        _check_space(target, needed + (needed // 2 if is_wide else 0))
        array = _new_file(target, temporary, shape, dtype, header)
    yield array
    if is_wide:
        with translated(target):
            _narrow(target, temporary, array, header, job)


def _new_file(
    target: Path, file: Path, shape: tuple[int, ...], dtype: np.dtype[Any], header: Header
) -> MappedArray:
    """Lay out a file of zeros and return its pixels, in the order of axes that was asked for."""
    names = str(_distinct(header.axes))
    n_bytes = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    # ImageJ opens 32-bit integers as floats; ids up to 16,777,216 stay exact there.
    is_ids = header.labels and dtype.kind in "iu" and dtype.itemsize == 4
    is_imagej = n_bytes < _MOST_IMAGEJ and (dtype.name in _IMAGEJ or is_ids)
    letters = "tzcyx" if is_imagej else "tczyx"
    order = sorted(range(len(names)), key=lambda i: letters.index(names[i]))
    axes = "".join(names[i] for i in order)
    stored = tuple(shape[i] for i in order)
    options = _options(header, axes, stored, dtype, stem_of(target), is_imagej=is_imagej)
    mapped = tifffile.memmap(file, shape=stored, photometric="minisblack", **options)
    array = MappedArray(file, mapped.offset, dtype, mapped.shape, tuple(np.argsort(order).tolist()))
    del mapped
    reserve(file)
    return array


def _options(
    header: Header,
    axes: str,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    name: str,
    *,
    is_imagej: bool,
) -> dict[str, Any]:
    """Return how tifffile is to write a file."""
    if not is_imagej:
        metadata = ome_metadata(header, axes, name)
        return {"dtype": dtype, "ome": True, "bigtiff": True, "metadata": metadata}
    metadata = imagej_metadata(header, axes, shape)
    if dtype.name in _IMAGEJ:
        return {"dtype": dtype, "imagej": True, "metadata": metadata, **resolution(header)}
    # The library writes ImageJ's description only for types that ImageJ also saves.
    stack = (shape[axes.index(a)] if a in axes else 1 for a in "tzc")
    full = (*stack, *shape[-2:], 1)
    text = tifffile.imagej_description(full, **{k: v for k, v in metadata.items() if k != "axes"})
    return {"dtype": np.uint32, "description": text, "metadata": None, **resolution(header)}


def _narrow(target: Path, file: Path, wide: MappedArray, header: Header, job: Job) -> None:
    """Replace a file of label ids by one of the smallest type that holds them."""
    for dtype in (np.dtype(np.uint16), np.dtype(np.uint32)):
        if dtype.itemsize >= wide.dtype.itemsize:
            return
        other = file.with_name(f"{file.name[:-4]}.{dtype.name}.tmp")
        try:
            narrow = _new_file(target, other, wide.shape, dtype, header)
            if _copied(wide, narrow, job):
                os.replace(other, file)
                return
        finally:
            other.unlink(missing_ok=True)


def _copied(wide: MappedArray, narrow: MappedArray, job: Job) -> bool:
    """Copy pixels piece by piece; False as soon as one does not fit."""
    lead, (rows, columns) = wide.shape[:-2], wide.shape[-2:]
    most = np.iinfo(narrow.dtype).max
    step = max(1, _PIECE // (columns * wide.dtype.itemsize))
    total = int(np.prod(lead, dtype=np.int64))
    for number, at in enumerate(np.ndindex(*lead)):
        for top in range(0, rows, step):
            job.checkpoint((number + top / rows) / total, "label ids")
            box = (*at, slice(top, top + step))
            values = wide[box]
            if values.min() < 0 or values.max() > most:
                return False
            narrow[box] = values
    job.checkpoint(1.0, "label ids")
    return True


def _distinct(axes: str) -> str | None:
    """Give unknown axes a letter that is free; None if there are too many."""
    free = [letter for letter in "tz" if letter not in axes]
    found = ""
    for letter in reversed(axes):
        if letter == "q" and not free:
            return None
        # The one nearest to y and x is depth.
        found = (free.pop() if letter == "q" else letter) + found
    return found


def _check_space(target: Path, n_bytes: int) -> None:
    free = shutil.disk_usage(target.parent).free
    if n_bytes > free:
        raise OutputError(
            f"Cannot write {str(target)!r}: it needs {n_bytes >> 20} MiB, but the disk has "
            f"{free >> 20} MiB left. Free some space, or choose another folder."
        )


def reserve(path: Path) -> None:
    """Take a file's disk space now: a full disk would later end the program while writing a map."""
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as stream:
            os.posix_fallocate(stream.fileno(), 0, path.stat().st_size)
