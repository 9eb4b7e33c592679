"""The methods that put rows into groups, and how groups are numbered."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from brushwood.errors import InputError
from brushwood.explore.aside import Watch, in_step, run_aside
from brushwood.explore.nearest import fill_ids, sample
from brushwood.explore.options import MAX_SEED, Options
from brushwood.explore.prepare import Floats
from brushwood.forest.params import option
from brushwood.jobs import IDLE, Job

Method = Literal["kmeans", "gaussian", "agglomerative", "hdbscan"]
Ids = npt.NDArray[np.int32]

#: How each method is called in names of columns and in sentences.
NAMES = {
    "kmeans": "k-means",
    "gaussian": "Gaussian mixture",
    "agglomerative": "agglomerative",
    "hdbscan": "HDBSCAN",
}
_COUNTED = ("kmeans", "gaussian", "agglomerative")
#: Most rows that a method takes itself. Agglomerative clustering needs their squared number of
#: distances in memory (0.8 GB), HDBSCAN as much time.
MOST = {"agglomerative": 10_000, "hdbscan": 20_000, "gaussian": 100_000, "kmeans": 1_000_000}

#: Neighbours within which HDBSCAN calls a row's surroundings dense. By default it takes the size of
#: the smallest group, which blurs large groups into each other.
_DENSE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterParams(Options):
    """How rows are grouped.

    Attributes
    ----------
    method : {"kmeans", "gaussian", "agglomerative", "hdbscan"}
    n_clusters : int
        2 to 50; HDBSCAN finds the number itself.
    min_size : int
        HDBSCAN: fewest rows that make a group.
    seed : int
        k-means and Gaussian mixture start from random places; the best of ten or three
        starts is kept.
    """

    method: Method = option(  # noqa: RUF009 - a field, as its siblings
        "kmeans",
        label="Method",
        help="k-means makes round groups of like size, Gaussian mixture ellipses, agglomerative "
        "joins what is near, HDBSCAN finds dense groups and their number, and leaves strays out.",
        choices=get_args(Method),
    )
    n_clusters: int = option(
        2, label="Groups", help="How many groups to make.", min=2, max=50, methods=_COUNTED
    )
    min_size: int = option(
        15,
        label="Smallest group",
        help="Fewer objects than this are strays.",
        min=2,
        max=100_000,
        methods=("hdbscan",),
    )
    seed: int = option(
        0,
        label="Seed",
        help="Same seed, same groups. That makes them repeatable, not true: see Stability.",
        min=0,
        max=MAX_SEED,
        methods=("kmeans", "gaussian"),
    )


def group(matrix: Floats, params: ClusterParams, job: Job = IDLE) -> Ids:
    """Put the rows of a matrix into groups.

    Parameters
    ----------
    matrix : float64 (row, column)
        Without gaps.
    params : ClusterParams
    job : Job

    Returns
    -------
    int32 (row,)
        1 for the largest group, and so on; ties by the first row. 0 for strays.

    Raises
    ------
    InputError
        If there are fewer different rows than groups.
    Cancelled
    """
    rows = sample(len(matrix), MOST[params.method], params.seed)
    matrix_used = matrix[rows]
    check_groups(matrix_used, params)
    whole = len(rows) == len(matrix)

    def work(watch: Watch) -> npt.NDArray[Any]:
        return _WORK[params.method](matrix_used, params)

    found = run_aside(
        in_step(work, len(matrix_used)), job if whole else job.part(0, 0.8), NAMES[params.method]
    )
    ids = by_size(found)
    return ids if whole else by_size(fill_ids(matrix, rows, ids, job.part(0.8, 1)) - 1)


def check_groups(matrix: Floats, params: ClusterParams) -> None:
    """Refuse more groups than there are different rows.

    Raises
    ------
    InputError
    """
    counted = params.method in _COUNTED
    needed = params.n_clusters if counted else params.min_size
    if not counted and len(matrix) < needed:
        raise InputError(
            f"HDBSCAN with a smallest group of {needed} needs at least as many rows, but there are "
            f"{len(matrix)} without gaps. Make the smallest group smaller, or measure more objects."
        )
    if counted:
        different = len(matrix) if len(matrix) < needed else _n_different(matrix, needed)
        if different < needed:
            raise InputError(
                f"{different} different row{'s' * (different != 1)} cannot make {needed} groups. "
                "Ask for fewer groups, or measure more objects."
            )


def _n_different(matrix: Floats, enough: int) -> int:
    """Count different rows, no further than needed: most tables show it at once."""
    head = len(np.unique(matrix[: 10 * enough], axis=0))
    return head if head >= enough else len(np.unique(matrix, axis=0))


def by_size(found: npt.NDArray[Any]) -> Ids:
    """Number groups by size from 1, ties by their first row; negative ids become 0."""
    ids, first, at, counts = np.unique(
        found, return_index=True, return_inverse=True, return_counts=True
    )
    real = ids >= 0
    order = sorted(np.flatnonzero(real), key=lambda i: (-counts[i], first[i]))
    number = np.zeros(len(ids), np.int32)
    number[order] = np.arange(1, len(order) + 1)
    return number[at.reshape(-1)]


def _kmeans(matrix: Floats, params: ClusterParams) -> npt.NDArray[Any]:
    from sklearn.cluster import KMeans

    model = KMeans(params.n_clusters, n_init=10, random_state=params.seed)
    return np.asarray(model.fit_predict(matrix))


def _gaussian(matrix: Floats, params: ClusterParams) -> npt.NDArray[Any]:
    return np.asarray(gaussian_mixture(matrix, params).fit_predict(matrix))


def gaussian_mixture(matrix: Floats, params: ClusterParams) -> Any:
    """Return scikit-learn's mixture, set for these rows and not fitted yet."""
    from sklearn.mixture import GaussianMixture

    # Columns that depend on each other make flat ellipses, which need some thickness.
    spread = float(matrix.var(axis=0).mean())
    return GaussianMixture(
        params.n_clusters,
        n_init=3,
        random_state=params.seed,
        reg_covar=max(1e-4 * spread, np.finfo(float).tiny),
        max_iter=500,
    )


def _agglomerative(matrix: Floats, params: ClusterParams) -> npt.NDArray[Any]:
    from sklearn.cluster import AgglomerativeClustering

    return np.asarray(AgglomerativeClustering(params.n_clusters).fit_predict(matrix))


def _hdbscan(matrix: Floats, params: ClusterParams) -> npt.NDArray[Any]:
    from sklearn.cluster import HDBSCAN

    model = HDBSCAN(
        min_cluster_size=params.min_size, min_samples=min(params.min_size, _DENSE), copy=True
    )
    return np.asarray(model.fit_predict(matrix))


_WORK = {
    "kmeans": _kmeans,
    "gaussian": _gaussian,
    "agglomerative": _agglomerative,
    "hdbscan": _hdbscan,
}
