"""The rows on the screen, with a selection that stays quick for any number of rows."""

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QModelIndex, QPoint, Qt, Signal
from qtpy.QtGui import QKeyEvent, QKeySequence, QMouseEvent
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from brushwood.gui.table.model import TableModel

Mask = npt.NDArray[np.bool_]

#: Rows whose text is measured to find the width of a column, and bounds in letters.
_SAMPLED, _NARROWEST, _WIDEST = 40, 5, 34


class _Delegate(QStyledItemDelegate):
    """Draws rows as selected that the view says are."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Mark the cells of selected rows."""
        super().initStyleOption(option, index)
        option.state &= ~QStyle.StateFlag.State_HasFocus
        view = self.parent()
        if view.is_chosen(index.row()):
            option.state |= QStyle.StateFlag.State_Selected


class TableView(QTableView):
    """Shows a `TableModel`. Rows are selected here as in a list: click, Shift, Ctrl, keys.

    Qt's own selection keeps one range for each run of rows, which takes minutes for 100,000
    scattered rows; here it is one array of booleans.
    """

    rows_chosen = Signal(object, int)
    row_activated = Signal(int)
    copy_requested = Signal()
    sort_requested = Signal(str)
    menu_requested = Signal(QPoint)
    header_menu_requested = Signal(str, QPoint)

    def __init__(self, model: TableModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.setModel(model)
        self.chosen: Mask = np.zeros(0, bool)
        self._anchor = -1
        self.setItemDelegate(_Delegate(self))
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setAccessibleName("Table of objects")
        side, top = self.verticalHeader(), self.horizontalHeader()
        side.setVisible(False)
        side.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        side.setDefaultSectionSize(self.fontMetrics().lineSpacing() + 6)
        top.setSectionsClickable(True)
        top.setHighlightSections(False)
        top.setTextElideMode(Qt.TextElideMode.ElideRight)
        top.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        top.sectionClicked.connect(self._on_header)
        top.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        top.customContextMenuRequested.connect(self._on_header_menu)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self.menu_requested)

    def is_chosen(self, position: int) -> bool:
        """Whether the row at a place is selected."""
        shown = self._model.store.shown
        return position < len(shown) and bool(self.chosen[shown[position]])

    def show_table(self) -> None:
        """Take over the model's new table, with nothing selected."""
        self.chosen = np.zeros(self._model.store.n_rows, bool)
        self._anchor = -1
        self.show_order()
        self.fit_columns()

    def show_order(self) -> None:
        """Show rows and columns that were sorted, filtered or chosen anew."""
        store = self._model.store
        header = self.horizontalHeader()
        if store.sorted_by in store.columns:
            order = (
                Qt.SortOrder.DescendingOrder if store.descending else Qt.SortOrder.AscendingOrder
            )
            header.setSortIndicator(store.columns.index(store.sorted_by), order)
        header.setSortIndicatorShown(store.sorted_by in store.columns)

    def show_chosen(self, chosen: Mask, row: int = -1) -> None:
        """Show which rows of the whole table are selected, and bring one into view."""
        self.chosen = chosen
        position = self._model.store.position_of(row) if row >= 0 else -1
        if position >= 0:
            self._anchor = position
            index = self._model.index(position, max(0, self.currentIndex().column()))
            self.setCurrentIndex(index)
            self.scrollTo(index)
        self.viewport().update()

    def fit_columns(self) -> None:
        """Make each column as wide as its header and its first rows need."""
        metrics, store = self.fontMetrics(), self._model.store
        letter = metrics.averageCharWidth()
        rows = store.shown[:_SAMPLED]
        for at, name in enumerate(store.columns):
            texts = [store.text(int(row), name) for row in rows]
            widths = [metrics.horizontalAdvance(text) + 2 * letter for text in texts]
            title = metrics.horizontalAdvance(store.header(name)) + 4 * letter
            width = max([title, *widths])
            self.setColumnWidth(at, int(np.clip(width, _NARROWEST * letter, _WIDEST * letter)))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select by click, with Ctrl one more, with Shift up to here."""
        index = self.indexAt(event.pos())
        if event.button() == Qt.MouseButton.LeftButton:
            keys = event.modifiers()
            if index.isValid():
                self.setCurrentIndex(index)
                self.choose(
                    index.row(),
                    toggle=bool(keys & Qt.KeyboardModifier.ControlModifier),
                    extend=bool(keys & Qt.KeyboardModifier.ShiftModifier),
                )
            else:
                self._publish(np.zeros_like(self.chosen), -1)
        elif event.button() == Qt.MouseButton.RightButton and index.isValid():
            self.setCurrentIndex(index)
            if not self.is_chosen(index.row()):
                self.choose(index.row())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Select what the pointer is drawn over."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            index = self.indexAt(event.pos())
            if index.isValid() and index.row() != self.currentIndex().row():
                self.setCurrentIndex(index)
                self.choose(index.row(), extend=True)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Go to the object of a row."""
        index = self.indexAt(event.pos())
        if index.isValid():
            self.row_activated.emit(int(self._model.store.shown[index.row()]))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move and select with the arrow keys; copy; select all; go to the object."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_requested.emit()
        elif event.matches(QKeySequence.StandardKey.SelectAll):
            self.choose_all()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self.currentIndex().isValid():
                row = self._model.store.shown[self.currentIndex().row()]
                self.row_activated.emit(int(row))
        elif event.key() == Qt.Key.Key_Escape:
            self._publish(np.zeros_like(self.chosen), -1)
        else:
            self._move(event)

    def choose_all(self) -> None:
        """Select every row that is shown."""
        chosen = np.zeros_like(self.chosen)
        chosen[self._model.store.shown] = True
        self._publish(chosen, -1)

    def _move(self, event: QKeyEvent) -> None:
        before = self.currentIndex().row()
        super().keyPressEvent(event)
        now = self.currentIndex().row()
        keys = event.modifiers()
        if now != before and now >= 0 and not keys & Qt.KeyboardModifier.ControlModifier:
            self.choose(now, extend=bool(keys & Qt.KeyboardModifier.ShiftModifier))

    def choose(self, position: int, *, toggle: bool = False, extend: bool = False) -> None:
        """Select the row at a place: alone, as one more, or all up to it."""
        shown = self._model.store.shown
        row = int(shown[position])
        chosen = self.chosen.copy() if toggle else np.zeros_like(self.chosen)
        if extend and 0 <= self._anchor < len(shown):
            low, high = sorted((self._anchor, position))
            chosen[shown[low : high + 1]] = True
        else:
            chosen[row] = not (toggle and chosen[row])
            self._anchor = position
        self._publish(chosen, row if chosen[row] else -1)

    def _publish(self, chosen: Mask, row: int) -> None:
        self.chosen = chosen
        self.viewport().update()
        self.rows_chosen.emit(chosen, row)

    def _on_header(self, section: int) -> None:
        self.sort_requested.emit(self._model.store.columns[section])

    def _on_header_menu(self, at: QPoint) -> None:
        section = self.horizontalHeader().logicalIndexAt(at)
        if section >= 0:
            where = self.horizontalHeader().mapToGlobal(at)
            self.header_menu_requested.emit(self._model.store.columns[section], where)
