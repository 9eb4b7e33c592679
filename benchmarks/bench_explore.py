"""Explore: ten seeds of the walk-through, times for many rows, and how soon a cancel is obeyed.

python benchmarks/bench_explore.py [--seeds 10] [--rows 500000]
"""

import argparse
import importlib.util
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from common import machine, table, versions

import brushwood as bw
from brushwood.explore.manifold import warm_up
from brushwood.jobs import Cancelled, Job

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--rows", type=int, default=500_000)
    options = parser.parse_args()
    print(machine())
    print(versions("umap-learn", "numba", "scikit-learn", "shap"), "\n")
    print("First UMAP of a process:", _warm(), "\n")
    print(_walk_through(options.seeds), "\n")
    print(_sizes(sorted({1_000, 10_000, options.rows})), "\n")
    print(_cancels())


def _seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _warm() -> str:
    """Time the compilation, and how long it holds up another thread, such as the window's."""
    gaps, done = [0.0], threading.Event()

    def beat() -> None:
        last = time.perf_counter()
        while not done.wait(0.005):
            now = time.perf_counter()
            gaps.append(now - last)
            last = now

    thread = threading.Thread(target=beat)
    thread.start()
    took = _seconds(warm_up)
    done.set()
    thread.join()
    return f"{took:.0f} s; another thread waits at most {max(gaps) * 1e3:.0f} ms"


def _walk_through(n_seeds: int) -> str:
    spec = importlib.util.spec_from_file_location("blobs", ROOT / "scripts/explore_blobs.py")
    assert spec and spec.loader
    blobs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(blobs)
    measured, known = blobs.measured()
    rows = []
    for seed in range(n_seeds):
        start = time.perf_counter()
        found = blobs.walk_through(measured, known, seed)
        top = ", ".join(name for name in found["ranking"][:6])
        took = f"{time.perf_counter() - start:.1f} s"
        shares = [f"{found[name]:.3f}" for name in ("recovered", "held_out")]
        rows.append([str(seed), *shares, found["answer"], top, took])
    header = ["seed", "recovered", "held out", "answer", "top ranked", "time"]
    return table(header, rows)


def _groups(n: int) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    centers = rng.normal(scale=4, size=(5, 20))
    values = centers[rng.integers(0, 5, n)] + rng.normal(size=(n, 20))
    return pd.DataFrame(values, columns=[f"m{i}" for i in range(20)])


def _sizes(sizes: list[int]) -> str:
    rows = []
    for n in sizes:
        data = _groups(n)
        laid: dict[str, pd.DataFrame] = {}

        def embed(method: str, data: pd.DataFrame = data, laid: Any = laid) -> None:
            laid[method] = bw.embed(data, method)

        times = [_seconds(lambda m=method, e=embed: e(m)) for method in ("pca", "umap")]
        # A sample of 20,000 rows takes t-SNE minutes, however many rows there are.
        slow = _seconds(lambda e=embed: e("tsne")) if n <= 10_000 else None
        times += [
            _seconds(lambda m=method, t=laid["umap"]: bw.cluster(t, m, n_clusters=5))
            for method in ("kmeans", "gaussian", "hdbscan", "agglomerative")
        ]
        times.append(_seconds(lambda d=data: bw.correlate(d)))
        times.insert(2, slow)
        rows.append([f"{n:,}", *("–" if t is None else f"{t:.2f} s" for t in times)])
    header = ["rows × 20", "PCA", "UMAP", "t-SNE", "k-means", "mixture", "HDBSCAN"]
    return table([*header, "agglomerative", "correlate"], rows)


def _cancels() -> str:
    data, rows = _groups(20_000), []
    for method in ("umap", "tsne"):
        for wait in (0.2, 1.0, 3.0):
            job = Job()
            asked = []

            def cancel(job: Job = job, asked: list[float] = asked) -> None:
                asked.append(time.perf_counter())
                job.cancel()

            threading.Timer(wait, cancel).start()
            try:
                bw.embed(data, method, job=job)
                rows.append([method, f"{wait:g} s", "done before"])
            except Cancelled:
                took = (time.perf_counter() - asked[0]) * 1e3
                rows.append([method, f"{wait:g} s", f"{took:.0f} ms"])
    return table(["method, 20,000 rows", "cancelled after", "obeyed within"], rows)


if __name__ == "__main__":
    main()
