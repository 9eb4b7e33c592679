"""The main job without a screen: `brushwood.samples.demo`."""

import json

import numpy as np
import pytest
import tifffile
from PIL import Image

import brushwood as bw
from brushwood import samples
from brushwood.errors import InputError, OutputError, OutputExistsError
from brushwood.io.images import read_image
from brushwood.jobs import Cancelled, Job
from brushwood.samples import demo
from brushwood.samples.demo_evaluation import agreement
from brushwood.samples.picture import overview

STAGES = ["load", "device", "train", "apply", "objects", "evaluate", "write"]


@pytest.fixture(scope="module")
def coins(tmp_path_factory):
    return demo.run_demo(tmp_path_factory.mktemp("demo") / "new" / "folder")


def test_a_real_photograph_is_segmented_well(coins):
    assert coins.sample.key == "coins"
    assert coins.evaluation.pixels.jaccard > 0.85 and coins.evaluation.pixels.accuracy > 0.93
    assert list(coins.seconds) == STAGES and all(s > 0 for s in coins.seconds.values())


def test_every_file_is_written_and_fits_the_image(coins):
    shape = coins.sample.image.shape
    wanted = {"image", "annotation", "classes", "probabilities", "uncertainty", "model", "overview"}
    assert set(coins.files) == wanted | {"objects", "table", "evaluation"}
    assert all(path.stat().st_size > 0 for path in coins.files.values())
    read = {k: tifffile.imread(v) for k, v in coins.files.items() if v.suffix == ".tif"}
    assert np.array_equal(read["image"], coins.sample.image)
    assert np.array_equal(read["annotation"], coins.sample.annotation)
    assert read["classes"].shape == shape and set(np.unique(read["classes"])) == {1, 2}
    assert read["probabilities"].shape == (2, *shape)
    assert np.allclose(read["probabilities"].sum(0), 1, atol=1e-5)
    assert read["uncertainty"].min() >= 0 and read["uncertainty"].max() <= 1 + 1e-6


def test_the_picture_shows_the_panels(coins):
    with Image.open(coins.files["overview"]) as picture:
        assert picture.mode == "RGB" and picture.width > 1200
        pixels = np.asarray(picture).reshape(-1, 3)
    for colour in coins.sample.class_colors.values():
        rgb = [int(colour[k : k + 2], 16) for k in (1, 3, 5)]
        assert (pixels == rgb).all(1).sum() > 500


def test_the_saved_model_gives_the_same_classes(coins):
    classes = bw.load(coins.files["model"]).predict(coins.sample.image)
    assert np.array_equal(classes, tifffile.imread(coins.files["classes"]))


def test_the_text_tells_scores_times_and_device(coins):
    text = coins.text()
    assert f"mean {coins.evaluation.pixels.jaccard:.3f}" in text
    assert f"accuracy  {coins.evaluation.pixels.accuracy:.3f}" in text
    assert coins.device in text and all(f"{stage} " in text for stage in STAGES)
    assert all(str(path) in text for path in coins.files.values())


def test_the_same_strokes_give_the_same_pixels(coins, tmp_path):
    again = demo.run_demo(tmp_path)
    one, two = (tifffile.imread(r.files["probabilities"]) for r in (coins, again))
    assert np.array_equal(one, two)


def test_results_are_not_overwritten_unasked(tmp_path):
    kept = tmp_path / "coins-classes.tif"
    kept.write_text("mine")
    with pytest.raises(OutputExistsError, match="coins-classes"):
        demo.run_demo(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [kept.name]
    report = demo.run_demo(tmp_path, overwrite=True)
    assert tifffile.imread(kept).shape == report.sample.image.shape


def test_a_file_in_the_way_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises((OutputError, OutputExistsError), match="file"):
        demo.run_demo(tmp_path / "file" / "folder")


def test_cancelling_writes_nothing(tmp_path):
    job = Job(lambda fraction, message: job.cancel())
    with pytest.raises(Cancelled):
        demo.run_demo(tmp_path, job=job)
    assert not list(tmp_path.iterdir())


def test_an_unknown_sample_is_a_clear_error(tmp_path):
    with pytest.raises(InputError, match="coins"):
        demo.run_demo(tmp_path, sample="pebbles")


@pytest.mark.parametrize(
    ("key", "jaccard"),
    [
        ("nuclei_2d", 0.75),
        ("round_and_elongated_blobs", 0.80),
        ("nuclei_3d", 0.75),
        ("two_channel_cells", 0.75),
        ("histology_he", 0.75),
        ("nuclei_time", 0.80),
    ],
)
def test_the_strokes_of_each_sample_teach_enough(key, jaccard):
    sample = samples.load(key)
    axis, spacing = sample.channel_axis, sample.spacing
    model = bw.PixelClassifier(channel_axis=axis, ndim=sample.ndim, spacing=spacing)
    model.fit(sample.image, sample.annotation)
    classes = model.predict(sample.image)
    assert agreement(sample, classes).jaccard > jaccard


def test_a_demo_without_truth_says_so(tmp_path):
    report = demo.run_demo(tmp_path, sample="ihc")
    assert report.evaluation.pixels is None and "truth     none" in report.text()
    with tifffile.TiffFile(report.files["probabilities"]) as file:
        assert file.series[0].axes.endswith("YX") and file.series[0].shape == (3, 512, 512)


def test_only_pixels_that_nobody_painted_are_compared():
    sample = samples.load("coins")
    painted = sample.annotation > 0
    wrong = np.where(painted, 3 - sample.truth_classes, sample.truth_classes)
    found = agreement(sample, wrong)
    assert found.accuracy == found.jaccard == 1
    assert found.n_pixels == (~painted & (sample.truth_classes > 0)).sum()


def test_the_demo_ends_with_the_evaluation(coins):
    lines = coins.text().splitlines()
    at = lines.index("  evaluation")
    assert [line.split()[0] for line in lines[at + 1 :]] == [
        "Jaccard", "accuracy", "objects", "unseen",
    ]  # fmt: skip
    assert "held-out strokes in 5 folds" in lines[-1]
    assert "F1 1.000" in lines[-2] and "24 found, 0 missed" in lines[-2]
    written = json.loads(coins.files["evaluation"].read_text("utf-8"))
    assert written["pixels"]["jaccard"] == coins.evaluation.pixels.jaccard
    assert written["objects"]["tp"] == 24
    assert written["held_out_strokes"]["n_folds"] == 5


def test_the_picture_of_a_stack_shows_the_plane_with_most_strokes():
    sample = samples.load("nuclei_3d")
    shape = sample.annotation.shape
    truth = sample.truth_classes
    flat = np.zeros((2, *shape), np.float32)
    picture = overview(sample, truth, flat, flat[0], "perfect")
    again = overview(
        sample, np.where(np.arange(32)[:, None, None] == 5, truth, 1), flat, flat[0], "perfect"
    )
    counts = (sample.annotation > 0).sum((1, 2))
    assert counts.argmax() == 5
    assert np.array_equal(np.asarray(picture), np.asarray(again))


def test_results_carry_axes_and_pixel_size(tmp_path):
    report = demo.run_demo(tmp_path, sample="nuclei_3d")
    with read_image(report.files["classes"]) as file:
        assert file.axes == "zyx" and file.unit == "um"
        assert file.spacing == pytest.approx(report.sample.spacing)
    with read_image(report.files["probabilities"]) as file:
        assert sorted(file.axes) == sorted("czyx")
