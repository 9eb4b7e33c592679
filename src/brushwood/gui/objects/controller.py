"""Join the choices, the layers and the view of *Make objects*."""

from typing import Any

import numpy as np
from qtpy.QtCore import QObject, QTimer
from qtpy.QtGui import QGuiApplication

from brushwood.gui._help import show_help
from brushwood.gui._scene import NapariScene, full_data, note_of, session_for
from brushwood.gui._slots import LayerSlot
from brushwood.gui.objects.choosing import Chooser
from brushwood.gui.objects.layers import ObjectLayers, PreviewLayers
from brushwood.gui.objects.looking import Looker
from brushwood.gui.objects.making import Maker
from brushwood.gui.objects.narrator import Narrator
from brushwood.gui.objects.preview import PreviewLoop
from brushwood.gui.objects.view import MakeObjectsView
from brushwood.objects.split_params import SplitParams
from brushwood.session.objects_readiness import (
    MakingReadiness,
    SourceRef,
    class_name,
    resolve_making,
)
from brushwood.session.objects_script import in_units, objects_script
from brushwood.session.objects_text import source_text
from brushwood.session.objects_work import MakingRequest

#: A hidden layer does not tell when its pixels change, so it is looked at this often.
_PEEK_MS = 700
_CHOICES = ("source", "foreground", "ndim", "image", "params", "live", "values")


class Controller(QObject):
    """Keeps view, layers and computations in step with the state.

    `chooser` keeps the choice of layers sensible; `looker`, `preview` and `maker` work in threads;
    `narrator` writes the status line.
    """

    def __init__(self, viewer: object, view: MakeObjectsView) -> None:
        super().__init__(view)
        self.session = session_for(viewer)
        self.state = self.session.making
        self.scene = NapariScene(viewer)
        self.view = view
        self.layers = ObjectLayers(self.scene)
        self.chooser = Chooser(self.state, self.session.state, self.scene)
        self.looker = Looker(self.scene, self)
        self.preview = PreviewLoop(
            self.state, self.scene, PreviewLayers(self.scene, self.layers), self.request, self
        )
        self.maker = Maker(self.scene, self.layers, self)
        self.narrator = Narrator(self)
        self._slot = LayerSlot(self._on_pixels, "data", "set_data", "paint", "scale", "units")
        self._running = False
        self._peek = QTimer(self, interval=_PEEK_MS)
        self._peek.timeout.connect(self._on_peek)
        self._connect()

    def start(self) -> None:
        """Follow viewer and state. Calling it again does nothing."""
        if self._running or not self.scene.is_alive:
            return
        self._running = True
        self.scene.connect_layers(self._on_layers)
        self.scene.connect_view(self._on_view)
        for name in _CHOICES:
            getattr(self.state.events, name).connect(self._on_choice)
        self.state.events.show_seeds.connect(self._on_seeds)
        self.session.state.events.classes.connect(self._on_choice)
        self._peek.start()
        self._on_layers()

    def stop(self) -> None:
        """Let everything go: layers and threads. Calling it again does nothing."""
        if not self._running:
            return
        self._running = False
        self._peek.stop()
        self.maker.stop()
        self.looker.stop()
        self._slot.release()
        for name in _CHOICES:
            getattr(self.state.events, name).disconnect(self._on_choice)
        self.state.events.show_seeds.disconnect(self._on_seeds)
        self.session.state.events.classes.disconnect(self._on_choice)
        self.scene.disconnect_layers(self._on_layers)
        self.scene.disconnect_view(self._on_view)
        self.preview.clear()  # last: layers that go would be taken for a wish of the user

    def readiness(self) -> MakingReadiness:
        """Say what can run now."""
        return resolve_making(self.state, self.scene)

    def request(self) -> MakingRequest | None:
        """Gather everything that a worker needs, or None when nothing can be made."""
        ready = self.readiness()
        source = ready.source
        layer = self.scene.layer(source.key) if source is not None else None
        if ready.reason or source is None or layer is None:
            return None
        image = self.scene.layer(ready.image.key) if ready.image is not None else None
        uses_image = self.state.params.method == "intensity" and image is not None
        return MakingRequest(
            key=source.key,
            name=source.name,
            data=full_data(layer),
            image=full_data(image) if uses_image else None,
            foreground=None if source.kind == "probability" else self.state.foreground,
            ndim=self.state.ndim,
            params=self.state.params,
            spacing=ready.spacing[-self.state.ndim :],
            unit=source.unit,
            written=self._written(source),
            image_key=ready.image.key if uses_image and ready.image is not None else None,
            model=int(note_of(layer).get("whole", 0)),
        )

    def _written(self, source: SourceRef) -> tuple[Any, ...]:
        """Return what the pixel classifier writes together with the source."""
        note = note_of(self.scene.layer(source.key))
        keys = [source.key] if note.get("output") == "classes" else []
        if note.get("output") == "probabilities":
            keys = [
                other.key
                for other in self.scene.results()
                if other.output == "probabilities" and other.image == source.image
            ]
        return tuple(full_data(self.scene.layer(key)) for key in keys)

    def refresh(self) -> None:
        """Show the state."""
        state, view, ready = self.state, self.view, self.readiness()
        source = ready.source
        unit = "px" if source is None else source.unit
        view.input.show_sources(ready.sources, source, state.ndim)
        view.input.show_classes(self._class_entries(ready), state.foreground)
        view.input.set_summary(source_text(state, self.scene, self.session.state.classes))
        view.split.show_params(state.params, source, ready.images, ready.image, unit)
        view.clean.show_params(state.params, unit, state.ndim)
        view.result.show_result(self._where(ready), state.show_seeds, state.params.uses_seeds)
        view.actions.show_ready(ready.reason, state.live)
        self.narrator.hint(ready)

    def _class_entries(self, ready: MakingReadiness) -> list[tuple[int | None, str]]:
        source, classes = ready.source, self.session.state.classes
        if source is None or source.kind == "probability":
            return []
        if source.kind == "classes":
            return [(c.id, class_name(source, c.id, classes)) for c in classes]
        listed = self.state.values or ()
        if len(listed) < 2:
            return []
        ids = [(i, class_name(source, i, classes)) for i in listed]
        return [(None, "everything above 0"), *ids]

    def _where(self, ready: MakingReadiness) -> str:
        layer = self.scene.layer(ready.source.key) if ready.source is not None else None
        if layer is None:
            return "a new labels layer"
        target = self.layers.target(layer)
        if target is not None:
            return f"updates {target.name!r}"
        return f"new layer {self.layers.base_of(layer)[1]} · objects"

    def _connect(self) -> None:
        view, actions = self.view, self.view.actions
        view.input.source_chosen.connect(self._on_source)
        view.input.foreground_chosen.connect(self._on_foreground)
        view.input.ndim_chosen.connect(self._on_ndim)
        view.split.params_edited.connect(self._on_params)
        view.split.image_chosen.connect(self._on_image)
        view.clean.params_edited.connect(self._on_params)
        view.result.seeds_toggled.connect(self._on_seeds_toggled)
        actions.live_toggled.connect(self._on_live)
        actions.make_requested.connect(self._on_make)
        actions.copy_requested.connect(self._on_copy)
        actions.help_requested.connect(self._on_help)
        actions.cancel_requested.connect(self._on_cancel)
        self.looker.found.connect(self.chooser.take_values)
        self.maker.made.connect(self._on_made)
        self.maker.busy_changed.connect(self._on_making)

    def _on_layers(self, event: Any = None) -> None:
        """Layers came, went or were renamed."""
        self.scene.connect_layers(self._on_layers)
        gone = getattr(event, "value", None) if getattr(event, "type", "") == "removed" else None
        if hasattr(gone, "unique_id"):
            self._on_gone(gone)
        self._choose()
        self.refresh()
        self.preview.schedule()

    def _on_gone(self, layer: Any) -> None:
        key = str(layer.unique_id)
        part = self.preview.part_of(layer)
        if part == "objects":
            self.state.live = False
            self.narrator.say("The preview is off. Tick Preview to see it again.")
        elif part == "seeds":
            self.state.show_seeds = False
        if key == self.maker.key:
            self.maker.stop()
            self.narrator.lost(layer.name)
        made = self.state.made
        if made is not None and key == made.layer:
            self.state.made = None

    def _choose(self) -> None:
        unknown = self.chooser.choose()
        layer = self.scene.layer(self.state.source)
        if layer is None:
            self._slot.release()
        else:
            self._slot.bind(layer)
        if unknown is not None:
            self.looker.look(unknown)

    def _on_pixels(self, event: Any = None) -> None:
        """The source may hold other pixels."""
        if getattr(event, "type", "") in {"data", "paint"} and self.state.source:
            ready = self.readiness()
            if ready.source is not None and ready.source.kind == "labels":
                self.looker.look(ready.source.key)
        if getattr(event, "type", "") in {"scale", "units", "data"}:
            self.refresh()
        self.preview.schedule()

    def _on_peek(self) -> None:
        """Look at a hidden source again, where that costs next to nothing."""
        layer = self._slot.layer
        hidden = layer is not None and not layer.visible and not self.preview.is_busy
        if hidden and isinstance(full_data(layer), np.ndarray):
            self.preview.schedule()

    def _on_view(self, event: object = None) -> None:
        self.preview.schedule()

    def _on_choice(self, value: object = None) -> None:
        self._choose()
        if not self.state.live:
            self.preview.clear()
        self.narrator.forget()
        self.refresh()
        self.preview.schedule(chosen=True)

    def _on_seeds(self, value: object = None) -> None:
        self.preview.show_seeds()
        self.refresh()

    def _on_source(self, key: str) -> None:
        self.preview.clear()
        self.state.source = key

    def _on_foreground(self, ids: tuple[int, ...] | None) -> None:
        self.state.foreground = ids

    def _on_ndim(self, ndim: int) -> None:
        self.state.ndim = ndim

    def _on_image(self, key: str) -> None:
        self.state.image = key

    def _on_params(self, params: SplitParams) -> None:
        """Take options; a new unit means the same lengths and sizes."""
        before = self.state.params
        if params.units != before.units:
            spacing = self.readiness().spacing[-self.state.ndim :]
            size = 1.0
            for step in spacing:
                size *= step
            params = in_units(before, params.units, spacing[-1] if spacing else 1.0, size)
        self.state.params = params

    def _on_seeds_toggled(self, wanted: bool) -> None:
        self.state.show_seeds = wanted

    def _on_live(self, live: bool) -> None:
        self.state.live = live

    def _on_make(self) -> None:
        request = self.request()
        if request is not None:
            self.maker.make(request)

    def _on_making(self, busy: bool) -> None:
        self.preview.hold(busy)

    def _on_made(self, made: Any, layer: Any, edited: bool, blank: float) -> None:
        """Show the result instead of the preview, which comes back with the next change."""
        self.preview.rest()
        self.state.made = made
        self.session.selection.clear()
        self.refresh()

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(objects_script(self.state, self.readiness()))
        self.narrator.say("A Python script that does the same is on the clipboard.")

    def _on_help(self) -> None:
        show_help("objects", self.view)

    def _on_cancel(self) -> None:
        self.maker.cancel()
        self.preview.cancel()
