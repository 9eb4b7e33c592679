"""Colours for objects by a column of their table: numbers along a ramp, classes by class colour."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.session.classes import colour_of

#: Steps of a ramp; together with background, unknown and missing they fit into one byte.
STEPS = 250
#: More different values than this are no classes.
_MOST_CLASSES = 60
#: Beginnings of names of whole-number columns that hold classes, not amounts.
_CLASS_NAMES = ("class", "cluster", "group", "category", "predicted", "truth")

#: Colour of class 0, which is none.
NO_CLASS = "#8C8C8C"

#: Code of an object whose value is missing; values are 1 to `STEPS`.
MISSING_CODE = 0

Codes = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False, slots=True)
class Coded:
    """A column as codes, and what each code means.

    Attributes
    ----------
    codes : array of uint8, one a row
        `MISSING_CODE`, or 1 to `STEPS`.
    low, high : float
        Ends of the ramp; both NaN for classes.
    classes : tuple of str
        Names of the classes, of which the first has code 1; empty for numbers.
    colours : tuple of str
        One a class.
    """

    codes: Codes
    low: float = float("nan")
    high: float = float("nan")
    classes: tuple[str, ...] = ()
    colours: tuple[str, ...] = ()

    @property
    def is_classes(self) -> bool:
        """Whether the column holds classes."""
        return bool(self.classes)

    def part(self, rows: npt.NDArray[np.intp] | None) -> "Coded":
        """Return the codes of some rows, all for None."""
        return self if rows is None else replace(self, codes=self.codes[rows])


def is_classes(name: str, values: npt.NDArray[Any]) -> bool:
    """Whether a column holds classes: text, yes and no, or whole numbers called so."""
    if values.dtype.kind in "bOUS":
        return True
    named = name.lower().startswith(_CLASS_NAMES)
    return values.dtype.kind in "iu" and named and len(np.unique(values)) <= _MOST_CLASSES


def coded(name: str, values: npt.NDArray[Any], limits: tuple[float, float] | None = None) -> Coded:
    """Turn a column into codes.

    Parameters
    ----------
    limits : (low, high), optional
        Ends of the ramp for numbers; default: the range without the 1 % smallest and largest.
        Values beyond take the colour of the end.
    """
    if is_classes(name, values):
        return _classes(values)
    low, high = limits if limits is not None else robust_range(values)
    numbers = values.astype(float)
    known = np.isfinite(numbers)
    part = (numbers - low) / (high - low) if high > low else np.full(numbers.shape, 0.5)
    part = np.clip(np.where(known, part, 0.0), 0.0, 1.0)
    steps = 1 + np.rint(part * (STEPS - 1)).astype(np.uint8)
    return Coded(np.where(known, steps, MISSING_CODE).astype(np.uint8), low, high)


def robust_range(values: npt.NDArray[Any], tail: float = 1.0) -> tuple[float, float]:
    """Return the range of the finite values without the tails, in percent; (0, 1) without any."""
    numbers = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    if not numbers.size:
        return 0.0, 1.0
    low, high = np.percentile(numbers, [tail, 100 - tail])
    if low == high:
        low, high = numbers.min(), numbers.max()
    return float(low), float(high)


def full_range(values: npt.NDArray[Any]) -> tuple[float, float]:
    """Return the smallest and the largest finite value; (0, 1) without any."""
    return robust_range(values, 0.0)


def _classes(values: npt.NDArray[Any]) -> Coded:
    texts = np.asarray([None if v is None or v != v else v for v in values.tolist()], object)
    known = sorted({t for t in texts if t is not None}, key=lambda v: (str(type(v)), v))
    kept = known[:STEPS]
    number = {value: i + 1 for i, value in enumerate(kept)}
    codes = np.asarray([number.get(t, MISSING_CODE) for t in texts], np.uint8)
    return Coded(
        codes,
        classes=tuple(_class_name(value) for value in kept),
        colours=tuple(_class_colour(value, i) for i, value in enumerate(kept)),
    )


def _class_name(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _class_colour(value: Any, position: int) -> str:
    """Return the colour of a class: by its id where it is a number, so that all views agree."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    if whole and value == 0:  # no class
        return NO_CLASS
    return colour_of(value if whole and value > 0 else position + 1)


def rows_of_frame(
    labels: npt.NDArray[np.int64], frames: npt.NDArray[Any] | None, frame: int
) -> npt.NDArray[np.intp] | None:
    """Return the rows that describe the objects of one frame, None if that makes no difference.

    It does where an object keeps its label through the frames and so has several rows.
    """
    if frames is None or len(np.unique(labels)) == len(labels):
        return None
    return np.flatnonzero(frames == frame)


def legend(classes: Sequence[str], most: int = 8) -> str:
    """List class names for a legend, shortened."""
    shown = list(classes[:most])
    return ", ".join(shown) + (f" and {len(classes) - most} more" if len(classes) > most else "")
