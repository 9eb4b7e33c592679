"""Groups come out as they were put in, numbered by size; what cannot be grouped says why."""

import numpy as np
import pandas as pd
import pytest

import brushwood as bw
from brushwood.errors import InputError
from brushwood.explore.cluster import cluster_name, cluster_rows
from brushwood.explore.grouping import MOST, ClusterParams, by_size
from brushwood.explore.prepare import prepare
from brushwood.jobs import Cancelled, Job
from explore_tables import blobs, cloud, same_groups

METHODS = ["kmeans", "gaussian", "agglomerative", "hdbscan"]


@pytest.mark.parametrize("method", METHODS)
def test_clear_groups_are_found_and_numbered_by_size(method):
    table, truth = blobs(150, 3)
    kept = np.r_[0:50, 50:90, 100:120]
    table, truth = table.iloc[kept], truth[kept]
    ids = bw.cluster(table, method, n_clusters=3)
    assert ids.dtype == np.int32 and ids.index.equals(table.index)
    counted = ids[ids > 0]
    assert same_groups(counted, truth[ids > 0]) and len(counted) > 100
    sizes = np.bincount(ids)[1:]
    assert (np.diff(sizes) <= 0).all()
    assert ids.attrs["brushwood.clusters"]["sizes"] == sizes.tolist()


@pytest.mark.parametrize("method", METHODS)
def test_the_same_seed_gives_the_same_groups(method):
    table = cloud(100)
    first, again = (bw.cluster(table, method, n_clusters=4, seed=5) for _ in range(2))
    pd.testing.assert_series_equal(first, again)


def test_rows_with_gaps_and_strays_are_no_group():
    table, _ = blobs(100)
    table.loc[[4, 60], "m1"] = [np.nan, np.inf]
    table.loc[99, ["m0", "m1"]] = 500.0
    found = cluster_rows(prepare(table), ClusterParams(method="hdbscan"))
    assert found.ids[[4, 60, 99]].tolist() == [0, 0, 0]
    assert found.n_clusters == len(found.sizes)
    assert found.n_strays == (found.ids == 0).sum() - 2
    assert f"{found.n_strays} rows belong to no group" in " ".join(found.notes())
    assert (bw.cluster(table, "kmeans")[[4, 60]] == 0).all()


def test_no_dense_group_is_said():
    found = cluster_rows(prepare(cloud(30)), ClusterParams(method="hdbscan", min_size=25))
    assert found.sizes == () and "No group was found" in " ".join(found.notes())


def test_an_embedding_is_grouped_as_it_is():
    table, truth = blobs(80)
    laid_out = bw.embed(table, "pca")
    laid_out["PCA 2"] *= 1000  # standardising would undo this
    ids = bw.cluster(laid_out)
    assert ids.name == "cluster k-means on PCA"
    assert not same_groups(ids, truth)
    assert same_groups(bw.cluster(laid_out, scaling="standard"), truth)
    assert bw.cluster(table).name == "cluster k-means"


def test_names_differ_from_those_that_exist():
    params = ClusterParams(method="gaussian")
    assert cluster_name(params, "UMAP") == "cluster Gaussian mixture on UMAP"
    taken = {"cluster Gaussian mixture"}
    assert cluster_name(params, "", taken) == "cluster Gaussian mixture · 2"


@pytest.mark.parametrize("method", METHODS)
def test_long_tables_are_grouped_by_a_sample(method, monkeypatch):
    monkeypatch.setitem(MOST, method, 100)
    table, truth = blobs(1000)
    found = cluster_rows(prepare(table), ClusterParams(method=method))
    real = found.ids > 0
    assert real.sum() > 800 and same_groups(found.ids[real], truth[real])
    assert "took 100 of 1,000 rows" in found.notes()[-1]


@pytest.mark.parametrize("method", ["kmeans", "gaussian", "agglomerative"])
def test_more_groups_than_different_rows_are_refused(method):
    with pytest.raises(InputError, match="3 different rows cannot make 4 groups"):
        bw.cluster(cloud(3), method, n_clusters=4)
    repeated = cloud(3).loc[[0, 1, 2] * 9]
    with pytest.raises(InputError, match="3 different rows cannot make 4 groups"):
        bw.cluster(repeated, method, n_clusters=4)
    assert same_groups(bw.cluster(repeated, method, n_clusters=3), [0, 1, 2] * 9)


def test_hdbscan_needs_as_many_rows_as_its_smallest_group():
    with pytest.raises(InputError, match="at least as many rows, but there are 10"):
        bw.cluster(cloud(10), "hdbscan")


@pytest.mark.parametrize("method", METHODS)
def test_one_column_will_do(method):
    table, truth = blobs(60)
    ids = bw.cluster(table, method, columns=["m0"], min_size=5)
    assert (pd.Series(truth).groupby(ids.to_numpy()).nunique().drop(0, errors="ignore") == 1).all()


def test_ids_are_numbered_by_size_then_first_row():
    assert by_size(np.array([7, 7, 3, 3, -1, 5, 5, 5])).tolist() == [2, 2, 3, 3, 0, 1, 1, 1]
    assert by_size(np.array([-1, -1])).tolist() == [0, 0]


def test_cancel_and_bad_options():
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        bw.cluster(cloud(30), job=job)
    with pytest.raises(InputError, match="n_clusters must be a whole number from 2 to 50"):
        bw.cluster(cloud(30), n_clusters=1)
    params = ClusterParams(method="hdbscan", min_size=4)
    assert ClusterParams.from_json(params.to_json()) == params
    assert ClusterParams.used_by("hdbscan") == ("method", "min_size")
