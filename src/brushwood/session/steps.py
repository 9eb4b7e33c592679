"""Where the user is on the way from an image to a result: one line a step, for the guide."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from brushwood.session.batching import batch_step_text
from brushwood.session.explore_text import explore_step_text
from brushwood.session.object_state import object_step_text
from brushwood.session.objects_text import objects_step_text
from brushwood.session.scene import Scene
from brushwood.session.session import Session
from brushwood.session.state import SessionState

#: Rows and columns of the tables that belong to objects layers.
Tables: TypeAlias = tuple[tuple[int, int], ...]
Describe: TypeAlias = Callable[[Session, Scene, Tables], "Progress"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a step is.

    Attributes
    ----------
    text : str
    is_done : bool
        It has a result.
    """

    text: str
    is_done: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the guide.

    Attributes
    ----------
    title : str
        What it is called in the guide.
    widget : str
        The name of its widget in the manifest; "" for a step that does not exist yet.
    tooltip : str
    """

    title: str
    widget: str
    tooltip: str
    describe: Describe

    def progress(self, session: Session, scene: Scene, tables: Tables) -> Progress:
        """Return how far the step is."""
        return self.describe(session, scene, tables)


def pixel_step_text(state: SessionState) -> str:
    """Describe the state of the first step: ``trained, 2 classes``."""
    if state.model is not None:
        n = len(state.model.class_ids)
        origin = f"loaded {state.model.origin}" if state.model.is_loaded else "trained"
        return f"{origin}, {n} classes"
    return "ready" if state.images else "needs an image"


def measure_step_text(tables: Iterable[tuple[int, int]], scene: Scene) -> str:
    """Describe the third step: ``61 rows, 18 columns``."""
    largest = max(tables, default=None)
    if largest is not None:
        rows, columns = largest
        return f"{_count(rows, 'row')}, {_count(columns, 'column')}"
    return "ready" if scene.objects() else "needs objects"


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def _pixels(session: Session, scene: Scene, tables: Tables) -> Progress:
    return Progress(pixel_step_text(session.state), session.state.model is not None)


def _objects(session: Session, scene: Scene, tables: Tables) -> Progress:
    text = objects_step_text(session.making, scene)
    return Progress(text, session.making.made is not None)


def _measure(session: Session, scene: Scene, tables: Tables) -> Progress:
    return Progress(measure_step_text(tables, scene), bool(tables))


def _classify(session: Session, scene: Scene, tables: Tables) -> Progress:
    state = session.object_classes.state
    return Progress(object_step_text(state), state.model is not None)


def _compare(session: Session, scene: Scene, tables: Tables) -> Progress:
    said = session.comparing.said
    has_truth = bool(scene.truths()) or len(scene.objects()) > 1
    return Progress(said or ("ready" if has_truth else "needs a truth"), bool(said))


def _explore(session: Session, scene: Scene, tables: Tables) -> Progress:
    text = explore_step_text(session.exploring, bool(tables))
    return Progress(text, bool(session.exploring.said))


def _batch(session: Session, scene: Scene, tables: Tables) -> Progress:
    has_model = session.state.model is not None
    text = batch_step_text(session.batching, has_model=has_model)
    return Progress(text, bool(session.batching.said))


#: The way, in order.
STEPS: tuple[Step, ...] = (
    Step(
        "Pixel classifier",
        "Pixel classifier",
        "Paint a few strokes, and see the segmentation follow.",
        _pixels,
    ),
    Step("Objects", "Make objects", "Turn classes into objects that can be counted.", _objects),
    Step("Measure", "Measure objects", "Size, shape, intensity and more, as a table.", _measure),
    Step(
        "Explore",
        "Explore objects",
        "Find groups in the measurements, and whether to trust them.",
        _explore,
    ),
    Step(
        "Object classifier",
        "Object classifier",
        "Click a few objects, and see all others classified.",
        _classify,
    ),
    Step(
        "Compare with truth",
        "Compare with ground truth",
        "Where is the result right, and how much of it?",
        _compare,
    ),
    Step("Batch", "Batch", "Do the same to folders of images.", _batch),
)


def tables_of(features: Iterable[Any]) -> Tables:
    """Return rows and columns of the tables that measure something.

    Parameters
    ----------
    features : iterable of DataFrame
        Features of the objects layers.
    """
    from brushwood.tables import measured_columns

    sizes = [(len(table), len(measured_columns(table))) for table in features if len(table)]
    return tuple((rows, columns) for rows, columns in sizes if columns)
