"""Which objects are selected: one answer for image, table and plot."""

from dataclasses import dataclass, field
from typing import ClassVar

from psygnal import SignalGroupDescriptor

from brushwood.session.scene import LayerKey


@dataclass(frozen=True, slots=True)
class Selected:
    """Objects of one labels layer.

    Attributes
    ----------
    layer : LayerKey or None
    labels : frozenset of int
        Empty when nothing is selected.
    current : int
        The object that the user touched last, 0 for none; it is one of `labels`.
    """

    layer: LayerKey | None = None
    labels: frozenset[int] = frozenset()
    current: int = 0


@dataclass
class SelectionState:
    """What is selected in a viewer, one a viewer.

    Whoever selects assigns a new `Selected`; whoever shows a selection listens to
    ``events.selected`` and does nothing when it shows that selection already. An equal value emits
    nothing, so two views that mirror each other come to rest.

    Attributes
    ----------
    selected : Selected
    """

    selected: Selected = field(default_factory=Selected)

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    def select(self, layer: LayerKey, labels: frozenset[int], current: int = 0) -> None:
        """Select these objects of a layer, and nothing else."""
        self.selected = Selected(layer, labels, current if current in labels else 0)

    def clear(self) -> None:
        """Select nothing."""
        self.selected = Selected()
