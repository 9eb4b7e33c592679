"""The JSON of a model file: read strictly, brought up to date, and checked value by value."""

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from brushwood.io.archive import DTYPES, Malformed

FORMAT = "brushwood"
#: What this version writes. A reader of version n rewrites it to version n + 1.
VERSION = 1
KIND = "pixel-classifier"

Document = dict[str, Any]
_UPGRADES: dict[int, Callable[[Document], Document]] = {}

_FIELDS = {
    "format", "version", "kind", "image", "classes", "features", "forest", "scaling", "range",
    "smoothing", "arrays", "provenance",
}  # fmt: skip
_FOREST_ARRAYS = {
    "feature": ("int32", "n"),
    "threshold": ("float32", "n"),
    "left": ("int32", "n"),
    "right": ("int32", "n"),
    "value": ("float32", "nc"),
    "roots": ("int32", "t"),
    "classes": ("int32", "c"),
    "importances": ("float32", "f"),
    "n_features": ("int32", ""),
}
_ROW_ARRAYS = {"features": ("float32", "rf"), "classes": ("int32", "r")}
#: Most nodes, classes, trees, features and rows that a file may declare.
_LIMITS = {"n": 50_000_000, "c": 255, "t": 1000, "f": 4096, "r": 10_000_000}

_MAX_DEPTH = 12
_MAX_TEXT = 20_000
_NESTING = re.compile(r'"(?:[^"\\]|\\.)*"|([\[{])|([\]}])', re.DOTALL)
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


def upgrade(version: int) -> Callable[[Callable[[Document], Document]], Any]:
    """Register the function that rewrites a document of `version` to the next one."""

    def register(function: Callable[[Document], Document]) -> Callable[[Document], Document]:
        _UPGRADES[version] = function
        return function

    return register


def dumps(document: Document) -> bytes:
    """Return the bytes that are stored; the same document gives the same bytes."""
    text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode()


def loads(data: bytes) -> Document:
    """Read a document of any known version, as one of today's.

    Raises
    ------
    Malformed
        If it is no JSON, of another format, kind or a newer version, or a value is out of range.
    """
    document = _parse(data)
    if document.get("format") != FORMAT:
        raise Malformed(
            f"its format is {_shown(document.get('format'))}, not {FORMAT!r}",
            "Choose a file with the ending .brushwood that Brushwood saved.",
        )
    version: Any = document.get("version")
    if not _is_integer(version, 1, 10**9):
        raise Malformed(f"its version is {_shown(version)}, not a positive whole number")
    if version > VERSION:
        raise Malformed(
            f"a newer Brushwood wrote it (file version {version}; this one reads up to {VERSION})",
            "Update with `pip install --upgrade napari-brushwood`.",
        )
    while version < VERSION:
        document = _UPGRADES[version](document)
        version += 1
    if document.get("kind") != KIND:
        raise Malformed(
            f"it holds a model of kind {_shown(document.get('kind'))}, not a {KIND}",
            "Open it where such models are used.",
        )
    check(document)
    return document


def check(document: Document) -> None:
    """Check a document of today's version.

    Raises
    ------
    Malformed
        Naming the value that is wrong.
    """
    _keys(document, _FIELDS, "model.json")
    _check_image(document["image"])
    _check_classes(document["classes"])
    _text(document["features"], "features", _MAX_TEXT)
    n_channels = document["image"]["n_channels"]
    _plain(document["forest"], "forest")
    _plain(document["scaling"], "scaling")
    _check_range(document["range"], n_channels)
    _number(document["smoothing"], "smoothing", 0, 1000)
    _check_arrays(document["arrays"])
    _plain(document["provenance"], "provenance")


def shapes(document: Document) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Return the type and shape of each array that the file must hold."""
    return {
        name: (entry["dtype"], tuple(entry["shape"])) for name, entry in document["arrays"].items()
    }


def _parse(data: bytes) -> Document:
    try:
        text = data.decode("utf-8")
        _check_nesting(text)
        document = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"its model.json is no valid JSON ({str(error)[:200]})") from error
    if not isinstance(document, dict):
        raise Malformed("its model.json is not a JSON object")
    return document


def _check_nesting(text: str) -> None:
    depth = 0
    for match in _NESTING.finditer(text):
        depth += bool(match.group(1)) - bool(match.group(2))
        if depth > _MAX_DEPTH:
            raise Malformed(f"its model.json is nested more than {_MAX_DEPTH} deep")


def _unique(pairs: list[tuple[str, Any]]) -> Document:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number in JSON")


def _check_image(image: Any) -> None:
    _keys(image, {"ndim", "n_channels", "channel_axis", "spacing"}, "image")
    _integer(image["ndim"], "image.ndim", 2, 3)
    _integer(image["n_channels"], "image.n_channels", 1, _LIMITS["f"])
    if image["channel_axis"] is not None:
        _integer(image["channel_axis"], "image.channel_axis", -8, 7)
    if image["spacing"] is not None:
        spacing = _list(image["spacing"], "image.spacing", image["ndim"], image["ndim"])
        for value in spacing:
            _number(value, "image.spacing", 1e-30, 1e30)


def _check_classes(classes: Any) -> None:
    ids = []
    for entry in _list(classes, "classes", 1, 65535):
        _keys(entry, {"id", "name", "color"}, "classes")
        _integer(entry["id"], "classes.id", 1, 65535)
        ids.append(entry["id"])
        if entry["name"] is not None:
            _text(entry["name"], "classes.name", 1000)
        color = entry["color"]
        if color is not None and not (isinstance(color, str) and _COLOR.fullmatch(color)):
            raise Malformed(f"classes.color is {_shown(color)}, not like '#0072b2'")
    if ids != sorted(set(ids)):
        raise Malformed("the ids of its classes do not ascend")


def _check_range(range_: Any, n_channels: int) -> None:
    _keys(range_, {"low", "span", "contrast"}, "range")
    for name, smallest in (("low", n_channels), ("span", n_channels), ("contrast", 0)):
        for value in _list(range_[name], f"range.{name}", smallest, n_channels):
            _number(value, f"range.{name}", -1e300, 1e300)


def _check_arrays(arrays: Any) -> None:
    """Check that the declared shapes fit each other, before anything is read."""
    wanted = {f"forest/{name}": kind for name, kind in _FOREST_ARRAYS.items()}
    if isinstance(arrays, Mapping) and any(str(name).startswith("rows/") for name in arrays):
        wanted |= {f"rows/{name}": kind for name, kind in _ROW_ARRAYS.items()}
    _keys(arrays, set(wanted), "arrays")
    sizes: dict[str, int] = {}
    for name, (dtype, axes) in wanted.items():
        where = f"arrays.{name}"
        _keys(arrays[name], {"dtype", "shape"}, where)
        if arrays[name]["dtype"] != dtype or dtype not in DTYPES:
            raise Malformed(f"{where} is of type {_shown(arrays[name]['dtype'])}, not {dtype}")
        shape = _list(arrays[name]["shape"], f"{where}.shape", len(axes), len(axes))
        for axis, size in zip(axes, shape, strict=True):
            _integer(size, f"{where}.shape", 1, _LIMITS[axis])
            if sizes.setdefault(axis, size) != size:
                raise Malformed(f"{where}.shape does not fit the other arrays")


def _plain(value: Any, where: str) -> None:
    """Check an object whose fields others check: numbers are finite, texts are not endless."""
    if not isinstance(value, dict):
        raise Malformed(f"{where} is {_shown(value)}, not an object")
    stack: list[Any] = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            stack.extend(item.keys())
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
        elif isinstance(item, str):
            _text(item, where, _MAX_TEXT)
        elif isinstance(item, int | float) and not isinstance(item, bool):
            _number(item, where, -1e300, 1e300)


def _keys(value: Any, names: set[str], where: str) -> None:
    if not isinstance(value, dict):
        raise Malformed(f"{where} is {_shown(value)}, not an object")
    for name in sorted(names - set(value)):
        raise Malformed(f"{where} lacks {name!r}")
    for name in sorted(set(value) - names):
        raise Malformed(f"{where} has an unknown field {name[:80]!r}")


def _list(value: Any, where: str, shortest: int, longest: int) -> list[Any]:
    if not isinstance(value, list) or not shortest <= len(value) <= longest:
        raise Malformed(f"{where} is {_shown(value)}, not a list of {shortest} to {longest} items")
    return value


def _text(value: Any, where: str, longest: int) -> None:
    if not isinstance(value, str) or len(value) > longest or "\0" in value:
        raise Malformed(f"{where} is {_shown(value)}, not a text of at most {longest} characters")


def _integer(value: Any, where: str, low: int, high: int) -> None:
    if not _is_integer(value, low, high):
        raise Malformed(f"{where} is {_shown(value)}, not a whole number from {low} to {high}")


def _is_integer(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _number(value: Any, where: str, low: float, high: float) -> None:
    good = isinstance(value, int | float) and not isinstance(value, bool)
    if not (good and low <= value <= high and math.isfinite(value)):
        raise Malformed(f"{where} is {_shown(value)}, not a number from {low:g} to {high:g}")


def _shown(value: Any) -> str:
    text = repr(value) if not isinstance(value, dict | list) else f"a {type(value).__name__}"
    return text if len(text) <= 60 else f"{text[:60]}…"
