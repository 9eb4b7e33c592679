"""APOC's classifier of table rows: any DataFrame, mapping or CSV file."""

import numpy as np
import pandas as pd
import pytest

from brushwood import apoc
from brushwood.errors import InputError, ShapeMismatchError
from brushwood.io.cl import read_cl
from cl_files import data, results


@pytest.fixture(scope="module")
def known():
    return results()


@pytest.fixture
def table(known):
    return pd.DataFrame({"length": known["table_length"], "area": known["table_area"]})


def test_a_file_of_apoc_gives_the_same_classes(known, table):
    rows = apoc.load(data("rows"))
    assert rows.ordered_feature_names == ["area", "length"]
    assert np.array_equal(rows.predict(table), known["table_classes"])
    assert known["table_classes"][3] == 0  # a number is missing there


def test_a_csv_file_is_a_table_too(known, table, tmp_path):
    path = tmp_path / "rows.csv"
    table.rename(columns={"area": "area [µm²]"}).to_csv(path, index=False)
    assert np.array_equal(apoc.load(data("rows")).predict(path), known["table_classes"])


def test_training_and_names_with_spaces(known, table, tmp_path):
    table = table.rename(columns={"area": "cell area, µm²"})
    path = tmp_path / "r.cl"
    rows = apoc.TableRowClassifier(path, 2, 10)
    with pytest.warns(UserWarning, match="'cell area, µm²'"):
        rows.train(table, known["table_truth"])
    found = rows.predict(table)
    assert read_cl(path).header.features == ("length", "cell_area_µm²")
    again = apoc.TableRowClassifier(path)
    assert np.array_equal(again.predict(table), found)
    truth = known["table_truth"]
    good = (truth > 0) & table.notna().all(axis=1)
    assert (found[good] == truth[good]).mean() > 0.8


def test_ids_with_gaps_are_kept(table, known):
    truth = np.array([0, 2, 7, 9])[known["table_truth"]]
    found = apoc.TableRowClassifier(num_ensembles=5).train(table, truth).predict(table)
    assert set(found) <= {0, 2, 7, 9}


def test_what_does_not_fit_is_said(table, known):
    rows = apoc.load(data("rows"))
    with pytest.raises(InputError, match=r"lacks columns.*area"):
        rows.predict(table[["length"]])
    with pytest.raises(InputError, match="do not hold numbers: area"):
        rows.predict(table.assign(area="x"))
    with pytest.raises(InputError, match="A table is"):
        rows.predict([1, 2])
    with pytest.raises(ShapeMismatchError, match="40 rows"):
        apoc.TableRowClassifier().train(table, [1, 2])
    with pytest.raises(InputError, match="No row is annotated"):
        apoc.TableRowClassifier().train(table, np.zeros(40, int))
    with pytest.raises(InputError, match="other columns"):
        fresh = apoc.TableRowClassifier(num_ensembles=2).train(table, known["table_truth"])
        fresh.train(table[["area"]], known["table_truth"], continue_training=True)
