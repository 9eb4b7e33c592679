"""What the user wants, turned into choices and work."""

from dataclasses import replace
from typing import Any

from qtpy.QtCore import QObject
from qtpy.QtGui import QGuiApplication

from brushwood.errors import InputError
from brushwood.gui._help import show_help
from brushwood.session import classes as class_list
from brushwood.session.script import python_script


class Intents(QObject):
    """Slots for the view's wishes."""

    def __init__(self, controller: Any) -> None:
        super().__init__(controller)
        self._all = controller
        self._state = controller.state
        self._connect_sections(controller.view)
        self._connect_actions(controller.view.actions)

    def _connect_sections(self, view: Any) -> None:
        view.image.image_chosen.connect(self._on_image)
        view.image.channels_chosen.connect(self._on_channels)
        view.image.ndim_chosen.connect(self._on_ndim)
        view.image.units_chosen.connect(self._on_units)
        view.annotate.layer_chosen.connect(self._on_annotation)
        view.annotate.new_requested.connect(self._on_new)
        view.annotate.add_requested.connect(self._on_add)
        view.annotate.next_requested.connect(self._all.next_place.find)
        self._all.next_place.said.connect(view.annotate.show_why)
        view.annotate.table.selected.connect(self._all.annotating.activate)
        view.annotate.table.renamed.connect(self._on_rename)
        view.annotate.table.recoloured.connect(self._on_recolour)
        view.annotate.table.delete_requested.connect(self._all.annotating.delete_class)
        view.features.features_chosen.connect(self._on_features)
        view.features.preview_requested.connect(self._all.preview.show)
        view.features.refused.connect(self._all.narrator.say)
        view.forest.params_edited.connect(self._on_forest)
        view.forest.finish_edited.connect(self._on_finish)
        view.result.outputs_chosen.connect(self._on_outputs)
        view.result.device_chosen.connect(self._on_device)
        view.result.test_requested.connect(self._on_test)

    def _connect_actions(self, actions: Any) -> None:
        actions.live_toggled.connect(self._on_live)
        actions.train_requested.connect(self._all.live.train)
        actions.apply_requested.connect(self._all.whole.apply)
        actions.save_requested.connect(self._on_save)
        actions.load_requested.connect(self._on_load)
        actions.copy_requested.connect(self._on_copy)
        actions.help_requested.connect(self._on_help)
        actions.cancel_requested.connect(self._on_cancel)

    def _on_image(self, key: str) -> None:
        self._state.images = (key,)

    def _on_channels(self, keys: tuple[str, ...]) -> None:
        self._state.images = keys

    def _on_ndim(self, ndim: int) -> None:
        self._state.ndim = ndim

    def _on_units(self, units: str) -> None:
        try:
            self._state.features = replace(self._state.features, units=units)
        except InputError as error:
            self._all.narrator.say(str(error))
            self._all.refresh()

    def _on_annotation(self, key: str) -> None:
        self._state.counts = ()
        self._state.annotation = key

    def _on_new(self) -> None:
        image = self._all.scene.layer(next(iter(self._state.images), None))
        if image is not None:
            self._state.counts = ()
            self._all.annotating.make(image)
            self._all.narrator.say("Choose a class and paint a few strokes of it.")

    def _on_add(self) -> None:
        try:
            self._state.classes = class_list.added(self._state.classes)
        except InputError as error:
            self._all.narrator.say(str(error))
            return
        self._all.annotating.activate(self._state.classes[-1].id)
        self._all.view.annotate.table.rename_current()

    def _on_rename(self, class_id: int, name: str) -> None:
        try:
            self._state.classes = class_list.renamed(self._state.classes, class_id, name)
        except InputError as error:
            self._all.narrator.say(str(error))
        self._all.refresh()

    def _on_recolour(self, class_id: int, colour: str) -> None:
        self._state.classes = class_list.recoloured(self._state.classes, class_id, colour)

    def _on_features(self, features: object) -> None:
        self._state.features = features

    def _on_forest(self, params: object) -> None:
        self._state.forest = params

    def _on_finish(self, finish: object) -> None:
        self._state.finish = finish

    def _on_outputs(self, outputs: tuple[str, ...]) -> None:
        self._state.outputs = outputs

    def _on_device(self, name: str) -> None:
        self._state.device = name

    def _on_test(self) -> None:
        self._all.narrator.say("Testing the device …")
        self._all.devices.test(self._state.device)

    def _on_live(self, live: bool) -> None:
        self._state.live = live

    def _on_save(self) -> None:
        self._all.files.ask_save(self._all.view)

    def _on_load(self) -> None:
        self._all.files.ask_load(self._all.view)

    def _on_copy(self) -> None:
        ready = self._all.readiness()
        QGuiApplication.clipboard().setText(python_script(self._state, ready))
        self._all.narrator.say("A Python script that does the same is on the clipboard.")

    def _on_help(self) -> None:
        show_help("pixel-classifier", self._all.view)

    def _on_cancel(self) -> None:
        every = self._all
        for part in (every.live, every.whole, every.files, every.next_place, every.validator):
            part.cancel()
