"""Units of columns."""

import pandas as pd
import pytest

from brushwood.errors import InputError
from brushwood.tables import (
    header,
    headers,
    measured_columns,
    parse_header,
    units_of,
    with_units,
)

HEADERS = [("area", "µm²"), ("intensity_mean c0", "a.u."), ("a", "")]


def _table() -> pd.DataFrame:
    return pd.DataFrame({"label": [1, 5], "area": [2.0, 3.0], "name": ["a", "b"]})


def test_units_stand_beside_the_numbers_and_survive_selecting_rows_and_columns():
    table = with_units(with_units(_table(), {"area": "µm²"}), {"label": ""})
    assert units_of(table) == {"area": "µm²", "label": ""}
    assert units_of(table[["area"]]) == {"area": "µm²"}
    assert units_of(table[table.area > 2]) == {"area": "µm²", "label": ""}
    assert units_of(_table()) == {}


def test_noting_units_leaves_the_given_table_as_it_was():
    table = _table()
    with_units(table, {"area": "µm²"})
    assert units_of(table) == {}


def test_units_of_columns_that_are_not_there_are_refused():
    with pytest.raises(InputError, match=r"volume.*It has label, area, name"):
        with_units(_table(), {"volume": "µm³"})


@pytest.mark.parametrize(
    ("name", "unit"), [("area", "µm²"), ("intensity_mean c0", "a.u."), ("a", "")]
)
def test_headers_are_read_back(name, unit):
    assert parse_header(header(name, unit)) == (name, unit or None)


def test_headers_of_some_columns():
    table = with_units(_table(), {"area": "px²", "label": ""})
    assert headers(table) == ["label", "area [px²]", "name"]
    assert headers(table, ["area"]) == ["area [px²]"]


def test_measured_columns_leave_out_keys_and_text():
    assert measured_columns(_table()) == ["area"]
