"""Places all over the images at which one could annotate next, with what the model sees there."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from brushwood.arrays import ImageSource
from brushwood.blocks import Block, iter_blocks
from brushwood.forest.reference import predict_proba
from brushwood.jobs import Job
from brushwood.pixels.classifier import PixelClassifier
from brushwood.pixels.stacks import View
from brushwood.pixels.training import TILES

Int64 = npt.NDArray[np.int64]
Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]

#: Tiles that are looked into; an image with more is sampled.
_MOST_TILES = 12
#: Pixels that are looked at around each place, as offsets in units of the radius.
_PATTERN = {
    2: [(0, y, x) for y in (-1, 0, 1) for x in (-1, 0, 1)],
    3: [(0, 0, 0), (-1, 0, 0), (1, 0, 0), (0, -1, 0), (0, 1, 0), (0, 0, -1), (0, 0, 1)],
}


@dataclass(frozen=True, eq=False, slots=True)
class Candidates:
    """Places, and what the model sees around each.

    Attributes
    ----------
    image : int64 (place,)
        Which of the images.
    frame : tuple of tuple of int, one a place
        Index into the axes before space.
    position : int64 (place, 3)
        (z, y, x).
    features : float32 (place, feature)
        Mean over the pixels around.
    probabilities : float64 (place, pixel, class)
        Of the forest, before smoothing.
    """

    image: Int64
    frame: tuple[tuple[int, ...], ...]
    position: Int64
    features: Float32
    probabilities: Float64

    def __len__(self) -> int:
        return len(self.position)


def find_candidates(
    classifier: PixelClassifier,
    sources: Sequence[ImageSource],
    n: int,
    radius: int,
    seed: int,
    job: Job,
) -> Candidates:
    """Draw places evenly at random, and compute features and probabilities around them.

    Parameters
    ----------
    classifier : PixelClassifier
        Fitted.
    sources : sequence of ImageSource
    n : int
        Places in all images together.
    radius : int
        Pixels; the model is asked at this distance around each place as well.
    seed : int
    job : Job
    """
    rng = np.random.default_rng(seed)
    boxes = _boxes(sources, rng)
    shares = np.array([block.n_pixels for *_, block in boxes], float)
    counts = rng.multinomial(n, shares / shares.sum())
    maker = classifier.predictor().maker
    forest = classifier.fitted_forest()
    ranges = {}
    parts = []
    for done, ((number, frame, block), count) in enumerate(zip(boxes, counts, strict=True)):
        job.checkpoint(done / len(boxes), "Looking for the next place")
        if not count:
            continue
        source = sources[number]
        if number not in ranges:
            ranges[number] = classifier.range_for(source, job)
        centre = rng.integers(block.start, block.stop, (count, 3))
        offsets = radius * np.array(_PATTERN[source.ndim])
        around = np.clip(
            centre[:, None] + offsets, np.array(block.start), np.array(block.stop) - 1
        ).reshape(-1, 3)
        rows = maker.rows(View(source, ranges[number], frame), around)
        p = predict_proba(forest, rows).reshape(count, len(offsets), -1)
        features = rows.reshape(count, len(offsets), -1).mean(axis=1)
        parts.append((np.full(count, number), [frame] * count, centre, features, p))
    images, frames, positions, features, probabilities = zip(*parts, strict=True)
    return Candidates(
        np.concatenate(images),
        tuple(frame for some in frames for frame in some),
        np.concatenate(positions),
        np.concatenate(features),
        np.concatenate(probabilities),
    )


def _boxes(
    sources: Sequence[ImageSource], rng: np.random.Generator
) -> list[tuple[int, tuple[int, ...], Block]]:
    """Return tiles of all images, a sample if there are many."""
    found = []
    for number, source in enumerate(sources):
        size = TILES[source.ndim]
        n_frames = prod(source.frames)
        blocks = list(iter_blocks(source.shape3, size))
        # Of a long series a few frames are enough; drawn first, so that none is listed in vain.
        chosen = rng.permutation(n_frames)[:_MOST_TILES]
        frames = [tuple(int(i) for i in np.unravel_index(f, source.frames)) for f in chosen]
        found += [(number, frame, block) for frame in (frames or [()]) for block in blocks]
    keep = np.sort(rng.permutation(len(found))[:_MOST_TILES])
    return [found[k] for k in keep]
