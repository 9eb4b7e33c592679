"""Are groups real? Repeat embedding and clustering with other seeds and subsamples, and compare."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from brushwood.errors import InputError
from brushwood.explore.agreement import ABSENT, matched, pairwise, row_agreement
from brushwood.explore.embed import EmbedParams, check_rows, free_names, layout
from brushwood.explore.grouping import ClusterParams, Ids, group
from brushwood.explore.nearest import sample
from brushwood.explore.options import MAX_SEED, Options
from brushwood.explore.prepare import Floats, Prepared, Rows, prepare
from brushwood.explore.report import finite_or_none
from brushwood.explore.separation import groupless, separation
from brushwood.explore.verdict import Verdict, judge
from brushwood.forest.params import option
from brushwood.jobs import IDLE, Job

if TYPE_CHECKING:
    from pandas import DataFrame, Series


@dataclass(frozen=True, slots=True, kw_only=True)
class StabilityParams(Options):
    """How often embedding and clustering are repeated, and on how many rows.

    Attributes
    ----------
    n_runs : int
        Repetitions, each with its own seed and its own subsample.
    fraction : float
        Share of the rows that each run draws, without replacement.
    max_rows : int
        Most rows of a run.
    n_controls : int
        Runs on data of the same spread without groups, for comparison; 0 for none.
    seed : int
        Seeds and subsamples of the runs follow from it.
    """

    n_runs: int = option(
        10, label="Repetitions", help="Each with another seed and subsample.", min=2, max=100
    )
    fraction: float = option(
        0.8,
        label="Share of objects",
        help="Each run draws this share of the objects. 1: only the seed changes.",
        min=0.1,
        max=1.0,
    )
    max_rows: int = option(
        5_000, label="Most rows", help="Rows that a run draws at most.", min=50, max=1_000_000
    )
    n_controls: int = option(
        5,
        label="Controls",
        help="The same on data of the same spread without groups. Groups that are real stand "
        "further apart than what clustering makes of those.",
        min=0,
        max=50,
    )
    seed: int = option(
        0, label="First seed", help="Same seed, same repetitions.", min=0, max=MAX_SEED
    )


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One repetition, for a small plot.

    Attributes
    ----------
    seed : int
        With which the rows were laid out and grouped.
    rows : intp (drawn,)
        Rows of the table.
    positions : float64 (drawn, component)
        The layout; without an embedding the first two principal components.
    ids : int32 (drawn,)
        Groups, numbered as those of the reference.
    separation : float
        Mean silhouette width, see `brushwood.explore.separation`.
    """

    seed: int
    rows: Rows
    positions: Floats
    ids: Ids
    separation: float


@dataclass(frozen=True, slots=True, eq=False)
class Stability:
    """What repetitions say about groups.

    Attributes
    ----------
    rand : float64 (run, run)
        Adjusted Rand index of each two runs.
    agreement : float64 (row of the table,)
        Share of runs in which a row keeps its group; NaN for rows in no run or left out.
    reference : int32 (row of the table,)
        The groups that were tested.
    runs : tuple of Run
    controls : tuple of float
        Separation of the groups that the same steps make of data without groups.
    verdict : Verdict
    name : str
        Column that holds the agreement: ``agreement k-means on UMAP``.
    params : StabilityParams
    """

    rand: Floats
    agreement: Floats
    reference: Ids
    runs: tuple[Run, ...]
    controls: tuple[float, ...]
    verdict: Verdict
    name: str
    params: StabilityParams

    def series(self, index: Any = None) -> "Series[float]":
        """Return the agreement as a column."""
        import pandas as pd

        return pd.Series(self.agreement, index=index, name=self.name)

    def to_json(self) -> dict[str, Any]:
        """Return a report as JSON values; numbers that do not exist are None."""
        document: dict[str, Any] = finite_or_none(
            {
                "params": self.params.to_json(),
                "verdict": asdict(self.verdict),
                "rand": self.rand.tolist(),
                "seeds": [run.seed for run in self.runs],
                "separation": [run.separation for run in self.runs],
                "separation_without_groups": list(self.controls),
            }
        )
        return document


def stability(
    table: "DataFrame",
    embedding: EmbedParams | None = None,
    clusters: ClusterParams | None = None,
    *,
    columns: Sequence[str] | None = None,
    reference: npt.NDArray[Any] | None = None,
    params: StabilityParams | None = None,
    job: Job = IDLE,
) -> Stability:
    """Repeat embedding and clustering, and say whether the groups come back.

    Parameters
    ----------
    table : DataFrame
        Measurements.
    embedding : EmbedParams, optional
        How rows are laid out before they are grouped; None groups the measurements themselves.
    clusters : ClusterParams, optional
        How they are grouped.
    columns : sequence of str, optional
    reference : int (row of the table,), optional
        The groups to test, 0 for none. By default embedding and clustering are run once on all
        rows with their own seeds.
    params : StabilityParams, optional
    job : Job

    Raises
    ------
    InputError, MissingPackageError
        As `brushwood.embed` and `brushwood.cluster`; or if the reference does not fit the table.
    Cancelled
    """
    prepared = prepare(table, columns)
    given = None if reference is None else np.asarray(reference)
    return stability_of(prepared, embedding, clusters, params, job, reference=given)


def stability_of(
    prepared: Prepared,
    embedding: EmbedParams | None = None,
    clusters: ClusterParams | None = None,
    params: StabilityParams | None = None,
    job: Job = IDLE,
    *,
    reference: npt.NDArray[Any] | None = None,
    on: str = "clusters",
    taken: Collection[str] = (),
) -> Stability:
    """Do the same for a prepared table.

    Parameters
    ----------
    on : str
        Name of the column of groups that is tested, for the name of the agreement.
    taken : collection of str
        Names of columns that exist already.
    """
    clusters, params = clusters or ClusterParams(), params or StabilityParams()
    n_drawn = min(round(params.fraction * len(prepared.matrix)), params.max_rows)
    if embedding is not None:
        check_rows(prepared, embedding, n_drawn)
    steps = params.n_runs + params.n_controls + (reference is None)
    done = 0

    def step() -> Job:
        nonlocal done
        done += 1
        return job.part((done - 1) / steps, done / steps)

    if reference is None:
        known = _reference(prepared, embedding, clusters, params, step())
    else:
        known = _checked(reference, prepared)
    # A group of a subsample has as many objects fewer as the subsample has.
    smaller = max(2, round(clusters.min_size * n_drawn / len(prepared.matrix)))
    pipeline = _Pipeline(embedding, replace(clusters, min_size=smaller), n_drawn)
    runs, placed = [], []
    for seed in _seeds(params.seed, params.n_runs):
        run = pipeline.run(prepared.matrix, seed, step())
        ids = np.full(len(prepared.matrix), ABSENT, np.int32)
        ids[run.rows] = run.ids
        ids = matched(ids, known)
        placed.append(ids)
        runs.append(replace(run, rows=prepared.rows[run.rows], ids=ids[run.rows]))
    controls = tuple(
        pipeline.run(groupless(prepared.matrix, seed), seed, step()).separation
        for seed in _seeds(params.seed + 1, params.n_controls)
    )
    rand = pairwise(placed)
    agreement = row_agreement(placed, known)
    verdict = judge(rand, [run.separation for run in runs], controls, agreement, known)
    name = "agreement " + on.removeprefix("cluster ")
    return Stability(
        rand=rand,
        agreement=prepared.put_back(agreement, np.nan),
        reference=prepared.put_back(known, 0),
        runs=tuple(runs),
        controls=controls,
        verdict=verdict,
        name=free_names([name], taken)[0],
        params=params,
    )


def _seeds(seed: int, n: int) -> list[int]:
    """Return seeds that differ from each other, and those of other first seeds most likely."""
    drawn = np.random.SeedSequence(seed).generate_state(max(n, 1)).tolist()
    return [int(s) for s in drawn[:n]]


@dataclass(frozen=True, slots=True)
class _Pipeline:
    """Draw rows, lay them out, group them."""

    embedding: EmbedParams | None
    clusters: ClusterParams
    n_drawn: int

    def run(self, matrix: Floats, seed: int, job: Job) -> Run:
        rows = sample(len(matrix), self.n_drawn, seed)
        drawn = matrix[rows]
        positions = drawn
        if self.embedding is not None:
            params = replace(self.embedding, seed=seed, max_rows=1_000_000)
            positions = layout(drawn, params, job.part(0.0, 0.8))
        ids = group(positions, replace(self.clusters, seed=seed), job.part(0.8, 1.0))
        shown = positions if self.embedding is not None else _two(drawn)
        return Run(seed, rows, shown, ids, separation(positions, ids))


def _two(matrix: Floats) -> Floats:
    from brushwood.explore.pca import principal_components

    return principal_components(matrix, min(2, matrix.shape[1])).positions


def _reference(
    prepared: Prepared,
    embedding: EmbedParams | None,
    clusters: ClusterParams,
    params: StabilityParams,
    job: Job,
) -> Ids:
    from brushwood.explore.cluster import cluster_positions
    from brushwood.explore.embed import embed_rows

    positions = prepared.matrix
    if embedding is not None:
        positions = embed_rows(prepared, embedding, job.part(0.0, 0.9)).used
    found = cluster_positions(positions, prepared, clusters, job.part(0.9, 1.0))
    return found.ids[prepared.rows]


def _checked(reference: npt.NDArray[Any], prepared: Prepared) -> Ids:
    if reference.shape != (prepared.n_rows,) or reference.dtype.kind not in "iu":
        raise InputError(
            f"The groups to test must be a whole number for each of {prepared.n_rows:,} rows, "
            f"but they are {reference.dtype} {reference.shape}."
        )
    ids = reference[prepared.rows].astype(np.int32)
    if ids.min(initial=0) < 0:
        raise InputError("The groups to test must be numbered from 1, with 0 for no group.")
    return ids
