"""Why a classifier decides so: SHAP values, permutation importance, and where both mislead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from brushwood.errors import InputError
from brushwood.explore.aside import Watch, run_aside
from brushwood.explore.correlate import correlate
from brushwood.explore.heldout import Ints
from brushwood.explore.nearest import sample
from brushwood.explore.optional import need
from brushwood.explore.options import MAX_SEED, Options
from brushwood.explore.prepare import Floats, Rows, columns_as_floats
from brushwood.explore.ranking import cluster_ids
from brushwood.explore.surrogate import SurrogateParams, filled, learnable
from brushwood.forest.params import option
from brushwood.jobs import IDLE, Job

if TYPE_CHECKING:
    from pandas import DataFrame

#: Rows that are explained between two looks at the job.
_CHUNK = 16
#: Rows a forest learns from, at most.
_MOST = 20_000
#: Held-out rows whose columns are shuffled, at most.
_MOST_SHUFFLED = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainParams(Options):
    """How a classifier's decisions are explained.

    Attributes
    ----------
    max_rows : int
        Rows with SHAP values, a sample of longer tables.
    repeats : int
        How often each column is shuffled.
    redundant : float
        Columns correlated at least this much (Spearman) stand in for each other.
    seed : int
    """

    max_rows: int = option(
        1_000, label="Objects explained", help="A random sample of more.", min=10, max=100_000
    )
    repeats: int = option(
        5, label="Shuffles", help="Of each column, for the permutation importance.", min=1, max=50
    )
    redundant: float = option(
        0.8,
        label="Stand-ins from",
        help="Columns correlated at least this much stand in for each other.",
        min=0.5,
        max=1.0,
    )
    seed: int = option(0, label="Seed", help="Same seed, same sample.", min=0, max=MAX_SEED)


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """How much each column speaks for each class, row by row.

    Attributes
    ----------
    columns : tuple of str
        By mean absolute SHAP value, largest first.
    classes : tuple of int
    class_names : dict of int to str
    shap : float64 (explained row, column, class)
        In probabilities: a row's values and the base add up to what the forest says.
    base : float64 (class,)
        The forest's mean probability.
    rows : intp (explained,)
        Rows of the table.
    values : float64 (explained row, column)
        In the columns' own units.
    importance : float64 (column, class)
        Mean absolute SHAP value.
    permutation, permutation_spread : float64 (column,)
        Loss of balanced accuracy on held-out rows when a column is shuffled: mean, and standard
        deviation over the shuffles.
    warnings : tuple of str
        Which columns look less important than they are, and why.
    params : ExplainParams
    """

    columns: tuple[str, ...]
    classes: tuple[int, ...]
    class_names: dict[int, str]
    shap: Floats
    base: Floats
    rows: Rows
    values: Floats
    importance: Floats
    permutation: Floats
    permutation_spread: Floats
    warnings: tuple[str, ...]
    params: ExplainParams

    def table(self) -> "DataFrame":
        """Return both importances: one row a column."""
        import pandas as pd

        found = {f"SHAP {self.class_names[c]}": self.importance[:, k] for k, c in self._numbered()}
        table = pd.DataFrame(found, index=pd.Index(self.columns, name="column"))
        table["permutation"] = self.permutation
        table["permutation_spread"] = self.permutation_spread
        return table

    def _numbered(self) -> list[tuple[int, int]]:
        return list(enumerate(self.classes))

    def swarm(self, class_id: int, most: int = 12) -> "DataFrame":
        """Return points of a beeswarm plot for one class.

        Parameters
        ----------
        class_id : int
        most : int
            Columns shown.

        Returns
        -------
        DataFrame
            ``column``, ``row`` (of the table), ``shap``, ``value``, ``color`` (rank of the value
            in its column, 0 to 1), ``y`` (place: the column's number, moved by up to 0.4 so that
            points do not hide each other).
        """
        import pandas as pd
        from scipy.stats import rankdata

        k = self._class(class_id)
        parts = []
        for i, name in enumerate(self.columns[:most]):
            shap, value = self.shap[:, i, k], self.values[:, i]
            rank = rankdata(np.nan_to_num(value, nan=0.0), "average") - 1
            parts.append(
                pd.DataFrame(
                    {
                        "column": name,
                        "row": self.rows,
                        "shap": shap,
                        "value": value,
                        "color": np.where(np.isnan(value), np.nan, rank / max(1, len(rank) - 1)),
                        "y": i + _spread(shap),
                    }
                )
            )
        return pd.concat(parts, ignore_index=True)

    def bars(self, row: int, class_id: int) -> "DataFrame":
        """Return what spoke for a class in one row, strongest first.

        Parameters
        ----------
        row : int
            Row of the table.
        class_id : int

        Returns
        -------
        DataFrame
            ``column``, ``value``, ``shap``; ``attrs["base"]`` and ``attrs["probability"]``.

        Raises
        ------
        InputError
            If the row was not among those explained, or there is no such class.
        """
        import pandas as pd

        k, at = self._class(class_id), np.flatnonzero(self.rows == row)
        if not at.size:
            raise InputError(
                f"Row {row} was not explained: {len(self.rows):,} rows were, drawn by seed "
                f"{self.params.seed}. Explain more rows, or choose another."
            )
        shap = self.shap[at[0], :, k]
        bars = pd.DataFrame({"column": self.columns, "value": self.values[at[0]], "shap": shap})
        bars = bars.iloc[np.argsort(-np.abs(shap), kind="stable")].reset_index(drop=True)
        bars.attrs.update(base=float(self.base[k]), probability=float(self.base[k] + shap.sum()))
        return bars

    def _class(self, class_id: int) -> int:
        if class_id not in self.classes:
            raise InputError(f"There is no class {class_id}, only {self.classes}.")
        return self.classes.index(class_id)


def explain(
    table: "DataFrame",
    clusters: Any,
    *,
    columns: Sequence[str] | None = None,
    class_names: Mapping[int, str] | None = None,
    forest: SurrogateParams | None = None,
    params: ExplainParams | None = None,
    job: Job = IDLE,
) -> Explanation:
    """Explain the forest that `brushwood.train_surrogate` makes of groups.

    SHAP values are those of TreeExplainer (Lundberg et al. 2020) on the forest that learned all
    rows. Permutation importance (Breiman 2001) is measured on held-out rows: whole images where
    there are several, else 30 % of the rows.

    Parameters
    ----------
    table : DataFrame
    clusters : Series or int array (row,)
        1 and up; rows with 0 are left out.
    columns : sequence of str, optional
        By default all that describe objects.
    class_names : mapping of int to str, optional
    forest : SurrogateParams, optional
    params : ExplainParams, optional
    job : Job
        A cancel is obeyed at once.

    Raises
    ------
    InputError, ShapeMismatchError
        As `brushwood.train_surrogate`.
    MissingPackageError
        If shap is not installed.
    Cancelled
    """
    params, forest = params or ExplainParams(), forest or SurrogateParams()
    names, values = columns_as_floats(table, columns)
    ids, _ = learnable(cluster_ids(table, clusters))
    used = np.flatnonzero(ids > 0)
    used = used[sample(len(used), _MOST, params.seed)]
    values = np.where(np.isfinite(values), values, np.nan)
    X, y = filled(values[used], values[used]), ids[used]
    at = sample(len(used), params.max_rows, params.seed)
    model = _forest(forest)
    shap, base = run_aside(
        lambda watch: _shap(model.fit(X, y), X[at], watch), job.part(0.0, 0.7), "SHAP values"
    )
    images = table["image"].to_numpy()[used] if "image" in table.columns else None
    loss, spread = run_aside(
        lambda watch: _permuted(X, y, images, forest, params, watch),
        job.part(0.7, 0.95),
        "Shuffling columns",
    )
    similar = correlate(table.iloc[used], names, redundant=params.redundant, job=job.part(0.95, 1))
    importance = np.abs(shap).mean(axis=0)
    order = np.argsort(-importance.sum(axis=1), kind="stable")
    ordered = tuple(names[i] for i in order)
    classes = tuple(int(c) for c in model.classes_)
    return Explanation(
        columns=ordered,
        classes=classes,
        class_names={c: f"group {c}" for c in classes} | dict(class_names or {}),
        shap=shap[:, order],
        base=base,
        rows=used[at],
        values=values[used[at]][:, order],
        importance=importance[order],
        permutation=loss[order],
        permutation_spread=spread[order],
        warnings=_warnings(ordered, similar.partners),
        params=params,
    )


def _forest(params: SurrogateParams) -> Any:
    """Return scikit-learn's forest: tree by tree the one that `brushwood.forest.grow` grows."""
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(
        params.n_trees, max_features="sqrt", random_state=params.seed, n_jobs=1
    )


def _shap(model: Any, X: Floats, watch: Watch) -> tuple[Floats, Floats]:
    """Return SHAP values (row, column, class) and the base (class,), part by part."""
    explainer = need("shap").TreeExplainer(model)
    parts = []
    for start in range(0, len(X), _CHUNK):
        watch.stop_here(start / len(X), "SHAP values")
        part = np.asarray(explainer.shap_values(X[start : start + _CHUNK], check_additivity=False))
        parts.append(part)
    return np.concatenate(parts), np.asarray(explainer.expected_value, np.float64)


def _permuted(
    X: Floats,
    y: Ints,
    images: npt.NDArray[Any] | None,
    forest: SurrogateParams,
    params: ExplainParams,
    watch: Watch,
) -> tuple[Floats, Floats]:
    """Return mean and spread of the loss of balanced accuracy when a column is shuffled."""
    from sklearn.metrics import recall_score

    def score(values: Floats) -> float:
        return float(recall_score(y[test], model.predict(values), average="macro", zero_division=0))

    train, test = _split(y, images, params.seed)
    test = test[sample(len(test), _MOST_SHUFFLED, params.seed)]
    model = _forest(forest).fit(X[train], y[train])
    whole, rng = score(X[test]), np.random.default_rng(params.seed)
    losses = np.empty((X.shape[1], params.repeats))
    for i in range(X.shape[1]):
        for k in range(params.repeats):
            watch.stop_here((i + k / params.repeats) / X.shape[1])
            shuffled = X[test].copy()
            shuffled[:, i] = rng.permutation(shuffled[:, i])
            losses[i, k] = whole - score(shuffled)
    return losses.mean(axis=1), losses.std(axis=1)


def _split(y: Ints, images: npt.NDArray[Any] | None, seed: int) -> tuple[Rows, Rows]:
    """Hold out whole images, or 30 % of the rows; each group keeps a row to learn from."""
    from sklearn.model_selection import GroupShuffleSplit, train_test_split

    every = np.arange(len(y))
    if images is not None and len(np.unique(images.astype(str))) > 1:
        groups = np.unique(images.astype(str), return_inverse=True)[1]
        train, test = next(
            GroupShuffleSplit(1, test_size=0.3, random_state=seed).split(y, y, groups)
        )
        if set(y[test]) <= set(y[train]):
            return train, test
    n = max(len(np.unique(y)), round(0.3 * len(y)))
    train, test = train_test_split(every, test_size=n, stratify=y, random_state=seed)
    return train, test


def _warnings(columns: Sequence[str], partners: Any) -> tuple[str, ...]:
    said = []
    for name in columns:
        others = partners(name)
        if others:
            said.append(
                f"{name!r} says nearly the same as {', '.join(map(repr, others))}: the forest uses "
                "now one, now the other, so each looks less important than it is."
            )
    return tuple(said)


def _spread(values: Floats) -> Floats:
    """Move points that would hide each other apart, by up to 0.4 to either side."""
    low, high = float(values.min()), float(values.max())
    if high <= low:
        return np.linspace(-0.4, 0.4, len(values)) if len(values) > 1 else np.zeros(1)
    bins = np.minimum(((values - low) / (high - low) * 60).astype(int), 59)
    counts = np.bincount(bins, minlength=60)
    order = np.argsort(bins, kind="stable")
    within = np.empty(len(values))
    within[order] = (
        np.arange(len(values)) - np.concatenate([[0], np.cumsum(counts)[:-1]])[bins[order]]
    )
    side = np.where(within % 2 == 0, 1, -1) * np.ceil(within / 2)
    return 0.4 * side / max(1.0, float(np.abs(side).max()))
