"""What a run in another process tells, line by line; whatever is no message is left out."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeAlias

_NOTHING: Mapping[str, str] = MappingProxyType({})
#: States of a file, in the order in which a user wants to know of them.
STATES = ("running", "failed", "waiting", "cancelled", "done", "skipped")
_ENDS = ("done", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class PlannedImage:
    """An image that a run will work on.

    Attributes
    ----------
    path : str
        Of the image, with ``::`` and its scene where a file holds several.
    name : str
    state : str
        ``"waiting"``, or ``"skipped"`` if an earlier run has done it.
    problem : str
        Why it will fail, "" if nothing is known against it.
    outputs : mapping of str to str
        Paths by what is saved.
    """

    path: str
    name: str
    state: str = "waiting"
    problem: str = ""
    outputs: Mapping[str, str] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something found before the start; `stops` if the run must not begin."""

    text: str
    stops: bool = False
    path: str = ""


@dataclass(frozen=True, slots=True)
class PlanTold:
    """What will be done.

    Attributes
    ----------
    files : tuple of PlannedImage
    problems : tuple of Trouble
    n_bytes : int
        Space that the results need.
    free : int or None
        Space that there is.
    seconds : float
        Expected time.
    text : str
        All of it in words.
    """

    files: tuple[PlannedImage, ...]
    problems: tuple[Trouble, ...] = ()
    n_bytes: int = 0
    free: int | None = None
    seconds: float = 0.0
    text: str = ""


@dataclass(frozen=True, slots=True)
class FileTold:
    """How far one image is; None stands for what the message left open."""

    path: str
    state: str
    fraction: float = 0.0
    message: str = ""
    why: str = ""
    seconds: float | None = None
    objects: int | None = None
    outputs: Mapping[str, str] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True)
class OverallTold:
    """How far all images are together; `left` in seconds, None while unknown."""

    fraction: float
    left: float | None = None


@dataclass(frozen=True, slots=True)
class EndTold:
    """How the run ended; paths are "" for what was not written."""

    state: str
    done: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    status: str = ""
    report: str = ""
    summary: str = ""
    problems: tuple[str, ...] = ()


Told: TypeAlias = PlanTold | FileTold | OverallTold | EndTold


def parse_line(line: str) -> Told | None:
    """Return what a line says, None if it is no message of a run."""
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, dict):
        return None
    kind = values.get("event")
    if kind == "plan":
        return _plan(values)
    if kind == "file":
        return _file(values)
    if kind == "overall":
        left = _number(values.get("left"))
        return OverallTold(_fraction(values), left)
    return _end(values) if kind == "end" else None


def _plan(values: Mapping[str, Any]) -> PlanTold:
    found = [_planned(entry) for entry in _list(values.get("files"))]
    return PlanTold(
        tuple(image for image in found if image is not None),
        tuple(_trouble(entry) for entry in _list(values.get("problems"))),
        int(_number(values.get("bytes")) or 0),
        None if _number(values.get("free")) is None else int(_number(values.get("free")) or 0),
        _number(values.get("seconds")) or 0.0,
        _text(values.get("text")),
    )


def _planned(entry: Any) -> PlannedImage | None:
    if not isinstance(entry, dict) or not _text(entry.get("path")):
        return None
    path = _text(entry["path"])
    state = _text(entry.get("state"))
    return PlannedImage(
        path,
        _text(entry.get("name")) or path,
        state if state in STATES else "waiting",
        _text(entry.get("problem")),
        _paths(entry.get("outputs")),
    )


def _trouble(entry: Any) -> Trouble:
    if isinstance(entry, dict):
        return Trouble(
            _text(entry.get("text")), entry.get("stops") is True, _text(entry.get("path"))
        )
    return Trouble(_text(entry) or str(entry))


def _file(values: Mapping[str, Any]) -> FileTold | None:
    path, state = _text(values.get("path")), _text(values.get("state"))
    if not path or state not in STATES:
        return None
    objects = _number(values.get("objects"))
    return FileTold(
        path,
        state,
        _fraction(values),
        _text(values.get("message")),
        _text(values.get("why")),
        _number(values.get("seconds")),
        None if objects is None else int(objects),
        _paths(values.get("outputs")),
    )


def _end(values: Mapping[str, Any]) -> EndTold | None:
    state = _text(values.get("state"))
    if state not in _ENDS:
        return None
    done, failed, skipped = (
        int(_number(values.get(name)) or 0) for name in ("done", "failed", "skipped")
    )
    return EndTold(
        state,
        done,
        failed,
        skipped,
        seconds=_number(values.get("seconds")) or 0.0,
        status=_text(values.get("status")),
        report=_text(values.get("report")),
        summary=_text(values.get("summary")),
        problems=tuple(_text(entry) for entry in _list(values.get("problems"))),
    )


def _fraction(values: Mapping[str, Any]) -> float:
    return min(max(_number(values.get("fraction")) or 0.0, 0.0), 1.0)


def _number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _paths(value: Any) -> Mapping[str, str]:
    if not isinstance(value, dict):
        return _NOTHING
    return {key: path for key, path in value.items() if isinstance(path, str)}
