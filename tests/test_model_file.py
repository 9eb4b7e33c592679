"""The model file: round trips, and thousands of damaged files that must neither crash nor cost."""

import copy
import errno
import io
import json
import os
import re
import struct
import time
import tracemalloc
import zipfile

import numpy as np
import pytest

from brushwood.errors import InputError, ModelFileError, OutputError, OutputExistsError
from brushwood.features.spec import FeatureSet
from brushwood.forest import ForestParams, grow
from brushwood.io import archive, document
from brushwood.io import model as model_file
from brushwood.io.model import load_model, read_info, save_model
from brushwood.pixels.classifier import PixelClassifier

FEATURES = "original gaussian=1,2 hessian=1"
N_PLANES = 5
#: What loading a file of a few kilobytes may allocate.
LIMIT = 24 << 20


def a_state(*, rows=True, classes=(1, 3), n_trees=5):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, N_PLANES)).astype(np.float32)
    y = np.array(classes)[(x[:, 0] > 0).astype(int)]
    params = ForestParams(n_trees=n_trees, max_depth=4)
    return {
        "features": str(FeatureSet.parse(FEATURES)),
        "ndim": 2,
        "n_channels": 1,
        "channel_axis": None,
        "spacing": [0.5, 0.25],
        "scaling": {"mode": "image", "low": 1.0, "high": 99.8, "blank": 6.5, "clear": 10.0},
        "range": {"low": [3.5], "span": [200.25], "contrast": [40.0]},
        "smoothing": 1.0,
        "forest_params": params.to_json(),
        "forest": grow(x, y, params).to_arrays(),
        "class_names": {1: "background", 3: "Kerne µ 核", 7: "not painted"},
        "class_colors": {1: "#0072b2", 3: "#e69f00"},
        "provenance": {
            "date": "2026-01-02T03:04:05+00:00",
            "packages": {"numpy": "2.4.6"},
            "device": "a CPU",
            "seed": 0,
            "images": [{"shape": [64, 64], "sample_sha256": "00" * 32}],
            "pixels": {"1": 100, "3": 100},
        },
        "rows": {"features": x, "classes": y.astype(np.int64)} if rows else None,
    }


@pytest.fixture(scope="module")
def classifier():
    return PixelClassifier.from_state(a_state(rows=False))


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """A small model with rows: its path and its bytes."""
    path = tmp_path_factory.mktemp("model") / "good.brushwood"
    made = PixelClassifier.from_state(a_state())
    made.to_state = lambda include_rows=False: a_state(rows=include_rows)
    save_model(made, path, include_rows=True)
    return path, path.read_bytes()


def assert_same(one, other):
    assert one.keys() == other.keys()
    for key, value in one.items():
        if isinstance(value, dict):
            assert_same(value, other[key])
        elif isinstance(value, np.ndarray):
            assert value.dtype == other[key].dtype
            np.testing.assert_array_equal(value, other[key])
        else:
            assert value == other[key], key


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


def parts(data):
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return {name: file.read(name) for name in file.namelist()}


def zipped(members, compression=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return out.getvalue()


def edited(data, change):
    """Return the file with its document changed."""
    members = parts(data)
    content = json.loads(members["model.json"])
    change(content)
    members["model.json"] = json.dumps(content)
    return zipped(members)


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
    assert "kind 'object-classifier'" in refused(
        tmp_path, edited(data, lambda d: d.update(kind="object-classifier"))
    )
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


# Fuzzing: seeded, so that a failure can be repeated.

NASTY = (
    None, True, -1, 0, 2, 10**30, 1e308, -0.5, "", "x" * 30_000, "\0", [], [[]], {},
    {"a": {"b": 1}}, [1e400], "gaussian=1e9", "../../x", [2**31] * 3,
)  # fmt: skip


def paths_in(value, here=()):
    if here:
        yield here
    children = value.items() if isinstance(value, dict) else enumerate(value)
    for key, child in children:
        if isinstance(child, dict | list):
            yield from paths_in(child, (*here, key))
        else:
            yield (*here, key)


def json_mutants(data):
    members = parts(data)
    original = json.loads(members["model.json"])
    for path in paths_in(original):
        for nasty in (*NASTY, "delete"):
            content = copy.deepcopy(original)
            owner = content
            for key in path[:-1]:
                owner = owner[key]
            if nasty == "delete":
                del owner[path[-1]]
            else:
                owner[path[-1]] = nasty
            yield f"{path}={nasty!r:.40}", members | {"model.json": json.dumps(content)}


def array_mutants(data, rng, n):
    members = parts(data)
    names = [name for name in members if name.endswith(".npy")]
    values = [-(2**31), -2, -1, 0, 1, 2, 1000, 2**31 - 1]
    floats = [np.nan, np.inf, -1.0, 2.0, 1e30]
    for i in range(n):
        name = names[rng.integers(len(names))]
        array = np.load(io.BytesIO(members[name])).copy()
        where = rng.integers(max(array.size, 1))
        array.reshape(-1)[where] = rng.choice(floats if array.dtype.kind == "f" else values)
        out = io.BytesIO()
        with np.errstate(invalid="ignore"):
            np.save(out, array if i % 5 else array.astype("f8" if i % 2 else ">i4"))
        yield f"{name}[{where}] #{i}", members | {name: out.getvalue()}


def header_mutants(data):
    members = parts(data)
    for name in (n for n in members if n.endswith(".npy")):
        content = members[name]
        for shape in ("(99999999999,)", "(1073741824, 1073741824)", "(-1,)", "()", "(0,)", "[1]"):
            head = re.sub(rb"\([^)]*\)", shape.encode(), content[10:138])[:128].ljust(128)
            yield f"{name} shape {shape}", members | {name: content[:10] + head + content[138:]}
        for length in (0, 1, 65535):
            changed = content[:8] + struct.pack("<H", length) + content[10:]
            yield f"{name} header {length}", members | {name: changed}
        yield (
            f"{name} object",
            members | {name: content.replace(b"<f4", b"|O8").replace(b"<i4", b"|O8")},
        )
        yield f"{name} short", members | {name: content[:-4]}
        yield f"{name} long", members | {name: content + b"\0" * 4}


def byte_mutants(data, rng):
    for _ in range(900):
        changed = bytearray(data)
        for _ in range(rng.integers(1, 4)):
            changed[rng.integers(len(data))] ^= 1 << rng.integers(8)
        yield "flip", bytes(changed)
    for cut in np.linspace(0, len(data) - 1, 250).astype(int):
        yield f"cut {cut}", data[:cut]
    for _ in range(250):
        a, b, c = sorted(rng.integers(0, len(data), 3))
        yield f"splice {a} {b} {c}", data[:a] + data[b:c] + data[a:b] + data[c:]
    # The table of contents and its end, where sizes and positions are.
    start = data.rindex(b"PK\x05\x06")
    table = struct.unpack("<L", data[start + 16 : start + 20])[0]
    for _ in range(500):
        changed = bytearray(data)
        where = rng.integers(table, len(data) - 4)
        changed[where : where + 4] = rng.choice(
            [b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xff\xff\xff\x7f", rng.bytes(4)]
        )
        yield f"table {where}", bytes(changed)


@pytest.fixture
def attempt(tmp_path):
    """Load some bytes: None if they were refused, else the classifier's state."""
    path = tmp_path / "mutant.brushwood"

    def load(data):
        path.write_bytes(data)
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        start = time.perf_counter()
        try:
            loaded = load_model(path)
        except ModelFileError as error:
            assert "mutant.brushwood" in str(error)
            loaded = None
        assert time.perf_counter() - start < 5
        assert tracemalloc.get_traced_memory()[1] - before < LIMIT
        return loaded

    tracemalloc.start()
    yield load
    tracemalloc.stop()


def test_damaged_bytes_load_equal_or_are_refused(good, attempt):
    expected = load_model(good[0]).to_state()
    n = n_refused = 0
    for what, data in byte_mutants(good[1], np.random.default_rng(1)):
        n += 1
        loaded = attempt(data)
        if loaded is None:
            n_refused += 1
        else:
            try:
                assert_same(loaded.to_state(), expected)
            except AssertionError as error:
                raise AssertionError(what) from error
    assert n >= 1900
    assert n_refused > 0.7 * n


def test_changed_values_load_into_a_valid_model_or_are_refused(good, attempt):
    """Zipped anew with right checksums: now only the checks of values stand in between."""
    rng = np.random.default_rng(2)
    mutants = [
        *list(json_mutants(good[1]))[::2], *header_mutants(good[1]),
        *array_mutants(good[1], rng, 400),
    ]  # fmt: skip
    assert len(mutants) >= 1500
    n_refused = 0
    for what, members in mutants:
        loaded = attempt(zipped(members, zipfile.ZIP_STORED))
        if loaded is None:
            n_refused += 1
            continue
        try:
            loaded.forest_.validate()
            assert len(loaded.feature_names_) == loaded.forest_.n_features
            assert np.isfinite(loaded.smoothing)
            assert 0 <= loaded.smoothing <= 1000
            json.dumps(loaded.to_state()["provenance"], allow_nan=False)
        except Exception as error:
            raise AssertionError(what) from error
    assert n_refused > 0.7 * len(mutants)
