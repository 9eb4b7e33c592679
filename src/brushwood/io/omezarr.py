"""OME-Zarr folders, versions 0.4 and 0.5 (https://ngff.openmicroscopy.org), and plain arrays."""

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from brushwood.errors import ImageFileError
from brushwood.io.atomic import translated
from brushwood.io.imagefile import ImageFile, no_scene, ordered, stem_of, unit_of, unreadable
from brushwood.io.images import is_zarr
from brushwood.io.lazy import LazyArray

_NAMES = {"um": "micrometer", "nm": "nanometer", "mm": "millimeter", "m": "meter", "Å": "angstrom"}
_TYPES = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space", "q": "other"}
#: Levels are added until none of y and x is longer.
_LARGEST_TOP = 1024
_ERRORS = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    RuntimeError,
    OSError,
)


#: What is read of one file of attributes, and the most fields that are listed.
_MOST_BYTES, _MOST_FIELDS = 16 << 20, 200_000


def zarr_scenes(path: Path) -> tuple[str, ...]:
    """List the fields of a plate or well, or the images of a Bio-Formats collection."""
    try:
        return tuple(_scenes(path, _attributes(path))) or ("",)
    except (*_ERRORS, RecursionError) as error:
        raise unreadable(path, f"it is no valid OME-Zarr image ({str(error)[:200]})") from error


def _scenes(path: Path, attributes: Mapping[str, Any]) -> Iterator[str]:
    if "plate" in attributes:
        for well in attributes["plate"]["wells"]:
            inner = _inside(path, well["path"])
            yield from (f"{well['path']}/{field}" for field in _scenes(inner, _attributes(inner)))
    elif "well" in attributes:
        yield from (str(image["path"]) for image in attributes["well"]["images"])
    elif "multiscales" not in attributes:
        numbers = [p.name for p in path.iterdir() if p.name.isdecimal() and (p / "0").exists()]
        if len(numbers) > 1:
            yield from sorted(numbers, key=int)


def _inside(path: Path, name: str) -> Path:
    """Return a folder of a Zarr group, refusing names that lead elsewhere."""
    parts = str(name).split("/")
    if any(part in ("", ".", "..") or "\\" in part for part in parts) or ":" in parts[0]:
        raise ValueError(f"it names the path {str(name)[:80]!r}")
    return path.joinpath(*parts)


def _attributes(path: Path) -> dict[str, Any]:
    """Read the attributes of a group without opening arrays."""
    for name in ("zarr.json", ".zattrs"):
        file = path / name
        if file.is_file():
            if file.stat().st_size > _MOST_BYTES:
                raise ValueError(f"{name} is larger than {_MOST_BYTES >> 20} MiB")
            found = json.loads(file.read_text("utf-8"))
            found = found.get("attributes", {}) if name == "zarr.json" else found
            return dict(found.get("ome", found))
    return {}


def read_zarr(path: Path, scene: str = "") -> ImageFile:
    """Open a Zarr array, or the full resolution of an OME-Zarr image; nothing is loaded."""
    try:
        scenes = zarr_scenes(path)
        scene = scene or scenes[0]
        inner = _inside(path, scene) if scene else path
        if scene and not is_zarr(inner):
            raise no_scene(path, scene, scenes if scenes != ("",) else ())
        image = _read(inner)
        return replace(image, name=f"{stem_of(path)}-{scene.replace('/', '-')}") if scene else image
    except ImageFileError:
        raise
    except _ERRORS as error:
        raise unreadable(path, f"it is no valid OME-Zarr image ({str(error)[:200]})") from error


def _read(path: Path) -> ImageFile:
    name = path.name.removesuffix(".zarr").removesuffix(".ome")
    node: Any = zarr.open(str(path), mode="r")
    if isinstance(node, zarr.Array):
        if node.ndim < 2:
            raise ValueError("it holds less than two dimensions")
        return ImageFile(LazyArray(node, path), "q" * (node.ndim - 2) + "yx", name)
    multiscale = _multiscale(node)
    if multiscale is None and "0" in node:  # bioformats2raw puts images into numbered groups
        node = node["0"]
        multiscale = _multiscale(node) if isinstance(node, zarr.Group) else None
    if multiscale is None:
        raise unreadable(path, "it is a Zarr group without an image", "Name the image's own group.")
    level = multiscale["datasets"][0]
    data = LazyArray(node[str(level["path"])], path)
    axes, unit = _axes(multiscale, data.ndim)
    data, axes = ordered(path, data, axes)
    return ImageFile(data, axes, name, _scale(multiscale, level, axes), unit)


def _multiscale(group: Any) -> dict[str, Any] | None:
    attributes = dict(group.attrs)
    found = attributes.get("ome", attributes).get("multiscales")
    return found[0] if found else None


def _axes(multiscale: Mapping[str, Any], ndim: int) -> tuple[str, str | None]:
    listed = multiscale.get("axes") or list("tczyx"[-ndim:])
    entries = [{"name": a} if isinstance(a, str) else a for a in listed]
    if len(entries) != ndim:
        raise ValueError(f"it names {len(entries)} axes for {ndim} dimensions")
    letters = [str(entry["name"]).lower() for entry in entries]
    axes = "".join(
        "c" if entry.get("type") == "channel" else name if name in _TYPES else "q"
        for name, entry in zip(letters, entries, strict=True)
    )
    units = {
        unit_of(entry.get("unit"))
        for name, entry in zip(letters, entries, strict=True)
        if name in "zyx"
    }
    return axes, units.pop() if len(units) == 1 else None


def _scale(multiscale: Mapping[str, Any], level: Mapping[str, Any], axes: str) -> dict[str, float]:
    factors = np.ones(len(axes))
    for owner in (level, multiscale):
        for transform in owner.get("coordinateTransformations") or ():
            if transform.get("type") == "scale":
                factors = factors * np.asarray(transform["scale"], float)
    pairs = zip(axes, factors.tolist(), strict=True)
    known = {a: f for a, f in pairs if a in "zyx" and 0 < f < math.inf}
    # A scale of one without a unit is what writers put when they know nothing.
    has_unit = any(isinstance(a, dict) and a.get("unit") for a in multiscale.get("axes") or ())
    return known if has_unit or any(f != 1 for f in known.values()) else {}


@contextmanager
def create_zarr(
    target: Path,
    temporary: Path,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    axes: str,
    scale: Mapping[str, float],
    unit: str | None,
) -> Iterator[Any]:
    """Yield the full resolution of a new OME-Zarr 0.5 image; coarser levels are added after."""
    with translated(target):
        group = zarr.open_group(str(temporary), mode="w-", zarr_format=3)
        array = _level(group, 0, shape, dtype, axes)
    yield array
    with translated(target):
        levels = [array]
        while max(levels[-1].shape[-2:]) > _LARGEST_TOP:
            levels.append(_halved(group, len(levels), levels[-1], axes))
        group.attrs["ome"] = _metadata(target, levels, axes, scale, unit)


def _level(group: Any, number: int, shape: tuple[int, ...], dtype: Any, axes: str) -> Any:
    is_stack = len(axes) > 2 and axes[-3] in "zq"
    space = (32, 256, 256) if is_stack else (512, 512)
    chunks = (1,) * (len(shape) - len(space)) + space
    return group.create_array(
        str(number),
        shape=shape,
        dtype=dtype,
        chunks=tuple(min(c, n) for c, n in zip(chunks, shape, strict=True)),
        dimension_names=_unique(axes),
        fill_value=0,
    )


def _halved(group: Any, number: int, finer: Any, axes: str) -> Any:
    """Add a level of half the size along y and x: every other class, the mean of numbers."""
    shape = (*finer.shape[:-2], *(-(-n // 2) for n in finer.shape[-2:]))
    coarse = _level(group, number, shape, finer.dtype, axes)
    grid = [range(0, n, c) for n, c in zip(coarse.shape, coarse.chunks, strict=True)]
    for corner in product(*grid):
        stops = [min(a + c, n) for a, c, n in zip(corner, coarse.chunks, coarse.shape, strict=True)]
        box = [slice(a, b) for a, b in zip(corner, stops, strict=True)]
        lead = tuple(box[:-2])
        fine = finer[(*lead, *(slice(2 * s.start, 2 * s.stop) for s in box[-2:]))]
        coarse[tuple(box)] = _mean(fine) if fine.dtype.kind == "f" else fine[..., ::2, ::2]
    return coarse


def _mean(fine: Any) -> Any:
    odd = [(0, 0)] * (fine.ndim - 2) + [(0, n % 2) for n in fine.shape[-2:]]
    even = np.pad(fine, odd, mode="edge")
    return (
        even[..., ::2, ::2] + even[..., 1::2, ::2] + even[..., ::2, 1::2] + even[..., 1::2, 1::2]
    ) / 4


def _unique(axes: str) -> tuple[str, ...]:
    """Return a name an axis; unknown ones are numbered."""
    return tuple(a if a != "q" else f"axis{i}" for i, a in enumerate(axes))


def _metadata(
    target: Path, levels: list[Any], axes: str, scale: Mapping[str, float], unit: str | None
) -> dict[str, Any]:
    entries: list[dict[str, str]] = []
    for name, axis in zip(_unique(axes), axes, strict=True):
        entry = {"name": name, "type": _TYPES[axis]}
        if axis in scale and unit:
            entry["unit"] = _NAMES.get(unit, unit)
        entries.append(entry)
    datasets = []
    for number in range(len(levels)):
        factors = [scale.get(a, 1.0) * (2.0**number if a in "yx" else 1.0) for a in axes]
        transform = {"type": "scale", "scale": factors}
        datasets.append({"path": str(number), "coordinateTransformations": [transform]})
    name = target.name.removesuffix(".zarr").removesuffix(".ome")
    return {
        "version": "0.5",
        "multiscales": [{"name": name, "axes": entries, "datasets": datasets}],
    }
