"""From names of columns, measurements and groups to what is computed, and back to column names."""

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from brushwood.errors import InputError, UnknownMeasurementError
from brushwood.measure.catalog import Measurement, catalog, groups

_NUMBERED = re.compile(r"(?P<name>.+?)_(?P<number>\d+(?:\.\d+)?)(?P<rest>-.*)?")


@dataclass(frozen=True, slots=True)
class Setting:
    """What there is to measure in: decides which measurements and columns exist.

    Attributes
    ----------
    ndim : {2, 3}
        Spatial dimensions.
    channels : tuple of str, optional
        Endings of the columns of each channel, ``("",)`` for an image without a channel axis; None
        without an image.
    classes : tuple of str, optional
        Endings of the columns of each class; None without probabilities.
    """

    ndim: int = 2
    channels: tuple[str, ...] | None = None
    classes: tuple[str, ...] | None = None

    def lacks(self, measurement: Measurement) -> str:
        """Say what a measurement needs that is not there; "" if it can be measured."""
        if self.ndim not in measurement.ndim:
            there = " and ".join(f"{n}-D" for n in measurement.ndim)
            return f"it is defined in {there} only, and these labels are {self.ndim}-D"
        if measurement.needs_image and self.channels is None:
            return "it needs an image; give one"
        if measurement.needs_probabilities and self.classes is None:
            return "it needs class probabilities; give some"
        return ""

    def endings(self, measurement: Measurement) -> Iterator[tuple[tuple[int, ...], str]]:
        """Yield place and ending of each column of a measurement (of one of its numbers)."""
        spatial = tuple(f"-{i}" for i in range(self.ndim))
        along = {
            "space": spatial,
            "box": tuple(f"-{i}" for i in range(2 * self.ndim)),
            "channel": self.channels or (),
            "class": self.classes or (),
        }
        parts = [tuple(enumerate(along[axis])) for axis in measurement.along]
        for choice in product(*parts):
            yield tuple(i for i, _ in choice), "".join(ending for _, ending in choice)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name : str
    measurement : Measurement
    number : float, optional
        For a measurement with numbers.
    place : tuple of int
        Its place in the measurement's array, after the objects and the number.
    """

    name: str
    measurement: Measurement
    number: float | None
    place: tuple[int, ...]


def plan_columns(names: Iterable[str] | str | None, setting: Setting) -> tuple[Column, ...]:
    """Find the columns that names stand for, in order, each once.

    Parameters
    ----------
    names : iterable of str, or str, optional
        Columns (``"centroid-0"``), measurements (``"centroid"``) or groups (``"size"``). Of a group
        those measurements are taken that can be measured here. None: the defaults.
    setting : Setting

    Raises
    ------
    UnknownMeasurementError
        If a name is none of these; the message offers similar ones.
    InputError
        If it needs an image, probabilities or another number of dimensions.
    """
    names = [names] if isinstance(names, str) else names
    if names is None:
        names = [m.name for m in catalog() if m.default and not setting.lacks(m)]
    found: dict[str, Column] = {}
    for name in names:
        for column in _columns_of(str(name), setting):
            found.setdefault(column.name, column)
    return tuple(found.values())


def default_names(
    ndim: int = 2,
    *,
    image: bool = False,
    channel_names: Sequence[str] | None = None,
    class_names: Sequence[str] | None = None,
) -> tuple[str, ...]:
    """Return the names of the columns that `measure` makes when nothing is chosen.

    Parameters
    ----------
    ndim : {2, 3}
    image : bool
        Whether an image without channels is measured.
    channel_names, class_names : sequence of str, optional
        Names of channels of an image, and of classes of probabilities.
    """
    setting = Setting(
        ndim, endings(channel_names) or (("",) if image else None), endings(class_names)
    )
    return tuple(column.name for column in plan_columns(None, setting))


def endings(names: Sequence[str] | None) -> tuple[str, ...] | None:
    """Return the endings of column names for channels or classes of these names."""
    return None if names is None else tuple(f"-{name}" for name in names)


def _columns_of(name: str, setting: Setting) -> list[Column]:
    by_name = {m.name: m for m in catalog()}
    if name in by_name:
        return _all_columns(_possible(by_name[name], setting), setting)
    if name in groups():
        members = [m for m in catalog() if m.group == name]
        possible = [m for m in members if not setting.lacks(m)]
        if not possible:
            raise InputError(f"The group {name!r} cannot be measured: {setting.lacks(members[0])}.")
        return [column for m in possible for column in _all_columns(m, setting)]
    measurement, number = _parsed(name, by_name, setting)
    columns = _all_columns(_possible(measurement, setting), setting, number)
    every_part = f"{measurement.name}_{number[0]:g}" if number else measurement.name
    found = [c for c in columns if name in (c.name, every_part)]
    if not found:
        raise _unknown(name, setting)
    return found


def _all_columns(
    measurement: Measurement, setting: Setting, numbers: Sequence[float] = ()
) -> list[Column]:
    chosen = numbers or measurement.numbers or (None,)
    return [
        Column(_column_name(measurement, number, ending), measurement, number, place)
        for number in chosen
        for place, ending in setting.endings(measurement)
    ]


def _column_name(measurement: Measurement, number: float | None, ending: str) -> str:
    middle = "" if number is None else f"_{number:g}"
    return f"{measurement.name}{middle}{ending}"


def _possible(measurement: Measurement, setting: Setting) -> Measurement:
    lacks = setting.lacks(measurement)
    if lacks:
        raise InputError(f"{measurement.name!r} cannot be measured: {lacks}.")
    return measurement


def _parsed(
    name: str, by_name: dict[str, Measurement], setting: Setting
) -> tuple[Measurement, tuple[float, ...]]:
    """Find the measurement and the number in the name of a column."""
    for stem in _stems(name):
        if stem in by_name and not by_name[stem].numbers:
            return by_name[stem], ()
    found = _NUMBERED.fullmatch(name)
    measurement = by_name.get(found["name"]) if found else None
    if found is None or measurement is None or not measurement.numbers:
        raise _unknown(name, setting)
    number = float(found["number"])
    low, high = measurement.number_range
    if not low <= number <= high or (measurement.whole_numbers and number % 1):
        kind = "whole numbers from " if measurement.whole_numbers else ""
        raise InputError(
            f"{name!r} asks for {number:g}, but {measurement.name} takes {kind}{low:g} to {high:g}."
        )
    return measurement, (number,)


def _stems(name: str) -> Iterator[str]:
    """Yield what may be the measurement's name in a column's name: up to each hyphen."""
    parts = name.split("-")
    for n in range(len(parts) - 1, 0, -1):
        yield "-".join(parts[:n])


def _unknown(name: str, setting: Setting) -> UnknownMeasurementError:
    known = [m.name for m in catalog()] + list(groups())
    known += [c.name for m in catalog() if not setting.lacks(m) for c in _all_columns(m, setting)]
    near = difflib.get_close_matches(name, dict.fromkeys(known), n=3, cutoff=0.5)
    advice = f"Did you mean {', '.join(near)}?" if near else "See brushwood.measure.catalog()."
    return UnknownMeasurementError(f"There is no measurement {name!r}. {advice}")
