"""A new table joins a layer's features; nothing of others is lost."""

import numpy as np
import pandas as pd
import pytest

from brushwood.session.measure_join import RENAMED, joined, noted_units


def measured(labels, **columns):
    labels = np.asarray(labels, np.int64)
    return pd.DataFrame({"label": labels, "index": labels, **columns})


NEW = measured([1, 2, 4], area=[10.0, 20.0, 40.0])


def test_without_features_the_table_is_the_result():
    result = joined(NEW, pd.DataFrame())
    assert result.table is NEW
    assert (result.former, result.kept, result.renamed) == (None, (), ())


def test_columns_of_others_stay_with_their_objects():
    old = pd.DataFrame({"index": [4, 1, 2], "class": ["c4", "c1", "c2"], "score": [4, 1, 2]})
    result = joined(NEW, old)
    assert result.table["class"].tolist() == ["c1", "c2", "c4"]
    assert result.table["score"].tolist() == [1, 2, 4]
    assert result.table["score"].dtype.kind == "i"
    assert result.table.columns.tolist() == ["label", "index", "area", "class", "score"]
    assert result.kept == ("class", "score")


def test_objects_that_are_gone_come_back_with_what_was_noted():
    old = measured([1, 2, 3], note=["one", "two", "three"])
    first = joined(NEW, old)
    assert first.table["note"].tolist()[:2] == ["one", "two"]
    assert first.table["note"].isna().tolist() == [False, False, True]
    assert first.former["label"].tolist() == [3]
    again = joined(measured([2, 3]), first.table, ("area",), first.former)
    assert again.table["note"].tolist() == ["two", "three"]
    assert again.former["note"].tolist() == ["one"]


def test_what_was_measured_before_is_replaced_or_dropped():
    old = measured([1, 2, 4], area=[1.0, 2, 4], perimeter=[3.0, 4, 5], mine=[7, 8, 9])
    ours = ("label", "index", "area", "perimeter")
    changed = joined(NEW, old, ours)
    assert changed.table["area"].tolist() == [10, 20, 40]
    assert "perimeter" not in changed.table  # it described other objects
    assert changed.table["mine"].tolist() == [7, 8, 9]
    same = joined(NEW, old, ours, is_same=True)
    assert same.table["perimeter"].tolist() == [3, 4, 5]
    assert same.table["area"].tolist() == [10, 20, 40]
    assert same.kept == ("perimeter", "mine")


def test_a_column_of_the_same_name_that_we_did_not_make_is_renamed():
    old = measured([1, 2, 4], area=[1.0, 2.0, 4.0])
    result = joined(NEW, old)
    assert result.table["area"].tolist() == [10, 20, 40]
    assert result.table[f"area{RENAMED}"].tolist() == [1, 2, 4]
    assert result.renamed == ("area",)
    twice = joined(NEW, result.table.assign(area=[5.0, 6, 7]))
    assert twice.table[f"area{RENAMED}"].notna().all()


def test_rows_without_a_label_are_numbered_as_in_napari():
    old = pd.DataFrame({"name": ["background", "one", "two", "three", "four"]})
    result = joined(NEW, old)
    assert result.table["name"].tolist() == ["one", "two", "four"]
    assert result.former["name"].tolist() == ["three"]


def test_frames_count_where_both_have_them():
    new = measured([1, 1, 2], frame=[0, 1, 1], area=[1.0, 2.0, 3.0])
    old = measured([1, 1], frame=[0, 1], note=["a", "b"])
    assert joined(new, old).table["note"].tolist()[:2] == ["a", "b"]
    without = pd.DataFrame({"index": [1, 2], "note": ["one", "two"]})
    assert joined(new, without).table["note"].tolist() == ["one", "one", "two"]


def test_double_rows_do_not_multiply_objects():
    old = pd.DataFrame({"index": [1, 1, 2], "note": ["a", "b", "c"]})
    result = joined(NEW, old)
    assert len(result.table) == 3
    assert result.table["note"].tolist()[:2] == ["a", "c"]


def test_no_objects_keep_everything_for_later():
    old = measured([1, 2], note=["a", "b"])
    result = joined(measured([]).assign(area=np.zeros(0)), old)
    assert len(result.table) == 0
    assert result.former["note"].tolist() == ["a", "b"]


@pytest.mark.parametrize("values", [[1, 2], [True, False], pd.Categorical(["a", "b"])])
def test_types_survive_when_nothing_is_missing(values):
    old = pd.DataFrame({"index": [1, 2], "x": values})
    table = joined(measured([1, 2]), old).table
    assert table["x"].dtype == old["x"].dtype


def test_units_of_columns_that_stay():
    table = measured([1], area=[1.0], mine=[2.0])
    before = {"area": "px", "mine": "s", "gone": "µm"}
    assert noted_units({"area": "µm²"}, before, table) == {"mine": "s", "area": "µm²"}
