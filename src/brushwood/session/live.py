"""The model behind the brush: trained again at every stroke, applied first to what is in view."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from brushwood.forest.params import ForestParams
from brushwood.jobs import Job
from brushwood.opencl import budget_bytes, choose_device
from brushwood.pixels.classifier import PixelClassifier
from brushwood.pixels.draft import draft_of
from brushwood.pixels.scaling import IntensityRange, Scaling
from brushwood.pixels.stacks import FeatureCache
from brushwood.pixels.strokes import Strokes
from brushwood.pixels.training import TrainingSet
from brushwood.session.classes import Classes
from brushwood.session.filling import Fill
from brushwood.session.model_files import read_pixel_model, write_pixel_model
from brushwood.session.pyramid import Planes
from brushwood.session.state import Finish, Output
from brushwood.session.work import (
    Counted,
    Finished,
    ImageInput,
    LiveRequest,
    LoadedModel,
    Piece,
    Setup,
    Shown,
    Tile,
    Trained,
    WholeDone,
)

Publish = Callable[[object], None]
#: Share of a device's budget that feature stacks in view may take.
_CACHE_SHARE = 0.5
_CACHE_MOST = {"cpu": 2 << 30, "gpu": 8 << 30}
#: How often a request that waits for the one before looks whether it was cancelled.
_WAIT = 0.02
_IMAGE = "image"
#: From so many tiles on, a draft of all comes before the first is final.
_DRAFT_TILES = 4


class LiveEngine:
    """Model, training rows and feature stacks of one window.

    Worker threads call it; one request runs at a time, and one that was cancelled leaves at its
    next checkpoint. A trained classifier is never changed again, so that applying it to a whole
    image and saving it need no lock.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._classifier: PixelClassifier | None = None
        self._version = 0
        self._setup: Setup | None = None
        self._training: TrainingSet | None = None
        self._strokes: Strokes | None = None
        self._stroke_origin: object = None
        self._take_strokes_as_known = False
        self._pixels_changed = False
        self._cache: FeatureCache | None = None
        self._cache_device: int | None = None

    @property
    def version(self) -> int:
        """Version of the present model, 0 before there is one."""
        return self._version

    @property
    def classifier(self) -> PixelClassifier | None:
        """The present model, or None."""
        return self._classifier

    @property
    def stroke_counts(self) -> dict[int, int] | None:
        """Pixels of each class that the present model learned from strokes; None if unknown."""
        strokes = self._strokes
        return None if strokes is None else {i: n for i, n in strokes.counts.items() if n}

    def update(
        self, request: LiveRequest, job: Job, publish: Publish, *, forced: bool = False
    ) -> Finished:
        """Count strokes, train if something changed, and compute the request's tiles.

        Parameters
        ----------
        request : LiveRequest
        job : Job
        publish : callable
            Takes `Counted`, `Trained` and `Piece` values as they come.
        forced : bool
            Train even if nothing changed.
        """
        with self._turn(job):
            start = time.perf_counter()
            if self._pixels_changed:
                self._pixels_changed, self._strokes = False, None
                if self._training is not None:
                    self._training.keep_only(())
            strokes = self._count(request, publish)
            trained = False
            if request.train and strokes is not None and self._is_due(request, strokes, forced):
                trained = self._train(request, strokes, job, publish)
            device = "" if self._classifier is None else str(self._device(request.setup.device))
            n_tiles = 0
            for count, is_draft in self._show(request, job, publish):
                n_tiles = count
                seconds = time.perf_counter() - start
                publish(Shown(self._version, seconds, device, trained, is_draft))
            seconds = time.perf_counter() - start
            return Finished(seconds, device, trained, n_tiles, self._version)

    def fill(
        self, image: ImageInput, out: Mapping[Output, Any], done: Mapping[Tile, int] | None = None
    ) -> Fill:
        """Return a run of the present model over a whole image, into arrays that are given."""
        if self._classifier is None:
            raise RuntimeError("There is no model to apply.")
        targets = {
            name: Planes(target) if name == "probabilities" else target
            for name, target in out.items()
        }
        return Fill(self._classifier, self._version, image, targets, done, self._cache)

    def apply(self, image: ImageInput, out: Mapping[Output, Any], job: Job) -> WholeDone:
        """Apply the present model to a whole image, into arrays that are given."""
        return self.fill(image, out).run(job)

    def save(self, path: Path, classes: Classes, *, overwrite: bool = False) -> tuple[str, ...]:
        """Write the present model with its classes; return what a ``.cl`` file cannot hold."""
        classifier = self._classifier
        if classifier is None:
            raise RuntimeError("There is no model to save.")
        classifier.set_params(
            class_names={c.id: c.name for c in classes},
            class_colors={c.id: c.colour for c in classes},
        )
        with self._lock:  # the rows are those of the training set, which the next stroke changes
            return write_pixel_model(classifier, path, overwrite=overwrite)

    def load(self, path: Path, device: str | None = None, ndim: int | None = None) -> LoadedModel:
        """Read a model file and make it the present model; `ndim` if an old file does not say.

        The strokes that are there now count as known: the next change of them trains anew, on top
        of the training pixels that the file holds.
        """
        classifier, notes = read_pixel_model(path, ndim)
        if device is not None:
            classifier.set_params(device=device)
        with self._lock:
            self._classifier = classifier
            self._version += 1
            self._training = classifier.training_
            self._setup = None
            self._strokes = None
            self._take_strokes_as_known = True
            return replace(_described(path.name, classifier, self._version), notes=notes)

    def forget_pixels(self) -> None:
        """Drop everything computed from images: their pixels changed, or no widget is left.

        Safe from any thread; rows are dropped when the next request begins.
        """
        self._pixels_changed = True
        cache = self._cache
        if cache is not None:
            cache.clear()

    @contextmanager
    def _turn(self, job: Job) -> Iterator[None]:
        """Wait for the request before, which was cancelled, without outliving a cancel."""
        while not self._lock.acquire(timeout=_WAIT):
            job.checkpoint()
        try:
            job.checkpoint()
            yield
        finally:
            self._lock.release()

    def _count(self, request: LiveRequest, publish: Publish) -> Strokes | None:
        if request.annotation is None:
            return None
        source = request.image.source
        strokes = Strokes.of(request.annotation, (*source.frames, *source.shape))
        counts = tuple(sorted(strokes.counts.items()))
        publish(Counted(request.annotation_key, counts))
        return strokes

    def _is_due(self, request: LiveRequest, strokes: Strokes, forced: bool) -> bool:
        """Say whether the model has to be made anew, and whether it can be."""
        origin = (request.image.source.token, request.annotation_key)
        if self._take_strokes_as_known:
            self._take_strokes_as_known = False
            self._strokes, self._stroke_origin = strokes, origin
            self._setup = request.setup
        same = (
            self._setup == request.setup
            and self._stroke_origin == origin
            and _equal(self._strokes, strokes)
        )
        return (forced or not same) and self._is_trainable(request, strokes)

    def _is_trainable(self, request: LiveRequest, strokes: Strokes) -> bool:
        stored = self._training.stored if self._fits(request) and self._training else None
        ids = set(strokes.counts) | (set() if stored is None else set(stored.classes.tolist()))
        return len(ids) >= 2 and len(strokes) > 0

    def _fits(self, request: LiveRequest) -> bool:
        """Say whether the rows computed so far are of use for a request."""
        training = self._training
        if training is None:
            return False
        spacing = _spacing(request)
        key = (request.setup.features, request.setup.ndim, request.setup.n_channels, spacing)
        return (
            training.maker.key == key
            and training.scaling == Scaling.of(request.setup.finish.scaling)
            and training.maker.device == self._device(request.setup.device)
        )

    def _train(self, request: LiveRequest, strokes: Strokes, job: Job, publish: Publish) -> bool:
        start = time.perf_counter()
        job.checkpoint(0.0, "Training")
        setup = request.setup
        classifier = new_classifier(request)
        if not self._fits(request):
            self._training = classifier.new_training(setup.ndim, setup.n_channels)
        training = self._training
        if training is None:
            raise AssertionError("unreachable: a training set was just made")
        training.put(_IMAGE, request.image.source, strokes)
        classifier.fit_training(training, cache=self._feature_cache(request), job=job)
        job.checkpoint(1.0, "Trained")
        self._classifier = classifier
        self._version += 1
        self._setup, self._strokes = setup, strokes
        self._stroke_origin = (request.image.source.token, request.annotation_key)
        publish(
            Trained(
                version=self._version,
                ndim=setup.ndim,
                n_channels=setup.n_channels,
                class_ids=tuple(int(i) for i in classifier.classes_),
                seconds=time.perf_counter() - start,
                left_out=training.left_out,
                note=image_note(classifier.range_, training.scaling),
            )
        )
        return True

    def _show(self, request: LiveRequest, job: Job, publish: Publish) -> Iterator[tuple[int, bool]]:
        """Compute the tiles that do not show the present model yet.

        Yields the number of tiles after each pass over them, and whether it was a draft.
        """
        classifier = self._classifier
        source = request.image.source
        if classifier is None or not request.outputs:
            return
        if (classifier.ndim_, classifier.n_channels_) != (source.ndim, source.n_channels):
            return
        todo = [tile for tile in request.tiles if request.done.get(tile) != self._version]
        cache = self._feature_cache(request)
        ids = tuple(int(i) for i in classifier.classes_)
        # Version -v marks what only a draft of model v has painted: it is not up to date.
        passes = [(classifier, self._version)]
        draft = draft_of(classifier) if len(todo) >= _DRAFT_TILES else None
        if draft is not None:
            passes.insert(0, (draft, -self._version))
        total = len(passes) * len(todo)
        for i, (model, version) in enumerate(passes):
            for n, tile in enumerate(todo):
                done = (i * len(todo) + n) / total
                job.checkpoint(done, "Classifying what is in view")
                arrays = model.predict_region(
                    source, tile.frame, tile.start, tile.stop, request.outputs, cache=cache, job=job
                )
                publish(Piece(request.image.keys, version, tile, ids, arrays))
            if todo:
                yield len(todo), version < 0

    def _device(self, wish: str | None) -> Any:
        return choose_device(device_wish(wish))

    def _feature_cache(self, request: LiveRequest) -> FeatureCache:
        device = self._device(request.setup.device)
        if self._cache is None or self._cache_device != device.index:
            budget = min(budget_bytes(device) * _CACHE_SHARE, _CACHE_MOST[device.kind])
            self._cache, self._cache_device = FeatureCache(int(budget)), device.index
        return self._cache


def warm_up(setup: Setup, job: Job) -> None:
    """Build the kernels that a setup needs, on a tiny image, so that the first stroke is quick."""
    shape = (8, 32, 32)[-setup.ndim :]
    image = np.random.default_rng(0).random((setup.n_channels, *shape), np.float32)
    marks = np.zeros(shape, np.uint8)
    marks[..., :4, :], marks[..., -4:, :] = 1, 2
    classifier = PixelClassifier(
        setup.features,
        setup.forest,
        channel_axis=0,
        ndim=setup.ndim,
        spacing=(1.0,) * setup.ndim if setup.features.units == "world" else None,
        smoothing=setup.finish.smoothing,
        device=device_wish(setup.device),
    )
    classifier.fit(image, marks, job=job)
    job.checkpoint()
    classifier.predict_maps(image, job=job)


def image_note(range_: IntensityRange, scaling: Scaling) -> str:
    """Say what is unusual about an image's intensities, "" if nothing is."""
    if range_.invalid:
        return f"{range_.invalid:.2%} of the pixels are NaN or infinite and count as darkest."
    if range_.contrast and max(range_.contrast) <= 0:
        return "The image is constant: there is nothing to tell apart in it."
    if range_.contrast and max(range_.contrast) <= scaling.blank:
        return "The image holds hardly more than noise."
    return ""


def device_wish(name: str | None) -> str | None:
    """Return what `choose_device` understands for a device's full text, ``name (KIND)``."""
    if name is None:
        return None
    head, _, kind = name.rpartition(" (")
    return head if kind in {"CPU)", "GPU)"} else name


def _spacing(request: LiveRequest) -> tuple[float, ...] | None:
    return request.image.spacing if request.setup.features.units == "world" else None


def new_classifier(request: LiveRequest) -> PixelClassifier:
    """Return a classifier with the choices of a request, not fitted."""
    setup = request.setup
    return PixelClassifier(
        setup.features,
        setup.forest,
        channel_axis=request.image.source.channel_axis,
        ndim=setup.ndim,
        spacing=_spacing(request),
        scaling=setup.finish.scaling,
        smoothing=setup.finish.smoothing,
        class_names={c.id: c.name for c in request.classes},
        class_colors={c.id: c.colour for c in request.classes},
        device=device_wish(setup.device),
    )


def _equal(a: Strokes | None, b: Strokes) -> bool:
    return (
        a is not None
        and a.shape == b.shape
        and np.array_equal(a.index, b.index)
        and np.array_equal(a.classes, b.classes)
    )


def _described(name: str, classifier: PixelClassifier, version: int) -> LoadedModel:
    ids = tuple(int(i) for i in classifier.classes_)
    names = {i: f"class {i}" for i in ids} | dict(classifier.class_names or {})
    training = classifier.training_
    stored = training.stored if training is not None else None
    values, counts = np.unique(stored.classes if stored else [], return_counts=True)
    mode = Scaling.of(classifier.scaling).mode
    return LoadedModel(
        name=name,
        version=version,
        ndim=classifier.ndim_,
        n_channels=classifier.n_channels_,
        class_ids=ids,
        names=names,
        colours=dict(classifier.class_colors or {}),
        features=classifier.features_,
        forest=classifier.forest or ForestParams(),
        finish=Finish(scaling=mode, smoothing=float(classifier.smoothing)),
        stored=tuple(zip(values.astype(int).tolist(), counts.tolist(), strict=True)),
    )
