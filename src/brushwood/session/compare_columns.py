"""How each object came out, as columns of the layer's own table."""

from typing import TYPE_CHECKING, Any

from brushwood.session.object_table import table_of

if TYPE_CHECKING:
    from pandas import DataFrame

#: Columns that a comparison writes: best overlap with the other side, and what became of it.
IOU, STATE = "match_iou", "match_state"


def with_comparison(features: Any, compared: "DataFrame") -> "DataFrame":
    """Return a layer's features with the overlap and state of each object in them.

    Parameters
    ----------
    features : DataFrame or mapping
        The layer's; nothing in it is lost.
    compared : DataFrame
        One row an object: ``index``, ``iou``, ``state``, and ``frame`` where objects have one.

    Returns
    -------
    DataFrame
        Rows as before; objects without a row get one only where there was no table.
    """
    columns = [name for name in ("index", "frame", "iou", "state") if name in compared.columns]
    new = compared[columns].rename(columns={"iou": IOU, "state": STATE})
    old = table_of(features)
    if not len(old):
        return new
    if "index" not in old.columns:
        old.insert(0, "index", old["label"])
    old = old.drop(columns=[name for name in (IOU, STATE) if name in old.columns])
    keys = [name for name in ("index", "frame") if name in old.columns and name in new.columns]
    if new.duplicated(keys).any():  # one label in several frames, which the old table cannot tell
        return old
    merged: DataFrame = old.merge(
        new.drop(columns=set(new.columns) & {"frame"} - set(keys)), on=keys, how="left"
    )
    return merged
