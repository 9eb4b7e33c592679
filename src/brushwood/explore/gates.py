"""Gates: shapes drawn in a plot of two columns, which make named populations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from brushwood.errors import InputError
from brushwood.explore.prepare import Floats, columns_as_floats
from brushwood.tables import EXPLORED, KEYS

if TYPE_CHECKING:
    from pandas import DataFrame

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Rectangle:
    """Rows whose two columns both lie in a range, its ends included.

    Attributes
    ----------
    x, y : str
        Columns.
    x_range, y_range : tuple of float
        Lowest and highest value; infinite where there is no end.

    Raises
    ------
    InputError
        If a range runs backwards or has no number.
    """

    x: str
    y: str
    x_range: tuple[float, float]
    y_range: tuple[float, float]

    def __post_init__(self) -> None:
        for name in ("x_range", "y_range"):
            low, high = map(float, getattr(self, name))
            if not low <= high:
                raise InputError(
                    f"Gate: {name} must run from low to high, not {low:g} to {high:g}."
                )
            object.__setattr__(self, name, (low, high))

    def inside(self, x: Floats, y: Floats) -> Mask:
        """Return which points lie inside; those that are not finite do not."""
        mask = (x >= self.x_range[0]) & (x <= self.x_range[1])
        mask &= (y >= self.y_range[0]) & (y <= self.y_range[1])
        found: Mask = mask & np.isfinite(x) & np.isfinite(y)
        return found

    def to_json(self) -> dict[str, Any]:
        """Return JSON values; an infinite end is None."""
        ends = {k: [v if np.isfinite(v) else None for v in getattr(self, k)] for k in _RANGES}
        return {"kind": "rectangle", "x": self.x, "y": self.y, **ends}


@dataclass(frozen=True, slots=True)
class Polygon:
    """Rows inside a polygon in the plane of two columns: a polygon or a lasso.

    Where it crosses itself the even-odd rule counts (Shimrat 1962). Of polygons that share an edge
    a point on it belongs to one.

    Attributes
    ----------
    x, y : str
        Columns.
    vertices : tuple of (float, float)
        At least three; the last is joined to the first.

    Raises
    ------
    InputError
        If there are fewer than three vertices or one is not finite.
    """

    x: str
    y: str
    vertices: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        corners = tuple((float(a), float(b)) for a, b in self.vertices)
        if len(set(corners)) < 3 or not np.isfinite(corners).all():
            raise InputError(
                f"Gate: a polygon needs at least three different corners with finite numbers, not "
                f"{len(set(corners))}. Draw a larger one."
            )
        object.__setattr__(self, "vertices", corners)

    def inside(self, x: Floats, y: Floats) -> Mask:
        """Return which points lie inside; those that are not finite do not."""
        mask = np.zeros(len(x), bool)
        corners = np.array(self.vertices)
        (left, low), (right, high) = corners.min(axis=0), corners.max(axis=0)
        near = np.flatnonzero((x >= left) & (x <= right) & (y >= low) & (y <= high))
        # Points by height, so that an edge looks only at those between its ends.
        near = near[np.argsort(y[near], kind="stable")]
        px, py = x[near], y[near]
        odd = np.zeros(len(near), bool)
        for (ax, ay), (bx, by) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
            if ay == by:
                continue
            if ay > by:
                ax, ay, bx, by = bx, by, ax, ay
            level = slice(*np.searchsorted(py, (ay, by)))
            crossing = ax + (py[level] - ay) * ((bx - ax) / (by - ay))
            odd[level] ^= px[level] < crossing
        mask[near] = odd
        return mask

    def to_json(self) -> dict[str, Any]:
        """Return JSON values."""
        corners = [list(corner) for corner in self.vertices]
        return {"kind": "polygon", "x": self.x, "y": self.y, "vertices": corners}


Gate = Rectangle | Polygon
_RANGES = ("x_range", "y_range")


@dataclass(frozen=True, slots=True)
class Population:
    """Rows that lie in gates, under a name.

    Attributes
    ----------
    name : str
        Becomes a column of yes and no.
    gates : tuple of Gate
        At least one.
    how : {"all", "any"}
        Whether a row must lie in all of them or in one.
    inverted : bool
        Take the other rows. Rows without numbers are in neither.

    Raises
    ------
    InputError
        If the name is empty or taken by Brushwood, or there is no gate.
    """

    name: str
    gates: tuple[Gate, ...]
    how: Literal["all", "any"] = "all"
    inverted: bool = False

    def __post_init__(self) -> None:
        if not self.name.strip() or self.name in KEYS or self.name.startswith(EXPLORED):
            raise InputError(f"{self.name!r} cannot name a population. Choose another name.")
        if not self.gates:
            raise InputError(f"The population {self.name!r} needs at least one gate.")
        if self.how not in ("all", "any"):
            raise InputError(f"Population: how must be 'all' or 'any', not {self.how!r}.")
        object.__setattr__(self, "gates", tuple(self.gates))

    def mask(self, table: "DataFrame") -> Mask:
        """Return which rows belong to it, bool (row,).

        Raises
        ------
        InputError
            If the table lacks a column, or it holds text.
        """
        masks, known = [], np.ones(len(table), bool)
        for gate in self.gates:
            names = list(dict.fromkeys((gate.x, gate.y)))
            _, values = columns_as_floats(table, names)
            x, y = values[:, 0], values[:, -1]
            masks.append(gate.inside(x, y))
            known &= np.isfinite(values).all(axis=1)
        joined = np.all(masks, axis=0) if self.how == "all" else np.any(masks, axis=0)
        found: Mask = ~joined & known if self.inverted else joined
        return found

    def to_json(self) -> dict[str, Any]:
        """Return JSON values."""
        gates = [gate.to_json() for gate in self.gates]
        return {"name": self.name, "gates": gates, "how": self.how, "inverted": self.inverted}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Population":
        """Build from `to_json`'s answer.

        Raises
        ------
        InputError
            If the document is not such an answer.
        """
        try:
            gates = tuple(gate_from_json(gate) for gate in document["gates"])
            return cls(str(document["name"]), gates, document["how"], bool(document["inverted"]))
        except (KeyError, TypeError) as error:
            raise InputError(f"This is no population: {error!r} in {document!r}.") from error


def gate_from_json(document: Mapping[str, Any]) -> Gate:
    """Build a gate from its `to_json`.

    Raises
    ------
    InputError
        If the document is not such an answer.
    """
    try:
        x, y, kind = str(document["x"]), str(document["y"]), document["kind"]
        if kind == "polygon":
            return Polygon(x, y, tuple((float(a), float(b)) for a, b in document["vertices"]))
        if kind == "rectangle":
            return Rectangle(x, y, *(_range(document[name]) for name in _RANGES))
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"This is no gate: {error!r} in {document!r}.") from error
    raise InputError(f"This is no gate: its kind is {kind!r}, not 'rectangle' or 'polygon'.")


def _range(ends: Sequence[float | None]) -> tuple[float, float]:
    low, high = ends
    return (-np.inf if low is None else float(low), np.inf if high is None else float(high))


def gated(table: "DataFrame", populations: Sequence[Population]) -> "DataFrame":
    """Return the populations as columns of yes and no, with the table's index.

    Raises
    ------
    InputError
        If two have the same name, or a measured column has it.
    """
    import pandas as pd

    names = [population.name for population in populations]
    flags = set(map(str, table.select_dtypes(include="bool").columns))
    taken = {str(name) for name in table.columns} - flags
    twice = sorted({n for n in names if names.count(n) > 1 or n in taken})
    if twice:
        raise InputError(f"The names {', '.join(twice)} are taken. Give each population its own.")
    return pd.DataFrame({p.name: p.mask(table) for p in populations}, index=table.index)
