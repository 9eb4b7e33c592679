"""Classifying many objects beside scikit-learn's own forest, and attaching many marks.

Run ``python benchmarks/bench_object_classifier.py``. Both forests have the same trees; rounds
alternate, and the median of their ratios is printed.
"""

import argparse
import time

import numpy as np
import pandas as pd
from common import interleave, machine, median, table, versions
from sklearn.ensemble import RandomForestClassifier

import brushwood as bw
from brushwood.objects.classifier import TABLE_FOREST


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=100_000)
    parser.add_argument("--columns", type=int, default=20)
    parser.add_argument("--annotated", type=int, default=300)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    print(machine(), versions("scikit-learn", "numpy", "pandas"), sep="\n")
    classify(options)
    attach()


def classify(options: argparse.Namespace) -> None:
    """Fit and predict with both, and compare the answers."""
    rng = np.random.default_rng(0)
    columns = [f"c{i}" for i in range(options.columns)]
    data = pd.DataFrame(rng.random((options.objects, options.columns)), columns=columns)
    classes = 1 + (data["c0"] + 0.3 * data["c1"] > 0.65).to_numpy().astype(int)
    known = np.where(np.arange(len(data)) < options.annotated, classes, 0)
    ours = bw.ObjectClassifier().fit(data, known)
    theirs = RandomForestClassifier(TABLE_FOREST.n_trees, random_state=TABLE_FOREST.seed, n_jobs=-1)
    theirs.fit(data[known > 0], known[known > 0])
    rows = data.to_numpy(np.float32)
    difference = np.abs(ours.predict_proba(data) - theirs.predict_proba(data)).to_numpy().max()
    runs = {
        "ours, fit": lambda: bw.ObjectClassifier().fit(data, known),
        "scikit-learn, fit": lambda: theirs.fit(data[known > 0], known[known > 0]),
        "ours, predict": lambda: ours.predict_proba(data),
        "scikit-learn, predict": lambda: theirs.predict_proba(pd.DataFrame(rows, columns=columns)),
        "ours, predict 1,000 rows": lambda: ours.predict_columns(data[:1000]),
    }
    seconds, _ = interleave(runs, options.repeats)
    print(
        f"{options.objects:,} objects, {options.columns} columns, {options.annotated} annotated, "
        f"{TABLE_FOREST.n_trees} trees of {ours.forest_.n_nodes:,} nodes; largest difference of "
        f"probabilities {difference:.1e}"
    )
    print(table(["work", "seconds"], [[name, f"{median(s):.3f}"] for name, s in seconds.items()]))
    for work in ("fit", "predict"):
        pairs = zip(seconds[f"scikit-learn, {work}"], seconds[f"ours, {work}"], strict=True)
        print(f"{work}: scikit-learn takes {median([a / b for a, b in pairs]):.2f} times as long")


def attach(side: int = 100, cell: int = 20) -> None:
    """Mark every object of a label image, and attach the marks after it was made again."""
    labels = np.arange(1, side * side + 1).reshape(side, side).repeat(cell, 0).repeat(cell, 1)
    labels[::cell], labels[:, ::cell] = 0, 0
    start = time.perf_counter()
    marks = bw.Marks().add_many(labels, dict.fromkeys(range(1, side * side + 1), 1))
    made = time.perf_counter()
    shrunk = labels.copy()
    shrunk[1::cell], shrunk[:, 1::cell] = 0, 0
    found = marks.attach(shrunk)
    done = time.perf_counter()
    marks.add(labels, 1, 2, at=(5, 5))
    print(
        f"{len(marks):,} marks: made in {made - start:.2f} s, attached in {done - made:.2f} s "
        f"({found.n_moved:,} moved); one click {time.perf_counter() - done:.3f} s"
    )


if __name__ == "__main__":
    main()
