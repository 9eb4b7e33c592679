"""What is written beside the pixels of an image: axes, channels, time and calibration."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from brushwood.io.imagefile import NOTHING


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says of its pixels.

    Attributes
    ----------
    axes : str
        A letter an axis, y and x last.
    scale, unit, channel_names, time_step, time_unit
        As in `ImageFile`.
    labels : bool
        The pixels number objects.
    """

    axes: str
    scale: Mapping[str, float] = field(default_factory=lambda: NOTHING)
    unit: str | None = None
    channel_names: tuple[str, ...] = ()
    time_step: float | None = None
    time_unit: str | None = None
    labels: bool = False
