"""``brushwood apply``: maps of files and folders, with calibration, from any number of workers."""

import os

import numpy as np
import pytest
import tifffile

import brushwood as bw
from brushwood.io.images import read_image
from brushwood.io.lazy import LazyArray
from cli_files import expected, picture, save


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
    # The specification wants time before channels.
    for output, axes in (("classes", "tyx"), ("probabilities", "tcyx")):
        result = read_image(tmp_path / "out" / f"big-{output}.ome.zarr")
        assert isinstance(result.data, LazyArray)
        assert (result.axes, result.spacing, result.unit) == (axes, (0.5, 0.5), "um")
        found = result.data[:] if output == "classes" else np.moveaxis(result.data[:], 1, 0)
        np.testing.assert_array_equal(found, maps[output])


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


@pytest.mark.parametrize("width", [1, 4, 16])
def test_every_vector_width_gives_the_same_maps(run, folder, model, tmp_path, monkeypatch, width):
    """1 is what GPUs get, so this is their path as far as a CPU can walk it."""
    wanted = expected(model)
    monkeypatch.setenv("BRUSHWOOD_VECTOR_WIDTH", str(width))
    arguments = [folder / "image.tif", "-o", tmp_path, "--save", "classes,probabilities"]
    assert run("apply", model, *arguments)[0] == 0
    proba = read_image(tmp_path / "image-probabilities.tif").data
    np.testing.assert_allclose(proba, wanted["probabilities"], atol=0.02)
    classes = read_image(tmp_path / "image-classes.tif").data
    assert (classes == wanted["classes"]).mean() > 0.999


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


def test_a_file_that_is_damaged_in_the_middle_does_not_stop_the_others(run, model, tmp_path):
    from brushwood.io.images import write_image

    for i in range(2):
        write_image(tmp_path / f"{i}.zarr", picture(i, (600, 700)), "yx")
    parts = [p for p in (tmp_path / "0.zarr/0").rglob("*") if p.is_file() and p.name != "zarr.json"]
    parts[-1].write_bytes(b"garbage")
    code, out, err = run("apply", model, tmp_path, "-o", tmp_path / "out")
    assert code == 3
    assert out == [str(tmp_path / "out" / "1-classes.tif")]
    assert "0.zarr': a part of it is damaged" in err
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["1-classes.tif"]


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
