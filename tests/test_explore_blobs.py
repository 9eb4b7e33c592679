"""The walk-through finds the known shapes, and says by which measurements; its ten seeds are a
benchmark (benchmarks/bench_explore.py)."""

import importlib.util
import sys

import pytest

from house import ROOT


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location(
        "explore_blobs", ROOT / "scripts/explore_blobs.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_walk_through_recovers_the_known_shapes(script):
    pytest.importorskip("umap", reason="umap-learn is not installed")
    table, known = script.measured()
    found = script.walk_through(table, known, seed=1, n_runs=3)
    assert found["suggested_groups"] == 2
    assert found["recovered"] >= 0.95 and found["held_out"] >= 0.95
    assert found["answer"] == "stable"
    top = found["ranking"][:6]
    assert len(set(top) & script.TELLING) >= 2, top
    assert set(found["ranking"][:5]) & {"circularity", "aspect_ratio", "elongation"}
    assert not [name for name in found["suggested"] if name.startswith("intensity")]
    assert found["tree"].splitlines()[0].split(" ≤")[0] in found["suggested"]


def test_the_script_writes_a_report(script, tmp_path, monkeypatch, capsys):
    answer = {
        "suggested_groups": 2, "stability": "stable", "ranking": ["a"], "suggested": ["a"],
        "tree": "a ≤ 1?", "surrogate": "s", "recovered": 1.0, "held_out": 0.99,
    }  # fmt: skip
    monkeypatch.setattr(script, "walk_through", lambda *args: answer)
    monkeypatch.setattr(sys, "argv", ["explore_blobs", "--out", str(tmp_path / "out")])
    script.main()
    assert "known shape recovered: 1.000 of the blobs" in capsys.readouterr().out
    assert (tmp_path / "out" / "exploration.json").exists()
