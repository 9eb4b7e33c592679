"""Parents and children: which object of one label image lies in which of another."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from brushwood.arrays import AnyArray
from brushwood.errors import InputError
from brushwood.jobs import IDLE, Job
from brushwood.measure.catalog import Dimension
from brushwood.measure.index import IntArray, LabelIndex
from brushwood.measure.inputs import check_shape, checked_spacing, label_source
from brushwood.measure.moments import centroids
from brushwood.measure.noting import noted_table
from brushwood.tables import measured_columns, units_of, with_units

if TYPE_CHECKING:
    from pandas import DataFrame

_DIMENSIONS: dict[str, Dimension] = {
    "parent_overlap": "none",
    "parent_distance": "length",
    "children_count": "none",
    "children_area": "size",
    "children_portion": "none",
}


@dataclass(frozen=True, eq=False, slots=True)
class Relations:
    """Two tables that refer to each other by label (and frame).

    Attributes
    ----------
    children : DataFrame
        One row a child: `label`, `index`, `frame` (only with frames), `parent`, the label of the
        parent, 0 for none; `parent_overlap`, the part of the child that lies in the parent;
        `parent_distance` between both centroids, NaN without a parent.
    parents : DataFrame
        One row a parent: `label`, `index`, `frame`, `children_count`, `children_area`, the size of
        all its children together, `children_portion`, the part of the parent that its children
        cover, and ``children_mean_<column>`` for each column of a table of children, NaN without
        children.
    """

    children: "DataFrame"
    parents: "DataFrame"


def relate(
    parents: Any,
    children: Any,
    *,
    table: "DataFrame | None" = None,
    min_overlap: float = 0.0,
    spacing: float | Sequence[float] | None = None,
    unit: str | None = None,
    ndim: int | None = None,
    job: Job = IDLE,
) -> Relations:
    """Find the parent of each child: the object that covers most of it.

    Parameters
    ----------
    parents, children : array of int, the same shape
        Label images, for example cells and their nuclei. Of two parents that cover as much of a
        child, the one with the smaller label is taken.
    table : DataFrame, optional
        Measurements of children, with their `label` (and `frame`), of which each parent gets the
        mean over its children. NaN are left out.
    min_overlap : float
        From 0 to 1: a child has no parent unless at least this part of it lies in one.
    spacing, unit, ndim
        As in `measure`.
    job : Job
        Progress and cancel.

    Raises
    ------
    InputError, ShapeMismatchError
        If the label images or the table do not fit together.
    """
    outer, inner = label_source(parents, ndim), label_source(children, ndim)
    check_shape(outer, inner, "children")
    size = checked_spacing(spacing, outer.ndim)
    if not 0 <= min_overlap <= 1:
        raise InputError(f"min_overlap must be a number from 0 to 1, but {min_overlap!r} came.")
    frames = list(outer.iter_frames())
    found = []
    for number, frame in enumerate(frames):
        part = job.part(number / len(frames), (number + 1) / len(frames))
        outside = LabelIndex.of(outer, frame, size, part.part(0, 0.2))
        inside = LabelIndex.of(inner, frame, size, part.part(0.2, 0.4))
        keys = {"frame": number} if outer.frames else {}
        found.append(_of_frame(outside, inside, min_overlap, keys, part.part(0.4, 1)))
    columns = (_DIMENSIONS, unit, size is not None, outer.ndim)
    of_children = noted_table([child for child, _ in found], *columns)
    of_parents = noted_table([parent for _, parent in found], *columns)
    if table is not None:
        of_parents = _with_means(of_parents, of_children, table)
    return Relations(of_children, of_parents)


def _of_frame(
    parents: LabelIndex, children: LabelIndex, min_overlap: float, keys: dict[str, int], job: Job
) -> tuple[dict[str, AnyArray], dict[str, AnyArray]]:
    child, parent, pixels = _overlaps(parents, children, job)
    number, covered = _largest(child, parent, pixels, len(children))
    portion = covered / children.n_pixels
    number[portion < min_overlap] = -1
    has_parent = number >= 0
    where = [(centroids(each) * each.spacing3)[:, -each.ndim :] for each in (parents, children)]
    distance = np.full(len(children), np.nan)
    apart = where[0][number[has_parent]] - where[1][has_parent]
    distance[has_parent] = np.linalg.norm(apart, axis=1)
    label = np.zeros(len(children), np.int64)
    label[has_parent] = parents.labels[number[has_parent]]
    of_children = {
        **_keys(children, keys),
        "parent": label,
        "parent_overlap": np.where(has_parent, portion, 0.0),
        "parent_distance": distance,
    }
    voxel = float(np.prod(parents.spacing))
    kept = number[child] == parent
    area = np.bincount(number[has_parent], children.n_pixels[has_parent], len(parents)) * voxel
    inside = np.bincount(parent[kept], pixels[kept], len(parents))
    of_parents = {
        **_keys(parents, keys),
        "children_count": np.bincount(number[has_parent], minlength=len(parents)),
        "children_area": area,
        "children_portion": inside / parents.n_pixels,
    }
    return of_children, of_parents


def _overlaps(
    parents: LabelIndex, children: LabelIndex, job: Job
) -> tuple[IntArray, IntArray, IntArray]:
    """Return child, parent and number of pixels of every two that overlap."""
    n = len(parents)
    keys, counts = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for pixels in children.pixels(parents.source, job, "comparing labels"):
        label = pixels.values(0)
        inside = label != 0
        child = pixels.objects.rows[pixels.object[inside]]
        key = child * n + parents.numbers(label[inside])
        # Neighbours along a line mostly have one key, so that few are left to sort.
        first = np.flatnonzero(np.append(True, key[1:] != key[:-1])[: key.size])
        keys.append(key[first])
        counts.append(np.diff(first, append=key.size))
    key, place = np.unique(np.concatenate(keys), return_inverse=True)
    count = np.bincount(place, np.concatenate(counts), key.size).astype(np.int64)
    child, parent = np.divmod(key, max(n, 1))
    return child, parent, count


def _largest(
    child: IntArray, parent: IntArray, pixels: IntArray, n: int
) -> tuple[IntArray, IntArray]:
    """Return the parent with the largest overlap of each child, -1 for none, and the overlap."""
    number, covered = np.full(n, -1, np.int64), np.zeros(n, np.int64)
    # Later entries overwrite earlier ones: the largest last, and of equal ones the smallest label.
    order = np.lexsort((-parent, pixels))
    number[child[order]] = parent[order]
    covered[child[order]] = pixels[order]
    return number, covered


def _keys(objects: LabelIndex, keys: dict[str, int]) -> dict[str, AnyArray]:
    frame = {name: np.full(len(objects), number) for name, number in keys.items()}
    return {"label": objects.labels, "index": objects.labels, **frame}


def _with_means(parents: "DataFrame", children: "DataFrame", table: "DataFrame") -> "DataFrame":
    """Give each parent the mean of its children's measurements."""
    keys = [name for name in ("label", "frame") if name in children.columns]
    missing = [name for name in keys if name not in table.columns]
    if missing:
        raise InputError(
            f"The table of children needs the column {missing[0]!r} to say which object a row is, "
            f"but has {', '.join(map(str, table.columns))}. Measure the children again."
        )
    names = measured_columns(table)
    joined = children[[*keys, "parent"]].merge(
        table[[*keys, *names]], on=keys, how="left", validate="many_to_one"
    )
    joined = joined[joined["parent"] != 0].drop(columns="label").rename(columns={"parent": "label"})
    means = joined.groupby(keys)[names].mean().add_prefix("children_mean_").reset_index()
    units = {
        f"children_mean_{name}": unit for name, unit in units_of(table).items() if name in names
    }
    return with_units(parents.merge(means, on=keys, how="left"), units_of(parents) | units)
