"""A small field of discs and bars, for tests of the object classifier."""

import numpy as np
import pandas as pd

from brushwood.forest.params import ForestParams
from brushwood.objects.marks import Marks
from brushwood.session.classes import ClassInfo
from brushwood.session.object_work import ObjectRequest, ObjectsInput

ROUND, LONG = 1, 2
CLASSES = (ClassInfo(ROUND, "round", "#0072B2"), ClassInfo(LONG, "long", "#E69F00"))
SMALL = ForestParams(kind="random", n_trees=15, max_depth=None)


def field(n=4, first=1):
    """Return labels of 2 n² objects, discs in even rows and bars in odd ones, and their truth."""
    labels = np.zeros((n * 40, n * 24), np.int32)
    y, x = np.indices((20, 24)) - np.array([10, 12]).reshape(2, 1, 1)
    shapes = (y**2 + x**2 < 30, (abs(y) < 3) & (abs(x) < 9))
    truth = {}
    for row in range(2 * n):
        for column in range(n):
            label = first + len(truth)
            box = labels[row * 20 : row * 20 + 20, column * 24 : column * 24 + 24]
            box[shapes[row % 2]] = label
            truth[label] = (ROUND, LONG)[row % 2]
    return labels, truth


def table_for(labels, **more):
    """Return area, length and width of each object, by hand."""
    ids = np.unique(labels[labels > 0])
    rows = []
    for label in ids:
        y, x = np.nonzero(labels == label)
        rows.append((label, label, len(y), x.max() - x.min() + 1, y.max() - y.min() + 1))
    table = pd.DataFrame(rows, columns=["label", "index", "area", "length", "width"])
    for name, values in more.items():
        table[name] = values
    return table


def marks_for(labels, truth, n=2):
    """Return marks on the first n objects of each class."""
    chosen = {}
    for class_id in (ROUND, LONG):
        chosen |= dict.fromkeys([k for k, c in truth.items() if c == class_id][:n], class_id)
    return Marks(ndim=labels.ndim).add_many(labels, chosen)


def request_for(*layers, classes=CLASSES, columns=None, train=True):
    """Return a request for (labels, table, marks) triples."""
    inputs = tuple(
        ObjectsInput(f"layer {k}", f"layer {k}", labels, labels.ndim, table, marks, version=1)
        for k, (labels, table, marks) in enumerate(layers)
    )
    return ObjectRequest(inputs, classes, SMALL, columns, train)


class Heard(list):
    """What a worker published."""

    def of(self, kind):
        return [part for part in self if isinstance(part, kind)]
