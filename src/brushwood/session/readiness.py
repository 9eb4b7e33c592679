"""Decide what can run now, and say why the rest cannot."""

from collections.abc import Sequence
from dataclasses import dataclass

from brushwood.session.classes import LARGEST_ID
from brushwood.session.scene import ImageRef, LabelsRef, Scene, size_text
from brushwood.session.state import SessionState


@dataclass(frozen=True, slots=True)
class Readiness:
    """What can run. Every ``…_reason`` is "" when it can, else a sentence that says what to do.

    Attributes
    ----------
    images : tuple of ImageRef
        The ticked images that exist.
    annotation : LabelsRef or None
    annotate_reason, train_reason, apply_reason, save_reason : str
    note : str
        Something worth knowing that stops nothing.
    """

    images: tuple[ImageRef, ...] = ()
    annotation: LabelsRef | None = None
    annotate_reason: str = ""
    train_reason: str = ""
    apply_reason: str = ""
    save_reason: str = ""
    note: str = ""

    @property
    def can_train(self) -> bool:
        """Whether a model can be trained."""
        return not self.train_reason

    @property
    def can_apply(self) -> bool:
        """Whether the present model can be applied to the ticked images."""
        return not self.apply_reason

    @property
    def n_channels(self) -> int:
        """Channels of the ticked images together."""
        return sum(image.n_channels for image in self.images)

    @property
    def next_step(self) -> str:
        """The one thing to do next, "" when nothing is missing."""
        return self.annotate_reason or (self.apply_reason and self.train_reason)


def resolve(state: SessionState, scene: Scene) -> Readiness:
    """Turn wishes and reality into one answer. Pure: same input, same answer."""
    known = {image.key: image for image in scene.images()}
    images = tuple(known[key] for key in state.images if key in known)
    labels = {layer.key: layer for layer in scene.labels()}
    annotation = labels.get(state.annotation or "")
    image_reason = image_problem(images, state.ndim)
    annotation_reason = image_reason or annotation_problem(images, annotation, state.ndim)
    train = (
        image_reason
        or state.device_problem
        or annotation_reason
        or state.annotation_problem
        or strokes_problem(state)
    )
    model_reason = "" if state.model else "There is no model yet. Train one, or load one."
    apply = image_reason or state.device_problem or model_reason or _fit_problem(state, images)
    return Readiness(
        images=images,
        annotation=annotation,
        annotate_reason=image_reason,
        train_reason=train,
        apply_reason=apply,
        save_reason=model_reason,
        note=empty_classes_note(state),
    )


def image_problem(images: Sequence[ImageRef], ndim: int) -> str:
    """Say why the ticked images cannot be worked with."""
    if not images:
        return "There is no image. Open one with File > Open, or choose a sample."
    first = images[0]
    if len(first.shape) < ndim:
        return f"{first.name!r} has {len(first.shape)} dimensions. Choose 2-D in section 1."
    if 0 in first.shape:
        return f"{first.name!r} is empty: {size_text(first.shape)}. Choose another image."
    if any(axis.lower() in {"c", "channel", "channels"} for axis in first.axes):
        return (
            f"{first.name!r} keeps its channels along one axis. Right-click it in the layer list, "
            "choose Split Stack, and tick the channels in section 1."
        )
    for other in images[1:]:
        if other.rgb or first.rgb:
            return "An RGB image brings its own three channels. Untick the other layers."
        if other.shape != first.shape:
            return (
                f"Channels must have one size, but {first.name!r} is {size_text(first.shape)} and "
                f"{other.name!r} is {size_text(other.shape)}. Untick one."
            )
    return ""


def annotation_problem(images: Sequence[ImageRef], annotation: LabelsRef | None, ndim: int) -> str:
    """Say why the annotation does not fit the images."""
    if annotation is None:
        return "There is no annotation yet. Press New annotation layer and paint."
    first = images[0]
    if not annotation.editable:
        return (
            f"{annotation.name!r} is multiscale, which napari cannot paint on. "
            "Press New annotation layer."
        )
    if annotation.shape != first.shape:
        return (
            f"{annotation.name!r} is {size_text(annotation.shape)}, but {first.name!r} is "
            f"{size_text(first.shape)}. Press New annotation layer, or pick one of equal size."
        )
    return ""


def strokes_problem(state: SessionState) -> str:
    """Say why the strokes are not enough to train on."""
    counts = dict(state.counts)
    listed = {c.id: c.name for c in state.classes}
    stored = dict(state.model.stored) if state.model else {}
    painted = [i for i in listed if counts.get(i) or stored.get(i)]
    if not painted or not any(counts.values()):
        return "There are no strokes yet. Choose a class and paint a few on each kind of area."
    if len(painted) == 1:
        others = ", ".join(name for i, name in listed.items() if i not in painted)
        other = others or "a second class (press + Class)"
        return f"Only {listed[painted[0]]!r} has strokes. Paint {other} too."
    return ""


def counts_problem(counts: Sequence[tuple[int, int]]) -> str:
    """Say why annotation values cannot be classes."""
    wrong = [i for i, n in counts if n and not 0 < i <= LARGEST_ID]
    if not wrong:
        return ""
    shown = ", ".join(map(str, wrong[:3])) + (" …" if len(wrong) > 3 else "")
    return (
        f"The annotation holds the value {shown}, but classes are numbered 1 to {LARGEST_ID}. "
        "Erase those pixels, or press New annotation layer."
    )


def empty_classes_note(state: SessionState) -> str:
    """Name the classes that have no strokes while others have some."""
    counts = dict(state.counts)
    empty = [c.name for c in state.classes if not counts.get(c.id)]
    if not empty or len(empty) == len(state.classes):
        return ""
    verb = "has" if len(empty) == 1 else "have"
    return f"{', '.join(empty)} {verb} no strokes and will not be found."


def _fit_problem(state: SessionState, images: Sequence[ImageRef]) -> str:
    model = state.model
    if model is None:
        return ""
    channels = sum(image.n_channels for image in images)
    if model.n_channels != channels:
        return (
            f"The model was made for {_count(model.n_channels, 'channel')}, but "
            f"{_count(channels, 'channel')} {'is' if channels == 1 else 'are'} ticked. "
            "Tick the same channels in the same order, or train a new model."
        )
    if model.ndim != state.ndim:
        return (
            f"The model works in {model.ndim}-D, but {state.ndim}-D is chosen. "
            f"Choose {model.ndim}-D in section 1, or train a new model."
        )
    return ""


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
