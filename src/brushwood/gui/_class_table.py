"""The list of classes: colour, name, what is annotated, and key."""

from collections.abc import Mapping, Sequence

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QColor, QKeyEvent
from qtpy.QtWidgets import (
    QAbstractItemView,
    QColorDialog,
    QHeaderView,
    QMenu,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from brushwood.gui._widgets import swatch
from brushwood.session.classes import Classes

_COLOUR, _NAME, _COUNT, _KEY = range(4)


class ClassTable(QTableWidget):
    """Shows the classes; the selected row is the class that is given next.

    Parameters
    ----------
    counted : str
        What is annotated: the header of the numbers.
    unit : str
        Written behind each number, "" for none.
    verb : str
        What a click on a class prepares, for the tooltip.
    """

    selected = Signal(int)
    renamed = Signal(int, str)
    recoloured = Signal(int, str)
    delete_requested = Signal(int)

    def __init__(
        self,
        parent: QWidget | None = None,
        *,
        counted: str = "Pixels",
        unit: str = "px",
        verb: str = "paint it",
    ) -> None:
        super().__init__(0, 4, parent)
        self._quiet = False
        self._unit = f" {unit}" if unit else ""
        self._marks = "strokes" if unit else "marks"
        self.setAccessibleName("Classes")
        self.setToolTip(f"Click a class to {verb}. Double-click its name or colour to change them.")
        self.setHorizontalHeaderLabels(["", "Class", counted, "Key"])
        self.verticalHeader().hide()
        self.setShowGrid(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header = self.horizontalHeader()
        header.setMinimumSectionSize(8)
        for column in (_COLOUR, _COUNT, _KEY):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
        self.itemSelectionChanged.connect(self._on_selection)
        self.itemChanged.connect(self._on_item_changed)
        self.cellDoubleClicked.connect(self._on_double_click)
        self.customContextMenuRequested.connect(self._on_menu)

    @property
    def current_id(self) -> int | None:
        """Id of the selected class."""
        item = self.item(self.currentRow(), _NAME)
        return None if item is None else int(item.data(Qt.ItemDataRole.UserRole))

    def show_classes(
        self,
        classes: Classes,
        current: int,
        counts: Mapping[int, int],
        keys: Sequence[str],
    ) -> None:
        """Show the classes, which one is given next, their counts and their keys."""
        if self.state() == QAbstractItemView.State.EditingState:
            return
        self._quiet = True
        self.setRowCount(len(classes))
        for row, info in enumerate(classes):
            key = keys[row] if row < len(keys) else ""
            texts = ("", info.name, f"{counts.get(info.id, 0):,}{self._unit}", key)
            for column, text in enumerate(texts):
                self._set(row, column, text, info.id)
            colour = self.item(row, _COLOUR)
            colour.setIcon(swatch(info.colour, self))
            colour.setData(Qt.ItemDataRole.AccessibleTextRole, f"colour {info.colour}")
            if info.id == current:
                self.selectRow(row)
        self._fit()
        self._quiet = False

    def rename_current(self) -> None:
        """Start editing the name of the selected class."""
        item = self.item(self.currentRow(), _NAME)
        if item is not None:
            self.editItem(item)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Pass letters on to the viewer, where they switch classes; Qt would search with them."""
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self.current_id:
            self.delete_requested.emit(self.current_id)
        elif event.text().isalpha() and not event.modifiers():
            event.ignore()
        else:
            super().keyPressEvent(event)

    def _set(self, row: int, column: int, text: str, class_id: int) -> None:
        item = self.item(row, column)
        if item is None:
            item = QTableWidgetItem()
            self.setItem(row, column, item)
        item.setText(text)
        item.setData(Qt.ItemDataRole.UserRole, class_id)
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if column == _NAME:
            flags |= Qt.ItemFlag.ItemIsEditable
        item.setFlags(flags)
        if column == _COUNT:
            item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if column == _KEY:
            item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)

    def _fit(self) -> None:
        """Be as tall as the rows, up to eight; more scroll."""
        rows = min(max(self.rowCount(), 1), 8)
        height = self.horizontalHeader().sizeHint().height() + 2 * self.frameWidth() + 2
        self.setFixedHeight(height + rows * self.verticalHeader().defaultSectionSize())

    def _on_selection(self) -> None:
        if not self._quiet and self.current_id is not None:
            self.selected.emit(self.current_id)

    def _on_item_changed(self, item: QTableWidgetItem) -> None:
        if not self._quiet and item.column() == _NAME:
            self.renamed.emit(int(item.data(Qt.ItemDataRole.UserRole)), item.text())

    def _on_double_click(self, row: int, column: int) -> None:
        if column == _COLOUR:
            self._choose_colour(int(self.item(row, _COLOUR).data(Qt.ItemDataRole.UserRole)))

    def _choose_colour(self, class_id: int) -> None:
        colour = QColorDialog.getColor(QColor(), self, "Colour of the class")
        if colour.isValid():
            self.recoloured.emit(class_id, colour.name().upper())

    def _on_menu(self, position: object) -> None:
        class_id = self.current_id
        if class_id is None:
            return
        menu = QMenu(self)
        menu.addAction("Rename", self.rename_current)
        menu.addAction("Change colour …", lambda: self._choose_colour(class_id))
        delete = f"Delete class and its {self._marks}"
        menu.addAction(delete, lambda: self.delete_requested.emit(class_id))
        menu.exec(self.viewport().mapToGlobal(position))
