"""APOC's classifier of table rows: a forest on the columns of any table."""

import os
import re
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from brushwood.apoc.base import ClClassifier
from brushwood.errors import InputError, ShapeMismatchError
from brushwood.io.cl import ClHeader, ClModel
from brushwood.jobs import IDLE, Job

if TYPE_CHECKING:
    from pandas import DataFrame

_SEPARATORS = re.compile(r"[\s,]+")


class TableRowClassifier(ClClassifier):
    """Classifies rows of a table: of measurements, of a CSV file, of anything with numbers.

    Parameters
    ----------
    opencl_filename, max_depth, num_ensembles, overwrite
        See `ClClassifier`.
    """

    kind: ClassVar[str] = "TableRowClassifier"

    def __init__(
        self,
        opencl_filename: str | os.PathLike[str] | None = None,
        max_depth: int = 2,
        num_ensembles: int = 100,
        *,
        overwrite: bool = False,
    ) -> None:
        self._names: tuple[str, ...] = ()
        self._seen: tuple[npt.NDArray[Any], npt.NDArray[Any]] | None = None
        super().__init__(opencl_filename, max_depth, num_ensembles, overwrite=overwrite)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the tables, in the order of the trees."""
        return self._names

    @property
    def ordered_feature_names(self) -> list[str]:
        """Columns, in the order of the trees."""
        return list(self._names)

    def train(
        self,
        feature_table: Any,
        ground_truth: Any,
        continue_training: bool = False,
        job: Job = IDLE,
    ) -> Self:
        """Learn from rows.

        Parameters
        ----------
        feature_table : DataFrame, mapping of str to numbers, or path of a table
            All columns are features. Rows with a missing number are left out.
        ground_truth : int (row,)
            Class ids, which are kept; 0 is not annotated.
        continue_training : bool
            Keep the rows that were learned from in this session.
        """
        self._check_target()
        table = as_table(feature_table)
        names = tuple(map(str, table.columns))
        truth = np.asarray(ground_truth).reshape(-1)
        if truth.shape != (len(table),) or truth.dtype.kind not in "buif":
            raise ShapeMismatchError(
                f"Each of {len(table)} rows needs a class id, 0 if it is not annotated, but "
                f"{truth.dtype} of shape {np.shape(ground_truth)} came."
            )
        X = matrix(table, names)
        annotated = np.nan_to_num(truth.astype(np.float64)) > 0
        X, y = X[annotated], truth[annotated].astype(np.int64)
        if continue_training and self._seen is not None:
            if names != self._names:
                raise InputError("Training cannot go on with other columns. Train anew.")
            X = np.concatenate((self._seen[0], X))
            y = np.concatenate((self._seen[1], y))
        if not len(y):
            raise InputError("No row is annotated. Give at least two rows of two classes an id.")
        model = self._grow(X, y, tuple(map(written, names)), 1, job)
        self._names, self._seen = names, (X, y)
        changed = [name for name in names if written(name) != name]
        if changed:
            warnings.warn(
                "A .cl file does not hold spaces or commas in names: "
                f"{', '.join(map(repr, changed))} are written with '_' instead.",
                stacklevel=2,
            )
        return self._finish(model, job)

    def predict(self, feature_table: Any, job: Job = IDLE) -> npt.NDArray[np.uint32]:
        """Return the class of each row, uint32; 0 where a number is missing.

        Raises
        ------
        InputError
            If a column is missing or holds no numbers.
        """
        model = self.trained_model()
        X = matrix(as_table(feature_table), self._names)
        classes = model.predict(X, job)
        return np.where(np.isnan(X).any(axis=1), 0, classes).astype(np.uint32)

    def take(self, model: ClModel, columns: Sequence[str] = ()) -> None:  # noqa: D102
        super().take(model, columns)
        self._names = tuple(columns) or model.header.features

    @classmethod
    def accepts(cls, header: ClHeader) -> bool:  # noqa: D102
        return header.classifier == cls.kind


def as_table(table: Any) -> "DataFrame":
    """Return a table as a DataFrame; a path is read.

    Raises
    ------
    InputError
        If it is none of what a table can be.
    """
    import pandas as pd

    if isinstance(table, pd.DataFrame):
        return table
    if isinstance(table, Mapping):
        return pd.DataFrame(table)
    if isinstance(table, str | os.PathLike):
        from brushwood.io.tables import read_table

        return read_table(table)
    raise InputError(
        f"A table is a DataFrame, a mapping of names to numbers or a path, not {type(table)}."
    )


def matrix(table: "DataFrame", names: tuple[str, ...]) -> npt.NDArray[np.float32]:
    """Return columns of a table, float32 (row, column), NaN where a number is missing.

    Raises
    ------
    InputError
        Naming what is missing or holds no numbers.
    """
    by_name = {written(str(name)): name for name in table.columns}
    by_name |= {str(name): name for name in table.columns}
    missing = [name for name in names if name not in by_name]
    if missing:
        raise InputError(
            f"The table lacks columns that the classifier was trained on: {', '.join(missing)}. It "
            f"has {', '.join(map(str, table.columns))}. Measure them, or train again."
        )
    columns = [table[by_name[name]] for name in names]
    wrong = [n for n, c in zip(names, columns, strict=True) if c.dtype.kind not in "buif"]
    if wrong:
        raise InputError(
            f"These columns do not hold numbers: {', '.join(wrong)}. Leave them out of the table."
        )
    with np.errstate(over="ignore"):
        return np.stack([c.to_numpy(np.float32, na_value=np.nan) for c in columns], axis=1)


def written(name: str) -> str:
    """Return a name as a ``.cl`` file can hold it."""
    return _SEPARATORS.sub("_", name.strip()) or "_"
