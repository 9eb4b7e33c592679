"""Lay a forest out for the kernels: plain arrays that are uploaded as they are."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from brushwood.forest.forest import LEAF, Forest

Int32 = npt.NDArray[np.int32]
UInt32 = npt.NDArray[np.uint32]
Float32 = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

#: What ``forest_blend.cl`` is for.
BLEND_DEPTH, BLEND_CLASSES, BLEND_ROWS = 4, 3, 4

#: What ``forest_bits.cl`` can hold: waiting subtrees, bits of a leaf's number.
MAX_SLOTS, MAX_BITS = 63, 12
ROWS = 16

#: Fewer trees than this are not worth a launch of their own.
FEW_TREES = 64

#: Few sizes, so that few kernels are compiled and none again when a forest changes.
BITS = (1, 2, 4, 8, 12)
FEATURES = (16, 48, 128, 256)


@dataclass(frozen=True, eq=False)
class BitTables:
    """Some trees of a forest, laid out for ``forest_bits.cl``, where the arrays are described."""

    nodes: UInt32
    trees: Int32
    table: Float32
    used: Int32
    bits: int
    features: int
    has_table: bool


@dataclass(frozen=True, eq=False)
class BlendTables:
    """A shallow forest, laid out for ``forest_blend.cl``, where the arrays are described."""

    feature: Int32  # (tree, 15)
    threshold: Float32  # (tree, 15)
    leaves: Float32  # (tree, class but the first, 16)
    used: Int32
    features: int


@dataclass(frozen=True, eq=False)
class WalkTables:
    """Some trees of a forest, laid out for ``forest_walk.cl``, where the arrays are described."""

    nodes: Int32
    leaves: Float32
    roots: Int32


@dataclass(frozen=True, eq=False)
class _Order:
    """Where each node lies when a tree's inner nodes are put in pre-order."""

    size: Int32  # inner nodes of the subtree
    position: Int32  # among the inner nodes of its tree
    slot: Int32
    tree: Int32
    row: Int32  # of a leaf in its tree's table; the class in trees that are certain; else 0
    rows: Int32  # (tree,) rows of its table
    certain: Mask  # (tree,)


def walk_tables(forest: Forest, chosen: Mask | None = None) -> WalkTables:
    """Return the tables of the chosen trees (bool (tree,); all by default) for the walk."""
    leaf = forest.feature == LEAF
    row = np.cumsum(leaf, dtype=np.int32) - 1
    columns = (
        forest.feature,
        forest.threshold.view(np.int32),
        np.where(leaf, row, forest.left),
        forest.right,
    )
    nodes = np.stack(columns, axis=1).astype(np.int32)
    roots = forest.roots if chosen is None else forest.roots[chosen]
    return WalkTables(nodes, forest.value[leaf], roots)


def blend_tables(forest: Forest) -> BlendTables | None:
    """Return the tables of a shallow forest of few classes, or None if it is another one."""
    used = _used(forest)
    few = forest.n_classes <= BLEND_CLASSES and len(used) <= FEATURES[-1]
    if not few or forest.depth > BLEND_DEPTH:
        return None
    compact = np.zeros(forest.n_features, np.int32)
    compact[used] = np.arange(len(used)) * BLEND_ROWS
    level, features, thresholds = forest.roots[:, None], [], []
    for _ in range(BLEND_DEPTH):
        inner = forest.feature[level] != LEAF
        features.append(np.where(inner, compact[forest.feature[level]], 0))
        thresholds.append(np.where(inner, forest.threshold[level], np.inf))
        # A leaf is its own left child until the tree is perfect.
        children = (np.where(inner, side[level], level) for side in (forest.left, forest.right))
        level = np.stack(tuple(children), axis=-1).reshape(forest.n_trees, -1)
    leaves = forest.value[level, 1:].transpose(0, 2, 1)
    return BlendTables(
        np.concatenate(features, axis=1).astype(np.int32),
        np.concatenate(thresholds, axis=1).astype(np.float32),
        np.append(leaves, np.zeros(16, np.float32)).astype(np.float32),
        used if used.size else np.zeros(1, np.int32),
        _bucket(len(used)),
    )


def _used(forest: Forest) -> Int32:
    return np.unique(forest.feature[forest.feature != LEAF]).astype(np.int32)


def _bucket(n_features: int) -> int:
    """Return the room for features in private memory, or 0 if they are too many for it."""
    return next((n for n in FEATURES if n_features <= n), 0)


def bit_tables(forest: Forest) -> tuple[list[BitTables], Mask]:
    """Return tables of all trees that fit ``forest_bits.cl``, and which trees do not (bool)."""
    order = _order(forest)
    waiting = np.zeros(forest.n_trees, np.int32)
    np.maximum.at(waiting, order.tree, order.slot)
    used = _used(forest)
    fits = (waiting <= MAX_SLOTS) & (order.rows <= 2**MAX_BITS)
    parts = [_part(forest, order, trees, used, bits) for trees, bits in _kinds(order, forest, fits)]
    return parts, ~fits


def _kinds(order: _Order, forest: Forest, fits: Mask) -> Iterator[tuple[Mask, int]]:
    """Yield trees that share a launch, and the bits that tell their leaves apart.

    Each launch reads the features anew, so a few trees join those that need more bits.
    """
    most = np.where(order.certain, forest.n_classes, order.rows)
    left = fits.copy()
    for bits in BITS:
        trees = left & (most <= 2**bits)
        if (left & ~trees).any() and trees.sum() < FEW_TREES:
            continue
        if trees.any():
            yield trees, bits
        left &= ~trees


def _part(forest: Forest, order: _Order, chosen: Mask, used: Int32, bits: int) -> BitTables:
    inner = (forest.feature != LEAF) & chosen[order.tree]
    count = np.bincount(order.tree[inner], minlength=forest.n_trees)[chosen]
    first = np.cumsum(count) - count
    compact = np.zeros(forest.n_features, np.uint32)
    compact[used] = np.arange(len(used))
    nodes = np.empty((max(int(count.sum()), 1), 4 + 2 * bits), np.uint32)
    n = len(nodes) if count.sum() else 0
    nodes[:n, 0] = compact[forest.feature[inner]]
    nodes[:n, 1] = forest.threshold[inner].view(np.uint32)
    nodes[:n, 2] = order.slot[inner]
    nodes[:n, 3] = order.size[inner]
    for side, children in enumerate((forest.left[inner], forest.right[inner])):
        code = order.row[children]
        for bit in range(bits):
            nodes[:n, 4 + 2 * bit + side] = -((code >> bit) & 1)
    place = np.zeros(forest.n_trees, np.int64)
    place[chosen] = first
    where = place[order.tree[inner]] + order.position[inner]
    if not np.array_equal(where, np.arange(n)):
        nodes[where] = nodes[:n].copy()

    table, offset, rows = _table(forest, order, chosen)
    trees = np.stack((first, first + count, offset, rows), axis=1).astype(np.int32)
    # No buffer may be empty, and a shuffle reads 16 floats wherever a row begins.
    used = used if used.size else np.zeros(1, np.int32)
    return BitTables(
        nodes,
        trees,
        np.append(table, np.zeros(16, np.float32)),
        used,
        bits,
        _bucket(len(used)),
        bool(rows.any()),
    )


def _table(
    forest: Forest, order: _Order, chosen: Mask
) -> tuple[Float32, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return fractions (tree by tree, class, row), where each tree begins, and rows a tree."""
    rows_of = np.where(order.certain, 0, order.rows).astype(np.int64)
    rows = rows_of[chosen]
    begin = np.zeros(forest.n_trees, np.int64)
    begin[chosen] = offset = (np.cumsum(rows) - rows) * forest.n_classes
    table = np.zeros(int(rows.sum()) * forest.n_classes, np.float32)
    leaf = np.flatnonzero((forest.feature == LEAF) & (chosen & ~order.certain)[order.tree])
    tree = order.tree[leaf]
    for c in range(forest.n_classes):
        table[begin[tree] + c * rows_of[tree] + order.row[leaf]] = forest.value[leaf, c]
    return table, offset, rows


def _order(forest: Forest) -> _Order:
    inner = forest.feature != LEAF
    size = inner.astype(np.int32)
    position = np.zeros(forest.n_nodes, np.int32)
    slot = np.zeros(forest.n_nodes, np.int32)
    for level in reversed(forest.levels):
        size[level] += size[forest.left[level]] + size[forest.right[level]]
    for level in forest.levels:
        left, right = forest.left[level], forest.right[level]
        position[left] = position[level] + 1
        position[right] = position[left] + size[left]
        # The right child waits in its parent's slot; the left one goes first, above it.
        slot[right] = slot[level]
        slot[left] = slot[level] + 1
    sizes = np.diff(np.append(forest.roots, forest.n_nodes))
    tree = np.repeat(np.arange(forest.n_trees, dtype=np.int32), sizes)
    return _Order(size, position, slot, tree, *_number(forest, tree))


def _number(forest: Forest, tree: Int32) -> tuple[Int32, Int32, Mask]:
    """Give each leaf a row in its tree's table; return them, rows a tree, and certain trees.

    Leaves that are certain of a class share that class's row, as far as that saves rows.
    """
    leaf = forest.feature == LEAF
    class_of = np.zeros(forest.n_nodes, np.int32)
    unsure = leaf.copy()
    for c in range(forest.n_classes):
        sure = forest.value[:, c] == 1
        class_of[sure], unsure[sure] = c, False
    leaves = np.bincount(tree[leaf], minlength=forest.n_trees)
    doubts = np.bincount(tree[unsure], minlength=forest.n_trees)
    # A tree that asks nothing sends no pixel to a leaf: it is looked up in row 0.
    certain = (doubts == 0) & (leaves > 1)
    shared = certain | (forest.n_classes + doubts < leaves)

    def count(mask: Mask) -> Int32:
        """Number the nodes of a mask in each tree."""
        before = np.append(0, np.cumsum(mask))
        number: Int32 = (before[:-1] - before[forest.roots][tree]).astype(np.int32)
        return number

    by_class = np.where(unsure, forest.n_classes + count(unsure), class_of)
    row = np.where(leaf, np.where(shared[tree], by_class, count(leaf)), 0).astype(np.int32)
    rows = np.where(shared, forest.n_classes + doubts, leaves).astype(np.int32)
    return row, rows, certain
