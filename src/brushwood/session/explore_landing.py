"""Put results of an exploration back into the tables they came from, and never into others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from brushwood.session.explore_work import TableSource
from brushwood.session.object_table import frames_of, labels_of, table_of

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True, eq=False, slots=True)
class Landing:
    """A table with results in it, or the reason why they were dropped.

    Attributes
    ----------
    table : DataFrame or None
        The features as they are now, with the new columns. None: nothing may be written.
    sentence : str
        What to tell; "" if all rows got their value.
    """

    table: "DataFrame | None"
    sentence: str = ""


def land(
    source: TableSource,
    place: int,
    sources: Sequence[TableSource],
    columns: Mapping[str, npt.NDArray[Any]],
    before: str,
    features: "DataFrame | None",
    now: str,
) -> Landing:
    """Join one source's part of the results to its features as they are now.

    Rows are found by their object (and frame), never by their number. A layer whose labels are
    others than when the work began gets nothing: the same number may be another object.

    Parameters
    ----------
    source : TableSource
        What was explored.
    place : int
        Its number among the sources.
    sources : sequence of TableSource
    columns : mapping of name to array (row of all sources,)
        `Explored.columns` or `Trusted.columns`.
    before, now : str
        Fingerprint of the labels when the work began, and now.
    features : DataFrame or None
        What the layer holds now; None if it was deleted.
    """
    import pandas as pd

    if features is None:
        return Landing(None, f"{source.name!r} was deleted meanwhile, so its results were dropped.")
    if before != now:
        return Landing(
            None,
            f"The objects of {source.name!r} changed meanwhile, so the results were dropped. "
            "Measure them again, then run once more.",
        )
    start = sum(len(each.features) for each in sources[:place])
    rows = slice(start, start + len(source.features))
    table, then = table_of(features), table_of(source.features)
    where = pd.MultiIndex.from_arrays([frames_of(then), labels_of(then)])
    if not where.is_unique:
        return Landing(
            None,
            f"Several rows of {source.name!r} describe the same object, so results cannot be "
            "assigned. Measure the objects again.",
        )
    at = where.get_indexer(pd.MultiIndex.from_arrays([frames_of(table), labels_of(table)]))
    new = {name: _taken(values[rows], at) for name, values in columns.items()}
    kept = pd.DataFrame(features)
    kept = kept.drop(columns=[name for name in new if name in kept.columns])
    kept = pd.concat([kept, pd.DataFrame(new, index=kept.index)], axis=1)
    missing = int((at < 0).sum())
    said = f"{missing:,} objects of {source.name!r} were not explored." if missing else ""
    return Landing(kept, said)


def _taken(values: npt.NDArray[Any], at: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the value of each row; NaN, or group 0, for rows that were not explored."""
    if not len(values):
        return np.zeros(len(at), values.dtype)
    missing = np.nan if values.dtype.kind == "f" else 0
    found: npt.NDArray[Any] = np.where(at >= 0, values[at], missing).astype(values.dtype)
    return found
