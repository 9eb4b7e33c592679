"""A fitted object classifier as plain values, which a model file keeps, and back."""

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import numpy as np

from brushwood.errors import InputError
from brushwood.forest.forest import Forest
from brushwood.forest.params import ForestParams
from brushwood.objects.marks import Marks
from brushwood.objects.rows import ObjectRows

if TYPE_CHECKING:
    from brushwood.objects.classifier import ObjectClassifier

_PACKAGES = ("napari-brushwood", "numpy", "scikit-learn")


def to_state(classifier: "ObjectClassifier", *, include_rows: bool = True) -> dict[str, Any]:
    """Return everything that prediction needs, and where it came from.

    Returns
    -------
    dict
        ``columns`` (list of str), ``units`` (dict), ``measurement`` (JSON values or None),
        ``fill`` float32 (column,), ``forest_params`` (JSON values), ``forest`` (dict of arrays),
        ``class_names`` and ``class_colors`` (dict of int to str), ``provenance`` (JSON values),
        ``marks`` (dict of layer name to JSON values, see `Marks.to_json`),
        ``rows`` (None, or a dict of the arrays ``features`` float32 (row, column), NaN where a
        value is missing, and ``classes`` int64 (row,)).
    """
    from brushwood.objects.classifier import TABLE_FOREST

    forest = classifier.fitted_forest()
    kept = classifier.rows_ if include_rows and len(classifier.rows_) else None
    return {
        "columns": list(classifier.columns_),
        "units": dict(classifier.units_),
        "measurement": classifier.measurement_,
        "fill": classifier.fill_,
        "forest_params": (classifier.forest or TABLE_FOREST).to_json(),
        "forest": forest.to_arrays(),
        "class_names": dict(classifier.class_names or {}),
        "class_colors": dict(classifier.class_colors or {}),
        "provenance": classifier.provenance_ or _provenance(classifier),
        "marks": {name: marks.to_json() for name, marks in classifier.marks_.items()},
        "rows": None if kept is None else {"features": kept.values, "classes": kept.classes},
    }


def from_state(values: Mapping[str, Any], cls: "type[ObjectClassifier]") -> "ObjectClassifier":
    """Return the classifier that `to_state` described.

    Raises
    ------
    InputError
        If the parts do not fit together. The forest itself is checked by `Forest.from_arrays`.
    """
    columns = tuple(values["columns"])
    classifier = cls(
        columns,
        ForestParams.from_json(values["forest_params"]),
        class_names=values["class_names"],
        class_colors=values["class_colors"],
        measurement=values["measurement"],
    )
    forest = Forest.from_arrays(values["forest"])
    fill = np.asarray(values["fill"], np.float32)
    if not len(columns) == len(set(columns)) == forest.n_features == fill.size:
        raise InputError(
            f"The model's parts do not fit together: it names {len(columns)} columns, but its "
            f"forest was grown on {forest.n_features}. The file may be damaged."
        )
    if not np.isfinite(fill).all() or not set(values["units"]) <= set(columns):
        raise InputError(
            "The model's stand-ins for missing values, or its units, are not valid. The file may "
            "be damaged."
        )
    classifier.forest_ = forest
    classifier.columns_, classifier.units_ = columns, dict(values["units"])
    classifier.measurement_ = values["measurement"]
    classifier.fill_ = fill
    classifier.rows_ = _rows(values["rows"], forest)
    classifier.marks_ = {n: Marks.from_json(m) for n, m in values.get("marks", {}).items()}
    classifier.provenance_ = dict(values["provenance"])
    return classifier


def _rows(rows: Mapping[str, Any] | None, forest: Forest) -> ObjectRows:
    if rows is None:
        return ObjectRows(np.zeros((0, forest.n_features), np.float32), np.zeros(0, np.int64))
    features, classes = rows["features"], rows["classes"]
    if features.ndim != 2 or features.shape != (classes.size, forest.n_features):
        raise InputError(
            f"The stored rows do not fit the model: {forest.n_features} columns of {classes.size} "
            f"objects were expected, but an array of shape {features.shape} came. The file may be "
            "damaged."
        )
    return ObjectRows(features.astype(np.float32), classes.astype(np.int64))


def _provenance(classifier: "ObjectClassifier") -> dict[str, Any]:
    from brushwood.objects.classifier import TABLE_FOREST

    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": sys.version.split()[0],
        "packages": {name: _version(name) for name in _PACKAGES},
        "seed": (classifier.forest or TABLE_FOREST).seed,
        "objects": {str(k): n for k, n in classifier.counts_.items()},
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
