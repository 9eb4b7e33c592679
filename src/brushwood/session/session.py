"""What all Brushwood widgets of one viewer share."""

from dataclasses import dataclass, field

from brushwood.session.batching import BatchState
from brushwood.session.comparing import CompareState
from brushwood.session.exploring import ExploreState
from brushwood.session.live import LiveEngine
from brushwood.session.measuring import MeasuringState
from brushwood.session.object_session import ObjectSession
from brushwood.session.objects_state import MakingState
from brushwood.session.selection import SelectionState
from brushwood.session.state import SessionState
from brushwood.session.validating import ValidatingState


@dataclass(eq=False)
class Session:
    """The choices and the model of one viewer.

    Attributes
    ----------
    state : SessionState
        Choices; the GUI thread alone changes them.
    selection : SelectionState
        Objects that are selected, in the image, the table and the plot alike.
    engine : LiveEngine
        The model and its caches; worker threads alone use it.
    making : MakingState
        How objects are made.
    object_classes : ObjectSession
        Choices, marks and model of the object classifier.
    measuring : MeasuringState
        What is measured, and which table is shown.
    comparing : CompareState
        What is compared with ground truth.
    exploring : ExploreState
        What is explored, and how.
    batching : BatchState
        What is applied to which files.
    pixel_test, object_test : ValidatingState
        How the pixel and the object classifier are tested.
    devices : tuple of str
        Names of the devices that were found, the best first.
    """

    state: SessionState = field(default_factory=SessionState)
    selection: SelectionState = field(default_factory=SelectionState)
    engine: LiveEngine = field(default_factory=LiveEngine)
    making: MakingState = field(default_factory=MakingState)
    object_classes: ObjectSession = field(default_factory=ObjectSession)
    measuring: MeasuringState = field(default_factory=MeasuringState)
    comparing: CompareState = field(default_factory=CompareState)
    exploring: ExploreState = field(default_factory=ExploreState)
    batching: BatchState = field(default_factory=BatchState)
    pixel_test: ValidatingState = field(default_factory=ValidatingState)
    object_test: ValidatingState = field(default_factory=lambda: ValidatingState(by="object"))
    devices: tuple[str, ...] = ()
