"""Maps of one large image in parts, by many workers, equal to those of one bit for bit."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import ceil, lcm, prod
from typing import TYPE_CHECKING, Any

import numpy as np

from brushwood.arrays import ImageSource, Triple
from brushwood.blocks import Block, blocks_in, iter_blocks
from brushwood.errors import InputError
from brushwood.features.spec import FeatureSet
from brushwood.forest.forest import Forest
from brushwood.jobs import IDLE, Job
from brushwood.opencl import Device, choose_device
from brushwood.pixels.checks import source_of, warn_of_invalid
from brushwood.pixels.outputs import Sink, allocate
from brushwood.pixels.predict import Predictor
from brushwood.pixels.scaling import IntensityRange
from brushwood.pixels.stacks import StackMaker, View
from brushwood.workers import IN_TURN, Workers

if TYPE_CHECKING:
    from brushwood.pixels.classifier import PixelClassifier

#: A part has at least this many pixels, where the image allows, so that its border weighs little,
#: and at most that many, so that workers end together and a lost part costs little.
_LEAST, _MOST = 1 << 20, 1 << 24
#: Parts a worker, about.
_ROUNDS = 6


@dataclass(frozen=True, slots=True)
class Part:
    """What one worker does at a time: the same box of some frames.

    Attributes
    ----------
    frames : tuple of tuple of int
    box : Block
    """

    frames: tuple[tuple[int, ...], ...]
    box: Block

    @property
    def n_pixels(self) -> int:
        """Pixels of all its frames."""
        return len(self.frames) * self.box.n_pixels


def pixels_in_parts(
    classifier: "PixelClassifier",
    image: Any,
    out: Mapping[str, Any],
    *,
    workers: Workers = IN_TURN,
    job: Job = IDLE,
) -> dict[str, Any]:
    """Compute maps of an image by several workers.

    Parameters
    ----------
    classifier : PixelClassifier
        Fitted.
    image : array-like or ImageSource
        For workers in other processes, an array that travels by name:
        `brushwood.io.reopened.ReopenedArray`, zarr or dask.
    out : mapping of output to array
        Arrays to fill, as in `PixelClassifier.predict_maps`. No two workers write to one chunk.
        For workers in other processes they must be in files.
    workers : Workers
    job : Job

    Returns
    -------
    dict of output to array
        `out`. Equal, bit for bit, to what `predict_maps` fills in on the same kind of device.

    Raises
    ------
    InputError
        If an output is unknown, or an array in memory was given to other processes.
    FeatureMismatchError
        If the image does not have the model's channels and dimensions.
    """
    if workers.n == 1 and not workers.is_remote:
        return classifier.predict_maps(image, tuple(out), out=out, job=job)
    source = source_of(image, classifier.channel_axis, classifier.ndim_, classifier.n_channels_)
    forest = classifier.fitted_forest()
    sink = allocate(tuple(out), out, source, forest.classes)
    if workers.is_remote:
        check_travels(source.data, sink.arrays)
    range_ = classifier.range_for(source, job.part(0.0, 0.02))
    work = PixelWork.of(classifier, source, sink, range_, is_remote=workers.is_remote)
    parts = parts_of(source, sink, workers.n)
    sizes = [float(part.n_pixels) for part in parts]
    answers = workers.each(work, parts, job.part(0.02, 1.0), "Classifying pixels", sizes)
    invalid = [found for _, found in answers]
    if any(invalid):
        warn_of_invalid(range_.invalid)
    return dict(sink.arrays)


@dataclass(eq=False)
class PixelWork:
    """Classifies a part; travels to a worker once, with the forest, and is ready there for more.

    Attributes
    ----------
    features, n_channels, spacing, forest, sigma
        As in `StackMaker` and `Predictor`.
    device : str, Device or None
        What the user asked for; see `device_here`.
    source : ImageSource
    sink : Sink
    range_ : IntensityRange
        Measured once, for the whole image.
    """

    features: FeatureSet
    n_channels: int
    spacing: tuple[float, ...] | None
    forest: Forest
    sigma: tuple[float, float, float]
    device: str | Device | None
    source: ImageSource
    sink: Sink
    range_: IntensityRange
    _predictor: Predictor | None = field(default=None, repr=False)
    _lock: Any = field(default_factory=threading.Lock, repr=False)

    @classmethod
    def of(
        cls,
        classifier: "PixelClassifier",
        source: ImageSource,
        sink: Sink,
        range_: IntensityRange,
        *,
        is_remote: bool,
    ) -> "PixelWork":
        """Return the work of a fitted classifier on an image."""
        spacing = classifier.spacing
        return cls(
            classifier.features_,
            classifier.n_channels_,
            None if spacing is None else tuple(float(step) for step in spacing),
            classifier.fitted_forest(),
            classifier.sigma,
            classifier.device,
            source,
            sink,
            range_,
            None if is_remote else classifier.predictor(),
        )

    def __call__(self, part: Part, job: Job) -> bool:
        """Fill in a part; return whether pixels were NaN or infinite."""
        job.checkpoint(0.0)
        views = [View(self.source, self.range_, frame) for frame in part.frames]
        self._ready().run(views, PartSink(self.sink.arrays, self.sink.ndim, part.box), job=job)
        return any(view.invalid for view in views)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_predictor": None, "_lock": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = threading.Lock()

    def _ready(self) -> Predictor:
        with self._lock:
            if self._predictor is None:
                device = device_here(self.device)
                maker = StackMaker(
                    self.features, self.source.ndim, self.n_channels, self.spacing, device
                )
                self._predictor = Predictor(maker, self.forest, self.sigma)
            return self._predictor


@dataclass(frozen=True, eq=False, slots=True)
class PartSink(Sink):
    """Arrays of a whole image, of which a box is filled in."""

    box: Block

    def areas(self, source: ImageSource, size: Triple) -> list[Block]:
        """Cut the box into areas that are read and written as one."""
        largest = Sink.areas(self, source, size)[0].shape
        return list(blocks_in(self.box, largest))


def parts_of(source: ImageSource, sink: Sink, n: int) -> list[Part]:
    """Cut an image into parts such that every chunk of every output belongs to one part.

    Parameters
    ----------
    source : ImageSource
    sink : Sink
    n : int
        Workers, which should all have something to do.

    Returns
    -------
    list of Part
        Row by row.
    """
    frame_unit, unit = _units(source, sink)
    total = prod(source.shape3) * prod(source.frames)
    most = min(_MOST, max(_LEAST, total // (n * _ROUNDS)))
    box = _grown(unit, source.shape3, max(1, most // prod(frame_unit)))
    groups = list(_frame_groups(source.frames, frame_unit))
    return [Part(group, block) for group in groups for block in iter_blocks(source.shape3, box)]


def check_travels(source: Any, arrays: Mapping[str, Any]) -> None:
    """Raise `InputError` if arrays in memory were given to workers in other processes."""
    wrong = [name for name, array in arrays.items() if isinstance(array, np.ndarray)]
    if isinstance(source, np.ndarray):
        wrong.insert(0, "image")
    if wrong:
        raise InputError(
            f"Workers in other processes cannot reach arrays in memory, but {', '.join(wrong)} "
            "came as such. Save the image and open it with "
            "brushwood.io.reopened.ReopenedArray.of(path), give results that are in files, for "
            "example zarr arrays, or use threads."
        )


def device_here(wish: str | Device | None) -> Device:
    """Return the device of this process for what the caller asked for or used.

    A `Device` stands for its kind: other machines have others, and workers of one machine are
    given one each through ``BRUSHWOOD_DEVICE``.
    """
    if not isinstance(wish, Device):
        return choose_device(wish)
    own = choose_device()
    return own if own.kind == wish.kind else choose_device(wish.kind)


def _units(source: ImageSource, sink: Sink) -> tuple[tuple[int, ...], Triple]:
    """Return the least step along frames and space on which chunks of all outputs begin."""
    n_frames = len(source.frames)
    steps = [1] * (n_frames + sink.ndim)
    is_chunked = False
    for name, array in sink.arrays.items():
        chunks = getattr(array, "shards", None) or getattr(array, "chunks", None)
        if chunks is None or isinstance(array, np.ndarray):
            continue
        is_chunked = True
        own = [int(c) for c in chunks[1 if name == "probabilities" else 0 :]]
        steps = [lcm(a, b) for a, b in zip(steps, own, strict=True)]
    frames = tuple(min(s, n) for s, n in zip(steps, source.frames, strict=False))
    z, y, x = [1] * (3 - sink.ndim) + steps[n_frames:]
    if not is_chunked:
        z, y, x = source.chunks3 or (1, 1, 1)
    shape = source.shape3
    return frames, (min(z, shape[0]), min(y, shape[1]), min(x, shape[2]))


def _grown(unit: Triple, shape: Triple, most: int) -> Triple:
    """Return a multiple of `unit` of at most `most` pixels, if that is more than one, near a cube.

    A part near a square or cube has the least border, which its neighbours compute too.
    """
    box = list(unit)
    while True:
        able = [
            axis
            for axis in range(3)
            if box[axis] < shape[axis] and prod(box) // box[axis] * (box[axis] + unit[axis]) <= most
        ]
        if not able:
            break
        axis = min(able, key=lambda a: (box[a], -a))
        box[axis] += unit[axis]
    # Parts of even size: no slivers.
    z, y, x = (
        min(n, ceil(ceil(n / ceil(n / b)) / u) * u)
        for n, b, u in zip(shape, box, unit, strict=True)
    )
    return z, y, x


def _frame_groups(
    frames: Sequence[int], unit: Sequence[int]
) -> Iterator[tuple[tuple[int, ...], ...]]:
    starts = [range(0, n, step) for n, step in zip(frames, unit, strict=True)]
    for corner in product(*starts):
        spans = [range(a, min(a + s, n)) for a, s, n in zip(corner, unit, frames, strict=True)]
        yield tuple(product(*spans))
