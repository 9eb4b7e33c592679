"""Keep the choice of layers sensible while layers come and go."""

from brushwood.gui._scene import META, NapariScene, role_of
from brushwood.session.scene import ImageRef, LabelsRef, guess_ndim
from brushwood.session.state import SessionState


class Chooser:
    """Chooses for the user where there is nothing to decide; keeps the user's choice otherwise."""

    def __init__(self, state: SessionState, scene: NapariScene) -> None:
        self._state, self._scene = state, scene
        self._for_image: str | None = None

    def choose(self) -> None:
        """Drop what is gone, and choose the obvious."""
        images = {image.key: image for image in self._scene.images()}
        kept = tuple(key for key in self._state.images if key in images)
        if not kept and images:
            kept = self._first(list(images.values()))
        self._state.images = kept
        first = images.get(kept[0]) if kept else None
        if first is not None and first.key != self._for_image:
            self._for_image = first.key
            self._state.ndim = guess_ndim(first)
        if first is not None and len(first.shape) < 3:
            self._state.ndim = 2
        self._choose_annotation(first)

    def _first(self, images: list[ImageRef]) -> tuple[str, ...]:
        """Choose the image that an annotation fits, or the one on top."""
        marked = [layer for layer in self._scene.labels() if self._is_annotation(layer)]
        fitting = [im for im in images if any(im.shape == layer.shape for layer in marked)]
        first = (fitting or images[::-1])[0]
        return (first.key, *self._other_channels(first, images))

    def _other_channels(self, first: ImageRef, images: list[ImageRef]) -> list[str]:
        """Return the other channels of a sample, which are layers of their own."""
        sample = self._sample(first.key)
        return [
            im.key
            for im in images
            if sample and im.key != first.key and im.shape == first.shape
            if self._sample(im.key) == sample and not im.rgb
        ]

    def _sample(self, key: str) -> str:
        layer = self._scene.layer(key)
        note = layer.metadata.get(META) if layer is not None else None
        return str(note.get("sample", "")) if isinstance(note, dict) else ""

    def _choose_annotation(self, image: ImageRef | None) -> None:
        """Keep the annotation; without one, take one that was made for annotating and fits."""
        labels = {layer.key: layer for layer in self._scene.labels()}
        if self._state.annotation in labels:
            return
        fitting = [
            layer.key
            for layer in labels.values()
            if image is not None
            and layer.shape == image.shape
            and layer.editable
            and self._is_annotation(layer)
        ]
        self._state.annotation = fitting[-1] if fitting else None
        if not fitting:
            self._state.counts = ()
            self._state.annotation_problem = ""

    def _is_annotation(self, labels: LabelsRef) -> bool:
        layer = self._scene.layer(labels.key)
        return layer is not None and (
            role_of(layer) == "annotation" or "annotation" in labels.name.lower()
        )
