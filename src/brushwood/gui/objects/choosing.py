"""Keep the choice of input sensible while layers come and go."""

from brushwood.gui._scene import NapariScene, role_of
from brushwood.session.objects_readiness import SourceRef, resolve_making, sources_of
from brushwood.session.objects_state import MakingState
from brushwood.session.scene import ImageRef, guess_ndim
from brushwood.session.state import SessionState


class Chooser:
    """Chooses for the user where there is nothing to decide; keeps the user's choice otherwise."""

    def __init__(self, making: MakingState, state: SessionState, scene: NapariScene) -> None:
        self._making, self._state, self._scene = making, state, scene
        self._for: str | None = None
        self._taken: str | None = None

    def choose(self) -> str | None:
        """Drop what is gone, and choose the obvious.

        Returns
        -------
        LayerKey or None
            A new source whose class ids are not known yet.
        """
        sources = {source.key: source for source in sources_of(self._scene)}
        if self._making.source not in sources:
            self._making.source = self._first(list(sources.values()))
        source = sources.get(self._making.source)
        new = source is not None and source.key != self._for
        if source is not None and new:
            self._for = source.key
            self._making.values = None
            self._making.ndim = self._ndim(source)
            if source.kind == "classes":
                self._making.foreground = self._class()
        if source is not None and len(source.shape) < 3:
            self._making.ndim = 2
        self._choose_image(source)
        return source.key if new and source is not None and source.kind == "labels" else None

    def take_values(self, key: str, values: tuple[int, ...] | None) -> None:
        """Take the class ids of a layer that were found, and choose among them at first."""
        if key != self._making.source:
            return
        self._making.values = values
        if self._taken == key:
            known = self._making.foreground
            if known is None or values is None or set(known) <= set(values):
                return
        self._taken = key
        few = values is not None and len(values) <= 4
        if values is not None and few and 2 in values:
            self._making.foreground = (2,)
        elif values is not None and len(values) == 1:
            self._making.foreground = values
        else:
            self._making.foreground = None

    def _first(self, sources: list[SourceRef]) -> str | None:
        """Choose what a pixel classifier made, of its image if possible, else labels."""
        images = self._state.images[:1]
        for kind in ("classes", "probability"):
            # An image of its own that holds floats need not be a probability.
            made = [s for s in sources if s.kind == kind and s.image != s.key]
            mine = [s for s in made if s.image in images]
            if made:
                return (mine or made)[-1].key
        labels = [s.key for s in sources if s.kind == "labels" and not self._is_painted(s.key)]
        return labels[-1] if labels else None

    def _is_painted(self, key: str) -> bool:
        """Whether a layer holds strokes, of which nobody wants objects."""
        layer = self._scene.layer(key)
        return layer is not None and (
            role_of(layer) == "annotation" or key == self._state.annotation
        )

    def _class(self) -> tuple[int, ...]:
        ids = [c.id for c in self._state.classes]
        kept = tuple(i for i in self._making.foreground or () if i in ids)
        return kept or ((2,) if 2 in ids or not ids else (ids[-1],))

    def _ndim(self, source: SourceRef) -> int:
        """Take what the pixel classifier worked in, else what the axes suggest."""
        if len(source.shape) < 3:
            return 2
        if source.image is not None and source.image in self._state.images:
            return self._state.ndim
        layer = self._scene.layer(source.key)
        axes = tuple(str(name) for name in getattr(layer, "axis_labels", ()))
        return guess_ndim(ImageRef(source.key, source.name, source.shape, axes=axes))

    def _choose_image(self, source: SourceRef | None) -> None:
        images = resolve_making(self._making, self._scene).images
        if any(image.key == self._making.image for image in images):
            return
        mine = [i.key for i in images if source is not None and i.key == source.image]
        self._making.image = next(iter([*mine, *(i.key for i in images)]), None)
