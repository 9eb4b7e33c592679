"""What is explored: choices of a window, and the rows of all ticked layers as one table."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt
from psygnal import SignalGroupDescriptor

from brushwood.errors import InputError
from brushwood.explore.embed import EmbedParams
from brushwood.explore.gates import Population
from brushwood.explore.grouping import ClusterParams
from brushwood.explore.prepare import PrepareParams
from brushwood.explore.stability import StabilityParams
from brushwood.explore.surrogate import SurrogateParams
from brushwood.session.object_table import frames_of, labels_of, table_of
from brushwood.session.plotting import Look
from brushwood.session.scene import LayerKey
from brushwood.tables import units_of, with_units

if TYPE_CHECKING:
    from pandas import DataFrame

    from brushwood.objects.classifier import ObjectClassifier


@dataclass
class ExploreState:
    """What the user has chosen, one a viewer.

    Assigning a field emits ``events.<field>``; an equal value emits nothing.

    Attributes
    ----------
    layers : tuple of LayerKey
        Ticked objects layers.
    columns : tuple of str or None
        Columns that are explored; None for all that describe objects.
    prepare, embed, clusters, stability, surrogate
        How columns are made comparable, laid out, grouped, tested and learned.
    on_layout : bool
        Group the layout; otherwise the columns themselves.
    x, y : str or None
        Columns of the plot; None for the first two of the newest layout.
    colour, size : str or None
    look : {"auto", "points", "density"}
    populations : tuple of Population
        Gates by name.
    said : str
        The last result in two words, for the guide.
    learned : ObjectClassifier or None
        The classifier that repeats the groups on other images.
    """

    layers: tuple[LayerKey, ...] = ()
    columns: tuple[str, ...] | None = None
    prepare: PrepareParams = field(default_factory=PrepareParams)
    embed: EmbedParams = field(default_factory=EmbedParams)
    clusters: ClusterParams = field(default_factory=ClusterParams)
    stability: StabilityParams = field(default_factory=StabilityParams)
    surrogate: SurrogateParams = field(default_factory=SurrogateParams)
    on_layout: bool = True
    x: str | None = None
    y: str | None = None
    colour: str | None = None
    size: str | None = None
    look: Look = "auto"
    populations: tuple[Population, ...] = ()
    said: str = ""
    learned: "ObjectClassifier | None" = None

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()


@dataclass(frozen=True, eq=False, slots=True)
class TableRef:
    """The table of one objects layer.

    Attributes
    ----------
    features : DataFrame
        The layer's.
    units : dict of str to str
    """

    key: LayerKey
    name: str
    features: Any
    units: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, slots=True)
class ObjectRows:
    """The rows of several layers as one table.

    Attributes
    ----------
    table : DataFrame
        With a column ``image``, the layer's name, if there are several.
    keys : tuple of LayerKey
    layer : int64 (row,)
        Position in `keys`.
    label, frame : int64 (row,)
    """

    table: "DataFrame"
    keys: tuple[LayerKey, ...]
    layer: npt.NDArray[np.int64]
    label: npt.NDArray[np.int64]
    frame: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.label)

    def same_objects(self, other: "ObjectRows") -> bool:
        """Whether every row is the same object of the same layer, whatever was measured."""
        return (
            self.keys == other.keys
            and np.array_equal(self.layer, other.layer)
            and np.array_equal(self.label, other.label)
            and np.array_equal(self.frame, other.frame)
        )

    def mask(self, key: LayerKey | None, labels: frozenset[int]) -> npt.NDArray[np.bool_]:
        """Return which rows are these objects of a layer."""
        if key not in self.keys or not labels:
            return np.zeros(len(self), bool)
        wanted = np.fromiter(labels, np.int64, len(labels))
        mine = self.layer == self.keys.index(key)
        found: npt.NDArray[np.bool_] = mine & np.isin(self.label, wanted)
        return found

    def chosen(self, mask: npt.NDArray[np.bool_]) -> tuple[LayerKey | None, frozenset[int]]:
        """Return the layer that most of the rows belong to, and their labels there."""
        if not mask.any():
            return None, frozenset()
        position = int(np.bincount(self.layer[mask]).argmax())
        labels = self.label[mask & (self.layer == position)]
        return self.keys[position], frozenset(int(i) for i in np.unique(labels))

    def part(self, position: int, columns: Any) -> "DataFrame":
        """Return new columns for one layer, with ``index`` and, where it has one, ``frame``.

        Parameters
        ----------
        position : int
            Of the layer in `keys`.
        columns : mapping of str to array (row,)
        """
        import pandas as pd

        mine = self.layer == position
        found: dict[str, Any] = {"index": self.label[mine]}
        if "frame" in self.table.columns:
            found["frame"] = self.frame[mine]
        for name, values in columns.items():
            found[name] = np.asarray(values)[mine]
        return pd.DataFrame(found)


def gather(tables: Sequence[TableRef]) -> ObjectRows:
    """Stack the tables of layers; the image's name stands in front if there are several.

    Raises
    ------
    InputError
        If a column has different units in different layers.
    """
    import pandas as pd

    from brushwood.explore.prepare import combine

    refs = [ref for ref in tables if len(ref.features)]
    each = [table_of(ref.features, ref.units) for ref in refs]
    none = np.zeros(0, np.int64)
    if not refs:
        return ObjectRows(pd.DataFrame(), (), none, none, none)
    if len(refs) == 1:
        table = each[0].reset_index(drop=True)
        table = with_units(table, units_of(each[0]))
    else:
        names = different([ref.name for ref in refs])
        table = combine(dict(zip(names, each, strict=True)))
    return ObjectRows(
        table,
        tuple(ref.key for ref in refs),
        np.repeat(np.arange(len(refs)), [len(one) for one in each]),
        np.concatenate([labels_of(one) for one in each]),
        np.concatenate([frames_of(one) for one in each]),
    )


def different(names: Sequence[str]) -> list[str]:
    """Number names that occur twice."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found


def from_file(table: "DataFrame", features: Any) -> "DataFrame":
    """Return the rows of a file as columns for a layer, matched by label.

    Parameters
    ----------
    table : DataFrame
        With a column ``index`` or ``label``, and ``frame`` if objects have frames.
    features : DataFrame or mapping
        The layer's; a column of the file with a name that is taken there ends in `` (file)``.

    Raises
    ------
    InputError
        If rows cannot be matched with objects.
    """
    units = units_of(table)
    which = next((name for name in ("index", "label") if name in table.columns), None)
    if which is None:
        raise InputError(
            "The table has no column 'label' or 'index', so its rows cannot be matched with "
            f"objects. It has {', '.join(map(str, table.columns[:8]))}. Rename the right one."
        )
    keys = [name for name in ("index", "frame") if name == "index" or name in table.columns]
    new = table.drop(columns=[n for n in ("index", "label") if n in table.columns and n != which])
    new = new.rename(columns={which: "index"})
    if new.duplicated(keys).any():
        raise InputError(
            "Several rows of the table have the same label, so they cannot be matched with "
            "objects. Give each object one row, or a column 'frame'."
        )
    taken = set(map(str, table_of(features).columns)) - {"index", "frame"}
    names = {str(n): f"{n} (file)" for n in new.columns if str(n) in taken}
    new = new.rename(columns=names)
    kept = {names.get(n, n): unit for n, unit in units.items() if n not in ("index", "label")}
    return with_units(new, kept)


def plottable(table: "DataFrame") -> list[str]:
    """Return the columns that can be an axis: numbers, also yes and no, without keys but frame."""
    numeric = table.select_dtypes(include=["number", "bool"]).columns
    return [str(name) for name in numeric if name not in ("label", "index")]


def colourable(table: "DataFrame") -> list[str]:
    """Return the columns that can colour points: all but keys."""
    return [str(name) for name in table.columns if name not in ("label", "index")]


def default_axes(table: "DataFrame") -> tuple[str | None, str | None]:
    """Return what a plot shows at first: the newest layout, else the first two measurements."""
    from brushwood.explore.prepare import usable_columns
    from brushwood.tables import EMBEDDED

    laid_out = [str(n) for n in table.columns if str(n).startswith(EMBEDDED)]
    names = laid_out[-2:] if len(laid_out) > 1 else usable_columns(table)[:2]
    return (names[0], names[1]) if len(names) == 2 else (None, None)
