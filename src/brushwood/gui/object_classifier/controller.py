"""Join the choices, the layers and the view of the object classifier."""

from typing import Any

from napari.layers import Labels
from qtpy.QtCore import QObject

from brushwood.gui._linking import link_for
from brushwood.gui._scene import NapariScene, full_shape, key_of, note_of, session_for
from brushwood.gui.object_classifier.choosing import ObjectChooser
from brushwood.gui.object_classifier.clicking import ClickTool
from brushwood.gui.object_classifier.files import ObjectModelFiles
from brushwood.gui.object_classifier.intents import Intents
from brushwood.gui.object_classifier.keys import LayerKeys
from brushwood.gui.object_classifier.live import ObjectLoop
from brushwood.gui.object_classifier.mark_points import MarkPoints
from brushwood.gui.object_classifier.marking import Marking, offered
from brushwood.gui.object_classifier.measuring import Measuring
from brushwood.gui.object_classifier.narrator import Narrator
from brushwood.gui.object_classifier.outcome import Outcome
from brushwood.gui.object_classifier.presenter import Presenter
from brushwood.gui.object_classifier.quality import object_validator
from brushwood.gui.object_classifier.results import ObjectLayers
from brushwood.gui.object_classifier.scribbling import Scribbling
from brushwood.gui.object_classifier.uncertain import NextUncertain
from brushwood.gui.object_classifier.view import ObjectClassifierView
from brushwood.gui.object_classifier.watching import Watch
from brushwood.session.freshness import was_measured
from brushwood.session.object_readiness import ObjectReadiness, resolve_objects
from brushwood.session.scene import LayerKey

#: Fields after which the model has to be made anew.
_RECIPE = ("forest", "columns", "live")


class Controller(QObject):
    """Keeps view, layers and computations in step with the state.

    Its parts: `intents` turns the user's wishes into state, `chooser` keeps the choice of layers
    sensible, `watch` notices when objects or tables change, `marking`, `live`, `measuring` and
    `files` work in threads, `outcome` takes their answers, `presenter` fills the view and
    `narrator` writes the status line.
    """

    def __init__(self, viewer: object, view: ObjectClassifierView) -> None:
        super().__init__(view)
        shared = session_for(viewer)
        self.selection = shared.selection
        self.session = shared.object_classes
        self.state, self.book = self.session.state, self.session.marks
        self.scene = NapariScene(viewer)
        self.view = view
        self.chooser = ObjectChooser(self.state, self.scene)
        self.watch = Watch(self.scene, self)
        self.marking = Marking(self.session, self.scene, self)
        self.scribbling = Scribbling(self.state, self.scene, self)
        self.results = ObjectLayers(self.state, self.scene, self)
        self.points = MarkPoints(self.scene)
        self.live = ObjectLoop(self.session, self.scene, self.watch, self.readiness, self)
        self.measuring = Measuring(self.state, self.scene, self.watch, self)
        self.files = ObjectModelFiles(self.session, self.live.request, self)
        self.tool = ClickTool(self.scene, self)
        self.keys = LayerKeys(self._on_key)
        self.next = NextUncertain(
            self.state, self.selection, self.scene, self.results, self.watch, self
        )
        self.validator = object_validator(self, shared.object_test)
        self.outcome = Outcome(self)
        self.presenter = Presenter(self)
        self.narrator = Narrator(self)
        self.intents = Intents(self)
        self._members: dict[LayerKey, QObject] = {}
        self._known: dict[LayerKey, tuple[str, tuple[int, ...]]] = {}
        self._running = False
        self.watch.pixels_changed.connect(self._on_pixels)
        self.watch.table_changed.connect(self._on_table)
        self.scribbling.edited.connect(self.live.schedule)
        self.tool.clicked.connect(self._on_click)
        self.tool.missed.connect(self._on_missed)
        self.tool.ended.connect(self._on_tool_ended)
        self.measuring.busy_changed.connect(self._on_recipe)

    def start(self) -> None:
        """Follow viewer and state. Calling it again does nothing."""
        if self._running or not self.scene.is_alive:
            return
        self._running = True
        self.scene.connect_layers(self._on_layers)
        self.scene.viewer.layers.selection.events.active.connect(self._on_active)
        for name, slot in self._state_slots():
            getattr(self.state.events, name).connect(slot)
        self.book.changed.connect(self._on_marks)
        self._on_layers()

    def stop(self) -> None:
        """Let everything go: layers, keys and threads. Calling it again does nothing."""
        if not self._running:
            return
        self._running = False
        self.state.clicking = False
        self.tool.stop()
        parts = (self.live, self.measuring, self.files, self.marking, self.results, self.next)
        for part in (*parts, self.validator):
            part.stop()
        self._join(())
        self.watch.release()
        self.scribbling.release()
        self.keys.release()
        for name, slot in self._state_slots():
            getattr(self.state.events, name).disconnect(slot)
        self.book.changed.disconnect(self._on_marks)
        self.scene.disconnect_layers(self._on_layers)
        if self.scene.is_alive:
            self.scene.viewer.layers.selection.events.active.disconnect(self._on_active)

    def readiness(self) -> ObjectReadiness:
        """Say what can run now."""
        return resolve_objects(
            self.state,
            self.scene.objects(),
            self.watch.facts(),
            measuring=self.measuring.is_running,
        )

    def refresh(self) -> None:
        """Show the state."""
        if self._running:
            self.presenter.show()

    def choose_class(self, class_id: int) -> None:
        """Give this class to objects from now on, by clicks and by strokes."""
        self.state.current_class = class_id
        active = self.scene.viewer.layers.selection.active
        if self.scribbling.layer is not None and active == self.scribbling.layer:
            self.scribbling.paint(class_id)
        else:
            self.scribbling.choose(class_id)

    def measure(self) -> None:
        """Measure what the button offers."""
        ready = self.readiness()
        missing = self.presenter.missing_columns()
        if ready.unmeasured:
            self.measuring.measure(ready.unmeasured, again=True)
        elif missing:
            self.measuring.measure(tuple(missing), tuple(next(iter(missing.values()))))
        else:
            self.measuring.measure(self.state.layers)

    def offer(self) -> tuple[LayerKey, str, int] | None:
        """Return a layer whose marks fit the chosen one: key, name and number of marks."""
        target = next(iter(self.state.layers), None)
        if target is None:
            return None
        shapes = {key: shape for key, (_, shape) in self._known.items()}
        source = offered(self.book, target, shapes)
        if source is None:
            return None
        name = self._known[source][0] if source in self._known else source
        return source, name, len(self.book.of(source))

    def take_over(self) -> None:
        """Take over the marks that are offered."""
        offer = self.offer()
        if offer is not None:
            self.marking.take_over(offer[0], self.state.layers[0])

    def script_facts(self) -> tuple[Any, ...]:
        """Return what a script has to say about the objects."""
        return self.presenter.script_facts()

    def _state_slots(self) -> list[tuple[str, object]]:
        return [
            ("layers", self._on_choice),
            ("annotation", self._on_choice),
            *((name, self._on_recipe) for name in _RECIPE),
            *((name, self._on_shown) for name in ("model", "counts", "n_classified", "image")),
            ("current_class", self._on_shown),
            ("classes", self._on_classes),
            ("outputs", self._on_outputs),
            ("clicking", self._on_clicking),
        ]

    def _on_layers(self, event: Any = None) -> None:
        """Layers came, went or were renamed."""
        self.scene.connect_layers(self._on_layers)
        gone = getattr(event, "value", None) if getattr(event, "type", "") == "removed" else None
        if gone is not None and hasattr(gone, "unique_id"):
            self.outcome.forget(gone)
        for layer in self.scene.layers():
            if isinstance(layer, Labels):
                self._known[key_of(layer)] = (layer.name, full_shape(layer))
        self.chooser.choose()
        self._on_choice()

    def _on_choice(self, value: object = None) -> None:
        """Other layers are ticked."""
        keys = self.state.layers
        self.watch.follow(keys)
        for key in keys:
            watched = self.watch.of(key)
            if watched is not None and watched.layer is not None:
                self.marking.adopt(watched.layer, watched.ndim)
        self.outcome.keep_only(keys)
        self.scribbling.bind()
        self._join(keys)
        if not keys:
            self.state.clicking = False
        elif self.tool.is_on:
            self.tool.start(keys)
        self._on_active()
        self.refresh()
        self.live.schedule()

    def _join(self, keys: tuple[LayerKey, ...]) -> None:
        """Let clicks select objects of the ticked layers, and outline what is selected."""
        if not self.scene.is_alive:
            return
        link = link_for(self.scene.viewer)
        for key in set(self._members) - set(keys):
            member = self._members.pop(key)
            link.leave(member)
            member.deleteLater()
        for key in keys:
            if key not in self._members:
                self._members[key] = QObject(self)
                link.join(self._members[key], key)

    def _on_pixels(self, key: LayerKey) -> None:
        """The objects of a layer are others: the marks attach again, the table is out of date."""
        self.results.forget(key)
        self._measure_again(key)
        self.refresh()
        self.live.schedule()

    def _measure_again(self, key: LayerKey) -> None:
        """Measure objects that were measured before, if their table is out of date or gone."""
        watched = self.watch.of(key)
        layer = watched.layer if watched is not None else None
        if layer is None or not self.state.live or self.measuring.is_running:
            return
        # A table that somebody else brought cannot be made again without being asked.
        lost = watched.is_stale or not layer.features.shape[1]
        if lost and was_measured(note_of(layer)):
            self.measuring.measure((key,), again=True)

    def _on_table(self, key: LayerKey) -> None:
        self._measure_again(key)
        self.refresh()
        self.live.schedule()

    def _on_marks(self, keys: frozenset[LayerKey]) -> None:
        for key in keys:
            self.marking.keep(key)
        self.refresh()
        self.live.schedule()

    def _on_recipe(self, value: object = None) -> None:
        self.refresh()
        self.live.schedule()

    def _on_shown(self, value: object = None) -> None:
        self.refresh()

    def _on_classes(self, value: object = None) -> None:
        self.scribbling.colour()
        self.results.recolour()
        self.points.recolour(self.state.classes)
        self.outcome.rename()
        for key in self.state.layers:
            self.marking.keep(key)
        self.refresh()
        self.live.schedule()

    def _on_outputs(self, value: object = None) -> None:
        self.results.update()
        self.outcome.show_marks()
        self.refresh()

    def _on_clicking(self, on: bool) -> None:
        if on and self.state.layers:
            self.outcome.uncover(self.state.layers)
            self.tool.start(self.state.layers)
        else:
            self.tool.stop()
        self._on_active()
        self.refresh()

    def _on_tool_ended(self) -> None:
        self.state.clicking = False
        self.narrator.say("Click mode ended, because another tool of napari was taken.")

    def _on_active(self, event: object = None) -> None:
        """Bind the keys of the layer in use."""
        active = self.scene.viewer.layers.selection.active
        mine = active is not None and key_of(active) in (*self.state.layers, self.state.annotation)
        self.keys.bind(active if mine or self.tool.is_on else None, undo=self.tool.is_on)

    def _on_key(self, what: str, position: int) -> None:
        if what == "undo":
            self.marking.undo()
        elif what == "redo":
            self.marking.redo()
        elif position < len(self.state.classes):
            self.choose_class(self.state.classes[position].id)

    def _on_click(self, key: LayerKey, label: int, at: tuple[int, ...]) -> None:
        if not self.state.classes:
            self.narrator.say("There are no classes. Press + Class.")
            return
        self.selection.select(key, frozenset({label}), label)
        self.marking.toggle(key, label, at, self.state.current_class)

    def _on_missed(self) -> None:
        self.narrator.say("There is no object here. Click on one.")
