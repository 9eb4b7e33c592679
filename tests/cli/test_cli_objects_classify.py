"""``brushwood train-objects`` and ``brushwood classify``."""

import numpy as np
import pandas as pd
import pytest
import tifffile

import brushwood as bw
from brushwood.io.images import read_image
from brushwood.io.tables import read_table, write_table
from cli_files import save
from object_tables import a_table, some_of, truth


def boxes(seed=0, shape=(120, 160)):
    """Labels of squares (odd) and bars (even), with an image that is brighter in bars."""
    rng = np.random.default_rng(seed)
    labels = np.zeros(shape, np.uint16)
    for n in range(24):
        y, x = 5 + 28 * (n // 6), 4 + 26 * (n % 6)
        h, w = (10 + rng.integers(3), 10 + rng.integers(3)) if n % 2 else (4, 18 + rng.integers(4))
        labels[y : y + h, x : x + w] = n + 1
    image = rng.normal(100, 5, shape) + 50 * (labels % 2 == 1)
    return labels, image.astype(np.uint16)


@pytest.fixture(scope="module")
def objects(tmp_path_factory):
    """A folder with labels, image, and a table in which the first objects are annotated."""
    path = tmp_path_factory.mktemp("objects")
    labels, image = boxes()
    save(path / "labels.tif", labels)
    save(path / "image.tif", image)
    table = bw.measure(labels, image, names=["area", "extent", "axis_major_length",
                       "axis_minor_length", "intensity_mean"], spacing=0.25, unit="µm")  # fmt: skip
    words = np.where(table["label"] % 2 == 1, "bar", "square")
    table["kind"] = np.where(table["label"] <= 10, words, "")
    write_table(table, path / "table.csv")
    return path


@pytest.fixture
def trained(objects, run, tmp_path):
    code, out, err = run(
        "train-objects", objects / "table.csv", "--classes", "kind", "-o", tmp_path / "m"
    )
    assert code == 0 and out == [str(tmp_path / "m.brushwood")]
    assert "on 10 of 24 objects: bar 5, square 5; 5 columns, most telling" in err
    return out[0]


def test_train_and_classify_a_table(trained, objects, run, tmp_path):
    target = tmp_path / "out.csv"
    code, out, err = run("classify", trained, objects / "table.csv", "-o", target)
    assert code == 0 and out == [str(target)] and "24 objects in" in err
    found = read_table(target)
    assert found["class_name"].tolist() == ["bar", "square"] * 12
    assert found["class"].tolist() == [1, 2] * 12
    assert found["kind"].notna().all() and found["class_probability"].between(0.5, 1).all()
    expected = bw.load(trained).predict(read_table(objects / "table.csv"))
    assert found["class"].tolist() == expected.tolist()


def test_labels_are_measured_in_their_unit_and_classified(trained, objects, run, tmp_path):
    labels, image = boxes(seed=5)
    save(tmp_path / "new.tif", labels)
    save(tmp_path / "pixels.tif", image)
    code, out, err = run(
        "classify", trained, "--labels", tmp_path / "new.tif", "--image", tmp_path / "pixels.tif",
        "-o", tmp_path / "results",
    )  # fmt: skip
    assert code == 0, err
    classes, table = (tmp_path / "results" / f"new-{name}" for name in ("classes.tif", "table.csv"))
    assert sorted(out) == [str(classes), str(table)]
    painted = tifffile.imread(classes)
    expected = np.where(labels == 0, 0, np.where(labels % 2 == 1, 1, 2))
    np.testing.assert_array_equal(painted, expected)
    found = read_table(table)
    assert found["class"].tolist() == [1, 2] * 12
    assert found["area"][1] == pytest.approx((labels == 2).sum() * 0.25**2)
    with read_image(classes) as file:
        assert file.spacing == pytest.approx((0.25, 0.25)) and file.unit == "um"


def test_a_model_that_needs_an_image_or_a_pixel_size_says_so(trained, objects, run, tmp_path):
    code, _, err = run(
        "classify", trained, "--labels", objects / "labels.tif", "-o", tmp_path / "a"
    )
    assert code == 3 and "intensity_mean" in err and "it needs an image" in err
    plain = tmp_path / "plain.npy"
    np.save(plain, boxes()[0])
    np.save(tmp_path / "image.npy", boxes()[1])
    inputs = ["--labels", plain, "--image", tmp_path / "image.npy"]
    code, _, err = run("classify", trained, *inputs, "-o", tmp_path / "b")
    assert code == 3 and "area is in px², expected µm²" in err
    code, _, err = run(
        "classify", trained, *inputs, "--spacing", "0.25,0.25", "--unit", "µm", "-o", tmp_path / "c"
    )
    assert code == 0 and (tmp_path / "c" / "plain-classes.tif").exists()
    assert not list((tmp_path / "b").iterdir())


def test_units_that_do_not_fit_are_refused_before_the_work(trained, monkeypatch):
    from brushwood.errors import TableMismatchError
    from brushwood.models import measuring

    seen = []

    def watched(labels, image=None, **options):
        seen.append(labels.shape)
        return bw.measure(labels, image, **options)

    monkeypatch.setattr(measuring, "measure", watched)
    labels, image = boxes()
    with pytest.raises(TableMismatchError, match="px²"):
        measuring.measured_for(bw.load(trained), labels, image)
    assert seen == [(1, 1)]


def test_channels_must_be_those_of_the_training(objects, run, tmp_path):
    labels, image = boxes()
    table = bw.measure(labels, np.stack([image, image]), channel_axis=0,
                       names=["intensity_mean"], channel_names=["DAPI", "GFP"])  # fmt: skip
    model = bw.ObjectClassifier().fit(table, [1, 2] * 12)
    model.save(tmp_path / "m.brushwood")
    tifffile.imwrite(tmp_path / "labels.tif", labels)
    tifffile.imwrite(tmp_path / "one.tif", image)
    tifffile.imwrite(
        tmp_path / "two.tif", np.stack([image, image]), imagej=True, metadata={"axes": "CYX"}
    )
    call = ["classify", tmp_path / "m.brushwood", "--labels", tmp_path / "labels.tif"]
    code, _, err = run(*call, "--image", tmp_path / "one.tif", "-o", tmp_path / "r")
    assert code == 3 and "2 channels (DAPI, GFP), but this one has one" in err
    code, _, err = run(*call, "--image", tmp_path / "two.tif", "-o", tmp_path / "r")
    assert code == 0, err
    assert "intensity_mean-GFP" in read_table(tmp_path / "r" / "labels-table.csv")


def test_a_movie_is_classified_frame_by_frame(run, tmp_path):
    one, two = boxes()[0], boxes(seed=3)[0]
    movie = np.stack([one, np.where(two > 0, two + 24, 0)]).astype(np.uint16)
    table = bw.measure(movie, names=["extent", "area", "axis_major_length"], ndim=2)
    bw.ObjectClassifier().fit(table, [1, 2] * 24).save(tmp_path / "m.brushwood")
    tifffile.imwrite(tmp_path / "movie.tif", movie, imagej=True, metadata={"axes": "TYX"})
    code, _, err = run(
        "classify",
        tmp_path / "m.brushwood",
        "--labels",
        tmp_path / "movie.tif",
        "-o",
        tmp_path / "r",
    )
    assert code == 0, err
    painted = tifffile.imread(tmp_path / "r" / "movie-classes.tif")
    np.testing.assert_array_equal(painted, np.where(movie == 0, 0, np.where(movie % 2, 1, 2)))
    assert read_table(tmp_path / "r" / "movie-table.csv")["frame"].tolist() == [0] * 24 + [1] * 24


def test_several_tables_names_and_columns(run, tmp_path):
    for seed in (0, 1):
        table = a_table(60, seed=seed)
        write_table(table.assign(kind=some_of(truth(table), 20)), tmp_path / f"{seed}.csv")
    code, out, err = run(
        "train-objects", tmp_path / "0.csv", tmp_path / "1.csv", "--classes", "kind", "-o",
        tmp_path / "m.brushwood", "--columns", "aspect_ratio, area", "--class-name", "1=round",
        "--class-name", "2=elongated", "--class-name", "3=none", "--trees", "20", "--depth", "4",
        "--seed", "3", "--kind", "extra",
    )  # fmt: skip
    assert code == 0 and "class 3 (none)" in err
    model = bw.load(out[0])
    assert model.columns_ == ("aspect_ratio", "area") and len(model.rows_) == 40
    assert model.class_names == {1: "round", 2: "elongated", 3: "none"}
    assert model.units_["area"] == "µm²"
    assert (model.forest_.n_trees, model.forest.kind, model.forest.max_depth) == (20, "extra", 4)
    code, out, _ = run("info", out[0])
    text = "\n".join(out)
    for part in ("object classifier", "aspect_ratio, area [µm²] (2)", "3  none, not annotated"):
        assert part in text
    code, out, _ = run("info", tmp_path / "m.brushwood", "--json")
    assert code == 0 and '"columns": [' in "\n".join(out)


def test_missing_numbers_are_said(run, tmp_path):
    table = a_table(60, gaps=True)
    write_table(table.assign(kind=truth(table)), tmp_path / "t.csv")
    run("train-objects", tmp_path / "t.csv", "--classes", "kind", "-o", tmp_path / "m")
    code, _, err = run("classify", tmp_path / "m.brushwood", tmp_path / "t.csv", "-o",
                       tmp_path / "o.csv")  # fmt: skip
    assert code == 0
    assert "10 objects have no number in solidity; the median of the training stands in." in err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["classify", "M", "-o", "out.csv"], 2, "either a TABLE, or --labels"),
        (["classify", "M", "T", "--labels", "L", "-o", "o"], 2, "either a TABLE, or --labels"),
        (["classify", "M", "T", "--image", "L", "-o", "o"], 2, "--image belongs to --labels"),
        (["classify", "M", "T", "--unit", "µm", "-o", "o"], 2, "--unit belongs to --spacing"),
        (["classify", "M", "T", "-o", "T"], 3, "is the input"),
        (["classify", "P", "T", "-o", "o.csv"], 3, "kind 'pixel-classifier'"),
        (["classify", "M", "none.csv", "-o", "o.csv"], 3, "there is no such file"),
        (["train-objects", "T", "--classes", "no", "-o", "n"], 3, "has no column 'no'"),
        (["train-objects", "T", "--classes", "area", "-o", "n"], 3, "must be whole numbers"),
        (["train-objects", "T", "-o", "n"], 2, "--classes"),
        (["train-objects", "T", "--classes", "kind", "--columns", ",", "-o", "n"], 2, "no column"),
        (["train-objects", "T", "--classes", "kind", "--depth", "x", "-o", "n"], 2, "--depth must"),
        (["apply", "M", "image.tif", "-o", "out"], 3, "kind 'object-classifier'"),
    ],
)
def test_what_cannot_be_done_says_why(
    arguments, code, message, trained, model, objects, run, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    names = {"M": trained, "P": model, "T": objects / "table.csv", "L": objects / "labels.tif"}
    before = (objects / "table.csv").read_bytes()
    came, _, err = run(*[names.get(a, a) for a in arguments])
    assert came == code and message in err
    assert (objects / "table.csv").read_bytes() == before


def test_results_are_not_overwritten_unasked(trained, objects, run, tmp_path):
    target = tmp_path / "out.csv"
    target.write_text("mine")
    call = ["classify", trained, objects / "table.csv", "-o", target]
    assert run(*call)[0] == 3 and target.read_text() == "mine"
    assert run(*call, "--overwrite")[0] == 0 and isinstance(read_table(target), pd.DataFrame)
    call = ["train-objects", objects / "table.csv", "--classes", "kind", "-o", trained]
    code, _, err = run(*call)
    assert code == 3 and "exists already" in err
