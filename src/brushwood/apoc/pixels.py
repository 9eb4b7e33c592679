"""APOC's classifiers of pixels: classes, the objects of one class, the probability of one class."""

import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from brushwood.apoc.base import ClClassifier
from brushwood.apoc.convert import PIXEL_KINDS, export_cl, import_cl
from brushwood.apoc.features import parse_features
from brushwood.arrays import AnyArray, ChannelStack
from brushwood.errors import InputError, ShapeMismatchError
from brushwood.features.presets import PRESETS
from brushwood.io.cl import ClHeader, ClModel
from brushwood.io.cl.header import split_features
from brushwood.jobs import IDLE, Job
from brushwood.opencl.device import Device
from brushwood.pixels.classifier import PixelClassifier as Pixels


class PixelClassifier(ClClassifier):
    """Classifies pixels.

    Parameters
    ----------
    opencl_filename, max_depth, num_ensembles, overwrite
        See `ClClassifier`.
    ndim : {2, 3}, optional
        Dimensions, where an old file does not say.
    class_ids : sequence of int, optional
        What classes 1, 2, … of a file shall be called, ascending: APOC numbers them anew in
        training. Files that Brushwood wrote keep the annotation's ids.
    device : Device or str, optional

    Attributes
    ----------
    classifier : brushwood.PixelClassifier or None
        The same as Brushwood's own, for example to save it as a ``.brushwood`` file.
    """

    kind: ClassVar[str] = "PixelClassifier"

    def __init__(
        self,
        opencl_filename: str | os.PathLike[str] | None = None,
        max_depth: int = 2,
        num_ensembles: int = 100,
        *,
        overwrite: bool = False,
        ndim: int | None = None,
        class_ids: Sequence[int] | None = None,
        device: Device | str | None = None,
    ) -> None:
        self.classifier: Pixels | None = None
        self._ndim, self._class_ids, self._device = ndim, class_ids, device
        super().__init__(opencl_filename, max_depth, num_ensembles, overwrite=overwrite)

    @classmethod
    def accepts(cls, header: ClHeader) -> bool:  # noqa: D102
        return header.classifier in (cls.kind, "") and header.ndim != 1

    def train(
        self,
        features: Any,
        ground_truth: Any,
        image: Any = None,
        continue_training: bool = False,
        job: Job = IDLE,
    ) -> Self:
        """Learn from a sparse annotation.

        Parameters
        ----------
        features : str or list of array
            Feature specification, name of a feature set such as ``"object_size_1_to_5_px"``, or
            the feature images themselves.
        ground_truth : int array (Y, X) or (Z, Y, X)
            0 is not annotated; other values are class ids and are kept.
        image : array or sequence of arrays, optional
            Of the annotation's shape; channels are the first axis, or the items of a sequence. May
            be left out with feature images.
        continue_training : bool
            Keep what was learned from in this session.

        Raises
        ------
        OutputExistsError
            If the file to write exists and `overwrite` is False; asked before any work.
        """
        self._check_target()
        marks = np.asarray(ground_truth)
        if not isinstance(features, str) and not hasattr(features, "value"):
            return self._train_on_planes(features, marks, job)
        names = split_features(PRESETS.get(_line(features), _spread(_line(features))))
        chosen, _ = parse_features(names)
        picture, axis = with_channels(image, marks.ndim)
        fresh = Pixels(
            chosen,
            self._params(),
            channel_axis=axis,
            ndim=marks.ndim,
            scaling="none",
            smoothing=0.0,
            device=self._device,
        )
        again = continue_training and self.classifier is not None
        learner = self.classifier if again and self.classifier is not None else fresh
        if again and str(learner.features_) != str(chosen):
            raise InputError("Training cannot go on with other features. Train anew.")
        learner.set_params(forest=self._params())
        learner.fit(picture, marks, extend=again, job=job.part(0, 0.9))
        self.classifier = learner
        return self._finish(self._exported(learner), job.part(0.9, 1))

    def predict(self, image: Any = None, features: Any = None, job: Job = IDLE) -> Any:
        """Return the class of every pixel, uint32, of the image's shape without channels."""
        return self._classes(image, features, job).astype(np.uint32)

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        include_rows: bool = False,
    ) -> None:
        """Write Brushwood's classifier of the same trees to a ``.brushwood`` file."""
        ours = self.to_brushwood().set_params(class_names=self.class_names or None)
        ours.save(Path(path), overwrite=overwrite, include_rows=include_rows)

    def to_brushwood(self) -> Pixels:
        """Return Brushwood's classifier of the same trees.

        Raises
        ------
        InputError
            If it was trained on images that a script computed.
        """
        model = self.trained_model()
        if self.classifier is None:
            self.classifier = import_cl(
                model, ndim=self._ndim, class_ids=self._class_ids, device=self._device
            )
        return self.classifier

    def _exported(self, learner: Pixels) -> ClModel:
        return export_cl(learner, kind=self.kind)[0]

    def take(self, model: ClModel, columns: Sequence[str] = ()) -> None:  # noqa: D102
        super().take(model, columns)
        self.classifier = None

    def _classes(self, image: Any, features: Any, job: Job) -> AnyArray:
        if features is not None and not isinstance(features, str):
            rows, shape = _rows_of(features)
            found = self.trained_model().predict(rows, job)
            return self._ids()[found - 1].reshape(shape)
        classifier = self.to_brushwood()
        if image is None:
            raise InputError("There is no image to classify. Pass image=, or feature images.")
        picture, _ = with_channels(image, classifier.ndim_)
        classes: AnyArray = classifier.predict(picture, job=job)
        return classes

    def _ids(self) -> npt.NDArray[np.int64]:
        """Return the id of each class of the file."""
        n = self.trained_model().n_classes
        return np.asarray(self._class_ids or range(1, n + 1), np.int64)

    def _train_on_planes(self, planes: Any, marks: AnyArray, job: Job) -> Self:
        rows, shape = _rows_of(planes)
        if shape != marks.shape:
            raise ShapeMismatchError(
                f"Feature images of shape {shape} do not fit an annotation of shape {marks.shape}."
            )
        chosen = marks.reshape(-1) > 0
        names = [f"feature_{i}" for i in range(rows.shape[1])]
        model = self._grow(
            rows[chosen], marks.reshape(-1)[chosen], names, marks.ndim, job, self._positive()
        )
        self.classifier = None
        return self._finish(model, job)

    def _positive(self) -> int | None:
        return None


class ObjectSegmenter(PixelClassifier):
    """Classifies pixels, and numbers the connected parts of one class.

    Parameters
    ----------
    positive_class_identifier : int
        Class of the objects. A file that is read sets it.
    """

    kind: ClassVar[str] = "ObjectSegmenter"

    def __init__(
        self,
        opencl_filename: str | os.PathLike[str] | None = None,
        max_depth: int = 2,
        num_ensembles: int = 100,
        positive_class_identifier: int = 2,
        **options: Any,
    ) -> None:
        self.positive_class_identifier = positive_class_identifier
        super().__init__(opencl_filename, max_depth, num_ensembles, **options)

    @classmethod
    def accepts(cls, header: ClHeader) -> bool:  # noqa: D102
        return header.classifier == cls.kind

    def predict(self, image: Any = None, features: Any = None, job: Job = IDLE) -> Any:
        """Return objects, uint32: pixels that share an edge (2-D) or a face (3-D) belong together.

        Numbers follow the first pixel of each object, column by column.
        """
        from scipy import ndimage

        mask = self._classes(image, features, job) == self.positive_class_identifier
        # clEsperanto numbers pixels by x first, then y, then z.
        labels, _ = ndimage.label(mask.T)
        return np.ascontiguousarray(labels.T, np.uint32)

    def take(self, model: ClModel, columns: Sequence[str] = ()) -> None:  # noqa: D102
        super().take(model, columns)
        if model.header.positive_class is not None:
            self.positive_class_identifier = self._named(model.header.positive_class)

    def _named(self, class_: int) -> int:
        ids = self._ids()
        if 1 <= class_ <= len(ids):
            return int(ids[class_ - 1])
        warnings.warn(
            f"The file looks for class {class_}, which it does not have (APOC numbers classes "
            "anew in training): nothing will be found. Set positive_class_identifier.",
            stacklevel=5,
        )
        return class_

    def _exported(self, learner: Pixels) -> ClModel:
        return export_cl(learner, kind=self.kind, chosen_class=self.positive_class_identifier)[0]

    def _positive(self) -> int | None:
        return self.positive_class_identifier


class ProbabilityMapper(PixelClassifier):
    """Computes the probability of one class.

    Parameters
    ----------
    output_probability_of_class : int
        The class. A file that is read sets it.
    """

    kind: ClassVar[str] = "ProbabilityMapper"

    def __init__(
        self,
        opencl_filename: str | os.PathLike[str] | None = None,
        max_depth: int = 2,
        num_ensembles: int = 100,
        output_probability_of_class: int = 2,
        **options: Any,
    ) -> None:
        self.output_probability_of_class = output_probability_of_class
        super().__init__(opencl_filename, max_depth, num_ensembles, **options)

    @classmethod
    def accepts(cls, header: ClHeader) -> bool:  # noqa: D102
        return header.classifier == cls.kind

    def predict(self, image: Any = None, features: Any = None, job: Job = IDLE) -> Any:
        """Return the probability of the class, float32, of the image's shape without channels.

        0 where no tree votes at all. A file that writes classes gives those, as in APOC.
        """
        model = self.trained_model()
        if model.probability_class is None:
            return self._classes(image, features, job).astype(np.float32)
        if features is not None and not isinstance(features, str):
            rows, shape = _rows_of(features)
            share = model.probability(rows, model.probability_class, job)
            return np.nan_to_num(share).reshape(shape)
        classifier = self.to_brushwood()
        picture, _ = with_channels(image, classifier.ndim_)
        place = list(classifier.classes_).index(self.output_probability_of_class)
        return classifier.predict_proba(picture, job=job)[place]

    def take(self, model: ClModel, columns: Sequence[str] = ()) -> None:  # noqa: D102
        super().take(model, columns)
        if model.probability_class is not None:
            self.output_probability_of_class = int(self._ids()[model.probability_class - 1])

    def _exported(self, learner: Pixels) -> ClModel:
        chosen = self.output_probability_of_class
        return export_cl(learner, kind=self.kind, chosen_class=chosen)[0]


def with_channels(image: Any, ndim: int) -> tuple[Any, int | None]:
    """Return an image, and its axis of channels, as APOC takes it.

    A list, or an array with one axis more than the annotation, holds channels.
    """
    if image is None:
        raise InputError("Features by name are computed from an image. Pass image=.")
    if isinstance(image, list | tuple):
        stack = ChannelStack([np.asarray(one) for one in image])
        return (stack, 0) if len(image) > 1 else (image[0], None)
    shape = np.shape(image)
    if len(shape) == ndim:
        return image, None
    if len(shape) == ndim + 1:
        return image, 0
    raise ShapeMismatchError(
        f"An image of shape {shape} does not fit a classifier in {ndim} dimensions: as many axes "
        "were expected, or one more, the first, for channels. Classify frame by frame."
    )


def _rows_of(planes: Any) -> tuple[npt.NDArray[np.float32], tuple[int, ...]]:
    arrays = [np.asarray(plane) for plane in planes]
    shapes = {array.shape for array in arrays}
    if len(shapes) != 1:
        raise ShapeMismatchError(
            f"Feature images must have one shape, but these have {sorted(shapes) or 'none'}."
        )
    return np.stack([a.reshape(-1) for a in arrays], axis=1).astype(np.float32), shapes.pop()


def _line(features: Any) -> str:
    return str(getattr(features, "value", features)).strip()


def _spread(line: str) -> str:
    """Write ``filter=1,2`` as APOC does; its own commas stand between features."""
    words = []
    for word in line.split():
        name, equals, values = word.partition("=")
        if equals and values and all(_is_number(v) for v in values.split(",")):
            words += [f"{name}={value}" for value in values.split(",")]
        else:
            words.append(word)
    return " ".join(words)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


__all__ = ["PIXEL_KINDS", "ObjectSegmenter", "PixelClassifier", "ProbabilityMapper"]
