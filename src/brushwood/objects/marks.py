"""Class marks of objects, kept in image space so that they outlive every re-segmentation."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from brushwood.errors import AnnotationError, InputError
from brushwood.jobs import IDLE, Job
from brushwood.objects.attach import Attachment, Memo, attach
from brushwood.objects.footprints import Footprint, LabelView, footprint_at, footprints
from brushwood.objects.scribbles import scribbled

if TYPE_CHECKING:
    from pandas import DataFrame

_HIGHEST = 65535


@dataclass(frozen=True, slots=True)
class Mark:
    """The class of one object, with the place that it was given at.

    Attributes
    ----------
    class_id : int
        1 to 65535.
    order : int
        Later marks have higher numbers.
    footprint : Footprint
        The object's pixels when the class was given.
    over : frozenset of int
        Orders of older marks that lay on this object; on one object this mark decides over them.
    """

    class_id: int
    order: int
    footprint: Footprint
    over: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Marks:
    """Classes given to objects of one image. A value: every change returns new marks.

    A mark remembers the pixels that its object had, and not only its label. `attach` finds the
    objects again when the labels have changed. Marks that have no object for the moment are kept.

    Attributes
    ----------
    marks : tuple of Mark
        By order, ascending.
    ndim : int or None
        Number of spatial axes of the labels; axes before them are frames. None: all axes, at most
        the last 3.
    """

    marks: tuple[Mark, ...] = ()
    ndim: int | None = None

    def __len__(self) -> int:
        return len(self.marks)

    def __iter__(self) -> Iterator[Mark]:
        return iter(self.marks)

    @property
    def counts(self) -> dict[int, int]:
        """Number of marks of each class, by ascending id."""
        ids, n = np.unique([mark.class_id for mark in self.marks], return_counts=True)
        return {int(i): int(k) for i, k in zip(ids, n, strict=True)}

    def add(
        self,
        labels: Any,
        label: int,
        class_id: int,
        *,
        at: tuple[float, ...] | None = None,
        job: Job = IDLE,
    ) -> "Marks":
        """Give an object a class.

        Parameters
        ----------
        labels : array-like of int, shape (…frames, space)
            NumPy, dask or zarr.
        label : int
        class_id : int
            1 to 65535.
        at : tuple of float, optional
            A position on the object, indices into `labels`. Then only its surroundings are read,
            and only the object in that frame is meant. Without it the whole label image is
            searched, and a label that occurs in several frames gets the class in each.
        job : Job

        Raises
        ------
        AnnotationError
            If `class_id` is out of range.
        InputError
            If the label does not occur, or not at the position.
        """
        _check_class(class_id)
        return self._with([(class_id, spot) for spot in self._spots(labels, label, at, job)])

    def add_many(self, labels: Any, classes: Mapping[Any, Any], *, job: Job = IDLE) -> "Marks":
        """Give many objects their classes in one pass over the labels.

        Parameters
        ----------
        labels : array-like of int, shape (…frames, space)
        classes : mapping of label, or of (frame, label), to class id
            Labels that do not occur are passed over.
        job : Job
        """
        for class_id in set(classes.values()):
            _check_class(class_id)
        wanted = {int(key[1] if isinstance(key, tuple) else key) for key in classes}
        found = footprints(LabelView(labels, self.ndim), wanted, job)
        chosen = []
        for (frame, label), spot in found.items():
            class_id = classes.get((frame, label), classes.get(label, 0))
            if class_id:
                chosen.append((int(class_id), spot))
        return self._with(chosen)

    def remove(
        self, labels: Any, label: int, *, at: tuple[float, ...] | None = None, job: Job = IDLE
    ) -> "Marks":
        """Take the class of an object away: every mark that lies on it is removed.

        Parameters and errors as `add`.
        """
        spots = self._spots(labels, label, at, job)
        on = {mark.order for spot in spots for mark in self._on(spot)}
        return self._keeping(lambda mark: mark.order not in on)

    def without_class(self, class_id: int) -> "Marks":
        """Return the marks of all other classes."""
        return self._keeping(lambda mark: mark.class_id != class_id)

    def renamed(self, ids: Mapping[int, int]) -> "Marks":
        """Return the same marks with other class ids; ids that are not named stay."""
        for new in ids.values():
            _check_class(new)
        changed = (replace(m, class_id=ids.get(m.class_id, m.class_id)) for m in self.marks)
        return replace(self, marks=tuple(changed))

    @classmethod
    def from_scribbles(
        cls, labels: Any, annotation: Any, *, ndim: int | None = None, job: Job = IDLE
    ) -> "Marks":
        """Give every object under a stroke its class, the majority's where strokes mix.

        `brushwood.objects.scribbles.scribbled` tells which objects lie under several classes.
        """
        read = scribbled(labels, annotation, ndim=ndim, job=job.part(0, 0.5))
        return cls(ndim=ndim).add_many(labels, read.by_frame, job=job.part(0.5, 1))

    @classmethod
    def from_column(
        cls,
        labels: Any,
        table: "DataFrame",
        column: str,
        *,
        ndim: int | None = None,
        job: Job = IDLE,
    ) -> "Marks":
        """Give objects the classes in a table's column; 0 and empty cells are not annotated.

        Parameters
        ----------
        labels : array-like of int, shape (…frames, space)
        table : DataFrame
            With ``label`` (or ``index``), and ``frame`` for a time series.
        column : str
            Name of a column of class ids. `brushwood.objects.training.class_ids` makes ids of
            names.
        """
        from brushwood.objects.training import classes_of_rows

        return cls(ndim=ndim).add_many(labels, classes_of_rows(table, column), job=job)

    def attach(self, labels: Any, *, job: Job = IDLE, memo: Memo | None = None) -> Attachment:
        """Find the object of each mark in a label image, reading only around the marks.

        A mark goes to the object that covers most of its footprint (of equal ones the lowest
        label), provided that at least half of the footprint lies in that object or at least half of
        the object lies in the footprint; otherwise it is dropped here, and kept for other labels.
        Parts of an object that lie apart from the one under the footprint are not looked for.

        Of several marks on one object, those made on exactly its pixels decide, the newest first.
        Without such a mark, a mark decides over the older ones that lay on its object when it was
        made. If classes still differ, the object is a conflict and has no class.

        Parameters
        ----------
        labels : array-like of int, shape (…frames, space)
            NumPy, dask or zarr.
        job : Job
        memo : dict, optional
            Filled with what is under each mark, and read from: attaching again to the same labels
            after a few more marks is quick. Pass a new one for other labels.

        Raises
        ------
        InputError
            If these are no labels, or they have another number of spatial axes.
        """
        return attach(self.marks, LabelView(labels, self.ndim), job, memo)

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the marks as plain arrays; see `brushwood.objects.marks_arrays`."""
        from brushwood.objects.marks_arrays import to_arrays

        return to_arrays(self)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> "Marks":
        """Return the marks that `to_arrays` wrote, checked value by value."""
        from brushwood.objects.marks_arrays import from_arrays

        return from_arrays(arrays)

    def to_json(self) -> dict[str, Any]:
        """Return the marks as plain JSON values."""
        from brushwood.objects.marks_arrays import to_json

        return to_json(self)

    @classmethod
    def from_json(cls, document: Any) -> "Marks":
        """Return the marks that `to_json` wrote, checked value by value."""
        from brushwood.objects.marks_arrays import from_json

        return from_json(document)

    def _spots(
        self, labels: Any, label: int, at: tuple[float, ...] | None, job: Job
    ) -> list[Footprint]:
        view = LabelView(labels, self.ndim)
        if label < 1:
            raise InputError("The background has no class. Choose an object, a label above 0.")
        if at is not None:
            return [footprint_at(view, label, at)[1]]
        spots = list(footprints(view, {label}, job).values())
        if not spots:
            raise InputError(
                f"There is no object {label} in these labels. They may have changed: choose again."
            )
        return spots

    def _with(self, chosen: Iterable[tuple[int, Footprint]]) -> "Marks":
        """Return these and new marks; marks made on the very same pixels are replaced."""
        order = self.marks[-1].order + 1 if self.marks else 1
        near = _Near(self.marks)
        replaced, new = set(), []
        for number, (class_id, spot) in enumerate(chosen):
            older = [mark for mark in near.to(spot) if lies_on(mark.footprint, spot)]
            same = {mark.order for mark in older if mark.footprint == spot}
            replaced |= same
            over = frozenset(mark.order for mark in older) - same
            new.append(Mark(class_id, order + number, spot, over))
        kept = tuple(mark for mark in self.marks if mark.order not in replaced)
        return replace(self, marks=(*kept, *new))

    def _on(self, spot: Footprint) -> list[Mark]:
        return [mark for mark in _Near(self.marks).to(spot) if lies_on(mark.footprint, spot)]

    def _keeping(self, is_kept: Callable[[Mark], bool]) -> "Marks":
        return replace(self, marks=tuple(mark for mark in self.marks if is_kept(mark)))


def lies_on(footprint: Footprint, spot: Footprint) -> bool:
    """Whether at least half of one of two footprints lies in the other."""
    return 2 * footprint.overlap(spot) >= min(footprint.n_pixels, spot.n_pixels)


class _Near:
    """Marks by their boxes, so that only those near a footprint are compared pixel by pixel."""

    def __init__(self, marks: tuple[Mark, ...]) -> None:
        self._marks = marks
        self._frame = np.array([m.footprint.frame for m in marks], np.int64)
        self._start = np.array([m.footprint.start for m in marks], np.int64)
        self._stop = np.array([m.footprint.stop for m in marks], np.int64)

    def to(self, spot: Footprint) -> list[Mark]:
        """Return the marks whose box meets a footprint's."""
        if not self._marks:
            return []
        if self._start.shape[1] != len(spot.start):
            raise InputError(
                f"These class marks were made on objects with {self._start.shape[1]} spatial axes, "
                f"not {len(spot.start)}. Choose the labels that they belong to."
            )
        meets = (self._start < np.array(spot.stop)).all(1) & (self._stop > spot.start).all(1)
        return [self._marks[i] for i in np.flatnonzero(meets & (self._frame == spot.frame))]


def _check_class(class_id: int) -> None:
    if not 1 <= class_id <= _HIGHEST:
        raise AnnotationError(
            f"A class id must be from 1 to {_HIGHEST}, but {class_id} came. Use remove to take a "
            "class away."
        )
