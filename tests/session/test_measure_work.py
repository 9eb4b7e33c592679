"""Measuring in a worker: requests, results, doubts, and whether a table is still right."""

import numpy as np
import pandas as pd
import pytest

import brushwood
from brushwood.errors import InputError
from brushwood.jobs import Cancelled, Job
from brushwood.session.freshness import MEASURED, fingerprint, is_stale, was_measured
from brushwood.session.measure_join import joined
from brushwood.session.measure_script import measure_script
from brushwood.session.measure_words import measured_text, ready_text
from brushwood.session.measure_work import Doubt, Measured, MeasureRequest, run_measure
from brushwood.session.measuring import MeasuringState, resolve_measuring
from brushwood.session.scene import ImageRef, LabelsRef, ResultRef


@pytest.fixture
def labels():
    array = np.zeros((40, 50), np.int32)
    array[5:15, 5:15] = 1
    array[20:30, 10:40] = 5
    return array


def test_one_image(labels):
    image = labels * 2.0
    answer = run_measure(MeasureRequest("o", labels, (image,), names=("area", "intensity_mean")))
    assert isinstance(answer, Measured)
    assert answer.table["label"].tolist() == [1, 5]
    assert answer.table["intensity_mean"].tolist() == [2, 10]
    assert answer.units["area"] == "px²"
    assert answer.fingerprint == fingerprint(labels)
    assert answer.measurement["ndim"] == 2


def test_channels_probabilities_and_units(labels):
    request = MeasureRequest(
        "o",
        labels,
        (labels * 1.0, labels * 3.0),
        names=("area", "intensity_mean", "probability_mean"),
        spacing=(0.5, 0.25),
        unit="µm",
        channel_names=("dna", "actin"),
        probabilities=((labels > 0) * 0.75, (labels > 0) * 0.25),
        class_names=("cell", "rest"),
    )
    answer = run_measure(request)
    table = answer.table
    assert table["intensity_mean-actin"].tolist() == [3, 15]
    assert table["probability_mean-cell"].tolist() == [0.75, 0.75]
    assert table["area"].tolist() == [12.5, 37.5]
    assert answer.units["area"] == "µm²"


def test_rgb(labels):
    picture = np.stack([labels, labels * 2, labels * 3, labels * 0 + 255], axis=-1)
    request = MeasureRequest(
        "o",
        labels,
        (picture.astype(np.uint8),),
        rgb=True,
        names=("intensity_mean",),
        channel_names=("red", "green", "blue"),
    )
    table = run_measure(request).table
    assert table.columns.tolist()[2:] == [f"intensity_mean-{c}" for c in ("red", "green", "blue")]
    assert table["intensity_mean-blue"].tolist() == [3, 15]


def test_frames_make_rows_of_their_own(labels):
    stack = np.stack([labels, labels[::-1], labels * 0])
    table = run_measure(MeasureRequest("o", stack, names=("area",), ndim=2)).table
    assert table["frame"].tolist() == [0, 0, 1, 1]
    volume = run_measure(MeasureRequest("o", stack[:2], names=("area",), ndim=3)).table
    assert volume["area"].tolist() == [200, 600]


def test_painting_meanwhile_does_no_harm(labels):
    before = fingerprint(labels)

    def paint(fraction, message):
        if message not in {"Reading the labels", "Comparing the labels"}:
            labels[:3] = 77

    answer = run_measure(MeasureRequest("o", labels, names=("area",)), Job(paint))
    assert (labels == 77).any()
    assert answer.table["label"].tolist() == [1, 5]
    assert answer.fingerprint == before
    assert is_stale({MEASURED: {"fingerprint": answer.fingerprint}}, fingerprint(labels))


def test_cancel(labels):
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        run_measure(MeasureRequest("o", labels, names=("area",)), job)


def test_floats_are_refused_with_a_sentence(labels):
    with pytest.raises(InputError, match="must be integers"):
        run_measure(MeasureRequest("o", labels * 1.0, names=("area",)))


def test_no_objects_give_an_empty_table(labels):
    answer = run_measure(MeasureRequest("o", labels * 0, names=("area", "centroid")))
    assert len(answer.table) == 0
    assert "centroid-1" in answer.table
    assert "no objects" in measured_text(answer, joined(answer.table, pd.DataFrame()))


def test_a_million_objects_are_asked_about_and_then_measured():
    labels = np.arange(1, 1_000_001, dtype=np.int32).reshape(1000, 1000)
    request = MeasureRequest("o", labels, names=("area",))
    doubt = run_measure(request)
    assert isinstance(doubt, Doubt)
    assert "1,000,000 objects" in doubt.sentence
    assert "noise" in doubt.sentence
    confirmed = MeasureRequest("o", labels, names=("area",), is_confirmed=True)
    answer = run_measure(confirmed)
    assert len(answer.table) == 1_000_000
    assert (answer.table["area"] == 1).all()


def test_large_labels_of_few_objects_are_not_asked_about(labels):
    answer = run_measure(MeasureRequest("o", labels * 400_000_000, names=("area",)))
    assert answer.table["label"].tolist() == [400_000_000, 2_000_000_000]


def test_the_fingerprint_sees_one_pixel(labels):
    before = fingerprint(labels)
    assert fingerprint(labels.copy()) == before
    assert fingerprint(np.asfortranarray(labels)) == before
    labels[39, 49] = 1
    assert fingerprint(labels) != before
    labels[39, 49] = 0
    assert fingerprint(labels) == before
    assert fingerprint(labels.reshape(50, 40)) != before
    assert fingerprint(labels.astype(np.int64)) != before
    assert fingerprint(np.zeros((0, 5), int)) != ""


def test_large_labels_are_compared_piece_by_piece(labels, monkeypatch):
    whole = fingerprint(labels)
    monkeypatch.setattr("brushwood.session.freshness._CHUNK", 1000)
    seen = []
    assert fingerprint(labels, Job(lambda fraction, message: seen.append(fraction))) == whole
    assert len(seen) == 8
    labels[-1, -1] = 1
    assert fingerprint(labels) != whole


def test_what_is_not_in_memory_has_no_fingerprint_and_is_never_called_stale(labels):
    da = pytest.importorskip("dask.array")
    assert fingerprint(da.from_array(labels)) == ""
    assert not is_stale({MEASURED: {"fingerprint": ""}}, "1234")
    assert not is_stale({}, "1234")
    assert is_stale({MEASURED: {"fingerprint": "12"}}, "1234")
    assert not was_measured({})
    assert was_measured({MEASURED: {}})


class Scene:
    """Two channels, two classes and objects, all in one place."""

    def objects(self):
        return [LabelsRef("o", "objects", (40, 50), scale=(0.5, 0.5), unit="µm")]

    def images(self):
        shape, scale = (40, 50), (0.5, 0.5)
        return [ImageRef(k, k, shape, scale=scale, unit="µm") for k in ("dna", 'actin "F"')] + [
            ImageRef("photo", "photo", shape, scale=scale, rgb=True)
        ]

    def labels(self):
        return []

    def results(self):
        return [
            ResultRef(f"p{i}", f"P({name})", (40, 50), "probabilities", i, "dna")
            for i, name in ((1, "rest"), (2, "cell"))
        ]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"images": ("dna",)},
        {"images": ("dna", 'actin "F"'), "probabilities": True, "units": "px"},
        {"images": ("photo",), "names": ("area",)},
        {"names": ("area", "centroid")},
    ],
)
def test_the_script_makes_the_same_table(changes, labels, tmp_path, monkeypatch):
    import tifffile

    monkeypatch.chdir(tmp_path)
    ready = resolve_measuring(MeasuringState(objects="o", **changes), Scene())
    assert ready.reason == ""
    script = measure_script(ready)
    assert all(len(line) <= 100 for line in script.splitlines())
    rng = np.random.default_rng(0)
    planes = [rng.random((40, 50)).astype(np.float32) for _ in range(2)]
    photo = rng.integers(0, 255, (40, 50, 3), dtype=np.uint8)
    tifffile.imwrite("labels.tif", labels)
    tifffile.imwrite("image.tif", photo if "photo" in changes.get("images", ()) else planes[0])
    for n, plane in enumerate(planes):
        tifffile.imwrite(f"channel_{n}.tif", plane)
        tifffile.imwrite(f"probability_{n}.tif", plane)
    space = {}
    exec(compile(script, "script.py", "exec"), space)
    request = MeasureRequest(
        "o",
        labels,
        (photo,) if "photo" in changes.get("images", ()) else tuple(planes[: len(ready.images)]),
        rgb="photo" in changes.get("images", ()),
        names=ready.names,
        spacing=ready.spacing,
        unit=ready.unit,
        channel_names={3: ("red", "green", "blue"), 2: ("dna", 'actin "F"')}.get(
            sum(image.n_channels for image in ready.images)
        ),
        probabilities=tuple(planes) if ready.with_probabilities else (),
        class_names=("rest", "cell") if ready.with_probabilities else (),
    )
    pd.testing.assert_frame_equal(space["table"], run_measure(request).table)
    assert (tmp_path / "objects.csv").exists()
    assert brushwood.measure  # the name that the script uses


def test_sentences(labels):
    answer = run_measure(MeasureRequest("o", labels, names=("area",), spacing=(1, 1), unit="µm"))
    old = pd.DataFrame({"index": [1, 5], "area": [1, 2], "mine": [3, 4]})
    text = measured_text(answer, joined(answer.table, old))
    assert text.startswith("Measured 2 rows, 4 columns in ")
    assert "µm" in text
    assert "kept mine" in text
    assert "area (before)" in text
    assert "1 measurement of" in ready_text(
        resolve_measuring(MeasuringState(objects="o", names=("area",)), Scene())
    )
