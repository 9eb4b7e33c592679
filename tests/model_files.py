"""A small model, and model files taken apart and put together again."""

import io
import json
import zipfile

import numpy as np

from brushwood.features.spec import FeatureSet
from brushwood.forest import ForestParams, grow
from brushwood.models import save as save_model
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


def good_model(folder):
    """Write a small model with training pixels; return its path and its bytes."""
    path = folder / "good.brushwood"
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
