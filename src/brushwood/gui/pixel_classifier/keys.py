"""Keys that switch the class, chosen so that napari's own keys keep their meaning."""

from collections.abc import Callable
from typing import Any
from weakref import WeakMethod

from brushwood.gui._scene import NapariScene

#: Keys of the first eight classes: the row under the digits, without those that paint and erase
#: in napari (P, E). Keys of the active layer always win, because the viewer is asked last.
CLASS_KEYS = ("Q", "W", "R", "T", "Y", "U", "I", "O")


class ClassKeys:
    """Binds keys of the viewer while a widget is in use.

    Parameters
    ----------
    on_key : bound method taking the position of a class in the list
        Held weakly.
    """

    def __init__(self, scene: NapariScene, on_key: Callable[[int], None]) -> None:
        self._scene = scene
        self._on_key = WeakMethod(on_key)
        self._bound: dict[str, Any] = {}

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys in the order of the classes; "" where another plugin has the key."""
        return tuple(key if key in self._bound else "" for key in CLASS_KEYS)

    def bind(self) -> None:
        """Take the keys that are free."""
        for position, key in enumerate(CLASS_KEYS):
            if key not in self._bound:
                action = self._action(position)
                try:
                    self._scene.viewer.bind_key(key, action)
                except ValueError:  # another plugin took it first
                    continue
                self._bound[key] = action

    def release(self) -> None:
        """Give the keys back."""
        bound, self._bound = self._bound, {}
        if self._scene.is_alive:
            for key, action in bound.items():
                taken = self._scene.viewer.bind_key(key, None)
                if taken is not None and taken is not action:  # somebody overwrote ours
                    self._scene.viewer.bind_key(key, taken)

    def _action(self, position: int) -> Callable[[Any], None]:
        on_key = self._on_key

        def switch(viewer: Any) -> None:
            callback = on_key()
            if callback is not None:
                callback(position)

        return switch
