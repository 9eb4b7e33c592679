"""Reads CZI files of ZEISS microscopes, mosaics in one piece, with pylibCZIrw."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt

from brushwood.errors import ImageFileError
from brushwood.io.imagefile import ImageFile, name_of, no_scene, positive, unreadable
from brushwood.io.lazy import LazyArray
from brushwood.io.optional import needed
from brushwood.io.planes import PlaneArray
from brushwood.io.scenes import scene_index, scene_keys
from brushwood.io.sniff import not_a

#: Planes larger than this along an axis are read in tiles.
_TILE = 2048
_TYPES = {
    "Gray8": np.uint8, "Gray16": np.uint16, "Gray32Float": np.float32,
    "Bgr24": np.uint8, "Bgr48": np.uint16, "Bgr96Float": np.float32,
}  # fmt: skip
#: What damaged files lead to; the library's own errors are RuntimeErrors.
_ERRORS = (
    RuntimeError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    StopIteration,
    OSError,
    ElementTree.ParseError,
)


def czi_scenes(path: Path) -> tuple[str, ...]:
    """List the scenes of a file by name, or by number if it has no names."""
    reader = _opened(path)
    try:
        return scene_keys(_scene_names(reader, _metadata(reader)))
    except _ERRORS as error:
        raise not_a("CZI", path, error) from error
    finally:
        reader.close()


def read_czi(path: Path, scene: str = "") -> ImageFile:
    """Open a scene; tiles are stitched by the places that the file gives."""
    reader = _opened(path)
    try:
        return _read(path, reader, scene)
    except BaseException as error:
        reader.close()
        if isinstance(error, _ERRORS) and not isinstance(error, ImageFileError):
            raise not_a("CZI", path, error) from error
        raise


def _opened(path: Path) -> Any:
    library = needed("pylibCZIrw", "CZI files", "readers")
    try:
        return library.czi.CziReader(str(path.absolute()))
    except _ERRORS as error:
        raise not_a("CZI", path, error) from error


def _read(path: Path, reader: Any, scene: str) -> ImageFile:
    found = _metadata(reader)
    names = _scene_names(reader, found)
    number = scene_index(names, scene)
    if number is None:
        raise no_scene(path, scene, scene_keys(names) if len(names) > 1 else ())
    box: Mapping[str, tuple[int, int]] = reader.total_bounding_box_no_pyramid
    if others := [a for a, (low, high) in box.items() if a not in "TCZYX" and high - low > 1]:
        raise unreadable(
            path,
            f"it has the axes {', '.join(others)} besides time, channel and space",
            "Export what you need as OME-TIFF.",
        )
    data, axes = _pixels(reader, number, box)
    scale = _scale(found)
    step = _time_step(found) if "t" in axes else None
    n_channels = data.shape[axes.index("c")] if "c" in axes else 1
    channels = _channel_names(found)
    return ImageFile(
        LazyArray(data, path),
        axes,
        name_of(path, scene),
        scale,
        "um" if scale else None,
        channels if len(channels) == n_channels else (),
        step,
        "s" if step else None,
        _close=reader.close,
    )


def _pixels(reader: Any, number: int, box: Mapping[str, tuple[int, int]]) -> tuple[PlaneArray, str]:
    """Return a scene's pixels without axes of length one, and a letter an axis."""
    scenes = dict(reader.scenes_bounding_rectangle_no_pyramid)
    key = sorted(scenes)[number] if scenes else None
    area = reader.total_bounding_rectangle_no_pyramid if key is None else scenes[key]
    kinds = set(reader.pixel_types.values())
    if unknown := kinds - set(_TYPES):
        raise ValueError(f"its pixels are of type {', '.join(map(str, unknown))}")
    dtype = np.dtype(np.result_type(*(_TYPES[kind] for kind in kinds)))
    is_colour = any(kind.startswith("Bgr") for kind in kinds)
    if is_colour and len(reader.pixel_types) > 1:
        raise ValueError("it mixes colour with other channels")
    planes = [a for a in "TCZ" if a in box and box[a][1] - box[a][0] > 1]
    first = {a: low for a, (low, _) in box.items() if a in "TCZ"}
    shape = (*(box[a][1] - box[a][0] for a in planes), area.h, area.w)

    def read(plane: tuple[int, ...], y: slice, x: slice) -> npt.NDArray[Any]:
        at = first | {a: first[a] + i for a, i in zip(planes, plane, strict=True)}
        roi = (area.x + x.start, area.y + y.start, x.stop - x.start, y.stop - y.start)
        values = np.asarray(reader.read(roi=roi, plane=at, scene=key))
        # The library gives blue, green, red.
        return values[..., ::-1] if is_colour else values[..., 0]

    tile = tuple(min(n, _TILE) for n in shape[-2:])
    end = (3,) if is_colour else ()
    chunks = (*(1 for _ in planes), *tile, *end)
    axes = "".join(planes).lower() + "yx" + "c" * is_colour
    return PlaneArray((*shape, *end), dtype, chunks, read, len(planes)), axes


def _metadata(reader: Any) -> ElementTree.Element:
    text = reader.raw_metadata
    return ElementTree.fromstring(text) if text else ElementTree.Element("ImageDocument")


def _scene_names(reader: Any, found: ElementTree.Element) -> list[str]:
    keys = sorted(reader.scenes_bounding_rectangle_no_pyramid)
    named = {
        e.get("Index"): e.get("Name") or ""
        for e in found.iterfind(".//Information/Image/Dimensions/S/Scenes/Scene")
    }
    return [named.get(str(key), "") for key in keys] or [""]


def _channel_names(found: ElementTree.Element) -> tuple[str, ...]:
    entries = found.iterfind(".//Information/Image/Dimensions/Channels/Channel")
    names = tuple((e.get("Name") or "")[:200] for e in entries)
    return names if all(names) else ()


def _scale(found: ElementTree.Element) -> dict[str, float]:
    """Return the size of a pixel in micrometres; the file counts metres."""
    sizes = {
        str(e.get("Id", "")).lower(): float(e.findtext("Value") or 0) * 1e6
        for e in found.iterfind(".//Scaling/Items/Distance")
    }
    # Rounding hides what multiplying by a million did to the last digits.
    return positive({a: float(f"{v:.12g}") for a, v in sizes.items() if a in ("z", "y", "x")})


def _time_step(found: ElementTree.Element) -> float | None:
    text = found.findtext(".//Information/Image/Dimensions/T/Positions/Interval/Increment")
    return positive({"t": float(text)}).get("t") if text else None
