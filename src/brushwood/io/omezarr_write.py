"""Writes OME-Zarr images and label images with their pyramids, as others of the folder or alone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from brushwood.io import ngff
from brushwood.io.atomic import translated
from brushwood.io.header import Header
from brushwood.io.imagefile import stem_of
from brushwood.io.labels_group import image_of, version_for
from brushwood.io.pyramid import build_levels, coarser_shapes
from brushwood.io.turned import TurnedArray
from brushwood.jobs import Job
from brushwood.workers import Workers

#: Colours of channels, without the number sign; from the Okabe-Ito palette.
_COLORS = ("0072B2", "E69F00", "009E73", "CC79A7", "56B4E9", "D55E00", "F0E442", "FFFFFF")


@contextmanager
def create_zarr(
    target: Path,
    temporary: Path,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    header: Header,
    workers: Workers,
    job: Job,
) -> Iterator[Any]:
    """Yield the full resolution of a new OME-Zarr image; coarser levels are added after.

    Processes may write at the same time what shares no chunk.
    """
    order = _canonical(header.axes)
    axes = "".join(header.axes[i] for i in order)
    version = version_for(target)
    with translated(target):
        form = 2 if version == "0.4" else 3
        group = zarr.open_group(zarr.storage.LocalStore(temporary), mode="w-", zarr_format=form)
        stored = tuple(shape[i] for i in order)
        array = _level(group, 0, stored, dtype, axes, form)
    is_turned = order != tuple(range(len(order)))
    yield TurnedArray(array, tuple(np.argsort(order).tolist())) if is_turned else array
    with translated(target):
        # Chunks are written into new folders when theirs are gone: the image would lack the others.
        os.stat(temporary / "0" / (".zarray" if version == "0.4" else "zarr.json"))
        levels = [array]
        for number, coarse in enumerate(coarser_shapes(stored), 1):
            levels.append(_level(group, number, coarse, dtype, axes, form))
        build_levels(str(temporary), levels, workers, job)
        found = _metadata(target, len(levels), axes, header, version)
        if version == "0.4":
            group.attrs.update(found)
        else:
            group.attrs["ome"] = {"version": version, **found}


def _canonical(axes: str) -> tuple[int, ...]:
    """Return the order of axes that the specification asks for: time, channel, space."""
    rank = {"t": 0, "c": 2, "z": 3, "y": 4, "x": 5, "q": 1}
    return tuple(sorted(range(len(axes)), key=lambda i: rank[axes[i]]))


def _level(
    group: Any, number: int, shape: tuple[int, ...], dtype: Any, axes: str, form: int
) -> Any:
    is_stack = len(axes) > 2 and axes[-3] in "zq"
    space = (32, 256, 256) if is_stack else (512, 512)
    chunks = (1,) * (len(shape) - len(space)) + space
    options: dict[str, Any] = {"dimension_names": _unique(axes)}
    if form == 2:
        options = {"chunk_key_encoding": {"name": "v2", "separator": "/"}}
    return group.create_array(
        str(number),
        shape=shape,
        dtype=dtype,
        chunks=tuple(min(c, n) for c, n in zip(chunks, shape, strict=True)),
        fill_value=0,
        **options,
    )


def _unique(axes: str) -> tuple[str, ...]:
    """Return a name an axis; unknown ones are numbered."""
    return tuple(a if a != "q" else f"axis{i}" for i, a in enumerate(axes))


def _metadata(
    target: Path, n_levels: int, axes: str, header: Header, version: str
) -> dict[str, Any]:
    entries: list[dict[str, str]] = []
    for name, axis in zip(_unique(axes), axes, strict=True):
        entry = {"name": name, "type": ngff.TYPES[axis]}
        if axis in header.scale and header.unit:
            entry["unit"] = ngff.NAMES.get(header.unit, header.unit)
        if axis == "t" and header.time_step and header.time_unit:
            entry["unit"] = ngff.TIME_NAMES.get(header.time_unit, header.time_unit)
        entries.append(entry)
    steps = {**header.scale, "t": header.time_step or 1.0}
    datasets = []
    for number in range(n_levels):
        factors = [steps.get(a, 1.0) * (2.0**number if a in "yx" else 1.0) for a in axes]
        transform = {"type": "scale", "scale": factors}
        datasets.append({"path": str(number), "coordinateTransformations": [transform]})
    multiscale = {"name": stem_of(target), "axes": entries, "datasets": datasets}
    if version == "0.4":
        multiscale["version"] = version
    found: dict[str, Any] = {"multiscales": [multiscale]}
    if header.channel_names and "c" in axes:
        found["omero"] = {"channels": _channels(header.channel_names)}
    if header.labels:
        found["image-label"] = {"version": version}
        if image_of(target) is not None:
            found["image-label"]["source"] = {"image": "../../"}
    return found


def _channels(names: tuple[str, ...]) -> list[dict[str, Any]]:
    window = {"min": 0, "max": 1, "start": 0, "end": 1}
    return [
        {"label": name, "color": _COLORS[i % len(_COLORS)], "active": True, "window": window}
        for i, name in enumerate(names)
    ]
