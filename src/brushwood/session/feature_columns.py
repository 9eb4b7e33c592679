"""New columns for the table of a layer; nothing that stands in it is lost."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from brushwood.session.object_table import table_of

if TYPE_CHECKING:
    from pandas import DataFrame

#: Columns that say which object a row is.
_WHICH = ("index", "frame")


def with_columns(features: Any, new: "DataFrame", replaced: Sequence[str] = ()) -> "DataFrame":
    """Return a layer's features with more columns, joined by object.

    Parameters
    ----------
    features : DataFrame or mapping
        The layer's. Without ``index`` or ``label``, row *i* is label *i*, as in napari.
    new : DataFrame
        ``index``, ``frame`` where objects have one, and the columns to add. Columns of the same
        name are replaced.
    replaced : sequence of str
        Further columns to drop: those of an earlier result.

    Returns
    -------
    DataFrame
        Rows as before; where there was no table, the rows of `new`. Unchanged if objects cannot be
        told apart: one label in several frames, and a table that does not know frames.
    """
    old = table_of(features)
    if not len(old):
        return new
    if "index" not in old.columns:
        old.insert(0, "index", old["label"])
    added = [str(name) for name in new.columns if name not in _WHICH]
    keys = [name for name in _WHICH if name in old.columns and name in new.columns]
    new = new[[*keys, *added]]
    if new.duplicated(keys).any():
        return old
    old = old.drop(columns=[name for name in (*added, *replaced) if name in old.columns])
    merged: DataFrame = old.merge(new, on=keys, how="left")
    return merged
