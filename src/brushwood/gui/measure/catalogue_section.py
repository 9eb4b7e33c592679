"""Section 3: what is measured, by groups that unfold to single measurements."""

from collections.abc import Sequence

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from brushwood.gui._widgets import Section
from brushwood.measure.catalog import Measurement
from brushwood.measure.names import Setting
from brushwood.measure.units import unit_of
from brushwood.session.measure_catalog import Group, default_choice, groups_for, sentence
from brushwood.session.measuring import MeasureReadiness

_NAME = Qt.ItemDataRole.UserRole
_ON, _OFF, _PART = (
    Qt.CheckState.Checked,
    Qt.CheckState.Unchecked,
    Qt.CheckState.PartiallyChecked,
)
#: Marks of the cost, and what they mean in the tooltip of the header.
_MARKS = {"low": "", "medium": "•", "high": "•••"}


class CatalogueSection(Section):
    """A tree of groups and measurements with check boxes."""

    names_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("3  Measurements", "What is measured of each object.", parent)
        self._shown: tuple[object, ...] = ()
        self._quiet = False
        self._setting = Setting()
        self.search = QLineEdit(placeholderText="Find a measurement")
        self.search.setClearButtonEnabled(True)
        self.search.setToolTip("Show only measurements whose name or meaning contains this.")
        self.search.textChanged.connect(self._on_search)
        self.defaults = QPushButton("Default")
        self.defaults.setToolTip("Tick what is useful for most questions and quick.")
        self.defaults.clicked.connect(self._on_defaults)
        self.tree = QTreeWidget()
        self.tree.setColumnCount(3)
        self.tree.setHeaderLabels(["Measurement", "Unit", "Cost"])
        self.tree.headerItem().setToolTip(2, "• takes a while, ••• slow; no mark: quick.")
        self.tree.setToolTip("Tick what to measure. Each line has a sentence about it.")
        self.tree.setAccessibleName("Measurements")
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.tree.setUniformRowHeights(True)
        self.tree.setIndentation(14)
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(8)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in (1, 2):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        lines = self.tree.fontMetrics().lineSpacing()
        self.tree.setMinimumHeight(10 * lines)
        self.tree.itemChanged.connect(self._on_item)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.search, 1)
        row.addWidget(self.defaults)
        self.box.addLayout(row)
        self.box.addWidget(self.tree)

    def show_catalogue(self, ready: MeasureReadiness) -> None:
        """Show what exists for these objects, and tick what is chosen."""
        self._setting = ready.setting
        groups = groups_for(ready.setting)
        shown = (ready.setting, ready.unit, ready.spacing is not None)
        self._quiet = True
        if shown != self._shown:
            self._shown = shown
            self._rebuild(groups, ready.unit or None, ready.spacing is not None)
        self._tick(ready.names)
        self._quiet = False
        self._on_search(self.search.text())
        n = len(ready.names)
        titles = [group.title.lower() for group in groups if _has(group, ready.names)]
        self.set_summary(f"— {n} of {sum(len(g.members) for g in groups)}: {', '.join(titles)}")

    def _rebuild(self, groups: Sequence[Group], unit: str | None, scaled: bool) -> None:
        opened = {item.data(0, _NAME) for item in self._tops() if item.isExpanded()}
        self.tree.clear()
        for group in groups:
            top = QTreeWidgetItem([group.title, "", ""])
            top.setData(0, _NAME, group.name)
            top.setToolTip(0, _reason(group.lacks) or f"All measurements of {group.title.lower()}.")
            self.tree.addTopLevelItem(top)
            for measurement in group.members:
                top.addChild(self._line(measurement, unit, scaled))
            _enable(top, not group.lacks)
            top.setExpanded(group.name in opened)

    def _line(self, measurement: Measurement, unit: str | None, scaled: bool) -> QTreeWidgetItem:
        text = unit_of(measurement, unit, scaled, self._setting.ndim)
        item = QTreeWidgetItem([measurement.name, text or "", _MARKS[measurement.cost]])
        item.setData(0, _NAME, measurement.name)
        lacks = self._setting.lacks(measurement)
        for column in range(3):
            item.setToolTip(column, _reason(lacks) or sentence(measurement))
        _enable(item, not lacks)
        return item

    def _tick(self, names: Sequence[str]) -> None:
        chosen = set(names)
        for top in self._tops():
            for item in _children(top):
                item.setCheckState(0, _ON if item.data(0, _NAME) in chosen else _OFF)
            ticked = sum(item.checkState(0) == _ON for item in _children(top))
            top.setText(1, f"{ticked} of {top.childCount()}")
            states = {item.checkState(0) for item in _children(top) if not item.isDisabled()}
            top.setCheckState(0, states.pop() if len(states) == 1 else _PART if states else _OFF)

    def _tops(self) -> list[QTreeWidgetItem]:
        return [self.tree.topLevelItem(i) for i in range(self.tree.topLevelItemCount())]

    def _on_item(self, item: QTreeWidgetItem, column: int) -> None:
        if self._quiet or column != 0:
            return
        if item.parent() is None:
            self._quiet = True
            for child in _children(item):
                if not child.isDisabled() and not child.isHidden():
                    child.setCheckState(0, item.checkState(0))
            self._quiet = False
        self.names_chosen.emit(self.ticked())

    def ticked(self) -> tuple[str, ...]:
        """Return the names of the ticked measurements."""
        return tuple(
            str(item.data(0, _NAME))
            for top in self._tops()
            for item in _children(top)
            if item.checkState(0) == _ON
        )

    def _on_defaults(self) -> None:
        self.names_chosen.emit(default_choice(self._setting))

    def _on_search(self, text: str) -> None:
        wanted = text.casefold().strip()
        for top in self._tops():
            found = False
            for item in _children(top):
                said = f"{item.text(0)} {item.toolTip(0)}".casefold()
                hit = wanted in said.replace("_", " ") or wanted in said
                item.setHidden(not hit)
                found |= hit
            top.setHidden(not found)
            if wanted:
                top.setExpanded(found)


def _children(item: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    return [item.child(i) for i in range(item.childCount())]


def _enable(item: QTreeWidgetItem, on: bool) -> None:
    item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
    item.setDisabled(not on)


def _has(group: Group, names: Sequence[str]) -> bool:
    return any(member.name in names for member in group.members)


def _reason(lacks: str) -> str:
    return f"Not available: {lacks}." if lacks else ""
