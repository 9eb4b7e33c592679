"""Section 2: files and folders, added by buttons or dropped from the file manager."""

from collections.abc import Sequence
from pathlib import Path

from qtpy.QtCore import QMimeData, Qt, Signal
from qtpy.QtGui import (
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPalette,
)
from qtpy.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QWidget,
)

from brushwood.gui._widgets import Section, wrapped_label
from brushwood.gui.batch.alarm import alarm_colour
from brushwood.io.images import SUFFIXES
from brushwood.session.batch_inputs import Survey
from brushwood.session.batch_text import count, sources_text

_ROWS = 5


def dropped(mime: QMimeData) -> tuple[str, ...]:
    """Return the local files and folders that are dragged; empty for anything else."""
    urls = mime.urls() if mime.hasUrls() else []
    return tuple(url.toLocalFile() for url in urls if url.isLocalFile())


class SourceList(QListWidget):
    """What was added; takes files that are dropped on it."""

    paths_dropped = Signal(tuple)
    remove_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DropOnly)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setUniformItemSizes(True)
        self.setFixedHeight((_ROWS + 1) * self.fontMetrics().lineSpacing() + 8)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Say what the empty list is for."""
        super().paintEvent(event)
        if self.count():
            return
        painter = QPainter(self.viewport())
        colour = self.palette().color(QPalette.ColorRole.PlaceholderText)
        painter.setPen(colour)
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(self.viewport().rect(), flags, "Drop files or folders here")
        painter.end()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files and folders."""
        event.acceptProposedAction() if dropped(event.mimeData()) else event.ignore()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Take them anywhere on the list."""
        event.acceptProposedAction() if dropped(event.mimeData()) else event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:
        """Hand over what was dropped."""
        paths = dropped(event.mimeData())
        if paths:
            event.acceptProposedAction()
            self.paths_dropped.emit(paths)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Remove what is selected with Delete."""
        if event.matches(QKeySequence.StandardKey.Delete):
            self.remove_requested.emit()
        else:
            super().keyPressEvent(event)


class ImagesSection(Section):
    """Asks for images."""

    paths_added = Signal(tuple)
    paths_dropped = Signal(tuple)
    removed = Signal(tuple)
    recursive_chosen = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("2  Images", "The images that it is done to.", parent)
        self.list = SourceList()
        self.list.setToolTip("Files and folders of images. Drop more here from the file manager.")
        self.list.paths_dropped.connect(self.paths_dropped)
        self.list.remove_requested.connect(self._on_remove)
        self.list.itemSelectionChanged.connect(self._on_selection)
        self._files = _button("Files…", "Add image files.", self._on_files)
        self._folder = _button("Folder…", "Add a folder of images.", self._on_folder)
        self._remove = _button("Remove", "Take the selected lines off the list.", self._on_remove)
        self._remove.setEnabled(False)
        self._recursive = QCheckBox("Also folders inside folders")
        self._recursive.setToolTip("Take the images of all folders below as well.")
        self._recursive.toggled.connect(self.recursive_chosen)
        self._count = wrapped_label()
        self._count.setToolTip("How many images these are, and their size on the disk.")
        row = QHBoxLayout()
        row.setSpacing(6)
        for button in (self._files, self._folder, self._remove):
            row.addWidget(button)
        self.box.addWidget(self.list)
        self.box.addLayout(row)
        self.box.addWidget(self._recursive)
        self.box.addWidget(self._count)
        self._sources: tuple[str, ...] = ()

    def show_sources(self, sources: Sequence[str], *, recursive: bool) -> None:
        """Show what was added."""
        self._recursive.blockSignals(True)
        self._recursive.setChecked(recursive)
        self._recursive.blockSignals(False)
        if tuple(sources) != self._sources:
            self._sources = tuple(sources)
            self.list.clear()
            for path in self._sources:
                item = QListWidgetItem(_shown(path))
                item.setData(Qt.ItemDataRole.UserRole, path)
                item.setToolTip(path)
                self.list.addItem(item)
        if not sources:
            self._count.setText("Add files or a folder, or drop them here from the file manager.")
            self.set_summary("— none yet")

    def show_counting(self) -> None:
        """Say that the images are being looked for."""
        self._count.setText("Looking for images …")

    def show_survey(self, survey: Survey) -> None:
        """Show how many images each line stands for, and what cannot be read."""
        for at, entry in enumerate(survey.entries):
            item = self.list.item(at)
            if item is None or item.data(Qt.ItemDataRole.UserRole) != entry.path:
                return
            many = f" — {count(entry.n, 'image')}" if entry.is_folder else ""
            item.setText(f"{_shown(entry.path)}{many if not entry.problem else ' — unreadable'}")
            item.setToolTip(f"{entry.path}\n{entry.problem}".strip())
            if entry.problem:
                item.setForeground(alarm_colour(self.list))
        if not survey.entries:
            return
        text = sources_text(survey.n, survey.n_bytes, survey.n_bad)
        self._count.setText(text)
        self.set_summary(f"— {text}")

    def _on_files(self) -> None:
        known = " ".join(f"*{suffix}" for suffix in SUFFIXES)
        filters = f"Images ({known});;All files (*)"
        paths, _ = QFileDialog.getOpenFileNames(self, "Add images", "", filters)
        if paths:
            self.paths_added.emit(tuple(paths))

    def _on_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Add a folder of images")
        if path:
            self.paths_added.emit((path,))

    def _on_remove(self) -> None:
        chosen = [item.data(Qt.ItemDataRole.UserRole) for item in self.list.selectedItems()]
        if chosen:
            self.removed.emit(tuple(chosen))

    def _on_selection(self) -> None:
        self._remove.setEnabled(bool(self.list.selectedItems()))


def _shown(path: str) -> str:
    """Return what tells files apart: the name, and the folder that it is in."""
    return str(Path(*Path(path).parts[-2:])) if len(Path(path).parts) > 2 else path


def _button(text: str, tooltip: str, slot: object) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tooltip)
    button.clicked.connect(slot)
    return button
