"""PCA, UMAP and t-SNE keep what they promise, refuse what they cannot, and can be cancelled."""

import sys
import threading
import time

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA
from sklearn.metrics import silhouette_score

import brushwood as bw
from brushwood.errors import InputError, MissingPackageError
from brushwood.explore import manifold
from brushwood.explore.aside import run_aside
from brushwood.explore.embed import EmbedParams, column_names, embed_rows
from brushwood.explore.nearest import fill_ids, fill_positions, sample
from brushwood.explore.prepare import prepare
from brushwood.jobs import Cancelled, Job
from explore_tables import blobs, cloud

METHODS = ["umap", "tsne", "pca"]


@pytest.mark.parametrize("method", METHODS)
def test_groups_stay_apart_and_the_index_stays(method):
    table, truth = blobs(120, 3)
    table.index = [f"row {i}" for i in range(120)]
    laid_out = bw.embed(table, method)
    assert list(laid_out.columns) == list(column_names(method, 2))
    assert list(laid_out.index) == list(table.index)
    assert silhouette_score(laid_out, truth) > 0.5


@pytest.mark.parametrize("method", METHODS)
def test_the_same_seed_gives_the_same_layout(method):
    table, _ = blobs(80)
    first, again = (bw.embed(table, method, seed=3) for _ in range(2))
    pd.testing.assert_frame_equal(first, again)
    other = bw.embed(table, method, seed=4)
    assert np.allclose(first, other) == (method == "pca")


def test_rows_with_gaps_come_back_as_nan():
    table = cloud(40)
    table.loc[7, "m2"] = np.nan
    laid_out = bw.embed(table, "pca")
    assert np.flatnonzero(laid_out.isna().any(axis=1)).tolist() == [7]
    assert "1 of 40 rows" in laid_out.attrs["brushwood.embedding"]["notes"][0]


def test_pca_is_scikit_learn_s_with_signs_that_do_not_flip():
    table = cloud(60, stretch=4)
    prepared = prepare(table)
    found = embed_rows(prepared, EmbedParams(method="pca", n_components=3))
    reference = PCA(3).fit(prepared.matrix)
    expected = reference.transform(prepared.matrix)
    signs = np.sign((expected * found.used).sum(axis=0))
    np.testing.assert_allclose(found.used, expected * signs, atol=1e-9)
    np.testing.assert_allclose(found.components.explained, reference.explained_variance_ratio_)
    loadings = found.loadings()
    for name in prepared.columns:
        for component in (0, 1, 2):
            r = np.corrcoef(table[name], found.used[:, component])[0, 1]
            assert loadings.loc[name, f"PCA {component + 1}"] == pytest.approx(r)
    flipped = embed_rows(prepare(-table), EmbedParams(method="pca", n_components=3))
    assert (np.abs(flipped.used) - np.abs(found.used)).max() < 1e-9
    assert found.axis_titles[0] == f"PCA 1 ({found.components.explained[0]:.0%})".replace("%", " %")
    document = found.table().attrs["brushwood.embedding"]
    assert set(document["loadings"]) == set(prepared.columns)
    assert sum(document["explained_variance"]) <= 1


@pytest.mark.parametrize("seed", range(6))
def test_the_largest_loading_of_each_component_is_positive(seed):
    found = embed_rows(prepare(cloud(40, seed=seed)), EmbedParams(method="pca", n_components=4))
    axes = found.components.axes
    assert (axes[np.abs(axes).argmax(axis=0), range(4)] > 0).all()


def test_only_pca_has_loadings():
    table, _ = blobs(60)
    with pytest.raises(InputError, match="t-SNE has no loadings"):
        embed_rows(prepare(table), EmbedParams(method="tsne", perplexity=5)).loadings()


@pytest.mark.parametrize("method", ["umap", "tsne"])
def test_long_tables_are_sampled_and_say_so(method):
    table, truth = blobs(400, 2)
    found = embed_rows(prepare(table), EmbedParams(method=method, max_rows=100))
    assert len(found.sampled) == 100
    assert np.isfinite(found.positions).all()
    assert "100 of 400 rows, drawn by seed 0" in found.notes()[0]
    assert silhouette_score(found.positions, truth) > 0.5


def test_filled_rows_stand_among_their_nearest_neighbours():
    matrix = np.array([[0.0], [1.0], [2.0], [10.0], [1.0], [0.5]])
    rows = np.array([0, 1, 2, 3])
    at = np.array([[0.0, 0], [10, 0], [20, 0], [100, 0]])
    filled = fill_positions(matrix, rows, at)
    np.testing.assert_array_equal(filled[:5], [*at, [10, 0]])
    weights = 1 / np.array([0.5, 0.5, 1.5])
    assert filled[5, 0] == pytest.approx(weights @ [0, 10, 20] / weights.sum())
    assert fill_ids(matrix, rows, np.array([1, 2, 3, 4], np.int32)).tolist() == [1, 2, 3, 4, 2, 1]
    assert sample(5, 5, 0).tolist() == [0, 1, 2, 3, 4]
    drawn = sample(100, 10, 1)
    assert len(set(drawn)) == 10 and (np.diff(drawn) > 0).all()


@pytest.mark.parametrize("n_columns", [2, 6])
def test_filling_finds_the_neighbours_that_a_full_comparison_finds(n_columns):
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(300, n_columns))
    rows = sample(300, 100, 0)
    others = np.setdiff1d(np.arange(300), rows)
    matrix[others[:2]] = matrix[rows[3:5]]
    ids = np.arange(1, 101, dtype=np.int32)
    at = rng.normal(size=(100, 2))
    distance = np.linalg.norm(matrix[:, None] - matrix[rows][None], axis=2)
    nearest = np.argsort(distance, axis=1, kind="stable")[:, :3]
    assert (fill_ids(matrix, rows, ids) == ids[nearest[:, 0]]).all()
    filled = fill_positions(matrix, rows, at)
    for row in others:
        d = distance[row, nearest[row]]
        weights = 1 / np.maximum(d, 1e-12)
        expected = weights @ at[nearest[row]] / weights.sum()
        np.testing.assert_allclose(filled[row], expected, rtol=1e-3, atol=1e-3)


def test_half_a_million_rows_are_sampled_and_all_come_back():
    table, truth = blobs(500_000, n_columns=2)
    found = embed_rows(prepare(table), EmbedParams(method="tsne", max_rows=100))
    assert found.positions.shape == (500_000, 2) and np.isfinite(found.positions).all()
    assert "100 of 500,000 rows" in found.notes()[0]
    ids = bw.cluster(found.table(), seed=1)
    assert min((ids == 1 + truth).mean(), (ids == 2 - truth).mean()) < 0.01
    ranking = bw.rank_columns(table, ids, found.table())
    assert ranking.n_rows == 50_000 and ranking.strength[0] > 0.5


@pytest.mark.parametrize(
    ("table", "options", "message"),
    [
        (
            cloud(10),
            {"method": "umap"},
            "neighbours 15 needs more than 15 rows.*set neighbours to 3",
        ),
        (cloud(10), {"method": "tsne"}, "perplexity 30 needs more than 30 rows"),
        (cloud(4), {"method": "umap", "n_neighbors": 5}, "choose PCA"),
        (cloud(40), {"method": "tsne", "n_components": 4}, "1 to 3 dimensions"),
        (cloud(40)[["m0"]], {"method": "pca"}, "cannot make 2 components of 1 column"),
        (cloud(2).loc[[0, 1] * 20], {"method": "umap"}, "duplicates"),
        (cloud(40) * np.nan, {"method": "umap"}, "Not one number"),
        (cloud(40), {"method": "isomap"}, "method must be one of 'umap'"),
        (cloud(40), {"method": "umap", "n_neighbors": 1}, "from 2 to 500"),
        (cloud(40), {"method": "umap", "neighbours": 9}, "unknown fields: neighbours"),
        (cloud(40), {"seed": -1}, "seed must be a whole number"),
        (cloud(40), {"seed": True}, "seed must be a whole number"),
    ],
)
def test_what_cannot_be_laid_out_is_refused_with_advice(table, options, message):
    with pytest.raises(InputError, match=message):
        bw.embed(table, **options)


def test_one_column_and_duplicate_rows_can_be_laid_out():
    one = bw.embed(cloud(40)[["m0"]], "umap", n_neighbors=5)
    assert np.isfinite(one).all(axis=None)
    many = cloud(30).loc[[*range(30)] * 3].reset_index(drop=True)
    for method in ("umap", "tsne"):
        assert np.isfinite(bw.embed(many, method, params=None)).all(axis=None)


def test_several_results_get_names_of_their_own():
    assert column_names("tsne", 2) == ("t-SNE 1", "t-SNE 2")
    second = column_names("umap", 2, {"UMAP 1", "UMAP 2"})
    assert second == ("UMAP 1 · 2", "UMAP 2 · 2")
    assert column_names("umap", 2, {"UMAP 2", *second}) == ("UMAP 1 · 3", "UMAP 2 · 3")


def test_a_missing_package_is_named_with_its_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(MissingPackageError, match=r"umap-learn.*pip install umap-learn"):
        bw.embed(cloud(40), "umap")


@pytest.mark.parametrize("method", ["umap", "tsne"])
def test_a_running_layout_is_cancelled_at_once_and_its_thread_ends(method):
    seen = []

    def watch(fraction, message):
        seen.append(message)
        if "laying out" in message:
            job.cancel()
            seen.append(time.perf_counter())

    job = Job(watch)
    before = set(threading.enumerate())
    with pytest.raises(Cancelled):
        bw.embed(cloud(3000), method, job=job)
    assert time.perf_counter() - seen[-1] < 0.5
    mine = set(threading.enumerate()) - before
    for thread in mine:
        thread.join(10)
    assert not any(thread.is_alive() for thread in mine)
    assert np.isfinite(bw.embed(cloud(50), method, n_components=2)).all(axis=None)


def test_warming_up_can_be_cancelled_and_says_what_it_does(monkeypatch):
    monkeypatch.setattr(manifold, "_warm", threading.Event())
    monkeypatch.setattr(manifold, "_MANY", 60)
    said = []

    def watch(fraction, message):
        said.append(message)
        job.cancel()

    job = Job(watch)
    with pytest.raises(Cancelled):
        manifold.warm_up(job)
    assert said == ["Preparing UMAP, once a session"]


def test_umap_is_warm_once_it_was_compiled(monkeypatch):
    monkeypatch.setattr(manifold, "_warm", threading.Event())
    monkeypatch.setattr(manifold, "_MANY", 60)  # the real number compiles for 20 s more
    assert not manifold.is_warm()
    manifold.warm_up()
    assert manifold.is_warm()


def test_a_layout_that_nobody_waits_for_is_waited_for_by_the_next_one():
    lock, gate, order = threading.Lock(), threading.Event(), []
    first = Job()

    def slow(watch):
        first.cancel()
        gate.wait(10)
        order.append("first")

    with pytest.raises(Cancelled):
        run_aside(slow, first, "", lock=lock)
    messages = set()

    def report(fraction, message):
        messages.add(message)
        if "Waiting for the run before" in message:
            gate.set()

    assert run_aside(lambda watch: order.append("second"), Job(report), "", lock=lock) is None
    assert order == ["first", "second"]


def test_an_error_aside_reaches_the_caller():
    with pytest.raises(ZeroDivisionError):
        run_aside(lambda watch: 1 / 0, Job(), "")


def test_parameters_travel_as_json():
    params = EmbedParams(method="tsne", perplexity=12.5, seed=7)
    assert EmbedParams.from_json(params.to_json()) == params
    assert "n_neighbors" in EmbedParams.used_by("umap")
    assert "n_neighbors" not in EmbedParams.used_by("tsne")
    assert EmbedParams.used_by("pca") == ("method", "n_components")
