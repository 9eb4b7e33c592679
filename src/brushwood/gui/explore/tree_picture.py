"""A decision tree, drawn to be read."""

import pyqtgraph as pg
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QSizePolicy, QWidget

from brushwood.explore.tree import Tree, TreeNode
from brushwood.session.classes import colour_of

#: Lines of text that a level of the tree takes.
_LEVEL = 5


class TreePicture(pg.PlotWidget):
    """Questions on top, answers below; yes goes left."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, background=None)
        self.setToolTip("A tree to read: yes goes left. Drag moves it, the wheel zooms.")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        plot = self.getPlotItem()
        plot.hideAxis("left")
        plot.hideAxis("bottom")
        plot.hideButtons()
        plot.setMenuEnabled(False)

    def show_tree(self, tree: Tree) -> None:
        """Draw a tree."""
        plot = self.getPlotItem()
        plot.clear()
        ink = self.palette().color(self.foregroundRole())
        for node in tree.nodes:
            if node.is_leaf:
                continue
            for child, answer in ((node.left, "yes"), (node.right, "no")):
                below = tree.nodes[child]
                line = plot.plot([node.x, below.x], [-node.depth, -below.depth], pen=pg.mkPen(ink))
                line.setZValue(-1)  # under the boxes
                text = pg.TextItem(answer, ink, anchor=(0.5, 0.5))
                text.setPos((node.x + below.x) / 2, -(node.depth + below.depth) / 2)
                plot.addItem(text)
        for node in tree.nodes:
            self._draw(tree, node, ink)
        depth = max(node.depth for node in tree.nodes)
        self.setFixedHeight((depth + 1) * _LEVEL * self.fontMetrics().lineSpacing())
        xs = [node.x for node in tree.nodes]
        room = max(0.6, 0.15 * (max(xs) - min(xs)))
        plot.setRange(
            xRange=(min(xs) - room, max(xs) + room), yRange=(-depth - 0.4, 0.4), padding=0
        )

    def _draw(self, tree: Tree, node: TreeNode, ink: QColor) -> None:
        colour = QColor(colour_of(node.class_id))
        fill = QColor(colour)
        fill.setAlpha(50 if not node.is_leaf else 120)
        n = sum(node.counts)
        words = (
            node.question
            if not node.is_leaf
            else f"{tree.name_of(node)}\n{n:,} · {node.purity:.0%}"
        )
        item = pg.TextItem(words, ink, anchor=(0.5, 0.5), border=pg.mkPen(colour), fill=fill)
        item.setPos(node.x, -node.depth)
        self.getPlotItem().addItem(item)
