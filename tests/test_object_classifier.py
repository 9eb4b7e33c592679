"""`ObjectClassifier`: learns from few rows, answers for any table, and says why it refuses one."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestClassifier

import brushwood as bw
from brushwood.errors import (
    AnnotationError,
    InputError,
    ShapeMismatchError,
    TableMismatchError,
)
from brushwood.jobs import Cancelled, Job
from brushwood.objects.classifier import TABLE_FOREST
from brushwood.objects.results import classified
from brushwood.objects.training import class_ids, default_columns
from brushwood.tables import units_of, with_units
from object_tables import NAMES, a_table, some_of, truth


@pytest.fixture(scope="module")
def table():
    return a_table()


@pytest.fixture(scope="module")
def fitted(table):
    return bw.ObjectClassifier(class_names=NAMES).fit(table, some_of(truth(table), 30))


def test_thirty_annotated_objects_teach_the_others(table, fitted):
    assert (fitted.predict(table)[30:] == truth(table)[30:]).mean() > 0.97
    other = a_table(seed=1)
    assert (fitted.predict(other) == truth(other)).mean() > 0.97
    assert fitted.importances_.index[0] == "aspect_ratio"
    assert fitted.importances_.sum() == pytest.approx(1, abs=1e-6)


def test_positions_and_keys_are_not_learned_from_unless_named(table, fitted):
    assert fitted.columns_ == ("area", "aspect_ratio", "solidity")
    assert fitted.units_ == {"area": "µm²", "aspect_ratio": "", "solidity": ""}
    chosen = bw.ObjectClassifier(["centroid-0", "area", "area"]).fit(table, truth(table))
    assert chosen.columns_ == ("centroid-0", "area")


def test_default_columns_leave_out_what_says_nothing():
    table = pd.DataFrame({
        "label": [1], "frame": [0], "area": [3.0], "num_pixels": [3], "bbox-0": [1],
        "centroid_weighted-1": [2.0], "class": [1], "class_probability": [0.5],
        "class_before": [1], "parent": [2], "name": ["a"], "empty": [np.nan],
        "intensity_mean-DAPI": [4.0], "touching": [True],
    })  # fmt: skip
    assert default_columns(table) == ["area", "intensity_mean-DAPI", "touching"]
    assert default_columns(table.drop(columns="area"))[0] == "num_pixels"


def test_answers_have_the_rows_of_the_table(table, fitted):
    shuffled = table.sample(frac=1, random_state=0).set_index("label", drop=False)
    classes = fitted.predict(shuffled)
    assert classes.index.equals(shuffled.index) and classes.name == "class"
    assert classes.dtype == np.int32
    pd.testing.assert_series_equal(
        classes.sort_index().reset_index(drop=True), fitted.predict(table)
    )
    p = fitted.predict_proba(shuffled)
    assert list(p.columns) == [1, 2] and p.index.equals(shuffled.index)
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-6)
    found = fitted.predict_columns(shuffled)
    assert list(found.columns) == ["class", "class_probability", "class_uncertainty"]
    np.testing.assert_allclose(found["class_probability"], p.max(axis=1))
    u = fitted.uncertainty(shuffled)
    with np.errstate(divide="ignore", invalid="ignore"):
        entropy = -np.nansum(p * np.log2(p), axis=1)
    np.testing.assert_allclose(u, entropy, atol=1e-6)
    assert fitted.predict(table[:0]).empty and fitted.predict_proba(table[:0]).shape == (0, 2)


def test_the_trees_are_those_of_scikit_learn_without_balance(table):
    y = some_of(truth(table), 60)
    params = bw.ForestParams(kind="random", n_trees=40, max_depth=None, max_features="sqrt")
    ours = bw.ObjectClassifier(forest=params).fit(table, y)
    theirs = RandomForestClassifier(40, random_state=0).fit(
        table.loc[y > 0, list(ours.columns_)], y[y > 0]
    )
    p = theirs.predict_proba(table[list(ours.columns_)])
    np.testing.assert_allclose(ours.predict_proba(table), p, atol=1e-6)


def test_the_default_is_a_random_forest_of_full_trees_that_does_not_drown_rare_classes():
    assert TABLE_FOREST.kind == "random" and TABLE_FOREST.max_depth is None
    assert TABLE_FOREST.n_trees == 200
    table = a_table(400, seed=3)
    y = truth(table)
    rare = np.flatnonzero(y == 2)[:6]
    known = np.where(y == 1, 1, 0)
    known[rare] = 2
    found = bw.ObjectClassifier().fit(table, known).predict(table)
    assert (found[y == 2] == 2).mean() > 0.9


def test_the_same_rows_and_seed_give_the_same_forest_whatever_the_threads(table, monkeypatch):
    y = some_of(truth(table))
    one = bw.ObjectClassifier().fit(table, y)
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    two = bw.ObjectClassifier().fit(table, y)
    for name, array in one.forest_.to_arrays().items():
        np.testing.assert_array_equal(array, two.forest_.to_arrays()[name])
    other = bw.ObjectClassifier(forest=bw.ForestParams(kind="random", seed=5)).fit(table, y)
    assert not np.array_equal(one.predict_proba(table), other.predict_proba(table))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 60))
def test_a_row_s_answer_depends_on_that_row_only(seed, n):
    table = a_table(60, seed=seed % 1000, gaps=True)
    y = truth(table)
    y[:2] = 1, 2
    model = bw.ObjectClassifier(forest=bw.ForestParams(n_trees=7)).fit(table, y)
    rows = np.random.default_rng(seed).permutation(60)[:n]
    whole = model.predict_proba(table)
    pd.testing.assert_frame_equal(model.predict_proba(table.iloc[rows]), whole.iloc[rows])


# Several images


def test_training_on_several_images(table):
    other = a_table(seed=1)
    both = bw.ObjectClassifier().fit([table, other], [some_of(truth(table), 5), truth(other)])
    assert len(both.rows_) == 125 and both.counts_ == {
        k: int((truth(table)[:5] == k).sum() + (truth(other) == k).sum()) for k in (1, 2)
    }
    one_class_each = [np.where(truth(t) == k, k, 0) for k, t in ((1, table), (2, other))]
    both = bw.ObjectClassifier().fit([table, other], one_class_each)
    assert both.classes_.tolist() == [1, 2]
    with pytest.raises(InputError, match=r"2 tables came with 1\. Pass two lists"):
        bw.ObjectClassifier().fit([table, other], [truth(table)])
    with pytest.raises(TableMismatchError, match="Table 2 lacks 1 column"):
        bw.ObjectClassifier().fit([table, other.drop(columns="area")], [truth(table)] * 2)
    with pytest.raises(TableMismatchError, match=r"Table 2 has other units.*area is in nm²"):
        bw.ObjectClassifier().fit([table, a_table(unit="nm")], [truth(table)] * 2)


def test_training_goes_on_with_further_objects(table):
    first = bw.ObjectClassifier().fit(table, some_of(truth(table), 30))
    other = a_table(seed=1)
    first.fit(other, truth(other), extend=True)
    both = bw.ObjectClassifier().fit([table, other], [some_of(truth(table), 30), truth(other)])
    np.testing.assert_array_equal(first.predict_proba(table), both.predict_proba(table))
    assert len(first.rows_) == 150


# Classes of rows


def test_a_series_of_some_rows_is_enough(table):
    y = pd.Series(truth(table), index=table.index)[10:40]
    model = bw.ObjectClassifier().fit(table, y.sample(frac=1, random_state=0))
    assert model.counts_ == y.value_counts().sort_index().to_dict()
    gaps = pd.Series(truth(table), index=table.index).astype("Float64")
    gaps[5:] = pd.NA
    assert sum(bw.ObjectClassifier().fit(table, gaps).counts_.values()) == 5
    with pytest.raises(ShapeMismatchError, match="1 of 3 are not in the table"):
        bw.ObjectClassifier().fit(table, pd.Series([1, 2, 1], index=[0, 1, 999]))


@pytest.mark.parametrize(
    ("classes", "error", "message"),
    [
        (np.zeros(120, int), AnnotationError, "No object has a class yet"),
        (np.ones(120, int), AnnotationError, "Only class 1 is annotated"),
        ([1, 2], ShapeMismatchError, "120 rows, but classes of shape"),
        (np.linspace(0, 3, 120), AnnotationError, "must be whole numbers"),
        (np.full(120, -1), AnnotationError, "but -1 came"),
        (np.full(120, 1e9), AnnotationError, "to 65535, but 1e"),
        ([], ShapeMismatchError, "120 rows"),
    ],
)
def test_classes_that_cannot_be_learned_are_refused(table, classes, error, message):
    with pytest.raises(error, match=message):
        bw.ObjectClassifier().fit(table, classes)


def test_names_become_ids_in_alphabetic_order_and_keep_those_they_have():
    ids, names = class_ids(np.array(["round", "", "long", None, " round "], object))
    assert ids.tolist() == [2, 0, 1, 0, 2] and names == {1: "long", 2: "round"}
    ids, names = class_ids(np.array(["dead", "long"], object), {1: "round", 4: "long"})
    assert ids.tolist() == [5, 4] and names == {1: "round", 4: "long", 5: "dead"}
    assert class_ids(np.array(["1", "", "12"], object))[0].tolist() == [1, 0, 12]
    with pytest.raises(AnnotationError, match="at most 255"):
        class_ids(np.array([f"cell {i}" for i in range(300)], object))


# Missing values


def test_missing_values_are_the_median_of_the_annotated_rows():
    table = a_table(gaps=True)
    y = some_of(truth(table), 40)
    model = bw.ObjectClassifier().fit(table, y)
    clean = table["solidity"].replace(np.inf, np.nan)
    median = np.float32(np.median(clean[:40].dropna().astype(np.float32)))
    assert model.fill_[2] == median
    filled = table.assign(solidity=clean.fillna(float(median)))
    np.testing.assert_array_equal(model.predict_proba(table), model.predict_proba(filled))
    assert model.missing(table) == {"solidity": int(clean.isna().sum())}
    assert model.missing(filled) == {}


def test_a_column_without_any_number_is_refused_by_name(table):
    empty = table.assign(extra=np.nan)
    assert "extra" not in bw.ObjectClassifier().fit(empty, truth(table)).columns_
    with pytest.raises(TableMismatchError, match="No annotated object has a number in extra"):
        bw.ObjectClassifier(["area", "extra"]).fit(empty, truth(table))


def test_numbers_too_large_for_a_float32_count_as_missing(table):
    odd = table.assign(area=np.where(np.arange(120) == 4, 1e300, table["area"]))
    model = bw.ObjectClassifier().fit(odd, truth(table))
    assert model.missing(odd) == {"area": 1}


# Tables that do not fit


def test_a_table_without_the_columns_is_refused_with_their_names(table, fitted):
    with pytest.raises(TableMismatchError) as caught:
        fitted.predict(table.drop(columns=["area", "solidity"]))
    assert str(caught.value) == (
        "The table lacks 2 columns that the classifier needs: area, solidity. It has label, index, "
        "aspect_ratio, centroid-0. Measure these columns as well, or train a classifier on the "
        "columns that there are."
    )
    with pytest.raises(TableMismatchError, match="holds no numbers in area"):
        fitted.predict(table.assign(area="large"))
    with pytest.raises(TableMismatchError, match="area more than once"):
        fitted.predict(pd.concat([table, table[["area"]]], axis=1))
    with pytest.raises(TableMismatchError, match="lacks 1 column"):
        bw.ObjectClassifier(["area", "volume"]).fit(table, truth(table))


def test_other_units_are_refused_with_what_to_do(table, fitted):
    with pytest.raises(TableMismatchError) as caught:
        fitted.predict(a_table(unit="px"))
    assert str(caught.value) == (
        "The table has other units than the classifier learned from: area is in px², expected µm². "
        "Measure again with the pixel size in the same unit, or train on tables in px²."
    )
    with pytest.raises(TableMismatchError):
        fitted.check(a_table(unit="nm"))
    fitted.check(a_table(unit="um"))  # another spelling
    unknown = a_table()
    unknown.attrs = {}
    fitted.check(unknown)  # as a foreign CSV
    assert bw.ObjectClassifier().fit(unknown, truth(unknown)).units_ == {}
    trained = bw.ObjectClassifier().fit(unknown, truth(unknown))
    trained.check(a_table(unit="px"))


def test_nothing_to_learn_from_and_not_fitted(table):
    from sklearn.exceptions import NotFittedError

    with pytest.raises(InputError, match="no column to learn from"):
        bw.ObjectClassifier().fit(table[["label", "centroid-0"]], truth(table))
    for call in ("predict", "predict_proba", "uncertainty", "check", "missing"):
        with pytest.raises(NotFittedError, match="no forest yet"):
            getattr(bw.ObjectClassifier(), call)(table)


def test_many_rows_report_progress_and_stop(table, fitted):
    many = pd.concat([table] * 100, ignore_index=True)
    seen = []
    whole = fitted.predict(many, job=Job(lambda f, message: seen.append(f)))
    assert len(seen) > 1 and whole[:120].tolist() == fitted.predict(table).tolist()
    job = Job(lambda fraction, message: job.cancel())
    with pytest.raises(Cancelled):
        fitted.predict(many, job=job)


# Results in the table


def test_results_are_added_and_nothing_is_overwritten(table, fitted):
    mine = with_units(table.assign(**{"class": "mine"}), {"area": "µm²"})
    found = classified(fitted, mine)
    assert list(found.columns[-5:]) == [
        "class_before", "class", "class_name", "class_probability", "class_uncertainty",
    ]  # fmt: skip
    assert set(found["class_before"]) == {"mine"} and "class_before" not in mine
    assert units_of(found)["area"] == "µm²"
    assert found["class_name"].tolist() == [NAMES[k] for k in found["class"]]
    again = classified(fitted, found)
    pd.testing.assert_series_equal(again["class"], found["class"])
    assert "class_name" not in classified(bw.ObjectClassifier().fit(table, truth(table)), table)
