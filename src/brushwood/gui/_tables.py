"""Small tables of text."""

from collections.abc import Sequence

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

#: Rows that show without scrolling.
_MOST_ROWS = 12


def text_table(tooltip: str) -> QTableWidget:
    """Return an empty table that is read, not edited."""
    table = QTableWidget(0, 0)
    table.verticalHeader().hide()
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setShowGrid(False)
    table.setToolTip(tooltip)
    table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    return table


def fill_table(
    table: QTableWidget,
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    tips: Sequence[str] = (),
) -> None:
    """Show rows of text: the first column stretches, the others hold numbers.

    Parameters
    ----------
    tips : sequence of str
        A tooltip a row; without, each cell tells its own text.
    """
    table.setColumnCount(len(header))
    # Long headers take two lines, or the numbers below would not fit into a narrow dock.
    table.setHorizontalHeaderLabels([name.replace(" ", "\n") for name in header])
    table.setRowCount(len(rows))
    for i, row in enumerate(rows):
        for j, text in enumerate(row):
            item = QTableWidgetItem(text)
            item.setToolTip(tips[i] if i < len(tips) else f"{header[j]}: {text}")
            if j:
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            table.setItem(i, j, item)
    head = table.horizontalHeader()
    head.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    line = table.verticalHeader().defaultSectionSize()
    table.setFixedHeight(head.sizeHint().height() + line * min(len(rows), _MOST_ROWS) + 4)
