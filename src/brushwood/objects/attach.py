"""Attach class marks to the objects that lie where they were made, also after re-segmentation."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from brushwood.errors import InputError
from brushwood.jobs import IDLE, Job
from brushwood.objects.footprints import Footprint, Key, LabelView, size_of

if TYPE_CHECKING:
    from pandas import DataFrame, Series

    from brushwood.objects.marks import Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """Which objects of a label image have a class, and what became of the marks.

    Every mark is counted once in `n_kept`, `n_moved` or `dropped`.

    Attributes
    ----------
    by_frame : mapping of (frame, label) to int
        Class ids; conflicts are not among them.
    n_kept : int
        Marks whose object has exactly the pixels that it had.
    n_moved : int
        Marks whose object has another outline now.
    dropped : tuple of Mark
        Marks without an object here. They stay in `Marks`, and count again when one comes back.
    conflicts : mapping of (frame, label) to tuple of int
        Objects on which marks of several classes lie, for example after two grew together: their
        classes, ascending. They count as not annotated until someone decides.
    """

    by_frame: Mapping[Key, int]
    n_kept: int = 0
    n_moved: int = 0
    dropped: "tuple[Mark, ...]" = ()
    conflicts: Mapping[Key, tuple[int, ...]] = field(default_factory=dict)

    @property
    def classes(self) -> dict[int, int]:
        """Class of each label; a label that has several, in different frames, is left out."""
        found: dict[int, int] = {}
        mixed = set()
        for (_, label), class_id in self.by_frame.items():
            if found.setdefault(label, class_id) != class_id:
                mixed.add(label)
        return {label: k for label, k in found.items() if label not in mixed}

    @property
    def n_dropped(self) -> int:
        """Number of marks without an object."""
        return len(self.dropped)

    def column(self, table: "DataFrame") -> "Series[int]":
        """Return the class of each row of a table, 0 where there is none.

        Parameters
        ----------
        table : DataFrame
            With a column ``label`` (or ``index``), and ``frame`` for a time series.

        Returns
        -------
        Series of int64, with the table's index, named ``class_annotated``
        """
        import pandas as pd

        key = next((name for name in ("label", "index") if name in table.columns), None)
        if key is None:
            raise InputError(
                "Marks cannot be put into this table: it has neither a column 'label' nor 'index' "
                "that says which object a row is. Measure the objects again."
            )
        labels = table[key].to_numpy().astype(np.int64)
        if "frame" in table.columns:
            pairs = zip(table["frame"].to_numpy().astype(int), labels, strict=True)
            values = [self.by_frame.get((int(f), int(label)), 0) for f, label in pairs]
        else:
            classes = self.classes
            values = [classes.get(int(label), 0) for label in labels]
        return pd.Series(values, index=table.index, name="class_annotated", dtype=np.int64)

    def text(self) -> str:
        """Return what to tell the user, "" if every mark has its object."""
        parts = [
            (self.n_moved, "moved to a changed object", "moved to changed objects"),
            (self.n_dropped, "has no object here", "have no object here"),
        ]
        said = [f"{n} {one if n == 1 else many}" for n, one, many in parts if n]
        text = f"Of the class marks, {' and '.join(said)}." if said else ""
        if n := len(self.conflicts):
            objects = "1 object has" if n == 1 else f"{n} objects have"
            text += f" {objects} marks of different classes: click to decide."
        return text.strip()


#: What `object_under` found for footprints in one label image.
Memo = dict[Footprint, tuple[int, bool] | None]


def attach(
    marks: "Iterable[Mark]", view: LabelView, job: Job = IDLE, memo: Memo | None = None
) -> Attachment:
    """Attach marks to the objects of a label image; `Marks.attach` states the rule."""
    marks = tuple(marks)
    memo = {} if memo is None else memo
    on: dict[Key, list[tuple[Mark, bool]]] = {}
    dropped = []
    for number, mark in enumerate(marks):
        if not number % 64:
            job.checkpoint(number / len(marks), "Attaching marks")
        if mark.footprint not in memo:
            memo[mark.footprint] = object_under(mark.footprint, view)
        found = memo[mark.footprint]
        if found is None:
            dropped.append(mark)
        else:
            on.setdefault((mark.footprint.frame, found[0]), []).append((mark, found[1]))
    decided = {key: _decide(group) for key, group in sorted(on.items())}
    n_kept = sum(exact for group in on.values() for _, exact in group)
    return Attachment(
        by_frame={key: ids[0] for key, ids in decided.items() if len(ids) == 1},
        n_kept=n_kept,
        n_moved=len(marks) - n_kept - len(dropped),
        dropped=tuple(dropped),
        conflicts={key: ids for key, ids in decided.items() if len(ids) > 1},
    )


def object_under(footprint: Footprint, view: LabelView) -> tuple[int, bool] | None:
    """Return the label of the object under a footprint and whether it has the same pixels.

    It is the object that covers most of the footprint (of equal ones the lowest label), provided
    that at least half of the footprint lies in it or at least half of it lies in the footprint.
    """
    if len(footprint.start) != view.ndim:
        raise InputError(
            f"These class marks were made on objects with {len(footprint.start)} spatial axes, but "
            f"the labels have {view.ndim}. Choose the labels that they belong to."
        )
    high = tuple(min(b + 1, n) for b, n in zip(footprint.stop, view.shape, strict=True))
    low = tuple(max(0, a - 1) for a in footprint.start)
    if footprint.frame >= view.n_frames or any(a >= b for a, b in zip(low, high, strict=True)):
        return None
    window = view.read(footprint.frame, low, high)
    under = window[_placed(footprint, low, window.shape)]
    labels, counts = np.unique(under[under > 0], return_counts=True)
    if not labels.size:
        return None
    best = int(np.argmax(counts))
    label, n = int(labels[best]), int(counts[best])
    if n == footprint.n_pixels:
        return label, int((window == label).sum()) == n
    if 2 * n >= footprint.n_pixels:
        return label, False
    size = size_of(view, footprint.frame, label, low, high, 2 * n)
    return (label, False) if size <= 2 * n else None


def _placed(
    footprint: Footprint, low: tuple[int, ...], shape: tuple[int, ...]
) -> npt.NDArray[np.bool_]:
    """Return the footprint's mask in a window that begins at `low`, cut at the window's end."""
    placed = np.zeros(shape, bool)
    at = tuple(
        slice(s - a, b - a) for s, b, a in zip(footprint.start, footprint.stop, low, strict=True)
    )
    room = tuple(slice(0, max(0, n - s.start)) for n, s in zip(shape, at, strict=True))
    placed[at] = footprint.mask[room]
    return placed


def _decide(group: "list[tuple[Mark, bool]]") -> tuple[int, ...]:
    """Return the class that the marks on one object give it, or the classes that they claim."""
    exact = [mark for mark, is_exact in group if is_exact]
    if exact:
        return (max(exact, key=lambda mark: mark.order).class_id,)
    replaced = {order for mark, _ in group for order in mark.over}
    return tuple(sorted({mark.class_id for mark, _ in group if mark.order not in replaced}))
