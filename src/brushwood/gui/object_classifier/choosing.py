"""Keep the choice of objects layers sensible while layers come and go."""

from brushwood.gui._scene import NapariScene, note_of, role_of
from brushwood.session.object_state import ObjectState
from brushwood.session.scene import LabelsRef

#: Words in names of layers that hold objects, and of layers that do not.
_LIKELY = ("object", "label", "instance", "segment", "cell", "nuclei", "blob")
_UNLIKELY = ("annotation", "classes", "scribble", "mask")


class ObjectChooser:
    """Chooses for the user where there is nothing to decide; keeps the user's choice otherwise."""

    def __init__(self, state: ObjectState, scene: NapariScene) -> None:
        self._state, self._scene = state, scene

    def candidates(self) -> list[LabelsRef]:
        """Return the layers that can hold objects, the most likely first."""
        topmost_first = self._scene.objects()[::-1]
        return sorted(topmost_first, key=lambda ref: -self._rank(ref))

    def choose(self) -> None:
        """Drop what is gone, and choose the obvious."""
        known = {ref.key: ref for ref in self._scene.objects()}
        kept = tuple(key for key in self._state.layers if key in known)
        if not kept:
            likely = [ref for ref in self.candidates() if self._rank(ref) > 0]
            kept = (likely[0].key,) if likely else ()
        self._state.layers = kept
        if self._scene.layer(self._state.annotation) is None:
            self._state.annotation = None

    def _rank(self, ref: LabelsRef) -> int:
        layer = self._scene.layer(ref.key)
        if layer is None:
            return 0
        name = ref.name.lower()
        if role_of(layer) == "objects" or "object_marks" in note_of(layer):
            return 4
        if layer.features.shape[1] > 0:
            return 3
        if any(word in name for word in _UNLIKELY):
            return 0
        return 2 if any(word in name for word in _LIKELY) else 1
