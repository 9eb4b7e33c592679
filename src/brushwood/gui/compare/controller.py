"""Join the choices, the layers and the view of the comparison."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from napari.layers import Labels, Layer, Shapes
from qtpy.QtCore import QObject
from qtpy.QtGui import QGuiApplication

from brushwood.errors import BrushwoodError
from brushwood.gui._help import show_help
from brushwood.gui._linking import link_for
from brushwood.gui._scene import (
    META,
    NapariScene,
    full_data,
    full_shape,
    key_of,
    note_of,
    role_of,
    session_for,
)
from brushwood.gui._slots import LayerSlot
from brushwood.gui._tasks import TaskRunner
from brushwood.gui.compare.maps import DifferenceMap
from brushwood.gui.compare.view import CompareView
from brushwood.jobs import Job
from brushwood.session.compare_columns import with_comparison
from brushwood.session.compare_text import (
    compare_script,
    compare_step_text,
    compared_sentence,
    score_rows,
)
from brushwood.session.compare_work import (
    CompareRequest,
    Finding,
    ObjectsCompared,
    PixelsCompared,
    run_comparison,
)
from brushwood.session.comparing import (
    CompareReadiness,
    guess_pair,
    guess_what,
    resolve_compare,
)

#: Fields of the state that decide about a comparison.
_CHOICES = (
    "truth", "prediction", "region", "what", "zero_is_unknown", "class_id", "min_iou", "is_sparse",
)  # fmt: skip
#: Axes with these names are frames, not space.
_FRAMES = {"t", "time", "p", "position"}


class CompareController(QObject):
    """Keeps view, layers and the comparison in step with the state."""

    def __init__(self, viewer: Any, view: CompareView) -> None:
        super().__init__(view)
        self.session = session_for(viewer)
        self.state = self.session.comparing
        self.scene = NapariScene(viewer)
        self.view = view
        self.done: PixelsCompared | ObjectsCompared | None = None
        self._link = link_for(viewer)
        self._maps = DifferenceMap(self.scene)
        self._said = ""
        self._is_stale = False
        self._is_quiet = False
        self._running = False
        self._truth = LayerSlot(self._on_pixels, "data", "set_data", "paint")
        self._prediction = LayerSlot(self._on_pixels, "data", "set_data", "paint")
        self._runner = TaskRunner(self, announced=True)
        self._runner.succeeded.connect(self._on_done)
        self._runner.failed.connect(self._on_failed)
        self._runner.cancelled.connect(lambda: self.say("Cancelled. Nothing was changed."))
        self._runner.busy_changed.connect(self._on_busy)
        self._runner.progressed.connect(view.actions.show_progress)
        view.layers.truth_chosen.connect(lambda key: self._choose("truth", key))
        view.layers.prediction_chosen.connect(self._on_prediction)
        view.layers.region_chosen.connect(lambda key: self._choose("region", key))
        view.how.what_chosen.connect(lambda what: self._choose("what", what))
        view.how.unknown_chosen.connect(lambda value: self._choose("zero_is_unknown", value))
        view.how.class_chosen.connect(lambda value: self._choose("class_id", value))
        view.how.iou_chosen.connect(lambda value: self._choose("min_iou", round(value, 4)))
        view.how.sparse_chosen.connect(lambda value: self._choose("is_sparse", value))
        view.scores.finding_chosen.connect(self._on_finding)
        view.actions.compare_requested.connect(self.compare)
        view.actions.cancel_requested.connect(self._runner.cancel)
        view.actions.help_requested.connect(lambda: show_help("evaluate", view))
        view.actions.copy_requested.connect(self._on_copy)

    def start(self) -> None:
        """Follow viewer and state. Calling it again does nothing."""
        if self._running or not self.scene.is_alive:
            return
        self._running = True
        self.scene.connect_layers(self._on_layers)
        for name in _CHOICES:
            getattr(self.state.events, name).connect(self._on_choice)
        self._on_layers()

    def stop(self) -> None:
        """Let everything go. Calling it again does nothing."""
        if not self._running:
            return
        self._running = False
        self._runner.drop()
        self._truth.release()
        self._prediction.release()
        self._link.leave(self)
        for name in _CHOICES:
            getattr(self.state.events, name).disconnect(self._on_choice)
        self.scene.disconnect_layers(self._on_layers)

    def readiness(self) -> CompareReadiness:
        """Say what can be compared now."""
        made = [key_of(layer) for layer in self.scene.layers() if role_of(layer) == "objects"]
        return resolve_compare(self.state, self.scene, made)

    def say(self, sentence: str) -> None:
        """Show a sentence until something else happens."""
        self._said = sentence
        self.view.actions.show_status(sentence)

    def refresh(self) -> None:
        """Show the state."""
        ready = self.readiness()
        regions = [(key_of(r), r.name) for r in self._regions()]
        self.view.layers.show_layers(ready, self.state, regions)
        layers = [self.scene.layer(key) for key in (self.state.truth, self.state.prediction)]
        names = self._names(*(layer for layer in layers if layer is not None))
        self.view.how.show_state(self.state, self._class_entries(names))
        self.view.actions.show_ready(ready.reason)
        self.view.scores.show_stale(self._is_stale)
        self.view.actions.show_status(ready.reason or self._said or "Press Compare.")

    def compare(self) -> None:
        """Compare in the background."""
        ready = self.readiness()
        request = None if ready.reason else self._request(ready)
        if request is None:
            self.refresh()
            return

        def work(job: Job, publish: Callable[[object], None]) -> PixelsCompared | ObjectsCompared:
            return run_comparison(request, job)

        self._runner.submit(work)

    def _request(self, ready: CompareReadiness) -> CompareRequest | None:
        state = self.state
        truth, prediction = self.scene.layer(state.truth), self.scene.layer(state.prediction)
        if truth is None or prediction is None:
            return None
        return CompareRequest(
            key_of(truth),
            key_of(prediction),
            full_data(truth),
            full_data(prediction),
            state.what,
            self._region_mask(truth),
            _spatial(truth),
            state.zero_is_unknown,
            state.class_id,
            state.min_iou,
            state.is_sparse,
            self._names(truth, prediction),
        )

    def _names(self, *layers: Layer) -> tuple[tuple[int, str], ...]:
        """Return the names of classes: those that came with a layer, else the classifier's."""
        for layer in layers:
            names = note_of(layer).get("class_names")
            if isinstance(names, dict):
                return tuple((int(i), str(name)) for i, name in names.items())
        return tuple((c.id, c.name) for c in self.session.state.classes)

    def _region_mask(self, truth: Layer) -> Any:
        region = self.scene.layer(self.state.region)
        if region is None:
            return None
        shape = full_shape(truth)
        if isinstance(region, Labels):
            return full_data(region)
        labels = region.to_labels(labels_shape=shape[-2:])
        return np.broadcast_to(labels, shape)

    def _regions(self) -> list[Layer]:
        """Return shapes layers, and labels that are neither truth nor prediction."""
        taken = {self.state.truth, self.state.prediction}
        return [
            layer
            for layer in self.scene.layers()
            if isinstance(layer, Shapes)
            or (isinstance(layer, Labels) and role_of(layer) == "" and key_of(layer) not in taken)
        ]

    def _class_entries(self, names: Sequence[tuple[int, str]]) -> Sequence[tuple[int, str]]:
        if isinstance(self.done, PixelsCompared):
            known = dict(names)
            return [(i, known.get(i, f"class {i}")) for i in self.done.scores.classes]
        return names

    def _choose(self, field: str, value: Any) -> None:
        setattr(self.state, field, value)

    def _on_prediction(self, key: str) -> None:
        self.state.prediction = key
        chosen = next((m for m in self.readiness().maps if m.key == key), None)
        if chosen is not None:
            self.state.what = guess_what(chosen)

    def _on_choice(self, value: object = None) -> None:
        self._said = ""
        self._is_stale = self.done is not None
        self._bind()
        self.refresh()

    def _on_layers(self, event: object = None) -> None:
        """Layers came, went or were renamed."""
        self.scene.connect_layers(self._on_layers)
        ready = self.readiness()
        known = {m.key for m in ready.maps}
        truth, prediction = guess_pair(ready.maps)
        if self.state.truth not in known:
            self.state.truth = truth
        if self.state.prediction not in known:
            self.state.prediction = prediction if prediction != self.state.truth else None
            if self.state.prediction is not None:
                self._on_prediction(self.state.prediction)
        if self.state.region is not None and self.scene.layer(self.state.region) is None:
            self.state.region = None
        gone = self.done is not None and self.scene.layer(self.done.request.prediction_key) is None
        if gone:
            self.done = None
            self.state.said = ""
            self.view.scores.show_nothing()
        self._bind()
        self.refresh()

    def _bind(self) -> None:
        for slot, key in (
            (self._truth, self.state.truth),
            (self._prediction, self.state.prediction),
        ):
            layer = self.scene.layer(key)
            if layer is None:
                slot.release()
            else:
                slot.bind(layer)

    def _on_pixels(self, event: object = None) -> None:
        if getattr(event, "type", "") == "set_data" and self._runner.is_busy:
            return
        if self.done is not None and not self._is_stale:
            self._is_stale = True
            self.refresh()

    def _on_busy(self, busy: bool) -> None:
        self.view.actions.show_busy(busy)

    def _on_done(self, done: PixelsCompared | ObjectsCompared) -> None:
        request = done.request
        prediction = self.scene.layer(request.prediction_key)
        if prediction is None or self.scene.layer(request.truth_key) is None:
            self.say("A compared layer was deleted meanwhile; nothing is shown.")
            return
        self.done, self._is_stale = done, False
        self._maps.show(prediction, done.outcome, request.what)
        if isinstance(done, ObjectsCompared):
            self._note_columns(done)
        self.view.scores.show_done(done, score_rows(done))
        self.state.said = compare_step_text(done)
        self.say(compared_sentence(done))
        self.refresh()

    def _note_columns(self, done: ObjectsCompared) -> None:
        """Add IoU and state of each object to both layers' tables, beside what is there."""
        for key, table in (
            (done.request.truth_key, done.truth_table),
            (done.request.prediction_key, done.prediction_table),
        ):
            layer = self.scene.layer(key)
            if layer is not None and len(table):
                layer.features = with_comparison(layer.features, table)

    def _on_failed(self, error: Exception) -> None:
        if isinstance(error, BrushwoodError | OSError | MemoryError):
            self.say(str(error) or type(error).__name__)
        else:
            self.say(f"Something unexpected went wrong: {type(error).__name__}: {error}")

    def _on_finding(self, finding: Finding) -> None:
        if self.done is None:
            return
        request = self.done.request
        key = request.truth_key if finding.side == "truth" else request.prediction_key
        self._link.join(self, key)
        self.session.selection.select(key, frozenset({finding.label}), finding.label)
        self._link.go_to(key, finding.label)

    def _on_copy(self) -> None:
        ready = self.readiness()
        request = None if ready.reason else self._request(ready)
        if request is not None:
            QGuiApplication.clipboard().setText(compare_script(self.state, ready, request))
            self.say("A script that computes these scores is on the clipboard.")


def _spatial(layer: Layer) -> int:
    """Return how many of a layer's axes are space."""
    n = len(full_shape(layer))
    names = [str(name).lower() for name in getattr(layer, "axis_labels", ())]
    frames = sum(name in _FRAMES for name in names[:-2])
    note = layer.metadata.get(META)
    if not frames and n > 2 and isinstance(note, dict) and "ndim" in note:
        return int(note["ndim"])
    return max(2, n - frames)
