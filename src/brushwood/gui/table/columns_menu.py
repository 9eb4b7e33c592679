"""A list of all columns with check boxes, in a menu that stays open."""

from collections.abc import Sequence

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
    QWidgetAction,
)


class ColumnsMenu(QMenu):
    """Choose which columns are shown."""

    chosen = Signal(tuple)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._quiet = False
        self.search = QLineEdit(placeholderText="Find a column")
        self.search.setToolTip("Show only columns whose name contains this.")
        self.search.textChanged.connect(self._on_search)
        self.names = QListWidget()
        self.names.setToolTip("Tick the columns to show.")
        self.names.itemChanged.connect(self._on_item)
        self.every = QPushButton("All")
        self.every.setToolTip("Tick all columns that are listed.")
        self.every.clicked.connect(self._on_all)
        self.none = QPushButton("None")
        self.none.setToolTip("Untick all columns that are listed.")
        self.none.clicked.connect(self._on_none)
        content = QWidget()
        line = QHBoxLayout()
        line.addWidget(self.every)
        line.addWidget(self.none)
        layout = QVBoxLayout(content)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addWidget(self.search)
        layout.addWidget(self.names)
        layout.addLayout(line)
        action = QWidgetAction(self)
        action.setDefaultWidget(content)
        self.addAction(action)

    def show_columns(self, columns: Sequence[tuple[str, str]], shown: Sequence[str]) -> None:
        """Show (name, header) of all columns, and tick those that are shown."""
        self._quiet = True
        self.names.clear()
        for name, header in columns:
            item = QListWidgetItem(header)
            item.setData(Qt.ItemDataRole.UserRole, name)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(_state(name in shown))
            self.names.addItem(item)
        self._quiet = False
        self._on_search(self.search.text())

    def ticked(self) -> tuple[str, ...]:
        """Return the names of the ticked columns."""
        return tuple(
            str(item.data(Qt.ItemDataRole.UserRole))
            for item in self._items()
            if item.checkState() == Qt.CheckState.Checked
        )

    def _items(self) -> list[QListWidgetItem]:
        return [self.names.item(row) for row in range(self.names.count())]

    def _on_search(self, text: str) -> None:
        for item in self._items():
            item.setHidden(text.casefold() not in item.text().casefold())

    def _on_item(self, item: QListWidgetItem) -> None:
        if not self._quiet:
            self.chosen.emit(self.ticked())

    def _on_all(self) -> None:
        self._tick(True)

    def _on_none(self) -> None:
        self._tick(False)

    def _tick(self, on: bool) -> None:
        self._quiet = True
        for item in self._items():
            if not item.isHidden():
                item.setCheckState(_state(on))
        self._quiet = False
        self.chosen.emit(self.ticked())


def _state(on: bool) -> Qt.CheckState:
    return Qt.CheckState.Checked if on else Qt.CheckState.Unchecked
