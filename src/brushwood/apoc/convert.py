"""Between ``.cl`` files and Brushwood's pixel classifiers, with what gets lost said aloud."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.apoc.export import checked_classes, notes_of
from brushwood.apoc.features import parse_features, unknown_filters
from brushwood.errors import InputError
from brushwood.forest.forest import LEAF, Forest
from brushwood.forest.params import ForestParams
from brushwood.io.cl.header import ClHeader
from brushwood.io.cl.model import ClModel, above
from brushwood.opencl.device import Device
from brushwood.pixels.classifier import PixelClassifier

#: APOC's classes that classify pixels; "" is what the oldest files say.
PIXEL_KINDS = ("PixelClassifier", "ObjectSegmenter", "ProbabilityMapper", "")
#: The version of APOC whose files these are like.
APOC_VERSION = "0.12.0"


def import_cl(
    model: ClModel,
    *,
    ndim: int | None = None,
    class_names: Mapping[int, str] | None = None,
    class_ids: Sequence[int] | None = None,
    device: Device | str | None = None,
) -> PixelClassifier:
    """Return a ``.cl`` file's pixel classifier as one of Brushwood.

    Questions, votes and features are those of the file: intensities are not scaled and
    probabilities not smoothed. Channels stand along the first axis.

    Parameters
    ----------
    model : ClModel
        From `brushwood.io.cl.read_cl`.
    ndim : {2, 3}, optional
        Spatial dimensions, where the file does not say.
    class_names : mapping of int to str, optional
        Names by class id.
    class_ids : sequence of int, optional
        Values of the annotation that it was trained on, ascending. APOC numbers classes 1, 2, …
        whatever they were. Default: these numbers.
    device : Device or str, optional

    Raises
    ------
    UnknownFilterError
        If it asks for features that Brushwood does not compute.
    InputError
        If it is not a pixel classifier, or `ndim` must be said.
    """
    header = model.header
    if header.classifier not in PIXEL_KINDS or header.ndim == 1:
        raise InputError(
            f"This file holds APOC's {header.classifier or 'object classifier'}, which does not "
            "classify pixels. Open it with brushwood.apoc.load."
        )
    ids = checked_ids(class_ids, model.n_classes)
    features, places = parse_features(header.features)
    n_channels, rest = divmod(model.n_features, len(places))
    if rest:
        raise InputError(
            f"The classifier lists {len(places)} features but has {model.n_features} inputs, which "
            "is no multiple: how many channels it expects is not known. Train it again."
        )
    arrays = _moved(model.to_forest(ids), places, len(features.features), n_channels)
    state = {
        "features": str(features),
        "ndim": checked_ndim(header.ndim, ndim),
        "n_channels": n_channels,
        "channel_axis": 0 if n_channels > 1 else None,
        "spacing": None,
        "scaling": {"mode": "none"},
        "range": {"low": [0.0] * n_channels, "span": [1.0] * n_channels, "contrast": []},
        "smoothing": 0.0,
        "forest_params": _params(header, model.n_trees).to_json(),
        "forest": arrays,
        "class_names": dict(class_names or {}) or None,
        "class_colors": None,
        "provenance": _provenance(header, model),
        "rows": None,
    }
    classifier = PixelClassifier.from_state(state)
    return classifier.set_params(device=device)


def export_cl(
    classifier: PixelClassifier,
    *,
    kind: str = "PixelClassifier",
    chosen_class: int | None = None,
) -> tuple[ClModel, tuple[str, ...]]:
    """Return a pixel classifier as a ``.cl`` file's contents, and what gets lost.

    Class ids are kept: classes that were never trained have no votes. The constants that
    intensities are scaled by go into the thresholds.

    Parameters
    ----------
    classifier : PixelClassifier
        Fitted, with APOC's filters only.
    kind : {"PixelClassifier", "ObjectSegmenter", "ProbabilityMapper"}
    chosen_class : int, optional
        Class that becomes objects, or whose probability is written. Default: the largest id.

    Returns
    -------
    model : ClModel
    notes : tuple of str
        What APOC or Fiji cannot express, a sentence each.

    Raises
    ------
    InputError
        If it has filters or class ids that a ``.cl`` file cannot express.
    """
    if kind not in PIXEL_KINDS[:3]:
        raise InputError(f"A pixel classifier becomes one of {', '.join(PIXEL_KINDS[:3])}.")
    forest = classifier.fitted_forest()
    missing = unknown_filters(classifier.features_)
    if missing:
        raise InputError(
            f"APOC does not have these features: {', '.join(missing)}. Train with APOC's filters, "
            "for example the preset 'object_size_1_to_5_px', and scaling 'none', then export."
        )
    classes = checked_classes(forest)
    one = int(classes[-1]) if chosen_class is None else int(chosen_class)
    if one not in classes:
        raise InputError(
            f"There is no class {one}: the classes are {', '.join(map(str, classes))}."
        )
    header = ClHeader(
        classifier=kind,
        features=tuple(str(f) for f in classifier.features_.features),
        ndim=classifier.ndim_,
        positive_class=one if kind == "ObjectSegmenter" else None,
    )
    low, factor = _folding(classifier)
    model = forest_to_cl(forest, header, low=low, factor=factor)
    if kind == "ProbabilityMapper":
        model = _with_probability(model, one)
    return model, notes_of(classifier, model)


def forest_to_cl(
    forest: Forest,
    header: ClHeader,
    *,
    low: npt.NDArray[np.float64] | None = None,
    factor: npt.NDArray[np.float64] | None = None,
) -> ClModel:
    """Return a forest as the contents of a ``.cl`` file.

    Parameters
    ----------
    forest : Forest
    header : ClHeader
        Counts are filled in from the forest.
    low, factor : float64 (feature,), optional
        A feature as the forest knows it is ``(x - low) / factor`` of the file's.
    """
    inner = forest.feature != LEAF
    threshold = np.where(inner, above(forest.threshold), 0.0)
    if low is not None and factor is not None:
        asked = np.where(inner, forest.feature, 0)
        exact = (low[asked] == 0) & (factor[asked] == 1)
        threshold = np.where(exact, threshold, threshold * factor[asked] + low[asked])
        threshold = threshold.astype(np.float32).astype(np.float64)
    classes = checked_classes(forest)
    weights = np.zeros((forest.n_nodes, int(classes[-1])))
    weights[:, classes - 1] = forest.value
    return ClModel(
        header=_counted(header, forest, int(classes[-1])),
        feature=forest.feature.copy(),
        threshold=threshold,
        left=forest.left.copy(),
        right=forest.right.copy(),
        weights=weights,
        roots=forest.roots.copy(),
        n_features=forest.n_features,
    )


def checked_ids(class_ids: Sequence[int] | None, n_classes: int) -> npt.NDArray[np.int32]:
    """Return the ids that a file's classes take.

    Raises
    ------
    InputError
        If there are not as many as classes, or they do not ascend.
    """
    ids = np.asarray(range(1, n_classes + 1) if class_ids is None else class_ids, np.int64)
    good = ids.shape == (n_classes,) and ids.min() >= 1 and ids.max() <= 65535
    if not good or (np.diff(ids) <= 0).any():
        raise InputError(
            f"The classifier has {n_classes} classes, so {n_classes} ascending ids from 1 to 65535 "
            f"are needed, but {list(map(int, ids))} came. Give the annotation's values in order."
        )
    return ids.astype(np.int32)


def checked_ndim(declared: int | None, given: int | None) -> int:
    """Return the spatial dimensions of a file, or ask for them.

    Raises
    ------
    InputError
        If neither the file nor the caller says, or they disagree.
    """
    if given is not None and given not in (2, 3):
        raise InputError(f"Pixels are classified in 2 or 3 dimensions, not in {given}.")
    if declared is None and given is None:
        raise InputError(
            "The file does not say whether it was trained on planes or on stacks. Say ndim=2 or "
            "ndim=3; on the command line, convert it with brushwood convert and --ndim 2 or 3."
        )
    if declared is not None and given is not None and declared != given:
        raise InputError(
            f"The classifier was trained in {declared} dimensions, not in {given}. Leave out ndim."
        )
    found = declared or given or 0
    if found not in (2, 3):
        raise InputError(f"Pixels are classified in 2 or 3 dimensions, but the file says {found}.")
    return found


def _moved(
    forest: Forest, places: tuple[int, ...], n_unique: int, n_channels: int
) -> dict[str, npt.NDArray[Any]]:
    """Return the forest's arrays with features in the places that the feature set gives them."""
    per_channel = np.asarray(places, np.int32)
    channels = np.arange(n_channels, dtype=np.int32)[:, None] * n_unique
    column = (channels + per_channel).reshape(-1)
    arrays = forest.to_arrays()
    asked = np.where(forest.feature == LEAF, 0, forest.feature)
    importances = np.zeros(n_unique * n_channels, np.float32)
    np.add.at(importances, column, forest.importances)
    arrays["feature"] = np.where(forest.feature == LEAF, LEAF, column[asked]).astype(np.int32)
    arrays["importances"] = importances
    arrays["n_features"] = np.asarray(n_unique * n_channels, np.int32)
    return arrays


def _params(header: ClHeader, n_trees: int) -> ForestParams:
    depth = header.max_depth
    return ForestParams(
        kind="random",
        n_trees=min(header.n_trees or n_trees, 1000) or 1,
        max_depth=None if depth is None or not 1 <= depth <= 64 else depth,
        max_features="sqrt",
    )


def _provenance(header: ClHeader, model: ClModel) -> dict[str, Any]:
    origin = {
        "classifier": header.classifier,
        "features": " ".join(header.features),
        "version": header.apoc_version,
        "positive_class": header.positive_class,
        "probability_class": model.probability_class,
    }
    # Without a date: the same file gives the same model.
    return {
        "packages": {"apoc": header.apoc_version} if header.apoc_version else {},
        "apoc": {k: v for k, v in origin.items() if v not in (None, "")},
    }


def _counted(header: ClHeader, forest: Forest, n_classes: int) -> ClHeader:
    return replace(
        header,
        n_classes=n_classes,
        n_features=forest.n_features,
        max_depth=forest.depth,
        n_trees=forest.n_trees,
        importances=tuple(map(float, forest.importances)) if forest.importances.any() else (),
        apoc_version=header.apoc_version or APOC_VERSION,
    )


def _with_probability(model: ClModel, class_: int) -> ClModel:
    return replace(model, probability_class=class_)


def _folding(
    classifier: PixelClassifier,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return what each feature of a scaled image is in terms of the image as it is.

    Filters are linear, or, as Sobel's root of squares, scale with the image: all that is left of
    the constant that was taken off is what the filter answers to a constant image.
    """
    range_ = classifier.range_
    low, factor = [], []
    for channel_low, span in zip(range_.low, range_.span, strict=True):
        for feature in classifier.features_.features:
            low.append(channel_low * _answer_to_one(feature.filter, classifier.ndim_))
            factor.append(span)
    return np.array(low, np.float64), np.array(factor, np.float64)


def _answer_to_one(filter_: str, ndim: int) -> float:
    if filter_ in ("original", "gaussian_blur"):
        return 1.0
    # c minus the sum of 26 neighbours; in 2-D it is 8 c minus the sum of 8.
    return -25.0 if filter_ == "laplace_box_of_gaussian_blur" and ndim == 3 else 0.0
