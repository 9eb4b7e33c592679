"""APOC's merger of objects: a forest on touching pairs decides which belong together."""

import os
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from brushwood.apoc.base import ClClassifier
from brushwood.apoc.neighbors import Neighbors
from brushwood.apoc.statistics import Statistics, checked_labels
from brushwood.apoc.touching import Touches
from brushwood.arrays import AnyArray
from brushwood.errors import InputError, ShapeMismatchError
from brushwood.io.cl.header import split_features
from brushwood.jobs import IDLE, Job
from brushwood.objects.merge import merge_labels

if TYPE_CHECKING:
    from pandas import DataFrame

_DIFFERENCES = (
    "mean_intensity",
    "standard_deviation_intensity",
    "area",
    "mean_max_distance_to_centroid_ratio",
)
#: Features of a pair of objects.
PAIR_FEATURES = (
    "mean_touch_intensity",
    "touch_portion",
    "touch_count",
    "centroid_distance",
    *(f"{name}_difference" for name in _DIFFERENCES),
)
#: Classes of pairs, in the annotation and in the file.
MERGE, KEEP = 1, 2

Float32 = npt.NDArray[np.float32]
Int64 = npt.NDArray[np.int64]


class ObjectMerger(ClClassifier):
    """Merges objects that touch, as an annotation of their borders taught it.

    Parameters
    ----------
    opencl_filename, max_depth, num_ensembles, overwrite
        See `ClClassifier`.
    """

    kind: ClassVar[str] = "ObjectMerger"

    def __init__(
        self,
        opencl_filename: str | os.PathLike[str] | None = None,
        max_depth: int = 2,
        num_ensembles: int = 100,
        *,
        overwrite: bool = False,
    ) -> None:
        self._seen: tuple[npt.NDArray[Any], npt.NDArray[Any]] | None = None
        self._names: tuple[str, ...] = ()
        super().__init__(opencl_filename, max_depth, num_ensembles, overwrite=overwrite)

    def train(
        self,
        features: str,
        labels: Any,
        sparse_annotation: Any,
        image: Any = None,
        continue_training: bool = False,
        job: Job = IDLE,
    ) -> Self:
        """Learn from borders.

        Parameters
        ----------
        features : str
            Names out of `PAIR_FEATURES`, separated by spaces or commas.
        labels : int array (Y, X) or (Z, Y, X)
        sparse_annotation : int array of the same shape
            Painted across the border of two objects: 1 merges them, 2 keeps them apart.
        image : array of the same shape, optional
            Intensities. APOC's ``mean_touch_intensity`` takes whole numbers: fractions are cut off.
        continue_training : bool
            Keep the pairs that were learned from in this session.
        """
        self._check_target()
        names = split_features(features)
        low, high, y = _annotated(labels, sparse_annotation)
        X = pair_features(names, labels, image, low, high, job.part(0, 0.5))
        if continue_training and self._seen is not None:
            if names != self._names:
                raise InputError("Training cannot go on with other features. Train anew.")
            X = np.concatenate((self._seen[0], X))
            y = np.concatenate((self._seen[1], y))
        if not len(y):
            raise InputError(
                "No border is annotated. Paint 1 across the border of two objects that belong "
                "together, and 2 across one that must stay."
            )
        model = self._grow(X, y, names, 2, job.part(0.5, 1))
        self._names, self._seen = names, (X, y)
        return self._finish(model, job)

    def predict(self, labels: Any, image: Any = None, job: Job = IDLE) -> Any:
        """Return the labels after merging, uint32.

        Numbers follow the largest label of an object's parts; labels that do not exist keep their
        place in the count, as in APOC.
        """
        labels = checked_labels(labels)
        n = int(labels.max(initial=0))
        merged = merge_labels(np.arange(n + 1), self.pairs(labels, image, job))
        last = np.zeros(n + 1, np.int64)
        np.maximum.at(last, merged, np.arange(n + 1))
        order = np.unique(last[merged[1:]])
        table = np.searchsorted(order, last[merged]) + 1
        table[0] = 0
        return table.astype(np.uint32)[labels]

    def pairs(self, labels: Any, image: Any = None, job: Job = IDLE) -> Int64:
        """Return the pairs of touching objects that belong together, int64 (pair, 2).

        Pass them to `brushwood.objects.merge_labels` to keep the other labels as they are.
        """
        table = self.table(labels, image, job)
        chosen = table[table["class"] == MERGE]
        pairs: Int64 = chosen[["label", "neighbor"]].to_numpy(np.int64)
        return pairs

    def table(self, labels: Any, image: Any = None, job: Job = IDLE) -> "DataFrame":
        """Return touching pairs, both ways round, with their features and class."""
        import pandas as pd

        model = self.trained_model()
        t = Touches.of(labels)
        low, high = _both_ways(t.low[t.between_objects], t.high[t.between_objects])
        X = pair_features(model.header.features, labels, image, low, high, job.part(0, 0.8))
        columns = dict(zip(model.header.features, X.T, strict=True))
        classes = model.predict(X, job.part(0.8, 1))
        return pd.DataFrame({"label": low, "neighbor": high, **columns, "class": classes})


def pair_features(
    names: Sequence[str],
    labels: Any,
    image: Any,
    one: Int64,
    other: Int64,
    job: Job = IDLE,
) -> Float32:
    """Measure pairs of objects as APOC does.

    Parameters
    ----------
    names : sequence of str
        Out of `PAIR_FEATURES`.
    one, other : int64 (pair,)
        Labels. The portion of a border that the two share is the first one's.

    Returns
    -------
    float32 (pair, feature)
    """
    unknown = [name for name in names if name not in PAIR_FEATURES]
    if unknown or not names:
        raise InputError(
            f"Brushwood does not measure {', '.join(unknown) or 'nothing'} of pairs. It measures "
            f"{', '.join(PAIR_FEATURES)}."
        )
    labels = checked_labels(labels)
    if "mean_touch_intensity" in names and image is None:
        raise InputError("mean_touch_intensity needs an image. Pass image=.")
    if image is not None and np.shape(image) != labels.shape:
        raise ShapeMismatchError(
            f"The image must have the labels' shape {labels.shape}, not {np.shape(image)}."
        )
    pairs = _Pairs(labels, None if image is None else np.asarray(image), one, other, job)
    return np.stack([pairs.column(name) for name in names], axis=1).astype(np.float32)


class _Pairs:
    """Features of pairs of one label image."""

    def __init__(
        self, labels: AnyArray, image: AnyArray | None, one: Int64, other: Int64, job: Job
    ) -> None:
        self.one, self.other = one, other
        self.touches = Touches.of(labels, image)
        self.around = Neighbors(labels, job)
        self.pixels = Statistics(labels, image, first=0, job=job)
        t = self.touches
        keys = np.minimum(one, other) * (t.n + 1) + np.maximum(one, other)
        known = t.low * (t.n + 1) + t.high
        place = np.minimum(np.searchsorted(known, keys), max(0, len(known) - 1))
        self._row, self._touch = place, (known[place] == keys) if len(known) else keys < 0

    def column(self, name: str) -> npt.NDArray[np.float64]:
        t = self.touches
        count = np.where(self._touch, t.count[self._row], 0).astype(np.float32)
        if name == "touch_count":
            values = count
        elif name == "touch_portion":
            values = _ratio(count, t.contacts().astype(np.float32)[self.one])
        elif name == "mean_touch_intensity":
            sums = np.where(self._touch, t.intensity[self._row], 0).astype(np.float32)
            values = _ratio(sums, count)
        elif name == "centroid_distance":
            points = self.around.centroids
            step = (points[self.one] - points[self.other]) ** np.float32(2)
            values = np.sqrt(step[..., ::-1].sum(axis=-1, dtype=np.float32))
        else:
            measure = self.pixels.column(name.removesuffix("_difference")).astype(np.float32)
            values = np.abs(measure[self.one] - measure[self.other])
        return values.astype(np.float64)


def _ratio(a: Float32, b: Float32) -> Float32:
    with np.errstate(invalid="ignore", divide="ignore"):
        quotient: Float32 = a / b
    return quotient


def _annotated(labels: Any, annotation: Any) -> tuple[Int64, Int64, Int64]:
    """Return pairs whose border is marked, both ways round, and their class."""
    labels, annotation = checked_labels(labels), np.asarray(annotation)
    if annotation.shape != labels.shape:
        raise ShapeMismatchError(
            f"The annotation must have the labels' shape {labels.shape}, not {annotation.shape}."
        )
    n = int(labels.max(initial=0))
    marked = {}
    for class_ in (MERGE, KEEP):
        t = Touches.of(np.where(annotation == class_, labels, 0))
        between = t.between_objects
        marked[class_] = t.low[between] * (n + 1) + t.high[between]
    both = np.intersect1d(marked[MERGE], marked[KEEP])
    if both.size:
        warnings.warn(
            f"{both.size} borders are marked both to be merged and to be kept; they are left out. "
            "Correct the annotation there.",
            stacklevel=4,
        )
    keys = [np.setdiff1d(marked[class_], both) for class_ in (MERGE, KEEP)]
    y = np.repeat([MERGE, KEEP], [len(k) for k in keys])
    joined = np.concatenate(keys)
    low, high = _both_ways(joined // (n + 1), joined % (n + 1))
    # APOC reads its matrix row by row: the order in which trees see the pairs.
    order = np.lexsort((low, high))
    return low[order], high[order], np.concatenate((y, y))[order].astype(np.int64)


def _both_ways(low: Int64, high: Int64) -> tuple[Int64, Int64]:
    return np.concatenate((low, high)), np.concatenate((high, low))
