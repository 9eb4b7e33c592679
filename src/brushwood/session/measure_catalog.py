"""The catalogue of measurements as a window shows it: groups, sentences, what each column means."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from brushwood.measure.catalog import Measurement, catalog
from brushwood.measure.names import Setting

#: Titles of the groups; others are shown as they are called.
_TITLES = {
    "size": "Size",
    "shape": "Shape",
    "position": "Position",
    "intensity": "Intensity",
    "texture": "Texture",
    "probability": "Class probability",
    "neighbours": "Neighbours",
}
_COSTS = {"low": "quick", "medium": "takes a while", "high": "slow"}


@dataclass(frozen=True, slots=True)
class Group:
    """Measurements of one kind.

    Attributes
    ----------
    name, title : str
    members : tuple of Measurement
        Those that exist in the number of dimensions.
    lacks : str
        Why none can be measured, "" if some can.
    """

    name: str
    title: str
    members: tuple[Measurement, ...]
    lacks: str


def groups_for(setting: Setting) -> tuple[Group, ...]:
    """Return the groups of the catalogue for what there is to measure in."""
    found: dict[str, list[Measurement]] = {}
    for measurement in catalog():
        if setting.ndim in measurement.ndim:
            found.setdefault(measurement.group, []).append(measurement)
    return tuple(
        Group(name, _TITLES.get(name, name.capitalize()), tuple(members), _lacks(members, setting))
        for name, members in found.items()
    )


def _lacks(members: Sequence[Measurement], setting: Setting) -> str:
    reasons = [setting.lacks(measurement) for measurement in members]
    return "" if not all(reasons) else reasons[0]


def default_choice(setting: Setting) -> tuple[str, ...]:
    """Return the measurements that are ticked at first."""
    return tuple(m.name for m in catalog() if m.default and not setting.lacks(m))


def possible(names: Iterable[str], setting: Setting) -> tuple[str, ...]:
    """Return those of the chosen measurements that can be measured, in the catalogue's order."""
    chosen = set(names)
    return tuple(m.name for m in catalog() if m.name in chosen and not setting.lacks(m))


def sentence(measurement: Measurement) -> str:
    """Describe a measurement for a tooltip."""
    parts = [f"{_capital(measurement.title)}.", f"Cost: {_COSTS[measurement.cost]}."]
    if measurement.undefined:
        parts.append(f"Not defined for {measurement.undefined}.")
    parts.append(f"After {measurement.source}.")
    return " ".join(parts)


def meanings(columns: Iterable[str]) -> dict[str, str]:
    """Say for each column of a table what it is; columns that others made are left out."""
    known = {m.name: _capital(m.title) for m in catalog()}
    found: dict[str, str] = {}
    for column in columns:
        name = _stem(column, known)
        if name:
            found[column] = known[name]
    return found


def _stem(column: str, known: dict[str, str]) -> str:
    """Return the measurement that a column belongs to, "" for none."""
    fits = [name for name in known if column == name or column.startswith((f"{name}-", f"{name}_"))]
    return max(fits, key=len, default="")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
