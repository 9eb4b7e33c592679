"""`brushwood convert`: there and back, names and ids, warnings and exit codes."""

import io
import sys

import numpy as np
import pandas as pd
import pytest

import brushwood as bw
from brushwood import apoc
from brushwood.io.cl import read_cl
from cl_files import data, results


@pytest.fixture(scope="module")
def known():
    return results()


def test_a_pixel_classifier_there_and_back(run, tmp_path, known):
    ours, theirs = tmp_path / "a.brushwood", tmp_path / "b.cl"
    code, out, err = run("convert", data("pixels"), ours, "--classes", "1=background,2=nuclei")
    assert (code, out, err) == (0, [str(ours)], "")
    model = bw.load(ours)
    assert model.class_names == {1: "background", 2: "nuclei"}
    assert np.array_equal(model.predict(known["image"]), known["pixels"])
    code, out, err = run("convert", ours, theirs)
    assert (code, out) == (0, [str(theirs)])
    assert "Warning: A .cl file does not store names" in err
    assert "2 = nuclei" in err
    assert np.array_equal(apoc.load(theirs).predict(known["image"]), known["pixels"])


def test_all_classes_named_give_their_ids(run, tmp_path, known):
    target = tmp_path / "a.brushwood"
    code, _, _ = run("convert", data("pixels"), target, "--classes", "2=a, 5=b,9")
    assert code == 0
    model = bw.load(target)
    assert model.classes_.tolist() == [2, 5, 9]
    assert model.class_names == {2: "a", 5: "b"}
    assert np.array_equal(model.predict(known["image"]), np.array([0, 2, 5, 9])[known["pixels"]])
    back = tmp_path / "b.cl"
    assert run("convert", target, back)[0] == 0
    assert read_cl(back).n_classes == 9
    found = apoc.load(back).predict(known["image"])
    assert np.array_equal(found, np.array([0, 2, 5, 9])[known["pixels"]])


def test_old_files_need_dimensions(run, tmp_path, known):
    target = tmp_path / "a.brushwood"
    code, _, err = run("convert", data("counts"), target)
    assert code == 3
    assert "--ndim 2" in err
    assert not target.exists()
    assert run("convert", data("counts"), target, "--ndim", 2)[0] == 0
    assert np.array_equal(bw.load(target).predict(known["image"]), known["counts"])


@pytest.mark.parametrize("name", ["objects", "selector", "merger", "rows"])
def test_other_classifiers_there_and_back(run, tmp_path, known, name):
    ours, theirs = tmp_path / "a.brushwood", tmp_path / "b.cl"
    assert run("convert", data(name), ours, "--classes", "2=round")[0] == 0
    model = bw.load(ours)
    assert type(model) is type(apoc.load(data(name)))
    assert model.class_names == {2: "round"}
    assert run("convert", ours, theirs)[0] == 0
    again = apoc.load(theirs)
    if name == "rows":
        table = pd.DataFrame({"area": known["table_area"], "length": known["table_length"]})
        expected = known["table_classes"]
        assert np.array_equal(model.predict(table), expected)
        assert np.array_equal(again.predict(table), expected)
    else:
        for one in (model, again):
            found = one.predict(known["labels"], known["intensity"])
            assert np.array_equal(found, known[name])
    code, out, _ = run("info", ours)
    assert code == 0
    assert any(type(model).__name__ in line for line in out)


def test_kinds_of_pixel_classifiers(run, tmp_path, known):
    ours = tmp_path / "a.brushwood"
    code, _, err = run("convert", data("segmenter"), ours)
    assert code == 0
    assert "makes objects of class 2" in err
    assert run("convert", ours, tmp_path / "same.cl")[0] == 0
    same = apoc.load(tmp_path / "same.cl")
    assert np.array_equal(same.predict(known["image"]), known["segmenter"])
    code, _, _ = run("convert", ours, tmp_path / "p.cl", "--kind", "ProbabilityMapper",
                     "--class", 3)  # fmt: skip
    assert code == 0
    assert read_cl(tmp_path / "p.cl").probability_class == 3
    code, _, err = run("convert", ours, tmp_path / "q.cl", "--kind", "ObjectSegmenter",
                       "--class", 8)  # fmt: skip
    assert (code, (tmp_path / "q.cl").exists()) == (3, False)
    assert "no class 8" in err


def test_a_classifier_of_tables_becomes_one_of_rows(run, tmp_path):
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.random((60, 2)), columns=["area", "mean intensity"])
    classes = 1 + (table["area"] > 0.5).astype(int)
    forest = bw.ForestParams(kind="random", n_trees=20)
    model = bw.ObjectClassifier(forest=forest, class_names={2: "large"}).fit(table, classes)
    model.save(tmp_path / "a.brushwood")
    code, _, err = run("convert", tmp_path / "a.brushwood", tmp_path / "b.cl")
    assert code == 0
    for note in ("Fiji cannot", "missing number", "mean intensity", "2 = large"):
        assert note in err
    rows = apoc.TableRowClassifier(tmp_path / "b.cl")
    assert np.array_equal(rows.predict(table), model.predict(table))


def test_models_that_apoc_cannot_express(run, tmp_path, model, folder):
    code, _, err = run("convert", model, tmp_path / "a.cl")
    assert code == 3
    assert "gaussian=1" in err
    assert not (tmp_path / "a.cl").exists()


@pytest.mark.parametrize(("arguments", "part"), [
    (("a.cl", "b.txt"), "must end with .cl or .brushwood"),
    (("a.cl", "b.cl"), "one file must end with .cl"),
    (("a.cl", "b.brushwood", "--kind", "ObjectSegmenter"), "belong to a .cl file as TARGET"),
    (("a.brushwood", "b.cl", "--ndim", "2"), "belong to a .cl file as SOURCE"),
    (("a.cl", "b.brushwood", "--classes", "x=1"), "'x=1' is no class"),
    (("a.cl", "b.brushwood", "--classes", "1=a,1=b"), "is no class"),
    (("a.cl",), "TARGET"),
])  # fmt: skip
def test_wrong_usage(run, arguments, part):
    code, out, err = run("convert", *arguments)
    assert (code, out) == (2, [])
    assert part in err


def test_bad_input(run, tmp_path):
    bad, target = tmp_path / "bad.cl", tmp_path / "t.brushwood"
    bad.write_text("nonsense")
    assert run("convert", bad, target)[0] == 3
    assert run("convert", tmp_path / "none.cl", target)[0] == 3
    code, _, err = run("convert", data("pixels"), target, "--classes", "7=x")
    assert code == 3
    assert "classes 1 to 3" in err
    target.write_text("precious")
    assert run("convert", data("pixels"), target)[0] == 3
    assert target.read_text() == "precious"
    assert run("convert", data("pixels"), target, "--overwrite")[0] == 0
    assert run("convert", data("pixels"), tmp_path / "no" / "a.brushwood")[0] == 3


def test_a_terminal_is_asked(run, tmp_path, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stdin", Terminal("dark\n\nnuclei\n2\n"))
    code, _, err = run("convert", data("counts"), tmp_path / "a.brushwood")
    assert code == 0
    assert "class 1: " in err
    model = bw.load(tmp_path / "a.brushwood")
    assert model.class_names == {1: "dark", 3: "nuclei"}
    assert model.ndim_ == 2


def test_apply_takes_a_cl_file(run, tmp_path, known):
    import tifffile

    tifffile.imwrite(tmp_path / "image.tif", known["image"])
    code, out, _ = run("apply", data("pixels"), tmp_path / "image.tif", "-o", tmp_path / "out")
    assert code == 0
    assert np.array_equal(tifffile.imread(out[0]), known["pixels"])
    code, _, err = run("apply", data("merger"), tmp_path / "image.tif", "-o", tmp_path / "out")
    assert code == 3
    assert "ObjectMerger" in err


def test_info_takes_a_cl_file(run):
    code, out, err = run("info", data("segmenter"))
    assert (code, err) == (0, "")
    text = "\n".join(out)
    assert "ObjectSegmenter" in text
    assert "gaussian_blur=1" in text
    assert run("info", data("counts"), "--json")[0] == 0
    assert run("info", "nothing.cl")[0] == 3
