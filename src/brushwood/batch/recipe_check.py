"""Values of a recipe's JSON, looked at one by one: every no names the field and its line."""

import difflib
import math
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from brushwood.batch.recipe_lines import Located, Place
from brushwood.io.checks import shown

#: Longest list, and longest text but an embedded model.
MAX_LIST = 1000
MAX_TEXT = 4096


@dataclass(slots=True)
class Checker:
    """Collects what is wrong with a document.

    Attributes
    ----------
    found : Located
    problems : list of (int, str)
        Line and sentence of each.
    """

    found: Located
    problems: list[tuple[int, str]] = field(default_factory=list)

    def say(self, place: Place, what: str) -> None:
        """Note a problem of the value at a place, or of what should stand there."""
        near = place
        while near and near not in self.found.lines:
            near = near[:-1]
        self.problems.append((self.found.lines.get(near, 1), f"{written(place)} {what}"))

    @contextmanager
    def watching(self) -> Iterator[list[bool]]:
        """Yield a list that ends up with one item: whether the block noted no problem."""
        before = len(self.problems)
        good: list[bool] = []
        yield good
        good.append(len(self.problems) == before)

    def fields(self, value: Any, place: Place, names: Collection[str]) -> dict[str, Any]:
        """Return an object's fields that are known; others are problems."""
        if not isinstance(value, dict):
            self.say(place, f"must be an object in braces, not {shown(value)}")
            return {}
        for name in value:
            if name not in names:
                near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
                advice = f"Did you mean {near[0]!r}?" if near else f"Known are {', '.join(names)}"
                self.say((*place, name[:80]), f"is not known. {advice}".rstrip("."))
        return {name: each for name, each in value.items() if name in names}

    def text(self, value: Any, place: Place, longest: int = MAX_TEXT) -> str:
        """Return a text."""
        good = isinstance(value, str) and len(value) <= longest and "\0" not in value
        # A lone surrogate cannot be written to any file.
        if good and not value.isascii():
            good = not any("\ud800" <= letter <= "\udfff" for letter in value)
        if not good:
            self.say(place, f"must be a text of at most {longest} characters, not {shown(value)}")
            return ""
        return str(value)

    def integer(self, value: Any, place: Place, low: int, high: int) -> int:
        """Return a whole number in a range."""
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            expected = f"a whole number from {low} to {high}"
            self.say(place, f"must be {expected}, not {shown(value)}")
            return low
        return value

    def number(self, value: Any, place: Place, low: float, high: float) -> float:
        """Return a finite number in a range."""
        good = isinstance(value, int | float) and not isinstance(value, bool)
        if not (good and math.isfinite(value) and low <= value <= high):
            self.say(place, f"must be a number from {low:g} to {high:g}, not {shown(value)}")
            return low
        return float(value)

    def flag(self, value: Any, place: Place) -> bool:
        """Return true or false."""
        if not isinstance(value, bool):
            self.say(place, f"must be true or false, not {shown(value)}")
        return value is True

    def choice(self, value: Any, place: Place, choices: Sequence[str]) -> str:
        """Return one of several texts."""
        if not isinstance(value, str) or value not in choices:
            near = difflib.get_close_matches(str(value)[:80], choices, n=1, cutoff=0.6)
            advice = f". Did you mean {near[0]!r}?" if near else ""
            known = ", ".join(map(repr, choices))
            self.say(place, f"must be one of {known}, not {shown(value)}{advice.rstrip('.')}")
            return choices[0]
        return value

    def listed(self, value: Any, place: Place, what: str) -> list[Any]:
        """Return a list that holds something, but not too much."""
        if not isinstance(value, list) or not 1 <= len(value) <= MAX_LIST:
            self.say(place, f"must be a list of 1 to {MAX_LIST} {what}, not {shown(value)}")
            return []
        doubles = [i for i, each in enumerate(value) if each in value[:i]]
        for i in doubles:
            self.say((*place, i), f"is {shown(value[i])}, which stands in the list already")
        return value


def written(place: Place) -> str:
    """Write a place as ``objects.params.min_size`` or ``save[2]``."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "the recipe"
