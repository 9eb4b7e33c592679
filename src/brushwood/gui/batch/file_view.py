"""The list of files on the screen: thumbnails, progress, sorting and what a right click offers."""

from qtpy.QtCore import QModelIndex, QPoint, QRect, QSize, Qt, QTimer, Signal
from qtpy.QtGui import QPainter
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QMenu,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from brushwood.gui.batch.alarm import alarm_colour
from brushwood.gui.batch.file_model import (
    COLUMNS,
    FRACTION,
    NAME,
    OBJECTS,
    SECONDS,
    SIDE,
    STATE,
    STATE_ROLE,
    WHY,
    FileModel,
)

#: Width of columns in letters.
_LETTERS = {NAME: 24, STATE: 12, OBJECTS: 9, SECONDS: 10, WHY: 44}
#: Rows that show without scrolling.
_ROWS = 7
#: After scrolling, thumbnails are made when the rows have stood still this long.
_SETTLE_MS = 120


class _Delegate(QStyledItemDelegate):
    """Draws progress as a bar behind the state, and failures in red."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Colour failures; rows are selected whole, so no cell has a frame."""
        super().initStyleOption(option, index)
        option.state &= ~option.state.State_HasFocus
        option.decorationSize = QSize(SIDE, SIDE)
        state, column = index.data(STATE_ROLE), index.column()
        # What is said of an image that waits is why it will fail.
        if (column == WHY and state in ("failed", "waiting")) or (
            column == STATE and state == "failed"
        ):
            option.palette.setColor(option.palette.ColorRole.Text, alarm_colour(self.parent()))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Draw the bar, then the text over it."""
        fraction = index.data(FRACTION)
        if fraction is not None and fraction >= 0:
            self._bar(painter, option.rect, fraction)
        super().paint(painter, option, index)

    def _bar(self, painter: QPainter, rect: QRect, fraction: float) -> None:
        colour = self.parent().palette().highlight().color()
        height = max(4, rect.height() // 8)
        line = QRect(rect.left() + 3, rect.bottom() - height - 3, rect.width() - 6, height)
        painter.save()
        painter.setPen(colour)
        painter.drawRect(line.adjusted(0, 0, -1, -1))
        line.setWidth(round(line.width() * fraction))
        painter.fillRect(line, colour)
        painter.restore()


class FileView(QTableView):
    """Shows a `FileModel`."""

    opened = Signal(int)
    folder_requested = Signal(int)
    error_copied = Signal(int)
    preview_requested = Signal(int)
    sort_requested = Signal(int)
    came_into_view = Signal(int, int)

    def __init__(self, model: FileModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        self._model = model
        self.setItemDelegate(_Delegate(self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setIconSize(QSize(SIDE, SIDE))
        self.setToolTip("Double-click opens an image with its results; right-click for more.")
        self.setAccessibleName("Files of the batch")
        self._shape()
        self.doubleClicked.connect(lambda index: self.opened.emit(index.row()))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._on_menu)
        self._settle = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._settle.timeout.connect(self._tell_view)
        self.verticalScrollBar().valueChanged.connect(self._settle.start)
        for signal in (model.modelReset, model.layoutChanged, model.dataChanged):
            signal.connect(self._on_changed)

    def _shape(self) -> None:
        side, top = self.verticalHeader(), self.horizontalHeader()
        side.hide()
        side.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        side.setDefaultSectionSize(SIDE + 4)
        top.setSectionsClickable(True)
        top.setHighlightSections(False)
        top.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        top.sectionClicked.connect(self.sort_requested)
        letter = self.fontMetrics().averageCharWidth()
        for column in range(len(COLUMNS)):
            self.setColumnWidth(column, _LETTERS[column] * letter)
        self.setMinimumHeight(top.sizeHint().height() + _ROWS * (SIDE + 4) + 4)

    def show_order(self, column: int, *, descending: bool) -> None:
        """Show what is sorted by; -1 for the order of the plan."""
        header = self.horizontalHeader()
        header.setSortIndicatorShown(column >= 0)
        if column >= 0:
            order = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
            header.setSortIndicator(column, order)

    def rows_in_view(self) -> tuple[int, int]:
        """Return the first row in view, and the one after the last."""
        first = self.rowAt(0)
        last = self.rowAt(self.viewport().height() - 1)
        n = self._model.rowCount()
        return max(first, 0), (last + 1 if last >= 0 else n)

    def resizeEvent(self, event: object) -> None:
        """Tell which rows came into view."""
        super().resizeEvent(event)
        self._settle.start()

    def _on_changed(self, *_: object) -> None:
        if not self._settle.isActive():
            self._settle.start()

    def _tell_view(self) -> None:
        self.came_into_view.emit(*self.rows_in_view())

    def _on_menu(self, point: QPoint) -> None:
        row = self.indexAt(point).row()
        if row >= 0:
            menu = self.menu_for(row)
            menu.exec(self.viewport().mapToGlobal(point))

    def menu_for(self, position: int) -> QMenu:
        """Return what a right click on a row offers."""
        row = self._model.row_at(position)
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        results = "Open with its results" if row.has_results else "Open the image"
        for title, signal, enabled in (
            (results, self.opened, True),
            ("Preview this image", self.preview_requested, True),
            ("Show in its folder", self.folder_requested, True),
            ("Copy the error", self.error_copied, bool(row.why)),
        ):
            action = menu.addAction(title)
            action.setEnabled(enabled)
            action.triggered.connect(lambda _=False, s=signal: s.emit(position))
        return menu
