"""The model behind the clicks: attaches marks, trains a forest on them, classifies every object."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from brushwood.errors import InputError
from brushwood.forest.reference import uncertainty
from brushwood.jobs import IDLE, Job
from brushwood.objects.attach import Attachment, Memo
from brushwood.objects.classifier import TABLE_FOREST, ObjectClassifier
from brushwood.objects.marks import Marks
from brushwood.objects.scribbles import scribbled
from brushwood.session.classes import Classes
from brushwood.session.object_marks import joined, place_of
from brushwood.session.object_readiness import marks_problem
from brushwood.session.object_table import frames_of, labels_of, shared_columns
from brushwood.session.object_work import (
    Attached,
    Classified,
    LoadedObjectModel,
    ObjectRequest,
    ObjectsFinished,
    ObjectsInput,
    ObjectsTrained,
)
from brushwood.session.scene import LayerKey

if TYPE_CHECKING:
    from pandas import Series

Publish = Callable[[object], None]
_WAIT = 0.02


class ObjectEngine:
    """The object model of one viewer. Worker threads call it, one at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._classifier: ObjectClassifier | None = None
        self._version = 0
        self._known: dict[LayerKey, tuple[tuple[Any, ...], Attachment]] = {}
        self._memos: dict[LayerKey, tuple[int, Memo]] = {}
        self._recipe: Any = None
        self._is_loaded = False
        #: A loaded model with rows of its own, on top of which training goes on.
        self._base: ObjectClassifier | None = None
        self._take_marks_as_known = False
        self._told: ObjectsTrained | None = None

    @property
    def classifier(self) -> ObjectClassifier | None:
        """The present model, or None. It is never changed again."""
        return self._classifier

    @property
    def version(self) -> int:
        """Version of the present model, 0 before there is one."""
        return self._version

    def update(self, request: ObjectRequest, job: Job, publish: Publish) -> ObjectsFinished:
        """Attach marks, train if that is wanted and possible, classify the objects of all layers.

        Publishes `Attached`, `ObjectsTrained` and `Classified` values as they come.
        """
        with self._turn(job):
            start = time.perf_counter()
            marked = [self._attach(item, job, publish) for item in request.inputs]
            problem, trained = "", False
            if self._take_marks_as_known:  # a model that was just loaded is used as it is
                self._take_marks_as_known, self._recipe = False, _recipe(request, marked)
            if request.train:
                problem = self._problem(request, marked)
                trained = not problem and self._train(request, marked, job, publish)
            n = 0
            if self._classifier is not None and (self._is_loaded or not problem):
                n = self._classify(request, job, publish)
            seconds = time.perf_counter() - start
            return ObjectsFinished(seconds, trained, n, self._version, problem)

    def attach(self, request: ObjectRequest, job: Job, publish: Publish) -> None:
        """Attach the marks only."""
        with self._turn(job):
            for item in request.inputs:
                self._attach(item, job, publish)

    def load(self, path: Path) -> LoadedObjectModel:
        """Read a model file.

        Raises
        ------
        InputError
            If it holds another kind of model.
        ModelFileError
            If it is damaged.
        """
        from brushwood.models import load

        model = load(path)
        if not isinstance(model, ObjectClassifier):
            raise InputError(
                f"{path.name} holds a {type(model).__name__}, but an ObjectClassifier is needed. "
                "Open it in its own widget."
            )
        with self._lock:
            self._put(model)
            self._recipe, self._is_loaded = None, True
            self._base = model if len(model.rows_) else None
            self._take_marks_as_known = True
        ids = tuple(int(i) for i in model.classes_)
        names = dict(model.class_names or {})
        return LoadedObjectModel(
            name=path.name,
            version=self._version,
            class_ids=ids,
            names={i: names.get(i, f"class {i}") for i in ids} | names,
            colours=dict(model.class_colors or {}),
            columns=model.columns_,
            forest=model.forest or TABLE_FOREST,
            importances=_importances(model),
            stored=tuple(model.counts_.items()) if len(model.rows_) else (),
            units=dict(model.units_),
            marks=dict(model.marks_),
        )

    def save(
        self,
        path: Path,
        classes: Classes,
        *,
        overwrite: bool,
        inputs: tuple[ObjectsInput, ...] = (),
        job: Job = IDLE,
    ) -> None:
        """Write the present model with the present names and colours, and with the marks.

        Parameters
        ----------
        inputs : tuple of ObjectsInput
            The layers whose marks are kept; objects under strokes count as marked.

        Raises
        ------
        InputError
            If there is no model.
        OutputExistsError, OutputError
            If the file exists and may not be replaced, or cannot be written.
        """
        model = self._classifier
        if model is None:
            raise InputError("There is no model to save yet. Mark objects of two classes first.")
        model.class_names = {c.id: c.name for c in classes}
        model.class_colors = {c.id: c.colour for c in classes}
        model.marks_ = {item.name: marks for item in inputs if len(marks := all_marks(item, job))}
        model.save(path, overwrite=overwrite)

    def forget(self) -> None:
        """Drop the model."""
        self._classifier, self._recipe, self._is_loaded = None, None, False
        self._base = None

    @contextmanager
    def _turn(self, job: Job) -> Iterator[None]:
        while not self._lock.acquire(timeout=_WAIT):
            job.checkpoint()
        try:
            job.checkpoint()
            yield
        finally:
            self._lock.release()

    def _attach(
        self, item: ObjectsInput, job: Job, publish: Publish
    ) -> Mapping[tuple[int, int], int]:
        """Return the class of each marked object, by (frame, label)."""
        token = (item.version, item.marks)
        known = self._known.get(item.key)
        if known is not None and known[0] == token:
            attachment = known[1]
        else:
            version, memo = self._memos.get(item.key, (item.version, {}))
            if version != item.version:  # other pixels: nothing found before holds
                memo = {}
            self._memos[item.key] = (item.version, memo)
            attachment = item.marks.attach(item.labels, job=job, memo=memo)
            self._known[item.key] = (token, attachment)
        found = dict(attachment.by_frame)
        text = attachment.text()
        if item.scribbles is not None:
            strokes = scribbled(item.labels, item.scribbles, ndim=item.ndim, job=job)
            # A click is a decision about one object; a stroke may only pass over it.
            found = {**strokes.by_frame, **found}
            text = " ".join(part for part in (text, strokes.text()) if part)
        publish(self._attached(item, attachment, found, text))
        return found

    def _attached(
        self,
        item: ObjectsInput,
        attachment: Attachment,
        found: Mapping[tuple[int, int], int],
        text: str,
    ) -> Attached:
        lead = tuple(int(n) for n in item.labels.shape[: len(item.labels.shape) - item.ndim])
        dropped = {mark.order for mark in attachment.dropped}
        return Attached(
            key=item.key,
            version=item.version,
            attachment=attachment,
            by_frame=found,
            text=text,
            places=tuple(place_of(mark.footprint, lead) for mark in item.marks),
            place_classes=tuple(mark.class_id for mark in item.marks),
            place_kept=tuple(mark.order not in dropped for mark in item.marks),
        )

    def _problem(self, request: ObjectRequest, marked: list[Mapping[tuple[int, int], int]]) -> str:
        listed = {c.id for c in request.classes}
        counts: dict[int, int] = {}
        for by_frame in marked:
            for class_id in by_frame.values():
                if class_id in listed:
                    counts[class_id] = counts.get(class_id, 0) + 1
        stored = self._base.counts_ if self._base is not None else {}
        return marks_problem(counts, request.classes, stored)

    def _train(
        self,
        request: ObjectRequest,
        marked: list[Mapping[tuple[int, int], int]],
        job: Job,
        publish: Publish,
    ) -> bool:
        recipe = _recipe(request, marked)
        if recipe == self._recipe and self._classifier is not None:
            # Who asked first may have been superseded before the answer came.
            if self._told is not None and self._told.version == self._version:
                publish(self._told)
            return False
        tables, classes = [], []
        listed = {c.id for c in request.classes}
        for item, by_frame in zip(request.inputs, marked, strict=True):
            known = {key: i for key, i in by_frame.items() if i in listed}
            if not known or not len(item.table):
                continue
            tables.append(item.table)
            classes.append(column_of(item, known))
        base = self._base
        if base is not None and request.columns not in (None, base.columns_):
            base = self._base = None  # other columns: what was stored does not fit
        note = ""
        if base is None:
            columns, note = choose_columns(request, tables, classes)
            model = ObjectClassifier(columns, request.forest)
        else:
            model = ObjectClassifier.from_state(base.to_state())
            model.forest = request.forest
        model.class_names = {c.id: c.name for c in request.classes}
        model.class_colors = {c.id: c.colour for c in request.classes}
        model.fit(tables, classes, extend=base is not None, job=job)
        self._put(model)
        self._recipe, self._is_loaded = recipe, False
        ids = tuple(int(i) for i in model.classes_)
        self._told = ObjectsTrained(
            self._version,
            ids,
            model.columns_,
            _importances(model),
            len(model.rows_),
            note,
            base is not None,
        )
        publish(self._told)
        return True

    def _classify(self, request: ObjectRequest, job: Job, publish: Publish) -> int:
        model = self._classifier
        assert model is not None
        total = 0
        for item in request.inputs:
            if not len(item.table):
                continue
            probabilities = model.predict_proba(item.table, job=job).to_numpy()
            labels = labels_of(item.table)
            publish(
                Classified(
                    key=item.key,
                    version=item.version,
                    model=self._version,
                    labels=labels,
                    frames=frames_of(item.table),
                    classes=np.asarray(model.classes_, np.int64)[probabilities.argmax(axis=1)],
                    probabilities=probabilities.astype(np.float32),
                    class_ids=tuple(int(i) for i in model.classes_),
                    uncertainty=uncertainty(probabilities.T).astype(np.float32),
                    has_frames="frame" in item.table.columns,
                )
            )
            total += int((labels > 0).sum())
        return total

    def _put(self, model: ObjectClassifier) -> None:
        self._classifier = model
        self._version += 1


def all_marks(item: ObjectsInput, job: Job = IDLE) -> Marks:
    """Return the marks of a layer, those of objects under strokes included; clicks decide."""
    if item.scribbles is None:
        return item.marks
    painted = Marks.from_scribbles(item.labels, item.scribbles, ndim=item.ndim, job=job)
    return joined(painted, item.marks)


def column_of(item: ObjectsInput, known: Mapping[tuple[int, int], int]) -> "Series[int]":
    """Return the class of each row of a table, 0 where an object is not marked."""
    attachment = Attachment(by_frame=known)
    return attachment.column(item.table)


def choose_columns(
    request: ObjectRequest, tables: list[Any], classes: list[Any]
) -> tuple[list[str], str]:
    """Return the columns to learn from: those ticked, without those that say nothing.

    Raises
    ------
    InputError
        If none is left.
    """
    shared = shared_columns(tables)
    wanted = shared if request.columns is None else [n for n in request.columns if n in shared]
    empty = []
    for name in wanted:
        values = [
            table[name].to_numpy(dtype=np.float64, na_value=np.nan)[np.asarray(known) > 0]
            for table, known in zip(tables, classes, strict=True)
        ]
        if not np.isfinite(np.concatenate(values)).any():
            empty.append(name)
    left = [name for name in wanted if name not in empty]
    if not tables or not any((np.asarray(known) > 0).any() for known in classes):
        raise InputError(
            "None of the marked objects is in the table. Press Measure again, so that the table "
            "is of the objects that are shown."
        )
    if not left:
        raise InputError(
            "There is no column to learn from. Tick one in section 3, or measure the objects."
        )
    note = f"{', '.join(empty)} left out: no marked object has a number there." if empty else ""
    return left, note


def _recipe(request: ObjectRequest, marked: list[Mapping[tuple[int, int], int]]) -> Any:
    """Return what decides about the model: equal recipes give the same forest."""
    layers = tuple(
        (item.key, item.version, frozenset(by_frame.items()))
        for item, by_frame in zip(request.inputs, marked, strict=True)
    )
    ids = tuple(c.id for c in request.classes)
    return (layers, request.columns, request.forest, ids)


def _importances(model: ObjectClassifier) -> tuple[tuple[str, float], ...]:
    return tuple((str(name), float(share)) for name, share in model.importances_.items())
