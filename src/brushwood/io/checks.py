"""Checks of values from a stranger's JSON; each no is a `Malformed` that names the value."""

import math
import re
from typing import Any

from brushwood.io.archive import Malformed

#: Longest text that has no tighter limit of its own.
MAX_TEXT = 20_000
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


def classes(value: Any) -> None:
    """Check the list of a model's classes: ids ascend, names are short, colours are colours."""
    ids = []
    for entry in listed(value, "classes", 1, 65535):
        keys(entry, {"id", "name", "color"}, "classes")
        integer(entry["id"], "classes.id", 1, 65535)
        ids.append(entry["id"])
        if entry["name"] is not None:
            text(entry["name"], "classes.name", 1000)
        color = entry["color"]
        if color is not None and not (isinstance(color, str) and _COLOR.fullmatch(color)):
            raise Malformed(f"classes.color is {shown(color)}, not like '#0072b2'")
    if ids != sorted(set(ids)):
        raise Malformed("the ids of its classes do not ascend")


def plain(value: Any, where: str) -> None:
    """Check an object whose fields others check: numbers are finite, texts are not endless."""
    if not isinstance(value, dict):
        raise Malformed(f"{where} is {shown(value)}, not an object")
    stack: list[Any] = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            stack.extend(item.keys())
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
        elif isinstance(item, str):
            text(item, where, MAX_TEXT)
        elif isinstance(item, int | float) and not isinstance(item, bool):
            number(item, where, -1e300, 1e300)


def keys(value: Any, names: set[str], where: str) -> None:
    """Check that an object has exactly these fields."""
    if not isinstance(value, dict):
        raise Malformed(f"{where} is {shown(value)}, not an object")
    for name in sorted(names - set(value)):
        raise Malformed(f"{where} lacks {name!r}")
    for name in sorted(set(value) - names):
        raise Malformed(f"{where} has an unknown field {name[:80]!r}")


def listed(value: Any, where: str, shortest: int, longest: int) -> list[Any]:
    """Return a list after checking its length."""
    if not isinstance(value, list) or not shortest <= len(value) <= longest:
        raise Malformed(f"{where} is {shown(value)}, not a list of {shortest} to {longest} items")
    return value


def text(value: Any, where: str, longest: int) -> None:
    """Check that a value is a text, neither too long nor with a zero byte in it."""
    if not isinstance(value, str) or len(value) > longest or "\0" in value:
        raise Malformed(f"{where} is {shown(value)}, not a text of at most {longest} characters")


def integer(value: Any, where: str, low: int, high: int) -> None:
    """Check that a value is a whole number in a range."""
    if not is_integer(value, low, high):
        raise Malformed(f"{where} is {shown(value)}, not a whole number from {low} to {high}")


def is_integer(value: Any, low: int, high: int) -> bool:
    """Whether a value is a whole number in a range, and no bool."""
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def number(value: Any, where: str, low: float, high: float) -> None:
    """Check that a value is a finite number in a range."""
    good = isinstance(value, int | float) and not isinstance(value, bool)
    if not (good and low <= value <= high and math.isfinite(value)):
        raise Malformed(f"{where} is {shown(value)}, not a number from {low:g} to {high:g}")


def shown(value: Any) -> str:
    """Return a value as a message shows it."""
    said = repr(value) if not isinstance(value, dict | list) else f"a {type(value).__name__}"
    return said if len(said) <= 60 else f"{said[:60]}…"
