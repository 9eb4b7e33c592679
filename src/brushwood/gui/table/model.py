"""Show a table store through Qt: cells are written only when they come into view."""

from collections.abc import Mapping
from typing import Any

from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt

from brushwood.session.table_store import MISSING, TableStore

_NUMBER = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_TEXT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


class TableModel(QAbstractTableModel):
    """The shown rows and columns of a store.

    Parameters
    ----------
    meanings : mapping of column to str
        One sentence each, for tooltips.
    """

    def __init__(self, store: TableStore, meanings: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.store = store
        self._meanings = dict(meanings or {})

    def set_store(self, store: TableStore, meanings: Mapping[str, str] | None = None) -> None:
        """Show another table."""
        self.beginResetModel()
        self.store = store
        self._meanings = dict(meanings or {})
        self.endResetModel()

    def refresh(self) -> None:
        """Show the store's rows and columns after they changed."""
        self.beginResetModel()
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Count the shown rows."""
        return 0 if parent is not None and parent.isValid() else len(self.store.shown)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """Count the shown columns."""
        return 0 if parent is not None and parent.isValid() else len(self.store.columns)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a cell."""
        if not index.isValid():
            return None
        name = self.store.columns[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self.store.text(int(self.store.shown[index.row()]), name)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _NUMBER if self.store.values(name).dtype.kind in "iuf" else _TEXT
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tooltip(int(self.store.shown[index.row()]), name)
        return None

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        """Return a column's name with its unit, and what it means."""
        if orientation != Qt.Orientation.Horizontal or section >= len(self.store.columns):
            return None
        name = self.store.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return self.store.header(name)
        if role == Qt.ItemDataRole.ToolTipRole:
            meaning = self._meanings.get(name, "")
            parts = [self.store.header(name), meaning, self.store.summary(name), _SORTS]
            return "\n".join(part for part in parts if part)
        return None

    def _tooltip(self, row: int, name: str) -> str:
        value = self.store.values(name)[row]
        unit = self.store.units.get(name, "")
        if self.store.text(row, name) == MISSING:
            return f"{name}: not defined for this object"
        shown = f"{value:.10g}" if self.store.values(name).dtype.kind == "f" else str(value)
        return f"{name}: {shown} {unit}".rstrip()


_SORTS = "Click to sort; right-click to colour objects by it or to hide it."
