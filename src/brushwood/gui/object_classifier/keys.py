"""Keys of the layer in use, in front of the viewer's own: they choose classes, and undo marks."""

from collections.abc import Callable
from typing import Any
from weakref import WeakMethod, ref

from napari.layers import Layer

from brushwood.gui.pixel_classifier.keys import CLASS_KEYS

UNDO, REDO = "Control-Z", "Control-Shift-Z"


class LayerKeys:
    """Binds keys of one layer at a time, and gives them back.

    napari asks the keymap of a layer before the viewer's, so that the keys of other widgets are not
    lost: they come back with `release`. Keys that napari uses on such a layer stay napari's, apart
    from undo and redo while `undo` is wanted.

    Parameters
    ----------
    on_key : bound method taking "class", "undo" or "redo", and the position of a class
        Held weakly.
    """

    def __init__(self, on_key: Callable[[str, int], None]) -> None:
        self._on_key = WeakMethod(on_key)
        self._layer: Any = None
        self._wants_undo = False
        self._bound: list[str] = []

    def bind(self, layer: Layer | None, *, undo: bool = False) -> None:
        """Bind the keys of this layer instead of those bound before."""
        bound = self._layer() if self._layer is not None else None
        if bound is layer and undo == self._wants_undo:
            return
        self.release()
        if layer is None:
            return
        self._layer, self._wants_undo = ref(layer), undo
        taken = {str(key) for key in type(layer).class_keymap}
        for position, key in enumerate(CLASS_KEYS):
            if key not in taken:
                self._bind(layer, key, "class", position)
        if undo:
            self._bind(layer, UNDO, "undo")
            self._bind(layer, REDO, "redo")

    def release(self) -> None:
        """Give the keys back."""
        layer = self._layer() if self._layer is not None else None
        bound, self._bound, self._layer = self._bound, [], None
        if layer is not None:
            for key in bound:
                layer.bind_key(key, None)

    def _bind(self, layer: Layer, key: str, what: str, position: int = 0) -> None:
        method = self._on_key

        def press(layer: Any) -> None:
            callback = method()
            if callback is not None:
                callback(what, position)

        try:
            layer.bind_key(key, press)
        except ValueError:  # somebody bound it for this very layer
            return
        self._bound.append(key)
