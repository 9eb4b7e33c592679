"""Where objects touch: how many faces of pixels each two share, and what an image shows there."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from brushwood.arrays import AnyArray, ImageSource
from brushwood.jobs import IDLE, Job
from brushwood.measure.index import FloatArray, IntArray, LabelIndex

#: Offsets to the next pixel along each axis.
_AXES = ((1, 0, 0), (0, 1, 0), (0, 0, 1))


@dataclass(frozen=True, eq=False, slots=True)
class Contacts:
    """Every two objects that share faces of pixels, and every object with the background.

    Attributes
    ----------
    first, second : ndarray of int64, shape (P,)
        Numbers of the objects, ``first < second``; the background has the number ``n``.
    faces : ndarray of int64, shape (P, 3)
        Shared faces across z, y and x. Faces at the image's edge are shared with nothing.
    sums : ndarray, shape (P, C)
        Sum over these faces of the mean of the two pixels' values in each channel.
    """

    first: IntArray
    second: IntArray
    faces: IntArray
    sums: FloatArray

    @property
    def count(self) -> IntArray:
        """Number of faces, shape (P,)."""
        found: IntArray = self.faces.sum(axis=1)
        return found

    def length(self, spacing3: tuple[float, float, float], ndim: int) -> FloatArray:
        """Return the length (2-D) or area (3-D) of the shared faces, shape (P,)."""
        z, y, x = spacing3
        size = np.array([y * x, z * x, z * y] if ndim == 3 else [0.0, x, y])
        found: FloatArray = self.faces @ size
        return found


def find_contacts(
    objects: LabelIndex, image: ImageSource | None = None, job: Job = IDLE
) -> Contacts:
    """Count the faces that objects share.

    Parameters
    ----------
    objects : LabelIndex
        All objects of a frame.
    image : ImageSource, optional
        Of the label image's shape, for `Contacts.sums`.
    job : Job
    """
    n = len(objects)
    n_channels = 0 if image is None else image.n_channels
    keys: list[IntArray] = []
    rows: list[FloatArray] = []
    for low, high, axis, where in _faces(objects, image, job):
        key, place = np.unique(
            np.minimum(low, high) * (n + 1) + np.maximum(low, high), return_inverse=True
        )
        row = np.zeros((key.size, 3 + n_channels))
        row[:, axis] = np.bincount(place, minlength=key.size)
        for c in range(n_channels):
            row[:, 3 + c] = np.bincount(place, where[c], key.size)
        keys.append(key)
        rows.append(row)
    return _joined(keys, rows, n, n_channels)


def _faces(
    objects: LabelIndex, image: ImageSource | None, job: Job
) -> Iterator[tuple[IntArray, IntArray, int, list[FloatArray]]]:
    """Yield the two objects of faces, their axis, and the mean of the image on both sides."""
    shape = objects.source.shape3
    for band in objects.bands(halo=1, job=job):
        core = band.core
        values = None
        if image is not None:
            low = band.start
            high = [min(a + n + 1, end) for a, n, end in zip(low, core.shape, shape, strict=True)]
            values = image.read(objects.frame, low, high)
        for axis, offset in enumerate(_AXES[3 - objects.ndim :], 3 - objects.ndim):
            # The next pixel of the last one is outside the image.
            is_last = band.start[axis] + core.shape[axis] == shape[axis]
            inside = tuple(
                slice(0, size - (is_last and a == axis)) for a, size in enumerate(core.shape)
            )
            here, there = core[inside], band.shifted(*offset)[inside]
            at = np.nonzero(here != there)
            yield (
                _numbers(objects, here[at]),
                _numbers(objects, there[at]),
                axis,
                _means(values, at, offset),
            )


def _means(
    values: AnyArray | None, at: tuple[npt.NDArray[np.intp], ...], offset: tuple[int, int, int]
) -> list[FloatArray]:
    if values is None:
        return []
    beyond = tuple(position + d for position, d in zip(at, offset, strict=True))
    return [(c[at].astype(np.float64) + c[beyond].astype(np.float64)) / 2 for c in values]


def _numbers(objects: LabelIndex, labels: AnyArray) -> IntArray:
    return np.where(labels == 0, len(objects), objects.numbers(labels))


def _joined(keys: list[IntArray], rows: list[FloatArray], n: int, n_channels: int) -> Contacts:
    """Add up what the bands found."""
    if not keys:
        keys, rows = [np.zeros(0, np.int64)], [np.zeros((0, 3 + n_channels))]
    key, place = np.unique(np.concatenate(keys), return_inverse=True)
    total = np.zeros((key.size, 3 + n_channels))
    np.add.at(total, place, np.concatenate(rows))
    first, second = np.divmod(key, n + 1)
    return Contacts(first, second, total[:, :3].astype(np.int64), total[:, 3:])
