"""``brushwood train``: from files to the model that Python would make."""

import numpy as np
import tifffile

import brushwood as bw
from brushwood.io.images import read_image
from brushwood.pixels.classifier import PixelClassifier
from cli_files import FEATURES, picture, save, strokes


def test_training_equals_python_and_warns_of_classes_without_strokes(run, folder, tmp_path):
    code, out, err = run(
        "train", folder / "image.tif", folder / "strokes.tif", "-o", tmp_path / "a.brushwood",
        "--features", FEATURES, "--trees", 12, "--class-name", "9=debris", "--include-rows",
    )  # fmt: skip
    assert (code, out) == (0, [str(tmp_path / "a.brushwood")])
    assert "class 1 105 px, class 4 45 px" in err
    assert "Warning: class 9 (debris) has no strokes" in err
    back = bw.load(tmp_path / "a.brushwood")
    params = bw.ForestParams(n_trees=12)
    direct = PixelClassifier(FEATURES, params, ndim=2).fit(picture(), strokes())
    np.testing.assert_array_equal(back.predict_proba(picture(1)), direct.predict_proba(picture(1)))
    assert len(back.stored_rows_) == 150
    assert back.spacing == [0.25, 0.25]


def test_options_reach_the_model(run, folder, tmp_path):
    code, _, _ = run(
        "train", folder / "image.tif", folder / "strokes.tif", "-o", tmp_path / "a",
        "--preset", "tiny", "--trees", 7, "--depth", 3, "--kind", "random", "--balance",
        "--scaling", "none", "--smoothing", 0, "--seed", 5, "--device", "cpu",
    )  # fmt: skip
    assert code == 0
    back = bw.load(tmp_path / "a.brushwood")
    assert back.forest == bw.ForestParams(
        kind="random", n_trees=7, max_depth=3, balance=True, seed=5
    )
    assert (back.scaling.mode, back.smoothing) == ("none", 0)
    assert back.features == bw.FeatureSet.preset("tiny")
    unlimited = ["-o", tmp_path / "b", "--features", FEATURES, "--trees", 3, "--depth", "unlimited"]
    assert run("train", folder / "image.tif", folder / "strokes.tif", *unlimited)[0] == 0
    assert bw.load(tmp_path / "b.brushwood").forest.max_depth is None


def test_several_pairs(run, tmp_path):
    pairs = []
    for i in range(2):
        marks = strokes()
        marks[marks == (4 if i else 1)] = 0  # one class in each
        pairs += [save(tmp_path / f"{i}.tif", picture(i)), str(tmp_path / f"{i}-strokes.npy")]
        np.save(pairs[-1], marks)
    code, _, _ = run("train", *pairs, "-o", tmp_path / "m", "--features", FEATURES, "--trees", 5)
    assert code == 0
    back = bw.load(tmp_path / "m.brushwood")
    assert back.classes_.tolist() == [1, 4]
    assert len(back.provenance_["images"]) == 2


def test_rgb_pictures_and_stacks(run, tmp_path):
    from PIL import Image

    rgb = np.stack([picture(i).clip(0, 255) for i in range(3)], axis=-1).astype(np.uint8)
    Image.fromarray(rgb).save(tmp_path / "rgb.png")
    Image.fromarray(strokes()).save(tmp_path / "rgb-strokes.png")
    arguments = ["-o", tmp_path / "rgb", "--features", FEATURES, "--trees", 5]
    assert run("train", tmp_path / "rgb.png", tmp_path / "rgb-strokes.png", *arguments)[0] == 0
    back = bw.load(tmp_path / "rgb.brushwood")
    assert (back.channel_axis, back.n_channels_) == (-1, 3)
    assert run("apply", tmp_path / "rgb.brushwood", tmp_path / "rgb.png", "-o", tmp_path)[0] == 0
    result = read_image(tmp_path / "rgb-classes.tif")
    np.testing.assert_array_equal(result.data, back.predict(rgb))

    stack = picture(3, (2, 6, 60, 70))
    save(tmp_path / "stack.tif", stack.transpose(1, 0, 2, 3), "ZCYX")
    tifffile.imwrite(tmp_path / "s.tif", strokes((6, 60, 70)), photometric="minisblack")
    arguments = ["-o", tmp_path / "stack", "--features", FEATURES, "--trees", 5]
    assert run("train", tmp_path / "stack.tif", tmp_path / "s.tif", *arguments)[0] == 0
    arguments = ["-o", tmp_path / "out", "--save", "probabilities"]
    assert run("apply", tmp_path / "stack.brushwood", tmp_path / "stack.tif", *arguments)[0] == 0
    result = read_image(tmp_path / "out" / "stack-probabilities.tif")
    assert (result.axes, result.spacing, result.unit) == ("zcyx", (2.0, 0.25, 0.25), "um")
    direct = bw.load(tmp_path / "stack.brushwood")
    assert (direct.ndim_, direct.n_channels_) == (3, 2)
    proba = direct.set_params(channel_axis=0).predict_proba(stack)
    np.testing.assert_array_equal(np.moveaxis(result.data, 1, 0), proba)
