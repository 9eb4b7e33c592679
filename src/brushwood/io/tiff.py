"""Reads TIFF files of ImageJ, OME and others; large compressed ones tile by tile."""

import contextlib
import logging
import math
import re
import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.sax.saxutils import unescape

import numpy as np
import tifffile

from brushwood.errors import ImageFileError
from brushwood.io.imagefile import MOST_CHUNK, ImageFile, name_of, no_scene, ordered, unreadable
from brushwood.io.lazy import LazyArray
from brushwood.io.scenes import scene_index, scene_keys
from brushwood.io.sniff import not_a
from brushwood.io.tiff_meta import is_cut, read_header
from brushwood.io.tiff_pages import pages_of

#: Compressed images up to this size are decoded into memory at once.
_SMALL = 64 << 20
_ALONE: frozenset[Path] = frozenset()
#: What tifffile raises on damaged files; its decoders' own errors derive from RuntimeError.
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
        with _complaints(), tifffile.TiffFile(path) as tiff:
            return scene_keys(_names(tiff))
    except _ERRORS as error:
        raise _invalid(path, error) from error


def tiff_partners(path: Path) -> frozenset[Path]:
    """Return the files that a part of an OME-TIFF data set names as its other parts, itself too."""
    try:
        with _complaints(), tifffile.TiffFile(path) as tiff:
            text = tiff.ome_metadata if tiff.is_ome else None
    except _ERRORS as error:
        raise _invalid(path, error) from error
    names = set(re.findall(r'FileName="([^"/\\]+)"', text or ""))
    return frozenset(path.with_name(unescape(name)) for name in names) if len(names) > 1 else _ALONE


def read_tiff(path: Path, scene: str = "") -> ImageFile:
    """Open an image of a TIFF file at its full resolution; by default the first."""
    try:
        with contextlib.ExitStack() as stack:
            complaints = stack.enter_context(_complaints())
            tiff = stack.enter_context(tifffile.TiffFile(path))
            return _read(path, tiff, scene, stack, complaints)
    except ImageFileError:
        raise
    except MemoryError as error:
        raise unreadable(path, "there is not enough memory to decode it") from error
    except _ERRORS as error:
        raise _invalid(path, error) from error


def _invalid(path: Path, error: BaseException) -> ImageFileError:
    if "imagecodecs" in str(error):
        advice = "Run `pip install imagecodecs`, or save it with ZIP compression or none."
        return unreadable(path, f"its compression is not supported ({str(error)[:200]})", advice)
    return not_a("TIFF", path, error)


def _names(tiff: Any) -> list[str]:
    return [str(series.name or "") for series in tiff.series] if tiff.is_ome else [""]


def _read(
    path: Path, tiff: Any, scene: str, stack: contextlib.ExitStack, complaints: list[str]
) -> ImageFile:
    if not tiff.series:
        raise unreadable(path, "it holds no image")
    names = _names(tiff)
    number = scene_index(names, scene)
    if number is None:
        raise no_scene(path, scene, scene_keys(names) if len(names) > 1 else ())
    series = tiff.series[number]
    _check_complete(path, tiff, series, complaints)
    _check_size(path, series.keyframe)
    close = _nothing
    if series.dataoffset is not None and series.dtype.kind in "buif":
        data = tifffile.memmap(path, series=number, mode="r")
    elif series.nbytes <= _SMALL:
        data = series.asarray()
    else:
        data = LazyArray(pages_of(tiff, series) or _by_library(series), path)
        close = stack.pop_all().close  # the file stays open until the image is closed
    data, axes = _named(path, data, series.axes)
    found = read_header(tiff, number, axes, data.shape)
    name = name_of(path, scene)
    return ImageFile(
        data,
        axes,
        name,
        found.scale,
        found.unit,
        found.channel_names,
        found.time_step,
        found.time_unit,
        _close=close,
    )


def _by_library(series: Any) -> Any:
    """Return pixels of an unusual layout, such as planes of colours or JPEG with common tables."""
    import zarr

    return zarr.open(series.aszarr(level=0), mode="r")


def _nothing() -> None:
    """Close an image whose file is closed already."""


def _check_complete(path: Path, tiff: Any, series: Any, complaints: list[str]) -> None:
    """Refuse files that were cut off: their planes would be missing without a word.

    Raises
    ------
    ImageFileError
    """
    size = tiff.filehandle.size
    lost = sum(page is None for page in series.pages)
    if lost:
        raise unreadable(
            path,
            f"{lost} of the {len(series.pages)} planes that it describes are missing",
            "Get a fresh copy, with all files that belong to it.",
        )
    offsets = [int(n) for text in complaints for n in re.findall(r"page offset (\d+)", text)]
    # The text that describes the planes often stands last.
    is_torn = any("TiffTag 270 " in text and "invalid" in text for text in complaints)
    page = series.keyframe
    end = max(_end(series.pages[0]), _end(series.pages[-1]))
    if series.dataoffset is not None:
        end = max(end, series.dataoffset + series.nbytes)
    left = size - min([n for n in page.dataoffsets if n] or [0])
    if (
        is_torn
        or any(offset >= size for offset in offsets)
        or end > series.pages[0].parent.filehandle.size
        or is_cut(tiff.imagej_metadata, len(tiff.pages), page.nbytes, left)
    ):
        raise unreadable(
            path, f"it is cut off after {size:,} bytes: parts of the image are missing",
            "Copy it again from where it came from.",
        )  # fmt: skip


def _check_size(path: Path, page: Any) -> None:
    """Refuse tiles and strips that do not fit into memory, before any is decoded."""
    is_mapped = page.is_contiguous
    if not is_mapped and math.prod(page.chunks) * page.dtype.itemsize > MOST_CHUNK:
        raise unreadable(
            path, f"one of its tiles or strips takes more than {MOST_CHUNK >> 30} GiB in memory",
            "Save it with smaller ones.",
        )  # fmt: skip


def _end(page: Any) -> int:
    """Return where the last strip or tile of a page ends."""
    counts = zip(page.dataoffsets, page.databytecounts, strict=False)
    return max((offset + count for offset, count in counts), default=0)


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """Collect what tifffile logs in this thread about a file it opens, rather than print it."""
    found: list[str] = []
    thread = threading.get_ident()

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.thread == thread:
                found.append(record.getMessage())

    handler = Collector()
    logger = logging.getLogger("tifffile")
    logger.addHandler(handler)
    try:
        yield found
    finally:
        logger.removeHandler(handler)


def _named(path: Path, data: Any, axes: str) -> tuple[Any, str]:
    """Translate tifffile's letters; samples of colours are channels."""
    letters = [a if a in "tczyx" else "c" if a == "s" else "q" for a in axes.lower()]
    if letters.count("c") == 2 and isinstance(data, np.ndarray):
        single = next((i for i, a in enumerate(letters) if a == "c" and data.shape[i] == 1), None)
        if single is not None:
            data = np.squeeze(data, axis=single)
            del letters[single]
    return ordered(path, data, "".join(letters))
