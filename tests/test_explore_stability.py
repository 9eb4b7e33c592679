"""Stability tells real groups from those of the seed, and from cuts through a continuum."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from brushwood.errors import InputError
from brushwood.explore.agreement import ABSENT, matched, pairwise, row_agreement
from brushwood.explore.embed import EmbedParams
from brushwood.explore.grouping import ClusterParams
from brushwood.explore.separation import groupless, separation
from brushwood.explore.stability import StabilityParams, stability
from brushwood.explore.verdict import judge
from brushwood.jobs import Cancelled, Job
from explore_tables import blobs, cloud

PCA = EmbedParams(method="pca")


def ids(*values):
    return np.array(values, np.int32)


def test_matching_keeps_as_many_rows_as_possible():
    reference = ids(1, 1, 1, 2, 2, 3)
    assert matched(ids(2, 2, 2, 3, 3, 1), reference).tolist() == [1, 1, 1, 2, 2, 3]
    # Greedy by overlap would leave group 1 to the first, and lose a row.
    assert matched(ids(1, 1, 1, 1, 1, 2, 2), ids(1, 1, 1, 2, 2, 1, 1)).tolist() == [2] * 5 + [1] * 2
    # A group more than the reference has, strays and absent rows.
    out = matched(ids(4, 4, 3, 2, 0, ABSENT), reference)
    assert out[[0, 1, 3, 4, 5]].tolist() == [1, 1, 2, 0, ABSENT] and out[2] >= 3


def test_matching_is_the_best_of_all():
    rng = np.random.default_rng(0)
    from itertools import permutations

    for _ in range(20):
        first, second = (rng.integers(1, 5, 40).astype(np.int32) for _ in range(2))
        best = max((np.array([0, *p])[first] == second).sum() for p in permutations(range(1, 5)))
        assert (matched(first, second) == second).sum() == best


def test_runs_are_compared_over_the_rows_that_both_have():
    runs = [ids(1, 1, 2, 2, ABSENT), ids(2, 2, 1, ABSENT, 1), ids(*[ABSENT] * 4, 1)]
    matrix = pairwise(runs)
    assert matrix[0, 1] == 1 and np.isnan(matrix[0, 2]) and (np.diag(matrix) == 1).all()
    np.testing.assert_array_equal(matrix, matrix.T)
    a, b = np.random.default_rng(0).integers(0, 3, (2, 50)).astype(np.int32)
    assert pairwise([a, b])[0, 1] == adjusted_rand_score(a, b)
    agreement = row_agreement([ids(1, 2, ABSENT), ids(1, 1, ABSENT)], ids(1, 1, 1))
    assert agreement[:2].tolist() == [1, 0.5] and np.isnan(agreement[2])


@pytest.mark.parametrize("embedding", [None, PCA])
@pytest.mark.parametrize(
    ("table", "k", "answer"),
    [
        (blobs(240)[0], 2, "stable"),
        (blobs(240, distance=4)[0], 2, "stable"),
        (blobs(240, k=3, distance=5)[0], 3, "stable"),
        (cloud(240, n_columns=6), 2, "seed"),
        (cloud(240), 4, "seed"),
        # Any repetition cuts it across, so it would pass for two groups without the controls.
        (cloud(240, n_columns=2, stretch=12), 2, "cut"),
        (pd.DataFrame(np.outer(np.linspace(0, 1, 240), [1.0, 1]), columns=["a", "b"]), 2, "cut"),
    ],
)
def test_data_with_and_without_groups(table, k, answer, embedding):
    found = stability(table, embedding, ClusterParams(n_clusters=k))
    assert found.verdict.answer == answer, found.verdict
    assert len(found.runs) == 10 and found.rand.shape == (10, 10)
    if answer == "stable":
        assert found.verdict.sentence.startswith("These groups are stable")
        assert np.nanmean(found.agreement) > 0.95
    if answer == "seed":
        assert "depend on the seed" in found.verdict.sentence
        assert "does not make it true" in found.verdict.sentence
    if answer == "cut":
        assert "continuum" in found.verdict.sentence
        assert found.verdict.rand >= 0.9 and found.verdict.separation <= max(found.controls)


@pytest.mark.parametrize(("distance", "answer"), [(8.0, "stable"), (0.0, "seed")])
def test_groups_of_a_umap(distance, answer):
    table, _ = blobs(160, distance=distance, n_columns=6)
    params = StabilityParams(n_runs=4, n_controls=2)
    found = stability(table, EmbedParams(), ClusterParams(), params=params)
    assert found.verdict.answer == answer
    assert len({run.positions.tobytes() for run in found.runs}) == 4


def test_an_object_between_groups_keeps_its_group_less_often():
    table, _ = blobs(100)
    table.loc[99, ["m0", "m1"]] = [4.0, 4.0]
    table.loc[98, "m2"] = np.nan
    found = stability(table, None, ClusterParams(), params=StabilityParams(n_runs=20, n_controls=0))
    assert found.agreement[99] < 0.9 < np.nanmin(np.delete(found.agreement, 99))
    assert np.isnan(found.agreement[98])
    series = found.series(table.index)
    assert series.name == "agreement clusters" and series.index.equals(table.index)


def test_given_groups_are_the_ones_that_are_tested():
    table, truth = blobs(100)
    wrong = np.random.default_rng(0).permutation(truth) + 1
    params = StabilityParams(n_runs=3, n_controls=0)
    right = stability(table, None, reference=2 - truth, params=params)
    assert np.nanmin(right.agreement) == 1 and right.reference.tolist() == (2 - truth).tolist()
    assert np.nanmean(stability(table, None, reference=wrong, params=params).agreement) < 0.7
    for bad, message in [(truth[:5], "for each of 100 rows"), (truth - 1, "numbered from 1")]:
        with pytest.raises(InputError, match=message):
            stability(table, None, reference=bad)


def test_runs_can_be_drawn_and_follow_from_the_seed():
    table, _ = blobs(100)
    params = StabilityParams(n_runs=3, n_controls=1, fraction=0.5)
    first, again = (stability(table, PCA, params=params) for _ in range(2))
    for run, same in zip(first.runs, again.runs, strict=True):
        assert len(run.rows) == len(run.ids) == len(run.positions) == 50
        np.testing.assert_array_equal(run.positions, same.positions)
        np.testing.assert_array_equal(run.rows, same.rows)
    assert len({run.seed for run in first.runs}) == 3
    assert len({tuple(run.rows) for run in first.runs}) == 3
    json.dumps(first.to_json(), allow_nan=False)
    plain = stability(table, None, params=params)
    assert plain.runs[0].positions.shape == (50, 2)


def test_long_tables_are_drawn_and_rows_never_drawn_have_no_agreement():
    table, _ = blobs(2000)
    found = stability(table, None, params=StabilityParams(n_runs=2, n_controls=0, max_rows=100))
    assert np.isfinite(found.agreement).sum() <= 200
    assert found.verdict.answer == "stable"


def test_fewer_than_two_groups_cannot_be_judged():
    hdbscan = ClusterParams(method="hdbscan", min_size=60)
    found = stability(cloud(100), None, hdbscan, params=StabilityParams(n_runs=2, n_controls=0))
    json.dumps(found.to_json(), allow_nan=False)
    assert found.verdict.answer == "none" and "fewer than two groups" in found.verdict.sentence


def test_the_smallest_group_shrinks_with_the_subsample():
    table, _ = blobs(200)
    params = StabilityParams(n_runs=4, n_controls=0, fraction=0.5)
    dense = ClusterParams(method="hdbscan", min_size=60)  # a run has 50 rows of each group
    assert stability(table, None, dense, params=params).verdict.answer == "stable"


def test_progress_runs_from_0_to_1_and_cancel_ends_it():
    seen = []
    table, _ = blobs(100)
    stability(table, PCA, job=Job(lambda fraction, message: seen.append(fraction)))
    assert seen == sorted(seen) and seen[0] == 0 and seen[-1] == pytest.approx(1)
    job = Job(lambda fraction, message: fraction > 0.5 and job.cancel())
    with pytest.raises(Cancelled):
        stability(table, PCA, job=job)


def test_subsamples_too_small_for_the_method_are_refused():
    with pytest.raises(InputError, match=r"neighbours 15 needs more than 15 rows.* there are 14"):
        stability(cloud(18), EmbedParams())


def test_the_middle_of_the_scale_says_most():
    rand = np.full((3, 3), 0.7)
    verdict = judge(rand, [0.5], [0.6], np.ones(4), ids(1, 1, 2, 2))
    assert verdict.answer == "mostly" and "no further apart" in verdict.sentence
    assert "100 % of the objects" in verdict.sentence
    verdict = judge(rand, [0.5], [], np.ones(4), ids(1, 1, 2, 2))
    assert "no further apart" not in verdict.sentence


def test_groupless_data_have_the_same_covariance():
    matrix = cloud(20_000, stretch=3).to_numpy()
    drawn = groupless(matrix, 0)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(matrix.T), atol=0.15)
    assert drawn.shape == matrix.shape


def test_separation_ignores_strays_and_needs_two_groups():
    table, truth = blobs(60)
    values = table.drop(columns="label").to_numpy(copy=True)
    some = (truth + 1).astype(np.int32)
    wide = separation(values, some)
    assert wide > 0.5 and np.isnan(separation(values, ids(*[1] * 60)))
    values[0], some[0] = 1e6, 0
    assert separation(values, some) == pytest.approx(wide, abs=0.02)
    big, truth = blobs(3000)
    drawn = separation(big.drop(columns="label").to_numpy(), (truth + 1).astype(np.int32))
    assert drawn == pytest.approx(wide, abs=0.1)
