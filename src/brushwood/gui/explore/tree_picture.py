"""A decision tree, drawn to be read."""

from qtpy.QtCore import QPoint, QRect, QSize, Qt
from qtpy.QtGui import QColor, QPainter, QPaintEvent
from qtpy.QtWidgets import QSizePolicy, QWidget

from brushwood.explore.tree import Tree, TreeNode
from brushwood.session.classes import colour_of

#: Height of a row and space between rows, and how far answers are moved in, in lines of text.
_ROW, _GAP, _STEP = 1.5, 0.35, 1.6


class TreePicture(QWidget):
    """One row a node, answers below and to the right of their question; it fits a narrow dock."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._tree: Tree | None = None
        #: Nodes from top to bottom, each with the answer that leads to it.
        self._rows: list[tuple[TreeNode, str]] = []

    def show_tree(self, tree: Tree) -> None:
        """Draw a tree."""
        self._tree = tree
        self._rows = list(_walk(tree, 0, ""))
        self.setToolTip(f"A tree to read:\n{tree.text()}")
        self.setAccessibleDescription(tree.text())
        self.setFixedHeight(self.sizeHint().height())
        self.update()

    def sizeHint(self) -> QSize:
        """Ask for room for all rows."""
        return QSize(40, round(len(self._rows) * self._pitch()) + 4)

    def texts(self) -> list[str]:
        """Return what the boxes say, from top to bottom."""
        return [self._text(node) for node, _ in self._rows]

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw lines and boxes."""
        if self._tree is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink = self.palette().color(self.foregroundRole())
        places = {node.id: self._box(row, node) for row, (node, _) in enumerate(self._rows)}
        step = round(_STEP * self._line())
        for node, answer in self._rows:
            box = places[node.id]
            if answer:
                above = places[node.parent]
                corner = QPoint(above.left() + step // 3, box.center().y())
                painter.setPen(ink)
                painter.drawLine(QPoint(corner.x(), above.bottom() + 1), corner)
                painter.drawLine(corner, QPoint(box.left(), corner.y()))
            self._draw(painter, node, answer, box, ink)
        painter.end()

    def _draw(
        self, painter: QPainter, node: TreeNode, answer: str, box: QRect, ink: QColor
    ) -> None:
        colour = QColor(colour_of(node.class_id))
        fill = QColor(colour)
        fill.setAlpha(110 if node.is_leaf else 30)
        painter.setPen(colour)
        painter.setBrush(fill)
        painter.drawRoundedRect(box, 3, 3)
        painter.setPen(ink)
        inner = box.adjusted(5, 0, -3, 0)
        lead = f"{answer}: " if answer else ""
        metrics = self.fontMetrics()
        room = inner.width() - metrics.horizontalAdvance(lead)
        text = metrics.elidedText(self._text(node), Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(inner, int(Qt.AlignmentFlag.AlignVCenter), f"{lead}{text}")

    def _text(self, node: TreeNode) -> str:
        if not node.is_leaf or self._tree is None:
            return f"{node.question}?"
        share = f"{node.purity:.0%}".replace("%", " %")
        return f"{self._tree.name_of(node)} ({sum(node.counts):,}, {share})"

    def _box(self, row: int, node: TreeNode) -> QRect:
        left = round(node.depth * _STEP * self._line()) + 1
        top = round(row * self._pitch()) + 1
        return QRect(left, top, max(10, self.width() - left - 2), round(_ROW * self._line()))

    def _line(self) -> int:
        return self.fontMetrics().lineSpacing()

    def _pitch(self) -> float:
        return (_ROW + _GAP) * self._line()


def _walk(tree: Tree, at: int, answer: str) -> list[tuple[TreeNode, str]]:
    """Return a node and all below it, yes before no."""
    node = tree.nodes[at]
    found = [(node, answer)]
    if not node.is_leaf:
        found += _walk(tree, node.left, "yes") + _walk(tree, node.right, "no")
    return found
