"""Passes over a whole map in parts: count the pixels of classes, paint classes over objects."""

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from brushwood.arrays import ImageSource
from brushwood.jobs import IDLE, Job
from brushwood.objects.training import CLASS
from brushwood.pixels.outputs import Sink
from brushwood.pixels.parts import Part, parts_of
from brushwood.workers import Workers

if TYPE_CHECKING:
    from pandas import DataFrame

#: Pixels of a part, about; less than this is not worth a worker.
_PART_PIXELS = 4 << 20


def count_classes(
    classes: Any, ids: npt.NDArray[np.integer], ndim: int, workers: Workers, job: Job = IDLE
) -> dict[str, int]:
    """Count the pixels of each class.

    Parameters
    ----------
    classes : array-like of uint8 or uint16
    ids : ndarray of int
        Class ids that can occur.
    ndim : {2, 3}
    workers : Workers
    job : Job

    Returns
    -------
    dict of str to int
        Pixels by class id.
    """
    source = ImageSource.of(classes, ndim=ndim)
    work = _Count(source, int(ids.max()) + 1)
    total = np.zeros(work.size, np.int64)
    for _, found in _each(work, source, classes, workers, job, "Counting pixels"):
        total += found
    return {str(i): int(total[i]) for i in ids}


def paint_classes(
    objects: Any, table: "DataFrame", out: Any, ndim: int, workers: Workers, job: Job = IDLE
) -> None:
    """Paint the class of each object over its pixels, as `brushwood.objects.painting` does.

    Parameters
    ----------
    objects : array-like of int
    table : DataFrame
        With ``label``, ``class``, and ``frame`` where there are frames.
    out : array-like, same shape
    ndim : {2, 3}
        Axes of an object.
    workers : Workers
    job : Job
    """
    source = ImageSource.of(objects, ndim=ndim)
    work = _Paint(source, out, _rows_by_frame(table))
    for _ in _each(work, source, out, workers, job, "Painting objects"):
        pass


def _each(
    work: Any, source: ImageSource, chunked: Any, workers: Workers, job: Job, message: str
) -> Any:
    """Do work on parts of an image that share no chunk of an array."""
    n_pixels = prod(source.shape3) * prod(source.frames)
    n = max(workers.n, n_pixels // (6 * _PART_PIXELS))
    parts = parts_of(source, Sink({"map": chunked}, source.ndim), n)
    return workers.each(work, parts, job, message, [float(p.n_pixels) for p in parts])


@dataclass(frozen=True, eq=False, slots=True)
class _Count:
    """Counts the values of a part."""

    source: ImageSource
    size: int

    def __call__(self, part: Part, job: Job) -> npt.NDArray[np.int64]:
        total = np.zeros(self.size, np.int64)
        for number, frame in enumerate(part.frames):
            job.checkpoint(number / len(part.frames))
            found = self.source.read(frame, part.box.start, part.box.stop)
            total += np.bincount(found.ravel(), minlength=self.size)
        return total


@dataclass(frozen=True, eq=False, slots=True)
class _Paint:
    """Paints a part."""

    source: ImageSource
    out: Any
    #: Labels, ascending, and their classes, by the number of the frame.
    rows: dict[int, tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]

    def __call__(self, part: Part, job: Job) -> None:
        ndim, frames = self.source.ndim, self.source.frames
        for number, frame in enumerate(part.frames):
            job.checkpoint(number / len(part.frames))
            found = self.source.read(frame, part.box.start, part.box.stop)[0]
            at = int(np.ravel_multi_index(frame, frames)) if frames else 0
            painted = self._painted(found, at).astype(self.out.dtype)
            index = (*(slice(f, f + 1) for f in frame), *part.box.slices[-ndim:])
            self.out[index] = painted.reshape((1,) * len(frame) + painted.shape[-ndim:])

    def _painted(self, block: npt.NDArray[Any], frame: int) -> npt.NDArray[Any]:
        if frame not in self.rows:
            return np.zeros(block.shape, np.uint8)
        labels, classes = self.rows[frame]
        at = np.minimum(np.searchsorted(labels, block), len(labels) - 1)
        return np.where((labels[at] == block) & (block > 0), classes[at], 0)


def _rows_by_frame(
    table: "DataFrame",
) -> dict[int, tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    labels = table["label"].to_numpy().astype(np.int64)
    classes = table[CLASS].to_numpy().astype(np.int64)
    frames = table["frame"].to_numpy() if "frame" in table else np.zeros(len(labels), np.int64)
    found = {}
    for frame in np.unique(frames).tolist():
        here = np.flatnonzero(frames == frame)
        here = here[np.argsort(labels[here], kind="stable")]
        found[int(frame)] = labels[here], classes[here]
    return found
