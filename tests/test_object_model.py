"""Object classifiers in model files, and kinds of models in general."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import brushwood as bw
from brushwood import models
from brushwood.errors import InputError, ModelFileError
from brushwood.pixels.classifier import PixelClassifier
from model_files import assert_same, edited, good_model
from object_tables import NAMES, a_table, some_of, truth

OLD = Path(__file__).parent / "data" / "pixels-1.brushwood"


@pytest.fixture(scope="module")
def table():
    return a_table(gaps=True)


@pytest.fixture(scope="module")
def fitted(table):
    colors = {1: "#0072b2", 7: "#009e73"}
    names = {**NAMES, 7: "not annotated"}
    model = bw.ObjectClassifier(class_names=names, class_colors=colors)
    return model.fit(table, some_of(truth(table), 50))


@pytest.fixture(scope="module")
def path(fitted, tmp_path_factory):
    target = tmp_path_factory.mktemp("objects") / "shapes.brushwood"
    fitted.save(target)
    return target


def test_everything_comes_back(fitted, path, table):
    back = bw.load(path)
    assert isinstance(back, bw.ObjectClassifier)
    dated = {**fitted.to_state(), "provenance": back.provenance_}  # the date is that of saving
    assert_same(back.to_state(), dated)
    assert back.provenance_["objects"] == {str(k): n for k, n in fitted.counts_.items()}
    np.testing.assert_array_equal(back.predict_proba(table), fitted.predict_proba(table))
    assert back.columns_ == fitted.columns_ and back.units_ == fitted.units_
    assert back.measurement_ == {"ndim": 2, "channels": None, "classes": None}
    assert back.class_names == {1: "round", 2: "elongated", 7: "not annotated"}
    assert back.missing(table) == fitted.missing(table)
    again = path.with_name("again.brushwood")
    back.save(again, overwrite=True)
    assert again.read_bytes() == path.read_bytes()


def test_training_goes_on_after_loading(fitted, path, table):
    other = a_table(seed=9)
    back = bw.load(path).fit(other, truth(other), extend=True)
    both = bw.ObjectClassifier().fit([table, other], [some_of(truth(table), 50), truth(other)])
    np.testing.assert_array_equal(back.predict_proba(table), both.predict_proba(table))
    without = path.with_name("without.brushwood")
    fitted.save(without, include_rows=False)
    assert len(bw.load(without).rows_) == 0
    np.testing.assert_array_equal(
        bw.load(without).predict_proba(table), fitted.predict_proba(table)
    )


def test_another_process_gives_the_same_answer(path, fitted, table, tmp_path):
    code = (
        "import sys, brushwood as bw; sys.path.insert(0, sys.argv[1]);"
        "from object_tables import a_table;"
        "print(bw.load(sys.argv[2]).predict_proba(a_table(gaps=True)).to_numpy().tobytes().hex())"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(Path(__file__).parent), str(path)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert bytes.fromhex(run.stdout.strip()) == fitted.predict_proba(table).to_numpy().tobytes()


def test_info_names_the_columns_with_units(path):
    info = models.read_info(path)
    assert info.kind == "object-classifier" and info.n_rows == 50
    assert info.columns == ("area", "aspect_ratio", "solidity")
    assert [c.is_trained for c in info.classes] == [True, True, False]
    assert ("columns", "area [µm²], aspect_ratio, solidity (3)") in info.lines()
    assert set(info.annotated()) == {"1", "2"}


def test_a_table_that_does_not_fit_the_loaded_model_is_refused(path, table):
    with pytest.raises(bw.errors.TableMismatchError, match="area is in px², expected µm²"):
        bw.load(path).predict(a_table(unit="px"))


# Kinds


def test_the_kind_that_a_caller_expects(path, tmp_path):
    pixels, _ = good_model(tmp_path)
    assert isinstance(models.load(pixels, PixelClassifier), PixelClassifier)
    assert isinstance(models.load(path, bw.ObjectClassifier), bw.ObjectClassifier)
    with pytest.raises(ModelFileError, match=r"'object-classifier'.*brushwood classify"):
        models.load(path, PixelClassifier)
    with pytest.raises(ModelFileError, match=r"'pixel-classifier'.*brushwood apply"):
        models.load(pixels, bw.ObjectClassifier)


def test_models_of_no_kind_are_not_saved(tmp_path):
    with pytest.raises(InputError, match="A dict cannot be saved as a model file"):
        models.save({}, tmp_path / "m")


@pytest.mark.parametrize("name", sorted(models.HOMES))
def test_every_kind_is_complete(name):
    kind = models.kind_named(name)
    assert kind.name == name == kind.model.model_kind
    assert kind.use.endswith(".") and kind.title == name.replace("-", " ")


def test_a_file_from_before_there_were_kinds_still_loads():
    """Written by the first version that saved models."""
    model = bw.load(OLD)
    assert isinstance(model, PixelClassifier)
    assert model.class_names == {1: "background", 3: "Kerne µ 核", 7: "not painted"}
    assert model.forest_.n_trees == 5 and model.stored_rows_.features.shape == (200, 5)
    assert models.read_info(OLD).n_features == 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d["columns"].append("more"), "it lists 4 columns, but its forest has 3"),
        (lambda d: d.update(columns=["a", "a", "b"]), "listed twice"),
        (lambda d: d.update(columns="area"), "columns is 'area', not a list"),
        (lambda d: d["columns"].__setitem__(0, 5), "columns is 5, not a text"),
        (lambda d: d["units"].update(volume="µm³"), "'volume', which is none of its columns"),
        (lambda d: d["units"].update(area=3), "units is 3, not a text"),
        (lambda d: d.update(units=[]), "units is a list, not an object"),
        (lambda d: d.update(measurement=4), "measurement is 4, not an object"),
        (lambda d: d.pop("measurement"), "lacks 'measurement'"),
        (lambda d: d.update(smoothing=1), "unknown field 'smoothing'"),
        (lambda d: d["arrays"].pop("table/fill"), "lacks 'table/fill'"),
        (lambda d: d.update(forest={"n_trees": 10**9}), "n_trees must be"),
    ],
)
def test_changed_documents_are_refused(path, tmp_path, change, message):
    bad = tmp_path / "bad.brushwood"
    bad.write_bytes(edited(path.read_bytes(), change))
    with pytest.raises(ModelFileError, match=message):
        bw.load(bad)


def test_what_no_file_could_bring_back_is_refused_on_saving(table, tmp_path):
    model = bw.ObjectClassifier(measurement={"ndim": float("nan")}).fit(table, truth(table))
    with pytest.raises(InputError, match="cannot be saved: measurement is nan"):
        model.save(tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_the_document_is_plain(path):
    from model_files import parts

    document = json.loads(parts(path.read_bytes())["model.json"])
    assert document["kind"] == "object-classifier" and document["version"] == 1
    assert document["units"] == {"area": "µm²", "aspect_ratio": "", "solidity": ""}
