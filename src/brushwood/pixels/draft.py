"""A draft of a model: its first trees alone, shown at once while the whole forest follows."""

import copy
from dataclasses import replace

from brushwood.forest.forest import Forest
from brushwood.pixels.classifier import PixelClassifier

#: Trees of a draft. Fewer would be visibly noisier than the whole forest.
DRAFT_TREES = 30
#: Nodes of a forest that is asked quickly enough without one.
CHEAP_NODES = 8000


def draft_of(classifier: PixelClassifier, n_trees: int = DRAFT_TREES) -> PixelClassifier | None:
    """Return a copy that asks the first trees only, or None if that would not be much faster.

    Trees are independent of each other and equal those of a smaller forest with the same seed, so a
    draft is what that forest would answer. It shares features, stacks and constants with
    the model.

    Parameters
    ----------
    classifier : PixelClassifier
        Fitted.
    n_trees : int
        Trees to keep. A forest of fewer than twice as many has no draft, nor has one of fewer
        than 8,000 nodes.
    """
    forest = classifier.fitted_forest()
    if forest.n_trees < 2 * n_trees or forest.n_nodes < CHEAP_NODES:
        return None
    found = copy.copy(classifier)
    found.forest_ = first_trees(forest, n_trees)
    return found


def first_trees(forest: Forest, n_trees: int) -> Forest:
    """Return the forest of the first trees of another."""
    if n_trees >= forest.n_trees:
        return forest
    end = int(forest.roots[n_trees])
    return replace(
        forest,
        feature=forest.feature[:end],
        threshold=forest.threshold[:end],
        left=forest.left[:end],
        right=forest.right[:end],
        value=forest.value[:end],
        roots=forest.roots[:n_trees],
    )
