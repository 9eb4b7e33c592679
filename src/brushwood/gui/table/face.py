"""The face of the object table: filter, rows, colours, buttons and a status line."""

from qtpy.QtCore import QSize, Signal
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import (
    QBoxLayout,
    QCheckBox,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from brushwood.gui._widgets import KeyedCombo, labelled, wrapped_label
from brushwood.gui.table.colour_bar import ColourBar
from brushwood.gui.table.columns_menu import ColumnsMenu
from brushwood.gui.table.filter_line import FilterLine
from brushwood.gui.table.model import TableModel
from brushwood.gui.table.view import TableView
from brushwood.session.table_store import TableStore

#: Letters beyond which parts stand beside each other.
_WIDE = 90
_BESIDE, _BELOW = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom


class TableFace(QWidget):
    """Shows and asks; it knows nothing of layers."""

    again_requested = Signal()
    help_requested = Signal()
    copy_requested = Signal()
    go_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        import pandas as pd

        self.model = TableModel(TableStore(pd.DataFrame()))
        self.rows = TableView(self.model)
        self.rows.setToolTip(
            "Click selects in the image too; a double click goes to the object. "
            "Ctrl and Shift select several."
        )
        self.objects = KeyedCombo("The labels layer whose objects are listed.")
        self.filter = FilterLine()
        self.only_selected = QCheckBox("selected only")
        self.only_selected.setToolTip("Show only the rows of selected objects.")
        self.columns = ColumnsMenu(self)
        self.columns_button = _menu_button("Columns", "Choose which columns are shown.")
        self.columns_button.setMenu(self.columns)
        self.colours = ColourBar()
        self.go = self._button("Go to object", self.go_requested)
        self.go.setToolTip("Move the camera, and the sliders, to the selected object.")
        self.copy = self._button("Copy", self.copy_requested)
        self.copy.setToolTip("Copy the selected rows, or all that are shown, for a spreadsheet.")
        self.export_menu = QMenu(self)
        self.export_all = self.export_menu.addAction("All rows and columns…")
        self.export_shown = self.export_menu.addAction("Rows and columns that are shown…")
        self.export = _menu_button("Export", "Write the table as CSV or Parquet, with units.")
        self.export.setMenu(self.export_menu)
        self.help = self._button("Help", self.help_requested)
        self.help.setToolTip("Open the documentation of this table.")
        self.again = self._button("Measure again", self.again_requested)
        self.again.setToolTip("Measure the objects as they are now, with the same columns.")
        self.stale = wrapped_label()
        self.stale.setToolTip("The labels were changed after they had been measured.")
        self.stale_box = QWidget()
        self.status = wrapped_label()
        self.status.setAccessibleName("Status")
        self.status.setToolTip("How many rows are shown and selected, or what happened last.")
        self._arrange()

    def _arrange(self) -> None:
        warning = QHBoxLayout(self.stale_box)
        warning.setContentsMargins(0, 0, 0, 0)
        warning.addWidget(self.stale, 1)
        warning.addWidget(self.again)
        self.stale_box.hide()
        find = QHBoxLayout()
        find.setSpacing(4)
        find.addWidget(self.filter, 1)
        find.addWidget(self.columns_button)
        self._top = _line(labelled("Objects", self.objects), find)
        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        for button in (self.go, self.copy, self.export):
            buttons.addWidget(button)
        only = QHBoxLayout()
        only.addWidget(self.only_selected, 1)
        only.addWidget(self.help)
        self._bottom = _line(only, buttons)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.setSpacing(4)
        layout.addLayout(self._top)
        layout.addWidget(self.stale_box)
        layout.addWidget(self.rows, 1)
        layout.addWidget(self.colours)
        layout.addLayout(self._bottom)
        layout.addWidget(self.status)
        self.rows.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.rows.setMinimumHeight(6 * self.fontMetrics().lineSpacing())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put beside each other what fits: a table below the canvas is wide and low."""
        super().resizeEvent(event)
        is_wide = event.size().width() > _WIDE * self.fontMetrics().averageCharWidth()
        direction = _BESIDE if is_wide else _BELOW
        for line in (self._top, self._bottom, self.colours.line):
            if line.direction() != direction:
                line.setDirection(direction)

    def sizeHint(self) -> QSize:
        """Ask for room for some columns and rows."""
        letter = self.fontMetrics().averageCharWidth()
        return QSize(60 * letter, 18 * self.fontMetrics().lineSpacing())

    def _button(self, text: str, signal: object) -> QPushButton:
        button = QPushButton(text)
        button.clicked.connect(signal)
        return button


def _menu_button(text: str, tooltip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tooltip)
    return button


def _line(*parts: QBoxLayout) -> QBoxLayout:
    line = QBoxLayout(_BELOW)
    line.setSpacing(4)
    for part in parts:
        line.addLayout(part, 1)
    return line
