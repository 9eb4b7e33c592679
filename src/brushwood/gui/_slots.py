"""A place for one layer: bound, released, and never found by name."""

from collections.abc import Callable
from weakref import WeakMethod

from napari.layers import Layer


class LayerSlot:
    """Holds at most one layer and reports its events.

    Parameters
    ----------
    on_change : bound method taking one event
        Held weakly, so that a closed widget is not kept alive by a layer.
    *events : str
        Names of layer events to listen to; those that a napari version lacks are skipped.
    """

    def __init__(self, on_change: Callable[[object], None], *events: str) -> None:
        self._on_change = WeakMethod(on_change)
        self._events = events
        self._layer: Layer | None = None

    @property
    def layer(self) -> Layer | None:
        """The layer, or None."""
        return self._layer

    @property
    def key(self) -> str | None:
        """The layer's key, or None."""
        return None if self._layer is None else str(self._layer.unique_id)

    def bind(self, layer: Layer) -> None:
        """Listen to this layer instead of the one before."""
        if self._layer is not None and layer.unique_id == self._layer.unique_id:
            return
        self.release()
        self._layer = layer
        for name in self._events:
            emitter = getattr(layer.events, name, None)
            if emitter is not None:
                emitter.connect(self._notify)

    def release(self) -> None:
        """Let the layer go."""
        layer, self._layer = self._layer, None
        if layer is None:
            return
        for name in self._events:
            emitter = getattr(layer.events, name, None)
            if emitter is not None:
                emitter.disconnect(self._notify)

    def _notify(self, event: object = None) -> None:
        on_change = self._on_change()
        if on_change is not None:
            on_change(event)
