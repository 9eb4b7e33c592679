"""Section 3: which columns the forest looks at, and how much each contributes."""

from collections.abc import Mapping, Sequence

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from brushwood.gui._widgets import Section

_NAME, _SHARE = range(2)
#: Rows that show without scrolling.
_ROWS = 8


class _Share(QTableWidgetItem):
    """A share that sorts as a number."""

    def __lt__(self, other: QTableWidgetItem) -> bool:
        role = Qt.ItemDataRole.UserRole
        return (self.data(role) or 0.0) < (other.data(role) or 0.0)


class ColumnsSection(Section):
    """Check boxes for the columns."""

    columns_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("3  Columns", "What the forest looks at.", parent)
        self._quiet = False
        self._shown: tuple[tuple[str, str], ...] = ()
        self.table = QTableWidget(0, 2)
        self.table.setAccessibleName("Columns")
        self.table.setToolTip("Tick what the forest looks at. Click a header to sort.")
        self.table.setHorizontalHeaderLabels(["Column", "Importance"])
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.setSortingEnabled(True)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(_SHARE, QHeaderView.ResizeMode.ResizeToContents)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.table.itemChanged.connect(self._on_changed)
        self.find = QLineEdit(placeholderText="Find a column", clearButtonEnabled=True)
        self.find.setToolTip("Show only columns whose name holds these letters.")
        self.find.textChanged.connect(self._filter)
        self.all = QPushButton("All")
        self.all.setToolTip("Tick every column shown.")
        self.all.clicked.connect(lambda: self._set_all(True))
        self.none = QPushButton("None")
        self.none.setToolTip("Untick every column shown.")
        self.none.clicked.connect(lambda: self._set_all(False))
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addWidget(self.find, 1)
        line.addWidget(self.all)
        line.addWidget(self.none)
        self.box.addLayout(line)
        self.box.addWidget(self.table)
        self.set_open(False)

    def show_columns(
        self,
        columns: Sequence[tuple[str, str]],
        chosen: Sequence[str] | None,
        importances: Mapping[str, float],
    ) -> None:
        """Show columns as (name, header with unit), those ticked, and their share in the model.

        Parameters
        ----------
        chosen : sequence of str or None
            None ticks all.
        """
        self._quiet = True
        self.table.setSortingEnabled(False)
        if tuple(columns) != self._shown:
            self._shown = tuple(columns)
            self._rebuild()
        ticked = {name for name, _ in columns} if chosen is None else set(chosen)
        for row in range(self.table.rowCount()):
            item, share = self.table.item(row, _NAME), self.table.item(row, _SHARE)
            name = item.data(Qt.ItemDataRole.UserRole)
            on = name in ticked
            item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
            value = importances.get(name)
            share.setData(Qt.ItemDataRole.UserRole, value)
            share.setText("" if value is None else f"{value:.0%}")
        self.table.setSortingEnabled(True)
        self._filter(self.find.text())
        self._quiet = False
        n, total = len(self.ticked()), len(columns)
        best = max(importances, key=importances.__getitem__, default="")
        most = f", {best} matters most" if best else ""
        self.set_summary(f"— {n} of {total}{most}" if total else "— nothing measured")

    def ticked(self) -> tuple[str, ...]:
        """Return the ticked columns in the order of the table."""
        on = set()
        for row in range(self.table.rowCount()):
            item = self.table.item(row, _NAME)
            if item.checkState() == Qt.CheckState.Checked:
                on.add(item.data(Qt.ItemDataRole.UserRole))
        return tuple(name for name, _ in self._shown if name in on)

    def _rebuild(self) -> None:
        self.table.setRowCount(len(self._shown))
        for row, (name, header) in enumerate(self._shown):
            item = QTableWidgetItem(header)
            item.setData(Qt.ItemDataRole.UserRole, name)
            item.setToolTip(header)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
            share = _Share("")
            share.setFlags(Qt.ItemFlag.ItemIsEnabled)
            share.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.table.setItem(row, _NAME, item)
            self.table.setItem(row, _SHARE, share)
        rows = min(max(len(self._shown), 3), _ROWS)
        height = self.table.horizontalHeader().sizeHint().height() + 2 * self.table.frameWidth() + 2
        self.table.setFixedHeight(height + rows * self.table.verticalHeader().defaultSectionSize())

    def _filter(self, text: str) -> None:
        for row in range(self.table.rowCount()):
            name = self.table.item(row, _NAME).text().lower()
            self.table.setRowHidden(row, text.strip().lower() not in name)

    def _set_all(self, on: bool) -> None:
        self._quiet = True
        state = Qt.CheckState.Checked if on else Qt.CheckState.Unchecked
        for row in range(self.table.rowCount()):
            if not self.table.isRowHidden(row):
                self.table.item(row, _NAME).setCheckState(state)
        self._quiet = False
        self._tell()

    def _on_changed(self, item: QTableWidgetItem) -> None:
        if not self._quiet and item.column() == _NAME:
            self._tell()

    def _tell(self) -> None:
        ticked = self.ticked()
        self.columns_chosen.emit(None if len(ticked) == len(self._shown) else ticked)
