"""Reads LIF files of Leica and ND2 files of Nikon microscopes with the readers of BioIO."""

import struct
from dataclasses import dataclass
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

#: BioIO's letters: M numbers the tiles of a mosaic, S samples of colours.
_LETTERS = {"T": "t", "C": "c", "Z": "z", "Y": "y", "X": "x", "S": "c", "M": "q"}


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file that BioIO reads.

    Attributes
    ----------
    name : str
        For example ``"LIF"``.
    package : str
    """

    name: str
    package: str


LIF = Format("LIF", "bioio_lif")
ND2 = Format("ND2", "bioio_nd2")
_FORMATS = {".lif": LIF, ".nd2": ND2}


def bioio_scenes(path: Path) -> tuple[str, ...]:
    """List the images of a file by name."""
    kind = _FORMATS[path.suffix.lower()]
    reader = _opened(path, kind)
    try:
        return scene_keys([str(name) for name in reader.scenes])
    except _errors() as error:
        raise not_a(kind.name, path, error) from error


def read_bioio(path: Path, scene: str = "") -> ImageFile:
    """Open an image; planes are read when they are asked for."""
    kind = _FORMATS[path.suffix.lower()]
    reader = _opened(path, kind)
    try:
        return _read(path, reader, scene)
    except ImageFileError:
        raise
    except _errors() as error:
        raise not_a(kind.name, path, error) from error


def _errors() -> tuple[type[BaseException], ...]:
    """Return what the readers raise on damaged files."""
    from bioio_base.exceptions import InvalidDimensionOrderingError, UnsupportedFileFormatError

    return (
        UnsupportedFileFormatError,
        InvalidDimensionOrderingError,
        ValueError,
        RuntimeError,
        KeyError,
        IndexError,
        TypeError,
        AttributeError,
        NameError,
        AssertionError,
        StopIteration,
        ArithmeticError,
        EOFError,
        OSError,
        MemoryError,
        struct.error,
        ElementTree.ParseError,
    )


def _opened(path: Path, kind: Format) -> Any:
    library = needed(kind.package, f"{kind.name} files", "readers")
    name = str(path.absolute())
    if "::" in name or "://" in name:
        # The library would take such a name for an address.
        raise unreadable(path, "'::' and '://' cannot be in its name", "Rename it.")
    try:
        return library.Reader(name)
    except _errors() as error:
        raise not_a(kind.name, path, error) from error


def _read(path: Path, reader: Any, scene: str) -> ImageFile:
    names = [str(name) for name in reader.scenes]
    number = scene_index(names, scene)
    if number is None:
        raise no_scene(path, scene, scene_keys(names) if len(names) > 1 else ())
    reader.set_scene(number)
    data, axes = _pixels(reader)
    sizes = reader.physical_pixel_sizes
    scale = positive({"z": sizes.Z, "y": sizes.Y, "x": sizes.X})
    count = data.shape[axes.index("c")] if "c" in axes else 1
    channels = tuple(str(name)[:200] for name in reader.channel_names or ())
    step = _time_step(reader) if "t" in axes else None
    return ImageFile(
        LazyArray(data, path),
        axes,
        name_of(path, scene),
        scale,
        "um" if scale else None,
        channels if len(channels) == count and all(channels) else (),
        step,
        "s" if step else None,
    )


def _pixels(reader: Any) -> tuple[PlaneArray, str]:
    """Return pixels without axes of length one, and a letter an axis."""
    sizes = dict(zip(reader.dims.order, map(int, reader.dims.shape), strict=True))
    if unknown := [a for a, n in sizes.items() if n > 1 and a not in _LETTERS]:
        raise ValueError(f"it has the axes {', '.join(unknown)}")
    planes = [a for a in "MTCZ" if sizes.get(a, 1) > 1]
    end = ["S"] if sizes.get("S", 1) > 1 else []
    if "C" in planes and end:
        raise ValueError("it mixes colour with other channels")
    order = [*planes, "Y", "X", *end]
    shape = tuple(sizes[a] for a in order)
    wanted = "YX" + "".join(end)

    def read(plane: tuple[int, ...], y: slice, x: slice) -> npt.NDArray[Any]:
        at = dict(zip(planes, plane, strict=True))
        fixed = {a: 0 for a in sizes if a not in order}
        return np.asarray(reader.get_image_data(wanted, Y=y, X=x, **fixed, **at))

    chunks = (*(1 for _ in planes), *shape[len(planes) :])
    axes = "".join(_LETTERS[a] for a in order)
    return PlaneArray(shape, np.dtype(reader.dtype), chunks, read, len(planes)), axes


def _time_step(reader: Any) -> float | None:
    """Return the seconds from one frame to the next; one of the readers gives times only."""
    interval = reader.time_interval
    times = reader.xarray_dask_data.coords.get("T")
    if interval is not None:
        return positive({"t": interval.total_seconds()}).get("t")
    if times is None or times.size < 2:
        return None
    return positive({"t": float(times[1]) - float(times[0])}).get("t")
