"""A small decision tree to read: its questions in words, and where to draw its nodes."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.explore.prepare import Floats


@dataclass(frozen=True, slots=True)
class TreeNode:
    """One node of a tree, and its place in a drawing.

    Attributes
    ----------
    id, parent : int
        The root is 0 and its parent -1; a node comes after its parent.
    depth : int
    x : float
        0 to 1 from left to right; leaves are evenly spaced, a node stands above its children.
    column : str
        What is asked for; "" at a leaf.
    threshold : float
        Rows with at most this go left; NaN at a leaf.
    unit : str
    counts : tuple of int
        Rows of each class that came here.
    class_id : int
        The most frequent class.
    left, right : int
        Children, -1 at a leaf.
    """

    id: int
    parent: int
    depth: int
    x: float
    column: str
    threshold: float
    unit: str
    counts: tuple[int, ...]
    class_id: int
    left: int
    right: int

    @property
    def is_leaf(self) -> bool:
        """Whether nothing is asked here."""
        return self.left < 0

    @property
    def question(self) -> str:
        """The question in words: ``area ≤ 12.5 µm²``; "" at a leaf."""
        unit = f" {self.unit}" if self.unit else ""
        return "" if self.is_leaf else f"{self.column} ≤ {self.threshold:.4g}{unit}"

    @property
    def purity(self) -> float:
        """Share of the most frequent class."""
        return max(self.counts) / max(1, sum(self.counts))


@dataclass(frozen=True, slots=True)
class Tree:
    """A decision tree to read.

    Attributes
    ----------
    nodes : tuple of TreeNode
        By id.
    classes : tuple of int
        In the order of the counts.
    class_names : tuple of str
    """

    nodes: tuple[TreeNode, ...]
    classes: tuple[int, ...]
    class_names: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that are asked for, from the root down."""
        return tuple(dict.fromkeys(node.column for node in self.nodes if node.column))

    def name_of(self, node: TreeNode) -> str:
        """Return the name of a node's most frequent class."""
        return self.class_names[self.classes.index(node.class_id)]

    def text(self) -> str:
        """Return the tree as indented questions and answers."""
        return "\n".join(self._lines(0, "", ""))

    def _lines(self, at: int, lead: str, mark: str) -> list[str]:
        node = self.nodes[at]
        if node.is_leaf:
            n = sum(node.counts)
            share = f"{node.purity:.0%}".replace("%", " %")
            return [f"{lead}{mark}{self.name_of(node)} ({n:,} objects, {share})"]
        inner = lead + "   " if mark else lead
        return [
            f"{lead}{mark}{node.question}?",
            *self._lines(node.left, inner, "yes: "),
            *self._lines(node.right, inner, "no:  "),
        ]

    def to_json(self) -> dict[str, Any]:
        """Return the tree as JSON values."""
        nodes = [asdict(node) for node in self.nodes]
        for node in nodes:
            node["threshold"] = None if node["left"] < 0 else node["threshold"]
        return {
            "nodes": nodes,
            "classes": list(self.classes),
            "class_names": list(self.class_names),
        }


def read_tree(
    fitted: Any,
    values: Floats,
    ids: npt.NDArray[Any],
    columns: Sequence[str],
    units: Mapping[str, str],
    names: Mapping[int, str],
) -> Tree:
    """Describe a fitted scikit-learn tree.

    Parameters
    ----------
    fitted : DecisionTreeClassifier
    values : float (row, column)
        The rows it learned from.
    ids : int (row,)
        Their classes.
    columns : sequence of str
    units : mapping of column to unit
    names : mapping of class id to name
    """
    found = fitted.tree_
    classes = tuple(int(c) for c in fitted.classes_)
    passed = fitted.decision_path(np.asarray(values, np.float32))
    counts = np.stack([np.asarray(passed[ids == c].sum(axis=0))[0] for c in classes], axis=1)
    left, right = found.children_left, found.children_right
    parent, depth, x = _places(left, right)
    nodes = []
    for i in range(found.node_count):
        leaf = left[i] < 0
        column = "" if leaf else columns[found.feature[i]]
        nodes.append(
            TreeNode(
                id=i,
                parent=int(parent[i]),
                depth=int(depth[i]),
                x=float(x[i]),
                column=column,
                threshold=float("nan") if leaf else float(found.threshold[i]),
                unit=units.get(column, ""),
                counts=tuple(int(n) for n in counts[i]),
                class_id=classes[int(counts[i].argmax())],
                left=int(left[i]),
                right=int(right[i]),
            )
        )
    shown = tuple(names.get(c, f"group {c}") for c in classes)
    return Tree(tuple(nodes), classes, shown)


def _places(
    left: npt.NDArray[Any], right: npt.NDArray[Any]
) -> tuple[npt.NDArray[Any], npt.NDArray[Any], Floats]:
    """Return parent, depth and horizontal place of each node; children come after parents."""
    n = len(left)
    parent, depth, x = np.full(n, -1), np.zeros(n, int), np.zeros(n)
    for i in range(n):
        for child in (left[i], right[i]):
            if child >= 0:
                parent[child], depth[child] = i, depth[i] + 1
    # scikit-learn numbers nodes depth first, left before right: leaves come from left to right.
    leaves = np.flatnonzero(left < 0)
    x[leaves] = (np.arange(len(leaves)) + 0.5) / len(leaves)
    for i in reversed(range(n)):
        if left[i] >= 0:
            x[i] = (x[left[i]] + x[right[i]]) / 2
    return parent, depth, x
