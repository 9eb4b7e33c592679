"""``brushwood objects``: maps become label images, with calibration, as in Python."""

import re

import numpy as np
import pytest

import brushwood as bw
from brushwood.cli import objects as command
from brushwood.io.images import read_image, write_image
from cli_files import picture, save


def classes(seed=0, shape=(60, 70)):
    """Two touching disks, a small one, one at the border; ids 1, 2 and 5."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    out = np.ones(shape, np.uint8)
    for dy, dx, radius in ((20, 20 + seed, 9), (20, 34 + seed, 9), (50, 50, 2), (59, 5, 8)):
        out[(y - dy) ** 2 + (x - dx) ** 2 <= radius**2] = 2
    out[40:44, 20:30] = 5
    return out


def probabilities(seed=0):
    inside = np.where(classes(seed) == 2, 0.7, 0.1).astype(np.float32)
    inside[20, 20] = 0.95
    return np.stack([1 - inside, inside])


@pytest.fixture
def maps(tmp_path):
    folder = tmp_path / "maps"
    folder.mkdir()
    spacing = {"y": 0.5, "x": 0.5}
    for seed, name in enumerate("ab"):
        write_image(folder / f"{name}-classes.tif", classes(seed), "yx", spacing, "um")
        write_image(folder / f"{name}-probabilities.tif", probabilities(seed), "cyx", spacing, "um")
    return folder


def test_a_folder_of_class_maps(run, maps, tmp_path):
    code, out, err = run("objects", maps, "-o", tmp_path / "out", "--min-size", 20)
    assert code == 0
    assert out == [str(tmp_path / "out" / f"{name}-objects.tif") for name in "ab"]
    assert "a-classes.tif: 2 objects" in err
    assert "2 of 2 maps" in err
    for seed, path in enumerate(out):
        with read_image(path) as image:
            assert (image.axes, image.unit, image.spacing) == ("yx", "um", (0.5, 0.5))
            assert image.data.dtype == np.uint16  # the smallest type that Fiji shows
            wanted = bw.split_objects(classes(seed), min_size=20)
            np.testing.assert_array_equal(image.data, wanted)


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        (["--method", "distance"], {"method": "distance"}),
        (["--foreground", "2,5"], {"foreground": (2, 5)}),
        (["--foreground", "all"], {"foreground": None}),
        (
            ["--border", "remove", "--connectivity", "faces", "--fill-holes"],
            {"border": "remove", "connectivity": "faces", "fill_holes": True},
        ),
        (
            ["--min-size", "30", "--max-size", "80", "--units", "world", "--spacing", "0.5,0.5"],
            {"min_size": 30, "max_size": 80, "units": "world", "spacing": (0.5, 0.5)},
        ),
    ],
)
def test_options_mean_what_they_mean_in_python(run, maps, tmp_path, arguments, options):
    code, (path,), _ = run("objects", maps / "a-classes.tif", "-o", tmp_path / "out", *arguments)
    assert code == 0
    np.testing.assert_array_equal(read_image(path).data, bw.split_objects(classes(), **options))


def test_every_choice_of_the_window_is_an_option(run):
    _, out, _ = run("objects", "--help")
    from dataclasses import fields

    text = "\n".join(out)
    for field in fields(command.SplitParams):
        assert re.search(rf"--{field.name.replace('_', '-')}\b", text), field.name


def test_of_a_folder_the_maps_that_the_method_needs_are_taken(run, maps, tmp_path):
    arguments = ["--method", "hysteresis", "--core", 0.9]
    code, out, _ = run("objects", maps, "-o", tmp_path / "out", *arguments)
    assert code == 0
    for seed, path in enumerate(out):
        wanted = bw.split_objects(probabilities(seed)[1], method="hysteresis", core=0.9)
        assert wanted.max() == 1
        np.testing.assert_array_equal(read_image(path).data, wanted)


def test_the_channel_of_a_probability_map(run, maps, tmp_path):
    map_ = maps / "a-probabilities.tif"
    for channel, arguments in ((1, []), (0, ["--channel", 0]), (0, ["--foreground", 1])):
        target = tmp_path / f"out{len(arguments)}{channel}"
        code, (path,), _ = run("objects", map_, "-o", target, "--overwrite", *arguments)
        assert code == 0
        wanted = bw.split_objects(probabilities()[channel])
        np.testing.assert_array_equal(read_image(path).data, wanted)
    for arguments in (["--foreground", "1,2"], ["--foreground", "3"], ["--channel", "2"]):
        code, out, err = run("objects", map_, "-o", tmp_path / "no", *arguments)
        assert (code, out) == (3, [])
        assert "Name the channel of the objects' class with --channel, 0 to 1" in err


def test_peaks_of_an_image(run, maps, tmp_path):
    image = np.random.default_rng(0).random((60, 70)).astype(np.float32)
    image[20, 20] = image[20, 34] = 9
    write_image(tmp_path / "image.tif", image, "yx")
    arguments = ["--method", "intensity", "--seed-smoothing", 3]
    one = [maps / "a-classes.tif", "-o", tmp_path / "out", *arguments]
    code, (path,), _ = run("objects", *one, "--image", tmp_path / "image.tif")
    assert code == 0
    wanted = bw.split_objects(classes(), method="intensity", image=image, seed_smoothing=3)
    np.testing.assert_array_equal(read_image(path).data, wanted)
    code, _, err = run("objects", *one, "--overwrite")
    assert code == 3
    assert "image" in err
    code, _, err = run("objects", maps, *one[1:], "--image", tmp_path / "image.tif")
    assert code == 2
    assert "--image was given 1 times for 2 maps" in err


@pytest.mark.parametrize("axes", ["tyx", "zyx"])
def test_frames_stacks_and_zarr(run, tmp_path, axes):
    data = np.stack([classes(seed) for seed in range(3)])
    spacing = {"z": 2.0, "y": 0.5, "x": 0.5} if axes == "zyx" else {"y": 0.5, "x": 0.5}
    write_image(tmp_path / "m.ome.zarr", data, axes, spacing, "um")
    code, (path,), _ = run(
        "objects", tmp_path / "m.ome.zarr", "-o", tmp_path / "out", "--method", "distance",
        "--format", "ome-zarr",
    )  # fmt: skip
    assert code == 0
    assert path.endswith("m-objects.ome.zarr")
    ndim = 3 if axes == "zyx" else 2
    size = (2.0, 0.5, 0.5)[-ndim:]
    wanted = bw.split_objects(data, method="distance", ndim=ndim, spacing=size)
    with read_image(path) as image:
        assert image.axes == axes
        np.testing.assert_array_equal(np.asarray(image.data[...]), wanted)


def test_existing_results_and_inputs_are_kept(run, maps, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "b-objects.tif").write_bytes(b"precious")
    code, printed, err = run("objects", maps, "-o", out)
    assert (code, printed) == (3, [])
    assert "left as they are" in err
    assert [path.name for path in out.iterdir()] == ["b-objects.tif"]
    assert (out / "b-objects.tif").read_bytes() == b"precious"
    assert run("objects", maps, "-o", out, "--overwrite")[0] == 0
    code, _, err = run(
        "objects", maps / "a-classes.tif", maps / "a-probabilities.tif", "-o", tmp_path / "new"
    )
    assert code == 3
    assert "would both be written" in err
    code, _, err = run(
        "objects", out / "a-objects.tif", "-o", out, "--overwrite", "--foreground", "all"
    )
    assert code == 0, "its result has another name"


def test_results_in_the_folder_of_maps_are_not_taken_for_maps(run, tmp_path):
    write_image(tmp_path / "cells.tif", classes(), "yx")
    for _ in range(2):
        code, out, _ = run("objects", tmp_path, "-o", tmp_path, "--overwrite")
        assert (code, out) == (0, [str(tmp_path / "cells-objects.tif")])


def test_a_bad_map_does_not_stop_the_others(run, maps, tmp_path):
    (maps / "a-classes.tif").write_bytes(b"garbage")
    code, out, err = run("objects", maps, "-o", tmp_path / "out")
    assert code == 3
    assert out == [str(tmp_path / "out" / "b-objects.tif")]
    assert "a-classes.tif failed" in err
    assert "1 of 2 maps" in err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["b-objects.tif"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--foreground", "0"], 2, "not a list of class ids from 1 on"),
        (["--foreground", "cells"], 2, "not a list of class ids"),
        (["--method", "magic"], 2, "invalid choice"),
        (["--channel", "-1"], 2, "expected one argument|not a channel"),
        (["--threshold", "2"], 3, "threshold"),
        (["--method", "hysteresis"], 3, "probabilit"),
    ],
)
def test_choices_that_make_no_sense(run, maps, tmp_path, arguments, code, message):
    found, out, err = run("objects", maps / "a-classes.tif", "-o", tmp_path / "out", *arguments)
    assert (found, out) == (code, [])
    assert re.search(message, err)


def test_cancelled_work_leaves_nothing(run, maps, tmp_path, monkeypatch):
    def cancel(paths, work, job, **options):
        job.cancel()
        return [work(index, job) for index in range(len(paths))]

    monkeypatch.setattr(command, "run_many", cancel)
    code, out, err = run("objects", maps, "-o", tmp_path / "out")
    assert (code, out) == (130, [])
    assert "Cancelled" in err
    assert list((tmp_path / "out").iterdir()) == []


def test_from_image_to_objects_to_table(run, model, tmp_path):
    """The chain that a folder of images goes through."""
    save(tmp_path / "cells.tif", picture(1))
    assert run("apply", model, tmp_path / "cells.tif", "-o", tmp_path / "maps")[0] == 0
    maps = tmp_path / "maps"
    code, (path,), _ = run("objects", maps, "-o", tmp_path, "--foreground", 4, "--min-size", 50)
    assert code == 0
    code, (table,), _ = run(
        "measure", path, "--image", tmp_path / "cells.tif", "-o", tmp_path / "t.csv"
    )
    assert code == 0
    from brushwood.io.tables import read_table
    from brushwood.tables import units_of

    found = read_table(table)
    assert units_of(found)["area"] == "µm²"
    # Twenty by twenty-five pixels of a quarter of a micrometre.
    assert found["area"].max() == pytest.approx(500 / 16, rel=0.1)
    assert found["intensity_mean"][found["area"].argmax()] > 150
