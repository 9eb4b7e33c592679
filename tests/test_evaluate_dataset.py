"""Many images: names are matched, means carry their confidence, the report stands alone."""

import json
import re

import numpy as np
import pytest

from brushwood.batch.evaluation import evaluate_files, write_evaluation
from brushwood.errors import InputError, MissingPackageError, OutputExistsError
from brushwood.evaluate.dataset import Dataset, ImageScores, mean_interval, pool_pixels
from brushwood.evaluate.pairs import match_names
from brushwood.evaluate.pixels import compare_pixels
from brushwood.io.images import write_image


def test_names_match_without_endings_and_words():
    found = match_names(
        ["a.tif", "b_truth.tif", "c-mask.png", "only.tif"],
        ["a.tif", "b.ome.zarr", "c_objects.tif", "extra.tif"],
    )
    assert found.pairs == (
        ("a", "a.tif", "a.tif"),
        ("b", "b_truth.tif", "b.ome.zarr"),
        ("c", "c-mask.png", "c_objects.tif"),
    )
    assert found.only_truth == ("only.tif",)
    assert "1 without a prediction: only.tif" in found.note()
    assert "1 without a truth: extra.tif" in found.note()


def test_names_that_fit_nothing_or_two_are_refused():
    with pytest.raises(InputError, match=r"nothing can be compared.*x\.tif.*y\.tif"):
        match_names(["x.tif"], ["y.tif"])
    with pytest.raises(InputError, match=r"a_mask\.tif and a_labels\.tif|a_labels\.tif and a_mask"):
        match_names(["a.tif"], ["a_mask.tif", "a_labels.tif"])


def test_the_interval_covers_the_mean_about_95_times_in_100():
    rng = np.random.default_rng(0)
    hits = 0
    for k in range(200):
        found = mean_interval(rng.normal(0.7, 0.1, 25), seed=k)
        assert found.low < found.mean < found.high
        hits += found.low <= 0.7 <= found.high
    assert 175 <= hits <= 199
    one = mean_interval([0.4])
    assert (one.mean, one.n) == (0.4, 1)
    assert np.isnan(one.low)
    assert one.text() == "0.400"
    assert mean_interval([1.0, 1.0]).low == 1.0


def test_pooled_pixels_are_those_of_the_images_side_by_side():
    rng = np.random.default_rng(1)
    maps = [rng.integers(0, 4, (2, 8, 9)), rng.integers(3, 7, (2, 8, 9))]
    one_by_one = pool_pixels([compare_pixels(*m) for m in maps])
    together = compare_pixels(*np.concatenate(maps, axis=1))
    assert one_by_one.to_json() == together.to_json()


def test_a_dataset_without_scores_says_why():
    empty = Dataset("pixels", (ImageScores("a", None, problem="It is damaged."),))
    with pytest.raises(InputError, match=r"No image could be compared. a: It is damaged."):
        empty.means()


def _blobs(seed, n=6):
    rng = np.random.default_rng(seed)
    labels = np.zeros((64, 80), np.uint16)
    for i in range(1, n + 1):
        y, x = rng.integers(0, 54), rng.integers(0, 70)
        labels[y : y + 9, x : x + 9] = 7 * i
    return labels


@pytest.fixture
def folders(tmp_path):
    """Three good pairs, a pair of different shapes, and one file without a partner a side."""
    truth, found = tmp_path / "truth", tmp_path / "found"
    truth.mkdir()
    found.mkdir()
    for k in range(3):
        labels = _blobs(k)
        write_image(truth / f"cell {k}_truth.tif", labels, "yx")
        write_image(found / f"cell {k}.tif", np.roll(labels, 3 * k, 0), "yx")
    write_image(truth / "odd.tif", _blobs(9), "yx")
    write_image(found / "odd.tif", _blobs(9)[1:], "yx")
    write_image(truth / "alone.tif", _blobs(8), "yx")
    write_image(found / "<b>extra&.tif", _blobs(8), "yx")
    return truth, found


def test_folders_are_compared_and_a_bad_pair_stops_nothing(folders, tmp_path):
    found = evaluate_files(*folders, what="objects")
    table = found.dataset.table().set_index("image")
    assert list(table.index) == ["cell 0", "cell 1", "cell 2", "odd"]
    assert table.loc["cell 0", "average_precision"] == 1
    assert table.loc["cell 2", "mean_matched_score"] < 1
    assert "(64, 80) and (63, 80)" in table.loc["odd", "problem"]
    assert "alone.tif" in found.dataset.mismatches
    assert found.dataset.pooled()["n_truth"] == table["n_truth"].sum()
    files = write_evaluation(found, tmp_path / "out")
    assert [f.name for f in files] == ["scores.csv", "scores.json", "report.html"]
    summary = json.loads(files[1].read_text("utf-8"))
    assert summary["means"]["f1"]["mean"] == pytest.approx(table["f1"].mean())
    with pytest.raises(OutputExistsError):
        write_evaluation(found, tmp_path / "out")
    write_evaluation(found, tmp_path / "out", overwrite=True)


@pytest.mark.parametrize("what", ["objects", "pixels"])
def test_the_report_needs_nothing_else_and_trusts_no_name(folders, tmp_path, what):
    found = evaluate_files(*folders, what=what, ignore=None)
    page = write_evaluation(found, tmp_path / "out")[2].read_text("utf-8")
    assert not re.search(r"<script|<link|<iframe|@import", page)
    loaded = re.findall(r"""(?:src|href)\s*=\s*["']([^"'#][^"']*)""", page)
    assert loaded
    assert all(address.startswith("data:image/png;base64,") for address in loaded)
    assert "<b>extra" not in page
    assert "&lt;b&gt;extra&amp;" in page
    assert "3 images" in page
    assert "<svg" in page


def test_objects_are_told_from_classes_by_their_number(tmp_path):
    labels = _blobs(0, n=20)
    write_image(tmp_path / "labels.tif", labels, "yx")
    write_image(tmp_path / "classes.tif", (1 + (labels > 0)).astype(np.uint8), "yx")
    objects = evaluate_files(tmp_path / "labels.tif", tmp_path / "labels.tif")
    classes = evaluate_files(tmp_path / "classes.tif", tmp_path / "classes.tif")
    assert (objects.dataset.what, classes.dataset.what) == ("objects", "pixels")
    assert "accuracy" in classes.text()


def test_class_ids_that_do_not_fit_are_said_and_can_be_renumbered(tmp_path):
    truth = (1 + (_blobs(0) > 0)).astype(np.uint8)
    write_image(tmp_path / "truth.tif", truth, "yx")
    write_image(tmp_path / "found.tif", (255 * (truth == 2)).astype(np.uint8), "yx")
    plain = evaluate_files(tmp_path / "truth.tif", tmp_path / "found.tif", what="pixels")
    assert "no class in common: 1, 2 against 0, 255" in plain.text()
    mapped = evaluate_files(
        tmp_path / "truth.tif", tmp_path / "found.tif", what="pixels", classes={0: 1, 255: 2}
    )
    assert mapped.dataset.images[0].found.accuracy == 1
    assert mapped.worst == ()


def test_pixels_of_other_size_are_not_compared(tmp_path):
    labels = _blobs(0)
    write_image(tmp_path / "truth.tif", labels, "yx", {"y": 0.5, "x": 0.5}, "um")
    write_image(tmp_path / "found.tif", labels, "yx", {"y": 0.25, "x": 0.25}, "um")
    found = evaluate_files(tmp_path / "truth.tif", tmp_path / "found.tif", what="objects")
    assert "differ in size" in found.dataset.images[0].problem


def test_empty_images_have_a_note(tmp_path):
    none, labels = np.zeros((20, 20), np.uint8), _blobs(0)[:20, :20].astype(np.uint8)
    labels[3:6, 3:6] = 4
    for name, truth, found in (("a", none, none), ("b", none, labels), ("c", labels, none)):
        for side, data in (("truth", truth), ("found", found)):
            (tmp_path / side).mkdir(exist_ok=True)
            write_image(tmp_path / side / f"{name}.tif", data, "yx")
    found = evaluate_files(tmp_path / "truth", tmp_path / "found", what="objects")
    notes = [image.note for image in found.dataset.images]
    assert "both empty" in notes[0]
    assert "truth is empty" in notes[1]
    assert "prediction is empty" in notes[2]
    pixels = evaluate_files(tmp_path / "truth", tmp_path / "found", what="pixels")
    assert "unknown) everywhere" in pixels.dataset.images[0].problem


def test_folders_that_are_not_there_empty_or_mixed(tmp_path, folders):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="There is no"):
        evaluate_files(tmp_path / "nowhere", folders[1])
    with pytest.raises(InputError, match="no images in"):
        evaluate_files(tmp_path / "empty", folders[1])
    with pytest.raises(InputError, match="Give two folders or two images"):
        evaluate_files(folders[0], folders[1] / "odd.tif")


def test_a_report_without_its_packages_says_what_to_install(folders, tmp_path, monkeypatch):
    import sys

    found = evaluate_files(*folders, what="objects")
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(MissingPackageError, match=r"napari-brushwood\[report\]"):
        write_evaluation(found, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_browser_shows_the_report(folders, tmp_path):
    import shutil
    import subprocess

    from PIL import Image

    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    browser = next(filter(None, map(shutil.which, names)), None)
    if browser is None:
        pytest.skip("no Chromium is installed here to open the report with")
    found = evaluate_files(*folders, what="objects")
    page, picture = write_evaluation(found, tmp_path / "out")[2], tmp_path / "page.png"
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--window-size=900,2400"]
    subprocess.run(
        [browser, *options, f"--user-data-dir={tmp_path / 'profile'}", f"--screenshot={picture}",
         page.as_uri()],
        check=True, timeout=120, capture_output=True,
    )  # fmt: skip
    pixels = np.asarray(Image.open(picture).convert("RGB")).astype(int)
    green = np.abs(pixels - (0, 158, 115)).max(axis=2) < 12
    blue = np.abs(pixels - (86, 180, 233)).max(axis=2) < 12
    assert green.sum() > 500  # objects that were found, in the pictures of the worst cases
    assert blue.sum() > 500
