"""Keep the list of files in step with a run: many messages, few redraws; thumbnails in view."""

import os
from collections.abc import Callable

import numpy as np
from qtpy.QtCore import QObject, QSize, Qt, QTimer, QUrl, Signal
from qtpy.QtGui import QDesktopServices, QGuiApplication, QImage, QPixmap

from brushwood.gui._tasks import TaskRunner
from brushwood.gui.batch.file_model import COLUMNS, SIDE
from brushwood.gui.batch.files_section import FilesSection
from brushwood.jobs import Job
from brushwood.session.batch_board import Row
from brushwood.session.batch_choice import Choice
from brushwood.session.batch_events import FileTold, PlanTold
from brushwood.session.batch_script import folder_of
from brushwood.session.batch_thumbnails import thumbnail

#: Messages that come in this time are shown together.
_FLUSH_MS = 100
#: Thumbnails that are kept.
_MOST_PICTURES = 2_000


class Listing(QObject):
    """Takes messages, and tells which image the user wants to see."""

    opened = Signal(object)
    preview_requested = Signal(str)
    said = Signal(str)

    def __init__(self, section: FilesSection, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._section, self.board, self._model = section, section.board, section.model
        self._choice = Choice()
        self._changed: set[int] = set()
        self._is_short = False
        self._flush = QTimer(self, singleShot=True, interval=_FLUSH_MS)
        self._flush.timeout.connect(self.flush)
        self._runner = TaskRunner(self)
        self._runner.published.connect(self._on_picture)
        self._runner.busy_changed.connect(self._on_drawn)
        section.filter_chosen.connect(self._on_filter)
        table = section.table
        table.sort_requested.connect(self._on_sort)
        table.opened.connect(self._on_opened)
        table.preview_requested.connect(self._on_preview)
        table.folder_requested.connect(self._on_folder)
        table.error_copied.connect(self._on_copy)
        table.came_into_view.connect(self._on_view)

    def show_plan(self, plan: PlanTold, choice: Choice) -> None:
        """Show the files of a plan."""
        self._choice = choice
        self._changed.clear()
        self._is_short = False
        self._runner.drop()
        self._model.show_plan(plan)
        self._section.show_counts(self.board.counts)

    def clear(self) -> None:
        """Show no files."""
        self.show_plan(PlanTold(()), self._choice)

    def take(self, told: FileTold) -> None:
        """Take in what a run says of a file; it is shown soon."""
        place = self.board.apply(told)
        if told.state == "running":
            self._model.pictures.pop(told.path, None)
        self._changed.add(place)
        if not self._flush.isActive():
            self._flush.start()

    def flush(self) -> None:
        """Show what has changed."""
        self._flush.stop()
        changed, self._changed = self._changed, set()
        self._model.update(changed)
        self._section.show_counts(self.board.counts)

    def end(self) -> None:
        """Show that nothing is running any more."""
        self.board.stop()
        self._changed.update(range(len(self.board.rows)))
        self.flush()

    def stop(self) -> None:
        """Let go."""
        self._flush.stop()
        self._is_short = False
        self._runner.drop()

    def _on_filter(self, state: str) -> None:
        self.board.only = state
        self._model.reset()

    def _on_sort(self, column: int) -> None:
        """Sort up, then down, then as planned."""
        name, board = COLUMNS[column][0], self.board
        if board.sorted_by != name:
            board.sorted_by, board.descending = name, False
        elif not board.descending:
            board.descending = True
        else:
            board.sorted_by, board.descending = "", False
        shown = column if board.sorted_by else -1
        self._section.table.show_order(shown, descending=board.descending)
        self._model.reset()

    def _row(self, position: int) -> Row | None:
        return self._model.row_at(position)

    def _on_opened(self, position: int) -> None:
        row = self._row(position)
        if row is not None:
            self.opened.emit(row)

    def _on_preview(self, position: int) -> None:
        row = self._row(position)
        if row is not None:
            self.preview_requested.emit(row.path)

    def _on_folder(self, position: int) -> None:
        row = self._row(position)
        if row is None:
            return
        path = next(iter(row.outputs.values()), row.path) if row.has_results else row.path
        folder = folder_of(path)
        if not os.path.isdir(folder):
            self.said.emit(f"The folder {folder} is not there any more.")
        elif not QDesktopServices.openUrl(QUrl.fromLocalFile(folder)):
            self.said.emit(f"No file manager answers. The folder is {folder}.")

    def _on_copy(self, position: int) -> None:
        row = self._row(position)
        if row is not None:
            QGuiApplication.clipboard().setText(f"{row.path}\n{row.why}")
            self.said.emit(f"What is said of {row.name} is on the clipboard.")

    def _on_view(self, first: int, stop: int) -> None:
        """Make the thumbnails that are in view and not there yet."""
        pictures = self._model.pictures
        rows = [self._row(position) for position in range(first, stop)]
        ready = [row for row in rows if row is not None and row.has_results]
        wanted = [row for row in ready if row.path not in pictures]
        if not wanted:
            return
        if self._runner.is_busy:  # cancelling would starve slow pictures while rows get done
            self._is_short = True
            return
        self._is_short = False
        choice, side = self._choice, SIDE * 2

        def work(job: Job, publish: Callable[[object], None]) -> None:
            for done, row in enumerate(wanted):
                job.checkpoint(done / len(wanted))
                drawn = thumbnail(
                    row.path, row.outputs, choice.classes, choice.object_classes, side
                )
                publish((row.path, drawn))

        self._runner.submit(work)

    def _on_drawn(self, is_busy: bool) -> None:
        """Draw what has come into view meanwhile."""
        if self._is_short and not is_busy:
            self._on_view(*self._section.table.rows_in_view())

    def _on_picture(self, part: tuple[str, np.ndarray | None]) -> None:
        path, drawn = part
        pictures = self._model.pictures
        if len(pictures) >= _MOST_PICTURES:
            pictures.pop(next(iter(pictures)))
        ratio = self._section.devicePixelRatioF()
        self._model.picture_came(path, _pixmap(drawn, ratio))


def _pixmap(drawn: np.ndarray | None, ratio: float) -> QPixmap:
    """Return a square thumbnail; an empty one where there is no picture."""
    if drawn is None:
        return QPixmap()
    drawn = np.ascontiguousarray(drawn)
    height, width = drawn.shape[:2]
    image = QImage(drawn.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
    side = round(SIDE * ratio)
    pixmap = QPixmap.fromImage(image).scaled(
        QSize(side, side),
        Qt.AspectRatioMode.KeepAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
    pixmap.setDevicePixelRatio(ratio)
    return pixmap
