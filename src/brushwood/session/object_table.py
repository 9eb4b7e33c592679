"""The table of a labels layer: which columns measure something, and results joined to it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from brushwood.objects.results import BEFORE
from brushwood.objects.training import CLASS, NAME, PROBABILITY, UNCERTAINTY, default_columns
from brushwood.session.classes import Classes, find_class
from brushwood.session.object_work import Classified
from brushwood.tables import KEYS, with_units

if TYPE_CHECKING:
    from pandas import DataFrame

#: Most different values that a column of classes may have.
_MOST_CLASSES = 20


def table_of(features: Any, units: Mapping[str, str] | None = None) -> "DataFrame":
    """Return a layer's features as a table whose rows say which object they are.

    Without a column ``index`` or ``label``, row *i* is label *i*, as in napari.
    """
    import pandas as pd

    table = pd.DataFrame(features).copy(deep=False)
    if table.shape[1] and not {"index", "label"} & set(table.columns):
        table.insert(0, "index", np.arange(len(table)))
    known = {name: unit for name, unit in (units or {}).items() if name in table.columns}
    return with_units(table, known)


def labels_of(table: "DataFrame") -> npt.NDArray[np.int64]:
    """Return which object each row is, 0 where a row does not say."""
    import pandas as pd

    name = next((key for key in ("label", "index") if key in table.columns), None)
    if name is None:
        return np.zeros(len(table), np.int64)
    numbers = pd.to_numeric(table[name], errors="coerce")
    return np.asarray(numbers.fillna(0).to_numpy(), np.int64)


def frames_of(table: "DataFrame") -> npt.NDArray[np.int64]:
    """Return the frame of each row, 0 without frames."""
    if "frame" not in table.columns:
        return np.zeros(len(table), np.int64)
    return np.asarray(table["frame"].to_numpy(), np.int64)


def is_result(name: str) -> bool:
    """Whether a column holds what a classifier wrote."""
    stem = name.removesuffix(BEFORE).partition("-")[0]
    return stem in {CLASS, NAME, PROBABILITY, UNCERTAINTY}


def learnable_columns(table: "DataFrame") -> list[str]:
    """Return the columns that a forest may look at, without its own results."""
    return [name for name in default_columns(table) if not is_result(name)]


def shared_columns(tables: Sequence["DataFrame"]) -> list[str]:
    """Return the columns that all tables share, in the order of the first."""
    if not tables:
        return []
    rest = [set(learnable_columns(table)) for table in tables[1:]]
    return [name for name in learnable_columns(tables[0]) if all(name in r for r in rest)]


def class_columns(table: "DataFrame") -> list[str]:
    """Return the columns that may hold classes: text, or few whole numbers."""
    found = []
    for name in map(str, table.columns):
        if name in KEYS or is_result(name) or not len(table):
            continue
        values = table[name]
        if values.dtype.kind in "fc":
            continue
        if values.nunique() <= _MOST_CLASSES:
            found.append(name)
    return found


def result_columns(done: Classified, classes: Classes) -> dict[str, Any]:
    """Return the columns that results fill: class, its name, probabilities, uncertainty."""
    names = {0: "", **{c.id: c.name for c in classes}}
    ids, which = np.unique(done.classes, return_inverse=True)
    words = np.array([names.get(int(i), f"class {i}") for i in ids], object)[which]
    columns: dict[str, Any] = {CLASS: done.classes, NAME: words}
    for k, class_id in enumerate(done.class_ids):
        columns[probability_column(class_id, classes)] = done.probabilities[:, k]
    columns[UNCERTAINTY] = done.uncertainty
    return columns


def probability_column(class_id: int, classes: Classes) -> str:
    """Return the name of the column with the probability of a class."""
    info = find_class(classes, class_id)
    return f"{PROBABILITY}-{info.name if info else class_id}"


def with_results(
    features: "DataFrame", done: Classified, classes: Classes, before: Iterable[str]
) -> "DataFrame":
    """Return a table with results joined to its rows; all its other columns stay.

    A column of somebody else that has the name of a result gets the ending ``_before``.

    Parameters
    ----------
    features : DataFrame
        Rows in any order, also others than were classified.
    done : Classified
    classes : Classes
    before : iterable of str
        Columns that earlier results wrote, which are replaced.
    """
    import pandas as pd

    gone = [name for name in before if name in features.columns]
    table = features.drop(columns=gone)
    if not {"index", "label"} & set(table.columns):
        table = table_of(table)
    labels = labels_of(table)
    frames = frames_of(table) if done.has_frames else np.zeros(len(table), np.int64)
    columns = result_columns(done, classes)
    table = table.rename(columns={name: f"{name}{BEFORE}" for name in columns if name in table})
    theirs = done.frames if done.has_frames else np.zeros_like(done.frames)
    if np.array_equal(labels, done.labels) and np.array_equal(frames, theirs):
        at = np.arange(len(labels))
    else:
        known = pd.MultiIndex.from_arrays([theirs, done.labels])
        first = ~known.duplicated()
        rows = pd.Series(np.flatnonzero(first), index=known[first])
        wanted = pd.MultiIndex.from_arrays([frames, labels])
        at = rows.reindex(wanted).fillna(-1).to_numpy(np.int64)
    for name, values in columns.items():
        table[name] = _picked(values, at)
    return table


def _picked(values: npt.NDArray[Any], at: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    """Return values by row, and nothing where a row was not classified."""
    if not len(values):
        return np.full(len(at), "" if values.dtype == object else 0, values.dtype)
    picked = values[at]
    missing = at < 0
    if missing.any():
        picked[missing] = "" if values.dtype == object else np.nan if _is_float(values) else 0
    return picked


def _is_float(values: npt.NDArray[Any]) -> bool:
    return values.dtype.kind == "f"
