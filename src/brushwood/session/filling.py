"""Apply a model to a whole image so that the result fills in: what is in view first."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, prod
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.arrays import Triple
from brushwood.blocks import Block, iter_blocks
from brushwood.jobs import Job
from brushwood.pixels.classifier import PixelClassifier
from brushwood.pixels.outputs import Maps, Sink, allocate
from brushwood.pixels.scaling import IntensityRange, Scaling
from brushwood.pixels.stacks import FeatureCache, View
from brushwood.pixels.training import TILES
from brushwood.session.sentences import duration
from brushwood.session.state import Output
from brushwood.session.work import ImageInput, Tile, WholeDone, tiles_of

#: Pixels that are computed between two looks at what is in view, by kind of device.
_AREA_PIXELS = {"cpu": 1 << 20, "gpu": 1 << 23}
#: Bytes of input and output that an area may take; three are in flight.
_AREA_BYTES = 32 << 20
#: Areas that are computed one after the other without a look at the view: reading runs ahead.
_GROUP = 4
#: Time left is said from so many seconds on.
_SAID_FROM = 10.0


class Fill:
    """One run over an image. The window may ask for what is new, and say what is in view.

    Parameters
    ----------
    classifier : PixelClassifier
    version : int
        Of the model.
    image : ImageInput
    out : mapping of output to array
        Arrays to write: an array, a `Pyramid`, or one array a class (`Planes`).
    done : mapping of Tile to int
        Model version that tiles show already; those of this version are not computed again.
    cache : FeatureCache or None
        Knows the constants of an image that has been looked at before.

    Attributes
    ----------
    view : (start, stop) or None
        Box that comes first, a number an axis of (…frames, space). May be set at any time.
    """

    def __init__(
        self,
        classifier: PixelClassifier,
        version: int,
        image: ImageInput,
        out: Mapping[Output, Any],
        done: Mapping[Tile, int] | None = None,
        cache: FeatureCache | None = None,
    ) -> None:
        self.image, self.version = image, version
        self.outputs: tuple[Output, ...] = tuple(out)
        self.class_ids = tuple(int(i) for i in classifier.classes_)
        self.view: tuple[Sequence[int], Sequence[int]] | None = None
        self._cache = cache
        self._classifier, self._done = classifier, dict(done or {})
        self._out: dict[str, Any] = {str(name): array for name, array in out.items()}
        self._lock = threading.Lock()
        self._new: list[Tile] = []
        source = image.source
        self._total = prod(source.shape3) * prod(source.frames)
        self._shown = sum(
            _pixels(tile.start, tile.stop) for tile, shown in self._done.items() if shown == version
        )

    @property
    def fraction(self) -> float:
        """Share of the image that shows the model."""
        return self._shown / self._total

    def take(self) -> tuple[Tile, ...]:
        """Return the tiles that were written since the last call. Any thread may call it."""
        with self._lock:
            new, self._new = self._new, []
        return tuple(new)

    def run(self, job: Job) -> WholeDone:
        """Compute everything that is missing; what is in view, and what is near it, first.

        Raises
        ------
        Cancelled
            What was written until then stays.
        """
        began = time.perf_counter()
        self._fill(self._range(job), job)
        seconds = time.perf_counter() - began
        return WholeDone(self.image, self.version, self.outputs, self.class_ids, seconds)

    def _range(self, job: Job) -> IntensityRange:
        job.checkpoint(self.fraction, "Looking at the intensities")
        model, source = self._classifier, self.image.source
        if self._cache is None:
            return model.range_for(source, job)
        key = (Scaling.of(model.scaling), model.range_)
        return self._cache.range_of(source, key, lambda: model.range_for(source, job))

    def _fill(self, range_: IntensityRange, job: Job) -> None:
        source, predictor = self.image.source, self._classifier.predictor()
        classes = self._classifier.fitted_forest().classes
        sink = allocate(self.outputs, self._out, source, classes)
        device = predictor.maker.device
        size = _area(source, sink, predictor.block_size(source.shape3), device.kind)
        todo = _Todo(self._missing(size), source.shape3, source.ndim)
        block = predictor.block_size(size)
        began, first = time.perf_counter(), self._shown
        while len(todo):
            frames, areas = todo.next(self.view)
            part = _Filling(sink.arrays, sink.ndim, areas, self._note)
            views = [View(source, range_, frame) for frame in frames]
            before = self.fraction
            now = len(frames) * sum(area.n_pixels for area in areas) / self._total
            text = _progress_text(self._shown - first, self._total - first, began)
            within = job.part(before, min(1.0, before + now))
            predictor.run(views, part, size=block, job=_renamed(within, text))

    def _missing(self, size: Triple) -> list[tuple[tuple[int, ...], Block]]:
        """Return the areas that do not show the model completely."""
        source = self.image.source
        found = []
        for frame in source.iter_frames():
            for area in iter_blocks(source.shape3, size):
                tiles = self._tiles(frame, area)
                if any(self._done.get(tile) != self.version for tile in tiles):
                    found.append((frame, area))
        return found

    def _tiles(self, frame: tuple[int, ...], area: Block) -> tuple[Tile, ...]:
        source = self.image.source
        n = source.ndim
        start = (*frame, *area.start[-n:])
        stop = (*(f + 1 for f in frame), *area.stop[-n:])
        return tiles_of(source.frames, source.shape3, start, stop)

    def _note(self, frame: tuple[int, ...], area: Block) -> None:
        """Note that an area was written. The predictor's writing thread calls it."""
        tiles = self._tiles(frame, area)
        with self._lock:
            for tile in tiles:
                if self._done.get(tile) != self.version:
                    self._shown += _pixels(tile.start, tile.stop)
                self._done[tile] = self.version
            self._new += tiles


@dataclass(frozen=True, eq=False, slots=True)
class _Filling(Sink):
    """Writes chosen areas, and tells when one is there."""

    chosen: tuple[Block, ...]
    written: Callable[[tuple[int, ...], Block], None]

    def areas(self, source: Any, size: Triple) -> list[Block]:
        """Return the chosen areas."""
        return list(self.chosen)

    def buffers(self, frame: tuple[int, ...], area: Block) -> Maps:
        """Return arrays of the area alone: what is half computed is not shown."""
        return {
            name: np.empty(
                ((array.shape[0],) if name == "probabilities" else ()) + area.shape, array.dtype
            )
            for name, array in self.arrays.items()
        }

    def write(self, buffers: Maps, frame: tuple[int, ...], area: Block) -> None:
        """Write an area into all arrays, then tell."""
        for name, array in self.arrays.items():
            values = buffers[name]
            lead = values.shape[:-3]
            index = tuple(slice(0, n) for n in lead)
            index += tuple(slice(f, f + 1) for f in frame) + area.slices[-self.ndim :]
            array[index] = values.reshape(lead + (1,) * len(frame) + values.shape[-self.ndim :])
        self.written(frame, area)


class _Todo:
    """Areas that are missing, given out by their distance from what is in view."""

    def __init__(
        self, areas: list[tuple[tuple[int, ...], Block]], shape: Triple, ndim: int
    ) -> None:
        self._areas = areas
        self._ndim = ndim
        self._frames = np.array([frame for frame, _ in areas], np.int64).reshape(len(areas), -1)
        self._start = np.array([area.start for _, area in areas], np.int64).reshape(-1, 3)
        self._stop = np.array([area.stop for _, area in areas], np.int64).reshape(-1, 3)
        self._left = np.ones(len(areas), bool)
        self._far = float(np.sum(np.square(shape, dtype=np.float64))) + 1.0
        self._is_whole = all(area.shape == shape for _, area in areas)

    def __len__(self) -> int:
        return int(self._left.sum())

    def next(
        self, view: tuple[Sequence[int], Sequence[int]] | None
    ) -> tuple[list[tuple[int, ...]], tuple[Block, ...]]:
        """Return the frames and areas to compute now, and strike them off."""
        left = np.flatnonzero(self._left)
        order = left[np.argsort(self._distance(view)[left], kind="stable")]
        chosen = [int(order[0])]
        for i in order[1:].tolist():
            same = bool((self._frames[i] == self._frames[chosen[0]]).all())
            if len(chosen) == _GROUP or not (same or self._is_whole):
                break
            chosen.append(i)
        self._left[chosen] = False
        if self._is_whole:
            return [self._areas[i][0] for i in chosen], (self._areas[chosen[0]][1],)
        return [self._areas[chosen[0]][0]], tuple(self._areas[i][1] for i in chosen)

    def _distance(
        self, view: tuple[Sequence[int], Sequence[int]] | None
    ) -> npt.NDArray[np.float64]:
        """Return a number an area: negative in view, and a new frame is farther than any area."""
        n = self._frames.shape[1]
        if view is None:
            return np.arange(len(self._areas), dtype=np.float64)
        low = np.array([0] * (3 - self._ndim) + list(view[0][n:]), np.float64)
        high = np.array([1] * (3 - self._ndim) + list(view[1][n:]), np.float64)
        middle = (self._start + self._stop - low - high) / 2
        distance = np.square(middle).sum(axis=1)
        frame_low = np.array(view[0][:n], np.int64)
        frame_high = np.array(view[1][:n], np.int64) - 1
        apart = np.maximum(frame_low - self._frames, 0) + np.maximum(self._frames - frame_high, 0)
        frames_apart = apart.sum(axis=1)
        seen = ((self._start < high) & (self._stop > low)).all(axis=1) & (frames_apart == 0)
        found: npt.NDArray[np.float64] = distance + self._far * frames_apart
        return np.where(seen, found - 2 * self._far, found)


def _area(source: Any, sink: Sink, block: Triple, kind: str) -> Triple:
    """Return the size of areas: whole tiles, at least a block and a chunk, within the budget."""
    tile, chunk = TILES[source.ndim], source.chunks3 or (1, 1, 1)
    each = source.dtype.itemsize * source.n_channels + sum(
        np.dtype(a.dtype).itemsize * (a.shape[0] if name == "probabilities" else 1)
        for name, a in sink.arrays.items()
    )
    most = max(prod(tile), _AREA_BYTES // each)
    size = list(tile)
    for wanted, limit in (
        (block, most),
        (chunk, most),
        (source.shape3, min(most, _AREA_PIXELS[kind])),
    ):
        _grow(size, tile, [min(w, n) for w, n in zip(wanted, source.shape3, strict=True)], limit)
    return size[0], size[1], size[2]


def _grow(size: list[int], tile: Triple, wanted: Sequence[int], limit: int) -> None:
    """Double the axes, the shortest in tiles first, until they are as wanted or at the limit."""
    full = [ceil(w / t) * t for w, t in zip(wanted, tile, strict=True)]
    while 2 * prod(size) <= limit:
        short = [axis for axis in (2, 1, 0) if size[axis] < full[axis]]
        if not short:
            return
        axis = min(short, key=lambda i: size[i] // tile[i])
        size[axis] = min(2 * size[axis], full[axis])


def _pixels(start: Triple, stop: Triple) -> int:
    return prod(b - a for a, b in zip(start, stop, strict=True))


def _progress_text(done: int, total: int, began: float) -> str:
    """Write what is done and, once that can be said, how long the rest will take."""
    seconds = time.perf_counter() - began
    left = seconds * (total - done) / done if done else 0.0
    said = f", {duration(left)} left" if left >= _SAID_FROM else ""
    return f"Classifying {total / 1e6:,.0f} Mpx{said}" if total > 1e7 else "Classifying pixels"


def _renamed(job: Job, text: str) -> Job:
    """Return the same job with a message of its own."""
    report = job.on_progress
    return replace(job, on_progress=lambda fraction, _: report(fraction, text))
