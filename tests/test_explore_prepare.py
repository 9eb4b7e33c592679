"""A table becomes a matrix without gaps, and everything left out is named."""

import numpy as np
import pandas as pd
import pytest

from brushwood.errors import InputError
from brushwood.explore.prepare import PrepareParams, combine, prepare, usable_columns
from brushwood.tables import units_of, with_units
from explore_tables import blobs, cloud


def test_columns_are_standardised_and_keys_left_out():
    table, _ = blobs()
    table["frame"] = 0
    prepared = prepare(table)
    assert prepared.columns == ("m0", "m1", "m2", "m3")
    np.testing.assert_allclose(prepared.matrix.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(prepared.matrix.std(axis=0), 1)
    np.testing.assert_array_equal(prepared.values, table[["m0", "m1", "m2", "m3"]])
    np.testing.assert_allclose(prepared.matrix * prepared.scale + prepared.center, prepared.values)
    assert prepared.report.notes() == ()


def test_rows_with_gaps_are_kept_out_named_and_put_back():
    table = cloud(10)
    table.loc[3, "m0"] = np.nan
    table.loc[5, "m1"] = -np.inf
    table.loc[7, "m1"] = np.nan
    prepared = prepare(table)
    assert prepared.rows.tolist() == [0, 1, 2, 4, 6, 8, 9]
    assert prepared.report.gaps == (("m1", 2), ("m0", 1))
    (note,) = prepared.report.notes()
    assert "3 of 10 rows" in note and "m1 (2), m0 (1)" in note
    back = prepared.put_back(np.arange(7.0), np.nan)
    assert np.isnan(back[[3, 5, 7]]).all()
    assert back[[0, 1, 2, 4, 6, 8, 9]].tolist() == list(range(7))
    assert prepared.put_back(np.ones((7, 2), np.int32), 0).sum() == 14


def test_constant_empty_and_text_columns_are_named():
    table = cloud(8)
    table["same"], table["nothing"], table["name"] = 3.0, np.nan, list("abcdefgh")
    table["when"] = pd.Timestamp("2026-01-01")
    prepared = prepare(table)
    assert prepared.columns == ("m0", "m1", "m2", "m3")
    report = prepared.report
    assert (report.constant, report.empty, report.text) == (
        ("same",),
        ("nothing",),
        ("name", "when"),
    )
    notes = " ".join(report.notes())
    assert "'same': the same value" in notes and "'name', 'when': text" in notes
    with pytest.raises(InputError, match="'name': text or dates"):
        prepare(table, ["m0", "name"])


def test_duplicates_are_counted_and_kept():
    table = cloud(6).loc[[0, 1, 2, 2, 2, 5]]
    prepared = prepare(table)
    assert len(prepared.matrix) == 6 and prepared.report.n_duplicates == 2
    assert "2 rows repeat" in prepared.report.notes()[0]


def test_what_an_exploration_wrote_is_no_measurement():
    table = cloud(5)
    names = ["UMAP 1", "PCA 2", "t-SNE 1 · 2", "cluster k-means on UMAP", "agreement k-means"]
    for name in names:
        table[name] = 1.5
    table["population"] = [True, False, True, True, False]
    table["orientation"] = table["centroid-0"] = np.arange(5.0)
    assert usable_columns(table) == ["m0", "m1", "m2", "m3"]
    table["UMAP 1"] = np.arange(5)
    assert prepare(table, ["UMAP 1"]).columns == ("UMAP 1",)


@pytest.mark.parametrize("dtype", ["Float64", "Int16", "boolean", "float32", "bool"])
def test_any_kind_of_number_is_taken(dtype):
    table = pd.DataFrame({"x": pd.Series([1, 0, 1, 0], dtype=dtype)})
    if dtype in {"Float64", "Int16", "boolean"}:
        table.loc[3, "x"] = pd.NA
    assert prepare(table, ["x"]).values[:3, 0].tolist() == [1, 0, 1]


def test_robust_scaling_does_not_follow_outliers():
    table = pd.DataFrame({"a": [0.0, 1, 2, 3, 4, 1e9], "b": [0.0, 0, 0, 0, 0, 1]})
    prepared = prepare(table, params=PrepareParams(scaling="robust"))
    assert prepared.center[0] == pytest.approx(2.5)
    assert prepared.scale[0] == pytest.approx(2.5 / 1.349)
    assert np.isfinite(prepared.matrix).all()
    raw = prepare(table, params=PrepareParams(scaling="none"))
    np.testing.assert_array_equal(raw.matrix, table)


def test_the_largest_numbers_do_not_overflow():
    table = pd.DataFrame({"a": [-1.7e308, 1.7e308, 0.0], "b": [1e-320, 2e-320, 3e-320]})
    for scaling in ("standard", "robust"):
        assert np.isfinite(prepare(table, params=PrepareParams(scaling=scaling)).matrix).all()


def test_several_images_become_one_table_with_their_units():
    first, second = (with_units(cloud(4, seed=s), {"m0": "µm²", "m1": ""}) for s in (0, 1))
    second["extra"] = 1.0
    both = combine({"a": first, "b": second})
    assert both["image"].tolist() == ["a"] * 4 + ["b"] * 4
    assert units_of(both) == {"m0": "µm²", "m1": ""}
    prepared = prepare(both)
    assert len(prepared.matrix) == 8 and prepared.images.tolist() == both["image"].tolist()
    assert prepared.report.partial == ("extra",)
    assert "'extra': not measured in every image" in prepared.report.notes()[0]
    with pytest.raises(InputError, match="'m0' is in px² for 'b' but in µm²"):
        combine({"a": first, "b": with_units(second, {"m0": "px²"})})
    with pytest.raises(InputError, match="no table"):
        combine({})


@pytest.mark.parametrize(
    ("table", "columns", "message"),
    [
        (cloud(0), None, "no rows"),
        (cloud(4), ["m0", "x"], "no column 'x'"),
        (cloud(4), ["m0", "m0"], "'m0' stands twice"),
        (cloud(4)[[]], None, "no column of numbers"),
        (cloud(4) * np.nan, None, "Not one number is finite"),
        (cloud(1), None, "only one row"),
        (cloud(4) * 0, None, "All rows are equal"),
        (cloud(2).where(np.eye(2, 4, dtype=bool)), ["m0", "m1"], "None of the 2 rows"),
    ],
)
def test_tables_that_cannot_be_explored_say_why(table, columns, message):
    with pytest.raises(InputError, match=message):
        prepare(table, columns)


def test_parameters_travel_as_json_and_check_themselves():
    params = PrepareParams(scaling="robust")
    assert PrepareParams.from_json(params.to_json()) == params
    with pytest.raises(InputError, match="scaling must be one of 'standard'"):
        PrepareParams(scaling="log")
    with pytest.raises(InputError, match="unknown fields: colour"):
        PrepareParams.from_json({"colour": 1})
    with pytest.raises(InputError, match="JSON object"):
        PrepareParams.from_json([1])
