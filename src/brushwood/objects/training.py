"""Rows to learn from: classes of rows in any spelling, and the columns worth learning from."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from brushwood.errors import AnnotationError, InputError, ShapeMismatchError
from brushwood.tables import CLASS_RESULTS, describing_columns

if TYPE_CHECKING:
    from pandas import DataFrame

#: Columns that classifying writes into a table.
RESULTS = CLASS_RESULTS
CLASS, NAME, PROBABILITY, UNCERTAINTY, ANNOTATED = RESULTS


def default_columns(table: "DataFrame") -> list[str]:
    """Return the columns that are learned from if nobody chose: what is measured, but no place.

    Left out are keys, text, the position (``centroid-0`` …, ``bbox-0`` …), parents and clusters,
    the results of an earlier classification or exploration, ``num_pixels`` beside ``area`` (it
    would tie the classifier to one pixel size), and columns without any number.
    """
    return [
        name
        for name in describing_columns(table)
        if np.isfinite(table[name].to_numpy(dtype=np.float64, na_value=np.nan)).any()
    ]


def class_ids(values: Any, names: Mapping[int, str] | None = None) -> tuple[Any, dict[int, str]]:
    """Return class ids of values that may be numbers or names.

    Parameters
    ----------
    values : Series or array
        Whole numbers, 0 or empty for "not annotated"; or names, empty for "not annotated".
    names : mapping of id to name, optional
        Ids that names have already; new names take the next free ids in alphabetic order.

    Returns
    -------
    ids : ndarray of int64
    names : dict of int to str

    Raises
    ------
    AnnotationError
        If a value is no class.
    """
    import pandas as pd

    series = pd.Series(np.asarray(values))
    known = dict(names or {})
    if pd.api.types.is_numeric_dtype(series.dtype):
        return _whole(series.to_numpy(dtype=np.float64, na_value=np.nan)), known
    words = series.astype("string").str.strip().fillna("")
    if words.str.fullmatch(r"\d{1,5}|").all():
        return _whole(words.replace("", "0").to_numpy(dtype=np.float64)), known
    by_name = {name: i for i, name in known.items()}
    for word in sorted(set(words) - {""} - set(by_name)):
        by_name[word] = max(by_name.values(), default=0) + 1
    if len(by_name) > 255:
        raise AnnotationError(
            f"{len(by_name)} different classes came, at most 255 can be told apart. Choose a "
            "column that holds classes."
        )
    by_name[""] = 0
    ids = words.map(by_name).to_numpy(dtype=np.int64)
    return ids, {i: name for name, i in sorted(by_name.items(), key=lambda item: item[1]) if i}


def classes_of_rows(table: "DataFrame", column: str) -> dict[Any, int]:
    """Return the class of each object that a column annotates, by label or (frame, label).

    Raises
    ------
    InputError
        If the column or the key is missing.
    AnnotationError
        If a value is no class.
    """
    key = next((name for name in ("label", "index") if name in table.columns), None)
    if key is None or column not in table.columns:
        missing = column if column not in table.columns else "label"
        raise InputError(
            f"The table has no column {missing!r}. It has {', '.join(map(str, table.columns))}. "
            "Choose the column of classes, in a table that says which object a row is."
        )
    ids, _ = class_ids(table[column])
    labels = table[key].to_numpy().astype(np.int64).tolist()
    keys: list[Any] = labels
    if "frame" in table.columns:
        keys = list(zip(table["frame"].to_numpy().astype(int).tolist(), labels, strict=True))
    return {k: int(i) for k, i in zip(keys, ids, strict=True) if i}


def aligned_classes(table: "DataFrame", classes: Any, where: str) -> npt.NDArray[np.int64]:
    """Return class ids in the order of a table's rows.

    A Series is aligned by its index, so that the classes of some rows are enough; rows that it does
    not name are not annotated. Anything else has one value a row.

    Raises
    ------
    ShapeMismatchError
        If an array has another length, or a Series names rows that the table does not have.
    """
    import pandas as pd

    if isinstance(classes, pd.Series) and not classes.index.equals(table.index):
        unknown = classes.index.difference(table.index)
        if len(unknown) or not table.index.is_unique or not classes.index.is_unique:
            raise ShapeMismatchError(
                f"The classes of {where} belong to other rows: {len(unknown)} of {len(classes)} "
                "are not in the table. Pass one class a row, 0 where it is not annotated."
            )
        classes = classes.reindex(table.index)
    values = np.asarray(classes)
    if values.shape != (len(table),):
        raise ShapeMismatchError(
            f"{where.capitalize()} has {len(table)} rows, but classes of shape {values.shape} "
            "came. Pass one class a row, 0 where it is not annotated."
        )
    ids, _ = class_ids(values)
    return np.asarray(ids, np.int64)


def _whole(values: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    clean = np.where(np.isnan(values), 0.0, values)
    if clean.size and not ((clean == np.floor(clean)) & (clean >= 0) & (clean <= 65535)).all():
        bad = clean[~((clean == np.floor(clean)) & (clean >= 0) & (clean <= 65535))][0]
        raise AnnotationError(
            f"Class ids must be whole numbers from 0 (not annotated) to 65535, but {bad:g} came. "
            "Choose a column that holds classes."
        )
    return clean.astype(np.int64)
