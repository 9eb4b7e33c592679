"""The choices of *Make objects*: an evented value that says when it changes."""

from dataclasses import dataclass, field
from typing import ClassVar

from psygnal import SignalGroupDescriptor

from brushwood.objects.split_params import SplitParams
from brushwood.session.scene import LayerKey


def first_params() -> SplitParams:
    """Return what the widget starts with: a pixel classifier leaves specks and pinholes."""
    return SplitParams(method="distance", min_size=20, fill_holes=True, max_hole=20)


@dataclass(frozen=True, slots=True)
class Made:
    """Objects that were made of a whole image.

    Attributes
    ----------
    layer : LayerKey
        The layer that holds them.
    n : int
    median : float
        Of their sizes, in `unit` squared or cubed.
    unit : str
        ``"px"`` or the image's unit.
    ndim : {2, 3}
    seconds : float
    """

    layer: LayerKey
    n: int
    median: float
    unit: str
    ndim: int
    seconds: float


@dataclass
class MakingState:
    """What the user has chosen, one a viewer.

    Assigning a field emits ``state.events.<field>``; an equal value emits nothing.

    Attributes
    ----------
    source : LayerKey or None
        The layer that objects are made from.
    values : tuple of int, or None
        Class ids in the source; None while unknown, or when there are too many to list.
    foreground : tuple of int, or None
        Class ids that are objects; None for all but 0.
    ndim : {2, 3}
    image : LayerKey or None
        The image whose intensity parts objects.
    params : SplitParams
    live : bool
        Show what is in view while choosing.
    show_seeds : bool
    made : Made or None
    """

    source: LayerKey | None = None
    values: tuple[int, ...] | None = None
    foreground: tuple[int, ...] | None = (2,)
    ndim: int = 2
    image: LayerKey | None = None
    params: SplitParams = field(default_factory=first_params)
    live: bool = True
    show_seeds: bool = False
    made: Made | None = None

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()
