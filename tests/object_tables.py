"""Tables of objects whose classes are known, for the tests of the object classifier."""

import numpy as np
import pandas as pd

from brushwood.tables import with_measurement, with_units

NAMES = {1: "round", 2: "elongated"}


def a_table(n=120, seed=0, unit="µm", gaps=False):
    """Objects of two shapes; `truth` returns their classes."""
    rng = np.random.default_rng(seed)
    classes = rng.integers(1, 3, n)
    table = pd.DataFrame({
        "label": np.arange(1, n + 1),
        "index": np.arange(1, n + 1),
        "area": rng.normal(50, 10, n),
        "aspect_ratio": np.where(classes == 2, rng.normal(2.5, 0.3, n), rng.normal(1.1, 0.1, n)),
        "solidity": rng.uniform(0.8, 1, n),
        "centroid-0": rng.uniform(0, 100, n),
    })  # fmt: skip
    if gaps:
        table.loc[::7, "solidity"] = np.nan
        table.loc[3, "solidity"] = np.inf
    units = {"area": f"{unit}²", "aspect_ratio": "", "solidity": "", "centroid-0": unit}
    return with_measurement(with_units(table, units), 2)


def truth(table):
    """The classes of `a_table`."""
    return np.where(table["aspect_ratio"] > 1.7, 2, 1)


def some_of(classes, n=20):
    """Classes of the first objects only; 0 for the others."""
    return np.where(np.arange(len(classes)) < n, classes, 0)
