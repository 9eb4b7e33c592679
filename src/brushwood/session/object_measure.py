"""Measure what the object classifier needs: a request, and the table that comes back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from brushwood.jobs import Job
from brushwood.session.freshness import MEASURED, fingerprint
from brushwood.session.object_table import frames_of, is_result, labels_of, table_of
from brushwood.session.scene import LayerKey
from brushwood.tables import KEYS, measurement_of, units_of

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True, eq=False, slots=True)
class MeasureRequest:
    """Measure one objects layer.

    Attributes
    ----------
    labels : array-like of int, shape (…frames, space)
    image : array-like of the same shape, or None
        Where intensities are measured.
    names : tuple of str or None
        Columns to measure; None for the default.
    scale : tuple of float
        Size of a pixel along the axes of space.
    unit : str
        Its unit, "px" for none.
    old : DataFrame
        The table that the layer has; its other columns are kept if its rows are these objects.
    keep : bool
        Whether they are.
    """

    key: LayerKey
    version: int
    labels: Any
    ndim: int
    image: Any = None
    rgb: bool = False
    names: tuple[str, ...] | None = None
    scale: tuple[float, ...] = ()
    unit: str = "px"
    old: "DataFrame | None" = None
    keep: bool = True


@dataclass(frozen=True, eq=False, slots=True)
class Measured:
    """A table, and what to note with its layer."""

    key: LayerKey
    version: int
    table: "DataFrame"
    n_columns: int
    note: Mapping[str, Any] = field(default_factory=dict)


def run(request: MeasureRequest, job: Job) -> Measured:
    """Measure, and join what the table had besides."""
    from brushwood.measure import measure

    spacing = None if request.unit == "px" else request.scale
    found = measure(
        request.labels,
        request.image,
        names=request.names,
        spacing=spacing,
        unit=None if request.unit == "px" else request.unit,
        channel_axis=-1 if request.rgb and request.image is not None else None,
        channel_names=("red", "green", "blue")
        if request.rgb and request.image is not None
        else None,
        ndim=request.ndim,
        job=job,
    )
    units = units_of(found)
    table = joined(found, request.old) if request.old is not None and request.keep else found
    note = {
        "units": {
            **(units_of(request.old) if request.keep and request.old is not None else {}),
            **units,
        },
        MEASURED: {
            "fingerprint": fingerprint(request.labels, job),
            "measurement": measurement_of(found),
        },
    }
    return Measured(request.key, request.version, table, len(units) or found.shape[1], note)


def joined(found: "DataFrame", old: "DataFrame") -> "DataFrame":
    """Return a measured table with the columns of an older one that it does not have.

    Rows are matched by label and frame. Results of a classifier are left out: they come again.
    """
    import pandas as pd

    old = table_of(old)
    more = [n for n in map(str, old.columns) if n not in found.columns and n not in KEYS]
    more = [name for name in more if not is_result(name)]
    if not more or not len(old):
        return found
    theirs = pd.MultiIndex.from_arrays([frames_of(old), labels_of(old)])
    ours = pd.MultiIndex.from_arrays([frames_of(found), labels_of(found)])
    if "frame" in found.columns and "frame" not in old.columns:
        theirs, ours = theirs.droplevel(0), ours.droplevel(0)
    first = ~theirs.duplicated()
    rest = old.loc[first, more].set_axis(theirs[first]).reindex(ours)
    table = pd.concat([found, rest.set_axis(found.index)], axis=1)
    table.attrs = dict(found.attrs)
    return table
