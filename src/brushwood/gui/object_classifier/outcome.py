"""Take the answers of the workers: into the state, the layers and the tables."""

from typing import Any

from napari.layers import Layer
from qtpy.QtCore import QObject

from brushwood.gui._scene import note_of
from brushwood.session.classes import named_classes
from brushwood.session.object_state import OBJECT_OUTPUTS, ObjectModelInfo
from brushwood.session.object_table import result_columns, with_results
from brushwood.session.object_work import (
    Attached,
    Classified,
    LoadedObjectModel,
    ObjectsFinished,
    ObjectsTrained,
)
from brushwood.session.scene import LayerKey

#: Key in a layer's note: columns that were written by the classifier.
WRITTEN = "object_results"


class Outcome(QObject):
    """Slots for answers, and for layers that go."""

    def __init__(self, controller: Any) -> None:
        super().__init__(controller)
        self._all = controller
        self._state = controller.state
        self._attached: dict[LayerKey, Attached] = {}
        live = controller.live
        live.attached.connect(self._on_attached)
        live.trained.connect(self._on_trained)
        live.classified.connect(self._on_classified)
        live.updated.connect(self._on_updated)
        controller.files.loaded.connect(self._on_loaded)

    @property
    def text(self) -> str:
        """What became of the marks of the ticked layers, "" if all have their object."""
        parts = [a.text for key, a in self._attached.items() if key in self._state.layers]
        return " ".join(part for part in parts if part)

    def columns(self, key: LayerKey | None) -> tuple[str, ...]:
        """Return the result columns that a layer's table has."""
        layer = self._all.scene.layer(key)
        return tuple(note_of(layer).get(WRITTEN, ())) if layer is not None else ()

    def forget(self, layer: Layer) -> None:
        """Untick an output when the user deleted its last layer."""
        owner = self._all.results.owner(layer)
        if owner is None or owner[0] not in self._state.layers:
            return
        output = owner[1][0]
        rest = [note_of(x).get("object_output") for x in self._all.scene.layers()]
        if output not in rest:
            self._state.outputs = tuple(o for o in self._state.outputs if o != output)

    def keep_only(self, keys: tuple[LayerKey, ...]) -> None:
        """Forget what is known of layers that are not ticked."""
        self._attached = {k: a for k, a in self._attached.items() if k in keys}
        self._count()

    def show_marks(self) -> None:
        """Show the points, or take them away."""
        if "marks" not in self._state.outputs:
            self._all.points.remove()
            return
        for attached in self._attached.values():
            self._all.points.show(attached, self._state.classes)

    def rename(self) -> None:
        """Write the results again, under the present names of the classes."""
        for key in self._state.layers:
            done = self._all.results.latest(key)
            if done is not None:
                self._write(done)

    def uncover(self, keys: tuple[LayerKey, ...]) -> None:
        """Show objects that are hidden, so that there is something to click on."""
        layers = [self._all.scene.layer(key) for key in keys]
        results = [self._all.results.find(key, ("classes", 0)) for key in keys]
        if not any(layer is not None and layer.visible for layer in (*layers, *results)):
            for layer in layers:
                if layer is not None:
                    layer.visible = True

    def _on_attached(self, attached: Attached) -> None:
        self._attached[attached.key] = attached
        self._all.next.marked(attached.key, frozenset(attached.by_frame))
        self._count()
        if "marks" in self._state.outputs:
            self._all.points.show(attached, self._state.classes)
        self._all.refresh()

    def _count(self) -> None:
        counts: dict[int, int] = {}
        for attached in self._attached.values():
            for class_id in attached.by_frame.values():
                counts[class_id] = counts.get(class_id, 0) + 1
        self._state.counts = tuple(sorted(counts.items()))

    def _on_trained(self, trained: ObjectsTrained) -> None:
        before = self._state.model
        self._state.model = ObjectModelInfo(
            "trained",
            trained.class_ids,
            trained.columns,
            trained.version,
            trained.importances,
            before.stored if before is not None and trained.extended else (),
        )

    def _on_classified(self, done: Classified) -> None:
        watched = self._all.watch.of(done.key)
        if watched is None or watched.layer is None:
            return
        self._write(done)
        self._all.results.show(done, watched.ndim)

    def _write(self, done: Classified) -> None:
        """Join the results to the table; its other columns and their units stay."""
        watched = self._all.watch.of(done.key)
        layer = watched.layer if watched is not None else None
        if layer is None:
            return
        note, classes = note_of(layer), self._state.classes
        before = tuple(note.get(WRITTEN, ()))
        table = with_results(layer.features, done, classes, before)
        names = tuple(result_columns(done, classes))
        numbers = dict.fromkeys((n for n in names if table[n].dtype.kind == "f"), "")
        units = {k: u for k, u in (note.get("units") or {}).items() if k not in before}
        watched.write(table, {WRITTEN: names, "units": {**units, **numbers}})

    def _on_updated(self, finished: ObjectsFinished) -> None:
        if not finished.problem:
            self._state.n_classified = finished.n_classified

    def _on_loaded(self, loaded: LoadedObjectModel) -> None:
        state = self._state
        marked = {i for i, n in state.counts if n} - set(loaded.names)
        kept = tuple(c for c in state.classes if c.id in marked)
        classes = (*named_classes(dict(loaded.names), dict(loaded.colours)), *kept)
        state.classes = tuple(sorted(classes, key=lambda c: c.id))
        state.current_class = state.classes[0].id
        state.forest, state.columns = loaded.forest, loaded.columns
        state.model = ObjectModelInfo(
            loaded.name,
            loaded.class_ids,
            loaded.columns,
            loaded.version,
            loaded.importances,
            loaded.stored,
        )
        for name, marks in loaded.marks.items():  # offered where they fit
            self._all.book.adopt(f"{name} in {loaded.name}", marks)
        if not state.outputs:
            state.outputs = OBJECT_OUTPUTS[:2]
        names = ", ".join(c.name for c in state.classes)
        self._all.narrator.say(f"Loaded {loaded.name}: {names}.")
        self._all.live.schedule()
