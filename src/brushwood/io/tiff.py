"""TIFF files of ImageJ, OME and others, with their calibration."""

import contextlib
import os
import shutil
import struct
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from brushwood.errors import ImageFileError, OutputError
from brushwood.io.atomic import translated
from brushwood.io.imagefile import ImageFile, no_scene, ordered, stem_of, unit_of, unreadable
from brushwood.io.lazy import LazyArray
from brushwood.io.mapped import MappedArray
from brushwood.io.scenes import scene_index, scene_keys

#: Compressed images up to this size are decoded into memory at once.
_SMALL = 256 << 20
#: Types that ImageJ knows; others go into an OME-TIFF.
_IMAGEJ = {"uint8", "uint16", "float32"}
#: What tifffile raises on damaged files.
_ERRORS = (
    tifffile.TiffFileError,
    ValueError,
    IndexError,
    KeyError,
    TypeError,
    AttributeError,
    RuntimeError,
    ZeroDivisionError,
    OverflowError,
    struct.error,
    zlib.error,
    OSError,
)


def tiff_scenes(path: Path) -> tuple[str, ...]:
    """List the images of an OME-TIFF file; series of other files are thumbnails and labels."""
    try:
        with tifffile.TiffFile(path) as tiff:
            names = [series.name for series in tiff.series] if tiff.is_ome else [""]
    except _ERRORS as error:
        raise unreadable(path, f"it is no valid TIFF ({str(error)[:200]})") from error
    return scene_keys(names)


def read_tiff(path: Path, scene: str = "") -> ImageFile:
    """Open an image of a TIFF file at its full resolution; by default the first."""
    try:
        with contextlib.ExitStack() as stack:
            tiff = stack.enter_context(tifffile.TiffFile(path))
            image = _read(path, tiff, scene, stack)
            return image
    except ImageFileError:
        raise
    except MemoryError as error:
        raise unreadable(path, "there is not enough memory to decode it") from error
    except _ERRORS as error:
        advice = ""
        if "imagecodecs" in str(error):
            advice = "Run `pip install imagecodecs`, or save it with ZIP compression or none."
        raise unreadable(path, f"it is no valid TIFF ({str(error)[:200]})", advice) from error


def _read(path: Path, tiff: Any, scene: str, stack: contextlib.ExitStack) -> ImageFile:
    if not tiff.series:
        raise unreadable(path, "it holds no image")
    names = [series.name for series in tiff.series] if tiff.is_ome else [""]
    number = scene_index(names, scene)
    if number is None:
        raise no_scene(path, scene, scene_keys(names) if len(names) > 1 else ())
    series = tiff.series[number]
    scale, unit = _calibration(tiff, series)
    close = _nothing
    if series.dataoffset is not None and series.dtype.kind in "buif":
        data = tifffile.memmap(path, series=number, mode="r")
    elif series.nbytes <= _SMALL:
        data = series.asarray()
    else:
        import zarr

        data = LazyArray(zarr.open(series.aszarr(level=0), mode="r"), path)
        close = stack.pop_all().close  # the file stays open until the image is closed
    data, axes = _named(path, data, series.axes)
    return ImageFile(data, axes, stem_of(path), scale, unit, _close=close)


def _nothing() -> None:
    """Close an image whose file is closed already."""


def _named(path: Path, data: Any, axes: str) -> tuple[Any, str]:
    """Translate tifffile's letters; samples of colours are channels."""
    letters = [a if a in "tczyx" else "c" if a == "s" else "q" for a in axes.lower()]
    if letters.count("c") == 2 and isinstance(data, np.ndarray):
        single = next((i for i, a in enumerate(letters) if a == "c" and data.shape[i] == 1), None)
        if single is not None:
            data = np.squeeze(data, axis=single)
            del letters[single]
    return ordered(path, data, "".join(letters))


def _calibration(tiff: Any, series: Any) -> tuple[dict[str, float], str | None]:
    """Return pixel sizes by axis, and their unit; what is no positive number counts as unknown."""
    if series.kind == "ome" and tiff.ome_metadata:
        return _ome(tiff.ome_metadata)
    if tiff.is_imagej:
        return _imagej(tiff)
    return {}, None


def _ome(xml: str) -> tuple[dict[str, float], str | None]:
    try:
        image = tifffile.xml2dict(xml)["OME"]["Image"]
        pixels = (image[0] if isinstance(image, list) else image)["Pixels"]
    except (KeyError, TypeError, ValueError, SyntaxError):
        return {}, None
    scale = {a: pixels.get(f"PhysicalSize{a.upper()}") for a in "zyx"}
    # OME's own default unit is the micrometre.
    units = {unit_of(pixels.get(f"PhysicalSize{a.upper()}Unit", "µm")) for a in "zyx" if scale[a]}
    return _positive(scale), units.pop() if len(units) == 1 else None


def _imagej(tiff: Any) -> tuple[dict[str, float], str | None]:
    metadata, tags = tiff.imagej_metadata or {}, tiff.pages[0].tags
    scale: dict[str, Any] = {"z": metadata.get("spacing")}
    for axis, name in (("y", "YResolution"), ("x", "XResolution")):
        top, bottom = tags[name].value if name in tags else (0, 1)
        scale[axis] = bottom / top if top else None
    unit = unit_of(metadata.get("unit"))
    # Without a unit ImageJ counts pixels, whatever the resolution tag says about printing.
    return (_positive(scale), unit) if unit else ({}, None)


def _positive(scale: Mapping[str, Any]) -> dict[str, float]:
    good = {a: float(v) for a, v in scale.items() if isinstance(v, int | float)}
    return {a: v for a, v in good.items() if 0 < v < float("inf")}


@contextmanager
def create_tiff(
    target: Path,
    temporary: Path,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    axes: str,
    scale: Mapping[str, float],
    unit: str | None,
) -> Iterator[Any]:
    """Yield a map of a new TIFF file: ImageJ's kind where it can be, else OME-TIFF."""
    n_bytes = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    names = _distinct(axes)
    is_imagej = names is not None and dtype.name in _IMAGEJ and n_bytes < (4 << 30) - (1 << 20)
    letters = "tzcyx" if is_imagej else "tczyx"
    if names is None:
        raise OutputError(
            f"Cannot write {target.name!r}: TIFF has no place for the axes {axes!r}. Write .zarr."
        )
    order = sorted(range(len(names)), key=lambda i: letters.index(names[i]))
    options = _options(is_imagej, "".join(names[i] for i in order), scale, unit)
    with translated(target):
        _check_space(target, n_bytes)
        mapped = tifffile.memmap(
            temporary,
            shape=tuple(shape[i] for i in order),
            dtype=dtype,
            photometric="minisblack",
            **options,
        )
        array = MappedArray(
            temporary, mapped.offset, mapped.dtype, mapped.shape, tuple(np.argsort(order).tolist())
        )
        del mapped
        reserve(temporary)
    yield array


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


def _options(
    is_imagej: bool, axes: str, scale: Mapping[str, float], unit: str | None
) -> dict[str, Any]:
    metadata: dict[str, Any] = {"axes": axes.upper()}
    if not is_imagej:
        for axis in "zyx":
            if axis in scale:
                metadata[f"PhysicalSize{axis.upper()}"] = scale[axis]
                metadata[f"PhysicalSize{axis.upper()}Unit"] = (
                    "µm" if unit == "um" else (unit or "pixel")
                )
        return {"ome": True, "bigtiff": True, "metadata": metadata}
    options: dict[str, Any] = {"imagej": True, "metadata": metadata}
    if "x" in scale and "y" in scale:
        options |= {"resolution": (1 / scale["x"], 1 / scale["y"]), "resolutionunit": 1}
        metadata["unit"] = unit or "pixel"
    if "z" in scale and "z" in axes:
        metadata["spacing"] = scale["z"]
    return options


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
