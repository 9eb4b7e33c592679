"""Class ids that do not fit those of the truth: renumber them, or say so."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.errors import InputError
from brushwood.evaluate.scores import PixelScores


def relabelled(prediction: Any, classes: Mapping[int, int] | None) -> Any:
    """Renumber class ids.

    Parameters
    ----------
    prediction : array-like of int
    classes : mapping of int to int, or None
        New id of every old one; others stay. None: nothing changes.

    Raises
    ------
    InputError
        If the prediction does not hold whole numbers, or an id is negative.
    """
    if not classes:
        return prediction
    values = np.asarray(prediction)
    if values.dtype.kind not in "biu":
        raise InputError(
            f"The prediction holds {values.dtype} values, but class ids are whole numbers."
        )
    if min(classes.values()) < 0:
        raise InputError("Class ids are 0 or positive; a new id is negative.")
    ids, at = np.unique(values, return_inverse=True)
    new: npt.NDArray[np.int64] = np.array([classes.get(int(i), int(i)) for i in ids], np.int64)
    return new[at].reshape(values.shape)


def class_problem(scores: PixelScores) -> str:
    """Say when prediction and truth have no class ids in common or use others, "" if they fit."""
    rows, columns = scores.confusion.sum(axis=1), scores.confusion.sum(axis=0)
    true = {i for i, n in zip(scores.ids, rows, strict=True) if n}
    found = {i for i, n in zip(scores.ids, columns, strict=True) if n}
    extra = sorted(found - true - {0})  # 0 says that nothing was predicted there
    listed = ", ".join(map(str, extra[:5]))
    if not found & true:
        return (
            f"Truth and prediction have no class in common: {_ids(true)} against {_ids(found)}. "
            "If they mean the same, renumber the prediction's classes."
        )
    return f"The prediction has classes that the truth lacks: {listed}." if extra else ""


def _ids(ids: set[int]) -> str:
    return ", ".join(map(str, sorted(ids)[:5]))
