"""Tables of other things than objects, with the units of their columns."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from brushwood.arrays import AnyArray
from brushwood.measure.catalog import Dimension, Measurement
from brushwood.measure.units import unit_of
from brushwood.tables import with_units

if TYPE_CHECKING:
    from pandas import DataFrame


def noted_table(
    frames: Sequence[Mapping[str, AnyArray]],
    dimensions: Mapping[str, Dimension],
    unit: str | None,
    scaled: bool,
    ndim: int,
) -> "DataFrame":
    """Join the columns of all frames and note their units.

    Parameters
    ----------
    frames : sequence of mapping of str to ndarray
        The same columns each.
    dimensions : mapping of str to Dimension
        Of columns that have one; others are of unknown unit.
    unit, scaled, ndim
        As in `brushwood.measure.units.unit_of`.
    """
    from pandas import DataFrame

    table = DataFrame({name: np.concatenate([f[name] for f in frames]) for name in frames[0]})
    units: dict[str, str] = {}
    for name, dimension in dimensions.items():
        if name in table.columns:
            text = unit_of(Measurement(name, "", "", dimension=dimension), unit, scaled, ndim)
            units |= {} if text is None else {name: text}
    return with_units(table, units)
