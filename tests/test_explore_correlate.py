"""Correlations are pandas' and scipy's, ordered by similarity; redundant columns are grouped."""

import json

import numpy as np
import pandas as pd
import pytest

from brushwood.errors import InputError
from brushwood.explore.correlate import correlate
from brushwood.jobs import Cancelled, Job
from explore_tables import cloud


def related(n=200, seed=0):
    """Columns of two families and one alone."""
    rng = np.random.default_rng(seed)
    a, b, c = rng.normal(size=(3, n))
    return pd.DataFrame(
        {
            "size": a,
            "shape": b,
            "area": a + 0.05 * rng.normal(size=n),
            "other": c,
            "roundness": -b + 0.05 * rng.normal(size=n),
            "volume": np.exp(3 * a),
        }
    )


@pytest.mark.parametrize("kind", ["pearson", "spearman"])
@pytest.mark.parametrize("gaps", [False, True])
def test_the_matrix_is_pandas_own(kind, gaps):
    table = related()
    if gaps:
        table = table.mask(np.random.default_rng(1).random(table.shape) < 0.2)
    found = correlate(table, kind=kind)
    expected = table.corr(kind, min_periods=3).loc[list(found.columns), list(found.columns)]
    np.testing.assert_allclose(found.table(), expected, atol=1e-12)


def test_similar_columns_are_neighbours_and_redundant_ones_grouped():
    found = correlate(related())
    at = {name: i for i, name in enumerate(found.columns)}
    assert abs(at["shape"] - at["roundness"]) == 1
    assert (
        max(at[n] for n in ("size", "area", "volume"))
        - min(at[n] for n in ("size", "area", "volume"))
        == 2
    )
    assert {frozenset(group) for group in found.redundant} == {
        frozenset({"shape", "roundness"}),
        frozenset({"size", "area", "volume"}),
    }
    assert found.between("shape", "roundness") < -0.9
    assert found.partners("area") and "other" not in found.partners("area")
    # A curve rises together with its line, but is not straight.
    straight = correlate(related(), kind="pearson")
    assert not any("volume" in group for group in straight.redundant)


def test_every_pair_in_a_group_is_correlated_enough():
    steps = np.cumsum(np.random.default_rng(0).normal(size=(300, 12)), axis=1)
    table = pd.DataFrame(steps, columns=[f"m{i}" for i in range(12)])
    found = correlate(table, redundant=0.85)
    assert found.redundant
    for group in found.redundant:
        sub = found.table().loc[list(group), list(group)]
        assert (np.abs(sub) >= 0.85 - 1e-9).all(axis=None)


def test_constant_columns_and_single_numbers_have_no_correlation():
    table = related(20)
    table["flat"], table["lone"], table["same"] = 1.0, np.nan, table["size"]
    table.loc[3, "lone"] = 5.0
    found = correlate(table)
    assert set(found.constant) == {"flat", "lone"}
    matrix = found.table()
    assert matrix["flat"].isna().all() and matrix["lone"].isna().all()
    assert any({"size", "same"} <= set(group) for group in found.redundant)
    assert not any({"flat", "lone"} & set(group) for group in found.redundant)
    json.dumps(found.to_json(), allow_nan=False)


def test_the_largest_numbers_do_not_overflow():
    table = related(50).drop(columns="volume")
    huge = correlate(table * 1e307, kind="pearson").matrix
    np.testing.assert_allclose(huge, correlate(table, kind="pearson").matrix)


def test_one_or_two_columns_and_bad_input():
    assert correlate(cloud(10)[["m0"]]).matrix.tolist() == [[1.0]]
    assert correlate(cloud(10)[["m0", "m1"]]).columns == ("m0", "m1")
    with pytest.raises(InputError, match="at least 3 rows"):
        correlate(cloud(2))
    with pytest.raises(InputError, match="kind must be one of"):
        correlate(cloud(9), kind="kendall")
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        correlate(cloud(9), job=job)
