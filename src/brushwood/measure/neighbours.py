"""Neighbours of each object: how many touch it, how much of it they touch, how far others are."""

import numpy as np

from brushwood.arrays import AnyArray
from brushwood.measure.catalog import Calculation, Call, Measurement
from brushwood.measure.contacts import find_contacts
from brushwood.measure.gaps import nearest_edges
from brushwood.measure.index import FloatArray, IntArray, LabelIndex
from brushwood.measure.moments import centroids

#: Objects whose neighbours are sought at once.
_AT_ONCE = 1 << 14
_MEAN = "distance_mean_nearest"


def compute_touching(objects: LabelIndex, call: Call) -> dict[str, AnyArray]:
    """Count touching objects and what part of the border they take."""
    contacts = find_contacts(objects, job=call.job)
    n = len(objects)
    length = contacts.length(objects.spacing3, objects.ndim)
    border = _sum_of_both(contacts.first, contacts.second, length, n)
    is_pair = contacts.second < n
    pair = contacts.first[is_pair], contacts.second[is_pair]
    shared = _sum_of_both(*pair, length[is_pair], n)
    with np.errstate(invalid="ignore"):
        portion = shared / border
    count = _sum_of_both(*pair, np.ones(len(pair[0])), n).astype(np.int64)
    found: dict[str, AnyArray] = {"touching_count": count, "touching_portion": portion}
    return {name: values for name, values in found.items() if name in call.wanted}


def compute_distances(objects: LabelIndex, call: Call) -> dict[str, FloatArray]:
    """Measure distances between centroids."""
    numbers = call.numbers.get(_MEAN, ())
    nearest = _nearest(objects, int(max((1, *numbers))), call)
    found = {"distance_nearest": np.full(len(objects), np.nan)}
    found[_MEAN] = np.full((len(objects), len(numbers)), np.nan)
    if nearest.shape[1]:
        found["distance_nearest"] = nearest[:, 0]
        for i, number in enumerate(numbers):
            found[_MEAN][:, i] = nearest[:, : int(number)].mean(axis=1)
    return {name: values for name, values in found.items() if name in call.wanted}


def compute_gaps(objects: LabelIndex, call: Call) -> dict[str, FloatArray]:
    """Measure distances between borders."""
    return {"distance_edge_nearest": nearest_edges(objects, call.job)}


def _sum_of_both(first: IntArray, second: IntArray, values: FloatArray, n: int) -> FloatArray:
    """Sum a value of each pair over the pairs of each object."""
    total = np.bincount(np.concatenate([first, second]), np.tile(values, 2), n + 1)
    return np.asarray(total[:n], dtype=np.float64)


def _nearest(objects: LabelIndex, count: int, call: Call) -> FloatArray:
    """Return distances to the nearest other centroids, ascending, shape (n, up to count)."""
    from scipy.spatial import KDTree

    n = len(objects)
    count = min(count, n - 1)
    if count < 1:
        return np.zeros((n, 0))
    points = (centroids(objects) * objects.spacing3)[:, -objects.ndim :]
    tree = KDTree(points)
    out = np.empty((n, count))
    for start in range(0, n, _AT_ONCE):
        call.job.checkpoint(start / n, "distances")
        # The nearest of all is the object itself, or another one at no distance.
        out[start : start + _AT_ONCE] = tree.query(points[start : start + _AT_ONCE], count + 1)[0][
            :, 1:
        ]
    return out


CALCULATIONS = (
    Calculation(
        compute_touching,
        (
            Measurement(
                "touching_count",
                "neighbours",
                "number of other objects that share an edge (2-D) or face (3-D) of a pixel",
                dimension="none",
                source="clEsperanto, touching_neighbor_count",
                cost="medium",
                integer=True,
            ),
            Measurement(
                "touching_portion",
                "neighbours",
                "part of the border, without the image's edge, that touches other objects",
                dimension="none",
                source="clEsperanto, sum of generate_touch_portion_matrix",
                cost="medium",
                undefined="objects that fill the whole image",
            ),
        ),
        seconds_per_object=1e-6,
        seconds_per_pixel=1e-7,
        scope="frame",
    ),
    Calculation(
        compute_distances,
        (
            Measurement(
                "distance_nearest",
                "neighbours",
                "distance to the nearest other centroid",
                dimension="length",
                source="SciPy, KDTree",
                undefined="an object alone in its frame",
            ),
            Measurement(
                _MEAN,
                "neighbours",
                "mean distance to the n nearest other centroids, or to all if there are fewer",
                dimension="length",
                source="clEsperanto, average_distance_of_n_nearest_neighbors",
                numbers=(6,),
                number_range=(1, 1000),
                undefined="an object alone in its frame",
            ),
        ),
        seconds_per_object=1e-5,
        seconds_per_pixel=0.0,
        scope="frame",
    ),
    Calculation(
        compute_gaps,
        (
            Measurement(
                "distance_edge_nearest",
                "neighbours",
                "distance from the object's nearest pixel to that of another object; touching "
                "objects are one pixel apart",
                dimension="length",
                source="SciPy, KDTree",
                cost="high",
                undefined="an object alone in its frame",
            ),
        ),
        seconds_per_object=2e-4,
        seconds_per_pixel=1e-7,
        scope="frame",
    ),
)
