"""The table filter × scale with a tick in every cell."""

from collections.abc import Sequence

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from brushwood.features.spec import Feature, FeatureSet
from brushwood.session.features_table import MEANING, columns


class FilterTable(QTableWidget):
    """Shows which filter is used at which scale."""

    ticked = Signal(object, bool)
    current_changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, 0, parent)
        self._quiet = False
        self._filters: Sequence[str] = ()
        self._scales: tuple[float, ...] = ()
        self._added: set[float] = set()
        self.setAccessibleName("Filters and scales")
        self.setToolTip("Tick a filter at a scale σ. Select a cell to preview it.")
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.horizontalHeader().setMinimumSectionSize(8)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.verticalHeader().setMinimumSectionSize(8)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.itemChanged.connect(self._on_item_changed)
        self.currentCellChanged.connect(self._on_current)

    @property
    def current(self) -> Feature | None:
        """The feature of the selected cell, ticked or not."""
        row, column = self.currentRow(), self.currentColumn()
        if not (0 <= row < len(self._filters) and 0 <= column < len(self._scales)):
            return None
        return Feature(self._filters[row], self._scales[column])

    def add_scale(self, sigma: float) -> None:
        """Offer one more scale."""
        self._added.add(sigma)

    def show_features(self, features: FeatureSet, filters: Sequence[str]) -> None:
        """Show which cells are ticked."""
        scales = columns(features, self._added)
        self._quiet = True
        if (tuple(filters), scales) != (tuple(self._filters), self._scales):
            self._filters, self._scales = tuple(filters), scales
            self._rebuild()
        chosen = set(features.features)
        for row, name in enumerate(self._filters):
            for column, sigma in enumerate(self._scales):
                on = Feature(name, sigma) in chosen
                state = Qt.CheckState.Checked if on else Qt.CheckState.Unchecked
                self.item(row, column).setCheckState(state)
        self._quiet = False

    def showEvent(self, event: QShowEvent) -> None:
        """Measure again: rows have their height only once they are seen."""
        super().showEvent(event)
        self._fit()

    def _rebuild(self) -> None:
        self.setRowCount(len(self._filters))
        self.setColumnCount(len(self._scales))
        self.setVerticalHeaderLabels(list(self._filters))
        self.setHorizontalHeaderLabels([f"{sigma:g}" for sigma in self._scales])
        for row, name in enumerate(self._filters):
            meaning = MEANING.get(name, name)
            self.verticalHeaderItem(row).setToolTip(meaning)
            for column, sigma in enumerate(self._scales):
                item = QTableWidgetItem()
                item.setFlags(
                    Qt.ItemFlag.ItemIsEnabled
                    | Qt.ItemFlag.ItemIsSelectable
                    | Qt.ItemFlag.ItemIsUserCheckable
                )
                item.setToolTip(f"{name}, σ = {sigma:g}: {meaning}")
                item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{name} σ {sigma:g}")
                self.setItem(row, column, item)
        self._fit()

    def _fit(self) -> None:
        self.resizeRowsToContents()
        height = self.horizontalHeader().sizeHint().height() + 2 * self.frameWidth()
        height += sum(self.rowHeight(row) for row in range(self.rowCount()))
        self.setFixedHeight(height + self.horizontalScrollBar().sizeHint().height())

    def _on_item_changed(self, item: QTableWidgetItem) -> None:
        if not self._quiet:
            feature = Feature(self._filters[item.row()], self._scales[item.column()])
            self.ticked.emit(feature, item.checkState() == Qt.CheckState.Checked)

    def _on_current(self) -> None:
        if not self._quiet:
            self.current_changed.emit(self.current)
