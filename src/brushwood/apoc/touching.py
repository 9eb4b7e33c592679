"""Which labels touch, how often, and where: a list of pairs instead of clEsperanto's matrices."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from brushwood.apoc.statistics import checked_labels
from brushwood.arrays import AnyArray

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Touches:
    """Pairs of labels with a face in common, the background 0 among them.

    Attributes
    ----------
    n : int
        Largest label.
    low, high : int64 (pair,)
        The two labels, ``low < high``.
    count : int64 (pair,)
        Faces in common.
    intensity : float64 (pair,)
        Sum over the faces of the mean of the two pixels, its fraction cut off: clEsperanto adds
        whole numbers. Empty without an image.
    """

    n: int
    low: Int64
    high: Int64
    count: Int64
    intensity: Float64

    @classmethod
    def of(cls, labels: AnyArray, image: AnyArray | None = None) -> "Touches":
        """Find the pairs of a label image, (Y, X) or (Z, Y, X).

        Source: clEsperanto, ``generate_touch_count_matrix``, ``generate_touch_intensity_matrix``.
        """
        labels = checked_labels(labels)
        n = int(labels.max(initial=0))
        keys, weights = [], []
        for axis in range(labels.ndim):
            one, two = _beside(labels, axis)
            differ = one != two
            a, b = one[differ].astype(np.int64), two[differ].astype(np.int64)
            keys.append(np.minimum(a, b) * (n + 1) + np.maximum(a, b))
            if image is not None:
                first, second = _beside(image, axis)
                mean = (_whole(first[differ]) + _whole(second[differ])) / 2
                weights.append(np.trunc(mean))
        found, inverse, count = np.unique(
            np.concatenate(keys), return_inverse=True, return_counts=True
        )
        sums: Float64 = np.zeros(0)
        if image is not None:
            total = np.bincount(inverse, np.concatenate(weights), minlength=len(found))
            sums = total.astype(np.float64)
        return cls(n, found // (n + 1), found % (n + 1), count.astype(np.int64), sums)

    @property
    def between_objects(self) -> npt.NDArray[np.bool_]:
        """Which pairs do not have the background in them."""
        return self.low > 0

    def contacts(self) -> Int64:
        """Return the faces of each label towards others, background included, int64 (n + 1,)."""
        both = np.concatenate((self.low, self.high))
        twice = np.concatenate((self.count, self.count))
        return np.bincount(both, twice, minlength=self.n + 1).astype(np.int64)


def dilated(labels: AnyArray, radius: int) -> AnyArray:
    """Grow labels into the background, the larger label first where two meet.

    Source: clEsperanto, ``dilate_labels``: squares and diamonds of radius 1 in turn.
    """
    out = checked_labels(labels).copy()
    for step in range(radius):
        shape = ndimage.generate_binary_structure(out.ndim, out.ndim if step % 2 == 0 else 1)
        grown = ndimage.grey_dilation(out, footprint=shape, mode="nearest")
        free = (out == 0) & (grown != 0)
        if not free.any():
            break
        out[free] = grown[free]
    return out


def _beside(array: AnyArray, axis: int) -> tuple[AnyArray, AnyArray]:
    here = (slice(None),) * axis
    return array[(*here, slice(None, -1))], array[(*here, slice(1, None))]


def _whole(values: AnyArray) -> Float64:
    """Return intensities as APOC's merger has them, without fractions."""
    return np.trunc(np.asarray(values, np.float64))
