"""The class marks of all objects layers of a viewer, with undo and redo."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np
from psygnal import Signal

from brushwood.jobs import IDLE, Job
from brushwood.objects.footprints import Footprint, LabelView
from brushwood.objects.marks import Marks, lies_on
from brushwood.session.classes import Classes
from brushwood.session.scene import LayerKey

#: Steps that can be undone.
_DEPTH = 200


@dataclass(frozen=True, slots=True)
class MarkStep:
    """One step of undo.

    Attributes
    ----------
    before, after : mapping of LayerKey to Marks
        The marks of every layer that the step changed.
    text : str
        What it did, for the status line.
    classes : (Classes, Classes) or None
        The class list before and after, where the step changed that as well.
    """

    before: Mapping[LayerKey, Marks]
    after: Mapping[LayerKey, Marks]
    text: str = ""
    classes: tuple[Classes, Classes] | None = None


@dataclass(eq=False)
class MarkBook:
    """Marks of each objects layer. `changed` tells which layers have other marks now.

    Attributes
    ----------
    done, undone : list of MarkStep
        What `undo` takes back and `redo` gives again, the latest last.
    """

    changed = Signal(frozenset)

    done: list[MarkStep] = field(default_factory=list)
    undone: list[MarkStep] = field(default_factory=list)
    _marks: dict[LayerKey, Marks] = field(default_factory=dict)

    def of(self, key: LayerKey) -> Marks:
        """Return the marks of a layer, none for a layer without."""
        return self._marks.get(key, Marks())

    def layers(self) -> tuple[LayerKey, ...]:
        """Return the layers that have marks."""
        return tuple(key for key, marks in self._marks.items() if len(marks))

    def adopt(self, key: LayerKey, marks: Marks) -> None:
        """Take over the marks that a layer brings, not as a step."""
        if self._marks.get(key) != marks:
            self._marks[key] = marks
            self.changed.emit(frozenset({key}))

    def commit(
        self,
        after: Mapping[LayerKey, Marks],
        text: str = "",
        classes: tuple[Classes, Classes] | None = None,
    ) -> MarkStep | None:
        """Change marks as one step; nothing happens if they are the same."""
        changed = {key: marks for key, marks in after.items() if marks != self.of(key)}
        if not changed and classes is None:
            return None
        step = MarkStep({key: self.of(key) for key in changed}, changed, text, classes)
        self.done = [*self.done, step][-_DEPTH:]
        self.undone = []
        self._put(step.after)
        return step

    def undo(self) -> MarkStep | None:
        """Take the last step back, and return it."""
        if not self.done:
            return None
        step = self.done.pop()
        self.undone.append(step)
        self._put(step.before)
        return step

    def redo(self) -> MarkStep | None:
        """Do the step again that was taken back last, and return it."""
        if not self.undone:
            return None
        step = self.undone.pop()
        self.done.append(step)
        self._put(step.after)
        return step

    def _put(self, marks: Mapping[LayerKey, Marks]) -> None:
        self._marks.update(marks)
        self.changed.emit(frozenset(marks))


def toggled(
    marks: Marks,
    labels: Any,
    label: int,
    class_id: int,
    at: tuple[float, ...],
    job: Job = IDLE,
) -> tuple[Marks, int]:
    """Give an object a class, or take it back if it has this class already.

    Parameters
    ----------
    marks : Marks
    labels : array-like of int, shape (…frames, space)
    label : int
        The object at `at`.
    class_id : int
    at : tuple of float
        A position on the object, indices into `labels`.
    job : Job

    Returns
    -------
    marks : Marks
    class_id : int
        The object's class now, 0 for none.
    """
    without = marks.remove(labels, label, at=at, job=job)
    kept = {mark.order for mark in without}
    on_it = tuple(mark for mark in marks if mark.order not in kept)
    frame = LabelView(labels, marks.ndim).split(at)[0]
    have = Marks(on_it, marks.ndim).attach(labels, job=job).by_frame.get((frame, label), 0)
    if have == class_id:
        return without, 0
    return marks.add(labels, label, class_id, at=at, job=job), class_id


def joined(first: Marks, second: Marks) -> Marks:
    """Return the marks of both; where they lie on the same object, those of `second` decide.

    Their orders are renumbered behind the first's, so that they count as newer.
    """
    base = first.marks[-1].order if first.marks else 0
    added = []
    for mark in second:
        older = {m.order for m in first if lies_on(m.footprint, mark.footprint)}
        over = frozenset(older | {order + base for order in mark.over})
        added.append(replace(mark, order=mark.order + base, over=over))
    return replace(first, marks=(*first.marks, *added), ndim=first.ndim or second.ndim)


def fits(marks: Marks, shape: tuple[int, ...]) -> bool:
    """Whether all marks lie inside labels of a shape, and were made in as many axes of space."""
    spots = [mark.footprint for mark in marks]
    if not spots:
        return False
    n = len(spots[0].start)
    if n > len(shape):
        return False
    lead, space = shape[: len(shape) - n], shape[len(shape) - n :]
    frames = int(np.prod(lead)) if lead else 1
    inside = all(all(b <= m for b, m in zip(s.stop, space, strict=True)) for s in spots)
    return inside and all(s.frame < frames for s in spots)


@lru_cache(maxsize=65_536)
def place_of(footprint: Footprint, frames: tuple[int, ...] = ()) -> tuple[float, ...]:
    """Return a pixel of a footprint, the one next to its centre, along frames and space.

    Parameters
    ----------
    footprint : Footprint
    frames : tuple of int
        Shape of the axes before space.
    """
    where = np.argwhere(footprint.mask)
    nearest = where[np.argmin(((where - where.mean(axis=0)) ** 2).sum(axis=1))]
    frame = np.unravel_index(footprint.frame, frames) if frames else ()
    return (*map(float, frame), *(nearest + np.array(footprint.start)).astype(float).tolist())
