"""The choices of the object classifier: an evented value that says when it changes."""

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from psygnal import SignalGroupDescriptor

from brushwood.forest.params import ForestParams
from brushwood.objects.classifier import TABLE_FOREST
from brushwood.session.classes import Classes, ClassInfo, colour_of
from brushwood.session.scene import LayerKey

ObjectOutput = Literal["classes", "marks", "probabilities", "uncertainty"]
#: What can be shown as layers, in the order of the check boxes.
OBJECT_OUTPUTS: tuple[ObjectOutput, ...] = ("classes", "marks", "probabilities", "uncertainty")


def default_object_classes() -> Classes:
    """Return the two classes that a new project starts with."""
    return tuple(ClassInfo(i, default_name(i), colour_of(i)) for i in (1, 2))


def default_name(class_id: int) -> str:
    """Name a class by a letter: numbers would be mistaken for counts of objects."""
    return f"class {chr(64 + class_id)}" if class_id <= 26 else f"class no. {class_id}"


@dataclass(frozen=True, slots=True)
class ObjectModelInfo:
    """What is known about the present object model.

    Attributes
    ----------
    origin : str
        ``"trained"``, or the name of the file that it was loaded from.
    class_ids : tuple of int
        Classes that it tells apart.
    columns : tuple of str
        Columns that it looks at.
    version : int
        Grows with every training; a result of another version is out of date.
    importances : tuple of (column, share)
        How much each column contributes, the shares sum to 1; the largest first.
    stored : tuple of (id, objects)
        Training objects that came with the file.
    """

    origin: str
    class_ids: tuple[int, ...]
    columns: tuple[str, ...]
    version: int
    importances: tuple[tuple[str, float], ...] = ()
    stored: tuple[tuple[int, int], ...] = ()

    @property
    def is_loaded(self) -> bool:
        """Whether it came from a file."""
        return self.origin != "trained"


@dataclass
class ObjectState:
    """What the user has chosen, one a viewer.

    Assigning a field emits ``state.events.<field>``; an equal value emits nothing.

    Attributes
    ----------
    layers : tuple of LayerKey
        Ticked objects layers; one model learns from the marks of all. The first is the chosen one.
    image : LayerKey or None
        Where intensities are measured; None for shape alone.
    annotation : LayerKey or None
        A labels layer whose strokes mark the objects that they touch.
    classes : tuple of ClassInfo
    current_class : int
        The class that a click gives.
    columns : tuple of str or None
        Columns to look at; None for all that were measured.
    forest : ForestParams
    outputs : tuple of str
        Results that are shown as layers.
    live : bool
        Train after every click.
    clicking : bool
        A click on an object marks it.
    counts : tuple of (id, objects)
        Marked objects of each class, over all ticked layers, as last attached.
    n_classified : int
        Objects that the present model has classified.
    model : ObjectModelInfo or None
    """

    layers: tuple[LayerKey, ...] = ()
    image: LayerKey | None = None
    annotation: LayerKey | None = None
    classes: Classes = field(default_factory=default_object_classes)
    current_class: int = 1
    columns: tuple[str, ...] | None = None
    forest: ForestParams = TABLE_FOREST
    outputs: tuple[ObjectOutput, ...] = ("classes", "marks")
    live: bool = True
    clicking: bool = False
    counts: tuple[tuple[int, int], ...] = ()
    n_classified: int = 0
    model: ObjectModelInfo | None = None

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()


def object_step_text(state: ObjectState) -> str:
    """Describe the step for the guide: ``2 classes, 61 objects classified``."""
    if state.model is not None and state.n_classified:
        n = len(state.model.class_ids)
        return f"{n} classes, {_objects(state.n_classified)} classified"
    marked = sum(n for _, n in state.counts)
    if state.model is not None:
        origin = f"loaded {state.model.origin}" if state.model.is_loaded else "trained"
        return f"{origin}, {len(state.model.class_ids)} classes"
    if marked:
        return f"{_objects(marked)} marked"
    return "ready" if state.layers else "needs objects"


def _objects(n: int) -> str:
    return "1 object" if n == 1 else f"{n:,} objects"
