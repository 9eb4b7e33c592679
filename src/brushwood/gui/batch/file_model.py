"""Show the files of a run through Qt: cells are written only when they come into view."""

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt
from qtpy.QtGui import QColor, QPixmap

from brushwood.session.batch_board import Board, Row
from brushwood.session.batch_events import PlanTold
from brushwood.session.batch_text import STATE_WORDS
from brushwood.session.sentences import duration

#: Side of a thumbnail.
SIDE = 40
#: Columns, their titles and what they mean.
COLUMNS = (
    ("name", "image", "The image, and its result once it is done."),
    ("state", "state", "How far it is."),
    ("objects", "objects", "How many objects were found."),
    ("seconds", "time", "How long it took."),
    ("why", "why", "Why it failed, was passed over, or what is being done."),
)
NAME, STATE, OBJECTS, SECONDS, WHY = range(len(COLUMNS))
#: Role of the part that is done, for the bar behind the state; -1 without one.
FRACTION = int(Qt.ItemDataRole.UserRole) + 1
#: Role of the state by its own name.
STATE_ROLE = FRACTION + 1
#: Changed rows beyond which the whole table is drawn anew.
_MANY = 64
_NUMBER = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


class FileModel(QAbstractTableModel):
    """The shown rows of a board."""

    def __init__(self, board: Board) -> None:
        super().__init__()
        self.board = board
        self.pictures: dict[str, QPixmap] = {}
        self._blank = QPixmap(SIDE, SIDE)
        self._blank.fill(QColor(0, 0, 0, 0))
        self._n = 0

    def show_plan(self, plan: PlanTold) -> None:
        """Show the files of a plan; what is selected stays if they are the same files."""
        if [file.path for file in plan.files] == [row.path for row in self.board.rows]:
            self._rearrange(lambda: self.board.set_plan(plan))
            return
        self.pictures.clear()
        self.beginResetModel()
        self.board.set_plan(plan)
        self._n = len(self.board.shown)
        self.endResetModel()

    def reset(self) -> None:
        """Show rows that came, went or changed places."""
        self.beginResetModel()
        self.board.arrange()
        self._n = len(self.board.shown)
        self.endResetModel()

    def update(self, places: set[int]) -> None:
        """Show rows whose values changed."""
        if not places:
            return
        if self.board.is_live or len(self.board.rows) != self._n:
            self._rearrange(self.board.arrange)
            return
        last = len(COLUMNS) - 1
        if len(places) > _MANY:
            self.dataChanged.emit(self.index(min(places), 0), self.index(max(places), last))
            return
        for place in places:  # without filter and order, a row stands at its place
            self.dataChanged.emit(self.index(place, 0), self.index(place, last))

    def _rearrange(self, change: Callable[[], None]) -> None:
        """Keep selection and scroll position while rows move."""
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        paths = [self.row_at(index.row()) for index in before]
        change()
        self._n = len(self.board.shown)
        at = {self.board.rows[place].path: i for i, place in enumerate(self.board.shown)}
        after = []
        for index, row in zip(before, paths, strict=True):
            there = at.get(row.path, -1) if row is not None else -1
            after.append(self.index(there, index.column()) if there >= 0 else QModelIndex())
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def row_at(self, position: int) -> Row | None:
        """Return the row that is shown at a place."""
        shown = self.board.shown
        return self.board.rows[shown[position]] if 0 <= position < len(shown) else None

    def picture_came(self, path: str, picture: QPixmap) -> None:
        """Show the thumbnail of an image."""
        self.pictures[path] = picture
        for position, place in enumerate(self.board.shown):
            if self.board.rows[place].path == path:
                index = self.index(position, NAME)
                self.dataChanged.emit(index, index)
                return

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Count the shown rows."""
        return 0 if parent is not None and parent.isValid() else len(self.board.shown)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """Count the columns."""
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a cell."""
        row = self.row_at(index.row()) if index.isValid() else None
        if row is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(row, index.column())
        if role == Qt.ItemDataRole.DecorationRole and index.column() == NAME:
            picture = self.pictures.get(row.path)
            return self._blank if picture is None or picture.isNull() else picture
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() in (OBJECTS, SECONDS):
            return _NUMBER
        if role == Qt.ItemDataRole.ToolTipRole:
            return _tooltip(row, index.column())
        if role == FRACTION and index.column() == STATE:
            return row.fraction if row.state == "running" else -1.0
        return row.state if role == STATE_ROLE else None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return the title of a column, and what it means."""
        if orientation != Qt.Orientation.Horizontal or section >= len(COLUMNS):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section][1]
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{COLUMNS[section][2]}\nClick to sort."
        return None


def _text(row: Row, column: int) -> str:
    if column == NAME:
        return row.name
    if column == STATE:
        is_running = row.state == "running"
        return f"{row.fraction:.0%}" if is_running else STATE_WORDS[row.state]
    if column == OBJECTS:
        return "" if row.objects is None else f"{row.objects:,}"
    if column == SECONDS:
        return duration(row.seconds) if row.seconds and row.state != "waiting" else ""
    return row.message if row.state == "running" else row.why


def _tooltip(row: Row, column: int) -> str:
    if column == WHY:
        return row.why or row.message
    lines = [row.path]
    if row.why:
        lines.append(row.why)
    if row.has_results:
        lines.append("Double-click to open it with its results.")
    return "\n".join(lines)
