"""``brushwood measure``: label images become one table with units, as in Python."""

import numpy as np
import pandas as pd
import pytest

import brushwood as bw
from brushwood.cli import measure_work
from brushwood.io.images import write_image
from brushwood.io.tables import read_table
from brushwood.tables import units_of

SPACING = {"y": 0.5, "x": 0.25}


def labels(seed=0, shape=(40, 50)):
    rng = np.random.default_rng(seed)
    out = np.zeros(shape, np.int32)
    for label in range(1, 7 + seed):
        y, x = rng.integers(0, 30, 2)
        out[..., y : y + rng.integers(2, 9), x : x + rng.integers(2, 12)] = 3 * label
    return out


def image(seed=0, shape=(40, 50)):
    return np.random.default_rng(seed).integers(0, 4000, shape).astype(np.uint16)


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "in"
    path.mkdir()
    for seed, name in enumerate("ab"):
        write_image(path / f"{name}-objects.tif", labels(seed), "yx", SPACING, "um")
        write_image(path / f"{name}.tif", image(seed), "yx", SPACING, "um")
    return path


def test_one_image_becomes_the_table_that_python_makes(run, folder, tmp_path):
    target = tmp_path / "t.csv"
    code, out, err = run(
        "measure", folder / "a-objects.tif", "--image", folder / "a.tif", "-o", target
    )
    assert (code, out) == (0, [str(target)])
    wanted = bw.measure(labels(), image(), spacing=(0.5, 0.25), unit="µm")
    assert f"{len(wanted)} objects in 1 of 1 images, {len(wanted.columns)} columns" in err
    pd.testing.assert_frame_equal(read_table(target), wanted, check_exact=True)
    assert "area [µm²]" in target.read_text("utf-8").splitlines()[0]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_folder_becomes_one_table_with_the_images_names(run, folder, tmp_path, ending):
    target = tmp_path / f"t.{ending}"
    names = "size,perimeter,centroid-0,neighbours"
    code, _, err = run("measure", folder, "-o", target, "--names", names)
    assert code == 0
    assert "in 2 of 2 images" in err
    table = read_table(target)
    assert units_of(table)["perimeter"] == "µm"
    for seed, name in enumerate("ab"):
        part = table[table["image"] == f"{name}-objects.tif"].drop(columns="image")
        wanted = bw.measure(labels(seed), names=names.split(","), spacing=(0.5, 0.25))
        pd.testing.assert_frame_equal(part.reset_index(drop=True), wanted, check_exact=True)


def test_channels_probabilities_frames_and_stacks(run, tmp_path):
    stack = np.stack([labels(seed) for seed in range(3)])
    pixels = np.stack([image(seed, (3, 40, 50)) for seed in range(2)])
    chances = np.random.default_rng(0).random((2, 3, 40, 50)).astype(np.float32)
    for axes, ndim in (("tyx", 2), ("zyx", 3)):
        folder = tmp_path / axes
        folder.mkdir()
        write_image(folder / "l.ome.zarr", stack, axes)
        write_image(folder / "i.ome.zarr", pixels, f"c{axes}")
        write_image(folder / "p.ome.zarr", chances, f"c{axes}")
        code, _, err = run(
            "measure", folder / "l.ome.zarr", "--image", folder / "i.ome.zarr",
            "--probabilities", folder / "p.ome.zarr", "--channel-names", "DNA,actin",
            "--class-names", "none,cells", "-o", folder / "t.csv",
        )  # fmt: skip
        assert code == 0, err
        wanted = bw.measure(
            stack, pixels, channel_axis=0, channel_names=["DNA", "actin"], ndim=ndim,
            probabilities=chances, class_names=["none", "cells"],
        )  # fmt: skip
        assert {"intensity_mean-actin", "probability_mean-cells"} < set(wanted)
        assert ("frame" in wanted) == (ndim == 2)
        pd.testing.assert_frame_equal(read_table(folder / "t.csv"), wanted, check_exact=True)


def test_a_pixel_size_of_one_s_own(run, folder, tmp_path):
    arguments = ["measure", folder / "a-objects.tif", "--names", "area", "-o"]
    target = tmp_path / "t.csv"
    assert run(*arguments, target, "--spacing", "2,2", "--unit", "nm")[0] == 0
    table = read_table(target)
    assert units_of(table)["area"] == "nm²"
    np.testing.assert_array_equal(table["area"], bw.measure(labels(), names="area")["area"] * 4)
    code, _, err = run(*arguments, tmp_path / "u.csv", "--unit", "nm")
    assert code == 2
    assert "--unit belongs to --spacing" in err


def test_the_image_s_pixel_size_serves_labels_without_one(run, folder, tmp_path):
    write_image(tmp_path / "l.tif", labels(), "yx")
    arguments = ["measure", tmp_path / "l.tif", "--names", "area", "-o"]
    assert run(*arguments, tmp_path / "t.csv", "--image", folder / "a.tif")[0] == 0
    assert units_of(read_table(tmp_path / "t.csv"))["area"] == "µm²"
    assert run(*arguments, tmp_path / "u.csv")[0] == 0
    assert units_of(read_table(tmp_path / "u.csv"))["area"] == "px²"


def test_parents_of_objects(run, folder, tmp_path):
    cells = np.zeros((40, 50), np.int32)
    cells[:, :25], cells[:, 25:] = 7, 2**31 - 1
    write_image(tmp_path / "cells.tif", cells, "yx")
    code, _, err = run(
        "measure", folder / "a-objects.tif", "--parents", tmp_path / "cells.tif",
        "--names", "area", "-o", tmp_path / "t.csv",
    )  # fmt: skip
    assert code == 0, err
    table = read_table(tmp_path / "t.csv")
    wanted = bw.measure.relate(cells, labels(), spacing=(0.5, 0.25)).children
    for column in ("label", "parent", "parent_overlap", "parent_distance"):
        np.testing.assert_array_equal(table[column], wanted[column])
    assert set(table["parent"]) == {7, 2**31 - 1}
    assert units_of(table)["parent_distance"] == "µm"


def test_other_pixel_sizes_of_the_image_are_warned_of(run, folder, tmp_path):
    write_image(tmp_path / "i.tif", image(), "yx", {"y": 2.0, "x": 2.0}, "um")
    arguments = ["measure", folder / "a-objects.tif", "--names", "area", "-o"]
    code, _, err = run(*arguments, tmp_path / "t.csv", "--image", tmp_path / "i.tif")
    assert code == 0
    assert "Warning: a pixel of a-objects.tif measures 0.5 × 0.25, but one of i 2 × 2" in err
    _, _, err = run(*arguments, tmp_path / "u.csv", "--image", folder / "a.tif")
    assert "Warning" not in err


def test_axes_of_length_one_do_not_matter(run, tmp_path):
    np.save(tmp_path / "l.npy", labels()[None])
    np.save(tmp_path / "i.npy", image())
    code, _, err = run(
        "measure", tmp_path / "l.npy", "--image", tmp_path / "i.npy", "-o", tmp_path / "t.csv"
    )
    assert code == 0, err
    table = read_table(tmp_path / "t.csv")
    wanted = bw.measure(labels(), image(), names="intensity_mean")
    np.testing.assert_array_equal(table["intensity_mean"], wanted["intensity_mean"])


def test_lengths_in_different_units_are_refused_before_the_work(run, folder, tmp_path, monkeypatch):
    write_image(folder / "c-objects.tif", labels(), "yx")
    work = []
    monkeypatch.setattr(measure_work, "measure_file", lambda *_: work.append(1))
    code, out, err = run("measure", folder, "-o", tmp_path / "t.csv")
    assert (code, out, work) == (3, [], [])
    assert "Lengths are in µm in 'a-objects.tif', but in pixels in 'c-objects.tif'" in err
    monkeypatch.undo()
    arguments = ["--spacing", "1,1", "--unit", "µm"]
    assert run("measure", folder, "-o", tmp_path / "t.csv", *arguments)[0] == 0


def test_existing_tables_are_kept(run, folder, tmp_path):
    target = tmp_path / "t.csv"
    target.write_text("precious")
    arguments = ["measure", folder, "-o", target, "--names", "area"]
    code, out, err = run(*arguments)
    assert (code, out) == (3, [])
    assert "was left as it is" in err
    assert target.read_text() == "precious"
    assert run(*arguments, "--overwrite")[0] == 0
    assert len(read_table(target)) > 5


def test_a_bad_file_does_not_stop_the_others(run, folder, tmp_path):
    (folder / "a-objects.tif").write_bytes(b"garbage")
    code, out, err = run("measure", folder, "-o", tmp_path / "t.csv", "--names", "area")
    assert (code, out) == (3, [str(tmp_path / "t.csv")])
    assert "a-objects.tif failed" in err
    assert "in 1 of 2 images" in err
    wanted = bw.measure(labels(1), names="area", spacing=(0.5, 0.25))
    assert len(read_table(tmp_path / "t.csv")) == len(wanted)
    (folder / "b-objects.tif").write_bytes(b"garbage")
    code, out, _ = run("measure", folder, "-o", tmp_path / "u.csv")
    assert (code, out) == (3, [])
    assert not (tmp_path / "u.csv").exists()


@pytest.mark.parametrize(
    ("change", "arguments", "message"),
    [
        (lambda a: a.astype(np.float32), [], "must be integers, but float32"),
        (lambda a: np.stack([a] * 3), [], "one number a pixel, but 'l.ome.zarr' has 3 channels"),
        (lambda a: a, ["--names", "aera"], "Did you mean area"),
        (lambda a: a, ["--names", "intensity_mean"], "needs an image"),
        (lambda a: a[:-3], ["--image", "a.tif"], "must have the same shape"),
        (lambda a: a, ["--image", "no.tif"], "no such file"),
    ],
)
def test_what_cannot_be_measured_is_named(
    run, folder, tmp_path, monkeypatch, change, arguments, message
):
    monkeypatch.chdir(folder)
    data = change(labels())
    write_image("l.ome.zarr", data, "cyx" if data.ndim == 3 else "yx")
    code, out, err = run("measure", "l.ome.zarr", "-o", tmp_path / "t.csv", *arguments)
    assert (code, out) == (3, [])
    assert message in err
    assert not (tmp_path / "t.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "label images and -o TABLE are needed"),
        (["IN"], 2, "label images and -o TABLE are needed"),
        (["IN", "-o", "t.csv", "--image", "a.tif"], 2, "--image was given 1 times for 2 label"),
        (["IN", "-o", "t.csv", "--names", ","], 2, "names nothing"),
        (["IN", "-o", "t.csv", "--channel-names", "a"], 2, "belongs to --image"),
        (["IN", "-o", "t.csv", "--class-names", "a"], 2, "belongs to --probabilities"),
        (["IN", "-o", "t.xlsx"], 3, "tables are written as .csv"),
        (["EMPTY", "-o", "t.csv"], 3, "holds no image"),
        (["IN", "-o", "no/t.csv"], 3, "does not exist"),
    ],
)
def test_what_does_not_make_a_call(run, folder, tmp_path, arguments, code, message):
    (tmp_path / "empty").mkdir()
    places = {"IN": folder, "EMPTY": tmp_path / "empty"}
    found, out, err = run("measure", *(places.get(word, word) for word in arguments))
    assert (found, out) == (code, [])
    assert message in err


def test_the_catalogue_is_shown(run):
    code, out, _ = run("measure", "--list")
    assert code == 0
    assert len(out) == len(bw.measure.catalog())
    assert any(line.split()[:2] == ["size", "area"] for line in out)
    assert any("3-D, cost medium" in line for line in out if "sphericity" in line)


def test_cancelled_work_leaves_nothing(run, folder, tmp_path, monkeypatch):
    real = measure_work.measure_file

    def stop(path, index, options, job):
        job.cancel()
        return real(path, index, options, job)

    monkeypatch.setattr(measure_work, "measure_file", stop)
    code, out, err = run("measure", folder, "-o", tmp_path / "t.csv")
    assert (code, out) == (130, [])
    assert "Cancelled" in err
    assert not (tmp_path / "t.csv").exists()
