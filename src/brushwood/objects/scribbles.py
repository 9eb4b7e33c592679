"""Read classes of objects from strokes that were painted over them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from brushwood.errors import AnnotationError, InputError, ShapeMismatchError
from brushwood.jobs import IDLE, Job
from brushwood.objects.footprints import Key, LabelView


@dataclass(frozen=True, slots=True, kw_only=True)
class Scribbled:
    """What strokes say about objects.

    Attributes
    ----------
    by_frame : mapping of (frame, label) to int
        Class of each object under a stroke: the one with the most painted pixels on it.
    mixed : mapping of (frame, label) to mapping of class id to int
        Objects under strokes of several classes, with painted pixels of each; the majority decides.
    ties : tuple of (frame, label)
        Those of them without a majority; they get no class.
    n_beside : int
        Painted pixels on no object.
    """

    by_frame: Mapping[Key, int]
    mixed: Mapping[Key, Mapping[int, int]]
    ties: tuple[Key, ...]
    n_beside: int

    def text(self) -> str:
        """Return what to tell the user, "" if all strokes are clear."""
        said = []
        if n := len(self.mixed) - len(self.ties):
            objects = "1 object lies" if n == 1 else f"{n} objects lie"
            said.append(f"{objects} under strokes of several classes; the larger part decided.")
        if n := len(self.ties):
            objects = "1 object has" if n == 1 else f"{n} objects have"
            said.append(f"{objects} as many pixels of two classes and got none: paint more on one.")
        return " ".join(said)


def scribbled(
    labels: Any, annotation: Any, *, ndim: int | None = None, job: Job = IDLE
) -> Scribbled:
    """Return the class of every object under a stroke.

    Parameters
    ----------
    labels : array-like of int, shape (…frames, space)
        NumPy, dask or zarr, read block by block.
    annotation : array-like of int, same shape
        Class ids under the brush, 0 where nothing was painted.
    ndim : int, optional
        Number of spatial axes. Default: all, at most the last 3.
    job : Job

    Raises
    ------
    ShapeMismatchError
        If the shapes differ.
    AnnotationError
        If the annotation does not hold class ids.
    """
    view = LabelView(labels, ndim)
    try:
        strokes = LabelView(annotation, view.ndim)
    except InputError as error:
        raise AnnotationError(
            f"Strokes must be whole numbers, the class ids, on a layer of the labels' size: {error}"
        ) from error
    if (strokes.frames, strokes.shape) != (view.frames, view.shape):
        raise ShapeMismatchError(
            f"The strokes have the shape {(*strokes.frames, *strokes.shape)}, the labels "
            f"{(*view.frames, *view.shape)}. Paint on a layer of the same size."
        )
    return _summed(*_counts(view, strokes, job))


def _counts(view: LabelView, strokes: LabelView, job: Job) -> tuple[dict[Key, dict[int, int]], int]:
    """Count painted pixels by object and class."""
    counts: dict[Key, dict[int, int]] = {}
    n_beside = 0
    blocks = list(view.blocks())
    for number, (frame, start, stop) in enumerate(blocks):
        job.checkpoint(number / len(blocks), "Reading strokes")
        paint = strokes.read(frame, start, stop)
        where = paint != 0
        if not where.any():
            continue
        classes, labels = paint[where], view.read(frame, start, stop)[where]
        if int(classes.min()) < 1 or int(classes.max()) > 65535:
            raise AnnotationError(
                f"Class ids of strokes must be from 1 to 65535, but {classes.min()} to "
                f"{classes.max()} came."
            )
        n_beside += int((labels <= 0).sum())
        on = labels > 0
        pairs = np.stack([labels[on].astype(np.int64), classes[on].astype(np.int64)])
        found, n = np.unique(pairs, axis=1, return_counts=True)
        for label, class_id, count in zip(*found.tolist(), n.tolist(), strict=True):
            by_class = counts.setdefault((frame, label), {})
            by_class[class_id] = by_class.get(class_id, 0) + count
    return counts, n_beside


def _summed(counts: dict[Key, dict[int, int]], n_beside: int) -> Scribbled:
    by_frame, mixed, ties = {}, {}, []
    for key, by_class in sorted(counts.items()):
        if len(by_class) > 1:
            mixed[key] = dict(sorted(by_class.items()))
        most = max(by_class.values())
        best = [k for k, n in by_class.items() if n == most]
        if len(best) == 1:
            by_frame[key] = best[0]
        else:
            ties.append(key)
    return Scribbled(by_frame=by_frame, mixed=mixed, ties=tuple(ties), n_beside=n_beside)
