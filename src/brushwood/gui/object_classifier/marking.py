"""Marks of the user: given and taken back in a worker, kept with their layers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from napari.layers import Labels
from qtpy.QtCore import QObject, Signal

from brushwood.errors import InputError
from brushwood.gui._scene import META, NapariScene, full_data, key_of, note_of
from brushwood.gui._tasks import TaskRunner
from brushwood.jobs import Job
from brushwood.objects.marks import Marks
from brushwood.objects.training import class_ids
from brushwood.session.classes import (
    LARGEST_ID,
    Classes,
    completed,
    find_class,
    named_classes,
    removed,
)
from brushwood.session.object_marks import MarkStep, fits, joined, toggled
from brushwood.session.object_session import ObjectSession
from brushwood.session.object_state import default_object_classes
from brushwood.session.object_table import frames_of, labels_of
from brushwood.session.scene import LayerKey

#: Key in a layer's note under which its marks are kept, so that they go where the layer goes.
MARKS = "object_marks"


@dataclass(frozen=True, eq=False, slots=True)
class _Done:
    """What a worker made of a wish."""

    after: Mapping[LayerKey, Marks]
    text: str
    classes: Classes | None = None


class Marking(QObject):
    """Turns wishes into marks, one after the other, each a step of undo."""

    said = Signal(str)
    failed = Signal(object)

    def __init__(
        self, session: ObjectSession, scene: NapariScene, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._state, self._book, self._scene = session.state, session.marks, scene
        self._waiting: list[Callable[[], Any]] = []
        self._runner = TaskRunner(self)
        self._runner.succeeded.connect(self._on_done)
        self._runner.failed.connect(self._on_failed)
        self._runner.cancelled.connect(self._go_on)

    @property
    def is_busy(self) -> bool:
        """Whether a wish is being worked on."""
        return self._runner.is_busy or bool(self._waiting)

    def adopt(self, layer: Labels, ndim: int) -> None:
        """Take over the marks and the classes that a layer brings."""
        key = key_of(layer)
        kept = note_of(layer).get(MARKS)
        if isinstance(kept, Marks) and len(kept) and not len(self._book.of(key)):
            self._name(note_of(layer), [mark.class_id for mark in kept])
            self._book.adopt(key, kept)
        elif not len(self._book.of(key)):
            self._book.adopt(key, Marks(ndim=ndim))

    def keep(self, key: LayerKey) -> None:
        """Note the marks with their layer, and the names of their classes."""
        layer = self._scene.layer(key)
        if layer is None:
            return
        classes = self._state.classes
        layer.metadata[META] = {
            **note_of(layer),
            MARKS: self._book.of(key),
            "object_class_names": {c.id: c.name for c in classes},
            "object_class_colors": {c.id: c.colour for c in classes},
        }

    def toggle(self, key: LayerKey, label: int, at: tuple[int, ...], class_id: int) -> None:
        """Give an object a class, or take it back."""
        layer = self._scene.layer(key)
        if layer is None:
            return
        data, info = full_data(layer), find_class(self._state.classes, class_id)
        name = info.name if info else f"class {class_id}"

        def work(job: Job, publish: Callable[[object], None]) -> _Done:
            marks, now = toggled(self._book.of(key), data, label, class_id, at, job)
            text = f"Object {label} is {name}." if now else f"Object {label} has no mark now."
            return _Done({key: marks}, text)

        self._ask(lambda: self._runner.submit(work))

    def take_column(self, key: LayerKey, table: Any, column: str) -> None:
        """Give objects the classes in a column of their table."""
        layer = self._scene.layer(key)
        if layer is None:
            return
        data, classes = full_data(layer), self._state.classes
        unused = not self._book.layers() and classes == default_object_classes()
        known = {} if unused else {c.id: c.name for c in classes}

        def work(job: Job, publish: Callable[[object], None]) -> _Done:
            ids, names = class_ids(table[column], known)
            if max(ids, default=0) > LARGEST_ID:
                raise InputError(
                    f"{column!r} holds the class {max(ids)}, but classes are numbered 1 to "
                    f"{LARGEST_ID}. Choose another column."
                )
            keys = zip(frames_of(table).tolist(), labels_of(table).tolist(), strict=True)
            has_frames = "frame" in table.columns
            wanted = {
                (frame, label) if has_frames else label: int(i)
                for (frame, label), i in zip(keys, ids, strict=True)
                if i and label > 0
            }
            marks = self._book.of(key).add_many(data, wanted, job=job)
            listed = named_classes(names) if unused and names else classes
            fresh = {i: name for i, name in names.items() if not find_class(listed, i)}
            listed = tuple(sorted((*listed, *named_classes(fresh)), key=lambda c: c.id))
            listed = completed(listed, sorted(set(wanted.values())), {})
            return _Done({key: marks}, f"{len(wanted):,} objects marked from {column!r}.", listed)

        self._ask(lambda: self._runner.submit(work))

    def take_over(self, source: LayerKey, target: LayerKey) -> None:
        """Copy the marks of another layer: they attach where they lie."""
        marks = joined(self._book.of(source), self._book.of(target))
        n = len(self._book.of(source))
        self._ask(lambda: self._commit(_Done({target: marks}, f"Took over {n:,} marks.")))

    def delete_class(self, class_id: int) -> None:
        """Remove a class and its marks, as one step of undo."""
        if find_class(self._state.classes, class_id) is None:
            return

        def delete() -> None:
            classes = self._state.classes
            after = {key: self._book.of(key).without_class(class_id) for key in self._book.layers()}
            self._commit(_Done(after, "", removed(classes, class_id)))

        self._ask(delete)

    def undo(self) -> None:
        """Take the last step back."""
        self._ask(lambda: self._restore(self._book.undo(), 0))

    def redo(self) -> None:
        """Do it again."""
        self._ask(lambda: self._restore(self._book.redo(), 1))

    def stop(self) -> None:
        """Forget what was not worked on yet."""
        self._waiting.clear()
        self._runner.drop()

    def _ask(self, wish: Callable[[], Any]) -> None:
        self._waiting.append(wish)
        self._go_on()

    def _go_on(self) -> None:
        while self._waiting and not self._runner.is_busy:
            self._waiting.pop(0)()

    def _commit(self, done: _Done) -> None:
        before = self._state.classes
        classes = done.classes if done.classes not in (None, before) else None
        step = self._book.commit(done.after, done.text, (before, classes) if classes else None)
        if classes is not None:
            self._list(classes)
        if step is not None and done.text:
            self.said.emit(done.text)

    def _restore(self, step: MarkStep | None, side: int) -> None:
        if step is None:
            self.said.emit("There is no mark to take back." if side == 0 else "Nothing to redo.")
            return
        if step.classes is not None:
            self._list(step.classes[side])
        changed = step.after if side else step.before
        n = sum(len(marks) for marks in changed.values())
        verb = "Done again" if side else "Taken back"
        self.said.emit(f"{verb}: {step.text}" if step.text else f"{verb}, {n:,} marks now.")

    def _list(self, classes: Classes) -> None:
        self._state.classes = classes
        if classes and find_class(classes, self._state.current_class) is None:
            self._state.current_class = classes[0].id

    def _name(self, note: dict[str, Any], ids: list[int]) -> None:
        """List the classes that marks bring, by the names that they had."""
        classes = self._state.classes
        names, colours = note.get("object_class_names"), note.get("object_class_colors")
        if isinstance(names, dict) and not self._book.layers():
            self._list(named_classes(names, colours))
            return
        known = named_classes(names, colours) if isinstance(names, dict) else ()
        self._list(completed(classes, sorted(set(ids)), {c.id: c for c in known}))

    def _on_done(self, done: _Done) -> None:
        self._commit(done)
        self._go_on()

    def _on_failed(self, error: Exception) -> None:
        self.failed.emit(error)
        self._go_on()


def offered(
    book: Any, target: LayerKey, shapes: Mapping[LayerKey, tuple[int, ...]]
) -> LayerKey | None:
    """Return whose marks fit a target that has none, the latest: a layer's or a model file's.

    A layer must have the target's shape; of marks from a file only their place is known.
    """
    shape = shapes.get(target)
    if len(book.of(target)) or shape is None:
        return None
    others = [key for key in book.layers() if key != target]
    fitting = [
        key
        for key in others
        if (shapes[key] == shape if key in shapes else fits(book.of(key), shape))
    ]
    return fitting[-1] if fitting else None
