"""Columns that make the groups come first; effect sizes are the textbooks'."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import f_oneway, mannwhitneyu

import brushwood as bw
from brushwood.errors import InputError, ShapeMismatchError
from brushwood.explore.effects import cohens_d, eta_squared, pair_effects, rank_biserial
from brushwood.explore.ranking import rank_columns
from brushwood.jobs import Cancelled, Job
from explore_tables import blobs


@pytest.mark.parametrize("kind", ["pearson", "spearman"])
def test_the_columns_that_make_the_groups_come_first(kind):
    table, truth = blobs(200, n_columns=6)
    table["copy"] = table["m0"] * 2 + 1
    laid_out = bw.embed(table, "pca")
    found = rank_columns(table, truth + 1, laid_out, kind=kind)
    assert set(found.columns[:3]) == {"m0", "m1", "copy"}
    assert found.groups == (1, 2) and (np.diff(found.strength) <= 0).all()
    assert ("m0" in found.suggested) + ("copy" in found.suggested) == 1
    assert "m1" not in found.suggested or len(found.suggested) <= 2
    assert not {"m2", "m3", "m4", "m5"} & set(found.suggested)
    assert any({"m0", "copy"} <= set(group) for group in found.redundant)
    json.dumps(found.to_json(), allow_nan=False)


def test_correlations_are_with_the_distance_to_each_centre():
    table, truth = blobs(80)
    places = np.random.default_rng(0).normal(size=(80, 2))
    found = rank_columns(table, truth + 1, places)
    for k, group in enumerate((1, 2)):
        center = places[truth + 1 == group].mean(axis=0)
        distance = np.hypot(*(places - center).T)
        for i, name in enumerate(found.columns):
            expected = np.corrcoef(table[name], distance)[0, 1]
            assert found.to_center[i, k] == pytest.approx(expected)
    table = found.table()
    assert list(table.columns[:3]) == ["strength", "to centre of 1", "to centre of 2"]
    assert (table["strength"] == np.abs(found.to_center).max(axis=1)).all()


def test_rows_without_a_group_or_a_place_do_not_count():
    table, truth = blobs(60)
    ids, places = truth + 1, table[["m0", "m1"]].to_numpy(copy=True)
    keep = np.ones(60, bool)
    keep[[0, 1, 59]] = False
    expected = rank_columns(table[keep], ids[keep], places[keep])
    ids[[0, 1]], places[59] = 0, np.nan
    table.loc[[0, 1, 59], "m2"] = 1e9
    pd.testing.assert_frame_equal(rank_columns(table, ids, places).table(), expected.table())


def test_a_series_is_taken_by_its_index():
    table, truth = blobs(40)
    table.index = table.index + 100
    series = pd.Series(truth + 1, index=table.index).sample(frac=1, random_state=0)
    assert rank_columns(table, series).columns == rank_columns(table, truth + 1).columns
    assert rank_columns(table, series).strength[0] > 0.8


def test_effect_sizes_are_the_textbooks():
    rng = np.random.default_rng(0)
    a, b = rng.normal(1, 1, 30), rng.normal(0, 2, 50)
    pooled = np.sqrt((29 * a.var(ddof=1) + 49 * b.var(ddof=1)) / 78)
    assert cohens_d(a, b) == pytest.approx((a.mean() - b.mean()) / pooled)
    assert cohens_d(b, a) == -cohens_d(a, b)
    u = mannwhitneyu(a, b).statistic
    assert rank_biserial(a, b) == pytest.approx(2 * u / (30 * 50) - 1)
    assert rank_biserial(np.array([3.0, 4]), np.array([1.0, 2])) == 1
    values, ids = np.concatenate([a, b])[:, None], np.repeat([1, 2], [30, 50])
    f = f_oneway(a, b).statistic
    assert eta_squared(values, ids)[0] == pytest.approx(f / (f + 78))
    assert np.isnan(eta_squared(np.ones((5, 1)), np.array([1, 1, 2, 2, 2]))[0])


def test_effect_sizes_at_the_edge():
    one, none, flat = np.array([1.0]), np.array([]), np.array([2.0, 2.0])
    assert np.isnan(cohens_d(one, flat)) and np.isnan(rank_biserial(none, one))
    assert cohens_d(flat, flat) == 0 and cohens_d(flat, flat + 1) == -np.inf
    values = np.array([[1.0], [np.nan], [3.0], [4.0], [5.0]])
    frame = pair_effects(values, np.array([1, 1, 2, 2, 3]), ["m"])
    assert frame[["group_a", "group_b"]].to_numpy().tolist() == [[1, 2], [1, 3], [2, 3]]
    assert frame["rank_biserial"].tolist() == [-1, -1, -1]


def test_columns_with_gaps_and_constant_ones_are_ranked_as_far_as_they_go():
    table, truth = blobs(60)
    table.loc[::3, "m0"] = np.nan
    table["flat"] = 1.0
    found = rank_columns(table, truth + 1, table[["m1", "m2"]].to_numpy())
    assert np.isfinite(found.strength).all() and found.columns[-1] == "flat"
    assert np.isnan(found.to_center[-1]).all() and "flat" not in found.suggested
    json.dumps(found.to_json(), allow_nan=False)


def test_what_cannot_be_ranked_says_why():
    table, truth = blobs(20)
    with pytest.raises(InputError, match="at least two groups, but there is 1"):
        rank_columns(table, np.ones(20, int))
    with pytest.raises(ShapeMismatchError, match="19 cluster ids"):
        rank_columns(table, truth[:19])
    with pytest.raises(ShapeMismatchError, match="Positions"):
        rank_columns(table, truth + 1, np.zeros((3, 2)))
    with pytest.raises(InputError, match="whole numbers"):
        rank_columns(table, truth + 0.5)
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        rank_columns(table, truth + 1, job=job)
