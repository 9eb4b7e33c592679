"""Write a table to a file, outside the GUI thread."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QFileDialog, QWidget

from brushwood.gui._tasks import TaskRunner
from brushwood.io.tables import write_table
from brushwood.jobs import Job
from brushwood.tables import with_units

if TYPE_CHECKING:
    from pandas import DataFrame

_FILTERS = {
    "CSV (*.csv)": "csv",
    "Parquet (*.parquet)": "parquet",
    "Tab-separated text (*.tsv)": "tsv",
}


class TableExport(QObject):
    """Asks for a path, then writes in a worker."""

    said = Signal(str)
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = TaskRunner(self, announced=True)
        self._runner.succeeded.connect(self._on_succeeded)
        self._runner.failed.connect(self.failed)

    @property
    def is_running(self) -> bool:
        """Whether a file is being written."""
        return self._runner.is_busy

    def ask(self, table: "DataFrame", units: Mapping[str, str], name: str, parent: QWidget) -> None:
        """Ask for a file name, and whether to replace an existing file; then write."""
        dialog = QFileDialog(parent, "Export the table", f"{name}.csv", ";;".join(_FILTERS))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("csv")

        def follow(chosen: str) -> None:
            suffix = _FILTERS.get(chosen, "csv")
            dialog.setDefaultSuffix(suffix)
            files = dialog.selectedFiles()
            dialog.selectFile(Path(files[0] if files else name).with_suffix(f".{suffix}").name)

        dialog.filterSelected.connect(follow)
        dialog.fileSelected.connect(lambda path: self.write(table, units, path, overwrite=True))
        dialog.exec()

    def write(
        self,
        table: "DataFrame",
        units: Mapping[str, str],
        path: str | Path,
        *,
        overwrite: bool = False,
    ) -> None:
        """Write a table with its units. The dialog has asked before it named an existing file."""
        known = {name: unit for name, unit in units.items() if name in table.columns}

        def work(job: Job, publish: Callable[[object], None]) -> str:
            job.checkpoint()
            written = write_table(with_units(table, known), path, overwrite=overwrite)
            rows, columns = table.shape
            return f"Wrote {rows:,} rows and {columns} columns to {written.name}."

        self._runner.submit(work)

    def stop(self) -> None:
        """Stop, silently."""
        self._runner.drop()

    def _on_succeeded(self, sentence: str) -> None:
        self.said.emit(sentence)
