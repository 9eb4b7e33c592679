"""Decide what the object classifier can do now, and say why the rest cannot be done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from brushwood.session.classes import Classes
from brushwood.session.object_state import ObjectState
from brushwood.session.scene import LabelsRef, LayerKey

_NO_OBJECTS = "There are no objects yet. Make them with Make objects, or open a labels layer."


@dataclass(frozen=True, slots=True)
class TableFacts:
    """What is known of a layer's table.

    Attributes
    ----------
    n_rows : int
    columns : tuple of str
        Columns that measure something.
    class_columns : tuple of str
        Columns that may hold classes.
    is_empty : bool
        It was measured, and there are no objects.
    is_stale : bool
        The objects changed after they were measured.
    """

    n_rows: int = 0
    columns: tuple[str, ...] = ()
    is_stale: bool = False
    class_columns: tuple[str, ...] = ()
    is_empty: bool = False


@dataclass(frozen=True, slots=True)
class ObjectReadiness:
    """What can run. Every ``…_reason`` is "" when it can, else a sentence that says what to do.

    Attributes
    ----------
    layers : tuple of LabelsRef
        The ticked objects layers that exist.
    unmeasured : tuple of LayerKey
        Those without a table, or with one of objects that changed since.
    note : str
        Something worth knowing that stops nothing.
    """

    layers: tuple[LabelsRef, ...] = ()
    unmeasured: tuple[LayerKey, ...] = ()
    mark_reason: str = ""
    train_reason: str = ""
    next_reason: str = ""
    save_reason: str = ""
    note: str = ""

    @property
    def table_reason(self) -> str:
        """Why nothing can be computed at all, "" if marks alone decide."""
        return self.mark_reason or (self.train_reason if self.unmeasured else "")


def resolve_objects(
    state: ObjectState,
    objects: Sequence[LabelsRef],
    tables: Mapping[LayerKey, TableFacts],
    *,
    measuring: bool = False,
) -> ObjectReadiness:
    """Turn wishes and reality into one answer. Pure: same input, same answer."""
    known = {layer.key: layer for layer in objects}
    layers = tuple(known[key] for key in state.layers if key in known)
    reason = layers_problem(layers, objects)
    facts = {layer.key: tables.get(layer.key, TableFacts()) for layer in layers}
    unmeasured = tuple(k for k, fact in facts.items() if not fact.columns or fact.is_stale)
    measure = "" if reason or not unmeasured else measure_problem(layers, facts, measuring)
    stored = state.model.stored if state.model else ()
    marks = marks_problem(dict(state.counts), state.classes, dict(stored))
    columns = "" if measure or state.columns != () else "Tick a column in section 3."
    model = "" if state.model else "There is no model yet. Mark objects of two classes."
    shown = "" if state.n_classified else "No object is classified yet."
    return ObjectReadiness(
        layers=layers,
        unmeasured=unmeasured,
        mark_reason=reason,
        train_reason=reason or measure or columns or marks,
        next_reason=reason or model or shown,
        save_reason=model,
        note=unmarked_note(state),
    )


def layers_problem(layers: Sequence[LabelsRef], objects: Sequence[LabelsRef]) -> str:
    """Say why there is nothing to classify."""
    if not objects:
        return _NO_OBJECTS
    if not layers:
        return "Choose the labels layer that holds the objects in section 1."
    return ""


def measure_problem(
    layers: Sequence[LabelsRef], facts: Mapping[LayerKey, TableFacts], measuring: bool
) -> str:
    """Say that objects have to be measured first."""
    if measuring:
        return "The objects are being measured …"
    for layer in layers:
        fact = facts[layer.key]
        if fact.is_stale:
            return (
                f"The objects of {layer.name!r} changed since they were measured. "
                "Press Measure again."
            )
        if fact.is_empty:
            return (
                f"There are no objects in {layer.name!r}: all pixels are 0. "
                "Make objects first, or choose another layer."
            )
        if not fact.columns:
            return f"Nothing is measured on {layer.name!r} yet. Press Measure objects."
    return ""


def marks_problem(
    counts: Mapping[int, int], classes: Classes, stored: Mapping[int, int] | None = None
) -> str:
    """Say why the marks, with the objects stored in a loaded model, are not enough to train on."""
    if not classes:
        return "There are no classes. Press + Class."
    stored = stored or {}
    marked = [c for c in classes if counts.get(c.id) or stored.get(c.id)]
    if not any(counts.values()):
        return "No object is marked yet. Press Click to assign, and click a few of each class."
    if len(marked) == 1:
        others = ", ".join(c.name for c in classes if c.id != marked[0].id)
        other = f"some of {others}" if others else "another class (press + Class)"
        return f"Only {marked[0].name!r} has marked objects. Mark {other} too."
    return ""


def unmarked_note(state: ObjectState) -> str:
    """Name the classes without marks while others have some."""
    counts = dict(state.counts)
    empty = [c.name for c in state.classes if not counts.get(c.id)]
    if not empty or len(state.classes) - len(empty) < 2:
        return ""
    verb = "has" if len(empty) == 1 else "have"
    return f"{', '.join(empty)} {verb} no marked object and will not be found."
