"""The rows and columns of a table that are shown: sorted, filtered, written."""

import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brushwood.session.table_store import MISSING, TableStore
from brushwood.session.table_words import rows_text, table_text

TABLE = pd.DataFrame(
    {
        "label": [1, 2, 4, 9],
        "index": [1, 2, 4, 9],
        "area": [5.0, np.nan, 2.0, 5.0],
        "name": ["b", "A", None, "c"],
    }
)


@pytest.fixture
def store():
    return TableStore(TABLE, {"area": "µm²"})


def test_columns_units_and_cells(store):
    assert store.columns == ("label", "area", "name")  # index says what label says
    assert store.header("area") == "area [µm²]"
    assert store.header("name") == "name"
    assert [store.text(row, "area") for row in range(4)] == ["5", MISSING, "2", "5"]
    assert store.text(2, "name") == MISSING
    assert store.text(0, "label") == "1"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1234567, "1234567"), (12345.678, "12346"), (0.000123456, "0.0001235"), (1e12, "1e+12"),
        (True, "yes"), (-0.5, "-0.5"), (float("inf"), "inf"), ("text", "text"), (2.0, "2"),
    ],
)  # fmt: skip
def test_how_values_are_written(value, text):
    assert TableStore(pd.DataFrame({"label": [1], "x": [value]})).text(0, "x") == text


@pytest.mark.parametrize(
    ("column", "descending", "rows"),
    [
        ("area", False, [2, 0, 3, 1]),
        ("area", True, [0, 3, 2, 1]),  # equal values keep their order, missing ones come last
        ("name", False, [1, 0, 3, 2]),
        ("name", True, [3, 0, 1, 2]),
        ("", False, [0, 1, 2, 3]),
        ("no such column", True, [0, 1, 2, 3]),
    ],
)
def test_sorting(store, column, descending, rows):
    store.sort(column, descending=descending)
    assert store.shown.tolist() == rows


@given(st.lists(st.one_of(st.integers(0, 5).map(float), st.just(np.nan)), max_size=30))
@settings(deadline=None)
def test_sorting_agrees_with_pandas(values):
    frame = pd.DataFrame({"label": range(1, len(values) + 1), "x": np.asarray(values, float)})
    store = TableStore(frame)
    for descending in (False, True):
        store.sort("x", descending=descending)
        expected = frame.sort_values("x", ascending=not descending, kind="stable")
        assert store.shown.tolist() == expected.index.tolist()


def test_filter_selection_and_sorting_together(store):
    store.sort("area", descending=True)
    store.filter("area is not missing")
    assert store.shown.tolist() == [0, 3, 2]
    store.only(store.rows_of([4, 9]))
    assert store.shown.tolist() == [3, 2]
    assert store.position_of(2) == 1
    assert store.position_of(0) == -1
    store.only(None)
    store.filter("")
    assert store.shown.tolist() == [0, 3, 2, 1]


def test_rows_are_found_by_label_also_with_gaps_and_frames():
    frames = pd.DataFrame({"label": [7, 7, 2**31 - 1], "frame": [0, 1, 1]})
    store = TableStore(frames)
    assert store.rows_of({7}).tolist() == [True, True, False]
    assert store.rows_of({2**31 - 1, 3}).tolist() == [False, False, True]
    assert store.rows_of(()).tolist() == [False] * 3


def test_without_a_label_the_row_is_the_label_as_in_napari():
    store = TableStore(pd.DataFrame({"area": [0.0, 3.0, 4.0]}))
    assert store.labels.tolist() == [0, 1, 2]
    assert store.names[0] == "index"


def test_columns_of_any_type():
    frame = pd.DataFrame(
        {
            "index": pd.array([1, 2, 3], dtype="Int64"),
            "maybe": pd.array([1, None, 3], dtype="Int64"),
            "kind": pd.Categorical(["x", None, "y"]),
            "when": pd.to_datetime(["2020-01-01", None, "2021-01-01"]),
            "flag": pd.array([True, None, False], dtype="boolean"),
        }
    )
    store = TableStore(frame)
    assert store.labels.tolist() == [1, 2, 3]
    for name in store.names:
        store.sort(name, descending=True)
        assert sorted(store.shown) == [0, 1, 2]
        assert name == "index" or store.text(1, name) == MISSING
    store.filter("maybe > 1")
    assert store.labels[store.shown].tolist() == [3]


def test_copied_text_has_all_digits_and_headers(store):
    store.choose(["name", "area"])
    frame = TableStore(TABLE.assign(area=[1 / 3, 2, 3, 4]), {"area": "µm"})
    assert frame.copied([0], ["label", "area"]) == "label\tarea [µm]\n1\t0.3333333333333333\n"
    assert store.copied([3, 0]).splitlines() == ["area [µm²]\tname", "5.0\tc", "5.0\tb"]


def test_the_shown_part_is_a_table(store):
    store.sort("area")
    store.filter("label > 1")
    store.choose(["label", "area"])
    part = store.part()
    assert part.columns.tolist() == ["label", "area"]
    assert part["label"].tolist() == [4, 9, 2]
    assert TABLE["label"].tolist() == [1, 2, 4, 9]


def test_summaries_of_columns(store):
    assert store.summary("area") == "2 … 5, median 5 µm², 1 missing"
    assert store.summary("name") == ""
    empty = TableStore(pd.DataFrame({"label": [1], "x": [np.nan]}))
    assert empty.summary("x") == "all values are missing"


def test_an_empty_table():
    store = TableStore(pd.DataFrame())
    store.sort("area")
    assert len(store.shown) == 0
    no_rows = TableStore(pd.DataFrame({"label": np.zeros(0, int), "area": np.zeros(0)}))
    no_rows.sort("area", descending=True)
    no_rows.filter("area > 1")
    assert len(no_rows.shown) == 0


def test_100_000_rows_are_sorted_and_filtered_at_once():
    rng = np.random.default_rng(0)
    n = 100_000
    store = TableStore(pd.DataFrame({"label": np.arange(1, n + 1), "x": rng.random(n)}))
    start = time.perf_counter()
    store.sort("x", descending=True)
    store.filter("x > 0.25 and not x > 0.75")
    assert time.perf_counter() - start < 0.5  # 0.02 s on a quiet machine
    assert 49_000 < len(store.shown) < 51_000


def test_sentences():
    assert rows_text(5, 5, 0) == "5 rows"
    assert rows_text(1, 1, 1) == "1 row · 1 selected"
    assert rows_text(1203, 100_000, 5) == "1,203 of 100,000 rows · 5 selected"
    assert "Measure" in rows_text(0, 0, 0)
    assert "no table" in rows_text(0, 0, 0, has_layer=False)
    assert table_text(61, 18) == "61 rows, 18 columns"
    assert table_text(1, 1) == "1 row, 1 column"
    assert table_text(0, 5) == "no table"
