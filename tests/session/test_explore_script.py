"""The script that a user copies runs and gives what the window gave."""

import subprocess
import sys

import numpy as np
import pytest

from brushwood.explore.embed import EmbedParams
from brushwood.explore.grouping import ClusterParams
from brushwood.explore.stability import StabilityParams
from brushwood.io.tables import read_table, write_table
from brushwood.session.explore_script import explore_script
from brushwood.session.explore_work import ExploreRequest, TableSource, run_explore
from explore_tables import blobs

FEW = StabilityParams(n_runs=2, n_controls=1)


def sources(n):
    return tuple(TableSource(f"image {k}", blobs(60, seed=k)[0]) for k in range(n))


@pytest.mark.parametrize(
    "request_",
    [
        ExploreRequest(sources(1), embedding=EmbedParams(method="pca", n_components=3)),
        ExploreRequest(sources(2), ("m0", "m1"), embedding=None, clusters=ClusterParams(seed=4)),
        ExploreRequest(sources(1), embedding=EmbedParams(method="pca"), clusters=None),
    ],
)
def test_the_script_repeats_the_exploration(request_, tmp_path):
    many = len(request_.sources) > 1
    for k, source in enumerate(request_.sources, 1):
        write_table(source.features, tmp_path / (f"objects_{k}.csv" if many else "objects.csv"))
    text = explore_script(request_, FEW)
    run = subprocess.run(
        [sys.executable, "-c", text], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    done = run_explore(request_)
    table = read_table(tmp_path / "explored.csv")
    for name, values in done.columns().items():
        np.testing.assert_allclose(table[name], values, rtol=1e-9, atol=1e-9)
    assert ("These groups are stable" in run.stdout) == (request_.clusters is not None)
    assert (tmp_path / "groups.brushwood").exists() == (request_.clusters is not None)


def test_only_what_counts_is_written():
    text = explore_script(ExploreRequest(sources(1), embedding=EmbedParams(n_neighbors=30)))
    assert "EmbedParams(method='umap', n_neighbors=30, seed=0)" in text
    assert "ClusterParams(method='kmeans', seed=0)" in text
    assert "perplexity" not in text
