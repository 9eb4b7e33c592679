"""Decide what objects can be made from, and say why nothing can be made."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from brushwood.objects.split_params import NEED_PROBABILITY
from brushwood.session.classes import Classes, find_class
from brushwood.session.objects_state import MakingState
from brushwood.session.scene import ImageRef, LayerKey, Scene, size_text

SourceKind = Literal["classes", "probability", "labels"]


@dataclass(frozen=True, slots=True)
class SourceRef:
    """A layer that objects can be made from.

    Attributes
    ----------
    kind : {"classes", "probability", "labels"}
        A pixel classifier's classes; a probability map; any labels layer.
    image : LayerKey or None
        The image that it belongs to, if that is known.
    """

    key: LayerKey
    name: str
    kind: SourceKind
    shape: tuple[int, ...]
    scale: tuple[float, ...] = ()
    unit: str = "px"
    transform: tuple[object, ...] = ()
    image: LayerKey | None = None


@dataclass(frozen=True, slots=True)
class MakingReadiness:
    """What can run.

    Attributes
    ----------
    sources : tuple of SourceRef
        Layers to choose from, what a pixel classifier made first.
    source : SourceRef or None
        The chosen one.
    images : tuple of ImageRef
        Images of the same size, whose intensity can part objects.
    image : ImageRef or None
        The chosen one.
    reason : str
        Why nothing can be made, "" if something can.
    """

    sources: tuple[SourceRef, ...] = ()
    source: SourceRef | None = None
    images: tuple[ImageRef, ...] = ()
    image: ImageRef | None = None
    reason: str = ""

    @property
    def spacing(self) -> tuple[float, ...]:
        """Size of a pixel along all axes of the source."""
        return () if self.source is None else tuple(abs(s) for s in self.source.scale)


def sources_of(scene: Scene) -> tuple[SourceRef, ...]:
    """Return the layers that objects can be made from."""
    found: list[SourceRef] = []
    kinds: tuple[tuple[SourceKind, str], ...] = (
        ("classes", "classes"),
        ("probability", "probabilities"),
    )
    for kind, output in kinds:
        found += [
            SourceRef(r.key, r.name, kind, r.shape, r.scale, r.unit, r.transform, r.image)
            for r in scene.results()
            if r.output == output
        ]
    found += [
        SourceRef(i.key, i.name, "probability", i.shape, i.scale, i.unit, i.transform, i.key)
        for i in scene.images()
        if i.dtype.startswith("float") and not i.rgb
    ]
    found += [
        SourceRef(r.key, r.name, "labels", r.shape, r.scale, r.unit, r.transform)
        for r in scene.labels()
    ]
    return tuple(found)


def resolve_making(state: MakingState, scene: Scene) -> MakingReadiness:
    """Turn wishes and reality into one answer. Pure: same input, same answer."""
    sources = sources_of(scene)
    source = next((s for s in sources if s.key == state.source), None)
    images: tuple[ImageRef, ...] = ()
    if source is not None:
        images = tuple(i for i in scene.images() if i.shape == source.shape and not i.rgb)
    image = next((i for i in images if i.key == state.image), None)
    reason = _problem(state, source, images, image)
    return MakingReadiness(sources, source, images, image, reason)


def _problem(
    state: MakingState,
    source: SourceRef | None,
    images: Sequence[ImageRef],
    image: ImageRef | None,
) -> str:
    if source is None:
        return (
            "There is nothing to make objects from yet. Train a pixel classifier, or open a "
            "labels layer or a probability map."
        )
    if 0 in source.shape:
        return f"{source.name!r} is empty: {size_text(source.shape)}. Choose another layer."
    if len(source.shape) < state.ndim:
        return f"{source.name!r} has {len(source.shape)} dimensions. Choose 2-D in section 1."
    if any(s == 0 for s in source.scale):
        return (
            f"{source.name!r} has a scale of 0. Give the layer a scale in which pixels have size."
        )
    if state.params.problem:
        return state.params.problem
    method = state.params.method
    if source.kind != "probability" and method in NEED_PROBABILITY:
        return (
            f"Splitting by {method} needs a probability map, but {source.name!r} holds class ids. "
            "Tick probabilities in the pixel classifier and choose P(…) here, or split another way."
        )
    if method == "intensity" and image is None:
        if not images:
            return (
                f"There is no image of the size of {source.name!r}, {size_text(source.shape)}, "
                "to find peaks in. Split by distance instead."
            )
        return "Choose the image whose intensity parts objects, in section 2."
    if source.kind != "probability" and state.foreground == ():
        return "No class is ticked. Tick the classes that are objects, in section 1."
    return ""


def classes_text(
    source: SourceRef | None, foreground: tuple[int, ...] | None, classes: Classes
) -> str:
    """Name the classes that become objects: ``nuclei``."""
    if source is None or source.kind == "probability":
        return ""
    if foreground is None:
        return "everything above 0"
    return ", ".join(class_name(source, i, classes) for i in foreground) or "no class"


def class_name(source: SourceRef, class_id: int, classes: Classes) -> str:
    """Return a class's name where the source is a pixel classifier's, else its id."""
    info = find_class(classes, class_id) if source.kind == "classes" else None
    return info.name if info is not None else f"id {class_id}"
