"""What OME-Zarr folders say of themselves, read as plain JSON before anything is opened."""

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from brushwood.io.imagefile import MOST_CHUNK, positive, seconds_name, unit_of

NAMES = {"um": "micrometer", "nm": "nanometer", "mm": "millimeter", "m": "meter", "Å": "angstrom"}
TIME_NAMES = {"s": "second", "ms": "millisecond", "us": "microsecond", "min": "minute", "h": "hour"}
TYPES = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space", "q": "other"}
#: What damaged or foreign folders lead to.
ERRORS = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    RuntimeError,
    RecursionError,
    OSError,
)
#: Most that is read of one file of attributes.
_MOST_BYTES = 64 << 20
#: Codecs that only compute. Others, pickle above all, would let a file run code.
_CODECS = {
    "blosc", "zlib", "gzip", "zstd", "lz4", "lzma", "bz2", "shuffle", "delta", "astype", "packbits",
    "fixedscaleoffset", "quantize", "bitround", "crc32", "crc32c", "adler32", "fletcher32",
    "jenkins_lookup3", "zfpy", "pcodec", "bytes", "transpose", "sharding_indexed", "cast_value",
    "scale_offset",
}  # fmt: skip


class Unsupported(ValueError):
    """A folder that is valid but uses something that cannot be read; the text says what."""


def attributes(path: Path) -> dict[str, Any]:
    """Read the attributes of a group; version 0.5 keeps them in one field, 0.4 side by side."""
    if (path / "zarr.json").is_file():
        found = _json(path / "zarr.json").get("attributes") or {}
    elif (path / ".zattrs").is_file():
        found = _json(path / ".zattrs")
    else:
        return {}
    inner = found.get("ome", found)
    if not isinstance(inner, dict):
        raise ValueError("its attributes are no object")
    return inner


def is_array(path: Path) -> bool:
    """Whether a folder is a Zarr array."""
    if (path / ".zarray").is_file():
        return True
    file = path / "zarr.json"
    return file.is_file() and _json(file).get("node_type") == "array"


def is_zarr(folder: Path) -> bool:
    """Whether a folder is a Zarr array or group."""
    return any((folder / name).is_file() for name in ("zarr.json", ".zgroup", ".zarray"))


def _json(file: Path) -> dict[str, Any]:
    if file.stat().st_size > _MOST_BYTES:
        raise ValueError(f"{file.name} is larger than {_MOST_BYTES >> 20} MiB")
    found = json.loads(file.read_text("utf-8"))
    if not isinstance(found, dict):
        raise ValueError(f"{file.name} holds no object")
    return found


def inside(path: Path, name: Any) -> Path:
    """Return a folder within a group, refusing names that lead elsewhere."""
    parts = str(name).split("/")
    if any(part in ("", ".", "..") or "\\" in part or ":" in part for part in parts):
        raise ValueError(f"it names the path {str(name)[:80]!r}")
    return path.joinpath(*parts)


def images_in(path: Path) -> Iterator[str]:
    """Yield the images of a group by path: fields of a plate or well, labels, numbered images."""
    found = attributes(path)
    if "plate" in found:
        for well in found["plate"]["wells"]:
            fields = images_in(inside(path, well["path"]))
            yield from (f"{well['path']}/{field}" for field in fields)
    elif "well" in found:
        yield from (str(image["path"]) for image in found["well"]["images"])
    elif "multiscales" not in found and not is_array(path):
        if "labels" in found:
            yield from map(str, found["labels"])
        elif listed := _series(path):
            yield from listed


def _series(path: Path) -> list[str]:
    """List the numbered images that Bio-Formats writes side by side."""
    named = attributes(path / "OME").get("series") if (path / "OME").is_dir() else None
    if isinstance(named, list):
        return [str(name) for name in named]
    numbers = [p for p in path.iterdir() if p.name.isdecimal() and "multiscales" in attributes(p)]
    return [p.name for p in sorted(numbers, key=lambda p: int(p.name))]


def labels_of(path: Path) -> list[str]:
    """List the label images that belong to an image."""
    if not (path / "labels").is_dir():
        return []
    named = attributes(path / "labels").get("labels") or []
    return [str(name) for name in named] if isinstance(named, list) else []


def check_array(path: Path) -> None:
    """Check an array's type, size and codecs before a library opens it.

    Raises
    ------
    Unsupported, ValueError
        If it holds no plain numbers, its chunks do not fit into memory, or a codec is unknown.
    """
    if (path / ".zarray").is_file():
        found = _json(path / ".zarray")
        dtype, chunks = found["dtype"], found["chunks"]
        codecs = [*(found.get("filters") or []), found.get("compressor")]
    else:
        found = _json(path / "zarr.json")
        dtype = found["data_type"]
        chunks = found["chunk_grid"]["configuration"]["chunk_shape"]
        codecs = list(found["codecs"])
    if not isinstance(dtype, str) or (dtype != "bool" and np.dtype(dtype).kind not in "buif"):
        raise Unsupported(f"its pixels are of type {str(dtype)[:40]!r}, not plain numbers")
    shape = [*found["shape"], *chunks]
    if len(chunks) != len(found["shape"]) or any(
        not isinstance(n, int) or not 0 <= n < 1 << 48 for n in shape
    ):
        raise ValueError(f"its shape is {str(found['shape'])[:80]}, its chunks {str(chunks)[:80]}")
    _check_codecs(codecs)
    inner = next((c["configuration"]["chunk_shape"] for c in codecs if _is_shard(c)), chunks)
    if math.prod(inner) * np.dtype(dtype).itemsize > MOST_CHUNK:
        raise Unsupported(f"one of its chunks takes more than {MOST_CHUNK >> 30} GiB in memory")


def _is_shard(codec: Any) -> bool:
    return isinstance(codec, dict) and codec.get("name") == "sharding_indexed"


def _check_codecs(codecs: Any, depth: int = 0) -> None:
    for codec in codecs:
        if codec is None:
            continue
        entry: dict[str, Any] = {"name": codec} if isinstance(codec, str) else codec
        name = str(entry.get("id") or entry.get("name")).removeprefix("numcodecs.")
        if name not in _CODECS or depth > 4:
            raise Unsupported(f"its compression {name[:40]!r} is not supported")
        inner = entry.get("configuration") or {}
        _check_codecs(inner.get("codecs") or (), depth + 1)
        _check_codecs(inner.get("index_codecs") or (), depth + 1)


def axes_of(multiscale: Mapping[str, Any], ndim: int) -> tuple[str, str | None, str | None]:
    """Return a letter an axis, the unit of space and the unit of time."""
    listed = multiscale.get("axes") or list("tczyx"[-ndim:])
    entries = [{"name": a} if isinstance(a, str) else a for a in listed]
    if len(entries) != ndim:
        raise ValueError(f"it names {len(entries)} axes for {ndim} dimensions")
    letters = [str(entry["name"]).lower() for entry in entries]
    kinds = [entry.get("type") for entry in entries]
    axes = "".join(
        "c" if kind == "channel" else "t" if kind == "time" else name if name in TYPES else "q"
        for name, kind in zip(letters, kinds, strict=True)
    )
    pairs = list(zip(letters, entries, strict=True))
    units = {unit_of(entry.get("unit")) for name, entry in pairs if name in "zyx"}
    times = [
        seconds_name(e.get("unit"))
        for letter, e in zip(axes, entries, strict=True)
        if letter == "t"
    ]
    return axes, units.pop() if len(units) == 1 else None, times[0] if times else None


def factors_of(
    multiscale: Mapping[str, Any], level: Mapping[str, Any], axes: str
) -> dict[str, float]:
    """Return the size of a step along ``t``, ``z``, ``y`` and ``x`` at a level."""
    factors = np.ones(len(axes))
    for owner in (level, multiscale):
        for transform in owner.get("coordinateTransformations") or ():
            if transform.get("type") == "scale":
                factors = factors * np.asarray(transform["scale"], float)
    listed = multiscale.get("axes") or ()
    is_known = {
        a: isinstance(e, dict) and bool(e.get("unit")) for a, e in zip(axes, listed, strict=False)
    }
    steps = positive(dict(zip(axes, factors.tolist(), strict=True)))
    space = {a: f for a, f in steps.items() if a in "zyx"}
    # A scale of one without a unit is what writers put when they know nothing.
    if not any(is_known.get(a) for a in space) and all(f == 1 for f in space.values()):
        space = {}
    time = {"t": steps["t"]} if "t" in steps and (is_known.get("t") or steps["t"] != 1) else {}
    return space | time


def channel_names(found: Mapping[str, Any], count: int) -> tuple[str, ...]:
    """Return the names that an image gives its channels, if it names each."""
    listed = (found.get("omero") or {}).get("channels") or []
    names = tuple(str(entry.get("label") or "")[:200] for entry in listed)
    return names if len(names) == count and all(names) else ()
