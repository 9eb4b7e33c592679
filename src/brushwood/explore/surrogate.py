"""Make groups repeatable: a classifier that learns them, and how well it does on unseen rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from brushwood.errors import InputError
from brushwood.explore.heldout import HeldOut, Ints, held_out
from brushwood.explore.nearest import sample
from brushwood.explore.options import MAX_SEED, Options
from brushwood.explore.prepare import Floats, columns_as_floats
from brushwood.explore.ranking import cluster_ids
from brushwood.explore.tree import Tree, read_tree
from brushwood.forest.grow import grow
from brushwood.forest.params import ForestParams, option
from brushwood.forest.reference import predict_proba
from brushwood.jobs import IDLE, Job
from brushwood.tables import units_of

if TYPE_CHECKING:
    from pandas import DataFrame, Series

#: Fewest rows of a group that can be learned and held out.
_FEWEST = 2
#: Rows whose agreement is measured.
_MOST = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SurrogateParams(Options):
    """How a classifier learns groups.

    Attributes
    ----------
    n_trees : int
        Of the forest to use.
    depth : int
        Questions in a row in the tree to read.
    n_folds : int
        Parts of which each is held out once.
    seed : int
    """

    n_trees: int = option(200, label="Trees", help="Of the forest that is saved.", min=1, max=1000)
    depth: int = option(3, label="Questions in a row", help="Of the tree to read.", min=1, max=8)
    n_folds: int = option(
        5, label="Folds", help="Each part is held out once to measure agreement.", min=2, max=20
    )
    seed: int = option(
        0, label="Seed", help="Same groups and seed, same classifier.", min=0, max=MAX_SEED
    )

    def forest(self) -> ForestParams:
        """Return how the forest to use is grown: as an object classifier's by default."""
        return ForestParams(
            kind="random",
            n_trees=self.n_trees,
            max_depth=None,
            max_features="sqrt",
            seed=self.seed,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Surrogate:
    """What is needed to make groups repeatable.

    `brushwood.models.surrogate.to_classifier` makes an object classifier of it.

    Attributes
    ----------
    columns : tuple of str
    classes : Series of int64
        The groups as classes, with the table's index; 0 for rows without a group.
    class_names : dict of int to str
    forest_agreement, tree_agreement : HeldOut
        Of the forest to use, and of the tree to read.
    tree : Tree
        Learned from all rows.
    params : SurrogateParams
    notes : tuple of str
        What a user should know.
    """

    columns: tuple[str, ...]
    classes: "Series[int]"
    class_names: dict[int, str]
    forest_agreement: HeldOut
    tree_agreement: HeldOut
    tree: Tree
    params: SurrogateParams
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return columns, agreement and the tree as JSON values."""
        return {
            "params": self.params.to_json(),
            "columns": list(self.columns),
            "class_names": {str(i): name for i, name in self.class_names.items()},
            "forest": self.forest_agreement.to_json(),
            "tree": self.tree.to_json() | {"held_out": self.tree_agreement.to_json()},
            "text": self.tree.text(),
            "notes": list(self.notes),
        }


def train_surrogate(
    table: "DataFrame",
    clusters: Any,
    *,
    columns: Sequence[str] | None = None,
    class_names: Mapping[int, str] | None = None,
    params: SurrogateParams | None = None,
    job: Job = IDLE,
) -> Surrogate:
    """Learn groups from columns, and measure how well that works on rows that were held out.

    With a column ``image`` of several values whole images are held out. A gap in a column is
    filled by the median of the rows learned from, as `brushwood.ObjectClassifier` does.

    Parameters
    ----------
    table : DataFrame
    clusters : Series or int array (row,)
        1 and up; rows with 0 are left out.
    columns : sequence of str, optional
        By default all that describe objects; see `brushwood.rank_columns` for a small set.
    class_names : mapping of int to str, optional
        By default ``group 1``, ``group 2``.
    params : SurrogateParams, optional
    job : Job

    Raises
    ------
    InputError
        If there are fewer than two groups of two rows, or a column has no number.
    ShapeMismatchError
        If clusters do not belong to the table's rows.
    Cancelled
    """
    import pandas as pd

    params = params or SurrogateParams()
    names, values = columns_as_floats(table, columns)
    ids, notes = learnable(cluster_ids(table, clusters))
    used = np.flatnonzero(ids > 0)
    values = np.where(np.isfinite(values), values, np.nan)[used]
    empty = [n for n, c in zip(names, values.T, strict=True) if np.isnan(c).all()]
    if empty:
        raise InputError(f"No object in a group has a number in {', '.join(empty)}. Leave it out.")
    shown = {int(i): f"group {i}" for i in np.unique(ids[used])} | dict(class_names or {})
    images = table["image"].to_numpy()[used] if "image" in table.columns else None
    rows = sample(len(used), _MOST, params.seed)
    if len(rows) < len(used):
        notes.append(f"Agreement was measured on {len(rows):,} of {len(used):,} rows.")
    measure = partial(
        held_out,
        values[rows],
        ids[used][rows],
        None if images is None else images[rows],
        n_folds=params.n_folds,
        seed=params.seed,
    )
    forest_agreement = measure(partial(_forest, params), job=job.part(0.0, 0.8))
    tree_agreement = measure(partial(_tree, params), job=job.part(0.8, 0.95))
    full = filled(values, values)
    tree = read_tree(
        _fitted_tree(params, full, ids[used]), full, ids[used], names, units_of(table), shown
    )
    job.checkpoint(1.0, "Learning groups")
    return Surrogate(
        columns=tuple(names),
        classes=pd.Series(ids, index=table.index, name="class"),
        class_names=shown,
        forest_agreement=forest_agreement,
        tree_agreement=tree_agreement,
        tree=tree,
        params=params,
        notes=tuple(notes),
    )


def filled(values: Floats, learned: Floats) -> Floats:
    """Replace gaps by the medians of the rows learned from; float64 (row, column)."""
    none = np.isnan(learned).all(axis=0)
    medians = np.zeros(learned.shape[1])
    medians[~none] = np.nanmedian(learned[:, ~none], axis=0)
    return np.where(np.isnan(values), medians, values)


def learnable(ids: Ints) -> tuple[Ints, list[str]]:
    """Drop groups that are too small to be held out, and say which.

    Raises
    ------
    InputError
        If fewer than two groups are left.
    """
    found, counts = np.unique(ids[ids > 0], return_counts=True)
    small = found[counts < _FEWEST]
    if len(found) - len(small) < 2:
        raise InputError(
            f"A classifier needs at least two groups of {_FEWEST} objects each, but there "
            f"{'is' if len(found) - len(small) == 1 else 'are'} {len(found) - len(small)}. Cluster "
            "the rows first, or ask for other groups."
        )
    notes = [f"Group {g} has a single object and was left out." for g in small.tolist()]
    return np.where(np.isin(ids, small), 0, ids), notes


def _forest(params: SurrogateParams, X: Floats, y: Ints, unseen: Floats, job: Job) -> Ints:
    forest = grow(filled(X, X).astype(np.float32), y, params.forest(), job)
    best = predict_proba(forest, filled(unseen, X).astype(np.float32)).argmax(axis=1)
    ids: Ints = forest.classes[best].astype(np.int64)
    return ids


def _tree(params: SurrogateParams, X: Floats, y: Ints, unseen: Floats, job: Job) -> Ints:
    job.checkpoint(0.0, "Learning a tree to read")
    return np.asarray(_fitted_tree(params, filled(X, X), y).predict(filled(unseen, X)), np.int64)


def _fitted_tree(params: SurrogateParams, X: Floats, y: Ints) -> Any:
    from sklearn.tree import DecisionTreeClassifier

    model = DecisionTreeClassifier(max_depth=params.depth, random_state=params.seed)
    return model.fit(X, y)
