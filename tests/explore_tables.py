"""Tables with and without groups, which the tests of the exploration share."""

import numpy as np
import pandas as pd


def blobs(n=120, k=2, distance=8.0, n_columns=4, seed=0):
    """Rows around `k` centres; returns the table and the truth, 0 to k - 1."""
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.arange(k), n // k)
    values = rng.normal(size=(len(truth), n_columns))
    for group in range(k):
        values[truth == group, group % n_columns] += distance
    table = pd.DataFrame(values, columns=[f"m{i}" for i in range(n_columns)])
    table.insert(0, "label", np.arange(1, len(table) + 1))
    return table, truth


def cloud(n=120, n_columns=4, seed=0, stretch=1.0):
    """One normal cloud without groups, its first two columns drawn out along their diagonal."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, n_columns))
    values[:, :2] += rng.normal(size=(n, 1)) * (stretch - 1)
    return pd.DataFrame(values, columns=[f"m{i}" for i in range(n_columns)])


def same_groups(ids, truth):
    """Whether two groupings are the same but for the numbers."""
    pairs = set(zip(np.asarray(ids).tolist(), np.asarray(truth).tolist(), strict=True))
    return len(pairs) == len(set(map(int, ids))) == len(set(map(int, truth)))
