"""Conditions on rows: what they mean, and what is refused with a sentence."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brushwood.errors import InputError
from brushwood.session.table_filter import DEEPEST, LONGEST, Filter
from brushwood.session.table_store import TableStore

TABLE = pd.DataFrame(
    {
        "label": [3, 5, 8, 13],
        "area": [10.0, 50.0, np.nan, 90.5],
        "centroid-0": [1.0, 2.0, 3.0, 4.0],
        "area of hull": [11, 49, 70, 91],
        "name": ["round", "Long", None, "round one"],
        "good": [True, False, True, False],
    }
)


def found(text):
    store = TableStore(TABLE)
    store.filter(text)
    return [int(TABLE["label"].iloc[row]) for row in store.shown]


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("", [3, 5, 8, 13]),
        ("area > 50", [13]),
        ("area >= 50", [5, 13]),
        ("area ≥ 50 and area ≠ 90.5", [5]),
        ("50 <= area", [5, 13]),
        ("10 < area < 90", [5]),
        ("area > 20 or centroid-0 = 1", [3, 5, 13]),
        ("centroid-0 > 1 and centroid-0 < 4 or label == 13", [5, 8, 13]),
        ("centroid-0 > 1 and (centroid-0 < 3 or label == 13)", [5, 13]),
        ("not area > 50", [3, 5, 8]),
        ("area > area of hull", [5]),
        ("`area of hull` < 5e1", [3, 5]),
        ("area is missing", [8]),
        ("area is not missing AND good", [3]),
        ("name = 'long'", [5]),
        ('name contains "ROUND"', [3, 13]),
        ("name contains round", [3, 13]),
        ("name is missing", [8]),
        ('name in ("round", "long")', [3, 5]),
        ("label not in (3, 5)", [8, 13]),
        ("good", [3, 8]),
        ("not good", [5, 13]),
        ("good = 1", [3, 8]),
        ("13", [13]),
        ("area > -3", [3, 5, 13]),
        ("area != 10", [5, 13]),
    ],
)
def test_what_a_condition_finds(text, labels):
    assert found(text) == labels


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("area >", "ends too early"),
        ("area", "alone is no condition"),
        ("aera > 3", "Did you mean 'area'"),
        ("nothing > 3", "no column 'nothing'"),
        ("`no such` > 3", "no column 'no such'"),
        ("area > 3 label", "letter 10"),
        ("area = round", "no column 'round'"),
        ('area = "x"', "text and .* number"),
        ("name > 3", "name is text and 3 is a number"),
        ("(area > 3", "ends too early"),
        ("area > 3)", "not understood"),
        ("area ; 3", "letter 6"),
        ("area in 3", "not understood"),
        ("area is 3", "missing"),
        ("area contains", "ends too early"),
        ("__import__('os')", "no column"),
        ("area.mean() > 3", "letter 5"),
        ("5 6", "comparison"),
        ("(" * (DEEPEST + 1) + "area > 1" + ")" * (DEEPEST + 1), "nested deeper"),
        ("not " * (DEEPEST + 1) + "good", "nested deeper"),
        ("area > 1 or " * LONGEST, "letters"),
    ],
)
def test_what_is_refused_and_how(text, says):
    store = TableStore(TABLE)
    store.filter("label > 4")
    with pytest.raises(InputError, match=says):
        store.filter(text)
    assert len(store.shown) == 3  # as before


@given(st.text(alphabet="area <>=!()andornotin'\"`0123456789.-é∞", max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_condition_or_a_sentence(text):
    try:
        mask = Filter.parse(text, TABLE.columns).mask(TableStore(TABLE))
    except InputError as error:
        assert str(error)
    else:
        assert mask.shape == (4,)


@given(st.floats(-100, 100), st.booleans(), st.sampled_from(["<", "<=", ">", ">=", "=", "!="]))
def test_numbers_are_compared_as_pandas_does(number, negate, symbol):
    text = f"{'not ' if negate else ''}area {symbol} {number!r}"
    known = TABLE["area"].notna()
    expected = TABLE.eval(
        f"area {symbol.replace('=', '==') if symbol == '=' else symbol} {number!r}"
    )
    expected = ~(expected & known) if negate else expected & known
    assert found(text) == TABLE["label"][expected].tolist()


def test_columns_called_like_words():
    table = pd.DataFrame({"label": [1, 2], "in": [1.0, 2.0], "class": ["a", "b"]})
    store = TableStore(table)
    store.filter("`in` > 1")
    assert store.shown.tolist() == [1]
    store.filter('class = "A"')
    assert store.shown.tolist() == [0]
