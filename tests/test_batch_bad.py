"""Bad files among good ones, odd names, full disks, read-only targets, missing models."""

import errno
import os
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

import brushwood as bw
import chain_scenes
from batch_scenes import leftovers, make_images, make_recipe, status, without_charts
from brushwood.batch import planning, staging
from brushwood.errors import InputError, OutputError, OutputExistsError, RecipeError, SchedulerError
from brushwood.io.images import write_image
from brushwood.io.mapped import MappedArray
from pixel_scenes import picture


@pytest.fixture(scope="module", autouse=True)
def quick_reports():
    with without_charts():
        yield


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    return make_recipe(tmp_path_factory.mktemp("desk"))


def image(path, data, axes="yx"):
    path.parent.mkdir(parents=True, exist_ok=True)
    write_image(path, data, axes, {"y": 0.5, "x": 0.5}, "um")
    return path


def whys(report):
    return {file.path.name: file.why for file in report.files if file.state == "failed"}


def test_bad_files_are_named_and_never_stop_the_good_ones(recipe, tmp_path):
    folder = tmp_path / "in"
    make_images(folder, 2)
    whole = (folder / "cells 0.tif").read_bytes()
    (folder / "truncated.tif").write_bytes(whole[: len(whole) // 2])
    (folder / "text.tif").write_text("These are no pixels.")
    (folder / "empty.tif").touch()
    (folder / "folder.zarr").mkdir()
    (folder / "folder.zarr" / "zarr.json").write_text("{")
    image(folder / "channels.tif", np.zeros((3, 60, 70), np.float32), "cyx")
    report = bw.batch.run(recipe, folder, tmp_path / "out")
    bad = ["truncated.tif", "text.tif", "empty.tif", "folder.zarr", "channels.tif"]
    assert set(whys(report)) == set(bad)
    assert [file.path.name for file in report.done] == ["cells 0.tif", "cells 1.tif"]
    assert report.exit_code == 3
    assert "3" in whys(report)["channels.tif"]
    assert "channel" in whys(report)["channels.tif"]
    rows = status(tmp_path / "out")
    assert rows["text"]["state"] == "failed"
    assert rows["text"]["why"] == whys(report)["text.tif"] != ""
    assert not leftovers(tmp_path / "out")


def test_sizes_and_bit_depths_may_differ(recipe, tmp_path):
    base = picture()[0]
    for name, dtype in (("a", np.uint8), ("b", np.uint16), ("c", np.float32), ("d", np.float64)):
        scaled = base / base.max() * (200 if dtype == np.uint8 else 4000)
        image(tmp_path / "in" / f"{name}.tif", scaled.astype(dtype))
    image(tmp_path / "in" / "e.tif", np.tile(base, (2, 3)).astype(np.uint16))
    image(tmp_path / "in" / "f.tif", base[:1, :1].astype(np.uint16))
    report = bw.batch.run(recipe, tmp_path / "in", tmp_path / "out", workers=2)
    assert report.state == "done", whys(report)


@pytest.mark.parametrize(
    "name", ["two words.tif", "Größe μm.tif", "x" * 200 + ".tif", "ä" * 100 + ".ome.tif", "a.b.tif"]
)
def test_odd_names_are_no_trouble(recipe, tmp_path, name):
    (path,) = make_images(tmp_path / "in", names=[name])
    report = bw.batch.run(recipe, path, tmp_path / "aus gabe ü")
    assert report.state == "done", whys(report)
    assert all(path.exists() for path in report.files[0].outputs.values())


def test_an_error_that_nobody_foresaw_is_of_its_file_alone(recipe, tmp_path, monkeypatch):
    make_images(tmp_path / "in", 2)
    real = staging.run_chain

    def chain(*arguments, name, **options):
        if name == "cells 0":
            raise ZeroDivisionError("odd")
        return real(*arguments, name=name, **options)

    monkeypatch.setattr(staging, "run_chain", chain)
    report = bw.batch.run(recipe, tmp_path / "in", tmp_path / "out")
    assert [file.state for file in report.files] == ["failed", "done"]
    why = report.files[0].why
    assert "ZeroDivisionError: odd" in why
    trace = Path(why.split("'")[1])
    assert 'raise ZeroDivisionError("odd")' in trace.read_text("utf-8")
    monkeypatch.undo()
    assert bw.batch.run(recipe, tmp_path / "in", tmp_path / "out").state == "done"
    assert not trace.exists()


def test_an_input_that_changes_meanwhile_is_not_complete(recipe, tmp_path, monkeypatch):
    (path,) = make_images(tmp_path / "in", 1)
    real = staging.run_chain

    def chain(*arguments, **options):
        found = real(*arguments, **options)
        os.utime(path, ns=(1, 1))
        return found

    monkeypatch.setattr(staging, "run_chain", chain)
    report = bw.batch.run(recipe, path, tmp_path / "out")
    assert "changed while it was worked on" in report.files[0].why
    assert not list((tmp_path / "out").glob("cells*"))


def test_a_full_disk_is_reported_and_leaves_room_for_smaller_files(recipe, tmp_path, monkeypatch):
    make_images(tmp_path / "in", 2)
    image(tmp_path / "in" / "large.tif", np.tile(picture()[0], (2, 2)).astype(np.float32))
    real = MappedArray.__setitem__

    def write(self, index, values):
        if self.shape[-1] > 100:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(self, index, values)

    monkeypatch.setattr(MappedArray, "__setitem__", write)
    report = bw.batch.run(recipe, tmp_path / "in", tmp_path / "out")
    assert set(whys(report)) == {"large.tif"}
    assert "the disk is full" in whys(report)["large.tif"]
    assert len(report.done) == 2
    monkeypatch.undo()
    report = bw.batch.run(recipe, tmp_path / "in", tmp_path / "out")
    assert (len(report.done), len(report.skipped)) == (1, 2)


def test_a_status_that_cannot_be_written_is_told(recipe, tmp_path, monkeypatch):
    make_images(tmp_path / "in", 1)

    def no_room(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("brushwood.batch.status.status_text", no_room)
    report = bw.batch.run(recipe, tmp_path / "in", tmp_path / "out")
    assert report.state == "failed"
    assert any("the disk is full" in problem for problem in report.problems)
    assert len(report.done) == 1


def test_a_disk_that_is_too_small_is_said_before_the_start(recipe, tmp_path, monkeypatch):
    make_images(tmp_path / "in", 1)
    monkeypatch.setattr(planning, "free_bytes", lambda out: 1000)
    plan = bw.batch.plan(recipe, tmp_path / "in", tmp_path / "out")
    assert (plan.free, plan.can_start) == (1000, False)
    assert plan.bytes == 60 * 70 * (1 + 4)
    with pytest.raises(OutputError, match="only 1000 B are free"):
        bw.batch.run(recipe, tmp_path / "in", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_missing_and_a_changed_model_are_said_before_the_start(tmp_path):
    _, classifier = chain_scenes.flat()
    model = tmp_path / "m.brushwood"
    classifier.save(model)
    path = chain_scenes.recipe(str(model), outputs=("classes",)).save(tmp_path / "r.json")
    make_images(tmp_path / "in", 1)
    model.write_bytes(model.read_bytes() + b"x")
    with pytest.raises(RecipeError, match="is not the one that the recipe was made with"):
        bw.batch.run(path, tmp_path / "in", tmp_path / "out")
    model.unlink()
    with pytest.raises(RecipeError, match="is missing"):
        bw.batch.run(path, tmp_path / "in", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["status.csv", "summary.csv", "objects.csv", "report.html"])
def test_files_of_others_are_said_before_the_start(recipe, tmp_path, name):
    make_images(tmp_path / "in", 1)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_text("mine")
    with pytest.raises(OutputExistsError, match=name):
        bw.batch.run(recipe, tmp_path / "in", tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == [name]
    assert (tmp_path / "out" / name).read_text() == "mine"


def test_an_empty_folder_is_said(recipe, tmp_path):
    (tmp_path / "in").mkdir()
    with pytest.raises(InputError, match="holds no image"):
        bw.batch.run(recipe, tmp_path / "in", tmp_path / "out")


def test_a_target_that_is_a_file_is_said(recipe, tmp_path):
    make_images(tmp_path / "in", 1)
    (tmp_path / "out").touch()
    with pytest.raises(OutputError, match="is a file"):
        bw.batch.run(recipe, tmp_path / "in", tmp_path / "out")


def test_a_scheduler_that_is_not_there_is_said_within_seconds():
    pytest.importorskip("distributed")
    from brushwood.batch.workers_cluster import connect

    with pytest.raises(SchedulerError, match="no Dask scheduler at"):
        connect("tcp://127.0.0.1:1")


@contextmanager
def without_privileges():
    """Give up the rights of the administrator, who may write everywhere."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="rights of POSIX")
def test_a_read_only_target_is_said_before_the_start(recipe):
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        make_images(folder / "in", 1)
        (folder / "recipe.json").write_bytes(recipe.read_bytes())
        bw.batch.plan(folder / "recipe.json", folder / "in", folder / "other")
        (folder / "out").mkdir(mode=0o555)
        with without_privileges():
            for out in (folder / "out", folder / "out" / "new"):
                with pytest.raises(OutputError, match="is read-only"):
                    bw.batch.run(folder / "recipe.json", folder / "in", out)
        assert not list((folder / "out").iterdir())
