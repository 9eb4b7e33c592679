"""Principal components: what the columns share, how much each component explains, and loadings."""

from dataclasses import dataclass

import numpy as np

from brushwood.explore.prepare import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Components:
    """Principal components of a matrix.

    Attributes
    ----------
    positions : float64 (row, component)
    explained : float64 (component,)
        Share of the variance, in [0, 1].
    loadings : float64 (column, component)
        Correlation of each column with each component (for standardised columns), in [-1, 1].
    axes : float64 (column, component)
        Unit vectors: ``positions = (matrix - mean) @ axes``.
    """

    positions: Floats
    explained: Floats
    loadings: Floats
    axes: Floats


def principal_components(matrix: Floats, n_components: int) -> Components:
    """Return the first principal components of a matrix (Jolliffe 2002).

    The sign of each is such that its largest loading is positive; else it would be arbitrary.

    Parameters
    ----------
    matrix : float64 (row, column)
    n_components : int
        At most the number of columns.
    """
    centred = matrix - matrix.mean(axis=0)
    # The covariance is small where there are many rows; its eigenvectors cost no second matrix.
    values, vectors = np.linalg.eigh(centred.T @ centred / len(centred))
    order = np.argsort(-values, kind="stable")
    variance = np.maximum(values[order], 0.0)
    axes = vectors[:, order]
    largest = axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])]
    axes = (axes * np.where(largest < 0, -1.0, 1.0))[:, :n_components]
    deviation = centred.std(axis=0)
    loadings = (
        axes * np.sqrt(variance[:n_components]) / np.where(deviation > 0, deviation, 1)[:, None]
    )
    return Components(
        positions=centred @ axes,
        explained=variance[:n_components] / max(variance.sum(), np.finfo(float).tiny),
        loadings=np.clip(loadings, -1, 1),
        axes=axes,
    )
