"""`ObjectClassifier`: learns classes of objects from a table of measurements."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from brushwood.errors import AnnotationError, InputError, TableMismatchError
from brushwood.forest.forest import Forest
from brushwood.forest.grow import grow
from brushwood.forest.params import ForestParams
from brushwood.forest.rows import predict_rows
from brushwood.jobs import IDLE, Job
from brushwood.objects import state
from brushwood.objects.rows import (
    ObjectRows,
    check_columns,
    filled,
    filling,
    shared_units,
    values_of,
)
from brushwood.objects.training import (
    CLASS,
    PROBABILITY,
    UNCERTAINTY,
    aligned_classes,
    default_columns,
)
from brushwood.pixels.estimator import Estimator
from brushwood.tables import measurement_of

if TYPE_CHECKING:
    from pandas import DataFrame, Series

    from brushwood.objects.marks import Marks

#: A forest for tens to thousands of rows: full trees that try few columns a split, which differ
#: enough to agree only where the rows do. As scikit-learn's defaults, with twice the trees.
TABLE_FOREST = ForestParams(kind="random", n_trees=200, max_depth=None, max_features="sqrt")


class ObjectClassifier(Estimator):
    """Learns classes of objects from measurements: a random forest on a table's columns.

    The constructor only stores its arguments; `fit` learns, and what it learns ends in ``_``.

    Missing values: where a measure is undefined (NaN or infinite), the median of that column over
    the annotated rows stands in, in training and in prediction; `missing` counts them. A column
    without any number in the annotated rows is refused.

    Parameters
    ----------
    columns : sequence of str, optional
        Columns to learn from. Default: everything measured but positions, see
        `brushwood.objects.training.default_columns`.
    forest : ForestParams, optional
        How the forest is grown. Default: `TABLE_FOREST`, a random forest of 200 full trees.
    class_names, class_colors : mapping of int to str, optional
        Name, and colour as ``#rrggbb``, of classes; others than the annotated may be among them.
    measurement : mapping, optional
        What `brushwood.measure` needs to measure the columns again on another image, see
        `brushwood.tables.with_measurement`. Default: what the training tables note.

    Attributes
    ----------
    classes_ : int32 (class,)
        Class ids, ascending.
    forest_ : Forest
    columns_ : tuple of str
        What the forest learned from, in this order.
    units_ : dict of str to str
        Unit of the columns of which one was known; "" has no dimension.
    measurement_ : dict or None
        How the columns are measured; None if nobody knows.
    fill_ : float32 (column,)
        What stands in for missing values: medians of the annotated rows.
    rows_ : ObjectRows
        The annotated rows.
    counts_ : dict of int to int
        Annotated rows of each class.
    marks_ : mapping of str to Marks
        Class marks that are saved with the model, by the name of their labels layer.
    provenance_ : dict
        What is known of a loaded model's origin.
    """

    model_kind: ClassVar[str] = "object-classifier"

    forest_: Forest
    columns_: tuple[str, ...]
    units_: dict[str, str]
    measurement_: dict[str, Any] | None
    fill_: npt.NDArray[np.float32]
    rows_: ObjectRows
    marks_: "Mapping[str, Marks]" = MappingProxyType({})
    provenance_: dict[str, Any]

    def __init__(
        self,
        columns: Sequence[str] | None = None,
        forest: ForestParams | None = None,
        *,
        class_names: Mapping[int, str] | None = None,
        class_colors: Mapping[int, str] | None = None,
        measurement: Mapping[str, Any] | None = None,
    ) -> None:
        self.columns = columns
        self.forest = forest
        self.class_names = class_names
        self.class_colors = class_colors
        self.measurement = measurement

    def fit(self, table: Any, classes: Any, *, extend: bool = False, job: Job = IDLE) -> Self:
        """Learn from annotated rows.

        Parameters
        ----------
        table : DataFrame, or list of DataFrame
            One row an object; a list means several images.
        classes : Series or array of int (row,), or list of them
            Class ids, 0 for rows that are not annotated. A Series is aligned by its index.
        extend : bool
            Keep the annotated rows of earlier calls, and those stored in a loaded file.
        job : Job

        Raises
        ------
        AnnotationError
            If fewer than two classes are annotated, or a value is no class id.
        TableMismatchError
            If columns are missing, hold no number, or the tables' units differ.
        ShapeMismatchError
            If classes do not belong to the table's rows.
        """
        tables, given = _pairs(table, classes)
        names = [_name(k, len(tables)) for k in range(len(tables))]
        ids = [aligned_classes(*each) for each in zip(tables, given, names, strict=True)]
        goes_on = extend and self.is_fitted
        columns = self.columns_ if goes_on else self._columns(tables, names)
        units = shared_units(tables, columns)
        if goes_on:
            units = {**units, **self.units_}
        parts = [self.rows_] if goes_on else []
        for one, known, where in zip(tables, ids, names, strict=True):
            values = values_of(one, columns, units, where)
            parts.append(ObjectRows(values[known > 0], known[known > 0]))
        noted = self.measurement_ if goes_on else None
        for one in tables if noted is None else ():
            noted = noted or measurement_of(one)
        self._learn(ObjectRows.joined(parts), columns, units, job)
        self.measurement_ = noted if self.measurement is None else dict(self.measurement)
        return self

    def _learn(
        self, rows: ObjectRows, columns: Sequence[str], units: dict[str, str], job: Job
    ) -> None:
        _check_annotated(rows)
        empty = [n for n, v in zip(columns, rows.values.T, strict=True) if np.isnan(v).all()]
        if empty:
            raise TableMismatchError(
                f"No annotated object has a number in {', '.join(empty)}, so nothing can be "
                "learned from it. Leave out these columns, or annotate objects that have one."
            )
        fill = filling(rows.values)
        params = self.forest or TABLE_FOREST
        self.forest_ = grow(filled(rows.values, fill), rows.classes, params, job)
        self.columns_, self.units_, self.fill_ = tuple(columns), units, fill
        self.rows_ = rows
        self.provenance_ = {}

    @property
    def is_fitted(self) -> bool:
        """Whether there is a forest."""
        return hasattr(self, "forest_")

    @property
    def classes_(self) -> npt.NDArray[np.int32]:
        """Class ids, ascending."""
        return self.fitted_forest().classes

    @property
    def counts_(self) -> dict[int, int]:
        """Annotated rows of each class."""
        ids, n = np.unique(self.rows_.classes, return_counts=True)
        return {int(i): int(k) for i, k in zip(ids, n, strict=True)}

    @property
    def importances_(self) -> "Series[float]":
        """Share of each column in the trees' decisions, largest first; sums to 1.

        Mean decrease in impurity (Breiman et al. 1984). Columns that say the same share it.
        """
        import pandas as pd

        values = self.fitted_forest().importances.astype(np.float64)
        series = pd.Series(values, index=list(self.columns_), name="importance")
        return series.sort_values(ascending=False, kind="stable")

    def predict(self, table: "DataFrame", *, job: Job = IDLE) -> "Series[int]":
        """Return the class id of every row; equal probabilities go to the lowest id.

        Returns
        -------
        Series of int32, with the table's index, named ``class``

        Raises
        ------
        NotFittedError
            Before `fit`.
        TableMismatchError
            If the table lacks columns or has other units.
        """
        return self.predict_columns(table, job=job)[CLASS]

    def predict_proba(self, table: "DataFrame", *, job: Job = IDLE) -> "DataFrame":
        """Return the probability of each class: float64, one column a class id."""
        import pandas as pd

        p = self._probabilities(table, job)
        return pd.DataFrame(p, index=table.index, columns=self.classes_.tolist())

    def uncertainty(self, table: "DataFrame", *, job: Job = IDLE) -> "Series[float]":
        """Return the entropy of the probabilities over its maximum, 0 certain to 1 undecided."""
        return self.predict_columns(table, job=job)[UNCERTAINTY]

    def predict_columns(self, table: "DataFrame", *, job: Job = IDLE) -> "DataFrame":
        """Return class, its probability, and uncertainty of every row, computed together.

        Returns
        -------
        DataFrame with the table's index
            ``class`` int32, ``class_probability`` and ``class_uncertainty`` float64.
        """
        import pandas as pd

        from brushwood.forest.reference import uncertainty

        p = self._probabilities(table, job)
        best = np.argmax(p, axis=1)
        columns = {
            CLASS: self.classes_[best],
            PROBABILITY: p[np.arange(len(p)), best],
            UNCERTAINTY: uncertainty(p.T),
        }
        return pd.DataFrame(columns, index=table.index)

    def missing(self, table: "DataFrame") -> dict[str, int]:
        """Return how many rows have no number in a column, for the columns where some have none."""
        values = self._values(table)
        n = np.isnan(values).sum(axis=0).tolist()
        return {name: k for name, k in zip(self.columns_, n, strict=True) if k}

    def check(self, table: "DataFrame") -> None:
        """Check that a table fits.

        Raises
        ------
        TableMismatchError
            Naming columns that are missing, or are in other units.
        """
        self._values(table)

    def save(
        self, path: "str | Path", *, overwrite: bool = False, include_rows: bool = True
    ) -> None:
        """Write a ``.brushwood`` model file; see `brushwood.models`.

        Parameters
        ----------
        include_rows : bool
            Store the annotated rows, so that training can go on after loading.
        """
        from brushwood.models import save

        save(self, path, overwrite=overwrite, include_rows=include_rows)

    def fitted_forest(self) -> Forest:
        """Return the forest, or raise `sklearn.exceptions.NotFittedError`."""
        if not self.is_fitted:
            from sklearn.exceptions import NotFittedError

            raise NotFittedError(
                "This classifier has no forest yet. Call fit with a table and its classes, or load "
                "a model with brushwood.load."
            )
        return self.forest_

    def to_state(self, *, include_rows: bool = True) -> dict[str, Any]:
        """Return the fitted classifier as plain values; see `brushwood.objects.state`."""
        return state.to_state(self, include_rows=include_rows)

    @classmethod
    def from_state(cls, values: Mapping[str, Any]) -> "ObjectClassifier":
        """Return the classifier that `to_state` described."""
        return state.from_state(values, cls)

    def _columns(self, tables: "Sequence[DataFrame]", names: Sequence[str]) -> tuple[str, ...]:
        if self.columns is not None:
            chosen = tuple(dict.fromkeys(self.columns))
        else:
            chosen = tuple(default_columns(tables[0]))
        if not chosen:
            raise InputError(
                "There is no column to learn from. Choose columns that hold measurements; keys, "
                "positions and text are not learned from unless they are named."
            )
        for table, where in zip(tables, names, strict=True):
            check_columns(table, chosen, where)
        return chosen

    def _values(self, table: "DataFrame") -> npt.NDArray[np.float32]:
        self.fitted_forest()
        return values_of(table, self.columns_, self.units_, "the table")

    def _probabilities(self, table: "DataFrame", job: Job) -> npt.NDArray[np.float64]:
        return predict_rows(self.fitted_forest(), filled(self._values(table), self.fill_), job)


def _pairs(table: Any, classes: Any) -> tuple[list[Any], list[Any]]:
    """Return tables and classes as two lists of one length."""
    if not isinstance(table, list | tuple):
        return [table], [classes]
    given = list(classes) if isinstance(classes, list | tuple) else [classes]
    if len(table) != len(given) or not table:
        raise InputError(
            f"Every table needs classes of its own: {len(table)} tables came with {len(given)}. "
            "Pass two lists of one length."
        )
    return list(table), given


def _name(number: int, n: int) -> str:
    return "the table" if n == 1 else f"table {number + 1}"


def _check_annotated(rows: ObjectRows) -> None:
    if not len(rows):
        raise AnnotationError("No object has a class yet: give at least one of each class.")
    if (found := np.unique(rows.classes)).size == 1:
        raise AnnotationError(
            f"Only class {found[0]} is annotated: give an object another class as well."
        )
