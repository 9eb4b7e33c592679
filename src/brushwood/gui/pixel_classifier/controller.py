"""Join the choices, the layers and the view of the pixel classifier."""

from qtpy.QtCore import QObject

from brushwood.gui._devices import Devices
from brushwood.gui._scene import NapariScene, session_for
from brushwood.gui._slots import LayerSlot
from brushwood.gui.pixel_classifier.annotating import Annotating
from brushwood.gui.pixel_classifier.choosing import Chooser
from brushwood.gui.pixel_classifier.cost import CostMeter
from brushwood.gui.pixel_classifier.files import ModelFiles
from brushwood.gui.pixel_classifier.intents import Intents
from brushwood.gui.pixel_classifier.keys import ClassKeys
from brushwood.gui.pixel_classifier.live import LiveLoop
from brushwood.gui.pixel_classifier.narrator import Narrator
from brushwood.gui.pixel_classifier.preview import FeaturePreview
from brushwood.gui.pixel_classifier.quality import pixel_validator
from brushwood.gui.pixel_classifier.results import ResultLayers
from brushwood.gui.pixel_classifier.suggesting import NextPlace
from brushwood.gui.pixel_classifier.view import PixelClassifierView
from brushwood.gui.pixel_classifier.whole import WholeImage
from brushwood.session.readiness import Readiness, annotation_problem, resolve
from brushwood.session.state import OUTPUTS

#: Fields after which the model has to be made anew.
_RECIPE = ("features", "forest", "finish", "ndim", "images", "annotation", "device", "live")
#: Fields after which something has to be shown, but nothing computed.
_SHOWN = ("model", "counts", "annotation_problem", "current_class")


class Controller(QObject):
    """Keeps view, layers and computations in step with the state.

    Its parts: `intents` turns the user's wishes into state, `chooser` keeps the choice of layers
    sensible, `live`, `whole`, `files`, `preview`, `next_place`, `validator` and `devices` work in
    threads, `narrator` writes the status line.
    """

    def __init__(self, viewer: object, view: PixelClassifierView) -> None:
        super().__init__(view)
        self.session = session_for(viewer)
        self.state = self.session.state
        self.scene = NapariScene(viewer)
        self.view = view
        self.results = ResultLayers(self.scene)
        self.annotating = Annotating(self.state, self.scene, self)
        self.chooser = Chooser(self.state, self.scene)
        self.live = LiveLoop(self.session, self.scene, self.results, self.readiness, self)
        self.whole = WholeImage(self.session, self.scene, self.results, self.live, self)
        self.files = ModelFiles(self.session, self)
        self.preview = FeaturePreview(self.session, self.scene, self.live, self)
        self.next_place = NextPlace(self.session, self.scene, self.live, self)
        self.validator = pixel_validator(self)
        self.devices = Devices(self.session, self)
        self.cost = CostMeter(self.state, self)
        self.keys = ClassKeys(self.scene, self._on_class_key)
        self.narrator = Narrator(self)
        self.intents = Intents(self)
        self._pixels = LayerSlot(self._on_pixels, "data")
        self._bound: str | None = None
        self._deleted: set[str] = set()
        self._running = False
        self.annotating.edited.connect(self._on_strokes)
        self.devices.found.connect(self._on_devices)
        self.cost.measured.connect(view.features.show_cost)

    def start(self) -> None:
        """Follow viewer and state. Calling it again does nothing."""
        if self._running or not self.scene.is_alive:
            return
        self._running = True
        self.scene.connect_layers(self._on_layers)
        self.scene.connect_view(self._on_view)
        for name, slot in self._state_slots():
            getattr(self.state.events, name).connect(slot)
        self.keys.bind()
        self.devices.look()
        self._on_layers()
        self.view.image.set_open(not self.state.images or self.readiness().annotate_reason != "")

    def stop(self) -> None:
        """Let everything go: layers, keys and threads. Calling it again does nothing."""
        if not self._running:
            return
        self._running = False
        parts = (
            self.live, self.whole, self.files, self.preview, self.devices, self.cost,
            self.next_place, self.validator,
        )  # fmt: skip
        for part in parts:
            part.stop()
        self.annotating.release()
        self._pixels.release()
        self.keys.release()
        for name, slot in self._state_slots():
            getattr(self.state.events, name).disconnect(slot)
        self.scene.disconnect_layers(self._on_layers)
        self.scene.disconnect_view(self._on_view)

    def readiness(self) -> Readiness:
        """Say what can run now."""
        return resolve(self.state, self.scene)

    def refresh(self) -> None:
        """Show the state."""
        state, view, ready = self.state, self.view, self.readiness()
        counts = dict(state.counts)
        view.image.show_images(self.scene.images(), state.images, state.ndim, state.features.units)
        problem = ready.annotate_reason or annotation_problem(
            ready.images, ready.annotation, state.ndim
        )
        view.annotate.show_layers(
            self.scene.labels(), state.annotation, ready.annotate_reason, problem
        )
        view.annotate.show_classes(state.classes, state.current_class, counts, self.keys.keys)
        view.features.show_features(state.features, state.ndim, max(1, ready.n_channels))
        view.forest.show_options(state.forest, state.finish)
        view.annotate.show_next(ready.apply_reason)
        view.result.show_outputs(state.outputs)
        view.result.show_devices(self.session.devices, state.device)
        view.actions.show_ready(
            train_reason=ready.train_reason,
            apply_reason=ready.apply_reason,
            save_reason=ready.save_reason,
            live=state.live,
        )
        self.validator.refresh(ready.train_reason)
        self.narrator.hint(ready)
        if self.session.devices:
            self.cost.schedule(max(1, ready.n_channels))

    def _state_slots(self) -> list[tuple[str, object]]:
        return [
            *((name, self._on_recipe) for name in _RECIPE),
            *((name, self._on_shown) for name in _SHOWN),
            ("classes", self._on_classes),
            ("outputs", self._on_outputs),
            ("device_problem", self._on_recipe),
        ]

    def _on_layers(self, event: object = None) -> None:
        """Layers came, went or were renamed."""
        self.scene.connect_layers(self._on_layers)
        gone = getattr(event, "value", None) if getattr(event, "type", "") == "removed" else None
        output = self.results.forget(gone) if hasattr(gone, "unique_id") else None
        if output is not None:
            self._deleted.add(output)
            self.state.outputs = tuple(o for o in self.state.outputs if o != output)
        self.chooser.choose()
        self._bind()
        self.refresh()

    def _show_deleted(self) -> None:
        """Show on another image what was unticked only because its layer was deleted."""
        wanted = self._deleted.union(self.state.outputs)
        self._deleted.clear()
        self.state.outputs = tuple(o for o in OUTPUTS if o in wanted)

    def _bind(self) -> None:
        self.annotating.bind()
        first = next(iter(self.state.images), None)
        if first is not None and first != self._bound:
            self._bound = first
            self.validator.forget()
            self._show_deleted()
        image = self.scene.layer(first)
        if image is None:
            self._pixels.release()
            self.live.stop()
        else:
            self._pixels.bind(image)

    def _on_pixels(self, event: object = None) -> None:
        """The image shows other pixels: nothing computed from it holds any longer."""
        self.whole.cancel()
        self.results.invalidate()
        self.session.engine.forget_pixels()
        self.chooser.choose()
        self._on_strokes()
        self.refresh()

    def _on_strokes(self, is_complete: bool = False) -> None:
        self.live.schedule(at_once=is_complete)

    def _on_view(self, event: object = None) -> None:
        """Another part of the image came into view."""
        if self.whole.is_running:
            self.whole.look()
        elif self.state.live and self.state.model is not None:
            self.live.schedule()
        self.preview.schedule()

    def _on_recipe(self, value: object = None) -> None:
        self.chooser.choose()
        self._bind()
        self.refresh()
        self.live.schedule()

    def _on_shown(self, value: object = None) -> None:
        self.refresh()

    def _on_outputs(self, outputs: tuple[str, ...], before: tuple[str, ...]) -> None:
        for output in set(outputs) - set(before):
            self.results.restore(output)
        self.refresh()
        self.live.schedule()

    def _on_classes(self, value: object = None) -> None:
        self.annotating.colour()
        self.results.recolour(self.state.classes)
        self.refresh()

    def _on_class_key(self, position: int) -> None:
        if position < len(self.state.classes):
            self.annotating.activate(self.state.classes[position].id)

    def _on_devices(self) -> None:
        self.refresh()
        self.live.schedule()
