"""What the object classifier of one viewer keeps while its widget is closed."""

from dataclasses import dataclass, field

from brushwood.session.object_engine import ObjectEngine
from brushwood.session.object_marks import MarkBook
from brushwood.session.object_state import ObjectState


@dataclass(eq=False)
class ObjectSession:
    """Choices, marks and model.

    Attributes
    ----------
    state : ObjectState
        Choices; the GUI thread alone changes them.
    marks : MarkBook
        Class marks of every objects layer, with undo.
    engine : ObjectEngine
        The model; worker threads alone use it.
    """

    state: ObjectState = field(default_factory=ObjectState)
    marks: MarkBook = field(default_factory=MarkBook)
    engine: ObjectEngine = field(default_factory=ObjectEngine)
