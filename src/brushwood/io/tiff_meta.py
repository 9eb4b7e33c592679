"""What TIFF files say of their pixels: the descriptions of OME and of ImageJ, read and written."""

import re
from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_OID, uuid5
from xml.etree import ElementTree

from brushwood.io.header import Header
from brushwood.io.imagefile import positive, seconds_name, unit_of

#: Seconds in a unit of time; ImageJ counts seconds.
_SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
#: Labels that Fiji makes up for planes, such as ``c:1/3 z:2/9 - cells.lif``.
_COUNTED = re.compile(r"\b[ctz]:\d+/\d+")
#: More plane labels than this are not written.
_MOST_LABELS = 20_000
_MOST_XML = 256 << 20


def read_header(tiff: Any, number: int, axes: str, shape: tuple[int, ...]) -> Header:
    """Return what a file says of one of its images; what is no positive number is unknown.

    Parameters
    ----------
    tiff : TiffFile
    number : int
        Of the image.
    axes, shape
        Of its pixels.
    """
    count = shape[axes.index("c")] if "c" in axes else 1
    if tiff.is_ome and tiff.ome_metadata:
        return _ome(tiff.ome_metadata, number, axes, count)
    if tiff.is_imagej:
        return _imagej(tiff, axes, shape, count)
    return Header(axes)


def _ome(xml: str, number: int, axes: str, count: int) -> Header:
    if len(xml) > _MOST_XML:
        return Header(axes)
    try:
        images = [e for e in ElementTree.fromstring(xml) if _local(e) == "Image"]
        pixels = next(e for e in images[number] if _local(e) == "Pixels")
    except (ElementTree.ParseError, IndexError, StopIteration, ValueError, RecursionError):
        return Header(axes)
    found = pixels.attrib
    scale = positive({a: _number(found.get(f"PhysicalSize{a.upper()}")) for a in "zyx"})
    # OME's own default units are the micrometre and the second.
    units = {unit_of(found.get(f"PhysicalSize{a.upper()}Unit", "µm")) for a in scale}
    names = tuple(e.get("Name", "")[:200] for e in pixels if _local(e) == "Channel")
    step = positive({"t": _number(found.get("TimeIncrement"))}).get("t")
    return Header(
        axes,
        scale,
        units.pop() if len(units) == 1 else None,
        names if len(names) == count and all(names) else (),
        step,
        seconds_name(found.get("TimeIncrementUnit", "s")) if step else None,
    )


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _imagej(tiff: Any, axes: str, shape: tuple[int, ...], count: int) -> Header:
    found, tags = tiff.imagej_metadata or {}, tiff.pages[0].tags
    scale: dict[str, Any] = {"z": found.get("spacing")}
    for axis, name in (("y", "YResolution"), ("x", "XResolution")):
        top, bottom = tags[name].value if name in tags else (0, 1)
        scale[axis] = bottom / top if top else None
    unit = unit_of(found.get("unit"))
    step = positive({"t": found.get("finterval")}).get("t") if "t" in axes else None
    # Without a unit ImageJ counts pixels, whatever the resolution tag says about printing.
    known = positive(scale) if unit else {}
    names = _channel_labels(found.get("Labels"), axes, shape, count)
    return Header(axes, known, unit, names, step, "s" if step else None)


def _channel_labels(labels: Any, axes: str, shape: tuple[int, ...], count: int) -> tuple[str, ...]:
    """Return channel names, if the labels of the planes repeat them."""
    if not isinstance(labels, list) or count < 2 or len(labels) % count:
        return ()
    names = [str(label)[:200] for label in labels[:count]]
    is_fine = len(set(names)) == count and all(names) and not any(map(_COUNTED.search, names))
    # ImageJ's planes follow each other by channel first.
    return tuple(names) if is_fine and labels == names * (len(labels) // count) else ()


def imagej_metadata(header: Header, axes: str, shape: tuple[int, ...]) -> dict[str, Any]:
    """Return what ImageJ's description holds, as tifffile takes it.

    Parameters
    ----------
    axes, shape
        As in the file, in the order t, z, c, y, x.
    """
    found: dict[str, Any] = {"axes": axes.upper()}
    if "x" in header.scale and "y" in header.scale:
        # As ImageJ writes letters that are not ASCII.
        unit = header.unit or "pixel"
        found["unit"] = "".join(c if c.isascii() else f"\\u{ord(c):04X}" for c in unit)
    if "z" in header.scale and "z" in axes:
        found["spacing"] = header.scale["z"]
    factor = _SECONDS.get(header.time_unit or "s")
    if header.time_step and "t" in axes and factor:
        found["finterval"] = header.time_step * factor
    names = header.channel_names
    if names and "c" in axes:
        planes = 1
        for length in shape[:-2]:
            planes *= length
        if len(names) == shape[axes.index("c")] and planes <= _MOST_LABELS:
            found["Labels"] = list(names) * (planes // len(names))
    return found


def resolution(header: Header) -> dict[str, Any]:
    """Return the tags that hold the pixel size, as tifffile takes them."""
    if not {"x", "y"} <= set(header.scale):
        return {}
    sizes = (1 / header.scale["x"], 1 / header.scale["y"])
    return {"resolution": sizes, "resolutionunit": 1}


def ome_metadata(header: Header, axes: str, name: str) -> dict[str, Any]:
    """Return what the OME-XML holds, as tifffile takes it."""
    found: dict[str, Any] = {"axes": axes.upper(), "Name": name}
    unit = {"um": "µm", None: "pixel"}.get(header.unit, header.unit)
    for axis in "zyx":
        if axis in header.scale:
            found[f"PhysicalSize{axis.upper()}"] = header.scale[axis]
            found[f"PhysicalSize{axis.upper()}Unit"] = unit
    if header.time_step and "t" in axes:
        found["TimeIncrement"] = header.time_step
        found["TimeIncrementUnit"] = {"us": "µs"}.get(header.time_unit or "s", header.time_unit)
    if header.channel_names and "c" in axes:
        found["Channel"] = {"Name": list(header.channel_names)}
    # By default it is random, and the same image would give another file each time.
    found["UUID"] = str(uuid5(NAMESPACE_OID, repr(sorted(found.items()))))
    return found


def is_cut(metadata: Mapping[str, Any] | None, n_pages: int, plane_bytes: int, left: int) -> bool:
    """Whether a stack of ImageJ, which counts planes in its description, lacks some at its end.

    Parameters
    ----------
    metadata : mapping
        Of ImageJ.
    n_pages : int
        Found in the file.
    plane_bytes, left : int
        Size of a plane, and of the file from the first plane on.
    """
    n_planes = (metadata or {}).get("images", 1)
    # A plane taken out of a stack may have kept the description, but nothing follows it.
    return n_pages == 1 and n_planes > 1 and plane_bytes * 1.25 < left < plane_bytes * n_planes
