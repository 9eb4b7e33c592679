"""How each object came out, as columns of the layer's own table."""

from typing import TYPE_CHECKING, Any

from brushwood.session.feature_columns import with_columns

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
    """
    columns = [name for name in ("index", "frame", "iou", "state") if name in compared.columns]
    new = compared[columns].rename(columns={"iou": IOU, "state": STATE})
    return with_columns(features, new)
