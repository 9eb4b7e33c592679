"""The model file: round trips, and thousands of damaged files that must neither crash nor cost."""

import errno
import io
import json
import os
import time
import tracemalloc
import zipfile

import numpy as np
import pytest

from brushwood.errors import InputError, ModelFileError, OutputError, OutputExistsError
from brushwood.forest import ForestParams
from brushwood.io import archive, checks, document
from brushwood.io import model as model_file
from brushwood.models import load as load_model
from brushwood.models import read_info
from brushwood.models import save as save_model
from brushwood.pixels.classifier import PixelClassifier
from model_files import (
    FEATURES,
    LIMIT,
    N_PLANES,
    a_state,
    assert_same,
    edited,
    good_model,
    parts,
    zipped,
)


@pytest.fixture(scope="module")
def classifier():
    return PixelClassifier.from_state(a_state(rows=False))


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """A small model with rows: its path and its bytes."""
    return good_model(tmp_path_factory.mktemp("model"))


# Round trips


def test_everything_comes_back(classifier, tmp_path):
    path = save_model(classifier, tmp_path / "nuclei")
    assert path == tmp_path / "nuclei.brushwood"
    back = load_model(path)
    assert_same(back.to_state(), classifier.to_state())
    assert back.class_names == {1: "background", 3: "Kerne µ 核", 7: "not painted"}
    assert back.classes_.tolist() == [1, 3]
    assert back.provenance_["seed"] == 0


def test_rows_come_back_if_they_were_asked_for(good, classifier, tmp_path):
    path, _ = good
    state = a_state()
    rows = load_model(path).stored_rows_
    np.testing.assert_array_equal(rows.features, state["rows"]["features"])
    np.testing.assert_array_equal(rows.classes, state["rows"]["classes"])
    assert load_model(save_model(classifier, tmp_path / "a")).stored_rows_ is None


def test_rows_survive_being_saved_again_and_training_goes_on(good, tmp_path):
    path, _ = good
    again = save_model(load_model(path), tmp_path / "again", include_rows=True)
    rows, back = load_model(path).stored_rows_, load_model(again).stored_rows_
    np.testing.assert_array_equal(back.features, rows.features)
    np.testing.assert_array_equal(back.classes, rows.classes)
    ids, counts = np.unique(rows.classes, return_counts=True)
    assert load_model(again).training_.counts == dict(zip(ids, counts, strict=True))


def test_the_same_model_gives_the_same_bytes(classifier, tmp_path):
    one = save_model(classifier, tmp_path / "one.brushwood").read_bytes()
    time.sleep(0.01)
    assert save_model(classifier, tmp_path / "two.brushwood").read_bytes() == one


def test_info_needs_no_forest(good, monkeypatch):
    path, data = good
    monkeypatch.setattr(PixelClassifier, "from_state", None)
    info = read_info(path)
    assert (info.version, info.ndim, info.n_channels, info.n_features) == (1, 2, 1, N_PLANES)
    assert (info.n_trees, info.n_rows, info.n_bytes) == (5, 200, len(data))
    assert info.features == FEATURES
    assert info.spacing == (0.5, 0.25)
    assert info.forest == ForestParams(n_trees=5, max_depth=4)
    assert [(c.id, c.name, c.is_trained) for c in info.classes] == [
        (1, "background", True), (3, "Kerne µ 核", True), (7, "not painted", False),
    ]  # fmt: skip
    assert info.provenance["device"] == "a CPU"


def test_the_arrays_are_plain_npy_in_a_plain_zip(good):
    path, _ = good
    with zipfile.ZipFile(path) as file:
        assert file.testzip() is None
        listed = json.loads(file.read("model.json"))["arrays"]
        for name, kind in listed.items():
            array = np.load(io.BytesIO(file.read(f"{name}.npy")), allow_pickle=False)
            assert (array.dtype.name, list(array.shape)) == (kind["dtype"], kind["shape"])
            out = io.BytesIO()
            np.save(out, array)
            assert out.getvalue() == file.read(f"{name}.npy")  # to the byte
    names = {f"forest/{n}" for n in a_state()["forest"]} | {"rows/features", "rows/classes"}
    assert set(listed) == names


def test_arrays_that_shrink_a_lot_are_stored_so_that_reading_accepts_them(tmp_path):
    # Single-class leaves by the thousand compress more than a hundredfold.
    path = tmp_path / "flat.brushwood"
    with path.open("xb") as stream:
        archive.write_archive(stream, b"{}", {"rows/features": np.zeros((1 << 20, 2), np.float32)})
        archive_size = stream.tell()
    assert archive_size > 8 << 20
    with archive.Archive(path) as file:
        assert not file.array("rows/features", "float32", (1 << 20, 2)).any()


# Writing


def test_an_existing_model_is_kept_unless_told(classifier, good, tmp_path):
    path = tmp_path / "model.brushwood"
    path.write_bytes(b"precious")
    with pytest.raises(OutputExistsError, match="exists already and was left as it is"):
        save_model(classifier, path)
    assert path.read_bytes() == b"precious"
    save_model(classifier, path, overwrite=True)
    assert load_model(path).classes_.tolist() == [1, 3]
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("code", "message"), [(errno.ENOSPC, "the disk is full"), (errno.EROFS, "read-only")]
)
def test_a_failed_save_leaves_the_old_file(classifier, tmp_path, monkeypatch, code, message):
    path = save_model(classifier, tmp_path / "model.brushwood")
    before = path.read_bytes()

    def fail(stream, data, arrays):
        stream.write(b"half a file")
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(model_file, "write_archive", fail)
    with pytest.raises(OutputError, match=message):
        save_model(classifier, path, overwrite=True)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_what_no_file_could_bring_back_is_refused_on_saving(classifier, tmp_path, monkeypatch):
    with pytest.raises(InputError, match=r"cannot be saved: smoothing is -1\.0, not a number"):
        save_model(PixelClassifier.from_state(a_state() | {"smoothing": -1.0}), tmp_path / "m")
    monkeypatch.setattr(archive, "MAX_BYTES", 1000)
    with pytest.raises(InputError, match="Leave out the training pixels"):
        save_model(classifier, tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_saving_into_a_missing_folder_or_before_fit(classifier, tmp_path):
    from sklearn.exceptions import NotFittedError

    with pytest.raises(OutputError, match="does not exist"):
        save_model(classifier, tmp_path / "no" / "model.brushwood")
    with pytest.raises(NotFittedError):
        save_model(PixelClassifier(), tmp_path / "model.brushwood")
    assert list(tmp_path.iterdir()) == []


# Versions and strangers


def refused(tmp_path, data):
    path = tmp_path / "bad.brushwood"
    path.write_bytes(data)
    with pytest.raises(ModelFileError) as caught:
        load_model(path)
    with pytest.raises(ModelFileError):
        read_info(path)
    assert "bad.brushwood" in str(caught.value)
    return str(caught.value)


def test_a_newer_version_says_update(good, tmp_path):
    message = refused(tmp_path, edited(good[1], lambda d: d.update(version=2)))
    assert "a newer Brushwood wrote it (file version 2; this one reads up to 1)" in message
    assert "pip install --upgrade napari-brushwood" in message


def test_old_versions_are_brought_up_to_date_step_by_step(good, tmp_path, monkeypatch):
    """Pretend that today is version 3; version 1 had another word for smoothing."""
    monkeypatch.setattr(document, "VERSION", 3)
    monkeypatch.setattr(document, "_UPGRADES", {})

    @document.upgrade(1)
    def from_1(d):
        blur = d.pop("blur")
        return {**d, "half_smoothing": blur / 2}

    @document.upgrade(2)
    def from_2(d):
        half = d.pop("half_smoothing")
        return {**d, "smoothing": 2 * half}

    path = tmp_path / "old.brushwood"
    path.write_bytes(edited(good[1], lambda d: d.update(blur=d.pop("smoothing"))))
    assert load_model(path).smoothing == 1.0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is empty"),
        (b"OpenCL RandomForestClassifier\nclassifier_class_name = PixelClassifier", "not a Brush"),
        (b"PK\x03\x04" + b"\0" * 100, "its end is missing"),
        (zipped({"a.txt": "hello"}), "which no model has"),
        (zipped({}), "not a Brushwood model"),
        (zipped({"model.json": "{}"}), "its format is None"),
        (zipped({"model.json": '{"format": "brushwood", "version": "1"}'}), "its version is '1'"),
        (zipped({"../../etc/evil.npy": "x", "model.json": "{}"}), "which no model has"),
        (zipped({"/model.json": "{}"}), "which no model has"),
        (zipped({"model.json": "[" * 100_000}), "nested more than"),
        (zipped({"model.json": '{"a": 1, "a": 2}'}), "a name occurs twice"),
        (zipped({"model.json": '{"a": NaN}'}), "NaN is not a number"),
        (zipped({"model.json": '{"a": ' + "9" * 10_000 + "}"}), "no valid JSON"),
        (zipped({"model.json": b"\xff\xfe"}), "no valid JSON"),
        (zipped({"model.json": '"brushwood"'}), "not a JSON object"),
        (zipped({f"rows/{'a' * (i + 1)}.npy": "" for i in range(40)}), "holds 40 parts"),
    ],
)
def test_strangers_are_named(tmp_path, content, message):
    assert message in refused(tmp_path, content)


def test_other_kinds_unknown_fields_and_missing_parts(good, tmp_path):
    data = good[1]
    for kind in ("oracle", "", 1, None, []):
        message = refused(tmp_path, edited(data, lambda d, kind=kind: d.update(kind=kind)))
        assert f"of kind {checks.shown(kind)}, which this Brushwood does" in message
    message = refused(tmp_path, edited(data, lambda d: d.update(kind="object-classifier")))
    assert "model.json lacks 'columns'" in message
    assert "unknown field 'code'" in refused(tmp_path, edited(data, lambda d: d.update(code="1")))
    assert "lacks 'smoothing'" in refused(tmp_path, edited(data, lambda d: d.pop("smoothing")))
    members = parts(data)
    del members["forest/value.npy"]
    assert "not those that its model.json lists" in refused(tmp_path, zipped(members))
    members = parts(data) | {"forest/extra.npy": members["forest/left.npy"]}
    assert "not those that its model.json lists" in refused(tmp_path, zipped(members))
    del members["model.json"]
    assert "it has no model.json" in refused(tmp_path, zipped(members))


def test_a_filter_that_is_not_installed_is_named(good, tmp_path):
    message = refused(tmp_path, edited(good[1], lambda d: d.update(features="wavelet=2")))
    assert "wavelet" in message
    assert ".." not in message


def test_a_file_that_is_not_there_or_a_folder(tmp_path):
    for path, message in ((tmp_path / "no.brushwood", "no such file"), (tmp_path, "is a folder")):
        with pytest.raises(ModelFileError, match=message):
            load_model(path)


def test_bombs_cost_nothing(good, tmp_path):
    members = parts(good[1])
    zeros = bytes(200 << 20)
    bombs = {
        "far more than it holds": zipped(members | {"rows/features.npy": zeros}),
        "is compressed in a way": zipped(members | {"rows/features.npy": b"0"}, zipfile.ZIP_LZMA),
        "model.json claims": zipped(members | {"model.json": b" " * (64 << 20)}),
    }
    del zeros
    for message, data in bombs.items():
        tracemalloc.start()
        try:
            assert message in refused(tmp_path, data)
            assert tracemalloc.get_traced_memory()[1] < LIMIT
        finally:
            tracemalloc.stop()
