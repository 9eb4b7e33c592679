"""The words of a ``.cl`` file: templates in which white space is free, and a cursor over them."""

import re
from functools import cache

from brushwood.io.cl.problem import ClProblem

#: A literal; longer ones are no numbers that APOC writes.
NUMBER = r"[+-]?(?:\d{1,60}(?:\.\d{0,60})?|\.\d{1,60})(?:[eE][+-]?\d{1,3})?"
#: Largest absolute value of a literal: that of a 32-bit float.
LARGEST = 3.4028235e38


@cache
def pattern(template: str) -> re.Pattern[str]:
    """Compile a template.

    A blank stands for any white space or none, ``~`` for some, and ``#`` for a whole number, which
    the match's groups hold.
    """
    escaped = re.escape(template).replace(r"\ ", r"\s*").replace(r"\~", r"\s+")
    return re.compile(r"\s*" + escaped.replace("~", r"\s+").replace(r"\#", r"(\d{1,5})"))


class Cursor:
    """A place in the text, which moves on when a template matches.

    Parameters
    ----------
    text : str
    at : int
        Where to begin.
    """

    def __init__(self, text: str, at: int = 0) -> None:
        self.text, self.at = text, at

    def take(self, template: str) -> tuple[int, ...] | None:
        """Return the numbers of a template that stands here, and move behind it; or None."""
        found = pattern(template).match(self.text, self.at)
        if found is None:
            return None
        self.at = found.end()
        return tuple(map(int, found.groups()))

    def expect(self, template: str, *numbers: int) -> None:
        """Move behind a template with these numbers, or complain."""
        start = self.at
        found = self.take(template)
        if found is None or found != numbers:
            self.at = start
            wanted = template.replace("~", " ")
            for number in numbers:
                wanted = wanted.replace("#", str(number), 1)
            raise self.unexpected(f"{wanted!r} was expected")

    def repeated(self, template: str, most: int, what: str) -> int:
        """Take a template as often as it stands here, its numbers counting up from 0.

        Raises
        ------
        ClProblem
            If they do not count up, or there are more than `most`.
        """
        count = 0
        while True:
            start = self.at
            found = self.take(template)
            if found is None:
                return count
            if set(found) != {count}:
                self.at = start
                raise self.unexpected(f"{what} {count} was expected")
            count += 1
            if count > most:
                plural = what + ("es" if what.endswith("s") else "s")
                raise ClProblem(f"it has more than {most} {plural}")

    def unexpected(self, what: str) -> ClProblem:
        """Return what to say when the text does not follow the grammar here."""
        rest = self.text[self.at : self.at + 4000].lstrip()
        if not rest and not self.text[self.at :].strip():
            return ClProblem(f"it is cut off: {what}", "Get a complete copy of the file.")
        line = self.text.count("\n", 0, len(self.text) - len(self.text[self.at :].lstrip())) + 1
        came = " ".join(rest[:40].split())
        return ClProblem(f"line {line} is not what APOC writes: {what}, but {came!r} came")
