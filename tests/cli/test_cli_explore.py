"""``brushwood explore`` writes what it found, and says what it means."""

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import brushwood as bw
from brushwood.io.tables import read_table, write_table
from brushwood.tables import units_of, with_units
from explore_tables import blobs, same_groups

QUICK = ("--method", "pca", "--repeat", "3")


@pytest.fixture
def objects(tmp_path):
    path = tmp_path / "objects.csv"
    write_table(with_units(blobs(60)[0], {"m0": "µm²"}), path)
    return path


def test_a_table_becomes_groups_a_report_and_a_classifier(run, objects, tmp_path):
    out = tmp_path / "out"
    code, lines, err = run("explore", objects, "-o", out, *QUICK)
    assert code == 0, err
    assert {line.rsplit("/")[-1] for line in lines} == {path.name for path in out.iterdir()}
    table = read_table(out / "table.csv")
    assert units_of(table)["m0"] == "µm²" and len(table) == 60
    assert same_groups(table["cluster k-means on PCA"], blobs(60)[1])
    assert table["agreement k-means on PCA"].eq(1).all() and table["PCA 1"].notna().all()
    report = json.loads((out / "exploration.json").read_text("utf-8"))
    assert report["stability"]["verdict"]["answer"] == "stable"
    assert report["clusters"]["sizes"] == [30, 30]
    assert read_table(out / "ranking.csv")["column"][0] in {"m0", "m1"}
    with Image.open(out / "overview.png") as picture:
        pixels = np.asarray(picture)
    for color in ((0, 114, 178), (230, 159, 0)):  # both groups are drawn
        assert (pixels == color).all(axis=-1).sum() > 500
    model = bw.load(out / "groups.brushwood")
    assert (model.predict(table) == table["cluster k-means on PCA"]).all()
    assert "2 groups suggested" in err and "These groups are stable" in err
    assert "objects that it has not seen" in err


def test_several_tables_are_images_and_columns_can_be_chosen(run, tmp_path):
    for k, name in enumerate("ab"):
        write_table(blobs(40, seed=k)[0], tmp_path / f"{name}.csv")
    out = tmp_path / "out"
    code, _, err = run(
        "explore", tmp_path / "a.csv", tmp_path / "b.csv", "-o", out, *QUICK,
        "--columns", "m0,m1", "--groups", "2", "--cluster", "gaussian", "--scaling", "robust",
    )  # fmt: skip
    assert code == 0 and "images that it has not seen" in err
    table = read_table(out / "table.csv")
    assert table["image"].tolist() == ["a"] * 40 + ["b"] * 40
    assert "cluster Gaussian mixture on PCA" in table.columns


def test_gaps_are_named(run, tmp_path):
    table, _ = blobs(40)
    table.loc[3, "m1"] = np.nan
    write_table(table, tmp_path / "gaps.csv")
    code, _, err = run("explore", tmp_path / "gaps.csv", "-o", tmp_path / "out", *QUICK)
    assert code == 0 and "1 of 40 rows have no finite number in m1 (1)" in err


def test_results_are_not_overwritten_unasked(run, objects, tmp_path):
    assert run("explore", objects, "-o", tmp_path / "out", *QUICK)[0] == 0
    code, _, err = run("explore", objects, "-o", tmp_path / "out", *QUICK)
    assert code == 3 and "exists already" in err
    assert run("explore", objects, "-o", tmp_path / "out", *QUICK, "--overwrite")[0] == 0


def test_no_group_is_no_classifier(run, objects, tmp_path):
    out = tmp_path / "out"
    code, _, err = run(
        "explore", objects, "-o", out, *QUICK, "--cluster", "hdbscan", "--min-size", "40"
    )
    assert code == 0 and "No classifier:" in err and "No group was found" in err
    assert not (out / "groups.brushwood").exists()
    assert json.loads((out / "exploration.json").read_text("utf-8"))["clusters"]["sizes"] == []


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--groups", "many"), 2, "must be a number or 'suggest'"),
        (("--groups", "1"), 3, "n_clusters must be a whole number from 2 to 50"),
        (("--columns", "m0,zz"), 3, "no column 'zz'"),
        (("--method", "tsne"), 3, "perplexity 30 needs more than 30 rows"),
        (("--repeat", "1"), 3, "n_runs must be a whole number"),
    ],
)
def test_bad_options_say_what_to_do(run, tmp_path, arguments, code, message):
    write_table(blobs(20)[0], tmp_path / "few.csv")
    found, _, err = run("explore", tmp_path / "few.csv", "-o", tmp_path / "o", *QUICK, *arguments)
    assert found == code and message in err


def test_a_table_given_twice_is_refused(run, objects, tmp_path):
    code, _, err = run("explore", objects, objects, "-o", tmp_path / "out", *QUICK)
    assert code == 3 and "given twice" in err
    pd.DataFrame({"name": ["a", "b"]}).to_csv(tmp_path / "text.csv", index=False)
    code, _, err = run("explore", tmp_path / "text.csv", "-o", tmp_path / "out", *QUICK)
    assert code == 3 and "no column of numbers" in err
