"""Centroids and second moments of objects, summed exactly from their runs."""

import numpy as np

from brushwood.measure.index import FloatArray, IntArray, LabelIndex

#: Below this, sums of integers cannot overflow.
_SAFE = float(2**61)


def centroids(objects: LabelIndex) -> FloatArray:
    """Return the mean position of each object's pixels, in pixels, shape (n, 3) for (z, y, x)."""
    mean: FloatArray = objects.low + objects.position_sums / objects.n_pixels[:, None]
    return mean


def covariances(objects: LabelIndex) -> FloatArray:
    """Return the covariance of each object's pixel positions, in units, over all its pixels.

    Parameters
    ----------
    objects : LabelIndex

    Returns
    -------
    ndarray of float64, shape (n, ndim, ndim)
        Axes in the image's order, scaled by the spacing. A pixel counts as a point, as in
        scikit-image: one pixel has covariance 0.
    """
    cov = _covariances(objects)
    cov *= np.multiply.outer(objects.spacing3, objects.spacing3)
    ndim = objects.ndim
    return cov[:, -ndim:, -ndim:]


def _covariances(objects: LabelIndex) -> FloatArray:
    """Return covariances in pixels, shape (n, 3, 3)."""
    count = objects.n_pixels
    reach = (objects.high - objects.low).max(axis=1, initial=1).astype(float)
    exact = (count * reach) ** 2 < _SAFE
    if exact.all():
        return _exact(objects)
    cov = np.empty((len(objects), 3, 3))
    small, large = np.flatnonzero(exact), np.flatnonzero(~exact)
    cov[small] = _exact(objects.part(small))
    cov[large] = _centred(objects.part(large))
    return cov


def _local(objects: LabelIndex) -> IntArray:
    """Return each run's first pixel, counted from its object's bounding box, shape (R, 3)."""
    local: IntArray = objects.run_start - objects.low[objects.run_object]
    return local


def _exact(objects: LabelIndex) -> FloatArray:
    """Return covariances in pixels from sums of integers, which are exact."""
    at, length = _local(objects), objects.run_length.astype(np.int64)
    z, y, x = at.T
    along = length * x + length * (length - 1) // 2
    squares = length * x * x + x * length * (length - 1)
    squares += (length - 1) * length * (2 * length - 1) // 6
    second = objects.sum_runs(
        np.stack(
            [length * z * z, length * y * y, squares, length * z * y, z * along, y * along], axis=1
        )
    )
    first = objects.position_sums
    count = objects.n_pixels
    pairs = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))
    cov = np.empty((len(objects), 3, 3))
    for k, (a, b) in enumerate(pairs):
        exact = count * second[:, k] - first[:, a] * first[:, b]
        cov[:, a, b] = cov[:, b, a] = exact / count.astype(float) ** 2
    return cov


def _centred(objects: LabelIndex) -> FloatArray:
    """Return covariances in pixels of objects too large for exact sums, about their centroids."""
    owner, length = objects.run_object, objects.run_length.astype(float)
    z, y, x = (objects.run_start - centroids(objects)[owner]).T
    along = length * x + length * (length - 1) / 2
    squares = length * x * x + x * length * (length - 1)
    squares += (length - 1) * length * (2 * length - 1) / 6
    terms = {
        (0, 0): length * z * z,
        (1, 1): length * y * y,
        (2, 2): squares,
        (0, 1): length * z * y,
        (0, 2): z * along,
        (1, 2): y * along,
    }
    cov = np.empty((len(objects), 3, 3))
    for (a, b), term in terms.items():
        cov[:, a, b] = cov[:, b, a] = objects.sum_runs(term) / objects.n_pixels
    return cov
