"""The questions and votes of a ``.cl`` file as arrays, read without recursion."""

import re
from dataclasses import dataclass, field

import numpy as np

from brushwood.forest.forest import LEAF, MAX_TREES
from brushwood.io.cl.grammar import LARGEST, NUMBER, Cursor
from brushwood.io.cl.model import Float64, Int32
from brushwood.io.cl.problem import ClProblem
from brushwood.jobs import Job

#: Most questions in a row, and most numbers in the table of votes.
MOST_LEVELS, MOST_WEIGHTS = 256, 20_000_000

_TOKEN = re.compile(
    rf"\s*(?:if\s*\(\s*i(?P<feature>\d{{1,5}})\s*<\s*(?P<threshold>{NUMBER})\s*\)\s*\{{"
    rf"|s(?P<class>\d{{1,5}})\s*\+=\s*(?P<weight>{NUMBER})\s*;"
    r"|(?P<else>\}\s*else\s*\{)|(?P<close>\}))"
)
_EVERY = 20_000


@dataclass(frozen=True, eq=False, slots=True)
class Trees:
    """Nodes of all trees, one tree after the other; see `ClModel`."""

    feature: Int32
    threshold: Float64
    left: Int32
    right: Int32
    weights: Float64
    roots: Int32


def read_trees(cursor: Cursor, n_features: int, n_classes: int, job: Job) -> Trees:
    """Read the trees that begin at the cursor, and leave it behind them.

    Raises
    ------
    ClProblem
        If the text leaves the grammar, or a limit.
    """
    reader = _Reader(n_features, n_classes)
    for count, token in enumerate(iter(lambda: _TOKEN.match(cursor.text, cursor.at), None)):
        if count % _EVERY == 0:
            job.checkpoint(cursor.at / len(cursor.text), "Reading trees")
        kind = token.lastgroup
        if kind == "close" and not reader.open:
            break  # the end of the kernel, which whoever asked will look at
        try:
            reader.read(kind or "", token)
        except ClProblem as problem:
            raise _located(cursor, problem) from None
        cursor.at = token.end()
    if reader.open:
        raise cursor.unexpected("a question, a vote or '}' was expected")
    return reader.trees()


def _located(cursor: Cursor, problem: ClProblem) -> ClProblem:
    blank = len(cursor.text[cursor.at : cursor.at + 4000]) - len(
        cursor.text[cursor.at : cursor.at + 4000].lstrip()
    )
    line = cursor.text.count("\n", 0, cursor.at + blank) + 1
    return ClProblem(f"{problem} (line {line})", problem.advice)


@dataclass(slots=True)
class _Reader:
    """Nodes so far, and the questions whose branches are open."""

    n_features: int
    n_classes: int
    feature: list[int] = field(default_factory=list)
    threshold: list[float] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    right: list[int] = field(default_factory=list)
    roots: list[int] = field(default_factory=list)
    votes: list[tuple[int, int, float]] = field(default_factory=list)
    #: Open questions: their node, and whether the right branch is being read.
    open: list[tuple[int, bool]] = field(default_factory=list)
    #: The leaf that votes go to, -1 if none is begun.
    leaf: int = -1
    last_class: int = -1

    def read(self, kind: str, token: re.Match[str]) -> None:
        if kind == "threshold":
            self._ask(int(token["feature"]), _number(token["threshold"]))
        elif kind == "weight":
            self._vote(int(token["class"]), _number(token["weight"]))
        elif kind == "else":
            self._close(turning=True)
        else:
            self._close(turning=False)

    def _ask(self, feature: int, threshold: float) -> None:
        if feature >= self.n_features:
            raise ClProblem(f"it asks for i{feature}, but has {self.n_features} inputs")
        if len(self.open) >= MOST_LEVELS:
            raise ClProblem(
                f"its questions nest deeper than {MOST_LEVELS} levels",
                "Train it again with a smaller depth: APOC's own default is 2.",
            )
        node = self._node(feature, threshold)
        self.open.append((node, False))
        self.leaf = -1

    def _vote(self, class_: int, weight: float) -> None:
        if class_ >= self.n_classes:
            raise ClProblem(f"it votes for s{class_}, but has {self.n_classes} classes")
        if weight < 0:
            raise ClProblem("one of its votes is negative")
        # Without a question around it, votes of another tree begin where classes do not ascend.
        if self.leaf < 0 or (not self.open and class_ <= self.last_class):
            self.leaf = self._node(LEAF, 0.0)
        self.votes.append((self.leaf, class_, weight))
        self.last_class = class_

    def _close(self, *, turning: bool) -> None:
        if not self.open:
            raise ClProblem("a branch ends that has not begun")
        node, in_right = self.open[-1]
        if turning == in_right:
            wanted = "'}'" if in_right else "'} else {'"
            raise ClProblem(f"{wanted} was expected where a branch ends")
        if self.leaf < 0 and self._is_bare(node, in_right):
            self.leaf = self._node(LEAF, 0.0)  # a leaf without any vote
        self.leaf = -1
        if turning:
            self.open[-1] = node, True
        else:
            self.open.pop()

    def _is_bare(self, node: int, in_right: bool) -> bool:
        return (self.right if in_right else self.left)[node] < 0

    def _node(self, feature: int, threshold: float) -> int:
        """Add a node where the reading is, below the open question or as a tree of its own."""
        number = len(self.feature)
        if not self.open:
            self.roots.append(number)
            if len(self.roots) > MAX_TREES:
                raise ClProblem(f"it has more than {MAX_TREES} trees")
        else:
            above, in_right = self.open[-1]
            children = self.right if in_right else self.left
            if children[above] >= 0:
                raise ClProblem("a branch holds more than one question or leaf")
            children[above] = number
        if (number + 1) * self.n_classes > MOST_WEIGHTS:
            raise ClProblem(f"it has more than {number} questions and leaves, which is too many")
        self.feature.append(feature)
        self.threshold.append(threshold)
        self.left.append(-1)
        self.right.append(-1)
        return number

    def trees(self) -> Trees:
        if not self.roots:
            raise ClProblem("it has no trees")
        weights = np.zeros((len(self.feature), self.n_classes))
        if self.votes:
            nodes, classes, votes = zip(*self.votes, strict=True)
            np.add.at(weights, (np.array(nodes), np.array(classes)), np.array(votes))
        return Trees(
            np.array(self.feature, np.int32),
            np.array(self.threshold, np.float64),
            np.array(self.left, np.int32),
            np.array(self.right, np.int32),
            weights,
            np.array(self.roots, np.int32),
        )


def _number(text: str) -> float:
    value = float(text)
    if abs(value) > LARGEST:
        raise ClProblem(f"the number {text[:40]} is larger than a 32-bit float holds")
    return value
