"""Put a new table into a layer's features, and keep every column that others put there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from brushwood.tables import KEYS

if TYPE_CHECKING:
    from pandas import DataFrame

#: Columns that a measurement would have replaced are renamed with this ending.
RENAMED = " (before)"


@dataclass(frozen=True, eq=False, slots=True)
class Joined:
    """Features with a new table in them.

    Attributes
    ----------
    table : DataFrame
        One row an object that exists now.
    former : DataFrame or None
        Rows of objects that do not exist now, as far as others filled them; they come back when
        their objects do.
    kept : tuple of str
        Columns of others.
    renamed : tuple of str
        Their columns that had the name of a measurement and no longer have.
    """

    table: "DataFrame"
    former: "DataFrame | None"
    kept: tuple[str, ...]
    renamed: tuple[str, ...]


def joined(
    new: "DataFrame",
    old: "DataFrame",
    measured_before: Sequence[str] = (),
    former: "DataFrame | None" = None,
    *,
    is_same: bool = False,
) -> Joined:
    """Join a measurement to the features of a layer by object, and by frame where both have one.

    Parameters
    ----------
    new : DataFrame
        A table of `brushwood.measure`.
    old : DataFrame
        The layer's features. Without a column ``index`` or ``label``, row *i* is label *i*.
    measured_before : sequence of str
        Columns of `old` that an earlier measurement made. They are replaced, or dropped if the
        objects have changed since; all other columns belong to the user and stay.
    former : DataFrame, optional
        `Joined.former` of the last time.
    is_same : bool
        The labels are those that were measured last, so that earlier columns are still right.
    """
    import pandas as pd

    if old.shape[1] and not {"index", "label"} & set(old.columns):
        old = old.assign(index=np.arange(len(old)))
    ours = set(measured_before)
    theirs = [n for n in old.columns if n not in KEYS and (n not in ours or is_same)]
    theirs = [n for n in theirs if n not in ours or n not in new.columns]
    if not theirs or not len(old):
        return Joined(new, former, (), ())
    names = _free_names(theirs, list(new.columns))
    on = ["label", "frame"] if "frame" in old.columns and "frame" in new.columns else ["label"]
    pool = _pool(old, theirs, on).rename(columns=names)
    if former is not None and set(on) <= set(former.columns):
        pool = pd.concat([pool, former.reindex(columns=pool.columns)], ignore_index=True)
    pool = pool.dropna(subset=list(names.values()), how="all").drop_duplicates(on)
    table = new.merge(pool, on=on, how="left", sort=False)
    table.attrs = dict(new.attrs)
    here = new[on].drop_duplicates()
    gone = pool.merge(here, on=on, how="left", indicator=True)
    gone = gone[gone["_merge"] == "left_only"].drop(columns="_merge").reset_index(drop=True)
    return Joined(
        table,
        gone if len(gone) else None,
        tuple(map(str, theirs)),
        tuple(str(n) for n in theirs if names[n] != n),
    )


def _pool(old: "DataFrame", theirs: Sequence[Any], on: Sequence[str]) -> "DataFrame":
    """Return the columns of others with the keys that rows are found by."""
    key = "index" if "index" in old.columns else "label"
    pool = old[list(theirs)].copy()
    pool["label"] = old[key].to_numpy()
    if "frame" in on:
        pool["frame"] = old["frame"].to_numpy()
    return pool[pool["label"] != 0]


def _free_names(names: Sequence[Any], measured: Sequence[Any]) -> dict[Any, Any]:
    """Return a name for each column that neither the measurement nor another column has."""
    used = {*names, *measured}
    found: dict[Any, Any] = {}
    for name in names:
        free = name
        while name in measured and free in used:
            free = f"{free}{RENAMED}"
        used.add(free)
        found[name] = free
    return found


def noted_units(
    units: Mapping[str, str], before: Mapping[str, str], table: "DataFrame"
) -> dict[str, str]:
    """Return the units to note: those just measured, and those of columns that stayed."""
    names = {str(name) for name in table.columns}
    kept = {name: unit for name, unit in before.items() if name in names and name not in units}
    return {**kept, **units}
