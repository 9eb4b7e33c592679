"""What is measured: the choices of a window, and whether they can be carried out."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from psygnal import SignalGroupDescriptor

from brushwood.measure.names import Setting
from brushwood.session.measure_catalog import default_choice, possible
from brushwood.session.scene import ImageRef, LabelsRef, LayerKey, ResultRef, Scene, size_text

_CLASS = re.compile(r"P\((?P<name>.*)\)[^()]*$")


@dataclass
class MeasuringState:
    """What the user has chosen, one a viewer.

    Assigning a field emits ``events.<field>``; an equal value emits nothing.

    Attributes
    ----------
    objects : LayerKey or None
        The labels layer to measure.
    images : tuple of LayerKey
        Layers whose intensities are measured, one a channel.
    parents : LayerKey or None
        Labels layer of the objects that these lie in, such as cells around nuclei.
    probabilities : bool
        Measure class probabilities, where a pixel classifier has shown them.
    ndim : {2, 3}
        Axes of space; those before are frames.
    units : {"world", "px"}
        The layer's units, or pixels.
    names : tuple of str or None
        Ticked measurements; None for the defaults.
    table : LayerKey or None
        The labels layer whose table is shown.
    hidden : frozenset of str
        Columns that the table does not show.
    coloured : dict of LayerKey to str
        Column that the objects of a layer are coloured by. Changed in place, without an event.
    """

    objects: LayerKey | None = None
    images: tuple[LayerKey, ...] = ()
    parents: LayerKey | None = None
    probabilities: bool = False
    ndim: int = 2
    units: Literal["world", "px"] = "world"
    names: tuple[str, ...] | None = None
    table: LayerKey | None = None
    hidden: frozenset[str] = field(default_factory=frozenset)
    coloured: dict[LayerKey, str] = field(default_factory=dict)

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()


@dataclass(frozen=True, slots=True)
class MeasureReadiness:
    """What can be measured. `reason` is "" when it can, else a sentence that says what to do.

    Attributes
    ----------
    objects : LabelsRef or None
    images : tuple of ImageRef
        Ticked images that exist.
    parents : LabelsRef or None
        The chosen parents.
    possible_parents : tuple of LabelsRef
        Layers that lie on the objects, which may hold their parents.
    probabilities : tuple of ResultRef
        Probability layers that fit the objects, whether they are to be measured or not.
    with_probabilities : bool
        Whether they are.
    setting : Setting
        Dimensions, channels and classes.
    names : tuple of str
        Measurements to do, in the catalogue's order.
    spacing : tuple of float or None
        Size of a pixel along the axes of space; None for pixels.
    unit : str
        Unit of `spacing`, "" when it is not known.
    reason : str
    can_align : bool
        Whether the reason is that objects and image lie in different places.
    """

    objects: LabelsRef | None = None
    images: tuple[ImageRef, ...] = ()
    parents: LabelsRef | None = None
    possible_parents: tuple[LabelsRef, ...] = ()
    probabilities: tuple[ResultRef, ...] = ()
    with_probabilities: bool = False
    setting: Setting = field(default_factory=Setting)
    names: tuple[str, ...] = ()
    spacing: tuple[float, ...] | None = None
    unit: str = ""
    reason: str = ""
    can_align: bool = False


def resolve_measuring(state: MeasuringState, scene: Scene) -> MeasureReadiness:
    """Turn wishes and reality into one answer. Pure: same input, same answer."""
    objects = next((ref for ref in scene.objects() if ref.key == state.objects), None)
    known = {image.key: image for image in scene.images()}
    images = tuple(known[key] for key in state.images if key in known)
    chances = fitting_probabilities(objects, scene.results(), images)
    with_chances = bool(state.probabilities and chances)
    setting = Setting(
        state.ndim,
        channel_endings(images),
        tuple(f"-{name}" for name in class_names(chances)) if with_chances else None,
    )
    names = default_choice(setting) if state.names is None else possible(state.names, setting)
    reason = objects_problem(objects, state.ndim) or _images_problem(objects, images)
    place = "" if reason else place_problem(objects, images)
    if not reason and not place and not names:
        reason = "Nothing is ticked. Tick what to measure in section 3."
    spacing, unit = spacing_of(objects, state)
    outer = fitting_parents(objects, scene.objects())
    return MeasureReadiness(
        objects=objects,
        images=images,
        parents=next((ref for ref in outer if ref.key == state.parents), None),
        possible_parents=outer,
        probabilities=chances,
        with_probabilities=with_chances,
        setting=setting,
        names=names,
        spacing=spacing,
        unit=unit,
        reason=reason or place,
        can_align=bool(place),
    )


def objects_problem(objects: LabelsRef | None, ndim: int) -> str:
    """Say why a layer's objects cannot be measured."""
    if objects is None:
        return (
            "There are no objects to measure. Make some with Make objects, or open a labels layer "
            "(an image of labels: right-click it and choose Convert to Labels)."
        )
    if 0 in objects.shape:
        return f"{objects.name!r} is empty: {size_text(objects.shape)}. Choose another layer."
    if len(objects.shape) < ndim:
        return f"{objects.name!r} has {len(objects.shape)} dimensions. Choose 2-D in section 1."
    return ""


def image_problem(objects: LabelsRef, image: ImageRef) -> str:
    """Say why an image does not fit the objects, "" if it does."""
    if image.shape != objects.shape:
        return (
            f"{image.name!r} is {size_text(image.shape)}, but {objects.name!r} is "
            f"{size_text(objects.shape)}. Choose an image of the same size."
        )
    return ""


def _images_problem(objects: LabelsRef | None, images: Sequence[ImageRef]) -> str:
    if objects is None:
        return ""
    for image in images:
        problem = image_problem(objects, image)
        if problem:
            return f"{problem} Or untick it in section 2."
    if len(images) > 1 and any(image.rgb for image in images):
        return "An RGB image brings its own three channels. Untick the other images."
    return ""


def place_problem(objects: LabelsRef | None, images: Sequence[ImageRef]) -> str:
    """Say that objects and an image of equal size lie in different places."""
    for image in images:
        if objects is None or image.transform == objects.transform:
            continue
        ours, theirs = _scale_text(objects), _scale_text(image)
        what = (
            f"the pixels of {objects.name!r} are {ours} and those of {image.name!r} are {theirs}"
            if ours != theirs
            else f"{objects.name!r} and {image.name!r} lie in different places"
        )
        return (
            f"The layers do not lie on each other: {what}. Press Place on image if they belong "
            "together, or untick the image in section 2."
        )
    return ""


def _scale_text(layer: LabelsRef | ImageRef) -> str:
    unit = layer.unit if layer.unit != "px" else "px"
    return f"{' × '.join(f'{s:g}' for s in layer.scale)} {unit}"


def fitting_probabilities(
    objects: LabelsRef | None, results: Sequence[ResultRef], images: Sequence[ImageRef]
) -> tuple[ResultRef, ...]:
    """Return the probability layers that lie on the objects, one a class.

    Those of a ticked image win; of several for one class the topmost is taken.
    """
    if objects is None:
        return ()
    fitting = [r for r in results if r.output == "probabilities" and r.shape == objects.shape]
    ticked = {image.key for image in images}
    own = [r for r in fitting if r.image in ticked]
    by_class = {result.class_id: result for result in own or fitting}
    return tuple(by_class[i] for i in sorted(by_class))


def fitting_parents(
    objects: LabelsRef | None, layers: Sequence[LabelsRef]
) -> tuple[LabelsRef, ...]:
    """Return the other labels layers that lie on the objects."""
    if objects is None:
        return ()
    return tuple(
        ref
        for ref in layers
        if ref.key != objects.key
        and ref.shape == objects.shape
        and ref.transform == objects.transform
    )


def class_names(results: Sequence[ResultRef]) -> tuple[str, ...]:
    """Return the names of the classes of probability layers, each once."""
    names: list[str] = []
    for result in results:
        found = _CLASS.search(result.name)
        name = found["name"] if found else str(result.class_id)
        names.append(name if name not in names else f"{name} {result.class_id}")
    return tuple(names)


def channel_names(images: Sequence[ImageRef]) -> tuple[str, ...] | None:
    """Return the names of the channels, each once; None for one channel or none."""
    if len(images) == 1 and images[0].rgb:
        return ("red", "green", "blue")
    if len(images) < 2:
        return None
    names: list[str] = []
    for number, image in enumerate(images):
        names.append(image.name if image.name not in names else f"{image.name} {number + 1}")
    return tuple(names)


def channel_endings(images: Sequence[ImageRef]) -> tuple[str, ...] | None:
    """Return what the columns of each channel end in; None without an image."""
    if not images:
        return None
    names = channel_names(images)
    return ("",) if names is None else tuple(f"-{name}" for name in names)


def spacing_of(
    objects: LabelsRef | None, state: MeasuringState
) -> tuple[tuple[float, ...] | None, str]:
    """Return the size of a pixel and its unit; (None, "") where pixels are wanted or known."""
    if objects is None or state.units == "px" or not objects.scale:
        return None, ""
    scale = tuple(abs(float(s)) for s in objects.scale[-state.ndim :])
    unit = "" if objects.unit == "px" else objects.unit
    if not unit and all(s == 1 for s in scale):
        return None, ""
    return scale, unit


def units_text(objects: LabelsRef | None, ndim: int) -> str:
    """Describe the layer's units: ``µm (0.5 × 0.25 a pixel)``."""
    if objects is None:
        return "the layer's units"
    scale = " × ".join(f"{abs(s):g}" for s in objects.scale[-ndim:])
    if objects.unit != "px":
        return f"{objects.unit} ({scale} a pixel)"
    return "pixels" if set(objects.scale[-ndim:]) == {1.0} else f"layer scale ({scale} a pixel)"


def choose_objects(
    state: MeasuringState, objects: Sequence[LabelsRef], made: Mapping[LayerKey, bool]
) -> LayerKey | None:
    """Return the layer to measure: the user's choice, else objects that Brushwood made, else any.

    Parameters
    ----------
    made : mapping
        Whether a layer was made to hold objects.
    """
    keys = [ref.key for ref in objects]
    if state.objects in keys:
        return state.objects
    ours = [key for key in keys if made.get(key)]
    return next(reversed(ours or keys), None)


def choose_images(
    objects: LabelsRef | None,
    images: Sequence[ImageRef],
    origin: LayerKey | None,
    together: Sequence[LayerKey],
) -> tuple[LayerKey, ...]:
    """Return the images that belong to objects.

    Parameters
    ----------
    origin : LayerKey or None
        The image that the objects were made from.
    together : sequence of LayerKey
        Images that the user has ticked as channels elsewhere.
    """
    if objects is None:
        return ()
    fitting = [
        image.key
        for image in images
        if image.shape == objects.shape and image.transform == objects.transform
    ]
    rgb = {image.key for image in images if image.rgb}
    first = origin if origin in fitting else next(iter(fitting), None)
    if first is None:
        return ()
    if first in rgb or first not in together:
        return (first,)
    return tuple(key for key in together if key in fitting and key not in rgb)
