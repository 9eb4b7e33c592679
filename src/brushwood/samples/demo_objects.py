"""The second half of the demo: objects from classes, a table, and a classifier of objects."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from brushwood.jobs import IDLE, Job
from brushwood.samples.sample import CLASS_COLORS, Sample

if TYPE_CHECKING:
    from pandas import DataFrame

    from brushwood.evaluate.match import Matching
    from brushwood.objects.classifier import ObjectClassifier

Truth = Callable[[Sample, NDArray[Any]], dict[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectTask:
    """What the demo does with the objects of a sample.

    Attributes
    ----------
    options : mapping
        For `brushwood.split_objects`.
    truth : callable (sample, labels) -> class id by label, optional
        Classes of objects as far as they are known; None where objects are only counted.
    class_names : mapping of id to str
        Of these classes.
    every : int
        Each so many-th object of known class is annotated; the others are held out.
    """

    options: Mapping[str, Any]
    truth: Truth | None = None
    class_names: Mapping[int, str] = field(default_factory=dict)
    every: int = 4

    @property
    def class_colors(self) -> dict[int, str]:
        """Colour of each class; not those of the pixels' classes."""
        return {i: CLASS_COLORS[(i + 1) % len(CLASS_COLORS)] for i in self.class_names}


@dataclass(frozen=True, eq=False, kw_only=True)
class ObjectResults:
    """What the demo found out about objects.

    Attributes
    ----------
    task : ObjectTask
    labels : int32 array
        Objects.
    table : DataFrame
        Their measurements, and, after classification, their classes.
    matching : Matching
        With the true objects, from an IoU of 0.5 on.
    classes : array or None
        Class of each object, painted over it.
    model : ObjectClassifier or None
    annotated : mapping of class id to int
        Objects that the classifier learned from.
    n_held_out, n_right : int
        Objects of known class that it did not learn from, and how many of them are right.
    wrong : tuple of int
        Labels of the others.
    """

    task: ObjectTask
    labels: NDArray[np.int32]
    table: "DataFrame"
    matching: "Matching"
    classes: NDArray[Any] | None = None
    model: "ObjectClassifier | None" = None
    annotated: Mapping[int, int] = field(default_factory=dict)
    n_held_out: int = 0
    n_right: int = 0
    wrong: tuple[int, ...] = ()

    @property
    def n_truth(self) -> int:
        """Objects of the truth."""
        return self.matching.n_truth

    @property
    def n_found(self) -> int:
        """How many of them were found."""
        return self.matching.tp

    @property
    def accuracy(self) -> float:
        """Share of held-out objects whose class is right."""
        return self.n_right / max(self.n_held_out, 1)

    def lines(self) -> list[str]:
        """Return the report's lines."""
        n = len(self.table)
        found = f"{self.n_found} of {self.n_truth} true ones found (IoU ≥ 0.5)"
        columns = [name for name in self.table.columns if name not in ("label", "index")]
        lines = [f"  objects   {n}, {found}", f"  table     {n} rows, {len(columns)} columns"]
        if self.model is None:
            return lines
        names = self.task.class_names
        learned = ", ".join(f"{names[k]} {m}" for k, m in self.annotated.items())
        lines.append(f"  learned   {learned}; from {len(self.model.columns_)} columns")
        lines.append(
            f"  classes   {self.n_right} of {self.n_held_out} held-out objects right "
            f"({self.accuracy:.3f})"
        )
        return lines


def find_objects(
    task: ObjectTask, sample: Sample, classes: NDArray[Any], job: Job = IDLE
) -> tuple[NDArray[np.int32], "DataFrame"]:
    """Turn classes into objects and measure them in the sample's unit."""
    from brushwood.measure.table import measure
    from brushwood.objects.split import split_objects

    labels = split_objects(
        classes, ndim=sample.ndim, spacing=sample.spacing, job=job.part(0, 0.7), **task.options
    )
    table = measure(
        labels,
        sample.image,
        names=("size", "shape", "position", "intensity"),
        spacing=sample.spacing,
        unit=sample.unit if sample.spacing else None,
        ndim=sample.ndim,
        job=job.part(0.7, 1),
    )
    return labels, table


def classify_objects(
    task: ObjectTask,
    sample: Sample,
    labels: NDArray[np.int32],
    table: "DataFrame",
    job: Job = IDLE,
) -> ObjectResults:
    """Learn from some objects of known class, classify all, and count what is right."""
    from brushwood.objects.classifier import ObjectClassifier
    from brushwood.objects.marks import Marks
    from brushwood.objects.painting import paint_objects
    from brushwood.objects.results import classified

    matching = _matched(sample, labels)
    if task.truth is None:
        return ObjectResults(task=task, labels=labels, table=table, matching=matching)
    known = task.truth(sample, labels)
    shown = dict(list(known.items())[:: task.every])
    annotated = Marks().add_many(labels, shown).attach(labels).column(table)
    model = ObjectClassifier(class_names=task.class_names, class_colors=task.class_colors)
    model.fit(table, annotated, job=job)
    found = classified(model, table)
    held_out = {label: k for label, k in known.items() if label not in shown}
    answer = dict(zip(found["label"].tolist(), found["class"].tolist(), strict=True))
    wrong = tuple(label for label, k in held_out.items() if answer[label] != k)
    return ObjectResults(
        task=task,
        labels=labels,
        table=found.assign(class_annotated=annotated),
        matching=matching,
        classes=paint_objects(labels, found),
        model=model,
        annotated=model.counts_,
        n_held_out=len(held_out),
        n_right=len(held_out) - len(wrong),
        wrong=wrong,
    )


def _matched(sample: Sample, labels: NDArray[np.int32]) -> "Matching":
    """Match objects with those of the truth."""
    from brushwood.evaluate.match import match_objects

    return match_objects(np.asarray(sample.truth_labels), labels)


def _shapes(sample: Sample, labels: NDArray[np.int32]) -> dict[int, int]:
    """Return the shape (1 round, 2 elongated) of each object that is one blob of the truth."""
    table = sample.truth_table or {}
    shape = dict(zip(table["index"], table["shape_class"], strict=True))
    ids = {"round": 1, "elongated": 2}
    return {
        label: ids[shape[inside[0]]]
        for label, inside in _inside(sample, labels).items()
        if len(inside) == 1
    }


def _numbers(sample: Sample, labels: NDArray[np.int32]) -> dict[int, int]:
    """Return whether each object is one nucleus (1) or several (2)."""
    return {label: min(len(inside), 2) for label, inside in _inside(sample, labels).items()}


def _inside(sample: Sample, labels: NDArray[np.int32]) -> dict[int, list[int]]:
    """Return the true objects of which more than half lies in each object, by ascending label."""
    truth = np.asarray(sample.truth_labels)
    size = np.bincount(truth.ravel())
    pairs = np.stack([truth.ravel(), labels.ravel()]).astype(np.int64)
    pairs, n = np.unique(pairs[:, (pairs > 0).all(0)], axis=1, return_counts=True)
    inside: dict[int, list[int]] = {}
    for true, label in pairs[:, 2 * n > size[pairs[0]]].T.tolist():
        inside.setdefault(label, []).append(true)
    return dict(sorted(inside.items()))


TASKS = {
    "coins": ObjectTask(options={"foreground": 2, "min_size": 300, "fill_holes": True}),
    "nuclei_2d": ObjectTask(
        options={"foreground": 2, "method": "distance", "min_size": 60},
        truth=_numbers,
        class_names={1: "one nucleus", 2: "several nuclei"},
        every=2,
    ),
    "round_and_elongated_blobs": ObjectTask(
        options={"foreground": 2, "min_size": 30},
        truth=_shapes,
        class_names={1: "round", 2: "elongated"},
        every=6,
    ),
}
