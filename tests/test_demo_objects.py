"""The demo's second half: objects, a table, and classes of objects."""

import numpy as np
import pytest
import tifffile
from PIL import Image

import brushwood as bw
from brushwood.io.tables import read_table
from brushwood.samples import demo
from brushwood.samples.demo_objects import TASKS


@pytest.fixture(scope="module")
def blobs(tmp_path_factory):
    return demo.run_demo(tmp_path_factory.mktemp("demo"), sample="round_and_elongated_blobs")


@pytest.fixture(scope="module")
def nuclei(tmp_path_factory):
    return demo.run_demo(tmp_path_factory.mktemp("demo"), sample="nuclei_2d")


def test_a_demo_without_options_shows_objects_and_an_object_classifier():
    assert set(demo.DEMO_SAMPLES) == set(TASKS)
    assert sum(task.truth is not None for task in TASKS.values()) >= 2


def test_every_coin_is_an_object(tmp_path):
    report = demo.run_demo(tmp_path)
    assert report.objects.n_found == report.objects.n_truth == len(report.objects.table) == 24
    assert report.objects.model is None and "24 of 24 true ones found" in report.text()
    table = read_table(report.files["table"])
    assert set(np.unique(tifffile.imread(report.files["objects"]))) == {0, *table["label"]}


def test_round_and_elongated_blobs_are_told_apart(blobs):
    found = blobs.objects
    assert found.n_found > 0.93 * found.n_truth
    assert found.accuracy > 0.95 and found.n_held_out > 100
    assert sum(found.annotated.values()) < 0.25 * found.n_held_out
    assert f"{found.n_right} of {found.n_held_out} held-out objects right" in blobs.text()
    assert len(found.wrong) == found.n_held_out - found.n_right


def test_held_out_objects_were_not_learned_from_and_are_counted_right(blobs):
    """Count once more by hand, from the files."""
    table = read_table(blobs.files["table"])
    labels = tifffile.imread(blobs.files["objects"])
    sample = blobs.sample
    truth = dict(zip(sample.truth_table["index"], sample.truth_table["shape_class"], strict=True))
    known = {}
    for label in table["label"]:
        inside = sample.truth_labels[labels == label]
        ids = [k for k in np.unique(inside[inside > 0])
               if 2 * (inside == k).sum() > (sample.truth_labels == k).sum()]  # fmt: skip
        if len(ids) == 1:
            known[label] = truth[int(ids[0])]
    held_out = table[(table["class_annotated"] == 0) & table["label"].isin(list(known))]
    n_right = (held_out["class_name"] == held_out["label"].map(known)).sum()
    assert (len(held_out), n_right) == (blobs.objects.n_held_out, blobs.objects.n_right)
    taught = table[table["class_annotated"] > 0]
    assert (taught["class_annotated"].map({1: "round", 2: "elongated"}) ==
            taught["label"].map(known)).all()  # fmt: skip


def test_nuclei_that_grew_together_are_recognised(nuclei):
    """Few are several, so that guessing "one" is often right; some must be found all the same."""
    found = nuclei.objects
    truth = TASKS["nuclei_2d"].truth(nuclei.sample, found.labels)
    table = found.table.set_index("label")
    held_out = [label for label in truth if table["class_annotated"][label] == 0]
    several = [label for label in held_out if truth[label] == 2]
    assert any(table["class"][label] == 2 for label in several)
    assert found.accuracy >= 1 - len(several) / len(held_out)


@pytest.mark.parametrize("name", ["blobs", "nuclei"])
def test_files_belong_together(name, request):
    report = request.getfixturevalue(name)
    model = bw.load(report.files["object_model"])
    table = read_table(report.files["table"])
    assert model.predict(table).tolist() == table["class"].tolist()
    painted = tifffile.imread(report.files["object_classes"])
    labels = tifffile.imread(report.files["objects"])
    lookup = np.zeros(labels.max() + 1, int)
    lookup[table["label"]] = table["class"]
    np.testing.assert_array_equal(painted, lookup[labels])
    assert model.units_["area"] == ("µm²" if name == "nuclei" else "px²")
    with Image.open(report.files["overview"]) as picture:
        pixels = np.asarray(picture).reshape(-1, 3)
    for colour in TASKS[report.sample.key].class_colors.values():
        rgb = [int(colour[k : k + 2], 16) for k in (1, 3, 5)]
        assert (pixels == rgb).all(1).sum() > 100  # the legend at least


def test_the_same_sample_gives_the_same_table(blobs, tmp_path):
    again = demo.run_demo(tmp_path, sample="round_and_elongated_blobs")
    assert again.files["table"].read_bytes() == blobs.files["table"].read_bytes()


def test_samples_without_objects_are_as_before(tmp_path):
    report = demo.run_demo(tmp_path, sample="ihc")
    assert report.objects is None and "table" not in report.files
    assert "objects" not in report.seconds and "  objects " not in report.text()
