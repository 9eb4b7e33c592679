"""What was done in a window, gathered so that a worker can turn it into a recipe."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from brushwood.session.classes import Classes
from brushwood.session.freshness import MEASURED
from brushwood.session.readiness import resolve
from brushwood.session.scene import ImageRef, LabelsRef, LayerKey, Scene
from brushwood.session.session import Session

if TYPE_CHECKING:
    from brushwood.objects.classifier import ObjectClassifier
    from brushwood.pixels.classifier import PixelClassifier


class NotedScene(Scene, Protocol):
    """A scene that also tells what was noted about its layers."""

    def note(self, key: LayerKey | None) -> Mapping[str, Any]:
        """Return what Brushwood noted about a layer, empty if nothing."""
        ...

    def pixels(self, key: LayerKey | None) -> Any:
        """Return a layer's pixels at full resolution, None if it is gone."""
        ...

    def origin(self, key: LayerKey | None) -> str:
        """Return what a layer was opened from, "" if that is not known."""
        ...


@dataclass(frozen=True, eq=False, slots=True)
class PixelFacts:
    """The pixel classifier, and the layers that it sees.

    Attributes
    ----------
    classifier : PixelClassifier
        Never changed again but for names and colours of its classes.
    origin : str
        ``"trained"``, or the name of its file.
    version : int
    images : tuple of ImageRef
        Its channels.
    siblings : tuple of ImageRef
        All channels of the same image, as far as that is known; those of `images` are among them.
    files : tuple of str
        What the channels were opened from, each once.
    has_new_strokes : bool
        Strokes were painted that it has not learned from.
    order : tuple of int
        Channel of the file that each of `siblings` shows; empty for their order.
    in_file : int
        Channels of the file, 0 if that is not known.
    """

    classifier: "PixelClassifier"
    classes: Classes
    origin: str
    version: int
    images: tuple[ImageRef, ...]
    siblings: tuple[ImageRef, ...]
    files: tuple[str, ...] = ()
    has_new_strokes: bool = False
    order: tuple[int, ...] = ()
    in_file: int = 0

    @property
    def n_channels(self) -> int:
        """Channels of the whole image, as far as that is known."""
        is_rgb = bool(self.images) and self.images[0].rgb
        return max(len(self.siblings), self.in_file, 3 if is_rgb else 1)

    def places(self, keys: Sequence[LayerKey]) -> tuple[int, ...] | None:
        """Return the places of layers among the image's channels, None if one is no channel."""
        if self.images and self.images[0].rgb:
            return (0, 1, 2) if set(keys) == {self.images[0].key} else None
        known = [image.key for image in self.siblings]
        if not set(keys) <= set(known):
            return None
        order = self.order or tuple(range(len(known)))
        return tuple(order[known.index(k)] for k in keys)

    def name_of(self, place: int) -> str:
        """Return what a channel is called in the window."""
        order = self.order or tuple(range(len(self.siblings)))
        return self.siblings[order.index(place)].name if place in order else str(place)


@dataclass(frozen=True, eq=False, slots=True)
class ObjectFacts:
    """An objects layer: how it was made, measured, classified.

    Attributes
    ----------
    layer : LabelsRef
    note : mapping
        All of Brushwood's note on the layer.
    labels : array-like
    others : int
        Other objects layers that Brushwood made.
    """

    layer: LabelsRef
    note: Mapping[str, Any]
    labels: Any
    others: int = 0

    @property
    def how(self) -> Mapping[str, Any]:
        """How the objects were made; empty for labels that came from elsewhere."""
        found = self.note.get("how")
        return found if isinstance(found, Mapping) and "split" in self.note else {}

    @property
    def measured(self) -> Mapping[str, Any]:
        """What was measured, empty if nothing was."""
        found = self.note.get(MEASURED)
        return found if isinstance(found, Mapping) else {}


@dataclass(frozen=True, eq=False, slots=True)
class ModelFacts:
    """A classifier of objects."""

    classifier: "ObjectClassifier"
    classes: Classes | None
    title: str


@dataclass(frozen=True, eq=False, slots=True)
class CompareFacts:
    """How the window compared with ground truth."""

    what: str
    min_iou: float
    zero_is_unknown: bool
    has_region: bool
    is_sparse: bool


@dataclass(frozen=True, eq=False, slots=True)
class RecipeFacts:
    """Everything that a recipe of a window is made from.

    Attributes
    ----------
    pixels : PixelFacts or None
    outputs : tuple of str
        Maps that are shown.
    objects : ObjectFacts or None
    model, surrogate : ModelFacts or None
        The object classifier, and the classifier of an exploration's groups.
    compared : CompareFacts or None
    parents : bool
        Objects were measured in others.
    """

    pixels: PixelFacts | None = None
    outputs: tuple[str, ...] = ()
    objects: ObjectFacts | None = None
    model: ModelFacts | None = None
    surrogate: ModelFacts | None = None
    compared: CompareFacts | None = None
    parents: bool = False


def gather_facts(session: Session, scene: NotedScene) -> RecipeFacts:
    """Look at a window. Cheap: no pixel is read. Call it in the window's thread."""
    pixels = _pixels(session, scene)
    objects = _objects(session, scene, pixels)
    parents = bool(objects and objects.measured.get("parents"))
    return RecipeFacts(
        pixels,
        tuple(session.state.outputs),
        objects,
        _model(session),
        _surrogate(session),
        _compared(session),
        parents,
    )


def _pixels(session: Session, scene: NotedScene) -> PixelFacts | None:
    state, classifier = session.state, session.engine.classifier
    if state.model is None or classifier is None:
        return None
    images = resolve(state, scene).images
    files = tuple(dict.fromkeys(scene.origin(image.key) for image in images))
    trained = session.engine.stroke_counts
    painted = {i: n for i, n in state.counts if n}
    return PixelFacts(
        classifier,
        state.classes,
        state.model.origin,
        state.model.version,
        images,
        _siblings(images, scene),
        files,
        not state.model.is_loaded and trained is not None and painted != trained,
    )


def _siblings(images: Sequence[ImageRef], scene: NotedScene) -> tuple[ImageRef, ...]:
    """Return all channels of the image that some layers show, in the order of the list."""
    if not images:
        return ()
    first, origins = images[0], {scene.origin(image.key) for image in images}
    keys = {image.key for image in images}
    return tuple(
        image
        for image in scene.images()
        if image.key in keys
        or (
            scene.origin(image.key) in origins - {""}
            and image.shape == first.shape
            and image.transform == first.transform
            and not image.rgb
        )
    )


def _objects(session: Session, scene: NotedScene, pixels: PixelFacts | None) -> ObjectFacts | None:
    """Return the objects that the window is about: those last made, measured or classified."""
    layers = {layer.key: layer for layer in scene.objects()}
    images = {image.key for image in pixels.images} if pixels is not None else set()
    made = [
        key
        for key in layers
        if "made" in scene.note(key) and (scene.note(key).get("image") in images or not images)
    ]
    last = session.making.made.layer if session.making.made is not None else None
    chosen = (last, session.measuring.objects, *session.object_classes.state.layers[:1])
    worked = [key for key in layers if scene.note(key).get(MEASURED) or "how" in scene.note(key)]
    for key in (*(k for k in chosen if k in made), *made[::-1], *worked[::-1]):
        if key is not None and key in layers:
            others = len([k for k in made if k != key])
            return ObjectFacts(layers[key], scene.note(key), scene.pixels(key), others)
    return None


def _model(session: Session) -> ModelFacts | None:
    state, classifier = session.object_classes.state, session.object_classes.engine.classifier
    if state.model is None or classifier is None:
        return None
    origin = f"loaded from {state.model.origin}" if state.model.is_loaded else "trained"
    return ModelFacts(classifier, state.classes, f"the object classifier, {origin}")


def _surrogate(session: Session) -> ModelFacts | None:
    classifier = session.exploring.learned
    if classifier is None:
        return None
    return ModelFacts(classifier, None, "the classifier of the groups in Explore")


def _compared(session: Session) -> CompareFacts | None:
    state = session.comparing
    if not state.said:
        return None
    return CompareFacts(
        state.what,
        state.min_iou,
        state.zero_is_unknown,
        state.region is not None,
        state.is_sparse,
    )
