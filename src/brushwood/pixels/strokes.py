"""The annotated pixels of one image as a small frozen value: where, and which class."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.arrays import AnyArray
from brushwood.errors import AnnotationError, ShapeMismatchError

#: Largest class id, and most classes that one model tells apart.
MAX_ID, MAX_CLASSES = 65535, 255
_SLAB_BYTES = 64 << 20


@dataclass(frozen=True, eq=False, slots=True)
class Strokes:
    """Annotated pixels, in the order of their position.

    Attributes
    ----------
    shape : tuple of int
        Shape of the annotation: frames, then space.
    index : int64 (pixel,)
        Ascending flat positions in an array of that shape.
    classes : uint16 (pixel,)
        Class ids, the annotation's values.
    """

    shape: tuple[int, ...]
    index: npt.NDArray[np.int64]
    classes: npt.NDArray[np.uint16]

    @classmethod
    def of(cls, annotation: Any, shape: Sequence[int] | None = None) -> "Strokes":
        """Find the annotated pixels of an annotation, reading it slab by slab.

        Parameters
        ----------
        annotation : array-like of int or bool
            0 is not annotated; NumPy, dask, zarr, or a multiscale sequence (the finest is used).
        shape : sequence of int, optional
            Shape of the image: frames, then space.

        Raises
        ------
        ShapeMismatchError
            If the annotation has another shape than the image.
        AnnotationError
            If it holds floats, negative numbers or ids above 65535.
        """
        if isinstance(annotation, Strokes):
            check_shape(annotation.shape, shape)
            return annotation
        if isinstance(annotation, list | tuple) and hasattr(annotation[0], "shape"):
            annotation = annotation[0]
        if not hasattr(annotation, "dtype"):
            annotation = np.asarray(annotation)
        check_shape(annotation.shape, shape)
        check_type(np.dtype(annotation.dtype))
        found = [_find(slab, offset) for slab, offset in _slabs(annotation)]
        index = np.concatenate([part[0] for part in found] or [np.empty(0, np.int64)])
        values = np.concatenate([part[1] for part in found] or [np.empty(0, np.uint16)])
        return cls(tuple(int(n) for n in annotation.shape), index, values)

    def updated(self, annotation: Any, region: Sequence[slice]) -> "Strokes":
        """Return the strokes after a change of the annotation inside `region` only.

        Parameters
        ----------
        annotation : array-like of int or bool
            The whole annotation after the change; only the region is read.
        region : sequence of slice
            One a dimension, with a step of one.
        """
        boxes = [s.indices(n)[:2] for s, n in zip(region, self.shape, strict=True)]
        if any(a >= b for a, b in boxes):
            return self
        part = np.asarray(annotation[tuple(slice(a, b) for a, b in boxes)])
        check_type(part.dtype)
        local, values = _find(part, 0)
        corners = np.unravel_index(local, part.shape)
        shifted = [c + a for c, (a, _) in zip(corners, boxes, strict=True)]
        index = np.ravel_multi_index(shifted, self.shape).astype(np.int64)
        inside = np.ones(self.index.size, bool)
        for position, (a, b) in zip(np.unravel_index(self.index, self.shape), boxes, strict=True):
            inside &= (position >= a) & (position < b)
        merged = np.concatenate((self.index[~inside], index))
        order = np.argsort(merged, kind="stable")
        classes = np.concatenate((self.classes[~inside], values))[order]
        return Strokes(self.shape, merged[order], classes)

    @property
    def counts(self) -> dict[int, int]:
        """Number of annotated pixels of each class that has any."""
        ids, counts = np.unique(self.classes, return_counts=True)
        return dict(zip(ids.tolist(), counts.tolist(), strict=True))

    def __len__(self) -> int:
        return int(self.index.size)


def check_shape(came: Sequence[int], expected: Sequence[int] | None) -> None:
    """Raise if an annotation does not have the shape of its image."""
    if expected is not None and tuple(came) != tuple(expected):
        raise ShapeMismatchError(
            "The annotation cannot be used with this image: a shape of "
            f"{tuple(expected)} was expected, one number an axis without channels, but the "
            f"annotation has {tuple(came)}. Make an annotation of the image's shape, or check "
            "which axis holds channels."
        )


def check_type(dtype: np.dtype[Any]) -> None:
    """Raise if an annotation does not hold whole numbers."""
    if dtype.kind not in "bui":
        raise AnnotationError(
            "The annotation cannot be read as classes: whole numbers were expected (0 is not "
            f"annotated, 1, 2, ... are classes), but it holds {dtype}. Convert it to integers, for "
            "example with annotation.astype('uint8')."
        )


def check_trainable(counts: dict[int, int]) -> None:
    """Raise if strokes cannot be trained on: none, of one class only, or of too many.

    Parameters
    ----------
    counts : dict of int to int
        Annotated pixels of each class.
    """
    present = sorted(k for k, n in counts.items() if n)
    if not present:
        raise AnnotationError(
            "There is nothing to train on: strokes of at least two classes were expected, but the "
            "annotation is empty. Paint a stroke for each class."
        )
    if len(present) == 1:
        raise AnnotationError(
            "One class alone cannot be told apart: strokes of at least two classes were expected, "
            f"but only class {present[0]} has any. Paint a stroke of another class, for example "
            "background."
        )
    if len(present) > MAX_CLASSES:
        raise AnnotationError(
            f"A model tells at most {MAX_CLASSES} classes apart, but the annotation has "
            f"{len(present)}. Use an annotation of classes, not of single objects."
        )


def _find(slab: AnyArray, offset: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint16]]:
    flat = np.ascontiguousarray(slab).reshape(-1)
    local = _nonzero(flat)
    values = flat[local]
    if values.size and slab.dtype.kind == "i" and int(values.min()) < 0:
        raise AnnotationError(
            "The annotation cannot be read as classes: numbers from 0 (not annotated) were "
            f"expected, but it holds {int(values.min())}. Replace negative numbers by 0 or by a "
            "class."
        )
    if values.size and int(values.max()) > MAX_ID:
        raise AnnotationError(
            f"The annotation cannot be read as classes: ids up to {MAX_ID} were expected, but it "
            f"holds {int(values.max())}. Number the classes 1, 2, 3, ..."
        )
    return local.astype(np.int64, copy=False) + offset, values.astype(np.uint16)


def _nonzero(flat: AnyArray) -> npt.NDArray[np.intp]:
    """Find what is not zero, eight bytes at once: annotations are nearly empty."""
    per_word = 8 // flat.itemsize
    if flat.size % per_word or per_word == 1:
        return np.flatnonzero(flat)
    words = np.flatnonzero(flat.view(np.uint64))
    near = (words[:, None] * per_word + np.arange(per_word)).reshape(-1)
    found: npt.NDArray[np.intp] = near[flat[near] != 0]
    return found


def _slabs(annotation: Any) -> Iterator[tuple[AnyArray, int]]:
    """Yield contiguous parts along the first axis, whole chunks at a time, and their offset."""
    shape = tuple(int(n) for n in annotation.shape)
    if len(shape) == 0 or prod(shape) == 0:
        return
    row = prod(shape[1:])
    chunks = getattr(annotation, "chunksize", None) or getattr(annotation, "chunks", None)
    step = max(1, int(chunks[0]) if chunks else 1)
    rows = max(1, _SLAB_BYTES // max(1, row * np.dtype(annotation.dtype).itemsize))
    rows = -(-rows // step) * step
    for first in range(0, shape[0], rows):
        yield np.asarray(annotation[first : first + rows]), first * row
