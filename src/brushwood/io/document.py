"""The JSON of a model file: read strictly, brought up to date, and checked value by value."""

import json
import re
from collections.abc import Callable
from typing import Any, NoReturn

from brushwood.io import checks
from brushwood.io.archive import Malformed
from brushwood.io.kinds import Document, ModelKind

FORMAT = "brushwood"
#: What this version writes. A reader of version n rewrites it to version n + 1.
VERSION = 1

_UPGRADES: dict[int, Callable[[Document], Document]] = {}

_MAX_DEPTH = 12
_NESTING = re.compile(r'"(?:[^"\\]|\\.)*"|([\[{])|([\]}])', re.DOTALL)


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


def loads(data: bytes, kinds: Callable[[str], ModelKind | None]) -> tuple[Document, ModelKind]:
    """Read a document of any known version, as one of today's.

    Parameters
    ----------
    data : bytes
    kinds : callable (name) -> ModelKind or None
        Gives the kind of a name, None for a name that nobody knows.

    Raises
    ------
    Malformed
        If it is no JSON, of another format, kind or a newer version, or a value is out of range.
    """
    document = _parse(data)
    if document.get("format") != FORMAT:
        raise Malformed(
            f"its format is {checks.shown(document.get('format'))}, not {FORMAT!r}",
            "Choose a file with the ending .brushwood that Brushwood saved.",
        )
    version: Any = document.get("version")
    if not checks.is_integer(version, 1, 10**9):
        raise Malformed(f"its version is {checks.shown(version)}, not a positive whole number")
    if version > VERSION:
        raise Malformed(
            f"a newer Brushwood wrote it (file version {version}; this one reads up to {VERSION})",
            "Update with `pip install --upgrade napari-brushwood`.",
        )
    while version < VERSION:
        document = _UPGRADES[version](document)
        version += 1
    name = document.get("kind")
    kind = kinds(name) if isinstance(name, str) else None
    if kind is None:
        raise Malformed(
            f"it holds a model of kind {checks.shown(name)}, which this Brushwood does not know",
            "Update with `pip install --upgrade napari-brushwood`.",
        )
    kind.check_document(document)
    return document, kind


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
