"""What the user wants, turned into choices and work."""

from typing import Any

from qtpy.QtCore import QObject
from qtpy.QtGui import QGuiApplication

from brushwood.errors import InputError
from brushwood.gui._help import show_help
from brushwood.gui.object_classifier.results import title_of
from brushwood.session import classes as class_list
from brushwood.session.object_script import object_script
from brushwood.session.object_state import default_name


class Intents(QObject):
    """Slots for the view's wishes."""

    def __init__(self, controller: Any) -> None:
        super().__init__(controller)
        self._all = controller
        self._state = controller.state
        self._connect_sections(controller.view)
        self._connect_actions(controller.view.actions)

    def _connect_sections(self, view: Any) -> None:
        marking = self._all.marking
        view.objects.layers_chosen.connect(self._on_layers)
        view.objects.image_chosen.connect(self._on_image)
        view.objects.measure_requested.connect(self._all.measure)
        classes = view.classes
        classes.add_requested.connect(self._on_add)
        classes.table.selected.connect(self._on_class)
        classes.table.renamed.connect(self._on_rename)
        classes.table.recoloured.connect(self._on_recolour)
        classes.table.delete_requested.connect(marking.delete_class)
        classes.clicking_toggled.connect(self._on_clicking)
        classes.undo_requested.connect(marking.undo)
        classes.redo_requested.connect(marking.redo)
        classes.scribbles_chosen.connect(self._on_scribbles)
        classes.new_scribbles_requested.connect(self._on_new_scribbles)
        classes.column_requested.connect(self._on_column)
        classes.take_requested.connect(self._all.take_over)
        view.columns.columns_chosen.connect(self._on_columns)
        view.forest.params_edited.connect(self._on_forest)
        view.result.outputs_chosen.connect(self._on_outputs)

    def _connect_actions(self, actions: Any) -> None:
        actions.live_toggled.connect(self._on_live)
        actions.train_requested.connect(self._all.live.train)
        actions.next_requested.connect(self._on_next)
        actions.save_requested.connect(self._on_save)
        actions.load_requested.connect(self._on_load)
        actions.copy_requested.connect(self._on_copy)
        actions.help_requested.connect(self._on_help)
        actions.cancel_requested.connect(self._on_cancel)

    def _on_layers(self, keys: tuple[str, ...]) -> None:
        self._state.layers = keys

    def _on_image(self, key: str) -> None:
        self._state.image = key

    def _on_class(self, class_id: int) -> None:
        self._all.choose_class(class_id)

    def _on_add(self) -> None:
        try:
            classes = class_list.added(self._state.classes)
            new = classes[-1].id
            self._state.classes = class_list.renamed(classes, new, default_name(new))
        except InputError as error:
            self._all.narrator.say(str(error))
            return
        self._all.choose_class(self._state.classes[-1].id)
        self._all.view.classes.table.rename_current()

    def _on_rename(self, class_id: int, name: str) -> None:
        try:
            self._state.classes = class_list.renamed(self._state.classes, class_id, name)
        except InputError as error:
            self._all.narrator.say(str(error))
        self._all.refresh()

    def _on_recolour(self, class_id: int, colour: str) -> None:
        self._state.classes = class_list.recoloured(self._state.classes, class_id, colour)

    def _on_clicking(self, on: bool) -> None:
        self._state.clicking = on

    def _on_scribbles(self, key: str | None) -> None:
        self._state.annotation = key

    def _on_new_scribbles(self) -> None:
        objects = self._all.scene.layer(next(iter(self._state.layers), None))
        if objects is not None:
            self._state.clicking = False
            self._all.scribbling.make(objects, title_of(self._all.scene, objects))
            self._all.narrator.say("Choose a class and draw a stroke over objects of it.")

    def _on_column(self, column: str) -> None:
        for key in self._state.layers:
            watched = self._all.watch.of(key)
            table = watched.table() if watched is not None else None
            if table is not None and column in table.columns:
                self._all.marking.take_column(key, table, column)

    def _on_columns(self, columns: tuple[str, ...] | None) -> None:
        self._state.columns = columns

    def _on_forest(self, params: object) -> None:
        self._state.forest = params

    def _on_outputs(self, outputs: tuple[str, ...]) -> None:
        self._state.outputs = outputs

    def _on_live(self, live: bool) -> None:
        self._state.live = live

    def _on_next(self) -> None:
        self._all.next.go()

    def _on_save(self) -> None:
        self._all.files.ask_save(self._all.view)

    def _on_load(self) -> None:
        self._all.files.ask_load(self._all.view)

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(object_script(self._state, *self._all.script_facts()))
        self._all.narrator.say("A Python script that does the same is on the clipboard.")

    def _on_help(self) -> None:
        show_help("object-classifier", self._all.view)

    def _on_cancel(self) -> None:
        every = self._all
        for part in (every.live, every.files, every.measuring, every.validator):
            part.cancel()
