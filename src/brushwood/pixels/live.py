"""The machinery below the live view: train on what is new, then classify what is visible first."""

import time
from collections import OrderedDict
from collections.abc import Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from brushwood.arrays import ImageSource
from brushwood.blocks import Block, blocks_over, from_centre
from brushwood.jobs import IDLE, Job
from brushwood.opencl import Device, choose_device
from brushwood.opencl.device import budget_bytes
from brushwood.pixels.classifier import TILES, PixelClassifier
from brushwood.pixels.outputs import Maps, joined
from brushwood.pixels.stacks import FeatureCache
from brushwood.pixels.strokes import Strokes
from brushwood.pixels.training import TrainingSet

#: Share of the device's memory budget that feature stacks may take, and results on the host.
_SHARE = 0.6
_RESULT_BYTES = 256 << 20


@dataclass(frozen=True, eq=False, slots=True)
class Marked:
    """An image with its strokes, under the name by which it is known again."""

    key: Hashable
    source: ImageSource
    strokes: Strokes


@dataclass(frozen=True, eq=False, slots=True)
class LiveRequest:
    """Train on these strokes, then show this region.

    Attributes
    ----------
    id : int
        Answers carry it, so that those to an older request can be dropped.
    images : tuple of Marked
        All that is trained on. Empty: keep the model.
    source : ImageSource
        What is in view.
    frame : tuple of int
    region : Block
        The visible part of the frame.
    outputs : tuple of str
    """

    id: int
    images: tuple[Marked, ...]
    source: ImageSource
    frame: tuple[int, ...]
    region: Block
    outputs: tuple[str, ...] = ("classes",)


@dataclass(frozen=True, eq=False, slots=True)
class LiveTrained:
    """A new model. `classifier` is never changed again: save or apply it at any time."""

    request_id: int
    classifier: PixelClassifier
    counts: dict[int, int]
    left_out: int
    seconds: float


@dataclass(frozen=True, eq=False, slots=True)
class LiveTile:
    """Maps of one tile of the region, whole tiles of the grid."""

    request_id: int
    frame: tuple[int, ...]
    block: Block
    maps: Maps
    seconds: float


@dataclass(eq=False)
class LiveModel:
    """A classifier that follows the brush.

    One thread at a time calls `train`, `maps` or `update`.

    Attributes
    ----------
    template : PixelClassifier
        Parameters of the models that are trained. Change it with `configure`.
    cache : FeatureCache
        Feature stacks of what was in view.
    """

    template: PixelClassifier
    budget: int | None = None
    fitted: PixelClassifier | None = None
    cache: FeatureCache = field(init=False)
    _training: TrainingSet | None = field(default=None, init=False)
    _results: "OrderedDict[Hashable, tuple[Maps, int]]" = field(init=False)

    def __post_init__(self) -> None:
        wish = self.template.device
        device = wish if isinstance(wish, Device) else choose_device(wish)
        budget = budget_bytes(device) * _SHARE if self.budget is None else self.budget
        self.cache = FeatureCache(int(budget))
        self._results = OrderedDict()

    def configure(self, template: PixelClassifier) -> None:
        """Change parameters. Rows and stacks stay where only the forest or smoothing changed."""
        if _feeds(template) != _feeds(self.template):
            self._training = None
            self.cache.clear()
        self._results.clear()
        self.template = template

    def forget_pixels(self) -> None:
        """Drop what was computed from images: after their pixels changed in place."""
        self._training = None
        self.cache.clear()
        self._results.clear()

    def train(self, images: Sequence[Marked], job: Job = IDLE) -> PixelClassifier:
        """Return a new model, after computing features of new strokes only.

        The answer is the same as that of `PixelClassifier.fit` with all the strokes at once.

        Raises
        ------
        AnnotationError
            If there are no strokes, or of one class only.
        """
        first = images[0].source
        training = self._training
        shape = None if training is None else (training.maker.ndim, training.maker.n_channels)
        if training is None or shape != (first.ndim, first.n_channels):
            training = self.template.new_training(first.ndim, first.n_channels)
        training.keep_only({image.key for image in images})
        for image in images:
            training.put(image.key, image.source, image.strokes)
        self._training = training
        model = PixelClassifier(**self.template.get_params())
        model.stored_rows_ = self.template.stored_rows_
        self.fitted = model.fit_training(training, cache=self.cache, job=job)
        self._results.clear()
        return model

    def maps(
        self,
        source: ImageSource,
        frame: tuple[int, ...],
        block: Block,
        outputs: Collection[str] = ("classes",),
        job: Job = IDLE,
    ) -> Maps:
        """Return the maps of any block in view, from stacks and results that are there already.

        Equal to the same part of the whole image's. In a stack a few planes around are computed
        along, which the next planes are then taken from.
        """
        model = self.template if self.fitted is None else self.fitted
        model.fitted_forest()
        tiles = list(blocks_over(block, TILES[source.ndim], source.shape3))
        found = ((tile, self._tile(model, source, frame, tile, outputs, job)) for tile in tiles)
        if tiles == [block]:
            return next(found)[1]
        parts = []
        for tile, maps in found:
            shared = block.overlap(tile)
            if shared is not None:
                inner = (..., *shared.within(tile))
                parts.append((shared, {name: values[inner] for name, values in maps.items()}))
        return joined(iter(parts), block)

    def update(self, request: LiveRequest, job: Job = IDLE) -> Iterator[LiveTrained | LiveTile]:
        """Yield the new model, then the visible tiles from the centre outward.

        Raises
        ------
        Cancelled
            At the next block once the job is cancelled.
        """
        began = time.perf_counter()
        if request.images:
            model = self.train(request.images, job)
            seconds = time.perf_counter() - began
            yield LiveTrained(request.id, model, model.counts_, model.left_out_, seconds)
        shape = request.source.shape3
        grid = blocks_over(request.region, TILES[request.source.ndim], shape)
        middle = [
            (a + b) / 2 for a, b in zip(request.region.start, request.region.stop, strict=True)
        ]
        for tile in from_centre(grid, middle):
            maps = self.maps(request.source, request.frame, tile, request.outputs, job)
            seconds = time.perf_counter() - began
            yield LiveTile(request.id, request.frame, tile, maps, seconds)

    def _tile(
        self,
        model: PixelClassifier,
        source: ImageSource,
        frame: tuple[int, ...],
        tile: Block,
        outputs: Collection[str],
        job: Job,
    ) -> Maps:
        key = (id(model.forest_), source.token, frame, tile, tuple(sorted(outputs)))
        if key in self._results:
            self._results.move_to_end(key)
            return self._results[key][0]
        maps = model.predict_region(
            source, frame, tile.start, tile.stop, outputs, cache=self.cache, job=job
        )
        if source.ndim == 3:
            # Planes share tiles in a stack only; elsewhere nothing asks twice.
            self._results[key] = maps, sum(values.nbytes for values in maps.values())
            while sum(size for _, size in self._results.values()) > _RESULT_BYTES:
                self._results.popitem(last=False)
        return maps


def _feeds(template: PixelClassifier) -> tuple[Any, ...]:
    """Return the parameters that decide about training rows."""
    spacing = None if template.spacing is None else tuple(template.spacing)
    return (
        template.features,
        template.ndim,
        spacing,
        template.scaling,
        template.device,
        template.stored_rows_,
    )
