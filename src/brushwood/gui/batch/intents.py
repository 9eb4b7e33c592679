"""What the user asks for in sections 1 to 3, as changes of the state."""

import os
from pathlib import Path
from typing import Any

from qtpy.QtCore import QObject

from brushwood.gui.batch.view import BatchView
from brushwood.session.batching import BatchState, added, suggested_out

#: Files that are dropped and are no images, by their ending, and the choice that they make.
_OTHER = {".json": "recipe", ".brushwood": "model", ".cl": "model"}


class Intents(QObject):
    """Writes the choices into the state; whoever follows it does the rest."""

    def __init__(self, state: BatchState, view: BatchView, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        view.paths_dropped.connect(self.drop)
        view.what.what_chosen.connect(lambda what: self._set("what", what))
        view.what.file_chosen.connect(self.choose_file)
        view.what.truth_chosen.connect(lambda path: self._set("truth", path))
        view.images.paths_added.connect(self.add)
        view.images.removed.connect(self.remove)
        view.images.recursive_chosen.connect(lambda on: self._set("recursive", on))
        results = view.results
        results.out_chosen.connect(self.choose_out)
        results.image_format_chosen.connect(lambda kind: self._set("image_format", kind))
        results.table_format_chosen.connect(lambda kind: self._set("table_format", kind))
        results.save_chosen.connect(lambda names: self._set("save", names))
        results.workers_chosen.connect(lambda n: self._set("workers", n))
        results.processes_chosen.connect(lambda on: self._set("processes", on))
        results.existing_chosen.connect(lambda what: self._set("existing", what))

    def add(self, paths: tuple[str, ...]) -> None:
        """Add files and folders; the first of them suggests a folder for the results."""
        sources = added(self._state.sources, paths)
        if not self._state.out:
            self._state.out = suggested_out(sources)
        self._state.sources = sources

    def remove(self, paths: tuple[str, ...]) -> None:
        """Take files and folders off the list."""
        self._state.sources = tuple(path for path in self._state.sources if path not in paths)

    def drop(self, paths: tuple[str, ...]) -> None:
        """Take images; a recipe or a model is what to do."""
        other = {what: p for p in paths if (what := _OTHER.get(Path(p).suffix.lower()))}
        for what, path in other.items():
            self.choose_file(what, path)
        rest = tuple(path for path in paths if path not in other.values())
        if rest:
            self.add(rest)

    def choose_file(self, what: str, path: str) -> None:
        """Take a recipe or a model file."""
        self._set(what, path)
        self._set("what", what)

    def choose_out(self, path: str) -> None:
        """Take a folder for the results."""
        self._state.out = os.path.abspath(os.path.expanduser(path)) if path else ""

    def _set(self, field: str, value: Any) -> None:
        setattr(self._state, field, value)
