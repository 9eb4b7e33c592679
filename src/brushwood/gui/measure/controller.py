"""Join the choices, the layers and the view of Measure objects."""

from typing import Any

from napari.layers import Labels, Layer
from qtpy.QtCore import QObject, Qt
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QDockWidget, QMainWindow

from brushwood.errors import BrushwoodError
from brushwood.gui import _docks
from brushwood.gui._freshness import Freshness
from brushwood.gui._help import show_help
from brushwood.gui._scene import NapariScene, key_of, note_of, place_of, role_of, session_for
from brushwood.gui.measure.measuring import Measuring
from brushwood.gui.measure.view import MeasureView
from brushwood.session.freshness import MEASURED
from brushwood.session.measure_script import measure_script
from brushwood.session.measure_words import ready_text
from brushwood.session.measuring import (
    MeasureReadiness,
    choose_images,
    choose_objects,
    resolve_measuring,
)
from brushwood.session.scene import LabelsRef, guess_ndim
from brushwood.session.table_words import stale_text

_FIELDS = ("objects", "images", "parents", "probabilities", "ndim", "units", "names")


class MeasureController(QObject):
    """Keeps view, layers and work in step with the state."""

    def __init__(self, viewer: Any, view: MeasureView) -> None:
        super().__init__(view)
        self.session = session_for(viewer)
        self.state = self.session.measuring
        self.scene = NapariScene(viewer)
        self.view = view
        self._viewer = viewer
        self.freshness = Freshness(self)
        self.freshness.changed.connect(self.refresh)
        self.work = Measuring(self.scene, self)
        self._running = False
        self._said = ""
        self._chosen_for: str | None = None
        self._connect_view()
        self._connect_work()

    def start(self) -> None:
        """Follow viewer and state. Calling it again does nothing."""
        if self._running or not self.scene.is_alive:
            return
        self._running = True
        self.scene.connect_layers(self._on_layers)
        for name in _FIELDS:
            getattr(self.state.events, name).connect(self._on_state)
        self._on_layers()

    def stop(self) -> None:
        """Let everything go: layers and threads. Calling it again does nothing."""
        if not self._running:
            return
        self._running = False
        self.scene.disconnect_layers(self._on_layers)
        for name in _FIELDS:
            getattr(self.state.events, name).disconnect(self._on_state)
        self.work.stop()
        self.freshness.release()

    def readiness(self) -> MeasureReadiness:
        """Say what can be measured now."""
        return resolve_measuring(self.state, self.scene)

    def refresh(self) -> None:
        """Show the state."""
        ready, state, view = self.readiness(), self.state, self.view
        view.objects.show_objects(self.scene.objects(), ready, state.ndim)
        view.image.show_images(self.scene.images(), state.images, ready)
        view.catalogue.show_catalogue(ready)
        view.units.show_units(ready, state.units)
        layer = self.scene.layer(state.objects)
        no_table = "" if isinstance(layer, Labels) and len(layer.features) else "Measure first."
        view.actions.show_ready(
            reason=ready.reason, copy_reason=ready.reason, table_reason=no_table
        )
        if not self.work.is_running:
            self._hint(ready)

    def say(self, sentence: str) -> None:
        """Show a sentence until something else happens."""
        self._said = sentence
        self.view.actions.show_status(sentence)

    def measure(self) -> None:
        """Measure what is chosen."""
        ready = self.readiness()
        if ready.reason:
            self.say(ready.reason)
        else:
            self.work.measure(ready)

    def measure_again(self, key: str) -> None:
        """Measure a layer once more, with the columns that its table has."""
        layer = self.scene.layer(key)
        if layer is None:
            return
        self.state.objects = key
        self._recall(layer)
        self.measure()

    def _recall(self, layer: Layer) -> None:
        """Choose again what a layer was measured with."""
        measured = note_of(layer).get(MEASURED)
        if not measured:
            return
        images = {image.key for image in self.scene.images()}
        self.state.images = tuple(k for k in measured.get("images", ()) if k in images)
        self.state.names = tuple(measured.get("names", ())) or None
        self.state.ndim = int(measured.get("ndim", self.state.ndim))
        self.state.probabilities = bool(measured.get("probabilities"))
        has_units = self.readiness().spacing is not None or self.state.units == "px"
        if has_units:
            self.state.units = "world" if measured.get("spacing") else "px"

    def _hint(self, ready: MeasureReadiness) -> None:
        """Show what to do next if something is missing, else what happened last."""
        stale = f"{stale_text()} Press Measure." if self.freshness.is_stale else ""
        self.view.actions.show_status(ready.reason or stale or self._said or ready_text(ready))

    def _connect_view(self) -> None:
        view = self.view
        view.objects.objects_chosen.connect(self._on_objects)
        view.objects.ndim_chosen.connect(self._on_ndim)
        view.objects.parents_chosen.connect(self._on_parents)
        view.objects.make_requested.connect(self._on_make)
        view.objects.align_requested.connect(self._on_align)
        view.image.images_chosen.connect(self._on_images)
        view.image.probabilities_chosen.connect(self._on_probabilities)
        view.catalogue.names_chosen.connect(self._on_names)
        view.units.units_chosen.connect(self._on_units)
        view.actions.measure_requested.connect(self.measure)
        view.actions.cancel_requested.connect(self.work.cancel)
        view.actions.table_requested.connect(self.show_table)
        view.actions.copy_requested.connect(self._on_copy)
        view.actions.help_requested.connect(self._on_help)

    def _connect_work(self) -> None:
        work, actions = self.work, self.view.actions
        work.said.connect(self.say)
        work.measured.connect(self._on_measured)
        work.failed.connect(self._on_failed)
        work.cancelled.connect(self._on_cancelled)
        work.progressed.connect(actions.show_progress)
        work.busy_changed.connect(self._on_busy)

    def _on_layers(self, event: Any = None) -> None:
        """Layers came, went or were renamed."""
        self.scene.connect_layers(self._on_layers)
        gone = getattr(event, "value", None) if getattr(event, "type", "") == "removed" else None
        self._choose()
        if gone is not None and hasattr(gone, "unique_id"):
            self.work.forget(key_of(gone))
        self.refresh()

    def _on_state(self, value: object = None) -> None:
        self._said = ""
        self._choose()
        self.refresh()

    def _choose(self) -> None:
        """Choose where there is nothing to decide; keep the user's choice otherwise."""
        refs = {ref.key: ref for ref in self.scene.objects()}
        made = {key: role_of(self.scene.layer(key)) == "objects" for key in refs}
        self.state.objects = choose_objects(self.state, list(refs.values()), made)
        objects = refs.get(self.state.objects or "")
        self.freshness.bind(self.scene.layer(self.state.objects))
        images = self.scene.images()
        known = {image.key for image in images}
        if objects is None:
            self._chosen_for = None
        elif objects.key != self._chosen_for:
            self._chosen_for = objects.key
            origin = note_of(self.scene.layer(objects.key)).get("image")
            together = self.session.state.images
            self.state.images = choose_images(objects, images, origin, together)
            self.state.ndim = self._guess_ndim(objects)
        self.state.images = tuple(key for key in self.state.images if key in known)

    def _guess_ndim(self, objects: LabelsRef) -> int:
        noted = note_of(self.scene.layer(objects.key)).get("ndim")
        if noted in (2, 3) and noted <= len(objects.shape):
            return int(noted)
        image = next((im for im in self.scene.images() if im.key in self.state.images), None)
        return guess_ndim(image if image is not None and len(objects.shape) > 2 else objects)

    def _on_objects(self, key: str) -> None:
        self.state.objects = key

    def _on_ndim(self, ndim: int) -> None:
        self.state.ndim = ndim

    def _on_parents(self, key: str | None) -> None:
        self.state.parents = key

    def _on_images(self, keys: tuple[str, ...]) -> None:
        self.state.images = keys

    def _on_probabilities(self, on: bool) -> None:
        self.state.probabilities = on
        names = self.state.names
        if on and names is not None and not any(name.startswith("probability") for name in names):
            self.state.names = (*names, "probability_mean")

    def _on_names(self, names: tuple[str, ...]) -> None:
        self.state.names = names

    def _on_units(self, units: str) -> None:
        self.state.units = units

    def _on_make(self) -> None:
        from brushwood.gui.objects import MakeObjectsWidget

        _docks.open_widget(self._viewer, MakeObjectsWidget, "Make objects")

    def _on_align(self) -> None:
        """Put the labels where the ticked image lies."""
        layer = self.scene.layer(self.state.objects)
        image = self.scene.layer(next(iter(self.state.images), None))
        if layer is None or image is None:
            return
        for name, value in place_of(image).items():
            setattr(layer, name, value)
        self.say(f"{layer.name!r} now has the scale, units and position of {image.name!r}.")
        self.refresh()

    def _on_measured(self, key: str, sentence: str) -> None:
        self.state.table = key
        self.freshness.check()
        self.refresh()  # there is a table to show now
        self.say(sentence)
        self.show_table()

    def show_table(self) -> None:
        """Open the table, below the canvas when it was not open."""
        from brushwood.gui.table import ObjectTableWidget

        self.state.table = self.state.objects
        if _docks.find(self._viewer, ObjectTableWidget) is not None:
            _docks.open_widget(self._viewer, ObjectTableWidget, "Object table")
            return
        widget = _docks.open_widget(self._viewer, ObjectTableWidget, "Object table")
        dock = widget.parent()
        main = dock.parent() if isinstance(dock, QDockWidget) else None
        if isinstance(main, QMainWindow):
            main.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, dock)

    def _on_failed(self, error: Exception) -> None:
        if isinstance(error, BrushwoodError | OSError | MemoryError):
            self.say(str(error) or type(error).__name__)
        else:
            self.say(f"Something unexpected went wrong: {type(error).__name__}: {error}")

    def _on_cancelled(self) -> None:
        self.say("Cancelled. The table is as it was.")

    def _on_busy(self, busy: bool) -> None:
        self.view.actions.show_busy(busy)
        if not busy:
            self.refresh()

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(measure_script(self.readiness()))
        self.say("A Python script that does the same is on the clipboard.")

    def _on_help(self) -> None:
        show_help("measure", self.view)
