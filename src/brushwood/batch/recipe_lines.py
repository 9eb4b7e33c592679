"""JSON read strictly, knowing the line of every value, so that a message can point to it."""

import re
from dataclasses import dataclass, field
from json.decoder import JSONDecodeError, scanstring  # type: ignore[attr-defined]
from typing import Any, NoReturn, TypeAlias

#: Where a value stands: the names and places that lead to it.
Place: TypeAlias = tuple[str | int, ...]

#: A file from a stranger is refused beyond these.
MAX_DEPTH = 12
MAX_VALUES = 100_000
_MAX_DIGITS = 40
_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?", re.ASCII)
_WORD = re.compile(r"[^\W\d]\w*")
_WORDS = {"true": True, "false": False, "null": None}


class Unreadable(Exception):
    """Why a text is no JSON, and where."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line


@dataclass(frozen=True, slots=True)
class Located:
    """The values of a text, and where they stand.

    Attributes
    ----------
    value : Any
    lines : dict of tuple to int
        Line, from 1, of each value; that of its name within an object.
    doubles : list of (tuple, int)
        Names that occur again in their object, and where. The first counts.
    """

    value: Any
    lines: dict[Place, int]
    doubles: list[tuple[Place, int]]


def located(text: str) -> Located:
    """Read a text.

    Raises
    ------
    Unreadable
        If it is no JSON, or nested too deep, or has too many values.
    """
    reader = _Reader(text)
    value = reader.value((), 0)
    if reader.peek():
        reader.fail(f"something goes on after the end: {_shown(reader.rest())}")
    return Located(value, reader.lines, reader.doubles)


@dataclass(slots=True)
class _Reader:
    text: str
    at: int = 0
    lines: dict[Place, int] = field(default_factory=dict)
    doubles: list[tuple[Place, int]] = field(default_factory=list)
    _line: int = 1
    _counted: int = 0

    def peek(self) -> str:
        """Return the next character that is no space, "" at the end."""
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.text[self.at : self.at + 1]

    def line(self) -> int:
        """Return the line of the next character; lines are counted once only."""
        self._line += self.text.count("\n", self._counted, self.at)
        self._counted = max(self._counted, self.at)
        return self._line

    def rest(self) -> str:
        """Return what comes next, as messages show it."""
        return self.text[self.at : self.at + 20].split("\n")[0]

    def fail(self, what: str) -> NoReturn:
        """Say that the text is no JSON from here on."""
        raise Unreadable(self.line(), what)

    def value(self, place: Place, depth: int) -> Any:
        """Read the next value."""
        first = self.peek()
        self.lines.setdefault(place, self.line())
        if len(self.lines) > MAX_VALUES:
            self.fail(f"there are more than {MAX_VALUES:,} values")
        if depth > MAX_DEPTH:
            self.fail(f"it is nested more than {MAX_DEPTH} deep")
        if first == "{":
            return self._object(place, depth)
        if first == "[":
            return self._list(place, depth)
        if first == '"':
            return self._text()
        word = _WORD.match(self.text, self.at)
        return self._number() if word is None else self._word(word[0])

    def _object(self, place: Place, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        self.at += 1
        while self.peek() != "}":
            if found:
                self._comma("}")
            if self.peek() != '"':
                self.fail(f"a name in double quotes was expected, but {_shown(self.rest())} came")
            line = self.line()
            name = self._text()
            if self.peek() != ":":
                self.fail(f"a colon was expected after {name[:80]!r}")
            self.at += 1
            here = (*place, name)
            if name in found:
                self.doubles.append((here, line))
                self.value((*here, "again", len(self.doubles)), depth + 1)
                continue
            self.lines[here] = line
            found[name] = self.value(here, depth + 1)
        self.at += 1
        return found

    def _list(self, place: Place, depth: int) -> list[Any]:
        found: list[Any] = []
        self.at += 1
        while self.peek() != "]":
            if found:
                self._comma("]")
            found.append(self.value((*place, len(found)), depth + 1))
        self.at += 1
        return found

    def _comma(self, end: str) -> None:
        if self.peek() != ",":
            self.fail(f"a comma or {end} was expected, but {_shown(self.rest())} came")
        self.at += 1
        if self.peek() == end:
            self.fail(f"there is a comma too many before {end}")

    def _text(self) -> str:
        line = self.line()
        try:
            text, self.at = scanstring(self.text, self.at + 1, True)
        except JSONDecodeError as error:
            self.at = max(self.at, error.pos)
            what = "a text goes over the end of its line, or does not end"
            raise Unreadable(line, f"{what} ({error.msg.lower()})") from error
        return str(text)

    def _word(self, word: str) -> bool | None:
        if word not in _WORDS:
            self.fail(f"a value was expected, but {word[:40]!r} came; texts stand in double quotes")
        self.at += len(word)
        return _WORDS[word]

    def _number(self) -> Any:
        found = _NUMBER.match(self.text, self.at)
        if found is None:
            rest = self.rest()
            hint = "; JSON has no comments" if rest.startswith(("/", "#")) else ""
            self.fail(f"a value was expected, but {_shown(rest)} came{hint}")
        if len(found[0]) > _MAX_DIGITS:
            self.fail(f"a number has more than {_MAX_DIGITS} digits")
        self.at = found.end()
        return int(found[0]) if found[1] is None and found[2] is None else float(found[0])


def _shown(text: str) -> str:
    return repr(text) if text.strip() else "the end"
