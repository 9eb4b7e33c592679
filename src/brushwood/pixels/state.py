"""A fitted classifier as plain values, which a model file keeps, and back."""

import hashlib
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import numpy as np

from brushwood.arrays import ImageSource
from brushwood.errors import InputError
from brushwood.features.spec import FeatureSet
from brushwood.forest.forest import Forest
from brushwood.forest.params import ForestParams
from brushwood.pixels.scaling import IntensityRange, Scaling
from brushwood.pixels.survey import survey
from brushwood.pixels.training import Rows, TrainingSet

if TYPE_CHECKING:
    from brushwood.pixels.classifier import PixelClassifier

_PACKAGES = ("napari-brushwood", "numpy", "scikit-learn", "pyclesperanto")


def to_state(classifier: "PixelClassifier", *, include_rows: bool = False) -> dict[str, Any]:
    """Return everything that prediction needs, and where it came from.

    Returns
    -------
    dict
        ``features`` (one line), ``ndim``, ``n_channels``, ``channel_axis``, ``spacing``,
        ``scaling`` and ``range`` (JSON values), ``smoothing``, ``forest_params`` (JSON values),
        ``forest`` (dict of arrays), ``class_names`` and ``class_colors`` (dict of int to str),
        ``provenance`` (JSON values), ``rows`` (None, or a dict of the arrays ``features`` float32
        (pixel, feature) and ``classes`` int64 (pixel,)).
    """
    forest = classifier.fitted_forest()
    kept = classifier.stored_rows_ if include_rows else None
    rows = None if kept is None else {"features": kept.features, "classes": kept.classes}
    range_ = classifier.range_
    return {
        "features": str(classifier.features_),
        "ndim": classifier.ndim_,
        "n_channels": classifier.n_channels_,
        "channel_axis": classifier.channel_axis,
        "spacing": None if classifier.spacing is None else [float(s) for s in classifier.spacing],
        "scaling": Scaling.of(classifier.scaling).to_json(),
        "range": {
            "low": list(range_.low),
            "span": list(range_.span),
            # JSON has no infinity; noiseless images have that contrast.
            "contrast": [min(c, 1e30) for c in range_.contrast],
        },
        "smoothing": float(classifier.smoothing),
        "forest_params": (classifier.forest or ForestParams()).to_json(),
        "forest": forest.to_arrays(),
        "class_names": dict(classifier.class_names or {}),
        "class_colors": dict(classifier.class_colors or {}),
        "provenance": classifier.provenance_ or _provenance(classifier),
        "rows": rows,
    }


def from_state(state: dict[str, Any], cls: type["PixelClassifier"]) -> "PixelClassifier":
    """Return the classifier that `to_state` described.

    Raises
    ------
    InputError
        If the parts do not fit together. The forest itself is checked by `Forest.from_arrays`.
    """
    features = FeatureSet.parse(state["features"])
    classifier = cls(
        features,
        ForestParams.from_json(state["forest_params"]),
        channel_axis=state["channel_axis"],
        ndim=state["ndim"],
        spacing=state["spacing"],
        scaling=Scaling.from_json(state["scaling"]),
        smoothing=state["smoothing"],
        class_names=state["class_names"],
        class_colors=state["class_colors"],
    )
    forest = Forest.from_arrays(state["forest"])
    n_channels = state["n_channels"]
    n_planes = len(features.names(ndim=state["ndim"], n_channels=n_channels))
    values = {k: tuple(float(v) for v in state["range"][k]) for k in ("low", "span", "contrast")}
    _check(forest, n_planes, n_channels, values)
    classifier.forest_ = forest
    classifier.features_ = features
    classifier.ndim_, classifier.n_channels_ = state["ndim"], n_channels
    classifier.range_ = IntensityRange(values["low"], values["span"], values["contrast"])
    classifier.provenance_ = dict(state["provenance"])
    classifier.stored_rows_ = _rows(state.get("rows"), forest)
    return classifier


def _rows(rows: dict[str, Any] | None, forest: Forest) -> Rows | None:
    if rows is None:
        return None
    features, classes = rows["features"], rows["classes"]
    if features.ndim != 2 or features.shape != (classes.size, forest.n_features):
        raise InputError(
            f"The stored training pixels do not fit the model: {forest.n_features} features of "
            f"{classes.size} pixels were expected, but an array of shape {features.shape} came. "
            "The file may be damaged: save it again without training pixels."
        )
    return Rows(features.astype(np.float32), classes.astype(np.int64))


def _check(
    forest: Forest, n_planes: int, n_channels: int, values: dict[str, tuple[float, ...]]
) -> None:
    if forest.n_features != n_planes:
        raise InputError(
            f"The model's parts do not fit together: its features have {n_planes} planes, but its "
            f"forest was grown on {forest.n_features}. The file may be damaged."
        )
    sizes = {len(values["low"]), len(values["span"])} | {len(values["contrast"]) or n_channels}
    good = sizes == {n_channels} and all(np.isfinite(v).all() for v in values.values())
    if not good or min(values["span"]) <= 0:
        raise InputError(
            f"The model's intensity constants are not valid for {n_channels} channels: {values}. "
            "The file may be damaged."
        )


def _provenance(classifier: "PixelClassifier") -> dict[str, Any]:
    training: TrainingSet | None = classifier.training_
    images = [] if training is None else [fingerprint(source) for source in training.sources]
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": sys.version.split()[0],
        "packages": {name: _version(name) for name in _PACKAGES},
        "device": "" if training is None else str(training.maker.device),
        "seed": (classifier.forest or ForestParams()).seed,
        "images": images,
        "pixels": {str(k): n for k, n in classifier.counts_.items()},
    }


def fingerprint(source: ImageSource) -> dict[str, Any]:
    """Describe an image so that it can be recognised: shape, type and a hash of a fixed sample."""
    digest = hashlib.sha256()
    for sample in survey(source):
        for values in sample.values:
            digest.update(np.ascontiguousarray(values).tobytes())
    return {
        "shape": [*source.frames, *source.shape],
        "n_channels": source.n_channels,
        "dtype": str(source.dtype),
        "sample_sha256": digest.hexdigest(),
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
