"""What bad input and Ctrl-C are answered with; nothing is lost."""

import os
import signal
import sys
import time

import numpy as np
import pytest
import tifffile

import brushwood as bw
from brushwood.io import atomic
from brushwood.io.images import read_image
from brushwood.pixels.classifier import PixelClassifier
from cli_files import FEATURES, is_root, picture, save, strokes


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda marks: np.zeros_like(marks), "annotation is empty. Paint a stroke for each class"),
        (lambda marks: np.minimum(marks, 1), "One class alone cannot be told apart"),
        (lambda marks: marks[:-5], "(60, 70) was expected"),
        (lambda marks: marks.astype(np.float32), "strokes.tif: The annotation cannot be read"),
        (lambda marks: marks.astype(np.int16) - 4, "negative"),
        (lambda marks: np.stack([marks] * 3, -1), "one number a pixel, but this file has 3 chan"),
    ],
)
def test_annotations_that_cannot_be_used(run, folder, tmp_path, change, message):
    marks = change(strokes())
    options = {"photometric": "rgb"} if marks.ndim == 3 else {}
    tifffile.imwrite(tmp_path / "strokes.tif", marks, **options)
    code, _, err = run(
        "train", folder / "image.tif", tmp_path / "strokes.tif", "-o", tmp_path / "m",
        "--features", FEATURES,
    )  # fmt: skip
    assert code == 3
    assert message in err
    assert not (tmp_path / "m.brushwood").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--features", "sharpen=2"], "sharpen"),
        (["--features", "gaussian=abc"], "does not give a number for σ"),
        (["--preset", "enormous"], "There is no preset named 'enormous'"),
        (["--trees", "0"], "n_trees must be a whole number from 1 to 1000"),
        (["--ndim", "3"], "2 or 3 spatial dimensions"),
        (["--channel-axis", "5"], "channel_axis=5 does not exist"),
    ],
)
def test_choices_that_do_not_exist(run, folder, tmp_path, arguments, message):
    pair = [folder / "image.tif", folder / "strokes.tif"]
    code, _, err = run("train", *pair, "-o", tmp_path / "m", *arguments)
    assert code == 3
    assert message in err


def test_a_model_for_stacks_refuses_planes_and_the_other_way_round(run, folder, tmp_path):
    np.save(tmp_path / "stack.npy", picture(0, (5, 60, 70)))
    np.save(tmp_path / "strokes.npy", strokes((5, 60, 70)))
    arguments = ["-o", tmp_path / "m", "--features", FEATURES, "--trees", 3]
    assert run("train", tmp_path / "stack.npy", tmp_path / "strokes.npy", *arguments)[0] == 0
    code, _, err = run(
        "apply", tmp_path / "m.brushwood", folder / "image.tif", "-o", tmp_path / "out"
    )
    assert code == 3
    assert "trained on stacks with the axes z, y, x, but this image has the axes 'yx'" in err


def test_planes_of_a_stack_are_classified_one_by_one_by_a_2d_model(run, model, tmp_path):
    stack = picture(0, (4, 60, 70))
    save(tmp_path / "stack.tif", stack, "ZYX")
    assert run("apply", model, tmp_path / "stack.tif", "-o", tmp_path / "out")[0] == 0
    result = read_image(tmp_path / "out" / "stack-classes.tif")
    assert (result.axes, result.spacing) == ("zyx", (2.0, 0.25, 0.25))
    np.testing.assert_array_equal(result.data, bw.load(model).predict(stack))


def test_a_constant_image_stays_background(run, model, tmp_path):
    tifffile.imwrite(tmp_path / "flat.tif", np.full((40, 50), 7, np.uint16))
    assert run("apply", model, tmp_path / "flat.tif", "-o", tmp_path / "out")[0] == 0
    assert (read_image(tmp_path / "out" / "flat-classes.tif").data == 1).all()


def test_nan_is_warned_of_and_survived(run, model, tmp_path):
    image = picture().astype(np.float32)
    image[0, :20] = np.nan
    tifffile.imwrite(tmp_path / "nan.tif", image)
    code, _, err = run("apply", model, tmp_path / "nan.tif", "-o", tmp_path / "out")
    assert code == 0
    assert "Warning: About" in err
    assert "NaN or infinite" in err
    assert np.isin(read_image(tmp_path / "out" / "nan-classes.tif").data, [1, 4]).all()


def test_too_little_memory_on_the_device_is_4(run, model, tmp_path, monkeypatch):
    save(tmp_path / "a.tif", picture())
    monkeypatch.setenv("BRUSHWOOD_MEMORY", "1K")
    code, _, err = run("apply", model, tmp_path / "a.tif", "-o", tmp_path / "out")
    assert code == 4
    assert "raise BRUSHWOOD_MEMORY" in err.replace("Raise", "raise")
    assert list((tmp_path / "out").iterdir()) == []


def test_existing_files_are_kept(run, folder, model, tmp_path):
    pair = [folder / "image.tif", folder / "strokes.tif"]
    (tmp_path / "m.brushwood").write_bytes(b"precious")
    code, _, err = run("train", *pair, "-o", tmp_path / "m")
    assert code == 3
    assert "exists already and was left as it is" in err
    assert (tmp_path / "m.brushwood").read_bytes() == b"precious"
    (tmp_path / "image-classes.tif").write_bytes(b"precious")
    code, _, err = run("apply", model, folder / "image.tif", "-o", tmp_path)
    assert code == 3
    assert "add --overwrite" in err
    assert (tmp_path / "image-classes.tif").read_bytes() == b"precious"
    assert run("apply", model, folder / "image.tif", "-o", tmp_path, "--overwrite")[0] == 0


def test_a_folder_that_does_not_take_files(run, folder, model, tmp_path):
    (tmp_path / "file").write_text("in the way")
    code, _, err = run("apply", model, folder / "image.tif", "-o", tmp_path / "file")
    assert code == 3
    assert "file" in err
    pair = [folder / "image.tif", folder / "strokes.tif"]
    code, _, err = run("train", *pair, "-o", tmp_path / "no" / "m")
    assert code == 3
    assert "does not exist. Create it" in err


@pytest.mark.skipif(is_root or sys.platform == "win32", reason="root may write everywhere")
def test_a_read_only_folder(run, folder, model, tmp_path):
    tmp_path.chmod(0o500)
    try:
        code, _, err = run("apply", model, folder / "image.tif", "-o", tmp_path)
    finally:
        tmp_path.chmod(0o700)
    assert code == 3
    assert "read-only" in err


def test_a_disk_that_fills_up_leaves_nothing_behind(run, folder, model, tmp_path, monkeypatch):
    import errno

    def full(temporary, target, overwrite):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(atomic, "_move", full)
    code, _, err = run("apply", model, folder / "image.tif", "-o", tmp_path)
    assert code == 3
    assert "the disk is full. Free some space" in err
    assert list(tmp_path.iterdir()) == []


def test_model_files_that_cannot_be_used(run, folder, tmp_path):
    (tmp_path / "new.brushwood").write_bytes(_newer((folder / "m.brushwood").read_bytes()))
    (tmp_path / "half.brushwood").write_bytes((folder / "m.brushwood").read_bytes()[:500])
    cases = {
        "new": "a newer Brushwood wrote it",
        "half": "its end is missing",
        "no": "no such file",
    }
    for name, message in cases.items():
        path = tmp_path / f"{name}.brushwood"
        for arguments in (["info", path], ["apply", path, folder / "image.tif", "-o", tmp_path]):
            code, _, err = run(*arguments)
            assert code == 3
            assert message in err


def _newer(data):
    import io
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "model.json":
                content = content.replace(b'"version": 1', b'"version": 99', 1)
            new.writestr(name, content)
    return out.getvalue()


def test_ctrl_c_is_130_and_leaves_no_half_written_file(run, folder, model, tmp_path, monkeypatch):
    real = PixelClassifier.predict_maps

    def interrupted(self, *arguments, **options):
        signal.raise_signal(signal.SIGINT)
        time.sleep(0.5)  # this is a worker; the main thread takes the signal
        return real(self, *arguments, **options)

    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(PixelClassifier, "predict_maps", interrupted)
    for i in range(3):
        save(tmp_path / f"{i}.tif", picture(i))
    code, out, err = run("apply", model, tmp_path, "-o", tmp_path / "out")
    assert (code, out) == (130, [])
    assert "Stopping" in err
    assert "Cancelled" in err
    assert list((tmp_path / "out").iterdir()) == []
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_while_training(run, folder, tmp_path, monkeypatch):
    real = PixelClassifier.fit

    def interrupted(self, *arguments, **options):
        signal.raise_signal(signal.SIGINT)
        return real(self, *arguments, **options)

    monkeypatch.setattr(PixelClassifier, "fit", interrupted)
    pair = [folder / "image.tif", folder / "strokes.tif"]
    assert run("train", *pair, "-o", tmp_path / "m", "--features", FEATURES)[0] == 130
    assert list(tmp_path.iterdir()) == []


def test_a_second_ctrl_c_stops_at_once(run, model, monkeypatch):
    from brushwood import models

    def stubborn(path):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(models, "read_info", stubborn)
    assert run("info", model)[0] == 130
