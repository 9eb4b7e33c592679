"""Add the columns of a table file to the objects of a layer."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from napari.layers import Labels
from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QFileDialog

from brushwood.errors import BrushwoodError
from brushwood.gui._scene import META, NapariScene, key_of, note_of
from brushwood.gui._tasks import TaskRunner
from brushwood.io.tables import read_table
from brushwood.jobs import Job
from brushwood.session.exploring import from_file
from brushwood.session.feature_columns import with_columns
from brushwood.session.scene import LayerKey
from brushwood.tables import units_of


class Adding(QObject):
    """Reads a file in a worker, and matches its rows with objects by their label."""

    said = Signal(str)

    def __init__(self, scene: NapariScene, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._scene = scene
        self._runner = TaskRunner(self)
        self._runner.succeeded.connect(self._on_read)
        self._runner.failed.connect(lambda error: self.said.emit(str(error)))

    @property
    def is_running(self) -> bool:
        """Whether a file is being read."""
        return self._runner.is_busy

    def stop(self) -> None:
        """Stop, silently."""
        self._runner.drop()

    def ask(self, parent: Any, ticked: tuple[LayerKey, ...]) -> None:
        """Ask for a file, and add its columns to the first ticked layer, else the topmost one."""
        keys = (*ticked, *reversed([ref.key for ref in self._scene.objects()]))
        layer = self._scene.layer(next(iter(keys), None))
        if not isinstance(layer, Labels):
            self.said.emit("Open the labels that the table belongs to first.")
            return
        path, _ = QFileDialog.getOpenFileName(
            parent, "Add columns from a table", "", "Tables (*.csv *.tsv *.txt *.parquet)"
        )
        if path:
            self.add(Path(path), layer)

    def add(self, path: Path, layer: Labels) -> None:
        """Add the columns of a file to a layer."""
        key = key_of(layer)

        def work(job: Job, publish: Callable[[object], None]) -> tuple[str, str, Any]:
            return key, path.name, read_table(path)

        self._runner.submit(work)

    def _on_read(self, read: tuple[str, str, Any]) -> None:
        key, name, table = read
        layer = self._scene.layer(key)
        if not isinstance(layer, Labels):
            self.said.emit("The labels were deleted meanwhile, so the table was not added.")
            return
        try:
            new = from_file(table, layer.features)
        except BrushwoodError as error:
            self.said.emit(str(error))
            return
        note = note_of(layer)
        units = {**note.get("units", {}), **units_of(new)}
        layer.metadata = {**layer.metadata, META: {**note, "units": units}}
        layer.features = with_columns(layer.features, new)
        n = len(new.columns) - sum(c in ("index", "frame") for c in new.columns)
        self.said.emit(f"{n} columns of {name!r} were added to {layer.name!r}, row by label.")
