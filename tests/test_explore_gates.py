"""Gates hold the rows that lie in them, and travel as JSON."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.measure import points_in_poly

from brushwood.errors import InputError
from brushwood.explore.gates import Polygon, Population, Rectangle, gate_from_json, gated
from explore_tables import cloud

SQUARE = Polygon("a", "b", ((0, 0), (2, 0), (2, 2), (0, 2)))


def points(n=500, seed=0):
    return pd.DataFrame(np.random.default_rng(seed).normal(size=(n, 2)), columns=["a", "b"])


def test_a_rectangle_includes_its_border_and_may_be_open():
    gate = Rectangle("a", "b", (0, 1), (-np.inf, 2))
    x, y = np.array([0, 1, 1.1, 0.5, 0.5, np.nan, 0.5]), np.array([0, 2, 0, 2.1, -9e9, 0, -np.inf])
    assert gate.inside(x, y).tolist() == [True, True, False, False, True, False, False]
    with pytest.raises(InputError, match="x_range must run from low to high, not 2 to 1"):
        Rectangle("a", "b", (2, 1), (0, 1))
    with pytest.raises(InputError, match="y_range"):
        Rectangle("a", "b", (0, 1), (0, float("nan")))


@settings(max_examples=50, deadline=None)
@given(
    corners=st.lists(
        st.tuples(st.floats(-2, 2), st.floats(-2, 2)), min_size=3, max_size=12, unique=True
    ),
    seed=st.integers(0, 1000),
)
def test_a_polygon_holds_what_another_library_says(corners, seed):
    table = points(300, seed)
    x, y = table["a"].to_numpy(), table["b"].to_numpy()
    expected = points_in_poly(np.column_stack([x, y]), corners)
    assert (Polygon("a", "b", tuple(corners)).inside(x, y) == expected).all()


def test_a_lasso_that_crosses_itself_has_a_hole():
    star = [(np.sin(4 * np.pi * k / 5), np.cos(4 * np.pi * k / 5)) for k in range(5)]
    gate = Polygon("a", "b", tuple(star))
    assert gate.inside(np.array([0.0, 0.0]), np.array([0.0, 0.8])).tolist() == [False, True]


def test_polygons_with_a_common_edge_share_no_point():
    right = Polygon("a", "b", ((2, 0), (4, 0), (4, 2), (2, 2)))
    above = Polygon("a", "b", ((0, 2), (2, 2), (2, 4), (0, 4)))
    x, y = (g.ravel().astype(float) for g in np.mgrid[0:5, 0:5])
    counts = SQUARE.inside(x, y).astype(int) + right.inside(x, y) + above.inside(x, y)
    assert counts.max() == 1 and counts[(x == 2) & (y == 1)] == 1 == counts[(x == 1) & (y == 2)]


def test_gates_are_joined_and_inverted():
    table = pd.DataFrame({"a": [1.0, 1, 3, np.nan], "b": [1.0, 5, 1, 1], "c": [0.0, 1, 1, 1]})
    high = Rectangle("c", "c", (0.5, np.inf), (0.5, np.inf))
    both = Population("both", (SQUARE, high))
    either = Population("either", (SQUARE, high), how="any")
    assert both.mask(table).tolist() == [False, False, False, False]
    assert either.mask(table).tolist() == [True, True, True, True]
    outside = Population("outside", (SQUARE,), inverted=True)
    assert outside.mask(table).tolist() == [False, True, True, False]
    columns = gated(table.set_index("c"), [outside, Population("in", (SQUARE,))])
    assert list(columns.columns) == ["outside", "in"] and columns.dtypes.eq(bool).all()
    assert columns.index.tolist() == [0, 1, 1, 1]


def test_populations_travel_as_json():
    gates = (SQUARE, Rectangle("a", "b", (0, np.inf), (-np.inf, 1.5)))
    population = Population("large", gates, "any", True)
    text = json.dumps(population.to_json(), allow_nan=False)
    assert Population.from_json(json.loads(text)) == population
    for gate in gates:
        assert gate_from_json(json.loads(json.dumps(gate.to_json()))) == gate


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"kind": "circle", "x": "a", "y": "b"},
        {"kind": "polygon", "x": "a", "y": "b"},
        {"kind": "polygon", "x": "a", "y": "b", "vertices": [[0, 0], [1, 1], [0, 0]]},
        {"kind": "polygon", "x": "a", "y": "b", "vertices": [[0, 0], [1, 1], [0, "?"]]},
        {"kind": "polygon", "x": "a", "y": "b", "vertices": [[0, 0], [1, 1], [0, float("inf")]]},
        {"kind": "rectangle", "x": "a", "y": "b", "x_range": [0], "y_range": [0, 1]},
        "polygon",
    ],
)
def test_what_is_no_gate_is_refused(document):
    with pytest.raises(InputError, match=r"[Gg]ate"):
        gate_from_json(document)
    with pytest.raises(InputError):
        Population.from_json({"name": "x", "gates": [document], "how": "all", "inverted": False})


def test_names_that_would_overwrite_are_refused():
    table = cloud(5)
    gate = Rectangle("m0", "m1", (0, 1), (0, 1))
    for name in ("", " ", "label", "UMAP 1"):
        with pytest.raises(InputError, match="cannot name a population"):
            Population(name, (gate,))
    with pytest.raises(InputError, match="names m2 are taken"):
        gated(table, [Population("m2", (gate,))])
    with pytest.raises(InputError, match="names p are taken"):
        gated(table, [Population("p", (gate,))] * 2)
    table["p"] = True  # an earlier state of the same population
    assert list(gated(table, [Population("p", (gate,))])) == ["p"]
    with pytest.raises(InputError, match="at least one gate"):
        Population("p", ())
    with pytest.raises(InputError, match="how must be"):
        Population("p", (gate,), "none")
    with pytest.raises(InputError, match="no column 'zz'"):
        Population("p", (Rectangle("zz", "m1", (0, 1), (0, 1)),)).mask(table)
