"""APOC's classifiers of objects: classes of labels, and the labels of one class."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from brushwood.apoc import neighbors, statistics
from brushwood.apoc.base import ClClassifier
from brushwood.apoc.neighbors import Neighbors
from brushwood.apoc.statistics import Statistics, checked_labels
from brushwood.arrays import AnyArray
from brushwood.errors import InputError, ShapeMismatchError
from brushwood.io.cl import ClHeader, ClModel
from brushwood.io.cl.header import split_features
from brushwood.jobs import IDLE, Job
from brushwood.objects.merge import keep_objects

if TYPE_CHECKING:
    from pandas import DataFrame

#: Features that Brushwood measures as APOC does, besides
#: ``average_distance_of_n_nearest_neighbors=`` and a number.
OBJECT_FEATURES = (*statistics.NAMES, *neighbors.NAMES)


_NEAREST = "average_distance_of_n_nearest_neighbors="


class ObjectClassifier(ClClassifier):
    """Classifies labelled objects by intensity, size, shape and neighbours.

    Parameters
    ----------
    opencl_filename, max_depth, num_ensembles, overwrite
        See `ClClassifier`.
    """

    kind: ClassVar[str] = "ObjectClassifier"

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

    @classmethod
    def accepts(cls, header: ClHeader) -> bool:
        """Whether a file is one; the oldest say ``PixelClassifier`` but list objects' features."""
        return header.classifier == cls.kind or (
            header.classifier in ("PixelClassifier", "") and is_of_objects(header)
        )

    def train(
        self,
        features: str,
        labels: Any,
        sparse_annotation: Any,
        image: Any = None,
        continue_training: bool = False,
        job: Job = IDLE,
    ) -> Self:
        """Learn from an annotation.

        Parameters
        ----------
        features : str
            Names out of `OBJECT_FEATURES`, separated by spaces or commas.
        labels : int array (Y, X) or (Z, Y, X)
        sparse_annotation : int array of the same shape
            The largest number in an object is its class; 0 is not annotated.
        image : array of the same shape, optional
            Intensities.
        continue_training : bool
            Keep the objects that were learned from in this session.
        """
        self._check_target()
        names = split_features(features)
        X = measured(names, labels, image, job.part(0, 0.5))
        y = class_of_labels(labels, sparse_annotation)
        X, y = X[y > 0], y[y > 0]
        if continue_training and self._seen is not None:
            if names != self._names:
                raise InputError("Training cannot go on with other features. Train anew.")
            X = np.concatenate((self._seen[0], X))
            y = np.concatenate((self._seen[1], y))
        if not len(y):
            raise InputError(
                "No object is annotated. Mark objects of at least two classes with their class id."
            )
        model = self._grow(X, y, names, 1, job.part(0.5, 1), self._positive())
        self._names, self._seen = names, (X, y)
        return self._finish(model, job)

    def predict(self, labels: Any, image: Any = None, job: Job = IDLE) -> Any:
        """Return the class of each object at its pixels, uint32; 0 is the background.

        0 as well where a measurement is not defined, as the elongation of a single pixel.
        """
        labels = checked_labels(labels)
        return self.classes(labels, image, job)[labels]

    def classes(self, labels: Any, image: Any = None, job: Job = IDLE) -> npt.NDArray[np.uint32]:
        """Return the class of each label, uint32 (largest label + 1,); 0 for the background."""
        model = self.trained_model()
        X = measured(model.header.features, labels, image, job.part(0, 0.8))
        found = model.predict(X, job.part(0.8, 1))
        found[np.isnan(X).any(axis=1)] = 0
        found[0] = 0
        return found.astype(np.uint32)

    def table(self, labels: Any, image: Any = None, job: Job = IDLE) -> "DataFrame":
        """Return the measurements and the class of each object, one row a label that exists."""
        import pandas as pd

        model = self.trained_model()
        names = model.header.features
        X = measured(names, labels, image, job.part(0, 0.5))
        existing = np.unique(labels)
        existing = existing[existing > 0]
        columns = dict(zip(names, X[existing].T, strict=True))
        classes = self.classes(labels, image, job.part(0.5, 1))[existing]
        return pd.DataFrame({"label": existing, "index": existing, **columns, "class": classes})

    def _positive(self) -> int | None:
        return None


class ObjectSelector(ObjectClassifier):
    """Keeps the objects of one class.

    Parameters
    ----------
    positive_class_identifier : int
        The class that is kept. A file that is read sets it.
    """

    kind: ClassVar[str] = "ObjectSelector"

    def __init__(
        self,
        opencl_filename: str | os.PathLike[str] | None = None,
        max_depth: int = 2,
        num_ensembles: int = 100,
        positive_class_identifier: int = 2,
        *,
        overwrite: bool = False,
    ) -> None:
        self.positive_class_identifier = positive_class_identifier
        super().__init__(opencl_filename, max_depth, num_ensembles, overwrite=overwrite)

    @classmethod
    def accepts(cls, header: ClHeader) -> bool:  # noqa: D102
        return header.classifier == cls.kind

    def predict(self, labels: Any, image: Any = None, job: Job = IDLE) -> Any:
        """Return the labels of the class, numbered anew from 1, uint32."""
        labels = checked_labels(labels)
        classes = self.classes(labels, image, job)
        kept = np.flatnonzero(classes == self.positive_class_identifier)
        return keep_objects(labels, kept, renumber=True).astype(np.uint32)

    def take(self, model: ClModel, columns: Sequence[str] = ()) -> None:  # noqa: D102
        super().take(model, columns)
        if model.header.positive_class is not None:
            self.positive_class_identifier = model.header.positive_class

    def _positive(self) -> int | None:
        return self.positive_class_identifier


def is_of_objects(header: ClHeader) -> bool:
    """Whether a header's features are measured on objects, not filters of images."""
    if header.ndim is not None or not header.features:
        return header.ndim == 1
    return all(name in OBJECT_FEATURES or name.startswith(_NEAREST) for name in header.features)


def measured(
    names: Sequence[str], labels: Any, image: Any = None, job: Job = IDLE
) -> npt.NDArray[np.float32]:
    """Measure objects as APOC does.

    Returns
    -------
    float32 (label, feature)
        A row for each number from 0 to the largest label.

    Raises
    ------
    InputError
        If there are no names, or one that is not measured, or no objects.
    """
    if not names:
        raise InputError("No features were named. Name some, for example 'area mean_intensity'.")
    labels = checked_labels(labels)
    if not labels.any():
        raise InputError("There are no objects: all labels are 0. Segment the image first.")
    pixels = Statistics(labels, None if image is None else np.asarray(image), job=job)
    around = Neighbors(labels, job)
    columns = []
    for name in names:
        if name in statistics.NAMES:
            columns.append(np.append(0.0, pixels.column(name)))  # nobody asks for the background
        else:
            columns.append(_neighbor(around, name))
    with np.errstate(over="ignore"):
        return np.stack(columns, axis=1).astype(np.float32)


def class_of_labels(labels: Any, annotation: Any) -> npt.NDArray[np.int64]:
    """Return the largest number of the annotation in each label, int64 (largest label + 1,)."""
    labels, annotation = checked_labels(labels), np.asarray(annotation)
    if annotation.shape != labels.shape:
        raise ShapeMismatchError(
            f"The annotation must have the labels' shape {labels.shape}, not {annotation.shape}."
        )
    found = np.zeros(int(labels.max(initial=0)) + 1, np.int64)
    where = annotation > 0
    np.maximum.at(found, labels[where].astype(np.intp), annotation[where].astype(np.int64))
    found[0] = 0
    return found


def _neighbor(around: Neighbors, name: str) -> AnyArray:
    try:
        return around.column(name)
    except InputError:
        raise InputError(
            f"Brushwood does not measure {name!r} of objects. It measures "
            f"{', '.join(OBJECT_FEATURES)}, and average_distance_of_n_nearest_neighbors=NUMBER."
        ) from None
