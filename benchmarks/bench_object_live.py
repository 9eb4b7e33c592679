"""From a click to the classes of 100,000 objects: each step, beside scikit-learn's forest.

Run: python benchmarks/bench_object_live.py
"""

import time

import numpy as np
import pandas as pd

from brushwood.jobs import IDLE
from brushwood.objects.classifier import TABLE_FOREST
from brushwood.objects.marks import Marks
from brushwood.session.classes import ClassInfo
from brushwood.session.object_engine import ObjectEngine
from brushwood.session.object_marks import toggled
from brushwood.session.object_paint import paint
from brushwood.session.object_table import with_results
from brushwood.session.object_work import Classified, ObjectRequest, ObjectsInput

SIDE, CELL, COLUMNS, MARKS = 4096, 12, 18, 12
CLASSES = (ClassInfo(1, "a", "#0072B2"), ClassInfo(2, "b", "#E69F00"))


def scene(rng):
    """Return square objects on a grid, and a table in which two columns tell the classes."""
    n = SIDE // CELL
    grid = np.arange(1, n * n + 1, dtype=np.int32).reshape(n, n)
    labels = np.zeros((SIDE, SIDE), np.int32)
    part = np.repeat(np.repeat(grid, CELL, 0), CELL, 1)
    inside = np.tile(np.arange(CELL) < CELL - 3, n)
    labels[: n * CELL, : n * CELL] = part * (inside[:, None] & inside)
    truth = rng.integers(1, 3, n * n)
    table = pd.DataFrame({"label": grid.ravel(), "index": grid.ravel()})
    for k in range(COLUMNS):
        table[f"column {k}"] = rng.normal(0, 1, n * n) + (2.5 * truth if k < 2 else 0)
    return labels, table, truth


def timed(function):
    """Return the result and the seconds."""
    start = time.perf_counter()
    result = function()
    return result, time.perf_counter() - start


def main():
    """Measure and print."""
    from sklearn.ensemble import RandomForestClassifier

    rng = np.random.default_rng(0)
    labels, table, truth = scene(rng)
    chosen = [*np.flatnonzero(truth == 1)[: MARKS // 2], *np.flatnonzero(truth == 2)[: MARKS // 2]]
    marks = Marks(ndim=2).add_many(labels, {int(i) + 1: int(truth[i]) for i in chosen})
    engine, parts = ObjectEngine(), []

    def update(marks):
        item = ObjectsInput("a", "a", labels, 2, table, marks, None, 1)
        return engine.update(ObjectRequest((item,), CLASSES, TABLE_FOREST), IDLE, parts.append)

    update(marks)
    spot = int(np.flatnonzero(truth == 1)[MARKS])
    at = tuple(int(p) for p in np.argwhere(labels == spot + 1)[0])
    (marks, _), click = timed(lambda: toggled(marks, labels, spot + 1, 1, at))
    done, model = timed(lambda: update(marks))
    found = [part for part in parts if isinstance(part, Classified)][-1]
    _, columns = timed(lambda: with_results(table, found, CLASSES, ()))
    out = np.zeros(labels.shape, np.uint8)
    _, colour = timed(lambda: paint(labels, out, found.labels, None, found.classes, 2, IDLE))
    right = float((found.classes == truth).mean())

    rows = table.iloc[:, 2:].to_numpy(np.float32)
    at = np.array([*chosen, spot])
    forest = RandomForestClassifier(200, random_state=0)
    _, fit = timed(lambda: forest.fit(rows[at], truth[at]))
    _, predict = timed(lambda: forest.predict_proba(rows))
    total = click + model + columns + colour
    print(f"{done.n_classified:,} objects, {COLUMNS} columns, {len(at)} marks, {SIDE}²")
    steps = {"mark": click, "attach, train, classify": model, "columns": columns, "colour": colour}
    print(" · ".join(f"{name} {seconds:.3f} s" for name, seconds in steps.items()))
    print(f"together {total:.3f} s · right {right:.1%}")
    print(
        f"scikit-learn fit {fit:.3f} s + predict {predict:.3f} s = {fit + predict:.3f} s: "
        f"{(fit + predict) / model:.1f} times the time of attach, train and classify"
    )


if __name__ == "__main__":
    main()
