"""What to measure for the object classifier: by default, and again after objects changed."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from brushwood.measure.names import Setting
from brushwood.session.measure_catalog import default_choice
from brushwood.session.measuring import MeasuringState
from brushwood.session.measuring import spacing_of as _spacing_of
from brushwood.session.object_table import is_result
from brushwood.session.scene import LabelsRef

if TYPE_CHECKING:
    from pandas import DataFrame


def default_names(ndim: int, channels: Iterable[str] | None, with_image: bool) -> tuple[str, ...]:
    """Return the measurements that one click makes.

    Parameters
    ----------
    ndim : {2, 3}
        Axes of space.
    channels : iterable of str or None
        Names of the channels, None for a single one.
    with_image : bool
        Whether there are intensities.
    """
    endings = tuple(f"-{name}" for name in channels) if channels is not None else ("",)
    return default_choice(Setting(ndim, endings if with_image else None))


def measurable(table: "DataFrame", with_image: bool) -> tuple[str, ...]:
    """Return the measurements that the columns of a table come from, as far as they are known."""
    from brushwood.measure import catalog

    names = list(map(str, table.columns))
    found = []
    for measurement in catalog():
        heads = (f"{measurement.name}-", f"{measurement.name}_")
        has = any(n == measurement.name or n.startswith(heads) for n in names if not is_result(n))
        needs = measurement.needs_probabilities or (measurement.needs_image and not with_image)
        if has and not needs:
            found.append(measurement.name)
    return tuple(found)


def spacing_of(objects: LabelsRef, ndim: int) -> tuple[tuple[float, ...] | None, str]:
    """Return the size of a pixel along the axes of space, and its unit; (None, "") in pixels."""
    return _spacing_of(objects, MeasuringState(ndim=ndim))
