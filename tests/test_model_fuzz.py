"""Thousands of damaged model files, which must neither crash nor hang nor cost memory."""

import copy
import io
import json
import re
import struct
import time
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from brushwood.apoc.base import ClClassifier
from brushwood.errors import ModelFileError
from brushwood.forest import ForestParams
from brushwood.models import load as load_model
from brushwood.models import save as save_model
from brushwood.objects.classifier import ObjectClassifier
from brushwood.objects.marks import Marks
from model_files import LIMIT, assert_same, good_model, parts, zipped
from object_tables import NAMES, a_table, truth


def good_objects(folder):
    """Write a small object classifier with rows; return its path and its bytes."""
    table = a_table(80, gaps=True)
    params = ForestParams(kind="random", n_trees=5, max_depth=4)
    model = ObjectClassifier(forest=params, class_names=NAMES).fit(table, truth(table))
    labels = np.kron(np.arange(9).reshape(3, 3), np.ones((5, 4), int))
    model.marks_ = {"objects": Marks().add_many(labels, {1: 1, 4: 2, 8: 1})}
    path = folder / "good.brushwood"
    model.save(path)
    return path, path.read_bytes()


def good_apoc(folder):
    """Write one of APOC's classifiers; return its path and its bytes."""
    path = folder / "good.brushwood"
    save_model(load_model(Path(__file__).parent / "data" / "apoc_rows.cl"), path)
    return path, path.read_bytes()


@pytest.fixture(scope="module", params=[good_model, good_objects, good_apoc])
def good(request, tmp_path_factory):
    """A small model of each kind with rows: its path and its bytes."""
    return request.param(tmp_path_factory.mktemp("model"))


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


def check_sound(loaded):
    """Whatever loads can be used and saved."""
    if isinstance(loaded, ClClassifier):
        forest = loaded.trained_model().to_forest()
        forest.validate()
        assert len(loaded.columns) == forest.n_features
        return
    loaded.forest_.validate()
    json.dumps(loaded.to_state()["provenance"], allow_nan=False)
    if isinstance(loaded, ObjectClassifier):
        assert len(set(loaded.columns_)) == loaded.forest_.n_features == loaded.fill_.size
        table = pd.DataFrame(1.0, index=[0, 1], columns=list(loaded.columns_))
        assert loaded.predict(table).isin(loaded.classes_).all()
        assert not np.isinf(loaded.rows_.values).any()
        for marks in loaded.marks_.values():
            marks.attach(np.zeros((15, 12), int))
    else:
        assert len(loaded.feature_names_) == loaded.forest_.n_features
        assert np.isfinite(loaded.smoothing)
        assert 0 <= loaded.smoothing <= 1000


def content(loaded):
    """All that a model consists of."""
    if isinstance(loaded, ClClassifier):
        model = loaded.trained_model()
        return {"forest": model.to_forest().to_arrays(), "header": model.header}
    return loaded.to_state()


def test_damaged_bytes_load_equal_or_are_refused(good, attempt):
    expected = content(load_model(good[0]))
    n = n_refused = 0
    for what, data in byte_mutants(good[1], np.random.default_rng(1)):
        n += 1
        loaded = attempt(data)
        if loaded is None:
            n_refused += 1
        else:
            try:
                assert_same(content(loaded), expected)
            except AssertionError as error:
                raise AssertionError(what) from error
    assert n >= 1900
    assert n_refused > 0.7 * n


def test_changed_values_load_into_a_valid_model_or_are_refused(good, attempt):
    """Zipped anew with right checksums: now only the checks of values stand in between."""
    rng = np.random.default_rng(2)
    in_json = list(json_mutants(good[1]))
    # A short document gives few: then all of them.
    mutants = [
        *in_json[:: 3 if len(in_json) > 1500 else 1], *header_mutants(good[1]),
        *array_mutants(good[1], rng, 300),
    ]  # fmt: skip
    assert len(mutants) >= 1100
    n_refused = 0
    for what, members in mutants:
        loaded = attempt(zipped(members, zipfile.ZIP_STORED))
        if loaded is None:
            n_refused += 1
            continue
        try:
            check_sound(loaded)
        except Exception as error:
            raise AssertionError(what) from error
    assert n_refused > 0.7 * len(mutants)
