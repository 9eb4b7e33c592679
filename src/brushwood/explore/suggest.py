"""How many groups? Silhouettes, the elbow and BIC over a range, and a suggestion with a reason."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from brushwood.errors import InputError
from brushwood.explore.aside import Watch, in_step, run_aside
from brushwood.explore.cluster import prepare_for_clusters
from brushwood.explore.embed import made
from brushwood.explore.grouping import (
    NAMES,
    ClusterParams,
    Ids,
    Method,
    by_size,
    gaussian_mixture,
    group,
)
from brushwood.explore.nearest import sample
from brushwood.explore.prepare import Floats
from brushwood.explore.separation import separation
from brushwood.jobs import IDLE, Job

if TYPE_CHECKING:
    from pandas import DataFrame

#: Mean silhouette width up to which Kaufman and Rousseeuw (1990), table 4, find no substantial
#: structure.
NO_STRUCTURE = 0.25
#: Rows that are tried.
_MOST = 5_000


@dataclass(frozen=True, slots=True, eq=False)
class Suggestion:
    """How many groups to make, and the curves that say so.

    Attributes
    ----------
    n_clusters : int
        With the widest silhouette, or of a Gaussian mixture the lowest BIC.
    numbers : tuple of int
        The numbers tried.
    silhouette : float64 (number,)
        Mean silhouette width.
    inertia : float64 (number,)
        Sum of squared distances to the groups' centres: the curve with the elbow.
    bic : float64 (number,) or None
        Bayesian information criterion, of a Gaussian mixture.
    elbow : int
        Where the curve of `inertia` bends most.
    sentence : str
    """

    n_clusters: int
    numbers: tuple[int, ...]
    silhouette: Floats
    inertia: Floats
    bic: Floats | None
    elbow: int
    sentence: str

    def table(self) -> "DataFrame":
        """Return the curves: one row a number of groups."""
        import pandas as pd

        curves = {"silhouette": self.silhouette, "inertia": self.inertia}
        if self.bic is not None:
            curves["bic"] = self.bic
        return pd.DataFrame(curves, index=pd.Index(self.numbers, name="n_clusters"))

    def to_json(self) -> dict[str, Any]:
        """Return number, curves and sentence as JSON values."""
        return {
            "n_clusters": self.n_clusters,
            "elbow": self.elbow,
            "sentence": self.sentence,
            "numbers": list(self.numbers),
            "silhouette": self.silhouette.tolist(),
            "inertia": self.inertia.tolist(),
            "bic": None if self.bic is None else self.bic.tolist(),
        }


def suggest_clusters(
    table: "DataFrame",
    method: Method = "kmeans",
    *,
    columns: Sequence[str] | None = None,
    most: int = 10,
    seed: int = 0,
    scaling: str | None = None,
    job: Job = IDLE,
) -> Suggestion:
    """Suggest a number of groups.

    Parameters
    ----------
    table : DataFrame
        Measurements, or what `brushwood.embed` returned.
    method : {"kmeans", "gaussian", "agglomerative"}
        HDBSCAN finds the number itself.
    columns, scaling
        As in `brushwood.cluster`.
    most : int
        Largest number tried, 2 to 50.
    seed : int
    job : Job

    Raises
    ------
    InputError
        If the table does not fit, or the method finds the number itself.
    Cancelled
    """
    params = made(ClusterParams, method=method, n_clusters=most, seed=seed)
    prepared, _ = prepare_for_clusters(table, columns, scaling)
    return suggest_for(prepared.matrix, params, job)


def suggest_for(matrix: Floats, params: ClusterParams, job: Job = IDLE) -> Suggestion:
    """Suggest a number of groups from 2 to ``params.n_clusters`` for the rows of a matrix.

    Of longer matrices a sample of 5000 rows is tried.

    Raises
    ------
    InputError, Cancelled
    """
    if params.method == "hdbscan":
        raise InputError(
            "HDBSCAN finds the number of groups itself. Set its smallest group, or choose another "
            "method."
        )
    matrix = matrix[sample(len(matrix), _MOST, params.seed)]
    different = len(np.unique(matrix, axis=0))
    # A silhouette needs a row more than there are groups.
    numbers = tuple(range(2, min(params.n_clusters, different - 1) + 1))
    if not numbers:
        raise InputError(
            f"{different} different rows are too few to compare numbers of groups. Measure more "
            "objects."
        )
    widths, inertias, bics = [], [], []
    for i, number in enumerate(numbers):
        part = job.part(i / len(numbers), (i + 1) / len(numbers))
        ids, bic_of_it = _grouped(matrix, replace(params, n_clusters=number), part)
        widths.append(separation(matrix, ids, params.seed))
        inertias.append(_inertia(matrix, ids))
        bics.append(bic_of_it)
    silhouette, inertia = np.array(widths), np.array(inertias)
    bic = np.array(bics) if params.method == "gaussian" else None
    best = int(np.nanargmax(silhouette) if bic is None else np.argmin(bic))
    whole = float(((matrix - matrix.mean(axis=0)) ** 2).sum())
    elbow = _elbow((1, *numbers), np.array([whole, *inertia]))
    sentence = _sentence(params.method, numbers, silhouette, best, elbow)
    return Suggestion(numbers[best], numbers, silhouette, inertia, bic, elbow, sentence)


def _inertia(matrix: Floats, ids: Any) -> float:
    total = 0.0
    for i in np.unique(ids):
        rows = matrix[ids == i]
        total += float(((rows - rows.mean(axis=0)) ** 2).sum())
    return total


def _grouped(matrix: Floats, params: ClusterParams, job: Job) -> tuple[Ids, float]:
    """Return groups, and of a Gaussian mixture its BIC."""
    if params.method != "gaussian":
        return group(matrix, params, job), float("nan")

    def work(watch: Watch) -> tuple[Ids, float]:
        model = gaussian_mixture(matrix, params).fit(matrix)
        return by_size(model.predict(matrix)), float(model.bic(matrix))

    return run_aside(in_step(work, len(matrix)), job, NAMES["gaussian"])


def _elbow(numbers: Sequence[int], inertia: Floats) -> int:
    """Return the number furthest below the line from the first to the last (Satopää 2011)."""
    x = (np.array(numbers) - numbers[0]) / max(1, numbers[-1] - numbers[0])
    drop = inertia[0] - inertia[-1]
    y = (inertia - inertia[-1]) / drop if drop > 0 else np.zeros(len(inertia))
    below = (1 - x) - y
    return int(max(2, numbers[int(below.argmax())]))


def _sentence(
    method: str, numbers: Sequence[int], silhouette: Floats, best: int, elbow: int
) -> str:
    width, number = silhouette[best], numbers[best]
    reason = "lowest BIC" if method == "gaussian" else "widest silhouette"
    said = f"{number} groups suggested for {NAMES[method]}: {reason} ({width:.2f})"
    if method == "gaussian":
        said = f"{number} groups suggested for {NAMES[method]}: {reason}, silhouette {width:.2f}"
    said += f", elbow at {elbow}." if elbow != number else ", and the elbow agrees."
    if not width > NO_STRUCTURE:
        said += " But silhouettes this narrow speak against any groups."
    return said
