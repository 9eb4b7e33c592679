"""Conditions on the rows of a table, such as ``area > 50 and circularity < 0.8``.

The text is read by a small parser of its own; nothing of it is ever executed.
"""

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from brushwood.errors import InputError

Mask = npt.NDArray[np.bool_]

#: Longer or deeper conditions are refused.
LONGEST, DEEPEST = 2000, 40

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "<=": operator.le, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
    "<": operator.lt, ">": operator.gt, "=": operator.eq,
    "≤": operator.le, "≥": operator.ge, "≠": operator.ne,
}  # fmt: skip
_WORDS = ("and", "or", "not", "in", "is", "missing", "contains")
_TOKEN = re.compile(
    r"\s*(?:(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"
    r"|(?P<text>\"[^\"]*\"|'[^']*')|`(?P<quoted>[^`]*)`"
    r"|(?P<op><=|>=|==|!=|[<>=≤≥≠])|(?P<mark>[(),])|(?P<name>[^\W\d][\w.\-%]*))"
)


class Columns(Protocol):
    """What a condition is applied to."""

    @property
    def n_rows(self) -> int:
        """Rows of the table."""
        ...

    def values(self, name: str) -> npt.NDArray[Any]:
        """Return a column."""
        ...


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class _Column:
    name: str


class _Node(Protocol):
    def mask(self, table: Columns) -> Mask: ...


@dataclass(frozen=True, slots=True)
class _Compare:
    left: Any
    symbol: str
    right: Any

    def mask(self, table: Columns) -> Mask:
        left, right = _side(self.left, table), _side(self.right, table)
        known = ~missing(left) & ~missing(right)
        left, right = _comparable(self.left, left, self.right, right)
        with np.errstate(invalid="ignore"):
            found = _OPERATORS[self.symbol](left, right)
        return np.broadcast_to(np.asarray(found, bool) & known, (table.n_rows,))


@dataclass(frozen=True, slots=True)
class _Join:
    is_and: bool
    parts: tuple[_Node, ...]

    def mask(self, table: Columns) -> Mask:
        join = np.logical_and if self.is_and else np.logical_or
        result = self.parts[0].mask(table)
        for part in self.parts[1:]:
            result = join(result, part.mask(table))
        return result


@dataclass(frozen=True, slots=True)
class _Not:
    inner: _Node

    def mask(self, table: Columns) -> Mask:
        return ~self.inner.mask(table)


@dataclass(frozen=True, slots=True)
class _Missing:
    column: _Column

    def mask(self, table: Columns) -> Mask:
        values = table.values(self.column.name)
        return np.broadcast_to(missing(values), (table.n_rows,))


@dataclass(frozen=True, slots=True)
class _Contains:
    column: _Column
    text: str

    def mask(self, table: Columns) -> Mask:
        wanted = self.text.casefold()
        values = table.values(self.column.name)
        return np.asarray([wanted in str(value).casefold() for value in values], bool)


@dataclass(frozen=True, slots=True)
class _Truth:
    column: _Column

    def mask(self, table: Columns) -> Mask:
        values = table.values(self.column.name)
        if values.dtype.kind != "b":
            raise InputError(
                f"{self.column.name!r} alone is no condition. Write, for example, "
                f"{self.column.name} > 1."
            )
        return np.asarray(values, bool)


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on rows, made by `parse`."""

    root: _Node

    @classmethod
    def parse(cls, text: str, names: Sequence[str]) -> "Filter":
        """Read a condition.

        Columns are compared with numbers, text in quotes or other columns by ``< <= > >= = !=``,
        which may be chained (``10 < area < 50``); conditions are joined by ``and``, ``or``, ``not``
        and parentheses. ``column in (1, 2)``, ``column is missing``, ``column contains "text"``.
        A number alone finds the object with this label. A missing value fulfils no comparison.

        Parameters
        ----------
        names : sequence of str
            The table's columns; a name with spaces may be written in backticks.

        Raises
        ------
        InputError
            If the text is no condition on these columns.
        """
        return cls(_Parser(text, names).whole())

    def mask(self, table: Columns) -> Mask:
        """Return for each row whether the condition holds.

        Raises
        ------
        InputError
            If text is compared with numbers.
        """
        return self.root.mask(table)


class _Parser:
    def __init__(self, text: str, names: Sequence[str]) -> None:
        if len(text) > LONGEST:
            raise InputError(f"The condition has {len(text):,} letters; at most {LONGEST:,} work.")
        self._names = names
        self._tokens = _tokens(text, names)
        self._next = 0
        self._depth = 0

    def whole(self) -> _Node:
        if len(self._tokens) == 1 and self._tokens[0].kind == "number":
            key = next((name for name in ("label", "index") if name in self._names), None)
            if key is not None:
                return _Compare(_Column(key), "=", _number(self._tokens[0].text))
        node = self._either()
        if self._peek() is not None:
            raise self._unexpected("and, or, or the end")
        return node

    def _either(self) -> _Node:
        parts = [self._both()]
        while self._take("word", "or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else _Join(False, tuple(parts))

    def _both(self) -> _Node:
        parts = [self._single()]
        while self._take("word", "and"):
            parts.append(self._single())
        return parts[0] if len(parts) == 1 else _Join(True, tuple(parts))

    def _single(self) -> _Node:
        self._depth += 1
        if self._depth > DEEPEST:
            raise InputError(f"The condition is nested deeper than {DEEPEST} levels.")
        try:
            if self._take("word", "not"):
                return _Not(self._single())
            if self._take("mark", "("):
                inner = self._either()
                self._expect(")")
                return inner
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> _Node:
        left = self._operand()
        if isinstance(left, _Column):
            special = self._about(left)
            if special is not None:
                return special
        parts: list[_Node] = []
        while (token := self._peek()) is not None and token.kind == "op":
            self._next += 1
            right = self._operand()
            parts.append(_Compare(left, token.text, right))
            left = right
        if parts:
            return parts[0] if len(parts) == 1 else _Join(True, tuple(parts))
        if isinstance(left, _Column):
            return _Truth(left)
        raise self._unexpected("a comparison such as area > 50")

    def _about(self, column: _Column) -> _Node | None:
        """Read ``is missing``, ``in (…)`` and ``contains "…"``."""
        if self._take("word", "is"):
            negate = self._take("word", "not")
            if not self._take("word", "missing"):
                raise self._unexpected("missing")
            node: _Node = _Missing(column)
            return _Not(node) if negate else node
        negate = self._peek_text(1) == "in" and self._take("word", "not")
        if self._take("word", "in"):
            self._expect("(")
            parts = [_Compare(column, "=", self._operand())]
            while self._take("mark", ","):
                parts.append(_Compare(column, "=", self._operand()))
            self._expect(")")
            node = _Join(False, tuple(parts))
            return _Not(node) if negate else node
        if self._take("word", "contains"):
            token = self._peek()
            if token is None or token.kind not in {"text", "name", "number"}:
                raise self._unexpected('a text in quotes, such as "abc"')
            self._next += 1
            return _Contains(column, token.text)
        return None

    def _operand(self) -> _Column | float | str:
        token = self._peek()
        if token is None or token.kind not in {"column", "number", "text", "name"}:
            raise self._unexpected("a column, a number or a text in quotes")
        self._next += 1
        if token.kind == "number":
            return _number(token.text)
        if token.kind == "column":
            return _Column(token.text)
        if token.kind == "name":
            raise InputError(_unknown(token.text, self._names))
        return token.text

    def _peek(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _peek_text(self, ahead: int) -> str:
        at = self._next + ahead
        return self._tokens[at].text if at < len(self._tokens) else ""

    def _take(self, kind: str, text: str) -> bool:
        token = self._peek()
        if token is not None and (token.kind, token.text) == (kind, text):
            self._next += 1
            return True
        return False

    def _expect(self, mark: str) -> None:
        if not self._take("mark", mark):
            raise self._unexpected(repr(mark))

    def _unexpected(self, wanted: str) -> InputError:
        token = self._peek()
        if token is None:
            return InputError(f"The condition ends too early: {wanted} should follow.")
        return InputError(
            f"The condition is not understood at {token.text!r}, letter {token.at + 1}: "
            f"{wanted} should stand there."
        )


def _tokens(text: str, names: Sequence[str]) -> list[_Token]:
    known = sorted(names, key=len, reverse=True)
    found: list[_Token] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        column = next((name for name in known if _stands(text, at, name)), None)
        if column is not None:
            found.append(_Token("column", column, at))
            at += len(column)
            continue
        match = _TOKEN.match(text, at)
        if match is None:
            raise InputError(f"The condition is not understood at {text[at]!r}, letter {at + 1}.")
        found.append(_token(match, names))
        at = match.end()
    return found


def _stands(text: str, at: int, name: str) -> bool:
    """Whether a column's whole name stands here."""
    if not name or not text.startswith(name, at) or name.casefold() in _WORDS:
        return False
    rest = text[at + len(name) : at + len(name) + 1]
    return not (
        rest and (rest.isalnum() or rest == "_") and (name[-1].isalnum() or name[-1] == "_")
    )


def _token(match: re.Match[str], names: Sequence[str]) -> _Token:
    kind = match.lastgroup or ""
    text, at = match[kind], match.start(kind)
    if kind == "text":
        return _Token("text", text[1:-1], at)
    if kind == "quoted":
        if text not in names:
            raise InputError(_unknown(text, names))
        return _Token("column", text, at)
    if kind == "name" and text.casefold() in _WORDS:
        return _Token("word", text.casefold(), at)
    if kind == "name" and text.casefold() == "nan":
        return _Token("word", "missing", at)
    return _Token(kind, text, at)


def _unknown(name: str, names: Sequence[str]) -> str:
    """Say that a column does not exist, and which is meant."""
    from difflib import get_close_matches

    close = get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f"There is no column {name!r}. Did you mean {close[0]!r}?"
    return f"There is no column {name!r}. Text stands in quotes."


def _number(text: str) -> float:
    return float(text)


def _side(operand: Any, table: Columns) -> npt.NDArray[Any]:
    return table.values(operand.name) if isinstance(operand, _Column) else np.asarray(operand)


def missing(values: npt.NDArray[Any]) -> Mask:
    """Return where values are missing: NaN, None and their like."""
    if values.dtype.kind == "f":
        return np.asarray(np.isnan(values), bool)
    if values.dtype.kind == "O":
        return np.asarray([v is None or v != v for v in values.ravel()], bool).reshape(values.shape)
    return np.zeros(values.shape, bool)


def _comparable(
    first: Any, left: npt.NDArray[Any], second: Any, right: npt.NDArray[Any]
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return both sides as numbers, or both as text without regard to capitals."""
    if _is_number(left) and _is_number(right):
        return left, right
    if _is_number(left) or _is_number(right):
        text, number = (second, first) if _is_number(left) else (first, second)
        shown = text.name if isinstance(text, _Column) else f'"{text}"'
        other = number.name if isinstance(number, _Column) else f"{number:g}"
        raise InputError(
            f"{shown} is text and {other} is a number, so they cannot be compared. "
            "Text stands in quotes, numbers without."
        )
    return _folded(left), _folded(right)


def _is_number(values: npt.NDArray[Any]) -> bool:
    return values.dtype.kind in "iufb"


def _folded(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    flat = [str(value).casefold() for value in values.ravel()]
    return np.asarray(flat, object).reshape(values.shape)
