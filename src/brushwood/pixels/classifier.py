"""The pixel classifier: strokes in, classes, probabilities and uncertainty out."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from brushwood.arrays import ImageSource, Triple
from brushwood.blocks import Block
from brushwood.features.presets import DEFAULT_PRESET
from brushwood.features.spec import FeatureSet
from brushwood.forest.forest import Forest
from brushwood.forest.grow import grow
from brushwood.forest.params import ForestParams
from brushwood.jobs import IDLE, Job
from brushwood.opencl import Device, choose_device
from brushwood.pixels import state
from brushwood.pixels.checks import check_source, pairs_of, source_of, summed, warn_of_invalid
from brushwood.pixels.estimator import Estimator
from brushwood.pixels.live import visible_maps
from brushwood.pixels.outputs import Maps, allocate
from brushwood.pixels.predict import Predictor
from brushwood.pixels.scaling import IntensityRange, Scaling
from brushwood.pixels.stacks import FeatureCache, StackMaker, View
from brushwood.pixels.strokes import Strokes, check_trainable
from brushwood.pixels.training import Rows, TrainingSet

if TYPE_CHECKING:
    from pathlib import Path


class PixelClassifier(Estimator):
    """Classifies pixels after a few strokes: filter features, then a forest of decision trees.

    The constructor only stores its arguments; `fit` learns, and what it learns ends in ``_``.

    Parameters
    ----------
    features : FeatureSet or str, optional
        Filters, for example ``"original gaussian=1,2,4 hessian=2"``. Default: the preset "medium".
    forest : ForestParams, optional
        How the forest is grown.
    channel_axis : int, optional
        Axis of the images that holds channels. -1 for RGB; a fourth value, alpha, is then a
        channel like the others unless an `ImageSource` with ``rgb=True`` is passed.
    ndim : {2, 3}, optional
        Spatial dimensions of the filters; axes before them are frames. Default: at most 3 of the
        first training image's axes.
    spacing : sequence of float, optional
        Size of a pixel along the spatial axes, for filters with σ in physical units.
    scaling : {"image", "training", "none"} or Scaling
        How intensities are scaled before filtering.
    smoothing : float
        Standard deviation of a Gaussian that class probabilities are smoothed by, pixels. With
        features in physical units, pixels of the finest axis.
    class_names, class_colors : mapping of int to str, optional
        Name, and colour as ``#rrggbb``, of classes; classes without strokes may be among them.
    device : str or Device, optional
        OpenCL device, see `brushwood.opencl.choose_device`.

    Attributes
    ----------
    classes_ : int32 (class,)
        Class ids, ascending: the annotation's values.
    forest_ : Forest
    features_ : FeatureSet
    ndim_, n_channels_ : int
        What the model expects of an image.
    range_ : IntensityRange
        Intensity constants of the training images.
    training_ : TrainingSet or None
        What it learned from. After loading, the stored training pixels, or None.
    counts_ : dict of int to int
        Annotated pixels of each class, and of them all those that the cap left out:
    left_out_ : int
    stored_rows_ : Rows or None
        The training pixels; after loading, those that came with the file, or None.
    provenance_ : dict
        What is known of a loaded model's origin.
    """

    model_kind: ClassVar[str] = "pixel-classifier"

    forest_: Forest
    features_: FeatureSet
    ndim_: int
    n_channels_: int
    range_: IntensityRange
    _training: TrainingSet | None = None
    counts_: dict[int, int] = {}  # noqa: RUF012 - replaced by fit, never changed
    left_out_: int = 0
    stored_rows_: Rows | None = None
    provenance_: dict[str, Any]
    _predictor: Predictor | None = None

    def __init__(
        self,
        features: FeatureSet | str | None = None,
        forest: ForestParams | None = None,
        *,
        channel_axis: int | None = None,
        ndim: int | None = None,
        spacing: Sequence[float] | None = None,
        scaling: Scaling | str = "image",
        smoothing: float = 1.0,
        class_names: Mapping[int, str] | None = None,
        class_colors: Mapping[int, str] | None = None,
        device: Device | str | None = None,
    ) -> None:
        self.features = features
        self.forest = forest
        self.channel_axis = channel_axis
        self.ndim = ndim
        self.spacing = spacing
        self.scaling = scaling
        self.smoothing = smoothing
        self.class_names = class_names
        self.class_colors = class_colors
        self.device = device

    def fit(self, image: Any, annotation: Any, *, extend: bool = False, job: Job = IDLE) -> Self:
        """Learn from strokes.

        Parameters
        ----------
        image : array-like or ImageSource, or a list of them
            Shape (…frames, space), with a channel axis where `channel_axis` says so. NumPy, dask
            or zarr; only the surroundings of strokes and a sample for scaling are read.
        annotation : array-like of int or Strokes, or a list of them
            Class ids, shape (…frames, space) without channels; 0 is not annotated. A list
            means several images.
        extend : bool
            Keep what was learned from before: images of earlier calls, and the training pixels
            stored in a loaded file. Default: begin anew.
        job : Job

        Raises
        ------
        AnnotationError
            If there are no strokes, of one class only, or values that are no class ids.
        ShapeMismatchError
            If an annotation does not fit its image.
        FeatureMismatchError
            If the images differ in channels or dimensions.
        """
        pairs = pairs_of(image, annotation)
        sources = [source_of(one, self.channel_axis, self.ndim) for one, _ in pairs]
        strokes = [
            Strokes.of(one, (*source.frames, *source.shape))
            for (_, one), source in zip(pairs, sources, strict=True)
        ]
        training = self.training_ if extend else None
        if training is None:
            check_trainable(summed(strokes))
            training = self.new_training(sources[0].ndim, sources[0].n_channels)
        for source, marks in zip(sources, strokes, strict=True):
            training.put(object(), source, marks)
        self.fit_training(training, job=job)
        if self.range_.invalid:
            warn_of_invalid(self.range_.invalid)
        return self

    def new_training(self, ndim: int, n_channels: int) -> TrainingSet:
        """Return an empty training set for this classifier's features and scaling."""
        return TrainingSet(self._new_maker(ndim, n_channels), Scaling.of(self.scaling))

    def fit_training(
        self, training: TrainingSet, *, cache: FeatureCache | None = None, job: Job = IDLE
    ) -> Self:
        """Learn from a training set, which computes only the rows that are new.

        Parameters
        ----------
        training : TrainingSet
            From `new_training` of a classifier with the same parameters.
        cache : FeatureCache, optional
            Stacks in view, which new rows are taken from.
        job : Job
        """
        params = self.forest or ForestParams()
        rows = training.rows(params.max_rows, params.seed, cache=cache, job=job.part(0, 0.3))
        forest = grow(rows.features, rows.classes, params, job.part(0.3, 1))
        maker = training.maker
        self.features_, self.ndim_, self.n_channels_ = maker.features, maker.ndim, maker.n_channels
        self.range_ = training.range(job)
        self.forest_ = forest
        # The training set moves on with the strokes; these are the rows of this very forest.
        self._training, self.stored_rows_ = training, rows
        self.counts_, self.left_out_ = training.counts, training.left_out
        self.provenance_ = {}
        return self

    @property
    def is_fitted(self) -> bool:
        """Whether there is a forest."""
        return hasattr(self, "forest_")

    @property
    def classes_(self) -> npt.NDArray[np.int32]:
        """Class ids, ascending."""
        return self.fitted_forest().classes

    @property
    def training_(self) -> TrainingSet | None:
        """What it learned from, to go on with."""
        if self._training is None and self.stored_rows_ is not None:
            self._training = self.new_training(self.ndim_, self.n_channels_)
            self._training.stored, self._training.stored_range = self.stored_rows_, self.range_
        return self._training

    @property
    def feature_names_(self) -> tuple[str, ...]:
        """Names of the features, in the order of the forest's."""
        self.fitted_forest()
        return tuple(self.features_.names(ndim=self.ndim_, n_channels=self.n_channels_))

    def predict(self, image: Any, *, out: Any = None, job: Job = IDLE) -> Any:
        """Return the class id of every pixel.

        Parameters
        ----------
        image : array-like or ImageSource
            Channels and dimensions as in training.
        out : array, optional
            NumPy or zarr array to write into, shape (…frames, space).
        job : Job

        Returns
        -------
        ndarray of uint8 (uint16 if ids exceed 255), shape (…frames, space)
            Or `out`. Equal probabilities go to the lowest id.

        Raises
        ------
        NotFittedError
            Before `fit`.
        FeatureMismatchError
            If the image does not have the model's channels and dimensions.
        """
        return self._one("classes", image, out, job)

    def predict_proba(self, image: Any, *, out: Any = None, job: Job = IDLE) -> Any:
        """Return the probability of each class, float32 (class, …frames, space)."""
        return self._one("probabilities", image, out, job)

    def uncertainty(self, image: Any, *, out: Any = None, job: Job = IDLE) -> Any:
        """Return the entropy of the probabilities over its maximum, float32 (…frames, space)."""
        return self._one("uncertainty", image, out, job)

    def predict_maps(
        self,
        image: Any,
        outputs: Collection[str] = ("classes", "probabilities", "uncertainty"),
        *,
        out: Mapping[str, Any] | None = None,
        block: Triple | None = None,
        job: Job = IDLE,
    ) -> dict[str, Any]:
        """Compute several maps in one pass.

        Parameters
        ----------
        image : array-like or ImageSource
        outputs : collection of {"classes", "probabilities", "uncertainty"}
        out : mapping of output to array, optional
            Arrays to write into as results come; others are made in memory.
        block : three int, optional
            Size of blocks (z, y, x). Default: what suits the device. No result depends on it.
        job : Job

        Returns
        -------
        dict of output to array
        """
        forest = self.fitted_forest()
        source = source_of(image, self.channel_axis, self.ndim_, self.n_channels_)
        sink = allocate(outputs, out, source, forest.classes)
        range_ = self.range_for(source, job)
        views = [View(source, range_, frame) for frame in source.iter_frames()]
        self.predictor().run(views, sink, size=block, job=job)
        if any(view.invalid for view in views):
            warn_of_invalid(range_.invalid)
        return dict(sink.arrays)

    def predict_region(
        self,
        source: ImageSource,
        frame: tuple[int, ...],
        start: Triple,
        stop: Triple,
        outputs: Collection[str] = ("classes",),
        *,
        cache: FeatureCache | None = None,
        job: Job = IDLE,
    ) -> Maps:
        """Compute maps of one region, equal to that part of the whole image's.

        Parameters
        ----------
        source : ImageSource
        frame : tuple of int
            Index into the axes before space.
        start, stop : three int
            Region (z, y, x).
        outputs : collection of str
        cache : FeatureCache, optional
            Keeps features and intensity constants for the next time. Clear it when pixels change.
        job : Job

        Returns
        -------
        dict of output to ndarray
            ``classes`` and ``uncertainty`` (Z, Y, X), ``probabilities`` (class, Z, Y, X).
        """
        check_source(source, self.ndim_, self.n_channels_)
        block = Block(start, stop)
        if cache is None:
            view = View(source, self.range_for(source, job), frame)
            return self.predictor().region(view, block, tuple(outputs), job=job)
        key = (Scaling.of(self.scaling), self.range_)
        range_ = cache.range_of(source, key, lambda: self.range_for(source, job))
        view = View(source, range_, frame)
        return visible_maps(self.predictor(), view, block, tuple(outputs), cache, job)

    def save(
        self, path: "str | Path", *, overwrite: bool = False, include_rows: bool = False
    ) -> None:
        """Write a ``.brushwood`` model file; see `brushwood.models`.

        Parameters
        ----------
        include_rows : bool
            Store the training pixels' features, so that training can go on after loading.
        """
        from brushwood.models import save

        save(self, path, overwrite=overwrite, include_rows=include_rows)

    def predictor(self) -> Predictor:
        """Return the forest on its device; kept until the next `fit`."""
        forest = self.fitted_forest()
        predictor = self._predictor
        if predictor is None or predictor.forest is not forest:
            if self._training is not None:
                maker = self._training.maker
            else:
                maker = self._new_maker(self.ndim_, self.n_channels_)
            predictor = self._predictor = Predictor(maker, forest, self.sigma)
        return predictor

    def _one(self, name: str, image: Any, out: Any, job: Job) -> Any:
        given = None if out is None else {name: out}
        return self.predict_maps(image, (name,), out=given, job=job)[name]

    def fitted_forest(self) -> Forest:
        """Return the forest, or raise `sklearn.exceptions.NotFittedError`."""
        if not self.is_fitted:
            from sklearn.exceptions import NotFittedError

            raise NotFittedError(
                "This classifier has no forest yet. Call fit with an image and its annotation, or "
                "load a model with brushwood.load."
            )
        return self.forest_

    def range_for(self, source: ImageSource, job: Job = IDLE) -> IntensityRange:
        """Return the constants by which an image is scaled."""
        scaling = Scaling.of(self.scaling)
        if scaling.mode == "training":
            return self.range_
        return scaling.measure(source, self.range_.contrast, job)

    def _new_maker(self, ndim: int, n_channels: int) -> StackMaker:
        features = self.features
        if features is None:
            features = FeatureSet.preset(DEFAULT_PRESET)
        if isinstance(features, str):
            features = FeatureSet.parse(features)
        device = self.device if isinstance(self.device, Device) else choose_device(self.device)
        return StackMaker(features, ndim, n_channels, self.spacing, device)

    @property
    def sigma(self) -> tuple[float, float, float]:
        """Return the smoothing along (z, y, x), pixels."""
        sigma = [0.0] * (3 - self.ndim_) + [float(self.smoothing)] * self.ndim_
        if self.spacing is not None and self.features_.units == "world":
            finest = min(self.spacing[-self.ndim_ :])
            for axis, step in enumerate(self.spacing[-self.ndim_ :], 3 - self.ndim_):
                sigma[axis] *= finest / step
        return sigma[0], sigma[1], sigma[2]

    def to_state(self, *, include_rows: bool = False) -> dict[str, Any]:
        """Return the fitted classifier as plain values; see `brushwood.pixels.state`."""
        return state.to_state(self, include_rows=include_rows)

    @classmethod
    def from_state(cls, values: dict[str, Any]) -> "PixelClassifier":
        """Return the classifier that `to_state` described."""
        return state.from_state(values, cls)
