"""The command line: each command, each exit code, and what bad input is answered with."""

import json
import os
import signal
import subprocess
import sys
import time
import types

import numpy as np
import pytest
import tifffile
import zarr

import brushwood as bw
from brushwood.cli import main
from brushwood.io import atomic
from brushwood.io.images import read_image
from brushwood.pixels.classifier import PixelClassifier

FEATURES = "original gaussian=1,2"
is_root = hasattr(os, "geteuid") and os.geteuid() == 0


def picture(seed=0, shape=(60, 70)):
    rng = np.random.default_rng(seed)
    image = rng.normal(100, 8, shape)
    image[..., 20:40, 20:45] += 90
    return image.astype(np.uint16)


def strokes(shape=(60, 70)):
    marks = np.zeros(shape, np.uint8)
    marks[..., 5:8, 5:40] = 1
    marks[..., 28:31, 25:40] = 4
    return marks


def save(path, data, axes="YX", scale=0.25):
    tifffile.imwrite(
        path, data, imagej=True, resolution=(1 / scale, 1 / scale),
        metadata={"axes": axes, "unit": "um", "spacing": 2.0},
    )  # fmt: skip
    return str(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with an image, its annotation and a model trained on them."""
    path = tmp_path_factory.mktemp("cli")
    save(path / "image.tif", picture())
    tifffile.imwrite(path / "strokes.tif", strokes())
    code = main([
        "train", str(path / "image.tif"), str(path / "strokes.tif"), "-o", str(path / "m"),
        "--features", FEATURES, "--trees", "12", "--class-name", "1=background",
        "--class-name", "4=cells", "--class-name", "9=debris",
    ])  # fmt: skip
    assert code == 0
    return path


@pytest.fixture
def model(folder):
    return str(folder / "m.brushwood")


@pytest.fixture
def run(capsys):
    """Run the command line: exit code, stdout lines, stderr."""

    def call(*arguments):
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return code, out.splitlines(), err

    return call


def expected(path, outputs=("classes", "probabilities", "uncertainty"), **options):
    return bw.load(path).predict_maps(picture(**options), outputs)


# Help and usage


@pytest.mark.parametrize("command", ["devices", "demo", "train", "apply", "info"])
def test_every_command_has_help_with_examples(run, command):
    code, out, _ = run(command, "--help")
    text = "\n".join(out)
    assert code == 0
    assert "examples:" in text
    assert f"  brushwood {command}" in text


def test_version_and_general_help(run):
    assert run("--version")[:2] == (0, [f"brushwood {bw.__version__}"])
    code, out, _ = run("--help")
    assert code == 0
    assert "exit codes: 0 done, 2 usage, 3 bad input, 4 device, 130 cancelled" in "\n".join(out)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "COMMAND"),
        (["paint"], "invalid choice"),
        (["train", "a.tif", "-o", "m"], "images and annotations come in pairs"),
        (["train", "a.tif", "b.tif"], "required: -o"),
        (["train", "a", "b", "-o", "m", "--class-name", "nuclei"], "must look like 2=nuclei"),
        (["train", "a", "b", "-o", "m", "--class-name", "0=none"], "must look like 2=nuclei"),
        (["train", "a", "b", "-o", "m", "--depth", "deep"], "a whole number or 'unlimited'"),
        (["train", "a", "b", "-o", "m", "--smoothing", "nan"], "number of pixels from 0"),
        (["train", "a", "b", "-o", "m", "--ndim", "4"], "invalid choice"),
        (["train", "a", "b", "-o", "m", "--spacing", "1"], "not a size along y,x or z,y,x"),
        (["apply", "m", "a", "-o", "out", "--save", "objects"], "not a list of classes"),
        (["apply", "m", "a", "-o", "out", "--workers", "0"], "whole number from 1 to 64"),
        (["demo"], "one of the arguments --out --gui is required"),
        (["info"], "required: MODEL"),
    ],
)
def test_wrong_usage_is_2(run, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    code, _, err = run(*arguments)
    assert code == 2
    assert message in err


# devices, demo, info


def test_devices_are_listed_with_a_self_test(run):
    code, out, _ = run("devices")
    assert code == 0
    assert len(out) == len(bw.devices())
    assert sum(line.startswith("*") for line in out) == 1
    assert all("self-test passed in" in line and "GiB" in line for line in out)


def test_devices_as_json(run):
    code, out, _ = run("devices", "--json", "--no-test")
    entries = json.loads("\n".join(out))["devices"]
    assert code == 0
    assert [e["name"] for e in entries] == [d.name for d in bw.devices()]
    assert {"index", "kind", "memory_bytes", "budget_bytes", "default"} <= set(entries[0])
    assert entries[0]["self_test"] is None


def test_devices_that_all_fail_are_4(run, monkeypatch):
    from brushwood import opencl

    failed = opencl.SelfTest(False, "the runtime crashed", 0.1)
    monkeypatch.setattr(opencl, "isolated_self_test", lambda device: failed)
    code, out, _ = run("devices")
    assert code == 4
    assert "FAILED: the runtime crashed" in out[0]


@pytest.mark.parametrize(
    "arguments",
    [
        ["devices"],
        ["train", "{image}", "{strokes}", "-o", "new"],
        ["apply", "{m}", "{image}", "-o", "o"],
    ],
)
def test_no_device_is_4_with_the_fix_and_no_traceback(folder, tmp_path, arguments):
    names = {"image": "image.tif", "strokes": "strokes.tif", "m": "m.brushwood"}
    paths = {key: str(folder / name) for key, name in names.items()}
    command = [sys.executable, "-m", "brushwood.cli", *(a.format(**paths) for a in arguments)]
    env = os.environ | {"OCL_ICD_VENDORS": "/nonexistent", "OCL_ICD_FILENAMES": ""}
    done = subprocess.run(
        command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 4
    assert "No OpenCL device was found: OCL_ICD_VENDORS is set to '/nonexistent'" in done.stderr
    assert "Unset OCL_ICD_VENDORS" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_device_that_is_not_there_is_4(run, folder, tmp_path):
    code, _, err = run(
        "train", folder / "image.tif", folder / "strokes.tif", "-o", tmp_path / "m",
        "--device", "quantum",
    )  # fmt: skip
    assert code == 4
    assert "No OpenCL device matches 'quantum'. There are: 0: " in err


def test_demo_writes_results_and_numbers(run, tmp_path):
    code, out, _ = run("demo", "--out", tmp_path / "new", "--sample", "nuclei_2d")
    assert code == 0
    text = "\n".join(out)
    assert "Jaccard" in text
    assert "device" in text
    names = {p.name for p in (tmp_path / "new").iterdir()}
    assert {f"nuclei_2d-{n}.tif" for n in ("classes", "probabilities", "uncertainty")} <= names
    assert {"nuclei_2d.brushwood", "nuclei_2d-overview.png"} <= names
    code, _, err = run("demo", "--out", tmp_path / "new", "--sample", "nuclei_2d")
    assert code == 3
    assert "exists already" in err


def test_demo_gui_opens_the_window_or_says_what_is_missing(run, monkeypatch):
    opened = []
    module = types.ModuleType("brushwood.gui.demo")
    module.open_demo = lambda: opened.append(True)
    monkeypatch.setitem(sys.modules, "brushwood.gui.demo", module)
    assert run("demo", "--gui")[0] == 0
    assert opened == [True]
    monkeypatch.setitem(sys.modules, "brushwood.gui.demo", None)
    code, _, err = run("demo", "--gui")
    assert code == 1
    assert 'pip install "napari-brushwood[all]"' in err


def test_info_tells_classes_features_and_origin(run, model):
    code, out, _ = run("info", model)
    text = "\n".join(out)
    assert code == 0
    assert FEATURES in text
    for part in ("4  cells, 45 px", "9  debris, without strokes", "12 trees", "2-D, 1 channel"):
        assert part in text
    code, out, _ = run("info", model, "--json")
    found = json.loads("\n".join(out))
    assert (found["n_trees"], found["forest"]["n_trees"], found["ndim"]) == (12, 12, 2)
    assert [c["name"] for c in found["classes"]] == ["background", "cells", "debris"]


# train


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


# apply


def test_apply_equals_python_and_keeps_calibration(run, folder, model, tmp_path):
    save(tmp_path / "next.tif", picture(1))
    code, out, err = run(
        "apply", model, tmp_path / "next.tif", "-o", tmp_path / "out",
        "--save", "classes,probabilities,uncertainty",
    )  # fmt: skip
    assert code == 0
    assert "1 of 1 images" in err
    maps = expected(model, seed=1)
    names = {output: f"next-{output}.tif" for output in maps}
    assert sorted(out) == sorted(str(tmp_path / "out" / name) for name in names.values())
    for output, name in names.items():
        result = read_image(tmp_path / "out" / name)
        np.testing.assert_array_equal(result.data, maps[output])
        assert result.data.dtype == maps[output].dtype
        assert (result.spacing, result.unit) == ((0.25, 0.25), "um")


def test_ome_zarr_in_and_out_block_by_block(run, model, tmp_path):
    from brushwood.io.images import write_image

    big = picture(2, (3, 700, 900))
    write_image(tmp_path / "big.ome.zarr", big, "tyx", {"y": 0.5, "x": 0.5}, "um")
    code, _, _ = run(
        "apply", model, tmp_path / "big.ome.zarr", "-o", tmp_path / "out",
        "--format", "ome-zarr", "--save", "classes,probabilities",
    )  # fmt: skip
    assert code == 0
    maps = bw.load(model).predict_maps(big, ("classes", "probabilities"))
    for output, axes in (("classes", "tyx"), ("probabilities", "ctyx")):
        result = read_image(tmp_path / "out" / f"big-{output}.ome.zarr")
        assert isinstance(result.data, zarr.Array)
        assert (result.axes, result.spacing, result.unit) == (axes, (0.5, 0.5), "um")
        np.testing.assert_array_equal(result.data[:], maps[output])


def test_any_number_of_workers_gives_the_same_bytes(run, model, tmp_path):
    (tmp_path / "in").mkdir()
    for i in range(5):
        save(tmp_path / "in" / f"{i}.tif", picture(i))
    (tmp_path / "in" / "notes.txt").write_text("not an image")
    found = {}
    for workers in (1, 4):
        out = tmp_path / f"out{workers}"
        code, lines, _ = run(
            "apply", model, tmp_path / "in", "-o", out, "--workers", workers,
            "--save", "classes,uncertainty",
        )  # fmt: skip
        assert code == 0
        assert len(lines) == 10
        found[workers] = {p.name: p.read_bytes() for p in out.iterdir()}
    assert found[1] == found[4]
    assert len(found[1]) == 10


def test_filters_in_physical_units_follow_each_image_s_pixel_size(run, folder, tmp_path):
    world = ["--features", "gaussian=0.5,1 units=world", "--trees", 10]
    pair = [folder / "image.tif", folder / "strokes.tif"]
    assert run("train", *pair, "-o", tmp_path / "m", *world)[0] == 0
    fine = np.kron(picture(), np.ones((2, 2), np.uint16))
    save(tmp_path / "fine.tif", fine, scale=0.125)
    tifffile.imwrite(tmp_path / "none.tif", picture())
    model, out = tmp_path / "m.brushwood", tmp_path / "out"
    images = [folder / "image.tif", tmp_path / "fine.tif", tmp_path / "none.tif"]
    code, _, err = run("apply", model, *images, "-o", out)
    assert code == 0
    assert "Warning: none has no pixel size; that of the training is used" in err
    coarse, doubled, same = (read_image(p).data for p in sorted(out.iterdir(), key=_order))
    assert (doubled[::2, ::2] == coarse).mean() > 0.98
    np.testing.assert_array_equal(same, coarse)
    pair = [tmp_path / "none.tif", folder / "strokes.tif"]
    code, _, err = run("train", *pair, "-o", tmp_path / "n", *world)
    assert code == 3
    assert "no spacing" in err
    assert run("train", *pair, "-o", tmp_path / "n", *world, "--spacing", "0.25,0.25")[0] == 0
    assert bw.load(tmp_path / "n.brushwood").spacing == [0.25, 0.25]


def _order(path):
    return ["image-classes.tif", "fine-classes.tif", "none-classes.tif"].index(path.name)


def test_results_in_the_folder_of_the_images_are_not_taken_for_images(run, model, tmp_path):
    save(tmp_path / "a.tif", picture())
    for _ in range(2):
        code, out, _ = run("apply", model, tmp_path, "-o", tmp_path, "--overwrite")
        assert (code, out) == (0, [str(tmp_path / "a-classes.tif")])


def test_a_bad_file_does_not_stop_the_others(run, model, tmp_path):
    for i in range(3):
        save(tmp_path / f"{i}.tif", picture(i))
    (tmp_path / "1.tif").write_bytes(b"garbage" * 100)
    save(tmp_path / "3.tif", picture(3, (2, 60, 70)), "CYX")
    code, out, err = run("apply", model, tmp_path, "-o", tmp_path / "out", "--workers", 2)
    assert code == 3
    assert sorted(os.path.basename(line) for line in out) == ["0-classes.tif", "2-classes.tif"]
    assert "2 of 4 images" in err
    assert "1.tif" in err
    assert "no valid TIFF" in err
    assert "trained on 1 channel(s), but this image has 2" in err
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"0-classes.tif", "2-classes.tif"}


def test_results_that_would_meet_are_refused_before_the_start(run, model, tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        save(tmp_path / name / "cell.tif", picture())
    code, out, err = run("apply", model, tmp_path / "a", tmp_path / "b", "-o", tmp_path / "out")
    assert (code, out) == (3, [])
    assert "would both be written to 'cell-classes.tif'" in err
    assert not (tmp_path / "out").exists()
    save(tmp_path / "a" / "cell-classes.tif", picture())
    code, _, err = run(
        "apply", model, tmp_path / "a/cell.tif", tmp_path / "a/cell-classes.tif",
        "-o", tmp_path / "a", "--overwrite",
    )  # fmt: skip
    assert code == 3
    assert "is an input and would be replaced" in err


def test_an_empty_folder_and_a_missing_file(run, model, tmp_path):
    (tmp_path / "empty").mkdir()
    code, _, err = run("apply", model, tmp_path / "empty", "-o", tmp_path / "out")
    assert code == 3
    assert "holds no image" in err
    code, _, err = run("apply", model, tmp_path / "no.tif", "-o", tmp_path / "out")
    assert code == 3
    assert "there is no such file" in err


def test_a_terminal_shows_a_bar_and_leaves_no_trace_of_it(monkeypatch, capsys):
    from brushwood.cli import console
    from brushwood.jobs import Job

    monkeypatch.setattr(console.sys.stderr, "isatty", lambda: True, raising=False)
    progress = console.Progress(2, "classifying")
    progress.job(Job(), 0).checkpoint(1.0, "a.tif")
    shown = capsys.readouterr().err
    assert "████████████░░░░░░░░░░░░" in shown
    assert "50%  a.tif" in shown
    progress.close()
    assert capsys.readouterr().err.endswith("\r\033[K")


# Bad input


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


# Ctrl-C


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
    from brushwood.io import model as model_file

    def stubborn(path):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(model_file, "read_info", stubborn)
    assert run("info", model)[0] == 130
